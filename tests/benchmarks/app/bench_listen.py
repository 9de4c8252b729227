"""Benchmark of the Listen page, from bytes to prediction: `python -m tests.benchmarks.app.bench_listen`."""

import argparse
import io
import statistics
import tempfile
import time
from functools import partial
from pathlib import Path

import librosa
import numpy as np
import soundfile as sf
import soxr
import torch
from playwright.sync_api import Page

from genre.audio.clip import SAMPLE_RATE, Clip, load_clip
from genre.audio.degrade import simulate_phone
from genre.audio.enhance import enhance
from genre.audio.spectrogram import SpectrogramParams
from genre.inference.classifier import Classifier
from genre.inference.load import load_classifier
from genre.inference.pretrained_classifier import PretrainedClassifier
from genre.inference.screening.music import above_speech, is_stationary
from genre.models.pretrained.features import PretrainedFeatures, window_centres
from genre.synth.dataset import render
from genre.text import genre_name
from tests.benchmarks.measure import (
    Row,
    browser_program,
    median_durations_ms,
    memory_mb,
    memory_rows,
    parse_arguments,
    report_table,
    threads_row,
)
from tests.support.browser.serving import chromium, serve

LOOK_AROUND_S = 5.0  # before a visitor clicks for the first time


def mp3_of_30_seconds() -> bytes:
    """A synthesised band as people have music: 44.1 kHz, stereo, MP3."""
    mono = soxr.resample(render("rock", seed=1, seconds=30.0), SAMPLE_RATE, 44_100)
    stereo = np.stack([mono, np.roll(mono, 20)], axis=1)
    file = io.BytesIO()
    sf.write(file, stereo, 44_100, format="MP3")
    return file.getvalue()


def power_by_librosa(samples: np.ndarray) -> np.ndarray:
    """(N,) -> mel power (bands, frames)."""
    p = SpectrogramParams()
    return librosa.feature.melspectrogram(
        y=samples, sr=p.sample_rate, n_fft=p.n_fft, hop_length=p.hop_length, n_mels=p.n_mels
    )


def by_librosa(content: bytes, classifier: Classifier) -> np.ndarray:
    """The same networks behind librosa's reading, resampling and mel-spectrogram -> (genres,)."""
    samples, _ = librosa.load(io.BytesIO(content), sr=SAMPLE_RATE)
    power = torch.from_numpy(power_by_librosa(samples))[None]
    with torch.inference_mode():
        windows = classifier.predict_windows([0.0], samples[None], power)
        return classifier.apply_calibration(windows.overall).numpy()


