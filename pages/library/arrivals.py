"""The songs of a first scan, while there is no map: a dot for each beside its genre, the latest by name."""

from html import escape

import streamlit as st

from genre import GENRES
from genre.library.index import Index
from genre.library.progress import ScanProgress
from genre.plots.prediction import COLOURS, QUIET
from genre.text import counted, encodable, genre_name
from pages.library.content import has_library
from pages.library.state import library_state

N_LATEST = 6  # songs by name
MAX_DOTS = 40  # of a genre; where one has more songs, a dot stands for several
WAITING = "Earmark loads its model first: the first songs come in a few seconds."

_STYLE = """<style>
    .arrivals { display: grid; grid-template-columns: 3fr 2fr; gap: .6rem 2.2rem; padding-top: .3rem; }
    .arrivals > * { min-width: 0; }
    .stApp .arrivals :is(p, ul, ol, li) { margin: 0; padding: 0; list-style: none; }
    .arrivals :is(.arrivals-count, .arrivals-last) { display: none; }
    .arrivals-genres { display: grid; gap: .35rem; align-content: start; }
    .arrivals-genres li { display: grid; grid-template-columns: 5.2rem 1fr 2.4rem; gap: .6rem;
        align-items: center; min-height: 1.7rem; }
    .arrivals-genres li.is-empty > span { opacity: .6; }
    .arrivals-genres div { display: flex; flex-wrap: wrap; gap: .18rem; min-height: .8rem; }
    .arrivals-genres i { width: .8rem; height: .8rem; border-radius: 50%; background: var(--genre); }
    .arrivals-genres b { text-align: right; font-variant-numeric: tabular-nums; }
    .arrivals-latest li { display: grid; grid-template-columns: 1fr auto; gap: .8rem; padding: .3rem 0; }
    .arrivals-latest b { overflow: hidden; text-overflow: ellipsis; white-space: nowrap; font-weight: 500; }
    .arrivals-latest span::before { content: "\\25CF  "; color: var(--genre); }
    .arrivals-latest li:first-child b { font-weight: 700; }
    .arrivals-about { grid-column: 1 / -1; opacity: .8; font-size: .9rem; }
    @media (prefers-reduced-motion: no-preference) {
        .arrivals-genres i.is-new { animation: arrive .7s cubic-bezier(.2, 1.6, .4, 1) backwards; }
        @keyframes arrive { from { scale: 0; translate: 0 -1.4rem; } } }
    @media (max-width: 640px) { .arrivals { grid-template-columns: 1fr; } .arrivals-latest { grid-row: 1; } }
</style>"""


def has_map() -> bool:
    """Whether any song has its place on the map. Raises LibraryError."""
    if not has_library():
        return False
    with Index() as index:
        return index.has_map()


def show_arrivals(progress: ScanProgress, time_left: str) -> None:
    """Show what has been read so far. Raises LibraryError."""
    with Index() as index:
        counts, latest = index.genre_counts(), index.latest_songs(N_LATEST)
    before = library_state().arrivals
    library_state().arrivals = counts
    if not latest:
        st.caption(WAITING)
    step = -(-max(counts.values(), default=1) // MAX_DOTS)  # songs that a dot stands for
    rows = "".join(_row(genre, counts.get(genre, 0), before.get(genre, 0), step) for genre in GENRES)
    names = "".join(
        f'<li style="--genre: {COLOURS[genre]}"><b>{escape(encodable(name))}</b>'
        f"<span>{genre_name(genre).capitalize()}</span></li>"
        for _, name, genre in latest
    )
    of_all = f" of {counted(progress.total, 'song')}" if progress.total else " songs"
    if (without := progress.n_done - sum(counts.values())) > 0:
        of_all += f", {without:,} without music"
    left = f"<small>{time_left} left, then the map</small>" if time_left else ""
    last = f'<p class="arrivals-last" style="--genre: {QUIET}">{WAITING}</p>'  # on the stage
    if latest:
        _, name, genre = latest[0]
        last = (
            f'<p class="arrivals-last" style="--genre: {COLOURS[genre]}"><b>{escape(encodable(name))}</b>'
            f"<span>{genre_name(genre).capitalize()}</span></p>"
        )
    about = f"A dot is {counted(step, 'song')}. The map comes when all are read."
    st.html(
        f'{_STYLE}<div class="arrivals">'
        f'<p class="arrivals-count"><b>{progress.n_done:,}</b>{of_all}{left}</p>{last}'
        f'<ul class="arrivals-genres">{rows}</ul><ol class="arrivals-latest" aria-label="Read last">{names}'
        f'</ol><p class="arrivals-about">{about}</p></div>'
    )


def _row(genre: str, count: int, before: int, step: int) -> str:
    """The dots of a genre; those of songs that were read since the last look come in."""
    dots = "".join(
        f"<i{' class=is-new' if before < n * step else ''}></i>" for n in range(1, -(-count // step) + 1)
    )
    empty = "" if count else ' class="is-empty"'
    return (
        f'<li style="--genre: {COLOURS[genre]}"{empty}><span>{genre_name(genre).capitalize()}</span>'
        f"<div>{dots}</div><b>{count or ''}</b></li>"
    )
