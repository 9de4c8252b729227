"""How good a shipped model is on GTZAN's valid list: on pictures, on recordings, whether both ways to
the same track give the same answer, and what a telephone or a small file on the way costs. Needs the
folder of real data (EARMARK_DATA)."""

import copy
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from scipy.stats import t as student_t

from genre import GENRES
from genre.audio import SAMPLE_RATE, Clip, load_clip
from genre.calibration import when_sure
from genre.cards import load_card
from genre.classifier import PIECE_SECONDS, SHIPPED, Classifier
from genre.dataset import DataError, Track, open_dataset, read_pictures
from genre.degrade import mp3, phone_microphone
from genre.evaluate import INTERVAL, RESAMPLES, confusion_table, figures, pooled
from genre.home import WEIGHTS, data_folder, write_atomic
from genre.inputs import ready_excerpts
from genre.models import MODELS
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
# Rooms, and noise, that each recording is heard in on its way: with one alone the points lost are by
# chance two or three more or less.
DRAWS = {"phone microphone": 4}
APART = 1000  # numbers of a recording in two draws: there are fewer recordings


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
    if classifier.card.get("split", {}).get("name") != "filtered" or classifier.genres != GENRES:
        twin = classifier.card.get("measured_on")
        raise DataError(f"{name} did not learn from GTZAN's filtered train list alone, so that no figure can "
                        f"be taken of it on the valid list."
                        + (f" Measure {twin}, of the same recipe." if twin else ""))
    folder = folder or data_folder() / "gtzan"
    if not (folder / "pictures.npz").exists():
        raise DataError(f"GTZAN is not in {folder}: give the folder that holds pictures.npz with --data.")
    valid = set((LISTS / "gtzan-valid.txt").read_text().split())
    result = {"model": name, "list": "GTZAN's fault-filtered valid list",
              "folds": on_folds(classifier.card), "ablation": classifier.card.get("ablation")}
    seen, seen_labels, seen_tracks = on_ready_made(classifier, folder, valid)
    result["pictures"] = _figures(seen, seen_labels, classifier)
    files = [track for track in open_dataset(folder).files if track.name in valid]
    if not files:
        raise DataError(f"{folder} has no recording of GTZAN's valid list: they belong into audio/<genre>/.")
    heard, heard_labels, refused = on_recordings(classifier, files, WAYS[PLAIN])
    result["recordings"] = _figures(heard, heard_labels, classifier) | {"refused": refused}

    row_of = {name: row for row, name in enumerate(seen_tracks.tolist())}
    rows = [row for row, track in enumerate(files) if track.name in row_of]
    seen = seen[[row_of[files[row].name] for row in rows]]
    alike = {"heard_whole": heard, "same_seconds": on_same_seconds(classifier, files)}
    result["agreement"] = {way: _agreement(seen, answers[rows], heard_labels[rows], classifier.genres)
                           for way, answers in alike.items()}
    if robust:
        result["ways"] = by_way(classifier, files)
    return result


def _figures(answers: np.ndarray, labels: np.ndarray, classifier: Classifier) -> dict:
    """As `genre.evaluate.figures`, and what the answers given as sure are worth."""
    return figures(answers, labels, classifier.genres) | when_sure(
        answers, labels, classifier.sure_above(PIECE_SECONDS))


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
        "answered alike, same seconds": lambda result: _share_alike(result, "same_seconds"),
        "answered alike, heard whole": lambda result: _share_alike(result, "heard_whole"),
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


def _share_alike(result: dict, way: str) -> float:
    alike = result["agreement"][way]
    return alike["same"] / alike["both"]


def seeds_as_text(found: dict) -> str:
    lines = [f"over {len(next(iter(found.values()))['each'])} seeds, with Student's interval of the mean:"]
    for what, part in found.items():
        low, high = part["interval"]
        each = " ".join(f"{value:.3f}" for value in part["each"])
        lines.append(f"{what}: {part['mean']:.3f} ({low:.3f} to {high:.3f}); each {each}")
    return "\n".join(lines)


def _agreement(seen: np.ndarray, heard: np.ndarray, labels: np.ndarray, genres: tuple[str, ...]) -> dict:
    """Two answers (T, G) to each track -> how many name the same genre, in all and by the true genre."""
    same = seen.argmax(axis=1) == heard.argmax(axis=1)
    by_genre = {genre: [int(same[labels == k].sum()), int((labels == k).sum())]
                for k, genre in enumerate(genres)}
    return {"same": int(same.sum()), "both": len(same), "genres": by_genre}


def by_way(classifier: Classifier, files: list[Track]) -> dict:
    """Each of WAYS -> its figures in the mean of its draws, and "lost", the points of accuracy less than as
    it is. "refused" and "confusion" count every draw.
    """
    result: dict = {}
    for way, change in WAYS.items():
        answers, right, refused = [], [], 0
        for draw in range(DRAWS.get(way, 1)):
            told, labels, silenced = on_recordings(
                classifier, files, lambda clip, number, c=change, d=draw: c(clip, number + d * APART))
            answers.append(told)
            right.append(told.argmax(axis=1) == labels)
            refused += silenced
        found = figures(np.concatenate(answers), np.tile(labels, len(answers)), classifier.genres)
        if way == PLAIN:
            plain = right[0]
        result[way] = {name: found[name] for name in ("accuracy", "macro_accuracy", "confusion")} | {
            "count": len(files), "draws": len(answers), "refused": refused,
            "lost": lost_points(plain, np.mean(right, axis=0)),
        }
    return result


