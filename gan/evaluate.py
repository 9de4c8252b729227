"""How good the music is: measured on what is heard, by an ear that never heard the valid tracks.

The judge is the classifier that learnt from the train list alone. Every sound goes the whole way: it is
painted, turned into a waveform and heard; nothing is picked. Real clips are judged as they were
recorded, and once more after the same way from spectrogram to sound, so that the painting and the
sounding can be told apart. GTZAN has recordings of few valid tracks, and the first 3 s of all as mels:
so what needs every genre is measured on 3 s.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch.nn import functional as F

from gan.dataset import Music, Piece, load_music
from gan.distances import fair_frechet, kernel_distance, nearest, principal, spread
from gan.mel import FRAMES, GAN_MEL, to_db
from gan.network import NETWORKS, Latents
from gan.sample import Dreamer
from gan.sound import sound_of
from gan.wish import Wish
from genre.artefacts import load_artefact
from genre.audio import SAMPLE_RATE, Clip, load_clip
from genre.cards import ArtefactError
from genre.classifier import Classifier
from genre.dataset import DataError, open_dataset
from genre.evaluate import figures
from genre.splits import LISTS

JUDGE = "listen-train"
SHORT_S = 3.0  # of which there is real music of every valid track
NOTHING = "nothing"  # the answer to what is no music to the judge
STEP = 32  # frames between the training clips that are compared with
COARSE = (32, 32)  # pixels of a clip when spectrograms are compared
LEAST_AGREEMENT, LEAST_RATIO, LEAST_DIVERSITY = 0.5, 0.8, 0.6
NO_NEARER = 0.95  # of the median distance of 200 clips two standard errors are about 5 %

Say = Callable[[str], None]


@dataclass(frozen=True)
class Heard:
    """What the judge made of sounds."""

    labels: np.ndarray  # (N,) int, the genre that was asked for, or the true one
    answers: np.ndarray  # (N,) int, the genre that was heard; len(genres) for nothing
    embeddings: np.ndarray  # (N, D)

    def agreement(self, genres: tuple[str, ...]) -> dict:
        """How often the answer is the label, with its doubt; "macro" is the mean over the genres."""
        values = figures(np.eye(len(genres) + 1)[self.answers], self.labels, (*genres, NOTHING))
        kept = ("count", "accuracy", "accuracy_interval", "macro_accuracy", "macro_accuracy_interval")
        return {name: values[name] for name in kept} | {
            "genres": {name: {"share": row["recall"], "count": row["count"]}
                       for name, row in values["genres"].items() if name != NOTHING},
            "confusion": values["confusion"],
        }  # fmt: skip


class Judge:
    """The classifier, asked for its answer and for what it looks at."""

    def __init__(self, classifier: Classifier) -> None:
        self.classifier, self.genres = classifier, classifier.genres

    def hear(self, sounds: Iterable[tuple[str, np.ndarray]]) -> Heard:
        """(genre, (N,) samples) of each sound."""
        labels, answers, embeddings = [], [], []
        for genre, samples in sounds:
            verdict = self.classifier.classify(Clip(samples, len(samples) / SAMPLE_RATE))
            labels.append(self.genres.index(genre))
            answers.append(self.genres.index(verdict.genre) if verdict.genre else len(self.genres))
            with torch.inference_mode():
                power = self.classifier.front_end.power(torch.tensor(samples)[None])
            embeddings.append(self._embedding(power))
        if not labels:
            raise DataError("No real music of the valid list is long enough: measure shorter sounds.")
        return Heard(np.array(labels), np.array(answers), np.stack(embeddings))

    def look(self, mels_db: Iterable[np.ndarray]) -> np.ndarray:
        """Spectrograms (128, T) in dB as they are, never sounded -> (N, D)."""
        return np.stack([self._embedding(10 ** (torch.from_numpy(mel[None]) / 10)) for mel in mels_db])

    @torch.inference_mode()
    def _embedding(self, power: torch.Tensor) -> np.ndarray:
        """Mel power (1, 128, frames) -> (D,): the features before the last layer, mean and peak in time."""
        cells = torch.cat(self.classifier.views[0].features(power), dim=1)
        return torch.cat([cells.mean(dim=2), cells.amax(dim=2)], dim=1)[0].numpy()


def evaluate(
    data: Path, model: str = "gan", plain: Path | None = None, count: int = 20, seconds: float = 10.0,
    seed: int = 0, folder: Path | None = None, say: Say = lambda line: None,
) -> dict:  # fmt: skip
    """All the figures as a dictionary for JSON. Raises ArtefactError, DataError or WishError.

    `data` is GTZAN's folder, `plain` the run of an unconditional DCGAN, `count` the sounds a genre,
    `seconds` the length of the longer ones that the judge hears.
    """
    dreamer = Dreamer.load(model, folder)
    judge = Judge(Classifier.load(JUDGE))
    Wish({dreamer.genres[0]: 1.0}, seconds=seconds)  # whether it can be painted, before minutes of work
    if unknown := set(dreamer.genres) - set(judge.genres):
        raise DataError(f"The ear that judges knows no {min(unknown)}: only painters of GTZAN's genres are "
                        "measured.")
    music = load_music(str(data), "all")
    train, valid = (_listed(music, name) for name in ("gtzan-train", "gtzan-valid"))
    if not train or not valid:
        raise DataError("The figures need GTZAN's tracks of the train and valid lists: give its folder.")
    result: dict = {"model": model, "weights": dreamer.weights, "judge": JUDGE, "data": music.account,
                    "a_genre": count, "seed": seed, "agreement": {}}
    say(f"{len(train)} train and {len(valid)} valid tracks")

    def compared(length: float) -> tuple[dict[str, Heard], dict[str, list[np.ndarray]]]:
        """Real clips and ours of that length: what was heard, and the spectrograms."""
        real = [(piece.genre, clip) for piece in valid if (clip := middle(piece, length)) is not None]
        asked = [genre for genre in dreamer.genres for _ in range(count)]
        painted = [(genre, dreamer.mel(Wish({genre: 1.0}, seconds=length, seed=seed + k)))
                   for k, genre in enumerate(asked)]  # each has chances of its own
        groups = {
            "recorded": judge.hear(_recordings(data, valid, length)),
            "sounded": judge.hear(_sounded(real)), "ours": judge.hear(_sounded(painted)),
        }  # fmt: skip
        found = {name: group.agreement(judge.genres) for name, group in groups.items()}
        result["agreement"][f"{length:g} s"] = found
        shares = (f"{name} {row['macro_accuracy']:.3f}" for name, row in found.items())
        say(f"{length:g} s heard as its genre: {', '.join(shares)}")
        return groups, {"real": [mel for _, mel in real], "ours": [mel for _, mel in painted]}

    heard, mels = compared(SHORT_S)
    if seconds != SHORT_S:
        compared(seconds)
    rng = np.random.default_rng(seed)
    others = {"real": _clips(train, count, rng), "noise": _noise(train, count * len(dreamer.genres), rng)}
    if plain is not None:
        others["plain"] = _plain(plain, count * len(dreamer.genres), seed)
    groups = {"ours": heard["ours"]} | {name: judge.hear(_sounded(clips)) for name, clips in others.items()}
    say("The yardsticks are heard.")
    result["distance"] = _distances(groups, heard["sounded"])
    result["diversity"] = _diversity(heard["ours"], heard["sounded"], judge.genres)
    result["copying"] = _copying(judge, mels, train)
    result["met"] = met(result)
    return result


def middle(piece: Piece, seconds: float) -> np.ndarray | None:
    """The middle of a track as (128, frames) dB below its own loudest point; None if it is too short."""
    frames = FRAMES if seconds == SHORT_S else 1 + round(seconds / GAN_MEL.seconds_per_frame)
    room = piece.mel.shape[1] - frames
    return None if room < 0 else _decibels(piece.mel[:, room // 2 : room // 2 + frames])


def met(result: dict) -> dict[str, bool]:
    """Which of the aims are reached, by the longest sounds."""
    *_, agreement = result["agreement"].values()
    ours, real = (agreement[name]["macro_accuracy"] for name in ("ours", "recorded"))
    distance, copying = result["distance"], result["copying"]
    return {
        "agreement_half": ours >= LEAST_AGREEMENT,
        "agreement_of_real": ours >= LEAST_RATIO * real,
        **{f"nearer_than_{name}": _clearly_nearer(distance["ours"], distance[name])
           for name in ("noise", "plain") if name in distance},
        "diversity": result["diversity"]["ratio"] >= LEAST_DIVERSITY,
        "no_copies": all(way["ours_median"] >= NO_NEARER * way["real_median"] for way in copying.values()),
    }  # fmt: skip


def _clearly_nearer(ours: dict, other: dict) -> bool:
    doubt = 2 * np.hypot(ours["kernel_error"], other["kernel_error"])
    return bool(ours["frechet"] < other["frechet"] and ours["kernel"] + doubt < other["kernel"])


def _listed(music: Music, name: str) -> list[Piece]:
    wanted = set((LISTS / f"{name}.txt").read_text().split())
    return [piece for piece in music.pieces if piece.name in wanted]


def _decibels(values: np.ndarray) -> np.ndarray:
    """uint8, 255 the loudest of the track -> float32 dB below the loudest here."""
    levels = to_db(torch.from_numpy(values).float() / 127.5 - 1).numpy()
    return np.where(values > 0, levels - levels.max(), -GAN_MEL.range_db).clip(-GAN_MEL.range_db)


def _sounded(mels: Iterable[tuple[str, np.ndarray]]) -> Iterable[tuple[str, np.ndarray]]:
    for genre, mel in mels:
        yield genre, sound_of(mel, GAN_MEL)


def _clips(pieces: list[Piece], count: int, rng: np.random.Generator) -> Iterable[tuple[str, np.ndarray]]:
    """The middle of so many tracks of each genre."""
    for genre in sorted({piece.genre for piece in pieces}):
        same = [piece for piece in pieces if piece.genre == genre]
        for k in rng.permutation(len(same))[:count]:
            yield genre, middle(same[k], SHORT_S)


def _recordings(data: Path, pieces: list[Piece], seconds: float) -> Iterable[tuple[str, np.ndarray]]:
    """The middle of each track that there is a recording of."""
    genre_of = {piece.name: piece.genre for piece in pieces}
    for track in open_dataset(str(data)).files:
        if track.name in genre_of:
            clip = load_clip(track.path)
            start = (len(clip.samples) / SAMPLE_RATE - seconds) / 2
            if start >= 0:
                yield genre_of[track.name], clip.trimmed(start, start + seconds).samples


def _noise(
    train: list[Piece], count: int, rng: np.random.Generator
) -> Iterable[tuple[str, np.ndarray]]:
    """Noise with the mean spectrum of the music: the power of noise is exponentially distributed."""
    powers = [10 ** (_decibels(piece.mel) / 10) for piece in train]
    mean = np.mean([power.mean(axis=1) for power in powers], axis=0)[:, None]
    for k in range(count):
        level = 10 * np.log10(mean * rng.exponential(size=(len(mean), FRAMES)) + 1e-12)
        yield train[k % len(train)].genre, (level - level.max()).clip(-GAN_MEL.range_db).astype(np.float32)


def _plain(folder: Path, count: int, seed: int) -> Iterable[tuple[str, np.ndarray]]:
    """Pieces of the DCGAN that knows no genre; each is given any. Raises ArtefactError."""
    weights, card = load_artefact(folder)
    if card.get("network") != "dcgan":
        raise ArtefactError(f"{folder.name} is not a run of the plain DCGAN: train one with --network dcgan.")
    generator = NETWORKS["dcgan"][0](len(card["genres"]))
    generator.load_state_dict(weights)
    rng = torch.Generator().manual_seed(seed)
    with torch.inference_mode():
        latents = Latents.draw(torch.zeros(count, len(card["genres"])), torch.zeros(count, 3), rng)
        for k, values in enumerate(generator.eval()(latents)):
            levels = to_db(values)
            yield card["genres"][k % len(card["genres"])], (levels - levels.max()).numpy()


def _distances(groups: dict[str, Heard], reference: Heard) -> dict:
    """Of each group to the real valid clips, which went the same way from spectrogram to sound."""
    mean, axes = principal(reference.embeddings)
    project = lambda heard: (heard.embeddings - mean) @ axes  # noqa: E731
    table = {}
    for name, heard in groups.items():
        kernel, error = kernel_distance(heard.embeddings, reference.embeddings)
        table[name] = {"frechet": fair_frechet(project(heard), project(reference)), "kernel": kernel,
                       "kernel_error": error, "count": len(heard.labels)}  # fmt: skip
    return table


def _diversity(ours: Heard, real: Heard, genres: tuple[str, ...]) -> dict:
    """The mean distance of two sounds of a genre, as a share of the real clips'."""
    spreads = [spread(heard.embeddings, heard.labels) for heard in (ours, real)]
    by_genre = {genres[k]: spreads[0][k] / spreads[1][k] for k in spreads[0] if k in spreads[1]}
    return {"ratio": float(np.mean(list(by_genre.values()))), "least": min(by_genre.values()),
            "genres": by_genre}  # fmt: skip


