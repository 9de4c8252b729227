"""Both providers against a server in YouTube's place: recorded answers, hand-made ones, and trouble."""

import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
import yt_dlp.networking
from hypothesis import given
from hypothesis import strategies as st

from mood.playlist import providers, youtube
from mood.playlist import search as searching
from mood.playlist.providers import PROVIDERS, YoutubeSearchPython, YtDlp, _parse_duration
from mood.playlist.search import search_providers
from mood.playlist.youtube import SearchError, YoutubeTrack, queue_url, search_url, stand_in_address
from tests.support.stand_ins.youtube import FIXTURES, recorded

both = pytest.mark.parametrize("provider", PROVIDERS, ids=lambda provider: provider.name)
needs_recordings = pytest.mark.skipif(not recorded(), reason="the recorded answers of YouTube are not here")


def everything(provider, query: str) -> list[YoutubeTrack]:
    return list(provider.results(query, time.monotonic() + 20))


@both
def test_the_hand_made_songs(provider, standin) -> None:
    tracks = everything(provider, "sad songs")
    by_id = {track.video_id: track for track in tracks}
    first = by_id["songOne0001"]
    assert first == YoutubeTrack(
        "The Paper Lanterns - Morning Light (Official Video)",
        "https://www.youtube.com/watch?v=songOne0001",
        "songOne0001",
        "The Paper Lanterns",
        211,
        "https://i.ytimg.com/vi/songOne0001/mqdefault.jpg",
    )
    assert by_id["twoOwners01"].channel == "Mira Sol and Tom Field"
    assert by_id["mixOfHours1"].duration_s == 3 * 3600 + 11
    assert by_id["liveNow0001"].duration_s is None
    assert "not an id!!" not in by_id
    assert by_id["songTwo0021"].title == "Second page song 21"
    assert len(standin.requests) == 2 and not standin.other_paths


@both
def test_what_is_sent(provider, standin) -> None:
    everything(provider, "उदास गाने")
    first, second = standin.requests
    assert first["query"] == "उदास गाने" and second["continuation"] == "more-songs"
    for headers in standin.headers:
        assert headers.get("Content-Type") == "application/json"
        assert not {"Cookie", "Authorization"} & set(headers)


@both
def test_pages_are_requested_as_they_are_needed(provider, standin) -> None:
    results = provider.results("sad songs", time.monotonic() + 20)
    for _ in range(5):
        next(results)
    results.close()
    assert len(standin.requests) == 1


@needs_recordings
@both
@pytest.mark.parametrize(
    ("query", "pages", "least", "ids"),
    [
        ("test", 2, 20, {"yhS9LnDoo_w", "22izxhm315c"}),  # two shelves
        ("cirque du soleil", 3, 40, {"gwGLBiKeaR8", "typxqJU-pFQ", "kMrNsFwTXJQ"}),  # two pages, one live
        ("Nxk6aRHi664", 2, 1, {"Nxk6aRHi664"}),  # two uploaders
        ("UCO6AK", 2, 1, {"MkPQ9bXNjkM"}),  # channels, shorts and a last page
        ("pewdeipie", 2, 19, {"cLdxuaxaQwc"}),  # corrected, with a shelf
    ],
)
def test_recorded_answers(provider, query, pages, least, ids, standin) -> None:
    tracks = everything(provider, query)
    assert len(tracks) >= least and ids <= {track.video_id for track in tracks}
    assert len(standin.requests) == pages and not standin.other_paths
    assert all(track.channel and (track.duration_s or "LIVE" in track.title) for track in tracks)


@needs_recordings
def test_both_read_the_same_from_a_recorded_answer(standin) -> None:
    one, other = (everything(provider, "cirque du soleil") for provider in PROVIDERS)
    assert one == other


@both
@pytest.mark.parametrize(
    ("mode", "words", "n_requests"),
    [
        ("429", "pause", 1),
        ("500", "error 500", 3),
        ("403", "refused", 1),
        ("html", "could not be read", 1),
        ("wrong-json", "could not be read", 1),
        ("cut-off", "cut off", 3),
        ("redirect", "sign in", 1),
        ("huge", "could not be read", 1),
        ("slow", "too long", 3),
        ("drip", "too long", 3),
        ("drip-headers", "too long", 3),
    ],
)
def test_trouble_is_a_sentence(provider, mode, words, n_requests, standin, monkeypatch) -> None:
    if mode in ("slow", "drip", "drip-headers"):
        monkeypatch.setattr(youtube, "REQUEST_S", 0.3)
    standin.behave(mode)
    with pytest.raises(SearchError, match=words) as error:
        search_providers("sad songs", lambda tracks: False, [provider])
    assert str(error.value).endswith(".") and "\n" not in str(error.value)
    assert len(standin.requests) == n_requests and not standin.other_paths


