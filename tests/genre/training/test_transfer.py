"""genre.training.transfer: songs in folds, heads on made-up features, calibration, tags."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from genre import GENRES
from genre.data.examples import DataError
from genre.models.pretrained.heads import MUSIC_EMOTIONS
from genre.models.pretrained.networks import N_EMBEDDING, N_FEATURES, TAGS
from genre.training.transfer.calibrate import MAX_OTHER_CONFIDENT, PooledPrediction, fit_confidence
from genre.training.transfer.fit import (
    SongFeatures,
    TransferRecipe,
    emotion_statistics,
    fit_heads,
    logits_of,
    out_of_fold_logits,
    training_rows,
)
from genre.training.transfer.songs import CLASSES, OTHER, Song, wild_songs
from genre.training.transfer.tags import tag_precisions, verified_tags

RECIPE = TransferRecipe(enough_songs=4)
WINDOWS = 10


def made_up(count: int, seed: int = 0, noise: float = 1.0) -> list[SongFeatures]:
    """`count` songs of each class, whose features lie around the class's own."""
    rng = np.random.default_rng(seed)
    centres = np.random.default_rng(1).normal(size=(len(CLASSES), N_FEATURES))
    songs = []
    for label, genre in enumerate(CLASSES):
        for number in range(count):
            collection = "wild" if number % 2 or genre == OTHER else "gtzan"
            shape = (WINDOWS, N_FEATURES)
            clean = (centres[label] + noise * rng.normal(size=shape)).astype(np.float32)
            clean[:, N_EMBEDDING:] = -np.abs(clean[:, N_EMBEDDING:])  # logarithms of probabilities
            emotions = tuple((0.3 + 0.1 * clean[:, : len(MUSIC_EMOTIONS)].mean(axis=0)).tolist())
            song = Song(
                f"{genre}.{number}",
                genre,
                f"artist {genre} {number}",
                collection,
                "x.opus",
                emotions=emotions,
            )
            songs.append(SongFeatures(song, clean, clean + 0.1))
    return songs


def test_heads_tell_classes_apart_that_they_did_not_see() -> None:
    heads = fit_heads(made_up(10), RECIPE)
    right = [
        logits_of(heads, item.clean).mean(axis=0).argmax() == item.song.label for item in made_up(4, seed=2)
    ]
    assert np.mean(right) > 0.9


def test_a_class_without_songs_is_never_predicted() -> None:
    heads = fit_heads([item for item in made_up(6) if item.song.genre != OTHER], RECIPE)
    logits = np.concatenate([logits_of(heads, item.clean) for item in made_up(2, seed=3)])
    assert (logits.argmax(axis=1) != CLASSES.index(OTHER)).all()


def test_genres_count_alike_whatever_their_number() -> None:
    songs = made_up(10)
    few = [item for item in songs if item.song.genre != "jazz"] + [
        item for item in songs if item.song.genre == "jazz"
    ][:3]
    rows, labels, weights = training_rows(few, RECIPE)
    assert len(rows) == 2 * len(few), "each recording counts twice, once through a phone"
    assert np.bincount(labels, weights) == pytest.approx(len(labels) / len(CLASSES))
    assert weights[1] == pytest.approx(RECIPE.phone_weight * weights[0])


def test_out_of_fold_logits_are_of_other_groups() -> None:
    """A song whose twin has the wrong label is right only where the twin was left out."""
    songs = made_up(6)
    twin = replace(songs[0].song, name="twin", genre="rock")
    logits = out_of_fold_logits([*songs, SongFeatures(twin, songs[0].clean, None)], RECIPE)
    assert set(logits) == {item.song.name for item in songs} | {"twin"}
    assert logits[songs[0].song.name].shape == (WINDOWS, len(CLASSES))
    assert logits[songs[0].song.name].mean(axis=0).argmax() == songs[0].song.label


def predictions(noise: float, seed: int = 0) -> list[PooledPrediction]:
    rng = np.random.default_rng(seed)
    items = []
    for label, genre in enumerate(CLASSES):
        for number in range(40):
            logits = 2.0 * np.eye(len(CLASSES))[label] + noise * rng.normal(size=(1, len(CLASSES)))
            song = Song(f"{genre}.{number}", genre, f"{genre} {number}", "wild", "x.opus")
            scratch = np.full((1 + WINDOWS, len(GENRES)), 0.1)
            items.append(PooledPrediction(song, np.repeat(logits, WINDOWS, axis=0), scratch))
    return items


