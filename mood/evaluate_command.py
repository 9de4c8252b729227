"""The command `python -m mood evaluate`."""

import argparse
import json
import sys
from pathlib import Path

from genre.run_command import OK, USAGE
from mood.read_command import add_backend, load_backend


def add_to(commands: "argparse._SubParsersAction") -> None:
    parser = commands.add_parser(
        "evaluate", help="measure a reader on FER2013's valid faces, as they are and as a webcam sees them"
    )
    parser.add_argument("--data", type=Path, metavar="FILE", help="FER2013 as a parquet file")
    parser.add_argument("--model", metavar="NAME",
                        help="a folder of assets/weights; by default emotion-train, which has not seen "
                        "these faces")  # fmt: skip
    add_backend(parser)
    parser.add_argument("--json", action="store_true", help="the figures as one JSON object")
    parser.set_defaults(run=evaluate)


def evaluate(options: argparse.Namespace) -> int:
    """Print the figures."""
    from genre.home import data_folder
    from mood import evaluate as evaluation
    from mood.dataset import load_faces
    from mood.reader import MEASURED, EmotionReader

    if options.model and options.backend != "own":
        print("--model names one of our own networks: leave it out, or leave out --backend.", file=sys.stderr)
        return USAGE
    try:
        reader = load_backend(options.backend, options.model or MEASURED)
        _, valid, _ = load_faces(options.data or data_folder() / "faces" / "fer2013.parquet")
    except ValueError as error:
        print(error, file=sys.stderr)
        return USAGE
    result = evaluation.evaluate(reader, valid)
    if isinstance(reader, EmotionReader) and reader.card.get("data", {}).get("split") == "all":
        print(f"{reader.name} has learnt from these faces: the figures say nothing of others.",
              file=sys.stderr)  # fmt: skip
    if options.backend == "deepface":
        print("These are DeepFace's weights as found on this machine; published figures are of its own.",
              file=sys.stderr)  # fmt: skip
    print(json.dumps(result) if options.json else evaluation.as_text(result))
    return OK
