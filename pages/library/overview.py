"""What the library holds: genres, feelings, files that are there twice, tags that say something else."""

from collections import Counter
from typing import TYPE_CHECKING

import streamlit as st

from genre.plots.library import counts_chart
from genre.plots.prediction import COLOURS
from genre.text import encodable, genre_name
from pages.library.player import save_songs
from pages.shared.widgets import STATIC, escaped

if TYPE_CHECKING:
    from genre.library.search import Library, Song

MAX_GROUPS = 50  # duplicates listed at once


def show_overview(library: "Library") -> None:
    """Show charts and lists."""
    left, right = st.columns(2)
    with left:
        st.markdown("**Genres**", help="What Earmark takes each song for, sure of it or not.")
        genres = Counter(song.genre for song in library.songs if song.genre)
        _show_counts(dict(genres), COLOURS, "library_genre_counts")
    with right:
        st.markdown(
            "**Feelings**",
            help="The one that stands out most in each song, of those that the model predicts well.",
        )
        _show_counts(_feeling_counts(library), {}, "library_feeling_counts")
    damaged = [song for song in library.songs if song.error]
    if damaged:
        with st.expander(f"{len(damaged):,} files that cannot be read"):
            st.dataframe({"File": _paths(damaged), "Why": [song.error for song in damaged]}, hide_index=True)
    _show_duplicates(library)
    _show_disagreements(library)


def _show_counts(counts: dict[str, int], colours: dict[str, str], key: str) -> None:
    if not counts:
        st.caption("None yet.")
        return
    words = ", ".join(f"{genre_name(name)} {count:,}" for name, count in counts.items())
    st.plotly_chart(counts_chart(counts, colours), config=STATIC, key=key, alt=words)


def _feeling_counts(library: "Library") -> dict[str, int]:
    from genre.text import FEELING_WORDS

    names = (library.strongest_feelings(k, 1) for k in range(len(library)) if library.songs[k].genre)
    return dict(Counter(FEELING_WORDS[name[0]] if name else "none stands out" for name in names))


def _show_duplicates(library: "Library") -> None:
    groups = library.duplicates()
    with st.expander(f"{len(groups):,} recordings are there more than once" if groups else "No duplicates"):
        if not groups:
            st.caption("No two files have the same content.")
        for group in groups[:MAX_GROUPS]:
            st.markdown(f"**{escaped(encodable(group[0].name))}**, {len(group)} times")
            st.code("\n".join(_paths(group)), language=None)
        if len(groups) > MAX_GROUPS:
            st.caption(f"And {len(groups) - MAX_GROUPS:,} more.")


def _show_disagreements(library: "Library") -> None:
    from genre.library.search import tag_genres

    songs = library.disagreements()
    if not songs and not any(song.confident and tag_genres(song.tag_genre) for song in library.songs):
        st.caption("No tags to compare: no file that Earmark is sure of names one of the ten genres itself.")
        return
    title = (
        f"{len(songs):,} songs whose own tag says another genre" if songs else "All tags agree with Earmark"
    )
    with st.expander(title):
        st.caption("Earmark is sure of these, and the file's own tag names another of the ten genres.")
        if songs:
            st.dataframe(
                {
                    "Title": [encodable(song.name) for song in songs],
                    "Own tag": [song.tag_genre for song in songs],
                    "Earmark": [genre_name(song.genre or "") for song in songs],
                    "File": _paths(songs),
                },
                hide_index=True,
            )
            save_songs(songs, "library_disagreements")


def _paths(songs: "list[Song]") -> list[str]:
    return [encodable(song.path) for song in songs]
