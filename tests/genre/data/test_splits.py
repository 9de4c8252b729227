"""Protocols: what is tested was never learnt from, unless the protocol says it leaks."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from genre.data.examples import DataError, Examples
from genre.data.protocols import PROTOCOLS
from genre.data.splits import FOLDS, LISTS, hold_out, split

GENRES = ("blues", "metal", "rock")


def examples(tracks: list[str], windows: int = 3) -> Examples:
    """`windows` windows of each track, its genre in its name."""
    names = np.repeat(np.array(tracks), windows)
    labels = np.array([GENRES.index(name.split(".")[0]) for name in names])
    return Examples(np.zeros((len(names), 2)), labels, names, GENRES)


def tracks_of(counts: tuple[int, ...]) -> list[str]:
    return [f"{genre}.{n:05d}" for genre, count in zip(GENRES, counts, strict=True) for n in range(count)]


def parts_of(music: Examples, *args: object, **options: object):
    for part in split(music, *args, **options).parts:
        yield set(music.tracks[part.train].tolist()), set(music.tracks[part.test].tolist())


counts = st.tuples(*[st.integers(2, 17)] * 3)


@settings(max_examples=40)
@given(counts, st.integers(1, 4), st.integers(0, 5), st.sampled_from(["track", "kfold", "blocks"]))
def test_no_track_is_in_two_parts(count, windows, seed, protocol):
    music = examples(tracks_of(count), windows)
    parts = list(parts_of(music, protocol, seed))
    for train, test in parts:
        assert not train & test
        assert {name.split(".")[0] for name in train} == set(GENRES)
        assert train | test == set(music.tracks)
    tested = [name for _, test in parts for name in test]
    assert len(tested) == len(set(tested)) > 0
    if protocol != "track":
        assert set(tested) == set(music.tracks) and parts[-1] == (set(music.tracks), set())


@settings(max_examples=40)
@given(counts, st.integers(1, 6), st.integers(0, 5))
def test_no_artist_is_in_two_parts(tmp_path_factory, count, artists, seed):
    music = examples(tracks_of(count))
    artist_of = {name: f"{name[:2]}{int(name[-2:]) % (artists + 1)}" for name in set(music.tracks)}
    path = tmp_path_factory.mktemp("lists") / "artists.csv"
    path.write_text("".join(f"{track}.wav,{artist}\n" for track, artist in artist_of.items()))
    ((train, test),) = parts_of(music, "artist", seed, path)
    assert train and test and train | test == set(music.tracks)
    assert not {artist_of[name] for name in train} & {artist_of[name] for name in test}


@settings(max_examples=20)
@given(counts, st.integers(0, 5))
def test_tracks_are_held_out_whole_to_choose_the_epoch(count, seed):
    music = examples(tracks_of(count))
    learnt, validation = hold_out(music, seed)
    assert not set(music.tracks[learnt]) & set(music.tracks[validation])
    assert sorted([*learnt, *validation]) == list(range(len(music)))
    assert set(music.labels[validation]) == set(music.labels[learnt]) == {0, 1, 2}


def test_the_segment_split_leaks_and_says_so():
    music = examples(tracks_of((10, 10, 10)), windows=10)
    division = split(music, "segment")
    assert division.leaky and "LEAKY" in division.note
    ((train, test),) = parts_of(music, "segment")
    assert train & test
    part = division.parts[0]
    assert not set(part.train) & set(part.test) and len(part.test) == 60
    assert not any(split(music, name).leaky for name in ("track", "kfold", "blocks", "all"))


def test_tracks_are_split_evenly_within_each_genre():
    ((_, test),) = parts_of(examples(tracks_of((10, 20, 15))), "track")
    for genre, count in zip(GENRES, (2, 4, 3), strict=True):
        assert sum(name.startswith(genre) for name in test) == count
    assert test != next(parts_of(examples(tracks_of((10, 20, 15))), "track", 1))[1]


def test_blocks_are_neighbours():
    *folds, _ = parts_of(examples(tracks_of((10, 10, 10))), "blocks")
    assert len(folds) == FOLDS
    assert {"metal.00000", "metal.00001"} <= folds[0][1]
    assert {"metal.00008", "metal.00009"} <= folds[-1][1]


def test_filtered_lists():
    train, valid = ((LISTS / f"gtzan-{name}.txt").read_text().split() for name in ("train", "valid"))
    assert len(train) == len(set(train)) == 443 and len(valid) == len(set(valid)) == 197
    assert not set(train) & set(valid)
    names = [name for name in [*train, *valid] if name.split(".")[0] in GENRES]
    ((learnt, tested),) = parts_of(examples([*names, "metal.00999"]), "filtered")
    assert learnt == set(names) & set(train) and tested == set(names) & set(valid)
    with pytest.raises(DataError, match="choose another"):
        split(examples(["metal.10000", "rock.10000"]), "filtered")


def test_a_file_of_tracks(tmp_path):
    music = examples(tracks_of((3, 3, 3)))
    path = tmp_path / "held out.txt"
    path.write_text("\ufeffmetal.00001\nsome/where/rock.00002.wav\n\nblues.00000.au\nunknown\n")
    division = split(music, str(path))
    assert set(music.tracks[division.parts[0].test]) == {"metal.00001", "rock.00002", "blues.00000"}
    assert "held out.txt" in division.note
    path.write_text("unknown\n")
    with pytest.raises(DataError, match="nothing would be tested"):
        split(music, str(path))
    path.write_text("\n".join(f"metal.{n:05d}" for n in range(3)))
    with pytest.raises(DataError, match="no track of 'metal'"):
        split(music, str(path))


def test_names_of_plain_folders_are_found(tmp_path):
    music = Examples(
        np.zeros((4, 1)),
        np.array([0, 0, 1, 1]),
        np.array(["a/x song.mp3", "a/y.mp3", "b/z.flac", "b/w.ogg"]),
        ("a", "b"),
    )
    path = tmp_path / "list.txt"
    path.write_text("x song\nz.flac\n")
    assert set(music.tracks[split(music, str(path)).parts[0].test]) == {"a/x song.mp3", "b/z.flac"}


@pytest.mark.parametrize(
    ("lines", "complaint"),
    [
        (None, "a list of artists"),
        ("metal.00000,x\n", "does not name 5"),
        ("".join(f"{name},one\n" for name in tracks_of((2, 2, 2))), "single artist"),
    ],
)
def test_lists_of_artists_that_do_not_do(tmp_path, lines, complaint):
    path = tmp_path / "artists.csv"
    if lines is not None:
        path.write_text(lines)
    with pytest.raises(DataError, match=complaint):
        split(examples(tracks_of((2, 2, 2))), "artist", artists=path if lines else None)


def test_an_unknown_split_is_a_sentence():
    with pytest.raises(DataError, match=f"Splits: {', '.join(PROTOCOLS)}"):
        split(examples(tracks_of((2, 2, 2))), "no-such")