@both
@pytest.mark.parametrize("trouble", ["500", "cut-off"])
def test_another_try_helps(provider, trouble, standin) -> None:
    standin.behave(trouble, trouble, "songs")
    assert (
        search_providers("sad songs", lambda tracks: len(tracks) == 3, [provider]).provider == provider.name
    )
    assert len(standin.requests) == 3


@both
def test_results_from_before_a_failure_are_kept(provider, standin) -> None:
    standin.behave("songs", "429")
    answer = search_providers("sad songs", lambda tracks: False, [provider])
    assert "songOne0004" in {track.video_id for track in answer.tracks} and not answer.is_complete
    assert "pause" in str(answer.failure)


@both
def test_nothing_found_is_an_answer(provider, standin) -> None:
    standin.behave("empty")
    answer = search_providers("sad songs", lambda tracks: False, [provider])
    assert answer.tracks == () and answer.is_complete


def test_the_second_provider_steps_in(standin) -> None:
    class Broken:
        name = "broken"

        def results(self, query: str, deadline: float) -> Iterator[YoutubeTrack]:
            raise KeyError("contents")
            yield

    answer = search_providers("sad songs", lambda tracks: False, [Broken(), YoutubeSearchPython()])
    assert answer.provider == "youtube-search-python" and answer.tracks
    standin.behave("empty")
    assert search_providers("sad songs", lambda tracks: False, [Broken(), YtDlp()]).tracks == ()
    with pytest.raises(SearchError, match="could not be read"):
        search_providers("sad songs", lambda tracks: False, [Broken()])


@pytest.mark.parametrize("mode", ["slow", "drip-headers"])
def test_all_tries_together_are_bounded(mode, standin, monkeypatch) -> None:
    monkeypatch.setattr(searching, "BUDGET_S", 1.0)
    monkeypatch.setattr(youtube, "REQUEST_S", 3600.0)
    standin.behave(mode)
    with pytest.raises(SearchError, match="too long"):
        search_providers("sad songs", lambda tracks: False)
    assert len(standin.requests) <= len(PROVIDERS), "no time is left for a second try"


@both
def test_pages_without_songs_that_name_a_next_one_are_not_read_for_ever(provider, monkeypatch) -> None:
    answer = (FIXTURES / "songs_1.json").read_bytes().replace(b'"videoRenderer"', b'"otherRenderer"')
    requests = []
    monkeypatch.setattr(providers, "post_search", lambda *request: requests.append(request) or answer)
    with suppress(SearchError):
        assert search_providers("sad songs", lambda tracks: False, [provider]).tracks == ()
    assert 1 <= len(requests) <= providers.MAX_PAGES


def test_an_answer_that_nobody_waits_for_is_cut_off(standin, monkeypatch) -> None:
    monkeypatch.setattr(youtube, "REQUEST_S", 0.3)
    standin.behave("drip-headers")
    with pytest.raises(SearchError, match="too long"):
        youtube.post_search("https://www.youtube.com/youtubei/v1/search", b"{}", {}, time.monotonic() + 9)
    waiting = [thread for thread in threading.enumerate() if thread.name == "YouTube"]
    for thread in waiting:
        thread.join(10)  # the headers would go on for half a minute
    assert not any(thread.is_alive() for thread in waiting)


@both
def test_no_network(provider, monkeypatch) -> None:
    monkeypatch.setenv("EARMARK_YOUTUBE_HOST", "127.0.0.1:9")  # discard: nobody listens there
    with pytest.raises(SearchError, match="could not be reached: check the internet connection"):
        search_providers("sad songs", lambda tracks: False, [provider])


@pytest.mark.parametrize(
    "named",
    [
        "www.example.com:443",
        "10.0.0.1:80",
        "127.0.0.1",
        "127.0.0.1:0",
        "127.0.0.1:99999",
        ":443",
        "[::1]",
        "localhost.example.com:1",
        "0.0.0.0:80",
        "127.0.0.1:٣",
        "127.0.0.1@example.com:443",
    ],
)
def test_only_this_machine_stands_in(named, monkeypatch) -> None:
    monkeypatch.setenv("EARMARK_YOUTUBE_HOST", named)
    with pytest.raises(SearchError, match="loopback"):
        search_providers("sad songs", lambda tracks: False)


