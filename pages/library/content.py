"""The library in the server's memory, loaded once for all reruns, and as a table."""

from typing import TYPE_CHECKING

from genre.library.index import Index, index_path, index_version
from genre.text import encodable, genre_name
from pages.shared.models import shared_model

if TYPE_CHECKING:
    import pandas as pd

    from genre.library.search import Library

FEELING_WORDS_OF_A_SONG = 2


def has_library() -> bool:
    """Whether anything was ever scanned; it costs nothing."""
    return index_path().exists()


def known_folders() -> list[str]:
    """Return the folders that were scanned. Raises LibraryError."""
    if not has_library():
        return []
    with Index() as index:
        return index.folders()


def current_library() -> "Library":
    """Return the library as it stands, empty where there is none. Raises LibraryError."""
    from genre.library.search import load_library  # imports torch

    return shared_model("library", (str(index_path()), index_version()), load_library)


def song_table(library: "Library") -> "pd.DataFrame":
    """Return all songs as a table, row k of songs[k]."""
    return shared_model("library_table", id(library), lambda: _song_table(library))


def _song_table(library: "Library") -> "pd.DataFrame":
    import pandas as pd

    from genre.text import FEELING_WORDS

    songs = library.songs
    feelings = [
        ", ".join(FEELING_WORDS[name] for name in library.strongest_feelings(k, FEELING_WORDS_OF_A_SONG))
        or None  # the table has a dash there
        for k in range(len(songs))
    ]
    best = library.probabilities.max(axis=1, initial=0.0)
    return pd.DataFrame(
        {
            "Title": [encodable(song.name) for song in songs],
            "Genre": [genre_name(song.genre) if song.genre else None for song in songs],
            "Sure": [100 * best[k] if song.genre else None for k, song in enumerate(songs)],
            "Feels": feelings,
            "Tempo": [song.tempo_bpm for song in songs],
            "Length": [song.duration_s for song in songs],
            "Own tag": [song.tag_genre for song in songs],
            "Album": [song.album for song in songs],
            "Problem": [song.error for song in songs],
            "File": [encodable(song.path) for song in songs],
        }
    )
