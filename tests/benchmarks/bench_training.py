"""Benchmark of training and of features: `python -m tests.benchmarks.bench_training`.

Beside each figure stands the plain way: a DataLoader whose items read a recording with librosa, and
librosa's own features, one clip after the other in one process. Reading is what a plain loop waits
for; a large network keeps both busy by itself.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import librosa
import numpy as np
import soundfile as sf
import soxr
import torch
from torch import nn
from torch.utils.data import DataLoader, Dataset

from genre import GENRES
from genre.audio.features import extract
from genre.compute import cores, has_bfloat16
from genre.data.dataset import open_dataset
from genre.data.input_spec import InputSpec
from genre.data.windows import make_examples
from genre.models.registry import MODELS
from genre.synth import dataset as synth
from genre.training.loop import fit
from genre.training.sweep import SMALL_MODELS
from tests.benchmarks.measure import Row, duration_s, median_durations_ms, parse_arguments, report_table

CLIPS = 2  # a genre, of 30 s: 20 clips, 200 windows
EPOCHS = 3
BATCH = 32
TIMED_CLIPS = 4
STEPS = 5


class PlainDataset(Dataset):
    """A window of 3 s an item: the recording is read, cut and transformed each time it is requested."""

    def __init__(self, folder: Path, spec: InputSpec) -> None:
        files = open_dataset(folder).files
        self.items = [(track, k) for track in files for k in range(10)]
        self.spec = spec

    def __len__(self) -> int:
        return len(self.items)

    def __getitem__(self, row: int) -> tuple[torch.Tensor, int]:
        track, number = self.items[row]
        samples, rate = librosa.load(track.path)
        size = round(self.spec.seconds * rate)
        first = min(number * size, len(samples) - size)
        mel = librosa.feature.melspectrogram(
            y=samples[first : first + size],
            sr=rate,
            n_fft=self.spec.n_fft,
            hop_length=self.spec.hop_length,
            n_mels=self.spec.n_mels,
        )
        decibels = librosa.power_to_db(mel, ref=np.max)[:, : self.spec.shape[1]]
        return torch.from_numpy(decibels), GENRES.index(track.genre)


def plain_epoch_s(folder: Path, name: str) -> float:
    """Seconds of the second epoch of a plain loop."""
    spec = MODELS[name].input("mel")
    network = MODELS[name].build(spec.shape, len(GENRES))
    optimiser = torch.optim.AdamW(network.parameters(), 1e-3)
    loader = DataLoader(PlainDataset(folder, spec), BATCH, shuffle=True)
    for _ in range(2):
        start = time.perf_counter()
        for inputs, labels in loader:
            loss = nn.functional.cross_entropy(network(inputs), labels)
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
    return time.perf_counter() - start


def our_epoch_s(folder: Path, name: str) -> tuple[float, float]:
    """Seconds of the first epoch with everything before it, and of the later ones."""
    start = time.perf_counter()
    spec = MODELS[name].input("mel")
    recipe = replace(MODELS[name].recipe, epochs=EPOCHS, batch_size=BATCH)
    examples, _ = make_examples(open_dataset(folder), spec)
    ends = []
    fit(
        MODELS[name].build(spec.shape, len(GENRES)),
        examples,
        None,
        recipe,
        lambda line: ends.append(time.perf_counter()),
    )
    return ends[0] - start, (ends[-1] - ends[0]) / (EPOCHS - 1)


def as_people_have_music(folder: Path, target: Path) -> Path:
    """The same recordings as MP3: 44.1 kHz, stereo."""
    for track in open_dataset(folder).files:
        samples, rate = sf.read(track.path, dtype="float32")
        stereo = np.repeat(soxr.resample(samples, rate, 44_100)[:, None], 2, axis=1)
        (target / track.genre).mkdir(parents=True, exist_ok=True)
        sf.write(target / track.genre / f"{track.name}.mp3", stereo, 44_100, format="MP3")
    return target


def training_rows(folder: Path, compressed: Path) -> list[Row]:
    rows = []
    for name, music in (("cnn-complex", compressed), ("cnn-complex", folder), ("res-bigru", folder)):
        first, later = our_epoch_s(music, name)
        plain = plain_epoch_s(music, name)
        name += " on MP3" if music == compressed else " on WAV"
        windows = len(GENRES) * CLIPS * 10
        rows += [
            (f"{name}: an epoch of {windows} windows, first, with the spectrograms", f"{first:.2f} s", ""),
            (f"{name}: an epoch from the second on", f"{later:.2f} s", ""),
            (f"{name}: the same in a plain loop", f"{plain:.2f} s, {plain / later:.1f} x", "10 x"),
        ]
    return rows


def precision_rows() -> list[Row]:
    """Whether half the digits pay here, beside what we think of this processor."""
    spec = MODELS["resnet18"].input("mel")
    network = MODELS["resnet18"].build(spec.shape, len(GENRES)).to(memory_format=torch.channels_last)
    batch, labels = torch.randn(BATCH, *spec.shape), torch.zeros(BATCH, dtype=torch.long)

    def step(half: bool) -> None:
        with torch.autocast("cpu", torch.bfloat16, enabled=half):
            logits = network(batch)
        nn.functional.cross_entropy(logits.float(), labels).backward()

    whole, half = median_durations_ms(lambda: step(False), lambda: step(True), times=STEPS)
    used = "used" if has_bfloat16() else "not used"
    return [
        (f"resnet18 on mel: a batch of {BATCH}, forwards and backwards, float32", f"{whole:.0f} ms", ""),
        (f"the same in bfloat16, which is {used} here", f"{half:.0f} ms", ""),
    ]


def order_rows() -> list[Row]:
    """Our network as it is, and with ReLU before pooling, as most write it: the same logits."""
    spec = MODELS["listen"].input("mel_3s")
    ours, usual = (MODELS["listen"].build(spec.shape, len(GENRES), members=2) for _ in range(2))
    for member in usual.members:
        layers = list(member.trunk)
        layers[2::4], layers[3::4] = layers[3::4], layers[2::4]
        member.trunk = nn.Sequential(*layers)
    usual.load_state_dict(ours.state_dict())
    batch = torch.rand(BATCH, *spec.shape)
    assert torch.equal(ours.eval()(batch), usual.eval()(batch))

    def step(network: nn.Module) -> None:
        network(batch).logsumexp(dim=2).sum().backward()

    for network in (ours, usual):
        network.train().to(memory_format=torch.channels_last)
    first, last = median_durations_ms(lambda: step(ours), lambda: step(usual), times=STEPS)
    return [
        (f"listen on mel_3s: a batch of {BATCH}, forwards and backwards", f"{first:.0f} ms", ""),
        ("the same with ReLU before pooling", f"{last:.0f} ms, {last / first:.2f} x", ""),
    ]


def plain_features(samples: np.ndarray) -> None:
    """The 58 features by one librosa call each, as the table's authors did."""
    librosa.beat.beat_track(y=samples)
    librosa.effects.hpss(samples)
    for feature in (
        librosa.feature.chroma_stft,
        librosa.feature.rms,
        librosa.feature.spectral_centroid,
        librosa.feature.spectral_bandwidth,
        librosa.feature.spectral_rolloff,
    ):
        feature(y=samples)
    librosa.feature.zero_crossing_rate(samples)
    librosa.feature.mfcc(y=samples, n_mfcc=20)


