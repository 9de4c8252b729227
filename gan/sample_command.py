"""The command `python -m gan sample`: music into a folder, each piece with all that makes it again."""

import argparse
import json
import random
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from genre.run_command import FAILED, OK, USAGE

if TYPE_CHECKING:
    from gan.sample import Dream, Dreamer
    from gan.wish import Wish

LARGEST_RECIPE = 1 << 20  # bytes


def add_to(commands: "argparse._SubParsersAction") -> None:
    parser = commands.add_parser("sample", help="make music")
    wish = parser.add_mutually_exclusive_group()
    wish.add_argument("--genre", metavar="G", help="such as jazz; without it the seed chooses")
    wish.add_argument("--prompt", metavar="TEXT", help='such as "a calm late-night jazz piano"')
    wish.add_argument("--again", type=Path, metavar="FILE.json", help="the same as a piece made before")
    parser.add_argument("--count", type=int, default=1, metavar="N", help="pieces, by default 1")
    parser.add_argument("--seconds", type=float, default=10.0, metavar="S", help="of each, by default 10")
    parser.add_argument("--seed", type=int, metavar="N",
                        help="of the first; the next ones count up. By default a random one")
    parser.add_argument("--model", default="gan", metavar="NAME",
                        help="shipped weights, by default gan, or the name of a finished training")
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="where to write them")
    parser.set_defaults(run=sample)


def sample(options: argparse.Namespace) -> int:
    """Write a .wav, .png, .json and .npz of each piece."""
    from gan.sample import Dreamer
    from gan.wish import MOST_SEED, WishError
    from genre.cards import ArtefactError

    try:
        seed = random.randrange(MOST_SEED // 2) if options.seed is None else options.seed
        dreamer = Dreamer.load(options.model)
        wishes, message = (_again(options.again, dreamer) if options.again
                           else _wishes(options, seed, dreamer.genres))
        if message:
            print(message, file=sys.stderr)
        options.out.mkdir(parents=True, exist_ok=True)
        for number, wish in enumerate(wishes, start=1):
            print(_write(dreamer.dream(wish), options.out, number, message))
    except WishError as error:
        print(error, file=sys.stderr)
        return USAGE
    except ArtefactError as error:
        print(error, file=sys.stderr)
        return FAILED
    except (OSError, MemoryError) as error:
        print(f"The music could not be written: {error}", file=sys.stderr)
        return FAILED
    return OK


def _again(path: Path, dreamer: "Dreamer") -> tuple[list["Wish"], str]:
    """The wish of a recipe, and nothing to be said of it. Raises WishError."""
    from gan.sample import again
    from gan.wish import WishError

    recipe = _read(path)
    wish = again(recipe)
    if recipe.get("weights") != dreamer.weights:
        raise WishError("This piece was painted by other weights: name them with --model.")
    return [wish], ""


def _wishes(options: argparse.Namespace, seed: int, genres: tuple[str, ...]) -> tuple[list["Wish"], str]:
    """What to ask a painter of `genres` -> (a wish for each piece, how a prompt was understood).

    Raises WishError.
    """
    from gan.prompt import understand
    from gan.wish import Wish, checked_count

    count = checked_count(options.count)
    if options.genre is not None:
        plain = lambda name: name.lower().replace("-", "").replace(" ", "")  # noqa: E731
        genre = next((name for name in genres if plain(name) == plain(options.genre)), options.genre)
        return [Wish({genre: 1.0}, seconds=options.seconds, seed=seed + k) for k in range(count)], ""
    if options.prompt is not None:
        heard = understand(options.prompt)
        return [Wish.read(heard, options.seconds, seed + k, genres) for k in range(count)], heard.message
    return [Wish({genres[(seed + k) % len(genres)]: 1.0}, seconds=options.seconds, seed=seed + k)
            for k in range(count)], ""  # fmt: skip


def _read(path: Path) -> Any:
    """What a .json holds. Raises WishError."""
    from gan.wish import WishError

    try:
        with path.open("rb") as file:
            return json.loads(file.read(LARGEST_RECIPE))
    except (OSError, ValueError, RecursionError) as error:
        raise WishError(f"{path.name} cannot be read: choose the .json of a piece.") from error


def _write(dream: "Dream", folder: Path, number: int, message: str) -> Path:
    """All the files of a piece -> where the sound is."""
    from gan.sound import encode
    from genre.home import write_atomic

    path = folder / f"{number:02d}-{dream.name}"
    recipe = dream.recipe() | ({"understood": message} if message else {})
    contents = {
        ".png": dream.picture(), ".npz": dream.spectrogram(),
        ".json": json.dumps(recipe, indent=1, ensure_ascii=False) + "\n",
        ".wav": encode(dream.clip.samples, "wav"),
    }  # fmt: skip
    for suffix, content in contents.items():
        write_atomic(path.with_name(path.name + suffix), content)
    return path.with_name(path.name + ".wav")
