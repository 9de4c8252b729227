"""The command `playlist`: songs for a mood."""

import argparse
import json
import sys

from genre.errors import FAILED, OK, USAGE


def add_parser(commands: "argparse._SubParsersAction") -> None:
    parser = commands.add_parser(
        "playlist",
        help="songs for a mood, from YouTube",
        description="Search YouTube for songs that fit a mood. Exit status: 0 some were found, 1 none "
        "were, 2 the command line is wrong.",
    )
    parser.add_argument(
        "--emotion",
        required=True,
        metavar="E",
        help="angry, disgust, fear, happy, sad, surprise, neutral, or a word of your own",
    )
    parser.add_argument(
        "--language",
        default="English",
        metavar="L",
        help="its name, in English or its own script, or its code (default: English)",
    )
    parser.add_argument("--artist", default="", metavar="A", help="by this artist")
    directions = ("match", "change")
    parser.add_argument(
        "--direction",
        choices=directions,
        default="match",
        help="songs that match the mood (default), or that lift it or calm it",
    )
    parser.add_argument(  # the option's old name
        "--wish", dest="direction", choices=directions, default=argparse.SUPPRESS, help=argparse.SUPPRESS
    )
    parser.add_argument("--count", type=_parse_count, default=12, metavar="N", help="1 to 50 (default: 12)")
    parser.add_argument("--json", action="store_true", help="one JSON object")
    parser.set_defaults(run=run_playlist)


def _parse_count(text: str) -> int:
    count = int(text)
    if not 1 <= count <= 50:
        raise argparse.ArgumentTypeError(f"{count} is not between 1 and 50")
    return count


def run_playlist(options: argparse.Namespace) -> int:
    """Search now and print the songs; the cache is not used."""
    from mood.playlist.playlist import find_playlist

    try:
        playlist = find_playlist(
            options.emotion,
            options.language,
            options.artist,
            options.direction,
            options.count,
            use_cache=False,
        )
    except ValueError as error:
        print(error, file=sys.stderr)
        return USAGE
    if options.json:
        print(json.dumps(playlist.to_json()))
    elif playlist.error:
        print(f"{playlist.error}\n{playlist.search_url}", file=sys.stderr)
    else:
        print(playlist.query)
        for track in playlist.tracks:
            duration = "" if track.duration_s is None else "{}:{:02}".format(*divmod(track.duration_s, 60))
            print(f"{duration:>5}  {track.title}  ({track.channel})  {track.url}")
    return FAILED if playlist.error else OK