def test_stand_in_addresses(monkeypatch) -> None:
    for host, address in (
        ("127.0.0.1:8443", ("127.0.0.1", 8443)),
        ("[::1]:1", ("::1", 1)),
        ("localhost:65535", ("localhost", 65535)),
        ("", None),
    ):
        monkeypatch.setenv("EARMARK_YOUTUBE_HOST", host)
        assert stand_in_address() == address


def test_youtube_itself_must_show_its_certificate(standin, monkeypatch) -> None:
    """Without the variable the stand-in, reached through a resolver that lies, is refused."""
    import socket

    port = int(standin.address.rpartition(":")[2])
    resolve = socket.getaddrinfo
    hosts = []

    def lie(host, wanted, *rest, **named):
        hosts.append(host)
        return resolve("127.0.0.1", port, *rest, **named)

    monkeypatch.delenv("EARMARK_YOUTUBE_HOST")
    for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(socket, "getaddrinfo", lie)
    for provider in PROVIDERS:
        with pytest.raises(SearchError, match="sign in"):
            search_providers("sad songs", lambda tracks: False, [provider])
    assert set(hosts) == {"www.youtube.com"} and not standin.requests


def test_yt_dlp_touches_neither_home_nor_its_own_network(standin, monkeypatch, tmp_path: Path, capfd) -> None:
    plugins = tmp_path / ".config" / "yt-dlp" / "plugins" / "evil" / "yt_dlp_plugins" / "extractor"
    plugins.mkdir(parents=True)
    (plugins / "evil.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'w')")
    (tmp_path / ".config" / "yt-dlp" / "config").write_text("--exec evil\n--proxy http://evil.example:1\n")
    before = sorted(tmp_path.rglob("*"))
    for name, value in (
        ("HOME", tmp_path),
        ("XDG_CONFIG_HOME", tmp_path / ".config"),
        ("XDG_CACHE_HOME", tmp_path / ".cache"),
    ):
        monkeypatch.setenv(name, str(value))
    monkeypatch.setattr(yt_dlp.networking.RequestDirector, "send", None)
    assert everything(YtDlp(), "sad songs")
    assert sorted(tmp_path.rglob("*")) == before
    assert capfd.readouterr() == ("", "")


words = st.text(st.characters(), max_size=60)  # lone surrogates too


@given(words, words, st.floats() | st.integers())
def test_a_track_is_safe_whatever_the_answer_says(title, channel, seconds) -> None:
    assert YoutubeTrack.from_result(title, title, channel, seconds) is None or len(title) == 11
    track = YoutubeTrack.from_result("abcDEF-_123", title, channel, seconds)
    if track:
        assert track.title and "\n" not in track.title + track.channel
        (track.title + track.channel).encode()
        assert track.duration_s is None or 0 <= track.duration_s <= youtube.MAX_DURATION_S
        assert track.url == "https://www.youtube.com/watch?v=abcDEF-_123"


def test_ids_are_checked() -> None:
    for bad in ("short", "x" * 12, "abc/../defg", "abcdefghij\n", "абвгдежзийк", None, 11, ""):
        assert YoutubeTrack.from_result(bad, "Title", "Channel", 200) is None


@pytest.mark.parametrize(
    ("length", "seconds"),
    [
        ("3:45", 225),
        ("1:02:03", 3723),
        ("0:59", 59),
        ("", None),
        ("LIVE", None),
        ("1:2", None),
        ("٣:٤٥", None),
    ],
)
def test_lengths(length, seconds) -> None:
    assert _parse_duration(length) == seconds


def test_links() -> None:
    assert search_url("AC/DC & friends é") == (
        "https://www.youtube.com/results?search_query=AC%2FDC+%26+friends+%C3%A9"
    )
    tracks = [YoutubeTrack.from_result(f"abcdefgh{n:03}", "Song", "", 100) for n in range(60)]
    assert queue_url(tracks[:2]) == "https://www.youtube.com/watch_videos?video_ids=abcdefgh000,abcdefgh001"
    assert queue_url(tracks).count(",") == 49 and queue_url([]) == ""
