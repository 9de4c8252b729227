"""Playlists: a mood becomes a list of songs.

playlist = find_playlist("sad", "Spanish", artist="Shakira", direction="change")
playlist.tracks, playlist.error, playlist.search_url
find_more(playlist), playlist.shuffled(seed=7), playlist.to_csv(), playlist.to_m3u()
"""

import csv
import io
import random
import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from mood.playlist import cache
from mood.playlist.providers import PROVIDERS, Provider
from mood.playlist.query import compose_query
from mood.playlist.search import SearchResult, search_providers
from mood.playlist.youtube import SearchError, YoutubeTrack, queue_url, search_url

DEFAULT_TRACKS = 12
MAX_TRACKS = 50  # tracks in one playlist
# A shorter video is an excerpt or an advertisement, a longer one a mix, a concert or a talk.
MIN_SONG_S, MAX_SONG_S = 60, 12 * 60
NO_SONGS = "Nothing fitting was found: try another mood, language or artist."
NO_MORE = "There are no more songs for these words: try another mood, language or artist."

# Words that uploaders add to a title in brackets or at the end. "Live" and "remix" are other recordings.
_SUFFIX_WORD = (
    r"(official|music|lyrics?|video|audio|hd|hq|4k|mv|m/v|visuali[sz]er|clip|officiel|oficial|letra"
    r"|videoclip|with|full|song|remaster(ed)?|[0-9]{4})"
)
_BRACKETED_SUFFIX = re.compile(rf"[(\[【]\s*{_SUFFIX_WORD}([\s,/|-]+{_SUFFIX_WORD})*\s*[)\]】]")
_TRAILING_SUFFIX = re.compile(r"[\s|-]+(official\s+)?(music\s+|lyrics?\s+)?(video|audio|lyrics)$")


@dataclass(frozen=True)
class Playlist:
    """Songs for a query, or the reason there are none."""

    query: str
    search_url: str  # address of the same search in YouTube, whatever happened here
    provider: str = ""  # provider of the tracks; empty without any
    tracks: tuple[YoutubeTrack, ...] = ()
    error: str = ""  # a sentence, or empty; beside it, the tracks are those of an older playlist
    from_cache: bool = False
    fetched_at: float | None = None  # seconds since 1970, of a cached playlist

    @property
    def queue_url(self) -> str:
        """All tracks as one YouTube queue; empty without tracks."""
        return queue_url(self.tracks)

    def shuffled(self, seed: int) -> "Playlist":
        """Return the same tracks in another order, the same one for the same seed."""
        return replace(self, tracks=tuple(random.Random(seed).sample(self.tracks, len(self.tracks))))

    def to_json(self) -> dict:
        """Return {"query", "provider", "tracks", "search_url"} and, when there is one, "error"."""
        record = {
            "query": self.query,
            "provider": self.provider or None,
            "tracks": [track.to_json() for track in self.tracks],
            "search_url": self.search_url,
        }
        return {**record, "error": self.error} if self.error else record

    def to_csv(self) -> str:
        """Write one line a track, safe to open in a spreadsheet."""
        from genre.text import spreadsheet_cell  # imported here: it loads audio and numerics

        columns = ["title", "channel", "duration_s", "url"]
        buffer = io.StringIO()
        writer = csv.DictWriter(buffer, columns, extrasaction="ignore")
        writer.writeheader()
        for track in self.tracks:
            row = track.to_json()
            writer.writerow({column: spreadsheet_cell(row[column]) for column in columns})
        return buffer.getvalue()

    def to_m3u(self) -> str:
        """Write an extended M3U list (UTF-8), for players that open YouTube addresses."""
        lines = ["#EXTM3U"]
        for track in self.tracks:
            duration_s = -1 if track.duration_s is None else track.duration_s
            name = f"{track.channel} - {track.title}" if track.channel else track.title
            lines += [f"#EXTINF:{duration_s},{name}", track.url]
        return "\n".join(lines) + "\n"


def find_playlist(
    emotion: str,
    language: str = "English",
    artist: str = "",
    direction: str = "match",
    count: int = DEFAULT_TRACKS,
    genre: str | None = None,
    *,
    use_cache: bool = True,
    providers: Sequence[Provider] = PROVIDERS,
) -> Playlist:
    """Find songs for a mood; the arguments are those of compose_query(). See find_by_query().

    Raises ValueError, with a sentence, where there is no mood or the direction is not known.
    """
    query = compose_query(emotion, language, artist, direction, genre)
    return find_by_query(query, count, use_cache=use_cache, providers=providers)


