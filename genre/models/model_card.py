"""CARD.md beside a shipped model: its card.json under the usual headings of a model card.

The headings are those of M. Mitchell et al., "Model Cards for Model Reporting", 2019.
"""

from pathlib import Path
from typing import Any

from genre.models.cards import ENSEMBLE, TAGGER, TRANSFER, VGG, Card, load_card
from genre.paths import write_atomic

TITLES = {
    TRANSFER: "Genre classifier",
    ENSEMBLE: "Genre classifier without pretraining",
    TAGGER: "Pretrained music tagger",
    VGG: "Pretrained music tagger",
    "emotion": "Emotion recognizer",
    "gan": "Music generator",
}

USE = {
    TRANSFER: "Names one of ten genres of a music recording, with probabilities, tags and feelings, for the "
    "Listen page and `python -m genre classify`.",
    ENSEMBLE: "Names one of ten genres of a music recording, with probabilities. It learnt from GTZAN alone. "
    "`python -m genre classify --model listen-scratch` uses it, and the Listen page's model pools with it.",
    TAGGER: "Gives 50 tags and 200 features of 3 s of music. The Listen page's model is trained on them.",
    VGG: "Gives 50 tags of 3 s of music. The generator is trained against its maps.",
    "emotion": "Reads one of seven emotions on the crop of a face, with probabilities, for the Mood page and "
    "`python -m mood read`.",
    "gan": "Generates log-mel spectrograms of ten genres, for the Generate page and `python -m gan sample`.",
}

LIMITS = {
    TRANSFER: "Ten genres are few. Pop and rock have no sharp border, and the model often takes one for "
    "the other. "
    "It learnt from few songs of disco, reggae, blues and metal that are not GTZAN's. The Million Song "
    "Dataset, on which its features were trained, may hold songs of GTZAN. Tags and feelings are shown "
    "only where labelled songs bear them out.",
    TAGGER: "Its tags are those of Last.fm's users, and its music ends about 2010.",
    VGG: "Its tags are those of Last.fm's users, and its music ends about 2010.",
    ENSEMBLE: "GTZAN is small, old and Western: music of other styles still gets one of the ten genres. "
    "Speech, noise and silence are rejected before the model runs. The figures hold for music like "
    "GTZAN's.",
    "emotion": "FER2013's labels are disputed: people agree with them about 65 % of the time. A face shows "
    "an expression, not what a person feels. Do not use it to judge people.",
    "gan": "The sounds are short textures in the style of a genre, learnt from GTZAN. They are no "
    "finished songs.",
}

DATA = {
    TRANSFER: "The pretrained network: 200,000 songs of the Million Song Dataset with Last.fm's tags (Pons "
    "and Serra, 2019). The heads: GTZAN (Tzanetakis and Cook, 2002; the lists of Kereliuk et al., 2015) and "
    "songs of other collections, among them Emotify's (Aljanaki, Wiering and Veltkamp, 2016), whose "
    "listeners named feelings. None of the recordings is in this repository.",
    TAGGER: "200,000 songs of the Million Song Dataset with Last.fm's 50 most frequent tags.",
    VGG: "200,000 songs of the Million Song Dataset with Last.fm's 50 most frequent tags.",
    ENSEMBLE: "GTZAN (Tzanetakis and Cook, 2002), with the fault-filtered lists of Kereliuk et al., 2015.",
    "emotion": "FER2013 (Goodfellow et al., 2013), without the training faces that have a "
    "near-duplicate in valid.",
    "gan": "GTZAN (Tzanetakis and Cook, 2002), its fault-filtered train list. The beat network is judged on "
    "maps of a pretrained network, too: 200,000 songs of the Million Song Dataset (Pons and Serra, 2019).",
}

COMMANDS = {
    TRANSFER: "make weights-listen",
    ENSEMBLE: "make weights-scratch",
    TAGGER: "make weights-tagger",
    VGG: "make weights-tagger",
    "emotion": "make weights-emotion",
    "gan": "make weights-gan",
}


def write_model_card(folder: Path) -> Path:
    """Write CARD.md from the folder's card.json -> its path. Raises ArtefactError."""
    path = folder / "CARD.md"
    write_atomic(path, model_card(folder.name, load_card(folder)))
    return path


def model_card(name: str, card: Card) -> str:
    """Write the Markdown of CARD.md for the model `name`."""
    sections = {
        "Model details": _details(card),
        "Intended use": [USE.get(card.model, "A model of the registry, trained by a user.")],
        "Training data": [DATA.get(card.model, ""), *_pairs({"split": card.split, "data": card.data})],
        "Evaluation data": _evaluation(name, card),
        "Metrics": _metrics(card),
        "Limitations": [LIMITS.get(card.model, "")],
        "How to reproduce": [f"`{COMMANDS.get(card.model, 'python -m genre train')}`", *_recipe(card)],
    }
    title = TITLES.get(card.model, card.model)
    lines = [f"# {title}: {name}", "", "Made from card.json by `python -m genre results`."]
    for heading, paragraphs in sections.items():
        lines += ["", f"## {heading}", "", "\n".join(line for line in paragraphs if line)]
    return "\n".join(lines).rstrip() + "\n"


