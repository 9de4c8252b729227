"""The tables of `python -m genre reproduce` as Markdown, from what genre.evaluation.reproduction holds."""

from genre.evaluation.reproduction import COLUMNS, setting_point, training_kind
from genre.models.papers import LSTM_SETTINGS, lstm_steps


def reproduction_table(rows: list[dict], data: str, epochs: int | None = None) -> str:
    """Write lines of Markdown: published metric, ours under the same protocol, ours under the honest one."""
    lines = [
        f"Measured on {data}. Same protocol: accuracy (F1) of windows, as published. Honest and balanced: "
        "accuracy of tracks.",
        *([f"Networks learn for {epochs} epochs at most, unless from features."] if epochs else []),
        "",
        "| model | input | published | ours, same protocol | ours, honest (95 % interval) "
        "| balanced accuracy | train + test tracks | measured |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for row in rows:
        cells = [row["model"], row["input"], row["published"] or "-", _paper_cell(row["same"])]
        date = row["honest"].get("measured", "-")
        lines.append(f"| {' | '.join([*cells, *_honest_cells(row['honest']), date])} |")
    unfinished = sum(bool(row[name]) and row[name]["state"] != "done" for row in rows for name in COLUMNS)
    lines += [
        "",
        *_older_rows(rows),
        f"{unfinished} of the experiments are unfinished; the same command goes on with them."
        if unfinished
        else "All experiments are done.",
        "LEAKY: windows of the same recording are in both parts, which says nothing of new music.",
    ]
    return "\n".join(lines)


def _older_rows(rows: list[dict]) -> list[str]:
    """Write a line on the rows that the latest measurement left out; none if there are none."""
    dates = {
        f"{row['model']} on {row['input']}": min(
            row[name].get("measured", "") for name in COLUMNS if row[name]
        )
        for row in rows
    }
    latest = max(dates.values(), default="")
    older = [name for name, date in dates.items() if date and date < latest]
    if not older:
        return []
    return [
        f"The measurement of {latest} left out what takes longest (`--only`), or its budget was over. These "
        f"rows are older: {', '.join(older)}."
    ]


def _paper_cell(outcome: dict | None) -> str:
    if outcome is None:
        return "-"
    if outcome["state"] != "done":
        return f"unfinished: {outcome['reason']}"
    leaky = " LEAKY" if outcome["leaky"] else ""
    return f"{outcome['window_accuracy']:.3f} (F1 {outcome['window_f1']:.3f}){leaky}, {outcome['split']}"


def _honest_cells(outcome: dict) -> tuple[str, str, str]:
    """Format accuracy with its interval, balanced accuracy, tracks."""
    if outcome["state"] != "done":
        return f"unfinished: {outcome['reason']}", "-", "-"
    low, high = outcome["interval"]
    return (
        f"{outcome['accuracy']:.3f} ({low:.3f} to {high:.3f})",
        f"{outcome['balanced_accuracy']:.3f}",
        f"{outcome['train_tracks']} + {outcome['test_tracks']}",
    )


def seeds_table(entries: list[dict], data: str) -> str:
    """Write lines of Markdown: mean and range over the seeds.

    `entries` are those of genre.training.papers.seeds.
    """
    lines = [
        f"Measured on {data}, with the seeds 0, 1 and 2: mean, lowest to highest. Same protocol: accuracy "
        "of windows. Honest and balanced: accuracy of tracks.",
        "",
        "| model | input | published | ours, same protocol | ours, honest | balanced accuracy |",
        "|---|---|---|---|---|---|",
    ]
    for entry in entries:
        # The published figure of a few systems is an F1.
        same = "window_f1" if (entry["published"] or "").startswith("F1") else "window_accuracy"
        cells = [
            _range(entry.get("same"), same),
            _range(entry["honest"], "accuracy"),
            _range(entry["honest"], "balanced_accuracy"),
        ]
        lines.append(f"| {' | '.join([entry['model'], entry['input'], entry['published'] or '-', *cells])} |")
    return "\n".join(lines)


def _range(outcomes: list[dict] | None, metric: str) -> str:
    if not outcomes:
        return "-"
    values = [outcome[metric] for outcome in outcomes]
    name = "F1 " if metric == "window_f1" else ""
    return f"{name}{sum(values) / len(values):.3f} ({min(values):.3f} to {max(values):.3f})"


def settings_table(trainings: list[dict], data: str) -> str:
    """Write lines of Markdown: the lstm's published settings, and the accuracy of each training there.

    `trainings` are the outcomes of genre.training.papers.lstm_settings.
    """
    kinds = list(dict.fromkeys(training_kind(training) for training in trainings))
    by_kind_and_batch = {
        (*training_kind(training), training["batch_size"]): training for training in trainings
    }
    titles = [f"{activation}, rate {rate:g}, by {split}" for activation, rate, split in kinds]
    lines = [
        f"Measured on {data}. By segment: accuracy of windows, LEAKY, as published. By track: accuracy of "
        "windows, and of tracks, none of which was learnt from.",
        "",
        f"| epochs | batch | steps | published | {' | '.join(titles)} |",
        "|---" * (4 + len(kinds)) + "|",
    ]
    for epochs, batch_size, accuracy in LSTM_SETTINGS:
        steps = lstm_steps(epochs, batch_size)
        cells = [_setting_cell(by_kind_and_batch.get((*kind, batch_size)), steps) for kind in kinds]
        lines.append(f"| {epochs} | {batch_size} | {steps:,} | {accuracy:.4f} | {' | '.join(cells)} |")
    endings = [f"{_title(training)}: {training['end']}" for training in trainings if training["end"]]
    if endings:
        lines += ["", f"Trainings that diverged and were stopped: {'; '.join(endings)}."]
    return "\n".join(lines)


def _title(training: dict) -> str:
    activation, rate, split = training_kind(training)
    return f"{activation}, rate {rate:g}, batch {training['batch_size']}, by {split}"


def _setting_cell(training: dict | None, steps: int) -> str:
    point = setting_point(training, steps) if training else None
    if training is None or (point is None and not training["end"]):
        return "not yet"
    if point is None or point["by_window"] is None:
        return "diverged"
    windows = f"{point['by_window']['accuracy']:.4f}"
    if training["split"] == "segment":
        return windows
    low, high = point["by_track"]["accuracy_interval"]
    return f"{windows}; tracks {point['by_track']['accuracy']:.3f} ({low:.3f} to {high:.3f})"


def variants_table(variants: list[dict], data: str) -> str:
    """Write lines of Markdown: each variant of a protocol, and the one nearest to the published figure.

    `variants` are the entries of genre.training.papers.variants.
    """
    lines = [
        f"Measured on {data}, on windows. The nearest to the published figure is **bold**.",
        "",
        "| model | input | published | variant | split | accuracy | balanced accuracy | F1 |",
        "|---|---|---|---|---|---|---|---|",
    ]
    systems = list(dict.fromkeys(_system(variant) for variant in variants))
    for variant in sorted(variants, key=lambda variant: systems.index(_system(variant))):
        names = [variant[name] for name in ("model", "input", "published", "change", "split")]
        numbers = {name: f"{variant[name]:.3f}" for name in ("accuracy", "balanced_accuracy", "macro_f1")}
        if variant is _nearest(variants, variant):
            published = "macro_f1" if variant["published"].startswith("F1") else "accuracy"
            numbers[published] = f"**{numbers[published]}**"
        lines.append(f"| {' | '.join([*names, *numbers.values()])} |")
    return "\n".join(lines)


def _nearest(variants: list[dict], variant: dict) -> dict:
    """Find the variant of this one's model and input whose accuracy is nearest to the published one."""
    rivals = [
        other
        for other in variants
        if (other["model"], other["input"]) == (variant["model"], variant["input"])
    ]
    return min(rivals, key=_distance)


def _distance(variant: dict) -> float:
    """How far a variant lies from the published figure, which may be an accuracy or an F1."""
    published = variant["published"]
    if published.startswith("F1"):
        return abs(variant["macro_f1"] - float(published.removeprefix("F1")))
    return abs(variant["accuracy"] - float(published))


def _system(variant: dict) -> tuple[str, str]:
    return variant["model"], variant["input"]
