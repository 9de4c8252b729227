"""The example: the pieces that come with Earmark, as a folder of music for who has none at hand."""

from pathlib import Path

from genre import GENRES
from genre.data.recordings import all_recordings
from genre.library.index import Index, library_folder
from genre.library.progress import lock_scan
from genre.paths import PIECES, write_atomic
from genre.text import genre_name
from pages.library.content import known_folders


def example_folder() -> Path:
    """Where the pieces lie once they were asked for."""
    return library_folder() / "example"


def n_pieces() -> int:
    """Return how many pieces there are."""
    return len(all_recordings()) + len(GENRES)


def make_example() -> Path:
    """Copy the pieces under names that say what they are -> their folder. Raises OSError."""
    pieces = {f"{song.title}, {song.artist.replace('/', 'and')}": song.path for song in all_recordings()}
    pieces |= {f"{genre_name(genre).capitalize()} by Earmark": PIECES / f"{genre}.mp3" for genre in GENRES}
    for name, path in pieces.items():
        write_atomic(example_folder() / f"{name}{path.suffix}", path.read_bytes())
    return example_folder()


def forget_example() -> None:
    """Take the example out of the library: it is no music of the visitor's. Raises LibraryError."""
    if str(example_folder()) in known_folders():
        with lock_scan(), Index() as index:
            index.forget(str(example_folder()))
