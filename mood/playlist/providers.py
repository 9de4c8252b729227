"""The two ways to search YouTube, behind one interface: tracks one by one, as pages are read.

Both send the search of YouTube's own page ("innertube") and know how to read the answer, which
changes every few months. yt-dlp is kept up to date with it; youtube-search-python is the older and
simpler one that takes over when yt-dlp fails.
"""

import functools
import io
import itertools
import json
import re
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple, Protocol

from mood.playlist.youtube import UNREADABLE, SearchError, YoutubeTrack, post_search

MAX_RESULTS = 100  # results of five pages
MAX_PAGES = 12  # an answer without songs may name a next page for ever


class Provider(Protocol):
    """One way to search."""

    name: str

    def results(self, query: str, deadline: float) -> Iterator[YoutubeTrack]:
        """Yield the results, best first; the next page is requested when it is needed.

        Raises SearchError, and whatever the library behind it raises for an answer it cannot read.
        `deadline` is a time of time.monotonic().
        """


class YtDlp:
    """yt-dlp's flat search: it reads titles, channels and durations, and opens no video."""

    name = "yt-dlp"

    def results(self, query: str, deadline: float) -> Iterator[YoutubeTrack]:
        from yt_dlp import YoutubeDL
        from yt_dlp.extractor.youtube import YoutubeSearchIE
        from yt_dlp.globals import plugin_dirs
        from yt_dlp.networking import Response

        pages = itertools.count(1)

        class Downloader(YoutubeDL):
            """A downloader that sends every request through post_search(), never through its own stack."""

            def urlopen(self, request: Any) -> Response:
                if next(pages) > MAX_PAGES:
                    raise SearchError(UNREADABLE)
                headers = {**self.params["http_headers"], **request.headers}
                headers = {name: value for name, value in headers.items() if value is not None}
                content = post_search(request.url, request.data or b"", headers, deadline)
                return Response(io.BytesIO(content), request.url, {"Content-Type": "application/json"})

        plugin_dirs.value = []  # no code from the user's home
        options = {
            "quiet": True,
            "no_warnings": True,
            "logger": _NullLogger(),
            "cachedir": False,
            "extract_flat": True,
            "js_runtimes": {},
            "extractor_retries": 0,  # mood/playlist/search.py tries again, for both providers alike
            "extractor_args": {
                "youtube": {"raise_incomplete_data": ["1"]},  # else an error reads as "nothing was found"
                "youtubetab": {"skip": ["webpage"]},  # the search alone, without the front page before it
            },
        }
        with Downloader(options, auto_init=False) as downloader:
            downloader.add_info_extractor(YoutubeSearchIE())
            search = downloader.extract_info(f"ytsearch{MAX_RESULTS}:{query}", download=False, process=False)
            for entry in search["entries"]:
                track = YoutubeTrack.from_result(
                    entry.get("id"),
                    entry.get("title"),
                    entry.get("channel") or entry.get("uploader"),
                    entry.get("duration"),
                )
                if track:
                    yield track


class YoutubeSearchPython:
    """youtube-search-python 1.6.6, with guards for today's answers, on which it fails by itself."""

    name = "youtube-search-python"

    def results(self, query: str, deadline: float) -> Iterator[YoutubeTrack]:
        search = _start_search(query, deadline)
        n_results = 0
        while n_results < MAX_RESULTS:
            page = search.result()["result"]
            for video in page:
                n_results += 1
                track = YoutubeTrack.from_result(
                    video["id"], video["title"], video["channel"]["name"], _parse_duration(video["duration"])
                )
                if track:
                    yield track
            if not (page and search.next()):
                return


def _start_search(query: str, deadline: float) -> Any:
    """Start a VideosSearch, which reads its first page."""
    from youtubesearchpython import VideosSearch
    from youtubesearchpython.core.constants import userAgent

    class GuardedSearch(VideosSearch):
        def syncPostRequest(self) -> "_Response":
            # The library's own request has no time-out and takes an error page for an answer.
            content = post_search(
                self.url, json.dumps(self.data).encode(), {"User-Agent": userAgent}, deadline
            )
            return _Response(content.decode("utf-8", "replace"))

        def _parseSource(self) -> None:
            previous: str | None = self.continuationKey  # type: ignore[has-type]
            super()._parseSource()
            self.responseSource = self.responseSource or []  # type: ignore[has-type]
            # The last page names no next one.
            if self.continuationKey == previous:  # type: ignore[has-type]
                self.continuationKey = None

        def _getComponents(self, *mode: bool) -> None:
            # The library's own takes every shelf for a list and every video to have one uploader.
            self.resultComponents = [
                {
                    "id": video.get("videoId"),
                    "title": _label_text(video.get("title")),
                    "duration": _label_text(video.get("lengthText")),
                    "channel": {"name": _label_text(video.get("ownerText") or video.get("shortBylineText"))},
                }
                for video in _iter_videos(self.responseSource)
            ]

    return GuardedSearch(query, limit=MAX_RESULTS)


class _Response(NamedTuple):
    """The part of an httpx response that the library uses."""

    text: str


class _NullLogger:
    """A logger for yt-dlp that drops everything; failures are raised."""

    def debug(self, message: str) -> None: ...

    def warning(self, message: str) -> None: ...

    def error(self, message: str) -> None: ...


def _iter_videos(elements: Iterable[dict]) -> Iterator[dict]:
    """Yield the videoRenderer of every result, those inside shelves too."""
    for element in elements:
        if "videoRenderer" in element:
            yield element["videoRenderer"]
        elif "richItemRenderer" in element:
            yield from _iter_videos([element["richItemRenderer"].get("content", {})])
        elif "shelfRenderer" in element:
            content = element["shelfRenderer"].get("content", {})
            yield from _iter_videos(content.get("verticalListRenderer", {}).get("items", []))


def _label_text(label: dict | None) -> str:
    """Read the text of {"simpleText": ...} or {"runs": [{"text": ...}, ...]}; empty without one."""
    label = label or {}
    return label.get("simpleText") or "".join(run.get("text", "") for run in label.get("runs", []))


def _parse_duration(length: str) -> int | None:
    """Parse the seconds of "3:45" or "1:02:03"; None of anything else."""
    if not re.fullmatch(r"[0-9]{1,3}(:[0-9]{2}){1,2}", length):
        return None
    return functools.reduce(lambda total, part: 60 * total + int(part), length.split(":"), 0)


PROVIDERS: tuple[Provider, ...] = (YtDlp(), YoutubeSearchPython())
