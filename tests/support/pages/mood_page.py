"""The Mood page without a browser: opened, photographed, and its searches in YouTube."""

import functools

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from mood.emotion.recognizer import EmotionNetRecognizer
from mood.playlist.playlist import Playlist
from mood.playlist.youtube import YoutubeTrack, search_url
from pages.moods import choices
from tests.support.faces import encoded
from tests.support.pages import app_visits
from tests.support.pages.app_visits import healthy, press

visit = functools.partial(app_visits.visit, "mood")
earmark_recognizer = functools.cache(EmotionNetRecognizer.load)


def songs_called(query: str, count: int = 4, first: int = 0) -> tuple[YoutubeTrack, ...]:
    return tuple(
        YoutubeTrack.from_result(
            f"video{number:06}", f"{query} number {number}", "The Lanterns", 200 + number
        )
        for number in range(first, first + count)
    )


@pytest.fixture
def searches(monkeypatch) -> list[tuple]:
    """The arguments of each search in YouTube; every search gives four songs."""
    calls = []

    def find(*arguments: str) -> Playlist:
        calls.append(arguments)
        query = " ".join(arguments)
        return Playlist(query, search_url(query), "yt-dlp", songs_called(arguments[0]))

    monkeypatch.setattr(choices, "find_playlist", find)
    return calls


def snapshot(app: AppTest, image: np.ndarray | bytes) -> AppTest:
    """Take a photo of this."""
    if not app.camera_input:
        press(app, "open_camera")
    content = image if isinstance(image, bytes) else encoded(image, "JPEG")
    return healthy(app.camera_input[0].upload("snapshot.jpg", content).run())


def pills(app: AppTest):
    """The faces to choose from."""
    (choice,) = [pills for pills in app.pills if pills.key.startswith(choices.CHOICE)]
    return choice


def song_titles(app: AppTest) -> list[str]:
    """The titles of the songs, in order."""
    return [track.title for track in app.session_state["songs"].playlist.tracks]
