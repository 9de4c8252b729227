"""The command `python -m mood evaluate`."""

import argparse
import json
import sys
from pathlib import Path

from genre.errors import OK, USAGE
from mood.commands.read import add_backend_option, show_progress


def add_parser(commands: "argparse._SubParsersAction") -> None:
    parser = commands.add_parser(
        "evaluate",
        help="measure emotion recognition on FER2013's valid faces, as they are and as a webcam shows them",
    )
    parser.add_argument("--data", type=Path, metavar="FILE", help="FER2013 as a parquet file")
    parser.add_argument(
        "--model",
        metavar="NAME",
        help="a folder of assets/weights; by default emotion-train, which was not trained on these faces",
    )
    add_backend_option(parser)
    parser.add_argument("--json", action="store_true", help="the metrics as one JSON object")
    parser.add_argument(
        "--record", action="store_true", help="also write the accuracies on changed faces to RESULTS.md"
    )
    parser.set_defaults(run=run_evaluate)


def run_evaluate(options: argparse.Namespace) -> int:
    """Print the metrics."""
    from mood.emotion.dataset import default_faces, load_faces
    from mood.emotion.evaluate import conditions_markdown, emotion_metrics_table, evaluate_recognizer
    from mood.emotion.recognizer import EVALUATED_NETWORK, is_trained_on_valid, load_recognizer

    if options.model and options.backend != "own":
        print("--model names one of our own networks: leave it out, or leave out --backend.", file=sys.stderr)
        return USAGE
    try:
        recognizer = load_recognizer(options.backend, options.model or EVALUATED_NETWORK, show_progress)
        _, valid, _ = load_faces(options.data or default_faces())
    except ValueError as error:
        print(error, file=sys.stderr)
        return USAGE
    metrics = evaluate_recognizer(recognizer, valid)
    if is_trained_on_valid(recognizer):
        print(
            f"{recognizer.name} was trained on these faces: the metrics say nothing of others.",
            file=sys.stderr,
        )
    if options.backend == "deepface":
        print(
            "These are DeepFace's weights as found on this machine; published figures are of its own.",
            file=sys.stderr,
        )
    print(json.dumps(metrics) if options.json else emotion_metrics_table(metrics))
    if options.record:
        from genre.evaluation.results import update_section

        update_section("emotion-conditions", conditions_markdown(metrics))
    return OK
