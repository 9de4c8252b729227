"""The generator that plays to a beat, what its discriminators see and hear, and its training."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from gan.beat_networks import (
    USUAL_BPM,
    BeatDiscriminator,
    BeatGenerator,
    BeatLatents,
    beat_features,
    count_beats_at,
    tempo_octaves,
)
from gan.controls import CONTROLS
from gan.evaluation.sound_measures import measure_notes, measure_pulse
from gan.feature_discriminator import TAG_WINDOW_FRAMES, TagInput, hinge_losses
from gan.mel import CLIP_FRAMES, FRAMES_PER_COLUMN, FRAMES_PER_MINUTE, GAN_MEL, N_BANDS, from_db
from gan.request import GenerationRequest
from gan.sampling.sampler import (
    DEFAULT_MODEL,
    EARLIER_MODEL,
    Sampler,
    published_model_of,
    weights_fingerprint,
)
from gan.training.beats import count_beats
from gan.training.dataset import MusicDataset, TrackMel
from gan.training.projected import ProjectedTrainer, augment_spectrum, cut_out
from gan.training.settings import beat_settings
from gan.training.windows import WindowSampler
from genre.audio.spectrogram import Spectrogram
from genre.models.artefacts import compact, save_artefact
from genre.models.cards import ArtefactError, Card
from genre.models.pretrained.features import normalize_level
from genre.models.pretrained.networks import TagMel
from genre.models.pretrained.vgg import MAP_SIZES, load_vgg
from genre.paths import WEIGHTS
from genre.synth import dataset as synth
from tests.gan.test_pulse import clicks, mel_of
from tests.support.generators import card

GENRES = ("disco", "jazz")
WIDTHS = (8, 8, 8, 8, 8, 8)


def music(genre: str, seed: int, seconds: float) -> TrackMel:
    samples = torch.from_numpy(synth.render(genre, seed, seconds))[None]
    mel = ((from_db(Spectrogram(GAN_MEL)(samples))[0] + 1) * 127.5).round().byte().numpy()
    return TrackMel(f"{genre}.{seed}", genre, mel)


@pytest.fixture(scope="module")
def dataset() -> MusicDataset:
    """Whole recordings, and tracks of which 3 s are known."""
    lengths = (7.0, 3.02)
    tracks = [music(genre, seed, lengths[seed]) for genre in GENRES for seed in (0, 1)]
    return MusicDataset(tuple(tracks), GENRES, {})


def latents(columns: int, bpm: float = 120.0, seed: int = 0) -> BeatLatents:
    octaves = torch.full((2, 1), float(np.log2(bpm / USUAL_BPM)))
    beats = count_beats_at(octaves, torch.arange(columns * FRAMES_PER_COLUMN))
    rng = torch.Generator().manual_seed(seed)
    return BeatLatents.draw_with_beats(torch.eye(2), torch.zeros(2, len(CONTROLS)), beats, rng)


def generator() -> BeatGenerator:
    torch.manual_seed(0)
    network = BeatGenerator(2, WIDTHS)
    torch.nn.init.normal_(network.to_mel.weight, std=0.3)
    return network.eval()


@torch.no_grad()
def paint(network: BeatGenerator, inputs: BeatLatents) -> Tensor:
    return network(inputs)


@pytest.mark.parametrize("columns", [3, 6, 11])
def test_a_path_of_any_length_becomes_a_mel(columns: int) -> None:
    mels = paint(generator(), latents(columns))
    assert mels.shape == (2, N_BANDS, columns * FRAMES_PER_COLUMN) and mels.abs().max() <= 1


def test_the_beat_changes_every_frame_and_the_tempo_is_its_slope() -> None:
    slow, fast = latents(4, 90), latents(4, 120)
    assert torch.equal(slow.grain, fast.grain)
    assert (paint(generator(), slow) - paint(generator(), fast)).abs().mean() > 1e-4
    assert tempo_octaves(fast.beats).mean() == pytest.approx(np.log2(120 / USUAL_BPM), abs=1e-4)
    bar = beat_features(torch.tensor([[0.0, 1.0, 4.0]]))
    assert torch.allclose(bar[:, :, 0], bar[:, :, 2], atol=1e-4), "a bar later all is as before"
    assert (bar[:, :, 0] - bar[:, :, 1]).abs().max() > 0.9


def test_the_grain_is_learnt() -> None:
    network = generator()
    one, other = latents(3), latents(3, seed=1)
    swapped = BeatLatents(one.style, one.local, one.genres, one.controls, one.tempo, one.beats, other.grain)
    assert torch.equal(paint(network, one), paint(network, swapped)), "it begins with none"
    for module in network.modules():
        if hasattr(module, "grain"):
            module.grain.data.fill_(0.5)
    assert (paint(network, one) - paint(network, swapped)).abs().max() > 1e-3


def test_the_discriminator_takes_windows_of_any_length() -> None:
    network = BeatDiscriminator(2, (4, 4, 4, 4, 4))
    for columns in (4, 8):
        inputs = latents(columns)
        mels = torch.rand(2, N_BANDS, columns * FRAMES_PER_COLUMN)
        real, genre = network(mels, inputs.genres, inputs.controls, inputs.beats)
        assert real.shape == (2,) and genre.shape == (2, 2)


def test_what_is_heard_of_a_mel_is_what_the_network_takes_of_the_sound() -> None:
    import soxr

    samples = synth.render("jazz", 3, 4.0)
    mel = from_db(Spectrogram(GAN_MEL)(torch.from_numpy(samples)[None]))[:, :, 20 : 20 + TAG_WINDOW_FRAMES]
    tag_input = TagInput()(mel)[0]
    sound = soxr.resample(normalize_level(samples[None])[0], GAN_MEL.sample_rate, 16_000)
    expected = TagMel()(torch.from_numpy(sound)[None])[0]
    start = round(20 * GAN_MEL.seconds_per_frame / 0.016)
    expected = expected[start : start + len(tag_input)]
    assert tag_input.shape == (187, 96)
    assert np.corrcoef(tag_input.flatten(), expected.flatten())[0, 1] > 0.9


def test_the_gradient_goes_through_the_sound() -> None:
    mels = torch.rand(1, N_BANDS, TAG_WINDOW_FRAMES, requires_grad=True)
    TagInput()(mels).square().sum().backward()
    assert mels.grad is not None and torch.isfinite(mels.grad).all() and mels.grad.abs().max() > 0


def test_the_maps_of_the_pretrained_network() -> None:
    maps = load_vgg().maps(torch.rand(1, 187, 96))
    assert [tuple(part.shape[2:]) for part in maps] == list(MAP_SIZES)
    assert hinge_losses([torch.ones(2, 3)], [-torch.ones(2, 3)]) == 0


@pytest.mark.parametrize("bpm", [90, 120])
def test_beats_are_counted(bpm: int) -> None:
    beats = count_beats(mel_of(clicks(bpm)))
    slope = np.diff(beats[50:-50]).mean() * FRAMES_PER_MINUTE
    assert min(abs(slope / bpm - factor) for factor in (0.5, 1, 2)) < 0.04 and (np.diff(beats) >= 0).all()
    assert (np.diff(count_beats(np.full((N_BANDS, 200), -80.0, np.float32))) > 0).all(), (
        "silence has some, too"
    )


def test_windows_are_drawn_from_tracks_that_are_long_enough(dataset: MusicDataset) -> None:
    sampler = WindowSampler(dataset, torch.device("cpu"))
    rng = torch.Generator().manual_seed(0)
    for frames in (CLIP_FRAMES, 2 * CLIP_FRAMES):
        mels, labels, beats = sampler.draw(16, frames, rng)
        assert mels.shape == (16, N_BANDS, frames) and beats.shape == (16, frames)
        assert set(labels.tolist()) == {0, 1} and mels.abs().max() <= 1
        assert (beats.diff(dim=1) >= 0).all() and beats[:, 0].max() < 5
        assert (mels.mean(dim=(1, 2)) > -0.95).all(), "none is silent"


def test_augmentation_keeps_the_shape_and_changes_the_values() -> None:
    mels, rng = torch.rand(4, N_BANDS, 64) - 0.5, torch.Generator().manual_seed(0)
    augmented = cut_out(augment_spectrum(mels, rng), rng)
    assert augmented.shape == mels.shape and (augmented - mels).abs().mean() > 0.01
    assert (augmented == 0).any()


def test_a_step_teaches_all_three_and_its_state_comes_back(dataset: MusicDataset) -> None:
    settings = beat_settings("builtin", "all", batch_size=2, r1_batch_size=2)
    trainer = ProjectedTrainer(dataset, settings, torch.device("cpu"))
    before = {name: part.clone() for name, part in trainer.generator.state_dict().items()}
    heads = [part.clone() for part in trainer.feature_discriminator.heads.parameters()]
    vgg = [part.clone() for part in trainer.feature_discriminator.network.parameters()]
    for _ in range(2):  # of 3 s and of 6 s
        metrics = trainer.step(trainer.rng(1))
        assert all(np.isfinite(value) for value in metrics.values())
    assert any(not torch.equal(part, before[name]) for name, part in trainer.generator.state_dict().items())
    learnt = zip(heads, trainer.feature_discriminator.heads.parameters(), strict=True)
    assert any(not torch.equal(old, new) for old, new in learnt)
    frozen = zip(vgg, trainer.feature_discriminator.network.parameters(), strict=True)
    assert all(torch.equal(old, new) for old, new in frozen)
    other = ProjectedTrainer(dataset, settings, torch.device("cpu"))
    other.restore(trainer.state())
    assert np.array_equal(other.samples(), trainer.samples())
    assert trainer.samples().shape == (2, N_BANDS, CLIP_FRAMES)
    assert len(trainer.tempo_stats_by_genre["mean"]) == 2


def beat_card() -> Card:
    tempos = {"mean": [0.1, 0.0], "std": [0.1, 0.2]}
    return replace(card(GENRES), network="beat", tempo_stats_by_genre=tempos)


def test_a_request_is_painted_to_its_beat() -> None:
    sampler = Sampler(generator(), beat_card(), "beat", "0" * 16)
    jazz = GenerationRequest({"jazz": 1.0}, seconds=5.0, seed=3)
    mel = sampler.generate_mel(jazz)
    assert mel.shape == (N_BANDS, 1 + round(5.0 / GAN_MEL.seconds_per_frame)) and mel.max() == 0
    assert np.array_equal(mel, sampler.generate_mel(jazz)), "the same seed, the same picture"
    for other in (
        {"seed": 4},
        {"bpm": 90.0},
        {"tempo": 1.2},
        {"genres": {"disco": 1.0}},
        {"truncation": 0.5},
    ):
        assert not np.array_equal(mel, sampler.generate_mel(replace(jazz, **other)))
    assert sampler.generate_mel(replace(jazz, seconds=13.0, form="sections")).shape[0] == N_BANDS


def test_weights_and_card_make_a_sampler(tmp_path: Path) -> None:
    torch.manual_seed(0)
    save_artefact(tmp_path / "beat", compact(BeatGenerator(2).state_dict()), beat_card())
    sampler = Sampler.load("beat", tmp_path)
    assert isinstance(sampler.generator, BeatGenerator) and sampler.genres == GENRES
    save_artefact(
        tmp_path / "old", BeatGenerator(2).state_dict(), replace(beat_card(), tempo_stats_by_genre={})
    )
    with pytest.raises(ArtefactError, match="do not fit"):
        Sampler.load("old", tmp_path)


@pytest.mark.skipif(not (WEIGHTS / "gan" / "card.json").exists(), reason="assets/weights/gan is not here")
def test_a_recipe_names_the_weights_that_made_it() -> None:
    for name in (DEFAULT_MODEL, EARLIER_MODEL):
        assert published_model_of({"weights": weights_fingerprint(WEIGHTS / name)}) == name
    assert published_model_of({"weights": "0" * 16}) == published_model_of([]) == DEFAULT_MODEL


@pytest.mark.skipif(not (WEIGHTS / "gan" / "card.json").exists(), reason="assets/weights/gan is not here")
def test_the_shipped_network_keeps_a_pulse_and_has_notes() -> None:
    """Over 120 pieces strength 0.64, steadiness 0.91, pitched 0.42; the earlier one 0.41, 0.59, 0.31."""
    sampler = Sampler.load()
    figures = []
    for seed, genre in enumerate(("blues", "country", "metal", "reggae")):
        request = GenerationRequest({genre: 1.0}, seconds=9.0, seed=40 + seed)
        samples = sampler.generate(request).clip.samples
        figures.append({**measure_pulse(samples), **measure_notes(samples)})
    mean = {name: np.mean([figure[name] for figure in figures]) for name in figures[0]}
    assert mean["strength"] > 0.5 and mean["steadiness"] > 0.7 and mean["pitched"] > 0.3
