"""From a mood to a list: no mixes, nothing twice, cached, exported, and never an exception."""

import csv
import io
import json
import os
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mood.playlist import cache, playlist, youtube
from mood.playlist.playlist import (
    Playlist,
    find_by_query,
    find_more,
    find_playlist,
    normalize_title,
    select_songs,
)
from mood.playlist.youtube import YoutubeTrack

SONGS = [
    "songOne0001",
    "songOne0002",
    "twoOwners01",
    "formula0001",
    "bidi0000001",
    "songOne0003",
    "songOne0004",
]


def ids(playlist: Playlist) -> list[str]:
    return [track.video_id for track in playlist.tracks]


def track(number: int, title: str, seconds: int | None = 200) -> YoutubeTrack:
    return YoutubeTrack.from_result(f"video{number:06}", title, "Somebody", seconds)


def test_a_mood_becomes_songs(standin) -> None:
    playlist = find_playlist("sad", "Spanish", "Shakira", "change", count=7)
    assert playlist.query == standin.requests[0]["query"] == "Shakira canciones para levantar el ánimo"
    assert playlist.provider == "yt-dlp" and not playlist.error and not playlist.from_cache
    assert ids(playlist) == SONGS
    assert playlist.search_url.endswith("search_query=Shakira+canciones+para+levantar+el+%C3%A1nimo")
    assert playlist.queue_url.endswith(",".join(SONGS))
    assert len(standin.requests) == 1, "the second page was not needed"


def test_what_is_no_song_is_left_out_and_the_unknown_comes_last(standin) -> None:
    playlist = find_playlist("sad", count=50)
    assert not {"mixOfHours1", "aShortOne01", "lyrics00001"} & set(ids(playlist))
    assert ids(playlist)[-1] == "liveNow0001"
    assert len(set(ids(playlist))) == len(playlist.tracks) == 20


def test_more_brings_others_until_there_are_none(standin) -> None:
    first = find_playlist("sad", count=7)
    second = find_more(first, count=7)
    assert len(second.tracks) == 7 and not set(ids(first)) & set(ids(second))
    third = find_more(second, count=50, exclude=first.tracks)
    assert len(third.tracks) == 6 and not set(ids(third)) & {*ids(first), *ids(second)}
    last = find_more(third, exclude=first.tracks + second.tracks)
    assert last.tracks == () and "no more songs" in last.error and last.search_url == first.search_url


def test_trouble_on_the_way_is_not_the_end_of_the_songs(standin, monkeypatch) -> None:
    first = find_playlist("sad", count=7)
    standin.behave("songs", "429")
    second = find_more(first, count=50)
    assert second.tracks and not second.error, "those of the first page"
    standin.behave("songs", "429")
    third = find_more(second, count=50, exclude=first.tracks)
    assert third.tracks == () and "pause" in third.error
    standin.behave("songs")
    fourth = find_more(second, count=50, exclude=first.tracks)
    assert fourth.tracks and not fourth.error

    monkeypatch.setattr(cache, "FRESH_S", 0)
    standin.behave("songs", "429")
    whole = find_playlist("sad", count=50)
    assert len(whole.tracks) == 20 and whole.from_cache and "pause" in whole.error
    assert cache.load_playlist("sad songs").is_complete, "what broke off does not take the place of more"


def test_shuffling_is_repeatable(standin) -> None:
    playlist = find_playlist("sad", count=20)
    assert playlist.shuffled(3) == playlist.shuffled(3) != playlist
    assert sorted(ids(playlist.shuffled(3))) == sorted(ids(playlist))
    assert len({tuple(ids(playlist.shuffled(seed))) for seed in range(5)}) == 5


def test_a_cached_playlist_is_served_for_a_day(standin, monkeypatch) -> None:
    first = find_playlist("sad", count=7)
    again = find_playlist("sad", count=5)
    assert again.from_cache and again.tracks == first.tracks[:5] and len(standin.requests) == 1
    assert abs(again.fetched_at - time.time()) < 60
    assert not find_playlist("sad", count=5, use_cache=False).from_cache and len(standin.requests) == 2
    assert not find_playlist("sad", count=15).from_cache, "longer than the cached one"
    monkeypatch.setattr(cache, "FRESH_S", 0)
    assert not find_playlist("sad", count=5).from_cache


