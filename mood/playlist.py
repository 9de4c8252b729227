"""A mood becomes a list of songs.

    playlist = find("sad", "Spanish", artist="Shakira", wish="change")
    playlist.tracks, playlist.error, playlist.search_url
    more(playlist), playlist.shuffled(seed=7), playlist.to_csv(), playlist.to_m3u()
"""

import csv
import io
import random
import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from mood import saved_lists
from mood.providers import PROVIDERS, Provider
from mood.query import compose
from mood.search import Found, search
from mood.youtube import SearchError, Track, queue_url, search_url

COUNT = 12
MOST_TRACKS = 50  # of one list
# Shorter is a clip or an advertisement, longer a mix, a concert or a talk.
SHORTEST_S, LONGEST_S = 60, 12 * 60
NOTHING = "Nothing fitting was found: try another mood, language or artist."
NO_MORE = "There are no more songs for these words: try another mood, language or artist."

# What titles of one song add in brackets or at the end. "Live" and "remix" are other recordings.
_ADDED = (
    r"(official|music|lyrics?|video|audio|hd|hq|4k|mv|m/v|visuali[sz]er|clip|officiel|oficial|letra"
    r"|videoclip|with|full|song|remaster(ed)?|[0-9]{4})"
)
_BRACKETS = re.compile(rf"[(\[【]\s*{_ADDED}([\s,/|-]+{_ADDED})*\s*[)\]】]")
_ENDING = re.compile(r"[\s|-]+(official\s+)?(music\s+|lyrics?\s+)?(video|audio|lyrics)$")


@dataclass(frozen=True)
class Playlist:
    """Songs for a query, or the reason there are none."""

    query: str
    search_url: str  # the same search in YouTube, whatever happened here
    provider: str = ""  # who found them; empty without tracks
    tracks: tuple[Track, ...] = ()
    error: str = ""  # a sentence; with tracks, those are an older list
    from_cache: bool = False
    found_at: float | None = None  # of a list from the cache: seconds since 1970

    @property
    def queue_url(self) -> str:
        """All tracks as one YouTube queue; empty without tracks."""
        return queue_url(self.tracks)

    def shuffled(self, seed: int) -> "Playlist":
        """The same tracks in another order, the same one for the same seed."""
        return replace(self, tracks=tuple(random.Random(seed).sample(self.tracks, len(self.tracks))))

    def to_json(self) -> dict:
        """{"query", "provider", "tracks", "search_url"} and, when there is one, "error"."""
        answer = {
            "query": self.query, "provider": self.provider or None,
            "tracks": [track.to_json() for track in self.tracks], "search_url": self.search_url,
        }  # fmt: skip
        return {**answer, "error": self.error} if self.error else answer

    def to_csv(self) -> str:
        """One line a track, safe to open in a spreadsheet."""
        from genre.answers import spreadsheet_cell  # brings audio and numbers along

        columns = ["title", "channel", "duration_s", "url"]
        text = io.StringIO()
        table = csv.DictWriter(text, columns, extrasaction="ignore")
        table.writeheader()
        for track in self.tracks:
            row = track.to_json()
            table.writerow({column: spreadsheet_cell(row[column]) for column in columns})
        return text.getvalue()

    def to_m3u(self) -> str:
        """An extended M3U list (UTF-8), for players that open YouTube addresses."""
        lines = ["#EXTM3U"]
        for track in self.tracks:
            length = -1 if track.duration_s is None else track.duration_s
            name = f"{track.channel} - {track.title}" if track.channel else track.title
            lines += [f"#EXTINF:{length},{name}", track.url]
        return "\n".join(lines) + "\n"


