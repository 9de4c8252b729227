"""The command `playlist`: songs for a mood."""

import argparse
import json
import sys

from genre.run_command import FAILED, OK, USAGE


def add_to(commands: "argparse._SubParsersAction") -> None:
    parser = commands.add_parser(
        "playlist",
        help="songs for a mood, from YouTube",
        description="Search YouTube for songs that fit a mood. Exit status: 0 some were found, 1 none "
        "were, 2 the command line is wrong.",
    )
    parser.add_argument("--emotion", required=True, metavar="E",
                        help="angry, disgust, fear, happy, sad, surprise, neutral, or a word of your own")
    parser.add_argument("--language", default="English", metavar="L",
                        help="its name, in English or its own script, or its code (default: English)")
    parser.add_argument("--artist", default="", metavar="A", help="by this artist")
    parser.add_argument("--wish", choices=("match", "change"), default="match",
                        help="songs that match the mood (default), or that lift it or calm it")
    parser.add_argument("--count", type=_count, default=12, metavar="N", help="1 to 50 (default: 12)")
    parser.add_argument("--json", action="store_true", help="one JSON object")
    parser.set_defaults(run=playlist)


def _count(text: str) -> int:
    count = int(text)
    if not 1 <= count <= 50:
        raise argparse.ArgumentTypeError(f"{count} is not between 1 and 50")
    return count


def playlist(options: argparse.Namespace) -> int:
    """Search now: lists found before are not taken for an answer."""
    from mood.playlist import find

    try:
        found = find(options.emotion, options.language, options.artist, options.wish,
                     options.count, cached=False)  # fmt: skip
    except ValueError as error:
        print(error, file=sys.stderr)
        return USAGE
    if options.json:
        print(json.dumps(found.to_json()))
    elif found.error:
        print(f"{found.error}\n{found.search_url}", file=sys.stderr)
    else:
        print(found.query)
        for track in found.tracks:
            length = "" if track.duration_s is None else "{}:{:02}".format(*divmod(track.duration_s, 60))
            print(f"{length:>5}  {track.title}  ({track.channel})  {track.url}")
    return FAILED if found.error else OK