@pytest.mark.parametrize("trouble", ["429", "500", "html", "cut-off", "redirect", "wrong-json"])
def test_an_old_list_serves_when_youtube_does_not(trouble, standin, monkeypatch) -> None:
    first = find_playlist("sad", count=7)
    monkeypatch.setattr(cache, "FRESH_S", 0)
    standin.behave(trouble)
    playlist = find_playlist("sad", count=7)
    assert playlist.tracks == first.tracks and playlist.from_cache and playlist.error.endswith(".")
    other = find_playlist("happy")
    assert other.tracks == () and other.error and other.search_url and other.provider == ""
    assert [saved.query for saved in cache.recent_playlists()] == ["sad songs"]


def test_no_network(monkeypatch) -> None:
    monkeypatch.setenv("EARMARK_YOUTUBE_HOST", "127.0.0.1:9")
    playlist = find_playlist("sad")
    assert (
        playlist.tracks == () and "could not be reached" in playlist.error and playlist.query == "sad songs"
    )


def test_no_results_and_a_wrong_setting_are_errors(standin, monkeypatch) -> None:
    standin.behave("empty")
    assert find_playlist("sad").error == playlist.NO_SONGS
    assert cache.recent_playlists() == []
    monkeypatch.setenv("EARMARK_YOUTUBE_HOST", "www.example.com:443")
    assert "loopback" in find_playlist("sad").error and cache.recent_playlists() == []


def test_the_lists_of_a_stand_in_are_separate(standin, monkeypatch) -> None:
    find_playlist("sad", count=7)
    monkeypatch.delenv("EARMARK_YOUTUBE_HOST")
    assert cache.recent_playlists() == [] and cache.load_playlist("sad songs") is None


@pytest.mark.parametrize(
    "damage",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b"\xff\xfe",
        b'{"query": "sad songs"}',
        b"[" * 100_000,
        b'{"query": "sad songs", "provider": "p", "is_complete": true, "fetched_at": "x", "tracks": []}',
        b'{"query": "sad songs", "provider": "p", "is_complete": true, "fetched_at": 1, "tracks": [1]}',
        b'{"query": "happy songs", "provider": "p", "is_complete": true, "fetched_at": 9e99, "tracks": [{}]}',
    ],
)
def test_damaged_files_are_no_lists(damage, standin) -> None:
    find_playlist("sad", count=7)
    (path,) = cache.playlists_folder().glob("*.json")
    path.write_bytes(damage)
    assert cache.load_playlist("sad songs") is None and cache.recent_playlists() == []
    assert ids(find_playlist("sad", count=7)) == SONGS


def test_what_a_file_claims_is_checked(standin) -> None:
    find_playlist("sad", count=7)
    (path,) = cache.playlists_folder().glob("*.json")
    record = json.loads(path.read_bytes())
    record["tracks"][0].update(url="javascript:alert(1)", thumbnail="http://evil.example/x.png")
    record["tracks"][1]["video_id"] = "../../etc"
    path.write_text(json.dumps(record))
    read = cache.load_playlist("sad songs").tracks
    assert read[0].url == "https://www.youtube.com/watch?v=songOne0001"
    assert all(track.thumbnail.startswith("https://i.ytimg.com/vi/") for track in read)
    assert len(read) == len(record["tracks"]) - 1


def test_the_cache_is_bounded(standin, monkeypatch) -> None:
    monkeypatch.setattr(cache, "MAX_PLAYLISTS", 3)
    for n in range(5):
        cache.save_playlist(f"query {n}", "yt-dlp", (track(n, "Song"),), True)
        (path,) = [p for p in cache.playlists_folder().glob("*.json") if f"query {n}" in p.read_text()]
        os.utime(path, (n + 1, n + 1))
    cache.save_playlist("query 5", "yt-dlp", (track(5, "Song"),), True)
    assert [saved.query for saved in cache.recent_playlists()] == ["query 5", "query 4", "query 3"]
    assert len(list(cache.playlists_folder().iterdir())) == 3


def test_a_disk_that_refuses_does_no_harm(standin, earmark_home: Path) -> None:
    earmark_home.mkdir()
    (earmark_home / "cache").write_text("a file in the way")
    assert ids(find_playlist("sad", count=7)) == SONGS and cache.recent_playlists() == []


