"""A walk through the map goes from one side to the other, and sees many genres."""

import numpy as np

from genre.library.playlists.map_walk import map_walk


def test_a_walk_goes_from_the_left_to_the_right_without_turning_back():
    points = np.random.default_rng(3).normal(size=(200, 2))
    walk = map_walk(points, ["jazz"] * 200, 8)
    assert len(set(walk)) == 8 and (np.diff(points[walk, 0]) > 0).all()
    order = points[:, 0].argsort()
    assert walk[0] in order[:25] and walk[-1] in order[-25:]


def test_each_song_is_near_the_one_before():
    points = np.random.default_rng(3).uniform(size=(400, 2))
    heights = points[map_walk(points, ["jazz"] * 400, 8), 1]
    assert np.abs(np.diff(heights)).max() < 0.2


def test_a_genre_that_was_not_visited_yet_comes_sooner():
    points = np.array([[0, 0.5], [1, 0.5], [1.1, 0.7], [2, 0.5], [2.1, 0.3]])
    genres = ["jazz", "jazz", "pop", "pop", "rock"]
    assert [genres[row] for row in map_walk(points, genres, 3)] == ["jazz", "pop", "rock"]


def test_few_songs_are_all_visited_and_none_are_no_walk():
    assert map_walk(np.array([[1.0, 0], [0, 0]]), ["jazz", "pop"], 8) == [1, 0]
    assert map_walk(np.zeros((1, 2)), ["jazz"], 8) == [0]
    assert map_walk(np.zeros((0, 2)), [], 8) == []