def feature_rows(folder: Path) -> list[Row]:
    paths = [track.path for track in open_dataset(folder).files][:TIMED_CLIPS]
    samples = [librosa.load(path)[0] for path in paths]
    extract(samples[0]), plain_features(samples[0])  # compile what is compiled once
    plain = TIMED_CLIPS / duration_s(lambda: [plain_features(clip) for clip in samples])
    alone = TIMED_CLIPS / duration_s(lambda: [extract(clip) for clip in samples])
    data = open_dataset(folder)
    shared = len(data.files) / duration_s(lambda: make_examples(data, MODELS["lstm"].input("features")))
    return [
        ("58 features by plain librosa, clips a second", f"{plain:.2f}", ""),
        ("58 features here, one process", f"{alone:.2f}, {alone / plain:.1f} x", ""),
        (
            f"58 features here, {cores()} cores, with reading and starting",
            f"{shared:.2f}, {shared / plain:.1f} x",
            "3 x",
        ),
    ]


def compare_rows() -> list[Row]:
    """The default `genre compare` on the built-in music; its inputs are computed before."""
    compare = [sys.executable, "-m", "genre", "compare"]
    subprocess.run([*compare, "--epochs", "1"], check=True, capture_output=True)
    elapsed_s = duration_s(lambda: subprocess.run(compare, check=True, capture_output=True))
    return [
        (f"genre compare of {len(SMALL_MODELS)} models on the built-in music", f"{elapsed_s:.0f} s", "120 s")
    ]


def main() -> None:
    parse_arguments(argparse.ArgumentParser(description=__doc__.splitlines()[0]))
    with tempfile.TemporaryDirectory() as folder:
        os.environ["EARMARK_HOME"] = f"{folder}/home"
        music = synth.build(Path(folder) / "music", per_genre=CLIPS)
        rows = training_rows(music, as_people_have_music(music, Path(folder) / "mp3"))
        rows += precision_rows() + order_rows() + feature_rows(music) + compare_rows()
    report_table("Training", rows)


if __name__ == "__main__":
    main()
