"""The command `python -m gan sample`: it writes clips to a folder, each with the recipe that repeats it."""

import argparse
import json
import random
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from genre.commands.shared.program import FAILED, OK, USAGE
from genre.reading import read_json

if TYPE_CHECKING:
    from gan.request import GenerationRequest
    from gan.sampling.sampler import GeneratedClip, Sampler

MAX_RECIPE_FILE_BYTES = 1 << 20  # bytes


def add_parser(commands: "argparse._SubParsersAction") -> None:
    parser = commands.add_parser("sample", help="generate music")
    request = parser.add_mutually_exclusive_group()
    request.add_argument("--genre", metavar="G", help="such as jazz; without it the seed chooses")
    request.add_argument("--prompt", metavar="TEXT", help='such as "a calm late-night jazz piano"')
    request.add_argument("--again", type=Path, metavar="FILE.json", help="reproduce a clip from its recipe")
    request.add_argument(
        "--plain",
        type=Path,
        metavar="RUN",
        help="play the run of a plain DCGAN (train --network dcgan), as MP3: it can be asked for nothing",
    )
    parser.add_argument("--count", type=int, default=1, metavar="N", help="clips, by default 1")
    parser.add_argument(
        "--seconds", type=float, default=10.0, metavar="S", help="length of each, by default 10"
    )
    parser.add_argument("--bpm", type=float, metavar="N", help="beats a minute, 60 to 180; by default free")
    parser.add_argument("--key", metavar="KEY", help='such as "A minor" or "B flat major"; by default none')
    parser.add_argument(
        "--sections",
        action="store_true",
        help="form a piece of 12 s or more: it begins, changes every ten seconds or so, and ends in a fade",
    )
    parser.add_argument(
        "--seed", type=int, metavar="N", help="of the first clip; the next ones count up. By default random"
    )
    parser.add_argument(
        "--model",
        metavar="NAME",
        help="published weights or the name of a finished run; by default gan, or those of a recipe",
    )
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="output folder")
    parser.set_defaults(run=sample)


def sample(options: argparse.Namespace) -> int:
    """Write a .wav, .png, .json and .npz of each clip."""
    from gan.request import MAX_SEED, SECTIONS, RequestError
    from gan.sampling.sampler import DEFAULT_MODEL, Sampler, published_model_of
    from genre.models.cards import ArtefactError

    try:
        seed = random.randrange(MAX_SEED // 2) if options.seed is None else options.seed
        if options.plain:
            _play_plain(options, seed)
            return OK
        usual = published_model_of(_read_json(options.again)) if options.again else DEFAULT_MODEL
        sampler = Sampler.load(options.model or usual)
        requests, message = (
            _request_of_recipe(options.again, sampler)
            if options.again
            else _build_requests(options, seed, sampler.genres)
        )
        if options.sections and not options.again:
            requests = [replace(request, form=SECTIONS) for request in requests]
        if options.bpm is not None and not options.again:
            requests = [replace(request, bpm=options.bpm) for request in requests]
        if options.key is not None and not options.again:
            requests = [replace(request, key=options.key) for request in requests]
        if message:
            print(message, file=sys.stderr)
        options.out.mkdir(parents=True, exist_ok=True)
        for number, request in enumerate(requests, start=1):
            print(_write_files(sampler.generate(request), options.out, number, message))
    except RequestError as error:
        print(error, file=sys.stderr)
        return USAGE
    except ArtefactError as error:
        print(error, file=sys.stderr)
        return FAILED
    except (OSError, MemoryError) as error:
        print(f"The music could not be written: {error}", file=sys.stderr)
        return FAILED
    return OK


def _play_plain(options: argparse.Namespace, seed: int) -> None:
    """Write clips of a plain DCGAN and print their paths. Raises ArtefactError and RequestError."""
    from gan.evaluation.sources import dcgan_clips
    from gan.request import GenerationRequest, require_count
    from gan.sampling.audio import encode_audio, master_audio
    from genre.paths import write_atomic

    for k in range(require_count(options.count)):
        request = GenerationRequest({"pop": 1.0}, seconds=options.seconds, seed=seed + k)  # within its limits
        (samples,) = dcgan_clips(options.plain, 1, request.seconds, request.seed)
        path = options.out / f"dcgan-{request.seed}.mp3"
        write_atomic(path, encode_audio(master_audio(samples), "mp3"))
        print(path)


def _request_of_recipe(path: Path, sampler: "Sampler") -> tuple[list["GenerationRequest"], str]:
    """Read the request of a recipe -> (the request alone, an empty message). Raises RequestError."""
    from gan.request import RequestError
    from gan.sampling.sampler import request_from_recipe

    recipe = _read_json(path)
    request = request_from_recipe(recipe)
    if recipe.get("weights") != sampler.fingerprint:
        raise RequestError("This piece was painted by other weights: name them with --model.")
    return [request], ""


def _build_requests(
    options: argparse.Namespace, seed: int, genres: tuple[str, ...]
) -> tuple[list["GenerationRequest"], str]:
    """Build a request for each clip -> (requests, the message of the prompt). Raises RequestError."""
    from gan.prompt import parse_prompt
    from gan.request import GenerationRequest, require_count

    count = require_count(options.count)
    if options.genre is not None:
        normalized = lambda name: name.lower().replace("-", "").replace(" ", "")  # noqa: E731
        genre = next(
            (name for name in genres if normalized(name) == normalized(options.genre)), options.genre
        )
        return [
            GenerationRequest({genre: 1.0}, seconds=options.seconds, seed=seed + k) for k in range(count)
        ], ""
    if options.prompt is not None:
        parsed_prompt = parse_prompt(options.prompt)
        return [
            GenerationRequest.from_prompt(parsed_prompt, options.seconds, seed + k, genres)
            for k in range(count)
        ], parsed_prompt.message
    return [
        GenerationRequest({genres[(seed + k) % len(genres)]: 1.0}, seconds=options.seconds, seed=seed + k)
        for k in range(count)
    ], ""


def _read_json(path: Path) -> Any:
    """Read a .json file. Raises RequestError."""
    from gan.request import RequestError

    try:
        return read_json(path, MAX_RECIPE_FILE_BYTES)
    except (OSError, ValueError) as error:
        raise RequestError(f"{path.name} cannot be read: choose the .json of a piece.") from error


def _write_files(generated_clip: "GeneratedClip", folder: Path, number: int, message: str) -> Path:
    """Write all the files of a clip; return the path of the audio."""
    from gan.sampling.audio import encode_audio
    from genre.paths import write_atomic

    path = folder / f"{number:02d}-{generated_clip.name}"
    recipe = generated_clip.recipe() | ({"prompt_message": message} if message else {})
    contents: dict[str, bytes | str] = {
        ".png": generated_clip.png(),
        ".npz": generated_clip.spectrogram(),
        ".json": json.dumps(recipe, indent=1, ensure_ascii=False) + "\n",
        ".wav": encode_audio(generated_clip.clip.samples, "wav"),
    }
    for suffix, content in contents.items():
        write_atomic(path.with_name(path.name + suffix), content)
    return path.with_name(path.name + ".wav")