def _details(card: Card) -> list[str]:
    lines = [f"- Classes: {', '.join(card.genres)}."]
    if card.branches:
        for kind, part in card.branches.items():
            members = part.get("options", {}).get("members", 3)
            lines.append(f"- Branch on {kind}: {members} networks, weight {part['weight']}.")
    if card.pretrained:
        parts = card.pretrained
        lines.append(
            f"- Parts: heads on `{parts['tagger']}`, pooled with `{parts['scratch']}` of weight "
            f"{parts['scratch_weight']}."
        )
    if card.network:
        lines.append(f"- Network: {card.network}.")
    if card.weights_sha256:
        lines.append(f"- SHA-256 of the weights: `{card.weights_sha256}`.")
    if card.date:
        lines.append(f"- Date: {card.date}" + (f", commit {card.commit}." if card.commit else "."))
    if card.versions:
        lines.append(f"- Versions: {', '.join(f'{key} {value}' for key, value in card.versions.items())}.")
    if card.note:
        lines.append(f"- Note: {card.note}")
    return lines


def _evaluation(name: str, card: Card) -> list[str]:
    if card.metrics_from:
        return [
            "This model was trained on everything that there is, so nothing is left to test it on. The "
            f"metrics below are those of `{card.metrics_from}`, trained by the same recipe on the train list "
            "alone."
        ]
    lists = {
        TRANSFER: "GTZAN's fault-filtered valid list, and a development part of the other collections, of "
        "other artists and sources; each read once per release candidate.",
        TAGGER: "See the publication.",
        VGG: "See the publication.",
        ENSEMBLE: "GTZAN's fault-filtered valid list, read once per release candidate.",
        "emotion": "FER2013's valid list (PublicTest).",
        "gan": "Clips of GTZAN's valid list, with the reference classifier listen-scratch-train.",
    }
    return [lists.get(card.model, "The tracks that its split kept aside.")]


def _metrics(card: Card) -> list[str]:
    metrics = card.metrics
    rows: list[tuple[str, str]] = []
    for part, title in (("by_track", "tracks"), ("recordings", "recordings"), ("valid", "valid faces")):
        if part in metrics:
            rows += _classification_rows(metrics[part], title)
    if "other_collections" in metrics:
        rows += _classification_rows(metrics["other_collections"], "songs of other collections")
    for condition, part in metrics.get("conditions", {}).items():
        if "accuracy_drop" in part and condition != "as it is":
            drop = part["accuracy_drop"]
            low, high = drop["interval"]
            rows.append((f"accuracy drop, {condition}", f"{drop['points']} points ({low} to {high})"))
    for duration, part in metrics.get("genre_accuracy", {}).items():
        if isinstance(part, dict) and "generated" in part:
            accuracy_metrics = part["generated"]
            low, high = accuracy_metrics["accuracy_interval"]
            text = f"{100 * accuracy_metrics['accuracy']:.1f} % ({100 * low:.1f} to {100 * high:.1f})"
            rows.append((f"clips of {duration} recognised as the requested genre", text))
    for name, part in metrics.get("distance", {}).items():
        rows.append((f"Fréchet distance to real music, {name}", f"{part['frechet']:.1f}"))
    if card.calibration:
        rows.append(("ECE on folds of the train list", f"{card.calibration['ece']:.3f}"))
    if not rows:
        return ["None."]
    table = ["| Metric | Value (95 % interval) |", "|---|---|"]
    return table + [f"| {name} | {value} |" for name, value in rows]


def _classification_rows(part: dict[str, Any], title: str) -> list[tuple[str, str]]:
    rows = []
    for key, name in (("balanced_accuracy", "balanced accuracy"), ("accuracy", "accuracy")):
        low, high = part[f"{key}_interval"]
        text = f"{100 * part[key]:.1f} % ({100 * low:.1f} to {100 * high:.1f})"
        rows.append((f"{name}, {part['count']} {title}", text))
    rows.append((f"ECE, {title}", f"{part['ece']:.3f}"))
    if part.get("selective_accuracy") is not None:
        text = f"{100 * part['selective_accuracy']:.1f} % at coverage {100 * part['coverage']:.1f} %"
        rows.append((f"selective accuracy, {title}", text))
    return rows


def _recipe(card: Card) -> list[str]:
    recipes = {kind: part.get("recipe", {}) for kind, part in card.branches.items()} or {"": card.recipe}
    lines = []
    for kind, recipe in recipes.items():
        names = ("epochs", "batch_size", "learning_rate", "seed")
        values = ", ".join(f"{name} {recipe[name]}" for name in names if name in recipe)
        if values:
            lines.append(f"- Recipe{f' of {kind}' if kind else ''}: {values}; all of it in card.json.")
    return lines


def _pairs(parts: dict[str, dict[str, Any]]) -> list[str]:
    lines = []
    for title, values in parts.items():
        plain = {key: value for key, value in values.items() if isinstance(value, (str, int, float))}
        plain = {key: value for key, value in plain.items() if "fingerprint" not in key}
        if plain:
            text = ", ".join(f"{key.replace('_', ' ')} {value}" for key, value in plain.items())
            lines.append(f"- {title.capitalize()}: {text}.")
    return lines
