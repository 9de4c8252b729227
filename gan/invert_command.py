"""The command `python -m gan invert`."""

import argparse
import sys
from pathlib import Path

from genre.run_command import FAILED, OK, USAGE


def add_to(commands: "argparse._SubParsersAction") -> None:
    parser = commands.add_parser("invert", help="make a spectrogram audible")
    parser.add_argument("spectrogram", type=Path, metavar="SPECTROGRAM.npz",
                        help="one that `python -m gan sample` or the page gave")
    parser.add_argument("--out", type=Path, required=True, metavar="FILE.wav",
                        help="where to; .wav, .ogg or .mp3")
    parser.add_argument("--seed", type=int, default=0, help="of the phases (default 0)")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Write the sound. Exit status: 0 done, 1 it could not be done, 2 the command line is wrong."""
    from gan.artefact import load
    from gan.sound import FORMATS, encode, sound_of
    from genre.home import write_atomic

    kind = options.out.suffix.lower().removeprefix(".")
    if kind not in FORMATS or not 0 <= options.seed < 2**63:
        print(f"--out must end in .{', .'.join(FORMATS)}, and --seed be 0 or more.", file=sys.stderr)
        return USAGE
    try:
        artefact = load(options.spectrogram)
        samples = sound_of(artefact.mel_db, artefact.params, seed=options.seed)
        write_atomic(options.out, encode(samples, kind))
    except (ValueError, OSError) as error:
        print(error, file=sys.stderr)
        return FAILED
    print(f"{options.out}: {len(samples) / artefact.params.sample_rate:.1f} s")
    return OK
