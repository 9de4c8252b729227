"""The soak: many visitors in real sessions on a used server (`make soak`).

    python -m tests.soak.soak [--minutes 10 --visitors 20 --visits 1000] [--record]

Every page is opened first, because a fresh server is quicker. Then ten visitors bring clips of 30 s at once,
twenty do all that visitors do and leave as they please, and a thousand come for a moment. No line of the
server's log may be an error, and its memory has to be at the end what it was after the first ten. It speaks
to this machine only.
"""

import argparse
import io
import os
import random
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from unittest.mock import patch

import cv2
import soundfile as sf

from genre import GENRES
from genre.audio.clip import Clip
from genre.synth.dataset import render
from tests.benchmarks.measure import Row, cpu_s, memory_mb, parse_arguments, report_table
from tests.support.browser.serving import process_of, serve
from tests.support.faces import astronaut
from tests.support.stand_ins.sound_messages import recording
from tests.support.stand_ins.websocket_visit import WebsocketVisit
from tests.support.stand_ins.youtube import YoutubeStandIn

PAGES = ("listen", "train", "generate", "mood")
N_MEASURED = 10  # visitors while the answers are measured
FORGOTTEN_S = 65.0  # after that, the server has forgotten a visit that ended
THINK_S = (0.5, 4.0)  # between two things that a visitor does
FAULTS = ("Traceback", "ERROR", "CRITICAL", "Exception")  # in a line of the server's log


@dataclass
class Measured:
    """What the visitors saw; they write to it from their threads."""

    answers_s: list[float] = field(default_factory=list)  # from a clip of 30 s to its genre on the page
    pages_s: list[float] = field(default_factory=list)  # and to all pictures of it
    switches_s: list[float] = field(default_factory=list)  # from a click on a page to the page
    pieces_s: list[float] = field(default_factory=list)  # from a press to a generated piece
    faults: list[str] = field(default_factory=list)
    n_visits: int = 0


@dataclass(frozen=True)
class Things:
    """What visitors bring along."""

    clips: tuple[bytes, ...]  # WAV, 30 s
    photo: bytes  # JPEG

    @classmethod
    def make(cls, seconds: float) -> "Things":
        clips = tuple(Clip(render(genre, 1, seconds), seconds).to_wav() for genre in GENRES)
        photo = cv2.imencode(".jpg", cv2.cvtColor(astronaut(), cv2.COLOR_RGB2BGR))[1].tobytes()
        return cls(clips, photo)