def test_exports_are_safe(standin) -> None:
    playlist = find_playlist("sad", count=7)
    rows = list(csv.DictReader(io.StringIO(playlist.to_csv())))
    assert [row["url"] for row in rows] == [track.url for track in playlist.tracks]
    assert rows[3]["title"].startswith("'=HYPERLINK") and rows[3]["channel"] == "'=Cmd"
    lines = playlist.to_m3u().splitlines()
    assert lines[0] == "#EXTM3U" and len(lines) == 15
    assert lines[1] == "#EXTINF:211,The Paper Lanterns - The Paper Lanterns - Morning Light (Official Video)"
    assert all(line.startswith(("#EXTINF:", "https://www.youtube.com/watch?v=")) for line in lines[1:])
    assert "\u202e" not in playlist.to_csv() + playlist.to_m3u()
    assert "#EXTINF:-1," in Playlist("q", "u", "p", (track(1, "Live", None),)).to_m3u()


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("A - Song (Official Video)", "A - Song [Lyrics]"),
        ("A - SONG", "a \u2013 song"),
        ("A - Song (Official Music Video) [4K]", "A - Song | Official Audio"),
        ("Söng", "So\u0308ng"),
        ("A - Song (Remastered 2011)", "A - Song"),
        ("A - Song (Lyric Video)", "A - Song!"),
    ],
)
def test_titles_of_the_same_song(one, other) -> None:
    assert normalize_title(one) == normalize_title(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("A - Song", "A - Song (Live)"),
        ("A - Song", "A - Song (Remix)"),
        ("A - One", "A - Two"),
        ("!!!", "???"),
        ("उदास", "उदासी"),
        ("Video", "Audio"),
        ("1999", "1979"),
    ],
)
def test_titles_of_other_songs(one, other) -> None:
    assert normalize_title(one) != normalize_title(other)


tracks = st.lists(
    st.builds(
        track,
        st.integers(0, 30),
        st.sampled_from(["A", "a!", "B", "C (Official Video)", "C", "D", "E", "F"]),
        st.none() | st.integers(1, 2000),
    ),
    max_size=40,
)


@given(tracks, st.integers(1, 20), tracks)
def test_no_song_twice(tracks, count, earlier) -> None:
    selected = select_songs(tracks, count, earlier)
    names = [normalize_title(track.title) for track in selected]
    assert len(selected) <= count and set(selected) <= set(tracks)
    assert len(set(names)) == len(names) == len({track.video_id for track in selected})
    assert not {track.video_id for track in selected} & {track.video_id for track in earlier}
    assert not set(names) & {normalize_title(track.title) for track in earlier}
    lengths = [track.duration_s for track in selected]
    assert all(60 <= length <= 720 for length in lengths if length is not None)
    assert lengths == sorted(lengths, key=lambda length: length is None), "the unknown come last"
    assert select_songs(selected, count) == selected


@given(st.lists(st.none() | st.integers(60, 720), max_size=20), st.integers(1, 30))
def test_no_song_is_lost(lengths, count) -> None:
    tracks = [track(number, f"Song {number}", length) for number, length in enumerate(lengths)]
    selected = select_songs(tracks, count)
    assert len(selected) == min(count, len(tracks))
    assert [t for t in selected if t.duration_s] == [t for t in tracks if t.duration_s][:count]


def test_words_of_ones_own_are_searched_as_they_are(standin) -> None:
    assert find_by_query("rainy day blues", 3).query == standin.requests[0]["query"] == "rainy day blues"
    with pytest.raises(ValueError, match="choose"):
        find_playlist("")


def test_counts_are_bounded(standin) -> None:
    assert len(find_playlist("sad", count=0).tracks) == 1
    assert len(find_playlist("sad", count=10_000).tracks) == 20


def test_one_request_is_given_up_in_time(standin, monkeypatch) -> None:
    monkeypatch.setattr(youtube, "REQUEST_S", 0.2)
    standin.behave("slow")
    assert "too long" in find_playlist("sad").error


def test_a_playlist_of_an_older_version_is_served(earmark_home, monkeypatch) -> None:
    """Made by commit b7a9e87."""
    monkeypatch.delenv("EARMARK_YOUTUBE_HOST", raising=False)
    old = Path(__file__).parents[2] / "fixtures" / "old" / "mood" / "playlist.json"
    path = cache._path("sad songs")
    path.parent.mkdir(parents=True)
    path.write_bytes(old.read_bytes())
    cached = cache.load_playlist("sad songs")
    assert cached.is_complete and cached.provider == "yt-dlp" and cached.fetched_at > 1e9
    assert [track.title for track in cached.tracks] == ["Song 0", "Song 1", "Song 2"]
