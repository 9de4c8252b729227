"""The last playlists, on disk: for the same query soon after, and for when there is no network."""

import hashlib
import json
import time
from dataclasses import dataclass
from pathlib import Path

from genre.paths import home, write_atomic
from mood.playlist.youtube import SearchError, YoutubeTrack, stand_in_address

FRESH_S = 24 * 3600  # seconds in which a playlist is served again for its query
MAX_PLAYLISTS = 200  # playlists that are kept, each some 10 to 30 KB
MAX_PLAYLIST_BYTES = 2**20
OLD_KEYS = {"complete": "is_complete", "found_at": "fetched_at"}  # keys in files by older versions -> today's


@dataclass(frozen=True)
class CachedPlaylist:
    """One playlist as it was fetched."""

    query: str
    provider: str
    tracks: tuple[YoutubeTrack, ...]
    is_complete: bool  # whether YouTube had no more results
    fetched_at: float  # seconds since 1970

    @property
    def is_fresh(self) -> bool:
        return 0 <= time.time() - self.fetched_at < FRESH_S


def playlists_folder() -> Path:
    """Return the cache's folder; a stand-in server has its own. Raises SearchError as stand_in_address()."""
    address = stand_in_address()
    name = "youtube" if address is None else f"stand-in-{address[0]}-{address[1]}".replace(":", "_")
    return home() / "cache" / "playlists" / name


def save_playlist(query: str, provider: str, tracks: tuple[YoutubeTrack, ...], is_complete: bool) -> None:
    """Save a playlist, and delete the oldest ones; a full or read-only disk is no error."""
    record = {
        "query": query,
        "provider": provider,
        "is_complete": is_complete,
        "fetched_at": time.time(),
        "tracks": [track.to_json() for track in tracks],
    }
    try:
        write_atomic(_path(query), json.dumps(record))
        for path in _paths_by_age()[MAX_PLAYLISTS:]:
            path.unlink(missing_ok=True)
    except OSError:
        pass


def load_playlist(query: str) -> CachedPlaylist | None:
    """Load the playlist cached for `query`, however old."""
    cached_playlist = _read(_path(query))
    return cached_playlist if cached_playlist and cached_playlist.query == query else None


def recent_playlists(count: int = 5) -> list[CachedPlaylist]:
    """List the playlists fetched last, newest first; none where EARMARK_YOUTUBE_HOST is wrong."""
    playlists: list[CachedPlaylist] = []
    try:
        paths = _paths_by_age()
    except (OSError, SearchError):
        return playlists
    for path in paths:
        if len(playlists) == count:
            break
        cached_playlist = _read(path)
        if cached_playlist:
            playlists.append(cached_playlist)
    return playlists


def _path(query: str) -> Path:
    digest = hashlib.sha256(query.encode("utf-8", "surrogatepass")).hexdigest()
    return playlists_folder() / f"{digest[:32]}.json"


def _paths_by_age() -> list[Path]:
    """List the files of the cache, newest first."""
    times = []
    for path in playlists_folder().glob("*.json"):
        try:
            times.append((path.stat().st_mtime, path.name, path))
        except OSError:
            continue  # another page has just deleted it
    return [path for _, _, path in sorted(times, reverse=True)]


def _read(path: Path) -> CachedPlaylist | None:
    """Read a playlist from a file of this version or an older one; None where it is missing or damaged."""
    try:
        if path.stat().st_size > MAX_PLAYLIST_BYTES:
            return None
        record = {OLD_KEYS.get(key, key): value for key, value in json.loads(path.read_bytes()).items()}
        candidates = (
            YoutubeTrack.from_result(item["video_id"], item["title"], item["channel"], item["duration_s"])
            for item in record["tracks"]
        )
        tracks = tuple(track for track in candidates if track)
        query, provider = record["query"], record["provider"]
        if not (isinstance(query, str) and isinstance(provider, str) and tracks):
            return None
        return CachedPlaylist(
            query, provider, tracks, record["is_complete"] is True, float(record["fetched_at"])
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None