class Visitor:
    """One visitor: an open page, and things to do with it."""

    def __init__(self, address: str, things: Things, measured: Measured, seed: int) -> None:
        self.address, self.things, self.measured = address, things, measured
        self.random = random.Random(seed)
        self.n_recordings = 0
        self.visit = WebsocketVisit(address)
        self.page = "listen"
        measured.n_visits += 1

    def bring_clip(self) -> None:
        """Upload a clip that nobody has brought before."""
        self.go("listen")
        noise = self.random.randbytes(8)  # at the end of the file: other bytes, the same sound
        content = self.random.choice(self.things.clips) + noise
        key = next(id_ for id_ in self.visit.ids() if "-uploader_" in id_).rpartition("-")[2]
        start = time.perf_counter()
        status = self.visit.upload(key, f"{noise.hex()}.wav", content, "audio/wav")
        assert status < 300, f"an upload was refused with {status}"
        self.visit.wait_for(lambda page: page.has("bars"))
        self.measured.answers_s.append(self.visit.arrivals["answer"] - start)
        self.measured.pages_s.append(time.perf_counter() - start)

    def record(self) -> None:
        """Record a clip: its sound arrives in pieces, as fast as the server takes them."""
        self.go("listen")
        samples, rate = sf.read(io.BytesIO(self.random.choice(self.things.clips)), dtype="int16")
        for message in recording(samples, rate, self.random.randbytes(8).hex()):
            self.visit.trigger("sound_recorder", "sound", message)
        self.visit.wait_for(lambda page: page.has("bars"))

    def play_example(self) -> None:
        self.go("listen")
        self.visit.press(f"example_{self.random.choice(GENRES)}")

    def generate(self) -> None:
        self.go("generate")
        if self.visit.has("generate"):
            start = time.perf_counter()
            self.visit.press("surprise")
            self.visit.wait_for(lambda page: page.has("spectrogram") and not page.has("cancel"))
            self.measured.pieces_s.append(time.perf_counter() - start)

    def photograph(self) -> None:
        self.go("mood")
        if not self.visit.has("camera_0"):  # the last picture is shown in its place
            return
        status = self.visit.upload("camera_0", "photo.jpg", self.things.photo, "image/jpeg")
        assert status < 300, f"a photograph was refused with {status}"

    def look_around(self) -> None:
        self.go(self.random.choice([page for page in PAGES if page != self.page]))

    def go(self, page: str) -> None:
        """Switch to a page, unless it is open."""
        if self.page != page:
            start = time.perf_counter()
            self.visit.switch(page)
            self.measured.switches_s.append(time.perf_counter() - start)
            self.page = page
        self.note_faults()

    def note_faults(self) -> None:
        self.measured.faults += [f"{self.page}: {text}" for text in self.visit.exceptions()]

    def leave(self) -> None:
        self.note_faults()
        self.visit.leave(abruptly=self.random.random() < 0.5)

    def stay(self, until: float) -> None:
        """Do this and that until a time (monotonic)."""
        things_to_do = (
            self.bring_clip, self.record, self.play_example, self.generate, self.photograph,
            self.look_around, self.look_around,
        )  # fmt: skip
        while time.monotonic() < until:
            self.random.choice(things_to_do)()
            time.sleep(self.random.uniform(*THINK_S))


@contextmanager
def used_server(home: Path) -> Iterator[str]:
    """The app after every page was opened; songs come from a stand-in for YouTube."""
    with (
        YoutubeStandIn() as youtube,
        patch.dict(os.environ, {"EARMARK_YOUTUBE_HOST": youtube.address}),
        serve(home) as address,
    ):
        yield address


def open_all_pages(address: str, things: Things) -> None:
    """Use every page once."""
    visitor = Visitor(address, things, Measured(), 0)
    for thing in (
        visitor.bring_clip, visitor.record, visitor.play_example, visitor.generate, visitor.photograph
    ):  # fmt: skip
        thing()
    visitor.go("train")
    visitor.leave()


