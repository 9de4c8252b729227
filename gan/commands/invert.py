"""The command `python -m gan invert`."""

import argparse
import sys
from pathlib import Path

from genre.commands.shared.program import FAILED, OK, USAGE


def add_parser(commands: "argparse._SubParsersAction") -> None:
    parser = commands.add_parser("invert", help="invert a spectrogram to audio")
    parser.add_argument(
        "spectrogram", type=Path, metavar="SPECTROGRAM.npz", help="from `python -m gan sample` or the page"
    )
    parser.add_argument(
        "--out", type=Path, required=True, metavar="FILE.wav", help="output file: .wav, .ogg or .mp3"
    )
    parser.add_argument("--seed", type=int, default=0, help="of the initial phases (default 0)")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Write the audio file. Exit status: 0 success, 1 failure, 2 wrong usage."""
    from gan.sampling.audio import AUDIO_FORMATS, encode_audio
    from gan.sampling.sampler import play_spectrogram
    from gan.sampling.spectrogram_file import read_spectrogram
    from genre.paths import write_atomic

    suffix = options.out.suffix.lower().removeprefix(".")
    if suffix not in AUDIO_FORMATS or not 0 <= options.seed < 2**63:
        print(f"--out must end in .{', .'.join(AUDIO_FORMATS)}, and --seed be 0 or more.", file=sys.stderr)
        return USAGE
    try:
        spectrogram = read_spectrogram(options.spectrogram)
        samples = play_spectrogram(spectrogram, options.seed)
        write_atomic(options.out, encode_audio(samples, suffix))
    except (ValueError, OSError) as error:
        print(error, file=sys.stderr)
        return FAILED
    print(f"{options.out}: {len(samples) / spectrogram.params.sample_rate:.1f} s")
    return OK
