"""Benchmark of live classification, one update and many: `python -m tests.benchmarks.app.bench_live`."""

import argparse
import threading
import time

import numpy as np
import soxr

from genre.audio.clip import SAMPLE_RATE, Clip
from genre.audio.degrade import simulate_phone
from genre.inference.classifier import Classifier
from genre.inference.explain import explain
from genre.inference.live import WINDOW_S, LiveClassifier
from genre.inference.load import load_classifier
from genre.synth.dataset import render
from tests.benchmarks.measure import (
    median_durations_ms,
    memory_mb,
    memory_rows,
    parse_arguments,
    report_table,
    threads_row,
)

PACKET = 960  # samples of 48 kHz: the 20 ms that browsers send
UPDATES = 200


def packets(seconds: float) -> list[np.ndarray]:
    """Music through a small microphone, so noisy that it is predicted twice: stereo, 16 bits, (960, 2)."""
    music = np.resize(render("rock", seed=1, seconds=12.0), round(seconds * SAMPLE_RATE))
    raised = soxr.resample(simulate_phone(Clip(music, seconds), 1).samples, SAMPLE_RATE, 48_000)
    stereo = np.repeat((raised * 30_000).astype(np.int16)[:, None], 2, axis=1)
    return [stereo[start : start + PACKET] for start in range(0, len(stereo), PACKET)]


def updates(classifier: Classifier) -> tuple[list[float], float, list[float | None]]:
    """Push second after second -> ms of each prediction, ms of a packet, MB after each update."""
    live = LiveClassifier(classifier.classify)
    second = packets(1.0)
    inference_ms, pushing_s, memory = [], 0.0, []
    for number in range(UPDATES):
        before = live.latest().n_predictions
        started = time.perf_counter()
        for packet in second:
            live.push(packet, 48_000)
        pushing_s += time.perf_counter() - started
        deadline = time.monotonic() + 10
        while number >= 3 and live.latest().n_predictions == before and time.monotonic() < deadline:
            time.sleep(0.001)
        if number >= WINDOW_S:
            inference_ms.append(live.latest().inference_ms)
            memory.append(memory_mb())
    live.stop()
    return inference_ms, 1_000 * pushing_s / UPDATES / len(second), memory


def main() -> None:
    parse_arguments(argparse.ArgumentParser(description=__doc__.splitlines()[0]))
    classifier = load_classifier()
    clip = Clip(render("rock", seed=1, seconds=30.0), 30.0)
    (why,) = median_durations_ms(lambda: explain(classifier, clip, "rock"), times=5, warm_up=1)
    threads = threading.active_count()
    inference_ms, packet_ms, memory = updates(classifier)
    report_table(
        "Live classification",
        [
            threads_row(),
            ("a live update, from ten seconds of sound", f"{np.median(inference_ms):.0f} ms", "300 ms"),
            ("  the slowest of a hundred", f"{np.quantile(inference_ms, 0.99):.0f} ms", ""),
            ("taking in a packet of 20 ms", f"{packet_ms:.2f} ms", "2 ms"),
            *memory_rows(f"memory after 10 and after {len(memory)} updates", memory, 10),
            ("threads left behind", str(threading.active_count() - threads), "0"),
            ("why: what decided in 30 s", f"{why:.0f} ms", "1000 ms"),
        ],
    )


if __name__ == "__main__":
    main()
