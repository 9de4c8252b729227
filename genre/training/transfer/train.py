"""Training of the Listen page's model: `python -m genre transfer NAME`.

NAME-train learns from GTZAN's train list and from the songs of other collections outside the development
part; NAME learns from everything. All metrics, thresholds and verified tags come from the first.
"""

import logging
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from genre import GENRES
from genre.models.artefacts import save_artefact
from genre.models.cards import TAGGER, TRANSFER, Card, load_card
from genre.models.model_card import write_model_card
from genre.paths import WEIGHTS
from genre.training.publish import MEASURED_PARTS
from genre.training.transfer.calibrate import PooledPrediction, fit_confidence, scratch_predictions
from genre.training.transfer.features import CLEAN, PHONE, song_features
from genre.training.transfer.fit import (
    SongFeatures,
    TransferRecipe,
    emotion_statistics,
    fit_heads,
    out_of_fold_logits,
)
from genre.training.transfer.songs import Song, dev_names, gtzan_songs, wild_songs
from genre.training.transfer.tags import verified_tags

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class TransferData:
    """The songs of a training, and the held-out songs."""

    train: list[Song]
    held_out: list[Song]  # recordings of GTZAN's valid list, and the development part of the others


def load_songs(gtzan: Path, wild: Path, is_measured: bool) -> TransferData:
    """Load the songs of a model that is measured, or of one that learns from everything. Raises DataError."""
    others, names = wild_songs(wild), dev_names()
    if not is_measured:
        return TransferData(gtzan_songs(gtzan, ("train", "valid")) + others, [])
    return TransferData(
        gtzan_songs(gtzan, ("train",)) + [song for song in others if song.name not in names],
        [song for song in gtzan_songs(gtzan, ("valid",)) if song.path]
        + [song for song in others if song.name in names],
    )


def with_features(songs: list[Song], recipe: TransferRecipe) -> list[SongFeatures]:
    """Compute the missing features of songs."""
    recordings = [song for song in songs if song.path]
    clean = song_features(songs, CLEAN, recipe.seed, recipe.seconds_per_window)
    through_phone = song_features(recordings, PHONE, recipe.seed, recipe.seconds_per_window)
    phone = dict(zip((song.name for song in recordings), through_phone, strict=True))
    return [SongFeatures(song, part, phone.get(song.name)) for song, part in zip(songs, clean, strict=True)]


def train_transfer(
    name: str,
    scratch: str,
    data: TransferData,
    recipe: TransferRecipe,
    metrics_from: str = "",
    note: str = "",
) -> Path:
    """Train the heads and write the artefact `name` -> its folder.

    `scratch` names the from-scratch ensemble in the pool. A model that is measured fits its own confidence;
    another one takes it from `metrics_from`. Raises ArtefactError, DataError, OSError.
    """
    songs = with_features(data.train, recipe)
    logger.info("%s: heads on %d songs", name, len(songs))
    heads = fit_heads(songs, recipe)
    tagger, ensemble = load_card(WEIGHTS / TAGGER), load_card(WEIGHTS / scratch)
    card = Card(
        TRANSFER,
        GENRES,
        split={"name": "all" if metrics_from else "filtered", **_counts(data.train)},
        data={"name": "gtzan", "others": "songs of other collections, see SOURCES.tsv"},
        recipe=recipe.to_dict(),
        note=note,
        pretrained={
            "tagger": TAGGER,
            "tagger_sha256": tagger.weights_sha256,
            "scratch": scratch,
            "scratch_sha256": ensemble.weights_sha256,
            "scratch_weight": recipe.scratch_weight,
            "seconds_per_window": recipe.seconds_per_window,
        },
    )
    if metrics_from:
        measured_card = load_card(WEIGHTS / metrics_from)
        shared_parts = {key: measured_card.pretrained[key] for key in ("max_other", "tags", "emotions")}
        parts = {part: getattr(measured_card, part) for part in MEASURED_PARTS}
        card = replace(card, pretrained=card.pretrained | shared_parts, metrics_from=metrics_from, **parts)
    else:
        card = _calibrate(card, songs, with_features(data.held_out, recipe), recipe)
    save_artefact(WEIGHTS / name, heads.state_dict(), card)
    write_model_card(WEIGHTS / name)
    return WEIGHTS / name


def _counts(songs: list[Song]) -> dict[str, int]:
    """Count the songs of each collection."""
    collections, counts = np.unique([song.collection for song in songs], return_counts=True)
    return {f"{name}_tracks": int(count) for name, count in zip(collections, counts, strict=True)}


def pooled_predictions(
    songs: list[SongFeatures], scratch: str, recipe: TransferRecipe
) -> list[PooledPrediction]:
    """Predict recordings by heads that did not learn from their group.

    The prediction is pooled with the ensemble where that did not learn from the recording either.
    """
    logits = out_of_fold_logits(songs, recipe)
    wild_recordings = [item.song for item in songs if item.song.collection == "wild"]
    by_ensemble = scratch_predictions(wild_recordings, WEIGHTS / scratch, recipe.seconds_per_window)
    return [
        PooledPrediction(item.song, logits[item.song.name], by_ensemble.get(item.song.name))
        for item in songs
        if item.song.path
    ]


def _calibrate(
    card: Card, songs: list[SongFeatures], held_out: list[SongFeatures], recipe: TransferRecipe
) -> Card:
    predictions = pooled_predictions(songs, card.pretrained["scratch"], recipe)
    confidence = fit_confidence(predictions, recipe)
    return replace(
        card,
        temperature=confidence.temperature,
        confidence_threshold=confidence.threshold,
        confidence_thresholds_by_duration=confidence.thresholds_by_duration,
        pretrained=card.pretrained
        | {
            "max_other": confidence.max_other,
            "tags": verified_tags(songs, held_out),
            "emotions": emotion_statistics(songs, recipe),
        },
    )