def prediction_rows() -> list[Row]:
    """Bytes to prediction, beside librosa, and the memory of many predictions."""
    content = mp3_of_30_seconds()
    classifier, scratch = load_classifier(), load_classifier("listen-scratch")
    assert isinstance(classifier, PretrainedClassifier)
    samples = load_clip(content).samples
    waveform = torch.from_numpy(samples)[None]
    noisy = simulate_phone(Clip(samples, 30.0), 1)
    ours, before, theirs, reading, their_reading, spectrogram, their_spectrogram, twice = median_durations_ms(
        lambda: classifier.classify(load_clip(content)),
        lambda: scratch.classify(load_clip(content)),
        lambda: by_librosa(content, classifier),
        lambda: load_clip(content),
        lambda: librosa.load(io.BytesIO(content), sr=SAMPLE_RATE),
        lambda: classifier.front_end.power(waveform),
        lambda: power_by_librosa(samples),
        lambda: classifier.classify(noisy),
    )
    knocked = samples.copy()
    knocked[len(samples) // 2] = 8 * np.abs(samples).max()  # keeps the limiter busy
    (enhancing,) = median_durations_ms(lambda: enhance(Clip(knocked, 30.0)))
    whole = classifier.front_end.power(waveform)[0]
    (screening,) = median_durations_ms(lambda: (above_speech(whole, 30.0), is_stationary(whole, 30.0)))
    probabilities = list(classifier.classify(load_clip(content)).probabilities.values())
    difference = np.abs(by_librosa(content, classifier) - probabilities).max()
    rows = [
        ("30 s of MP3, bytes to prediction", f"{ours:.0f} ms", "300 ms"),
        ("  the same by listen-scratch, without pretraining", f"{before:.0f} ms", ""),
        ("  of that, reading the file", f"{reading:.0f} ms", ""),
        ("  of that, the spectrogram", f"{spectrogram:.1f} ms", ""),
        (
            "30 s through a simulated phone, samples to prediction: noisy, predicted after denoising",
            f"{twice:.0f} ms",
            "400 ms",
        ),
        *window_rows(classifier, samples),
        *batch_rows(classifier, samples),
        ("the tests for speech and steady noise, 30 s", f"{screening:.1f} ms", "5 ms"),
        ("the same networks behind librosa", f"{theirs:.0f} ms", ""),
        ("  of that, reading the file", f"{their_reading:.0f} ms", ""),
        ("  of that, the spectrogram", f"{their_spectrogram:.1f} ms", ""),
        ("  times slower", f"{theirs / ours:.1f}", "3"),
        ("  largest difference of a probability", f"{difference:.3f}", ""),
        ("30 s with a knock, enhanced", f"{enhancing:.0f} ms", "1000 ms"),
    ]
    memory = []
    for _ in range(100):
        classifier.classify(load_clip(content))
        memory.append(memory_mb())
    return rows + memory_rows("memory after 20 and after 100 more predictions", memory, 20)


def window_rows(classifier: PretrainedClassifier, samples: np.ndarray) -> list[Row]:
    """The pretrained network on fewer windows; RESULTS.md has the accuracy with each number beside."""
    rows = []
    for seconds_per_window in (15.0, 10.0, 6.0, 4.3, 3.0):
        features = PretrainedFeatures(classifier.features.tagger, seconds_per_window)
        with torch.inference_mode():
            (duration_ms,) = median_durations_ms(partial(features.windows, samples[None]))
        count = len(window_centres(len(samples), seconds_per_window))
        rows.append((f"  the pretrained network on {count} windows of 30 s", f"{duration_ms:.0f} ms", ""))
    return rows


def batch_rows(classifier: PretrainedClassifier, samples: np.ndarray) -> list[Row]:
    """The pretrained network on several clips in one batch: whether answers that wait should go together."""
    sizes = (1, 2, 4)
    with torch.inference_mode():
        durations_ms = median_durations_ms(
            *(partial(classifier.features.windows, np.stack([samples] * size)) for size in sizes)
        )
    return [
        (f"  the pretrained network, {size} clips in a batch: a clip", f"{duration_ms / size:.0f} ms", "")
        for size, duration_ms in zip(sizes, durations_ms, strict=True)
    ]


def page_rows(program: str) -> list[Row]:
    """What a visitor waits for, in a real browser."""
    with tempfile.TemporaryDirectory() as home, chromium(program) as browser:
        page = browser.new_page()
        start = time.perf_counter()
        with serve(Path(home)) as address:
            first = _painted(page, address, start)
            time.sleep(LOOK_AROUND_S)
            clicks = [_clicked(page, genre) for genre in ("rock", "jazz", "hiphop")]
            again = [_painted(browser.new_page(), address, time.perf_counter()) for _ in range(3)]
    return [
        ("from `streamlit run` to the first painted page", f"{first:.1f} s", "3 s"),
        ("a later visit", f"{statistics.median(again):.2f} s", "1 s"),
        ("first click on an example to its chart", f"{clicks[0]:.2f} s", "2 s"),
        ("a later click", f"{clicks[-1]:.2f} s", "2 s"),
    ]


def _painted(page: Page, address: str, start: float) -> float:
    """Open the page -> seconds from `start` until its last part can be seen."""
    page.goto(address)
    page.get_by_role("button", name=genre_name("rock").capitalize(), exact=True).wait_for()
    return time.perf_counter() - start


def _clicked(page: Page, genre: str) -> float:
    """Click on an example -> seconds until its chart is there and the page is at rest."""
    name = genre_name(genre).capitalize()
    start = time.perf_counter()
    page.get_by_role("button", name=name, exact=True).click()
    page.get_by_text(f"{name}, synthesised").first.wait_for()
    page.locator(".player-legend li").first.wait_for()
    page.locator("[data-test-script-state=notRunning]").wait_for()
    return time.perf_counter() - start


def main() -> None:
    parse_arguments(argparse.ArgumentParser(description=__doc__.splitlines()[0]))
    rows = prediction_rows()
    if program := browser_program():
        rows += page_rows(program)
    report_table("Listen", [threads_row(), *rows])


if __name__ == "__main__":
    main()