def test_confidence_keeps_both_promises() -> None:
    items = predictions(noise=0.9)
    confidence = fit_confidence(items, RECIPE)
    sure = []
    for item in items:
        p = item.pool(slice(None), RECIPE.scratch_weight) ** (1 / confidence.temperature)
        p /= p.sum()
        sure.append(item.other <= confidence.max_other and p.max() >= confidence.threshold)
    in_vocabulary = np.array([item.song.genre != OTHER for item in items])
    right = np.array([item.logits[0, :-1].argmax() == item.song.label for item in items])
    sure = np.array(sure)
    assert right[in_vocabulary & sure].mean() >= 0.9 and sure[in_vocabulary].mean() > 0.2
    assert sure[~in_vocabulary].mean() <= MAX_OTHER_CONFIDENT
    thresholds = [threshold for _, threshold in confidence.thresholds_by_duration]
    assert thresholds == sorted(thresholds, reverse=True)


def test_pooling_with_a_flat_prediction_changes_no_order() -> None:
    item = predictions(noise=0.5)[0]
    alone, pooled = item.pool(slice(None), 0.0), item.pool(slice(None), 0.5)
    assert (np.argsort(alone) == np.argsort(pooled)).all() and pooled.max() < alone.max()
    assert alone.sum() == pytest.approx(1) == pooled.sum()


def test_feelings_are_learnt_in_folds_by_artist() -> None:
    statistics = emotion_statistics(made_up(10), replace(RECIPE, emotion_penalty=10.0))
    assert tuple(statistics) == MUSIC_EMOTIONS
    assert all(part["correlation"] > 0.7 and part["deviation"] > 0 for part in statistics.values())


def test_a_tag_is_shown_from_where_it_is_right_often_enough() -> None:
    songs = made_up(30)
    for item in songs:
        item.clean[:, N_EMBEDDING:] = np.log(0.01)
        is_metal, number = item.song.genre == "metal", int(item.song.name.split(".")[1])
        item.clean[:, N_EMBEDDING + TAGS.index("heavy metal")] = np.log(
            0.5 if is_metal and number < 20 else 0.3 if number % 2 else 0.02
        )
    tags = tag_precisions(songs)
    assert 0.3 < tags["heavy metal"]["threshold"] <= 0.5 and tags["heavy metal"]["count"] == 20
    assert tags["heavy metal"]["precision"] == 1.0 and "blues" not in tags
    assert verified_tags(songs, songs)["heavy metal"] == tags["heavy metal"]
    wrong = [replace(item, song=replace(item.song, genre="jazz")) for item in songs]
    assert "heavy metal" not in verified_tags(songs, wrong), "not right on songs that were kept aside"


def test_songs_of_other_collections(tmp_path: Path) -> None:
    (tmp_path / "SOURCES.tsv").write_text(
        "genre\tclip\tsource\tartist_or_track\ttitle\tlabel_from\n"
        "rock\tb__song\tsomeone/collection\tBand\tSong\tfolder\n"
        "other\tRohitJacob__electronic_1\tRohitJacob/MusicAnalysis\tMantic\tRemix\tdataset\n"
        "polka\tc__song\tsomeone/else\tBand\tSong\tfolder\n"
    )
    shares = "\t".join(["0.5"] * len(MUSIC_EMOTIONS))
    (tmp_path / "EMOTIONS.tsv").write_text(
        "clip\ttrack\t" + "\t".join(MUSIC_EMOTIONS) + f"\nRohitJacob__electronic_1\t1\t{shares}\n"
    )
    rock, electronic = wild_songs(tmp_path)
    assert (rock.group, rock.genre, rock.emotions) == ("source someone/collection", "rock", None)
    assert rock.path == str(tmp_path / "rock" / "b__song.opus")
    assert electronic.group == "artist Mantic" and electronic.emotions == (0.5,) * len(MUSIC_EMOTIONS)
    with pytest.raises(DataError, match=r"SOURCES\.tsv"):
        wild_songs(tmp_path / "nothing")
