"""The command `python -m mood read`."""

import argparse
import json
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from genre.files import find_files, printable
from genre.run_command import FAILED, OK, USAGE

if TYPE_CHECKING:
    from mood.reader import Reader, Reading

BACKENDS = ("own", "deepface")


def add_to(commands: "argparse._SubParsersAction") -> None:
    parser = commands.add_parser(
        "read",
        help="read the emotions on faces",
        description="Read the emotions on the faces in pictures, the largest face first. Exit status: 0 "
        "all pictures were read, 1 some were not, 2 the command line is wrong.",
    )
    parser.add_argument(
        "paths", nargs="+", metavar="IMAGE", help="a picture, or a folder to search for them"
    )
    parser.add_argument("--json", action="store_true", help="one JSON object a line")
    add_backend(parser)
    parser.add_argument("--crop", action="store_true", help="each picture is a face from edge to edge")
    parser.set_defaults(run=read)


def add_backend(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--backend", choices=BACKENDS, default="own", metavar="NAME",
                        help="own, our network (default), or deepface")  # fmt: skip


def load_backend(name: str, model: str | None = None) -> "Reader":
    """Raises ArtefactError or ReaderError with a sentence when it cannot be."""
    if name == "deepface":
        from mood.deepface_reader import DeepFaceReader

        return DeepFaceReader.load(show_progress)
    from mood.reader import SHIPPED, EmotionReader

    return EmotionReader.load(model or SHIPPED)


def read(options: argparse.Namespace) -> int:
    """Answer one line for each picture, in the order given, folders in the order of their names."""
    from mood.faces import FaceError

    try:
        reader = load_backend(options.backend)
    except ValueError as error:
        print(error, file=sys.stderr)
        return USAGE if options.backend == "own" else FAILED
    status = OK
    for path, refusal in find_pictures(options.paths):
        try:
            if refusal:
                raise refusal
            readings = read_picture(reader, Path(path), options.crop)
            answer, words = {"faces": [reading.to_json() for reading in readings]}, _in_words(readings)
        except FaceError as error:
            status = FAILED
            answer, words = {"error": str(error)}, f"error: {error}"
        if options.json:
            print(json.dumps({"path": path, **answer}), flush=True)
        else:
            print(f"{printable(path)}  {words}", flush=True)
    return status


def read_picture(reader: "Reader", path: Path, is_crop: bool) -> "list[Reading]":
    """Raises FaceError for a file that holds no readable picture."""
    from mood.faces import decode
    from mood.reader import read_image

    return read_image(reader, decode(path), is_crop, thorough=True)


def find_pictures(paths: Iterable[str]) -> Iterator[tuple[str, "ValueError | None"]]:
    """Yield (path, None) of every file to read, and (path, FaceError) of folders that give none."""
    from mood.faces import IMAGE_SUFFIXES, FaceError

    for path, reason in find_files(paths, IMAGE_SUFFIXES, "pictures"):
        yield path, FaceError(reason) if reason else None


def show_progress(done: int, total: int | None) -> None:
    """How much of DeepFace's weights has come, on one line of stderr."""
    of = f" of {total / 1e6:.1f}" if total else ""
    print(f"\rDownloading DeepFace's weights, once: {done / 1e6:.1f}{of} MB", end="", file=sys.stderr)
    if total and done >= total:
        print(file=sys.stderr)


def _in_words(readings: "list[Reading]") -> str:
    """The largest face's three likeliest emotions, and how many other faces there are."""
    if not readings:
        return "no face"
    likely = sorted(readings[0].scores.items(), key=lambda item: -item[1])[:3]
    others = len(readings) - 1
    more = f" (and {others} more {'face' if others == 1 else 'faces'})" if others else ""
    return ", ".join(f"{emotion} {100 * p:.0f} %" for emotion, p in likely) + more
