"""How good a shipped model is on GTZAN's valid list: on pictures, on recordings, whether both ways to
the same track give the same answer, and what a telephone or a small file on the way costs. Needs the
folder of real data (EARMARK_DATA)."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
from scipy.stats import t as student_t

from genre.artefacts import load_card
from genre.audio import Clip, load_clip
from genre.calibration import tempered
from genre.classifier import Classifier
from genre.dataset import DataError, Track, open_dataset, read_pictures
from genre.degrade import mp3, phone_microphone
from genre.evaluate import INTERVAL, RESAMPLES, confusion_table, figures
from genre.home import WEIGHTS, data_folder, write_atomic
from genre.inputs import ready_excerpts
from genre.splits import LISTS
from genre.train import predict
from genre.views import Excerpts

# What may happen to a recording on its way here: (clip, its number) -> clip.
WAYS: dict[str, Callable[[Clip, int], Clip]] = {
    "as it is": lambda clip, number: clip,
    "phone microphone": phone_microphone,
    "MP3 at 64 kbit/s": lambda clip, number: mp3(clip, 64),
}
PLAIN = "as it is"


def measure(
    name: str, robust: bool = False, folder: Path | None = None, weights: Path | None = None
) -> dict:
    """Test the model `name` -> a dictionary for JSON; `robust`: on recordings that came by each of WAYS.

    `folder` is GTZAN's, by default in the folder of real data; `weights` holds the model, by default among
    the shipped. Raises DataError and ArtefactError.
    """
    classifier = Classifier.load(name, weights)
    if not classifier.views:
        raise DataError(f"{name} is no shipped model of the Listen page: print its run's report instead.")
    folder = folder or data_folder() / "gtzan"
    if not (folder / "pictures.npz").exists():
        raise DataError(f"GTZAN is not in {folder}: give the folder that holds pictures.npz with --data.")
    valid = set((LISTS / "gtzan-valid.txt").read_text().split())
    result = {"model": name, "list": "GTZAN's fault-filtered valid list"}
    seen, seen_labels, seen_tracks = on_ready_made(classifier, folder, valid)
    result["pictures"] = figures(seen, seen_labels, classifier.genres)
    files = [track for track in open_dataset(folder).files if track.name in valid]
    if not files:
        raise DataError(f"{folder} has no recording of GTZAN's valid list: they belong into audio/<genre>/.")
    heard, heard_labels, refused = on_recordings(classifier, files, WAYS[PLAIN])
    result["recordings"] = figures(heard, heard_labels, classifier.genres) | {"refused": refused}

    row_of = {name: row for row, name in enumerate(seen_tracks.tolist())}
    both = [(row_of[track.name], row) for row, track in enumerate(files) if track.name in row_of]
    same = {genre: [0, 0] for genre in classifier.genres}
    for picture, recording in both:
        count = same[classifier.genres[heard_labels[recording]]]
        count[0] += int(seen[picture].argmax() == heard[recording].argmax())
        count[1] += 1
    result["agreement"] = {"same": sum(a for a, _ in same.values()), "both": len(both), "genres": same}
    if robust:
        result["ways"] = by_way(classifier, files)
    return result


def record(name: str, result: dict) -> None:
    """Write what `measure` found into the card of the shipped model; what was not measured now stays.

    Raises ArtefactError.
    """
    card = load_card(WEIGHTS / name)
    found = {key: result[key] for key in ("recordings", "agreement", "ways", "seeds") if key in result}
    card["figures"] = {**card.get("figures", {}), "by_track": result["pictures"], **found}
    write_atomic(WEIGHTS / name / "card.json", json.dumps(card, indent=1, ensure_ascii=False) + "\n")


def over_seeds(results: list[dict]) -> dict:
    """What `measure` found of one recipe from several seeds -> by figure {"each", "mean", "interval"}.

    The interval is Student's of the mean, for the chance of the seed alone; that of the tracks is in each.
    """
    figures_of = {
        "macro accuracy, pictures": lambda result: result["pictures"]["macro_accuracy"],
        "accuracy, recordings": lambda result: result["recordings"]["accuracy"],
        "answered alike": lambda result: result["agreement"]["same"] / result["agreement"]["both"],
    }
    for way in results[0].get("ways", {}):
        if way != PLAIN:
            figures_of[f"accuracy lost, {way}"] = (
                lambda result, way=way: result["ways"][way]["lost"]["points"] / 100)
    found = {}
    for what, figure in figures_of.items():
        each = np.array([figure(result) for result in results])
        half = student_t.ppf((1 + INTERVAL) / 2, len(each) - 1) * each.std(ddof=1) / np.sqrt(len(each))
        found[what] = {"each": each.round(4).tolist(), "mean": round(float(each.mean()), 4),
                       "interval": [round(float(each.mean() - half), 4), round(float(each.mean() + half), 4)]}
    return found


def seeds_as_text(found: dict) -> str:
    lines = [f"over {len(next(iter(found.values()))['each'])} seeds, with Student's interval of the mean:"]
    for what, part in found.items():
        low, high = part["interval"]
        each = " ".join(f"{value:.3f}" for value in part["each"])
        lines.append(f"{what}: {part['mean']:.3f} ({low:.3f} to {high:.3f}); each {each}")
    return "\n".join(lines)


def by_way(classifier: Classifier, files: list[Track]) -> dict:
    """Each of WAYS -> its figures, "refused", and "lost", the points of accuracy less than as it is."""
    result: dict = {}
    for way, change in WAYS.items():
        answers, labels, refused = on_recordings(classifier, files, change)
        right = answers.argmax(axis=1) == labels
        if way == PLAIN:
            plain = right
        result[way] = figures(answers, labels, classifier.genres) | {
            "refused": refused, "lost": lost_points(plain, right),
        }
    return result


def lost_points(before: np.ndarray, after: np.ndarray) -> dict:
    """(N,) bool each, right answers to the same items -> points of accuracy lost, with an interval.

    The bootstrap draws items, each with both its answers: what is hard either way does not count as doubt.
    """
    lost = before.astype(float) - after
    count = len(lost)
    times = np.random.default_rng(0).multinomial(count, np.full(count, 1 / count), RESAMPLES)
    outside = (1 - INTERVAL) / 2
    low, high = np.quantile(times @ lost / count, (outside, 1 - outside))
    return {"points": round(100 * float(lost.mean()), 2),
            "interval": [round(100 * float(low), 2), round(100 * float(high), 2)]}


def on_ready_made(
    classifier: Classifier, folder: Path, tracks: set[str]
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """What is said of GTZAN's ready-made pictures, and mels of 3 s where there is a view for them.

    -> probabilities (T, G), labels (T,), names (T,).
    """
    pictures = read_pictures(folder).of(tracks)
    answers, weights = np.zeros((len(pictures), len(classifier.genres))), np.zeros((len(pictures), 1))
    for view in classifier.views:
        examples = pictures
        if isinstance(view, Excerpts):
            examples = ready_excerpts(open_dataset(folder)).of(tracks)
        row_of = {name: row for row, name in enumerate(examples.tracks.tolist())}
        has = np.array([name in row_of for name in pictures.tracks.tolist()])
        rows = [row_of[name] for name in pictures.tracks[has].tolist()]
        answers[has] += view.weight * predict(view.network, examples.take(np.array(rows)))
        weights[has] += view.weight
    return tempered(answers / weights, classifier.temperature), pictures.labels, pictures.tracks


def on_recordings(
    classifier: Classifier, files: list[Track], change: Callable[[Clip, int], Clip]
) -> tuple[np.ndarray, np.ndarray, int]:
    """-> probabilities (T, G), labels (T,), how many were taken for no music at all."""
    labels = np.array([classifier.genres.index(track.genre) for track in files])
    answers, refused = [], 0
    for number, (track, label) in enumerate(zip(files, labels, strict=True)):
        verdict = classifier.classify(change(load_clip(track.path), number))
        if verdict.probabilities:
            answers.append(list(verdict.probabilities.values()))
        else:  # a wrong answer, whichever it is
            refused += 1
            answers.append((1 - np.eye(len(classifier.genres))[label]) / (len(classifier.genres) - 1))
    return np.array(answers), labels, refused


def measured_as_text(result: dict) -> str:
    lines = [f"{result['model']} on {result['list']}"]
    for way in ("pictures", "recordings"):
        part = result[way]
        low, high = part["macro_accuracy_interval"]
        lines += [
            "", f"{way}: macro accuracy {part['macro_accuracy']:.3f} ({low:.3f} to {high:.3f}), plain "
            f"{part['accuracy']:.3f} of {part['count']} tracks, calibration error "
            f"{part['calibration_error']:.3f}",
            confusion_table(part["confusion"], tuple(part["genres"])),
        ]
    agreement = result["agreement"]
    lines += [
        "", f"recordings taken for no music: {result['recordings']['refused']}",
        f"picture and recording of a track answered alike: {agreement['same']} of {agreement['both']}",
        "  ".join(f"{genre} {a}/{b}" for genre, (a, b) in agreement["genres"].items()),
    ]
    for way, part in result.get("ways", {}).items():
        low, high = part["lost"]["interval"]
        lost = f", {part['lost']['points']:.1f} points lost ({low:.1f} to {high:.1f})" if way != PLAIN else ""
        lines.append(f"{way}: accuracy {part['accuracy']:.3f} of {part['count']} recordings, macro "
                     f"{part['macro_accuracy']:.3f}, taken for no music {part['refused']}{lost}")
    return "\n".join(lines)
