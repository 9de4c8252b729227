"""The command `cache`: the size of the cache under EARMARK_HOME, and its deletion."""

import argparse
import json

from genre.commands.shared.program import complain
from genre.errors import OK, USAGE


def add_command(commands: "argparse._SubParsersAction") -> None:
    parser = commands.add_parser("cache", help="show what is cached under EARMARK_HOME, or delete it")
    parser.add_argument(
        "--clear",
        nargs="*",
        metavar="KIND",
        help="delete all of it, or some kinds; what is wanted again is computed again",
    )
    parser.add_argument("--json", action="store_true", help="one object")
    parser.set_defaults(run=cache)


def cache(options: argparse.Namespace) -> int:
    """Print the size of each kind of cached results, after deleting some."""
    from genre.cache import MAX_GB_VARIABLE, cache_folder, cache_sizes, clear_cache, max_cache_bytes

    try:
        bound = max_cache_bytes()
        if options.clear is not None:
            if unknown := set(options.clear) - set(cache_sizes()):
                names = ", ".join(cache_sizes()) or "nothing"
                raise ValueError(f"There is no {sorted(unknown)[0]!r} in the cache, which holds {names}.")
            clear_cache(options.clear or None)
        sizes = cache_sizes()
    except (ValueError, OSError) as error:
        return complain(error, USAGE)
    if options.json:
        kinds = {kind: {"files": count, "bytes": size} for kind, (count, size) in sizes.items()}
        print(json.dumps({"folder": str(cache_folder()), "max_bytes": bound, "kinds": kinds}))
        return OK
    for kind, (count, size) in sizes.items():
        print(f"{kind:16}{count:8,} files{size / 1e6:12,.1f} MB")
    total = sum(size for _, size in sizes.values())
    print(f"{total / 1e6:,.1f} MB in {cache_folder()}, at most {bound / 1e9:g} GB ({MAX_GB_VARIABLE})")
    return OK