def find_more(
    playlist: Playlist, count: int = DEFAULT_TRACKS, exclude: Iterable[YoutubeTrack] = ()
) -> Playlist:
    """Find other songs for the query: neither the playlist's nor those of `exclude`, earlier playlists."""
    return find_by_query(playlist.query, count, exclude=(*playlist.tracks, *exclude))


def find_by_query(
    query: str,
    count: int = DEFAULT_TRACKS,
    *,
    exclude: Sequence[YoutubeTrack] = (),
    use_cache: bool = True,
    providers: Sequence[Provider] = PROVIDERS,
) -> Playlist:
    """Find up to `count` songs for a query, at most MAX_TRACKS, and none of those in `exclude`.

    No network error is raised: it is the playlist's `error`. With `use_cache`, a playlist fetched within a
    day is served, an older one when YouTube cannot answer, and what is fetched is cached.
    """
    count = min(max(1, count), MAX_TRACKS)

    def select(tracks: Iterable[YoutubeTrack]) -> tuple[YoutubeTrack, ...]:
        return select_songs(tracks, count, exclude)

    def is_enough(tracks: Sequence[YoutubeTrack]) -> bool:
        """Return whether there are `count` songs of known duration; the others only fill up."""
        timed_tracks = [track for track in tracks if track.duration_s is not None]
        return len(timed_tracks) >= count and len(select(timed_tracks)) == count

    empty, cached_playlist = Playlist(query, search_url(query)), None
    cached_tracks: tuple[YoutubeTrack, ...] = ()
    try:
        if use_cache and (cached_playlist := cache.load_playlist(query)):
            cached_tracks = select(cached_playlist.tracks)
            if cached_playlist.is_fresh and (cached_playlist.is_complete or len(cached_tracks) == count):
                return _fill(empty, cached_playlist, cached_tracks, exclude)
        result = search_providers(query, is_enough, providers)
        tracks = select(result.tracks)
        if result.failure and (not tracks or len(tracks) < len(cached_tracks)):
            raise result.failure  # the cached playlist has more than came before the failure
    except SearchError as error:
        playlist = (
            _fill(empty, cached_playlist, cached_tracks, exclude)
            if cached_playlist and cached_tracks
            else empty
        )
        return replace(playlist, error=str(error))
    is_shorter = result.failure and cached_playlist and len(result.tracks) < len(cached_playlist.tracks)
    if use_cache and result.tracks and not is_shorter:
        cache.save_playlist(query, result.provider, result.tracks, result.is_complete)
    return _fill(empty, result, tracks, exclude)


def select_songs(
    tracks: Iterable[YoutubeTrack], count: int, exclude: Sequence[YoutubeTrack] = ()
) -> tuple[YoutubeTrack, ...]:
    """Select the first `count` tracks that may be songs, each once; those of unknown duration come last.

    Two tracks are the same where their ids or their normalized titles are the same.
    """
    ids = {track.video_id for track in exclude}
    titles = {normalize_title(track.title) for track in exclude}
    timed_tracks: list[YoutubeTrack] = []
    untimed_tracks: list[YoutubeTrack] = []
    for track in tracks:
        title = normalize_title(track.title)
        if track.video_id in ids or title in titles:
            continue
        if track.duration_s is not None and not MIN_SONG_S <= track.duration_s <= MAX_SONG_S:
            continue
        ids.add(track.video_id)
        titles.add(title)
        (untimed_tracks if track.duration_s is None else timed_tracks).append(track)
    return tuple((timed_tracks + untimed_tracks)[:count])


def normalize_title(title: str) -> str:
    """Normalize the title for comparison: without case, punctuation and words that uploaders add."""
    title_key = unicodedata.normalize("NFKC", title).casefold()
    short = _TRAILING_SUFFIX.sub("", _BRACKETED_SUFFIX.sub(" ", title_key).strip())
    words = "".join(c if unicodedata.category(c)[0] in "LNM" else " " for c in short).split()
    return " ".join(words) or title_key


def _fill(
    playlist: Playlist,
    source: SearchResult | cache.CachedPlaylist,
    tracks: tuple[YoutubeTrack, ...],
    exclude: Sequence[YoutubeTrack],
) -> Playlist:
    """Fill the playlist with tracks of YouTube or of the cache, or with the reason there are none."""
    if not tracks:
        return replace(playlist, error=NO_MORE if exclude else NO_SONGS)
    playlist = replace(playlist, provider=source.provider, tracks=tracks)
    if isinstance(source, cache.CachedPlaylist):
        return replace(playlist, from_cache=True, fetched_at=source.fetched_at)
    return playlist
