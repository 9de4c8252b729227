"""The command `classify`: the genre of recordings, one line each."""

import argparse
import json
import os
import sys
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING, Any

from genre.audio.files import AUDIO_SUFFIXES, find_files, printable
from genre.commands.shared.engine import open_engine, require_engine
from genre.commands.shared.program import complain
from genre.commands.shared.shards import add_shard_options, audio_files, classify_into_shards
from genre.errors import FAILED, OK, USAGE

if TYPE_CHECKING:
    from genre.audio.clip import AudioError, Clip
    from genre.inference.classifier import Prediction

READ_AHEAD = 2  # clips decoded while the network classifies another; each takes up to 53 MB


def add_command(commands: "argparse._SubParsersAction") -> None:
    """Add the parser."""
    parser = commands.add_parser(
        "classify",
        help="classify the genre of recordings",
        description="Classify the genre of recordings. Exit status: 0 all were read, 1 some were not, "
        "2 the command line is wrong.",
    )
    parser.add_argument(
        "paths", nargs="*", metavar="PATH", help="an audio file, or a folder to search for them"
    )
    parser.add_argument("--json", action="store_true", help="one JSON object a line")
    parser.add_argument("--model", metavar="NAME", help="a shipped or promoted model; default listen")
    add_shard_options(parser)
    parser.set_defaults(run=classify)


def classify(options: argparse.Namespace) -> int:
    """Print one line for each file, in the order of the command line, folders in the order of their names."""
    from genre.audio.clip import AudioError
    from genre.inference.load import SHIPPED_MODEL, load_classifier
    from genre.models.cards import ArtefactError

    try:
        require_engine(options)
        if options.songs or options.out:
            return classify_into_shards(options)
        if not options.paths:
            raise ValueError("Name a file or a folder to classify.")
        if options.engine == "ray":
            return _classify_on_cluster(options)
    except (ValueError, OSError) as error:
        return complain(error, USAGE)
    try:
        classifier = load_classifier(options.model or SHIPPED_MODEL)
    except ArtefactError as error:
        print(error, file=sys.stderr)
        return USAGE
    status = OK
    recordings = list(find_recordings(options.paths))
    width = max(len(printable(path)) for path, _ in recordings)
    for path, clip in read_clips(recordings):
        if isinstance(clip, AudioError):
            status = FAILED
            result, text = {"error": str(clip)}, f"error: {clip}"
        else:
            prediction = classifier.classify(clip)
            result, text = prediction.to_json(), prediction_line(prediction)
        print(result_line(path, result, text, width, options.json), flush=True)
    return status


def _classify_on_cluster(options: argparse.Namespace) -> int:
    """Print a line for each file, in the order given, read by a cluster. Raises ValueError, OSError."""
    from genre.inference.load import SHIPPED_MODEL

    recordings = list(audio_files(options.paths))
    width = max(len(printable(path)) for path in recordings)
    status, waiting, position = OK, dict[int, Any](), 0
    with open_engine(options) as engine:
        from genre.cluster.readers import give_up_predict, load_predict
        from genre.cluster.songs import map_songs

        paths = [os.path.abspath(path) for path in recordings]
        load = partial(load_predict, options.model or SHIPPED_MODEL)
        for index, prediction in map_songs(engine.ray, paths, load, give_up_predict):
            waiting[index] = prediction
            while position in waiting:
                prediction, path = waiting.pop(position), recordings[position]
                if isinstance(prediction, str):
                    status = FAILED
                    line = result_line(
                        path, {"error": prediction}, f"error: {prediction}", width, options.json
                    )
                else:
                    text = prediction_line(prediction)
                    line = result_line(path, prediction.to_json(), text, width, options.json)
                print(line, flush=True)
                position += 1
    return status


def result_line(path: str, result: dict[str, Any], text: str, width: int, as_json: bool) -> str:
    """A result on one line; the path takes `width` columns."""
    return json.dumps({"path": path, **result}) if as_json else f"{printable(path):{width}}  {text}"


def find_recordings(paths: Iterable[str]) -> Iterator[tuple[str, "AudioError | None"]]:
    """Yield (path, None) of every file to read, and (path, error) of folders without any."""
    from genre.audio.clip import AudioError

    for path, reason in find_files(paths, AUDIO_SUFFIXES, "audio files"):
        yield path, AudioError(reason) if reason else None


def read_clips(
    recordings: Iterable[tuple[str, "AudioError | None"]],
) -> Iterator[tuple[str, "Clip | AudioError"]]:
    """Yield (path, clip or error) in order, reading some files ahead in other threads."""
    from genre.audio.clip import AudioError, load_clip

    def read(path: str) -> "Clip | AudioError":
        try:
            return load_clip(path)
        except AudioError as error:
            return error

    with ThreadPoolExecutor(READ_AHEAD) as pool:
        pending: deque[tuple[str, Future]] = deque()
        for path, error in recordings:
            future: Future = Future()
            if error:
                future.set_result(error)
            else:
                future = pool.submit(read, path)
            pending.append((path, future))
            if len(pending) > READ_AHEAD:
                path, future = pending.popleft()
                yield path, future.result()
        for path, future in pending:
            yield path, future.result()


def prediction_line(prediction: "Prediction") -> str:
    """Format a prediction as one line: "0:30  rock 58 %, metal 21 %, pop 9 %"."""
    from genre.text import genre_name, whole_percent

    minutes, seconds = divmod(round(prediction.duration_s), 60)
    length = f"{minutes}:{seconds:02}"
    if not prediction.genre:
        return f"{length:>6}  {prediction.message}"
    likeliest = sorted(prediction.probabilities.items(), key=lambda item: -item[1])[:3]
    ranking = ", ".join(f"{genre_name(genre)} {whole_percent(p)} %" for genre, p in likeliest)
    return f"{length:>6}  {ranking}{'' if prediction.confident else ' (not sure)'}"
