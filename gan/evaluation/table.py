"""The metrics of `gan.evaluation.evaluate` as tables for a terminal."""

NAMES = {
    "real_recorded": "real, as recorded",
    "real_resynthesized": "real, resynthesised",
    "generated": "generated",
    "real_train": "real clips of the train list",
    "dcgan": "plain DCGAN",
    "noise": "noise of the mean spectrum",
}
CRITERIA = {
    "accuracy_half": "balanced accuracy of generated clips of 0.5 or more",
    "accuracy_near_real": "at least 80 % of the balanced accuracy of real clips",
    "closer_than_noise": "significantly closer to real music than shaped noise",
    "closer_than_dcgan": "significantly closer to real music than a plain DCGAN",
    "diversity": "diversity within a genre at least 60 % of that of real clips",
    "no_copies": "no closer (by 5 % or more) to the training clips than held-out real clips",
}


def evaluation_table(result: dict) -> str:
    """Format the parts that were measured, or the metrics of a card."""
    parts = (
        _genre_table(result) if "genre_accuracy" in result else "",
        _sound_table(result["sound"]) if "sound" in result else "",
        _moods_table(result["moods"]) if "moods" in result else "",
        _tempo_table(result["tempo"]) if "tempo" in result else "",
        _key_table(result["key"]) if "key" in result else "",
    )
    return "\n\n".join(filter(None, parts))


def _genre_table(result: dict) -> str:
    lines = [
        f"{result['model']} ({result['weights']}), {result['n_per_genre']} clips per genre, none selected; "
        f"reference classifier {result['reference_classifier']}",
        "",
    ]
    for length, groups in result["genre_accuracy"].items():
        lines.append(f"Genre accuracy, clips of {length}")
        lines.append(f"  {'':32}{'balanced':>9}  {'overall':>7}  {'95 % interval':>16}  {'clips':>6}")
        for name, group in groups.items():
            low, high = group["accuracy_interval"]
            lines.append(
                f"  {NAMES[name]:32}{group['balanced_accuracy']:9.3f}  {group['accuracy']:7.3f}"
                f"  {low:7.3f} to {high:.3f}  {group['count']:6}"
            )
        lines.append(f"  {'':12}" + "".join(f"{name:>20}" for name in groups))
        for genre in next(iter(groups.values()))["genres"]:
            cells = (group["genres"][genre] for group in groups.values())
            lines.append(
                f"  {genre:12}"
                + "".join(
                    f"{cell['recall']:14.2f} of {cell['count']:<3}" if cell["count"] else f"{'none':>20}"
                    for cell in cells
                )
            )
        lines.append("")
    lines += [
        "Distance to real valid clips, 3 s, in the features of the reference classifier",
        f"  {'':32}{'Fréchet':>9}  {'kernel':>9}  {'error':>8}  {'clips':>6}",
    ]
    for name, row in result["distance"].items():
        lines.append(
            f"  {NAMES[name]:32}{row['frechet']:9.2f}  {row['kernel']:9.4f}"
            f"  {row['kernel_standard_error']:8.4f}  {row['count']:6}"
        )
    diversity = result["diversity"]
    lines += [
        "",
        f"Diversity within a genre: {diversity['ratio']:.2f} of real clips' (minimum: "
        f"{min(diversity['genres'], key=diversity['genres'].get)} {diversity['min_ratio']:.2f})",
        "Distance to the nearest training clip (median; 5th percentile), before inversion",
    ]
    for way, row in result["nearest_training_clip"].items():
        cells = (
            f"{name} {row[f'{name}_median']:.2f}; {row[f'{name}_5th_percentile']:.2f}"
            for name in ("generated", "real")
        )
        lines.append(f"  {way.replace('_', ' '):20}" + "   ".join(cells))
    lines.append("")
    lines += [
        f"  {'yes' if is_met else 'NO ':3}  {CRITERIA[name]}" for name, is_met in result["criteria"].items()
    ]
    return "\n".join(lines)


def _sound_table(sound: dict) -> str:
    names = list(sound["measures"])
    distance = sound["distance"]
    lines = [
        f"The sound of clips of {sound['seconds']:g} s, levels matched: "
        + ", ".join(f"{NAMES[name]} {count}" for name, count in sound["counts"].items()),
        f"Distance to half of the real music ({distance['clips_per_half']} clips), in {sound['features']}",
        f"  {'':32}{'Fréchet':>9}  {'kernel':>9}  {'times as far as real':>22}",
    ]
    for name, row in distance["sources"].items():
        low, high = row["times_real"]["interval"]
        lines.append(
            f"  {NAMES[name]:32}{row['frechet']['mean']:9.2f}  {row['kernel']['mean']:9.4f}"
            f"  {row['times_real']['mean']:6.2f} ({low:.2f} to {high:.2f})"
        )
    lines.append(f"  {'':20}" + "".join(f"{NAMES[name]:>28}" for name in names))
    for key in sound["measures"][names[0]]:
        cells = (sound["measures"][name][key] for name in names)
        lines.append(
            f"  {key.replace('_', ' '):20}"
            + "".join(
                f"{cell['mean']:12.2f} ({cell['interval'][0]:5.2f} to {cell['interval'][1]:5.2f})"
                for cell in cells
            )
        )
    return "\n".join(lines)


def _moods_table(moods: dict) -> str:
    lines = [f"Pairs of moods, one seed and genre each, by the feelings of {moods['classifier']}"]
    for name, row in moods["pairs"].items():
        low, high = row["interval"]
        lines.append(
            f"  {name:20}{row['fraction']:6.2f} as wished ({low:.2f} to {high:.2f}) of {row['count']} pairs"
        )
    return "\n".join(lines)


def _tempo_table(tempo: dict) -> str:
    rows = {"all pieces": tempo["all"], "pieces with a pulse": tempo["with_pulse"]}
    rows |= {f"  {name} a minute": row for name, row in tempo["bands"].items()}
    rows |= {f"  {name}": row for name, row in tempo["genres"].items()}
    lines = [
        f"Tempo heard within {100 * tempo['tolerance']:g} % of the requested one, pieces of "
        f"{tempo['seconds']:g} s"
    ]
    for name, row in rows.items():
        if row["count"]:
            low, high = row["interval"]
            lines.append(
                f"  {name:24}{row['right']:6.2f} ({low:.2f} to {high:.2f}) of {row['count']}"
                f"; half, double, threefold {row['octave']:.2f}"
            )
    return "\n".join(lines)


def _key_table(key: dict) -> str:
    lines = [f"Key, pieces of {key['seconds']:g} s; {'with a key':>34}{'without':>34}"]
    sources = key["with_key"], key["without_key"]
    rows = {
        f"{name} key": [source["relations"][name] for source in sources] for name in sources[0]["relations"]
    }
    rows |= {
        f"  same, {genre}": [source["genres"][genre] for source in sources] for genre in sources[0]["genres"]
    }
    rows["genre as requested"] = [source["genre_as_requested"] for source in sources]
    for name, parts in rows.items():
        lines.append(f"  {name:24}" + "".join(_share_cell(part) for part in parts))
    for name in sources[0]["notes"]:
        parts = [source["notes"][name] for source in sources]
        lines.append(
            f"  {name:24}"
            + "".join(
                f"{part['mean']:18.2f} ({part['interval'][0]:5.2f} to {part['interval'][1]:5.2f})"
                for part in parts
            )
        )
    return "\n".join(lines)


def _share_cell(part: dict) -> str:
    low, high = part["interval"]
    return f"{part['fraction']:10.2f} ({low:.2f} to {high:.2f}) of {part['count']:4}"
