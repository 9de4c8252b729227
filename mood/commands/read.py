"""The command `python -m mood read`."""

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from genre.audio.files import printable
from genre.errors import FAILED, OK, USAGE
from mood import BACKENDS

if TYPE_CHECKING:
    from mood.emotion.recognizer import FaceEmotion


def add_parser(commands: "argparse._SubParsersAction") -> None:
    parser = commands.add_parser(
        "read",
        help="read the emotions on faces",
        description="Read the emotions on the faces in pictures, the largest face first. Exit status: 0 "
        "all pictures were read, 1 some were not, 2 the command line is wrong.",
    )
    parser.add_argument("paths", nargs="+", metavar="IMAGE", help="a picture, or a folder to search for them")
    parser.add_argument("--json", action="store_true", help="one JSON object a line")
    add_backend_option(parser)
    parser.add_argument("--crop", action="store_true", help="each picture is a face from edge to edge")
    parser.set_defaults(run=run_read)


def add_backend_option(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--backend",
        choices=BACKENDS,
        default="own",
        metavar="NAME",
        help="own, our network (default), or deepface",
    )


def run_read(options: argparse.Namespace) -> int:
    """Print one line for each picture, in the order of the command line, folders in order of their names."""
    from mood.emotion.faces import FaceError, decode_image, find_images
    from mood.emotion.recognizer import load_recognizer, recognize_emotions

    try:
        recognizer = load_recognizer(options.backend, on_progress=show_progress)
    except ValueError as error:
        print(error, file=sys.stderr)
        return USAGE if options.backend == "own" else FAILED
    status = OK
    for path, path_error in find_images(options.paths):
        try:
            if path_error:
                raise path_error
            faces = recognize_emotions(recognizer, decode_image(Path(path)), options.crop, thorough=True)
            result: dict = {"faces": [face.to_json() for face in faces]}
            text = _summarize(faces)
        except FaceError as error:
            status = FAILED
            result, text = {"error": str(error)}, f"error: {error}"
        if options.json:
            print(json.dumps({"path": path, **result}), flush=True)
        else:
            print(f"{printable(path)}  {text}", flush=True)
    return status


def show_progress(n_bytes: int, total: int | None) -> None:
    """Print how much of DeepFace's weights is downloaded, on one line of stderr."""
    of = f" of {total / 1e6:.1f}" if total else ""
    print(f"\rDownloading DeepFace's weights, once: {n_bytes / 1e6:.1f}{of} MB", end="", file=sys.stderr)
    if total and n_bytes >= total:
        print(file=sys.stderr)


def _summarize(faces: "list[FaceEmotion]") -> str:
    """Name the largest face's three likeliest emotions, and how many other faces there are."""
    if not faces:
        return "no face"
    likeliest = sorted(faces[0].scores.items(), key=lambda item: -item[1])[:3]
    others = len(faces) - 1
    more = f" (and {others} more {'face' if others == 1 else 'faces'})" if others else ""
    return ", ".join(f"{emotion} {100 * p:.0f} %" for emotion, p in likeliest) + more
