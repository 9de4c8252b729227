"""The Mood page without a browser: opened, photographed, and what it asks YouTube for."""

import functools

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from mood.playlist import Playlist
from mood.reader import EmotionReader
from mood.youtube import Track, search_url
from pages import _mood_wish
from tests import app_visits
from tests.app_visits import healthy
from tests.faces_at_hand import encoded

visit = functools.partial(app_visits.visit, "mood")
own_reader = functools.cache(EmotionReader.load)


def songs_called(query: str, count: int = 4, first: int = 0) -> tuple[Track, ...]:
    return tuple(
        Track.of(f"video{number:06}", f"{query} number {number}", "The Lanterns", 200 + number)
        for number in range(first, first + count)
    )


@pytest.fixture
def asked(monkeypatch) -> list[tuple]:
    """What YouTube was asked for; every question finds four songs."""
    questions = []

    def find(*question: str) -> Playlist:
        questions.append(question)
        query = " ".join(question)
        return Playlist(query, search_url(query), "yt-dlp", songs_called(question[0]))

    monkeypatch.setattr(_mood_wish, "find", find)
    return questions


def snapshot(app: AppTest, image: np.ndarray | bytes) -> AppTest:
    """Take a photo of this."""
    content = image if isinstance(image, bytes) else encoded(image, "JPEG")
    return healthy(app.camera_input[0].upload("snapshot.jpg", content).run())


def pills(app: AppTest):
    """The faces to choose from."""
    return app.pills(key="mood")


def shown(app: AppTest) -> list[str]:
    """The titles of the songs, in order."""
    return [track.title for track in app.session_state["songs"].playlist.tracks]