def _copying(judge: Judge, mels: dict[str, list[np.ndarray]], train: list[Piece]) -> dict:
    """How far the nearest training clip is, from ours and from real clips that were not learnt from.

    Before anything is sounded, which would hide a copy; to the judge, and as spectrograms (rms in dB).
    """
    windows = [_decibels(piece.mel[:, start : start + FRAMES]) for piece in train
               for start in range(0, piece.mel.shape[1] - FRAMES + 1, STEP)]  # fmt: skip
    few = [middle(piece, SHORT_S) for piece in train]
    ways = {"to_the_judge": (judge.look(few), {name: judge.look(group) for name, group in mels.items()}),
            "as_spectrograms": (_coarse(windows), {name: _coarse(group) for name, group in mels.items()})}
    return {
        way: {f"{name}_{what}": float(np.quantile(nearest(group, learnt), share))
              for name, group in groups.items() for what, share in (("median", 0.5), ("nearest_5", 0.05))}
        for way, (learnt, groups) in ways.items()
    }  # fmt: skip


def _coarse(mels: list[np.ndarray]) -> np.ndarray:
    """(N, 1024): clips of 3 s, smaller; Euclidean distances of them are rms differences in dB."""
    stacked = torch.stack([torch.from_numpy(mel[:, :FRAMES]) for mel in mels])[:, None]
    return F.adaptive_avg_pool2d(stacked, COARSE).flatten(1).numpy() / np.sqrt(np.prod(COARSE))
