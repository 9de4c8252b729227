"""The command line: `python -m genre COMMAND`. Each command imports only what it uses."""

import argparse
import json
import sys
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from genre import contest_commands, features_command, offer_commands, zoo
from genre.files import AUDIO_SUFFIXES, find_files, printable
from genre.run_command import FAILED, OK, USAGE, run_program

if TYPE_CHECKING:
    from genre.audio import AudioError, Clip
    from genre.classifier import Verdict

READ_AHEAD = 2  # clips decoded while the network hears another; each up to 53 MB


def main(arguments: list[str] | None = None) -> int:
    """Run one command -> its exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m genre", description="Hear music and name its genre."
    )
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    add_classify(commands)
    zoo.add_commands(commands)
    offer_commands.add_commands(commands)
    contest_commands.add_commands(commands)
    features_command.add_command(commands)
    return run_program(parser, arguments)


def add_classify(commands: "argparse._SubParsersAction") -> None:
    parser = commands.add_parser(
        "classify",
        help="name the genre of recordings",
        description="Name the genre of recordings. Exit status: 0 all were read, 1 some were not, "
        "2 the command line is wrong.",
    )
    parser.add_argument(
        "paths", nargs="+", metavar="PATH", help="an audio file, or a folder to search for them"
    )
    parser.add_argument("--json", action="store_true", help="one JSON object a line")
    parser.add_argument("--model", metavar="NAME", help="a shipped or promoted model")
    parser.set_defaults(run=classify)


def classify(options: argparse.Namespace) -> int:
    """Answer one line for each file, in the order given, folders in the order of their names."""
    from genre.audio import AudioError
    from genre.cards import ArtefactError
    from genre.classifier import SHIPPED, Classifier

    try:
        classifier = Classifier.load(options.model or SHIPPED)
    except ArtefactError as error:
        print(error, file=sys.stderr)
        return USAGE
    status = OK
    recordings = list(find_recordings(options.paths))
    width = max(len(printable(path)) for path, _ in recordings)
    for path, clip in read_clips(recordings):
        if isinstance(clip, AudioError):
            status = FAILED
            answer, words = {"error": str(clip)}, f"error: {clip}"
        else:
            verdict = classifier.classify(clip)
            answer, words = verdict.to_json(), _in_words(verdict)
        if options.json:
            print(json.dumps({"path": path, **answer}), flush=True)
        else:
            print(f"{printable(path):{width}}  {words}", flush=True)
    return status


def find_recordings(paths: Iterable[str]) -> Iterator[tuple[str, "AudioError | None"]]:
    """Yield (path, None) of every file to read, and (path, error) of folders that give none."""
    from genre.audio import AudioError

    for path, reason in find_files(paths, AUDIO_SUFFIXES, "audio files"):
        yield path, AudioError(reason) if reason else None


def read_clips(
    recordings: Iterable[tuple[str, "AudioError | None"]],
) -> Iterator[tuple[str, "Clip | AudioError"]]:
    """Yield (path, what it holds) in order, reading some files ahead in other threads."""
    from genre.audio import AudioError, load_clip

    def read(path: str) -> "Clip | AudioError":
        try:
            return load_clip(path)
        except AudioError as error:
            return error

    with ThreadPoolExecutor(READ_AHEAD) as pool:
        waiting = deque()
        for path, error in recordings:
            waiting.append((path, error, None if error else pool.submit(read, path)))
            if len(waiting) > READ_AHEAD:
                path, error, future = waiting.popleft()
                yield path, error or future.result()
        for path, error, future in waiting:
            yield path, error or future.result()


def _in_words(verdict: "Verdict") -> str:
    """A verdict on one line: "0:30  rock 58 %, metal 21 %, pop 9 %"."""
    from genre.names import spoken, whole_percent

    minutes, seconds = divmod(round(verdict.duration_s), 60)
    length = f"{minutes}:{seconds:02}"
    if not verdict.genre:
        return f"{length:>6}  {verdict.message}"
    likely = sorted(verdict.probabilities.items(), key=lambda item: -item[1])[:3]
    ranking = ", ".join(f"{spoken(genre)} {whole_percent(p)} %" for genre, p in likely)
    return f"{length:>6}  {ranking}{'' if verdict.confident else ' (not sure)'}"


if __name__ == "__main__":
    sys.stdout.reconfigure(errors="backslashreplace")  # a name the terminal cannot show
    sys.exit(main())