def find(
    emotion: str,
    language: str = "English",
    artist: str = "",
    wish: str = "match",
    count: int = COUNT,
    genre: str | None = None,
    *,
    cached: bool = True,
    providers: Sequence[Provider] = PROVIDERS,
) -> Playlist:
    """Songs for a mood; the words are those of mood.query.compose(). See find_words().

    Raises ValueError, with a sentence, when there is no mood or the wish is not known.
    """
    query = compose(emotion, language, artist, wish, genre)
    return find_words(query, count, cached=cached, providers=providers)


def more(playlist: Playlist, count: int = COUNT, shown: Iterable[Track] = ()) -> Playlist:
    """Other songs for the same query: neither the playlist's nor those of `shown`, earlier lists."""
    return find_words(playlist.query, count, without=(*playlist.tracks, *shown))


def find_words(
    query: str,
    count: int = COUNT,
    *,
    without: Sequence[Track] = (),
    cached: bool = True,
    providers: Sequence[Provider] = PROVIDERS,
) -> Playlist:
    """Up to `count` songs for a query, at most 50, and none of those in `without`.

    No trouble of the network is raised: it is the playlist's `error`. With `cached`, a list found
    within a day answers, an older one does when YouTube cannot, and what is found is kept.
    """
    count = min(max(1, count), MOST_TRACKS)

    def select(tracks: Iterable[Track]) -> tuple[Track, ...]:
        return songs(tracks, count, without)

    def enough(tracks: Sequence[Track]) -> bool:
        """Whether there are as many songs of known length; the others only fill up."""
        timed = [track for track in tracks if track.duration_s is not None]
        return len(timed) >= count and len(select(timed)) == count

    here, kept, older = Playlist(query, search_url(query)), None, ()
    try:
        if cached and (kept := saved_lists.load(query)):
            older = select(kept.tracks)
            if kept.fresh and (kept.complete or len(older) == count):
                return _answered(here, kept, older, without)
        found = search(query, enough, providers)
        tracks = select(found.tracks)
        if found.failure and (not tracks or len(tracks) < len(older)):
            raise found.failure  # what came before it is less than there is here
    except SearchError as error:
        answer = _answered(here, kept, older, without) if older else here
        return replace(answer, error=str(error))
    shorter = found.failure and kept and len(found.tracks) < len(kept.tracks)
    if cached and found.tracks and not shorter:
        saved_lists.save(query, found.provider, found.tracks, found.complete)
    return _answered(here, found, tracks, without)


def songs(tracks: Iterable[Track], count: int, without: Sequence[Track] = ()) -> tuple[Track, ...]:
    """The first `count` tracks that may be songs, each once; those of unknown length come last.

    Two tracks are the same with the same id or the same normal_title().
    """
    ids = {track.video_id for track in without}
    titles = {normal_title(track.title) for track in without}
    known, unknown = [], []
    for track in tracks:
        title = normal_title(track.title)
        if track.video_id in ids or title in titles:
            continue
        if track.duration_s is not None and not SHORTEST_S <= track.duration_s <= LONGEST_S:
            continue
        ids.add(track.video_id)
        titles.add(title)
        (unknown if track.duration_s is None else known).append(track)
    return tuple((known + unknown)[:count])


def normal_title(title: str) -> str:
    """The title as it is compared: without case, punctuation and what uploaders add."""
    folded = unicodedata.normalize("NFKC", title).casefold()
    short = _ENDING.sub("", _BRACKETS.sub(" ", folded).strip())
    words = "".join(c if unicodedata.category(c)[0] in "LNM" else " " for c in short).split()
    return " ".join(words) or folded


def _answered(
    here: Playlist, answer: Found | saved_lists.Saved, tracks: tuple[Track, ...], without: Sequence[Track]
) -> Playlist:
    """The playlist of an answer, of YouTube or of the cache."""
    if not tracks:
        return replace(here, error=NO_MORE if without else NOTHING)
    saved = isinstance(answer, saved_lists.Saved)
    return replace(
        here, provider=answer.provider, tracks=tracks, from_cache=saved,
        found_at=answer.found_at if saved else None,
    )  # fmt: skip
