"""The figures of `gan.evaluate` as tables for a terminal."""

NAMES = {"recorded": "real, as recorded", "sounded": "real, sounded from spectrograms", "ours": "ours",
         "real": "real music that was learnt from", "plain": "plain DCGAN",
         "noise": "noise of the mean spectrum"}  # fmt: skip
AIMS = {
    "agreement_half": "ours is heard as the genre asked for at least half of the time",
    "agreement_of_real": "and at least 80 % as often as real clips are",
    "nearer_than_noise": "ours lies clearly nearer to real music than shaped noise",
    "nearer_than_plain": "and than a plain DCGAN",
    "diversity": "within a genre ours differ at least 60 % as much as real clips",
    "no_copies": "no nearer (by 5 % or more) to what was learnt from than real clips that were not",
}


def as_text(result: dict) -> str:
    """What `gan.evaluate.evaluate` gave, or a card keeps of it."""
    lines = [f"{result['model']} ({result['weights']}), {result['a_genre']} sounds a genre, none picked; "
             f"heard by {result['judge']}", ""]  # fmt: skip
    for length, groups in result["agreement"].items():
        lines.append(f"Heard as the genre that it is or was asked to be, of {length}")
        lines.append(f"  {'':32}{'by genre':>9}  {'of all':>7}  {'95 % interval':>16}  {'sounds':>6}")
        for name, group in groups.items():
            low, high = group["accuracy_interval"]
            lines.append(f"  {NAMES[name]:32}{group['macro_accuracy']:9.3f}  {group['accuracy']:7.3f}"
                         f"  {low:7.3f} to {high:.3f}  {group['count']:6}")  # fmt: skip
        lines.append(f"  {'':12}" + "".join(f"{name:>20}" for name in groups))
        for genre in next(iter(groups.values()))["genres"]:
            cells = (group["genres"][genre] for group in groups.values())
            lines.append(f"  {genre:12}" + "".join(
                f"{cell['share']:14.2f} of {cell['count']:<3}" if cell["count"] else f"{'none':>20}"
                for cell in cells))  # fmt: skip
        lines.append("")
    lines += ["Distance to real valid clips, 3 s, in the judge's features",
              f"  {'':32}{'Fréchet':>9}  {'kernel':>9}  {'error':>8}  {'sounds':>6}"]  # fmt: skip
    for name, row in result["distance"].items():
        lines.append(f"  {NAMES[name]:32}{row['frechet']:9.2f}  {row['kernel']:9.4f}"
                     f"  {row['kernel_error']:8.4f}  {row['count']:6}")  # fmt: skip
    diversity = result["diversity"]
    lines += ["", f"Diversity within a genre: {diversity['ratio']:.2f} of real clips' (least: "
              f"{min(diversity['genres'], key=diversity['genres'].get)} {diversity['least']:.2f})",
              "Distance to the nearest clip that was learnt from (median; nearest 5 %), before sounding"]
    for way, row in result["copying"].items():
        cells = (f"{name} {row[f'{name}_median']:.2f}; {row[f'{name}_nearest_5']:.2f}"
                 for name in ("ours", "real"))  # fmt: skip
        lines.append(f"  {way.replace('_', ' '):20}" + "   ".join(cells))
    lines.append("")
    lines += [f"  {'yes' if reached else 'NO ':3}  {AIMS[aim]}" for aim, reached in result["met"].items()]
    return "\n".join(lines)
