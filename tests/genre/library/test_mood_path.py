"""Playlists by mood: near it, or a path that only goes one way, with reasons that are true."""

from pathlib import Path

import numpy as np
import pytest

from genre.inference.description import energy_signs
from genre.library.playlists.mood_path import CALM, GOALS, LIFT, MATCH, mood_path
from genre.library.search import Library, QueryError, Song, feeling_statistics, load_library
from genre.models.pretrained.heads import MUSIC_EMOTIONS
from genre.text import FEELING_WORDS
from tests.support.stand_ins.library import make_songs, scan

ANGRY = {"tension": 1.0, "power": 1.0, "calmness": -1.0}


@pytest.fixture
def library(tmp_path) -> Library:
    make_songs(tmp_path, 150)
    scan([tmp_path])
    return load_library()


def along(library: Library, ids: list[int], direction: str) -> np.ndarray:
    """How far songs lie in the direction of the goal, by a loop of its own."""
    weights = feeling_statistics()[2]
    profile = GOALS[direction].profile
    rows = {song.id: k for k, song in enumerate(library.songs)}
    norm = sum(weights[MUSIC_EMOTIONS.index(n)] * abs(v) for n, v in profile.items())
    return np.array(
        [
            sum(
                weights[MUSIC_EMOTIONS.index(n)] * v * library.heights[rows[id_], MUSIC_EMOTIONS.index(n)]
                for n, v in profile.items()
            )
            / norm
            for id_ in ids
        ]
    )


def start_along(direction: str) -> float:
    """How far the mood itself lies in the direction of the goal."""
    weights, profile = feeling_statistics()[2], GOALS[direction].profile
    norm = sum(weights[MUSIC_EMOTIONS.index(n)] * abs(v) for n, v in profile.items())
    return sum(weights[MUSIC_EMOTIONS.index(n)] * v * ANGRY.get(n, 0.0) for n, v in profile.items()) / norm


@pytest.mark.parametrize("direction", [CALM, LIFT])
def test_a_path_never_turns_back_and_its_reasons_are_true(library, direction):
    path = mood_path(library, ANGRY, direction, 12)
    ids = [item.song.id for item in path]
    assert len(set(ids)) == 12
    values = along(library, ids, direction)
    assert (np.diff(values) >= -1e-6).all()
    assert values[-1] - values[0] > 0.5
    assert values[0] < along(library, [s.id for s in library.songs], direction).mean() < values[-1]
    for step, item in zip(np.diff(values), path[1:-1], strict=False):
        is_step = item.reason.startswith(f"A step {GOALS[direction].comparative}")
        assert is_step == (step >= 0.1 - 1e-9)
    near = values[0] - start_along(direction) <= 0.5
    if path[0].reason.startswith("Starts where you are"):
        assert near and not {"calm", "tender"} & set(path[0].reason.partition(": ")[2][:-1].split(" and "))
    else:
        assert path[0].reason.startswith("Starts as near")
    assert path[-1].reason.startswith((f"Ends {GOALS[direction].word}", f"Ends as {GOALS[direction].word}"))


def test_a_match_takes_the_nearest_songs(library):
    weights = feeling_statistics()[2]
    goal = np.array([ANGRY.get(name, 0.0) for name in MUSIC_EMOTIONS])
    distances = np.sqrt((weights * (library.heights - goal) ** 2).sum(axis=1))
    nearest = {library.songs[k].id for k in np.argsort(distances)[:10]}
    path = mood_path(library, ANGRY, MATCH, 10)
    assert {item.song.id for item in path} == nearest
    assert sorted(item.position for item in path) == pytest.approx(sorted(distances)[:10], rel=1e-3)


def test_a_song_that_leads_away_from_the_mood_is_said_to_be_further(library):
    weights = feeling_statistics()[2]
    goal = np.array([ANGRY.get(name, 0.0) for name in MUSIC_EMOTIONS])
    rows = {song.id: k for k, song in enumerate(library.songs)}
    path = mood_path(library, ANGRY, MATCH, 150)
    leads = {item.reason.split(":")[0].rstrip(".") for item in path}
    assert leads == {"Near how you feel", "Further from how you feel"}
    is_near = [item.reason.startswith("Near") for item in path]
    assert is_near == [item.is_near for item in path]
    assert is_near == sorted(is_near, reverse=True), "what is near comes first"
    for item in path:
        share = (weights * goal * library.heights[rows[item.song.id]]).sum() / np.abs(weights * goal).sum()
        missing = (weights * goal * goal).sum() / np.abs(weights * goal).sum() - share
        if item.reason.startswith("Near"):
            assert missing <= 0.5
            assert not {"calm", "tender"} & set(item.reason.partition(": ")[2][:-1].split(" and "))
        elif missing <= 0.5:
            assert not item.reason.endswith(": powerful."), "nothing contrary is said of it"
    nowhere = mood_path(library, {}, MATCH, 150)  # near a neutral face is what has no strong feeling
    assert {item.reason for item in nowhere if item.is_near} <= {"Near how you feel: neither wild nor calm."}