def at_once(works: list[Callable[[], None]], measured: Measured) -> None:
    """Do all of them, each in a thread of its own; what fails is a fault."""

    def run(work: Callable[[], None]) -> None:
        try:
            work()
        except Exception as error:
            measured.faults.append(f"{type(error).__name__}: {error}")

    threads = [threading.Thread(target=run, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def measure_answers(address: str, things: Things, n_visitors: int, rounds: int) -> Measured:
    """Visitors who bring a clip each and look at other pages between, all at once."""
    measured = Measured()
    visitors = [Visitor(address, things, measured, seed) for seed in range(n_visitors)]

    def come(visitor: Visitor) -> None:
        for _ in range(rounds):
            visitor.bring_clip()
            time.sleep(visitor.random.uniform(*THINK_S))
            visitor.look_around()
        visitor.leave()

    at_once([lambda visitor=visitor: come(visitor) for visitor in visitors], measured)
    return measured


def soak(address: str, things: Things, n_visitors: int, seconds: float) -> Measured:
    """Visitors for so long, each of whom leaves now and then and comes again."""
    measured, until = Measured(), time.monotonic() + seconds

    def come(seed: int) -> None:
        for number in range(1_000_000):
            if time.monotonic() >= until:
                break
            visitor = Visitor(address, things, measured, 1000 * seed + number)
            try:
                visitor.stay(min(until, time.monotonic() + visitor.random.uniform(10, 120)))
            finally:
                visitor.leave()

    at_once([lambda seed=seed: come(seed) for seed in range(1, n_visitors + 1)], measured)
    return measured


def short_visits(address: str, things: Things, n_visits: int, n_at_once: int = 8) -> Measured:
    """Visits of a moment: the page, in one of five an example, and away."""
    measured = Measured()
    seeds = iter(range(1_000_000, 1_000_000 + n_visits))
    lock = threading.Lock()

    def come() -> None:
        while True:
            with lock:
                seed = next(seeds, None)
            if seed is None:
                return
            visitor = Visitor(address, things, measured, seed)
            with suppress(StopIteration):
                if seed % 5 == 0:
                    visitor.play_example()
            visitor.leave()

    at_once([come] * n_at_once, measured)
    return measured


def log_faults(log: Path) -> list[str]:
    """The lines of the server's log that tell of an error."""
    return [line for line in log.read_text().splitlines() if any(word in line for word in FAULTS)]


def rows(title: str, durations_s: list[float], aim: str = "") -> list[Row]:
    """Median and 95th percentile."""
    if not durations_s:
        return []
    ordered = sorted(durations_s)
    late = ordered[min(len(ordered) - 1, int(0.95 * len(ordered)))]
    return [
        (f"{title}, median of {len(ordered)}", f"{statistics.median(ordered):.2f} s", ""),
        ("  95 % are quicker than", f"{late:.2f} s", aim),
    ]


def run(
    visitors: int, minutes: float, visits: int, rounds: int, clip_s: float = 30.0
) -> tuple[list[Row], list[str]]:
    """The whole soak -> the table, and every fault that was seen."""
    things = Things.make(clip_s)
    with tempfile.TemporaryDirectory() as folder, used_server(Path(folder)) as address:
        server = process_of(address)
        open_all_pages(address, things)
        cpu_before_s = cpu_s(server)
        first = measure_answers(address, things, min(N_MEASURED, visitors), rounds)
        early_mb, used_s = memory_mb(server), cpu_s(server) - cpu_before_s
        long = soak(address, things, visitors, 60 * minutes)
        many = short_visits(address, things, visits)
        if visits >= N_MEASURED:
            time.sleep(FORGOTTEN_S)
        late_mb = memory_mb(server)
        faults = [*first.faults, *long.faults, *many.faults, *log_faults(Path(folder) / "server.log")]
    table = [
        *rows(f"answer to a clip of {clip_s:.0f} s, {N_MEASURED} visitors at once", first.answers_s, "3 s"),
        *rows("  the answer with all its pictures", first.pages_s),
        *rows("page switch meanwhile", first.switches_s, "1 s"),
        ("  processor seconds of the server, an answer", f"{used_s / max(1, len(first.answers_s)):.2f}", ""),
        *rows(f"answer, {visitors} visitors who do everything", long.answers_s),
        *rows("  the answer with all its pictures", long.pages_s),
        *rows("page switch meanwhile", long.switches_s),
        *rows("generated piece meanwhile", long.pieces_s),
        ("visits", str(1 + first.n_visits + long.n_visits + many.n_visits), ""),
        ("errors", str(len(faults)), "0"),
    ]
    if early_mb and late_mb:
        memory = f"{early_mb:.0f} and {late_mb:.0f} MB ({100 * (late_mb / early_mb - 1):+.0f} %)"
        table.append(("memory after the first ten visitors, and after the last", memory, "+10 %"))
    return table, faults


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--visitors", type=int, default=20, help="at once (default: 20)")
    parser.add_argument("--minutes", type=float, default=10.0, help="that they stay (default: 10)")
    parser.add_argument("--visits", type=int, default=1000, help="short ones afterwards (default: 1000)")
    parser.add_argument("--rounds", type=int, default=6, help="clips of each of the first ten (default: 6)")
    options = parse_arguments(parser)
    table, faults = run(options.visitors, options.minutes, options.visits, options.rounds)
    report_table("Soak", table)
    for fault in faults[:20]:
        print(fault, file=sys.stderr)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
