"""Benchmark of mel to sound, beside librosa's: `python -m tests.benchmarks.bench_invert`.

On clips of GTZAN's valid list (a few settings of gan/sampling/invert.py were chosen on eight of them);
without the data, on the built-in synthesiser. Both get the same log-mel, of the generator's depth.
"""

import argparse
import statistics
from collections import Counter
from collections.abc import Callable

import librosa
import numpy as np
import torch

from gan.mel import GAN_MEL
from gan.sampling.audio import master_audio
from genre import GENRES
from genre.audio.clip import AudioError, load_clip
from genre.audio.invert import invert_mel
from genre.audio.spectrogram import Spectrogram
from genre.data.splits import LISTS
from genre.synth.dataset import render
from tests.benchmarks.measure import duration_s, parse_arguments, report_table
from tests.support.data import SHARED_DATA

CLIPS, SECONDS = 10, 10.0
LONG_S, TIMES = 30.0, 5  # of what is timed, and how often
Inverter = Callable[[np.ndarray], np.ndarray]


def music() -> tuple[str, list[np.ndarray]]:
    """-> (where it is from, clips): one of each genre in turn, as far as there are recordings."""
    audio = SHARED_DATA / "gtzan" / "audio"
    names = (LISTS / "gtzan-valid.txt").read_text().split()
    paths = [path for name in names if (path := audio / name.split(".")[0] / f"{name}.opus").is_file()]
    rank = {path: sum(other.parent == path.parent and other < path for other in paths) for path in paths}
    paths.sort(key=lambda path: (rank[path], path))
    clips, genres = [], []
    for path in paths:
        try:
            clip = load_clip(path).trimmed(8.0, 8.0 + SECONDS).samples
        except AudioError:
            continue
        if len(clip) > 0.9 * SECONDS * GAN_MEL.sample_rate and np.abs(clip).max() > 0.01:
            clips.append(whole_hops(clip))
            genres.append(path.parent.name)
        if len(clips) == CLIPS:
            counts = ", ".join(f"{genre} {count}" for genre, count in sorted(Counter(genres).items()))
            return f"GTZAN's valid list: {counts}", clips
    return "the built-in synthesiser", [whole_hops(render(genre, 5, SECONDS)) for genre in GENRES]


def whole_hops(samples: np.ndarray) -> np.ndarray:
    """Cut to whole hops, and scaled so that the loudest mel power is 1."""
    whole = torch.from_numpy(samples[: len(samples) // GAN_MEL.hop_length * GAN_MEL.hop_length].copy())
    return (whole / Spectrogram(GAN_MEL).power(whole[None]).amax().sqrt()).numpy()


def decibels(samples: np.ndarray) -> np.ndarray:
    power = Spectrogram(GAN_MEL).power(torch.from_numpy(samples)[None])[0]
    return (10 * torch.log10(power.clamp_min(1e-10))).clamp_min(-GAN_MEL.range_db).numpy()


def by_librosa(mel_db: np.ndarray) -> np.ndarray:
    return librosa.feature.inverse.mel_to_audio(
        librosa.db_to_power(mel_db),
        sr=GAN_MEL.sample_rate,
        n_fft=GAN_MEL.n_fft,
        hop_length=GAN_MEL.hop_length,
        pad_mode="constant",
    )


def distances(target: np.ndarray, inverted: np.ndarray) -> tuple[float, float, float]:
    """Spectral convergence of the bins and of the mel bands (amplitudes), log-mel distance in dB."""
    bins = [
        np.abs(librosa.stft(samples, n_fft=GAN_MEL.n_fft, hop_length=GAN_MEL.hop_length))
        for samples in (target, inverted)
    ]
    levels = [decibels(samples) for samples in (target, inverted)]
    bands = [10 ** (level / 20) for level in levels]
    return convergence(*bins), convergence(*bands), float(np.abs(levels[0] - levels[1]).mean())


def convergence(target: np.ndarray, estimate: np.ndarray) -> float:
    return float(np.linalg.norm(target - estimate) / np.linalg.norm(target))


def fastest_s(work: Callable[[], object], times: int) -> float:
    """Seconds of the fastest run: what else the machine does only makes runs longer."""
    return min(duration_s(work) for _ in range(times))


def main() -> None:
    parse_arguments(argparse.ArgumentParser(description=__doc__.splitlines()[0]))
    source, clips = music()
    by_librosa(decibels(clips[0][:20_480]))  # what it compiles at first does not count
    inverters: dict[str, Inverter] = {"ours": lambda mel: invert_mel(mel, GAN_MEL), "librosa": by_librosa}
    rows = []
    figures = {
        name: [distances(clip, work(decibels(clip))) for clip in clips] for name, work in inverters.items()
    }
    for column, what in enumerate(
        ("spectral convergence", "the same of the mel bands", "log-mel distance, dB")
    ):
        ours, theirs = (statistics.mean(row[column] for row in figures[name]) for name in inverters)
        rows.append((what, f"{ours:.3f}", f"librosa {theirs:.3f}"))
    mel_db = np.tile(decibels(clips[0]), 4)[:, : int(LONG_S / GAN_MEL.seconds_per_frame)]
    for threads in (1, 2):
        torch.set_num_threads(threads)
        elapsed_s = fastest_s(lambda: invert_mel(mel_db, GAN_MEL), TIMES)
        aim = "20 times" if threads == 2 else ""
        rows += [
            (f"{LONG_S:.0f} s, {threads} threads", f"{elapsed_s:.2f} s", ""),
            ("  times faster than real time", f"{LONG_S / elapsed_s:.1f}", aim),
        ]
    theirs = fastest_s(lambda: by_librosa(mel_db), 1)
    rows.append(("  librosa", f"{theirs:.2f} s", ""))
    samples = invert_mel(mel_db, GAN_MEL)
    rows.append(
        ("mastering them: loudness and limiter", f"{fastest_s(lambda: master_audio(samples), 2):.2f} s", "")
    )
    report_table("Mel to sound", [("music", source, ""), *rows])


if __name__ == "__main__":
    main()