def test_a_reason_names_feelings_or_without_any_the_energy(library):
    path = mood_path(library, ANGRY, MATCH, 150)
    reasons = {item.song.id: item.reason.partition(": ")[2].rstrip(".") for item in path}
    rows = {song.id: k for k, song in enumerate(library.songs)}
    energies = library.heights @ energy_signs()
    for id_, reason in reasons.items():
        if library.strongest_feelings(rows[id_], 1):
            assert set(reason.split(" and ")) <= set(FEELING_WORDS.values())
        else:
            assert reason in ("full of energy", "of little energy", "neither wild nor calm")
            assert reason != "full of energy" or energies[rows[id_]] > 0
            assert reason != "of little energy" or energies[rows[id_]] < 0


def test_each_recording_comes_once_and_a_small_library_gives_what_it_has(tmp_path):
    songs = make_songs(tmp_path, 3)
    Path(tmp_path / "copy.mp3").write_bytes(songs[0].read_bytes())
    (tmp_path / "bad.mp3").write_bytes(b"BAD")
    scan([tmp_path])
    for direction in (MATCH, LIFT, CALM):
        assert len(mood_path(load_library(), ANGRY, direction, 12)) == 3


def test_nothing_comes_of_nothing_and_unknown_words_are_a_sentence(library):
    with pytest.raises(QueryError, match="match, lift, calm"):
        mood_path(library, ANGRY, "sideways", 5)
    with pytest.raises(QueryError, match="There is no feeling 'hunger'"):
        mood_path(library, {"hunger": 1.0}, MATCH, 5)
    scan([library.songs[0].path.rsplit("/", 1)[0]])
    assert mood_path(Library([], *(np.zeros((0, n)) for n in (10, 9, 50, 250, 9))), ANGRY, MATCH, 5) == []


HAPPY = {"joyful_activation": 1.0, "amazement": 0.4, "sadness": -0.6, "tension": -0.4}
SAD = {"sadness": 1.0, "tenderness": 0.5, "nostalgia": 0.5, "joyful_activation": -0.6, "power": -0.5}


def library_of(*deviations: dict[str, float]) -> Library:
    """Songs with these feelings, in standard deviations from the average song."""
    heights = np.array([[song.get(name, 0.0) for name in MUSIC_EMOTIONS] for song in deviations])
    known = ("music", "", "jazz", True, True, 99.0, None, None)
    songs = [
        Song(n, f"/{n}", *known, str(n), "", "", "", False, bytes([n]), None, None)
        for n in range(len(deviations))
    ]
    return Library(songs, *(np.zeros((len(songs), size)) for size in (10, 9, 50, 250)), heights)


@pytest.mark.parametrize(
    ("mood", "song", "words"),
    [
        (SAD, {"sadness": 3.0, "power": 1.0}, "powerful"),
        (HAPPY, {"joyful_activation": 3.0, "solemnity": 0.5}, "solemn"),
        (ANGRY, {"tension": 3.0, "power": 0.2}, "full of energy"),
        (ANGRY, {"tension": 3.0, "calmness": 0.4}, "calm"),
        ({}, {"power": 1.0}, "powerful"),
        ({}, {"tension": 3.0}, "full of energy"),
    ],
)
def test_a_reason_never_calls_a_contrary_song_near(mood, song, words):
    path = mood_path(library_of(song, {"amazement": -1.0}), mood, MATCH, 2)
    item = next(item for item in path if item.song.id == 0)
    is_contrary = (mood, words) != (ANGRY, "full of energy")
    assert item.reason.endswith(f": {words}.") and item.is_near != is_contrary
    assert item.reason.startswith("Near") != is_contrary


def test_where_no_song_is_near_the_first_is_called_the_nearest_of_them():
    path = mood_path(library_of({"power": 2.0}, {"power": 1.0}, {"power": 3.0}), SAD, MATCH, 2)
    assert [item.reason for item in path] == [
        "The nearest of your 3 songs: powerful.",
        "Further from how you feel: powerful.",
    ]
    assert [item.song.id for item in path] == [1, 0] and not any(item.is_near for item in path)


def test_a_path_begins_and_ends_with_what_is_true_of_its_songs():
    songs = library_of({"power": 0.5}, {"calmness": 0.4, "power": 0.6, "tension": -3.0})
    first, last = mood_path(songs, SAD, CALM, 2)
    assert first.reason == "Starts as near to you as these songs come: powerful."
    assert last.reason == "Ends as calm as these songs get: powerful and calm."


def test_of_a_mood_whose_feelings_are_unknown_no_song_is_called_near():
    songs = library_of({}, {"power": 1.0})
    assert [item.reason for item in mood_path(songs, None, MATCH, 2)] == [
        "Neither wild nor calm.",
        "Powerful.",
    ]
    assert all(item.is_near for item in mood_path(songs, None, MATCH, 2))
    assert mood_path(songs, None, CALM, 2)[0].reason.startswith("To begin with: ")
