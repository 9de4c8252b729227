"""The clips that a generator is compared with: recordings, and windows of a plain DCGAN."""

from collections.abc import Collection, Iterator
from pathlib import Path

import numpy as np
import torch

from gan.mel import CLIP_FRAMES, GAN_MEL, to_db
from gan.networks import NETWORKS, Latents
from gan.sampling.audio import synthesize_audio
from genre.audio.clip import SAMPLE_RATE, load_clip
from genre.data.dataset import open_dataset
from genre.data.splits import read_track_list
from genre.models.artefacts import load_artefact
from genre.models.cards import ArtefactError


def recorded_clips(
    data: Path, names: Collection[str], seconds: float
) -> Iterator[tuple[str, str, np.ndarray]]:
    """Load the middle of each of these tracks whose recording is long enough -> (genre, track, samples)."""
    for track in open_dataset(str(data)).files:
        if track.name in names:
            clip = load_clip(track.path)
            start = (len(clip.samples) / SAMPLE_RATE - seconds) / 2
            if start >= 0:
                yield track.genre, track.name, clip.trimmed(start, start + seconds).samples


def random_names(data: Path, list_name: str, count: int, rng: np.random.Generator) -> set[str]:
    """Choose up to `count` tracks of each genre among the recordings of a list."""
    names = read_track_list(list_name)
    tracks = [track for track in open_dataset(str(data)).files if track.name in names]
    selection = set()
    for genre in sorted({track.genre for track in tracks}):
        of_genre = sorted(track.name for track in tracks if track.genre == genre)
        selection.update(rng.permutation(of_genre)[:count].tolist())
    return selection


def dcgan_windows(folder: Path, count: int, seed: int) -> Iterator[np.ndarray]:
    """Generate windows of 3 s by an unconditional DCGAN: (128, 128) dB below their maximum.

    Raises ArtefactError.
    """
    weights, card = load_artefact(folder)
    if card.network != "dcgan":
        raise ArtefactError(f"{folder.name} is not a run of the plain DCGAN: train one with --network dcgan.")
    generator = NETWORKS["dcgan"][0](len(card.genres))
    generator.load_state_dict(weights)
    rng = torch.Generator().manual_seed(seed)
    with torch.inference_mode():
        latents = Latents.draw(torch.zeros(count, len(card.genres)), torch.zeros(count, 3), rng)
        for values in generator.eval()(latents):
            decibels = to_db(values)
            yield (decibels - decibels.max()).numpy()


def dcgan_clips(folder: Path, count: int, seconds: float, seed: int) -> Iterator[np.ndarray]:
    """Put windows of 3 s of a DCGAN end to end: clips (N,) at SAMPLE_RATE, not mastered.

    Raises ArtefactError.
    """
    per_clip = int(np.ceil(seconds / (CLIP_FRAMES * GAN_MEL.seconds_per_frame)))
    windows = dcgan_windows(folder, per_clip * count, seed)
    for _ in range(count):
        mel = np.concatenate([next(windows) for _ in range(per_clip)], axis=1)
        yield synthesize_audio(mel - mel.max(), GAN_MEL)[: round(seconds * SAMPLE_RATE)]
