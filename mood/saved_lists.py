"""The last lists found, on disk: for the same question soon after, and for when there is no network."""

import hashlib
import json
import time
from dataclasses import dataclass
from pathlib import Path

from genre.home import home, write_atomic
from mood.youtube import SearchError, Track, stand_in

FRESH_S = 24 * 3600  # for so long a list answers the same question
KEPT = 200  # lists; each some 10 to 30 KB
LARGEST_BYTES = 2**20


@dataclass(frozen=True)
class Saved:
    """One list as it was found."""

    query: str
    provider: str
    tracks: tuple[Track, ...]
    complete: bool  # there was no more to be had
    found_at: float  # seconds since 1970

    @property
    def fresh(self) -> bool:
        return 0 <= time.time() - self.found_at < FRESH_S


def folder() -> Path:
    """Where the lists are kept; those of a stand-in server apart. Raises SearchError like stand_in()."""
    address = stand_in()
    name = "youtube" if address is None else f"stand-in-{address[0]}-{address[1]}".replace(":", "_")
    return home() / "cache" / "playlists" / name


def save(query: str, provider: str, tracks: tuple[Track, ...], complete: bool) -> None:
    """Keep a list, and let go of the oldest; a full or read-only disk is no reason to fail."""
    record = {
        "query": query, "provider": provider, "complete": complete, "found_at": time.time(),
        "tracks": [track.to_json() for track in tracks],
    }  # fmt: skip
    try:
        write_atomic(_path(query), json.dumps(record))
        for path in _newest_first()[KEPT:]:
            path.unlink(missing_ok=True)
    except OSError:
        pass


def load(query: str) -> Saved | None:
    """The list kept for `query`, however old."""
    saved = _read(_path(query))
    return saved if saved and saved.query == query else None


def latest(count: int = 5) -> list[Saved]:
    """The lists found last, newest first; none where EARMARK_YOUTUBE_HOST is wrong."""
    found: list[Saved] = []
    try:
        paths = _newest_first()
    except (OSError, SearchError):
        return found
    for path in paths:
        if len(found) == count:
            break
        saved = _read(path)
        if saved:
            found.append(saved)
    return found


def _path(query: str) -> Path:
    digest = hashlib.sha256(query.encode("utf-8", "surrogatepass")).hexdigest()
    return folder() / f"{digest[:32]}.json"


def _newest_first() -> list[Path]:
    times = []
    for path in folder().glob("*.json"):
        try:
            times.append((path.stat().st_mtime, path.name, path))
        except OSError:
            continue  # another page has just let go of it
    return [path for _, _, path in sorted(times, reverse=True)]


def _read(path: Path) -> Saved | None:
    """The list in a file; None where it is missing or damaged."""
    try:
        if path.stat().st_size > LARGEST_BYTES:
            return None
        record = json.loads(path.read_bytes())
        tracks = (
            Track.of(told["video_id"], told["title"], told["channel"], told["duration_s"])
            for told in record["tracks"]
        )
        kept = tuple(track for track in tracks if track)
        query, provider = record["query"], record["provider"]
        if not (isinstance(query, str) and isinstance(provider, str) and kept):
            return None
        return Saved(query, provider, kept, record["complete"] is True, float(record["found_at"]))
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return None