def lost_points(before: np.ndarray, after: np.ndarray) -> dict:
    """(N,) each, how often the answers to the same items are right -> points of accuracy lost, with an
    interval.

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
    dataset = open_dataset(folder)
    each = [(ready_excerpts(dataset) if isinstance(view, Excerpts) else read_pictures(folder)).of(tracks)
            for view in classifier.views]
    common = set.intersection(*(set(examples.tracks.tolist()) for examples in each))
    each = [examples.of(common) for examples in each]
    each = [examples.take(np.argsort(examples.tracks)) for examples in each]
    answers = [predict(view.network, examples)
               for view, examples in zip(classifier.views, each, strict=True)]
    told = pooled(np.array(answers), [view.weight for view in classifier.views])
    return classifier.calibrated(torch.from_numpy(told)).numpy(), each[0].labels, each[0].tracks


def on_same_seconds(classifier: Classifier, files: list[Track]) -> np.ndarray:
    """What is said of recordings (T, G) when each view hears what `on_ready_made` has for it and no more:
    the pictures show the whole, the mels the first 3 s.
    """
    answers, weights = [], []
    for view in classifier.views:
        alone = copy.copy(classifier)
        alone.views = [view]
        seconds = MODELS[SHIPPED].input("excerpts").seconds if isinstance(view, Excerpts) else None
        answers.append(on_recordings(alone, files, lambda clip, _, s=seconds: _beginning(clip, s))[0])
        weights.append(view.weight)
    return pooled(np.array(answers), weights)


def _beginning(clip: Clip, seconds: float | None) -> Clip:
    return clip if seconds is None else replace(clip, samples=clip.samples[: round(seconds * SAMPLE_RATE)])


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


def on_folds(card: dict) -> dict[str, dict]:
    """What `calibrate` found inside the train list and the card keeps: of each view, of all together."""
    views = {kind: view["alone"] for kind, view in card.get("views", {}).items() if "alone" in view}
    if "calibration" not in card:
        return views
    lines = card.get("sure_above_by_length", [])
    return views | {"together": card["calibration"] | {"sure_above_by_length": lines}}


def _folds_as_text(found: dict[str, dict]) -> list[str]:
    lines = ["", "on folds inside the list it learnt from, as its card has it:"] if found else []
    for what, part in found.items():
        low, high = part["calibration_error_interval"]
        lines.append(f"{what}: macro accuracy {part['macro_accuracy']:.3f} of {part['tracks']} tracks, "
                     f"calibration error {part['calibration_error']:.3f} ({low:.3f} to {high:.3f})"
                     f"{_sure_as_text(part)}")
        if by_length := part.get("sure_above_by_length"):
            lines.append("sure of so much music from this probability on: "
                         + ", ".join(f"{seconds:g} s {line:.3f}" for seconds, line in by_length))
    return lines


def _sure_as_text(part: dict) -> str:
    right = part["right_when_sure"]
    return f", sure of {part['coverage']:.3f}" + (f", {right:.3f} of them right" if right is not None else "")


def measured_as_text(result: dict) -> str:
    lines = [f"{result['model']} on {result['list']}"]
    for way in ("pictures", "recordings"):
        part = result[way]
        low, high = part["macro_accuracy_interval"]
        lines += [
            "", f"{way}: macro accuracy {part['macro_accuracy']:.3f} ({low:.3f} to {high:.3f}), plain "
            f"{part['accuracy']:.3f} of {part['count']} tracks, calibration error "
            f"{part['calibration_error']:.3f}{_sure_as_text(part)}",
            confusion_table(part["confusion"], tuple(part["genres"])),
        ]
    lines += ["", f"recordings taken for no music: {result['recordings']['refused']}"]
    for way, what in (("same_seconds", "of the same seconds"), ("heard_whole", "the recording heard whole")):
        alike = result["agreement"][way]
        lines += [f"picture and recording answered alike, {what}: {alike['same']} of {alike['both']}",
                  "  ".join(f"{genre} {a}/{b}" for genre, (a, b) in alike["genres"].items())]
    for way, part in result.get("ways", {}).items():
        low, high = part["lost"]["interval"]
        lost = f", {part['lost']['points']:.1f} points lost ({low:.1f} to {high:.1f})" if way != PLAIN else ""
        lost += f", the mean of {part['draws']} rooms" if part["draws"] > 1 else ""
        lines.append(f"{way}: accuracy {part['accuracy']:.3f} of {part['count']} recordings, macro "
                     f"{part['macro_accuracy']:.3f}, taken for no music {part['refused']}{lost}")
    return "\n".join(lines + _folds_as_text(result["folds"]))
