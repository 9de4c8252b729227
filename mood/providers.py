"""The two ways to search YouTube, behind one interface: songs one after the other, as they are read.

Both send the search of YouTube's own page ("innertube") and know how to read the answer, which
changes every few months. yt-dlp is kept up to date with it; youtube-search-python is the older and
simpler one that stands in when yt-dlp fails.
"""

import functools
import io
import json
import re
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple, Protocol

from mood.youtube import Track, ask

MOST_RESULTS = 100  # five pages


class Provider(Protocol):
    """A way to search."""

    name: str

    def results(self, query: str, deadline: float) -> Iterator[Track]:
        """Yield what is found, best first, asking for the next page when it is needed.

        Raises SearchError, and whatever the library behind it raises for an answer it cannot read.
        `deadline` is a time of time.monotonic().
        """


class YtDlp:
    """yt-dlp's flat search: titles, channels and lengths, no video is opened."""

    name = "yt-dlp"

    def results(self, query: str, deadline: float) -> Iterator[Track]:
        from yt_dlp import YoutubeDL
        from yt_dlp.extractor.youtube import YoutubeSearchIE
        from yt_dlp.globals import plugin_dirs
        from yt_dlp.networking import Response

        class Downloader(YoutubeDL):
            """Asks through ask(); its own network stack is never used."""

            def urlopen(self, request: Any) -> Response:
                headers = {**self.params["http_headers"], **request.headers}
                headers = {name: value for name, value in headers.items() if value is not None}
                content = ask(request.url, request.data or b"", headers, deadline)
                return Response(io.BytesIO(content), request.url, {"Content-Type": "application/json"})

        plugin_dirs.value = []  # no code from the user's home
        options = {
            "quiet": True, "no_warnings": True, "logger": _Silent(),
            "cachedir": False, "extract_flat": True, "js_runtimes": {},
            "extractor_retries": 0,  # mood/search.py tries again, for both providers alike
            "extractor_args": {
                "youtube": {"raise_incomplete_data": ["1"]},  # not "nothing was found"
                "youtubetab": {"skip": ["webpage"]},  # the search alone, not the front page before it
            },
        }  # fmt: skip
        with Downloader(options, auto_init=False) as downloader:
            downloader.add_info_extractor(YoutubeSearchIE())
            found = downloader.extract_info(
                f"ytsearch{MOST_RESULTS}:{query}", download=False, process=False
            )
            for entry in found["entries"]:
                track = Track.of(
                    entry.get("id"),
                    entry.get("title"),
                    entry.get("channel") or entry.get("uploader"),
                    entry.get("duration"),
                )
                if track:
                    yield track


class YoutubeSearchPython:
    """youtube-search-python 1.6.6, with guards around what it trips over in today's answers."""

    name = "youtube-search-python"

    def results(self, query: str, deadline: float) -> Iterator[Track]:
        search = _guarded_search(query, deadline)
        seen = 0
        while seen < MOST_RESULTS:
            page = search.result()["result"]
            for found in page:
                seen += 1
                track = Track.of(
                    found["id"], found["title"], found["channel"]["name"], _seconds(found["duration"])
                )
                if track:
                    yield track
            if not (page and search.next()):
                return


def _guarded_search(query: str, deadline: float) -> Any:
    """A VideosSearch that has read its first page."""
    from youtubesearchpython import VideosSearch
    from youtubesearchpython.core.constants import userAgent

    class GuardedSearch(VideosSearch):
        def syncPostRequest(self) -> "_Text":
            # The library's own request has no time-out and takes an error page for an answer.
            content = ask(self.url, json.dumps(self.data).encode(), {"User-Agent": userAgent}, deadline)
            return _Text(content.decode("utf-8", "replace"))

        def _parseSource(self) -> None:
            asked = self.continuationKey
            super()._parseSource()
            self.responseSource = self.responseSource or []
            if self.continuationKey == asked:  # the last page names no next one
                self.continuationKey = None

        def _getComponents(self, *mode: bool) -> None:
            # The library's own takes every shelf for a list and every video to have one uploader.
            self.resultComponents = [
                {
                    "id": video.get("videoId"),
                    "title": _text(video.get("title")),
                    "duration": _text(video.get("lengthText")),
                    "channel": {"name": _text(video.get("ownerText") or video.get("shortBylineText"))},
                }
                for video in _videos(self.responseSource)
            ]

    return GuardedSearch(query, limit=MOST_RESULTS)


class _Text(NamedTuple):
    """What the library reads of an httpx response."""

    text: str


class _Silent:
    """A logger for yt-dlp: what went wrong is raised, the rest is not said."""

    def debug(self, message: str) -> None: ...

    def warning(self, message: str) -> None: ...

    def error(self, message: str) -> None: ...


def _videos(elements: Iterable[dict]) -> Iterator[dict]:
    """Yield the videoRenderer of every result, those inside shelves too."""
    for element in elements:
        if "videoRenderer" in element:
            yield element["videoRenderer"]
        elif "richItemRenderer" in element:
            yield from _videos([element["richItemRenderer"].get("content", {})])
        elif "shelfRenderer" in element:
            content = element["shelfRenderer"].get("content", {})
            yield from _videos(content.get("verticalListRenderer", {}).get("items", []))


def _text(label: dict | None) -> str:
    """The text of {"simpleText": ...} or {"runs": [{"text": ...}, ...]}; empty without one."""
    label = label or {}
    return label.get("simpleText") or "".join(run.get("text", "") for run in label.get("runs", []))


def _seconds(length: str) -> int | None:
    """The seconds of "3:45" or "1:02:03"; None of anything else."""
    if not re.fullmatch(r"[0-9]{1,3}(:[0-9]{2}){1,2}", length):
        return None
    return functools.reduce(lambda total, part: 60 * total + int(part), length.split(":"), 0)


PROVIDERS: tuple[Provider, ...] = (YtDlp(), YoutubeSearchPython())
