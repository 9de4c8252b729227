"""From a mood to a list: no mixes, nothing twice, kept on disk, exported, and never an exception."""

import csv
import io
import json
import os
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mood import playlist, saved_lists, youtube
from mood.playlist import Playlist, find, find_words, more, normal_title, songs
from mood.youtube import Track

SONGS = [
    "songOne0001", "songOne0002", "twoOwners01", "formula0001", "bidi0000001", "songOne0003", "songOne0004",
]  # fmt: skip


def ids(found: Playlist) -> list[str]:
    return [track.video_id for track in found.tracks]


def track(number: int, title: str, seconds: int | None = 200) -> Track:
    return Track.of(f"video{number:06}", title, "Somebody", seconds)


def test_a_mood_becomes_songs(standin) -> None:
    found = find("sad", "Spanish", "Shakira", "change", count=7)
    assert found.query == standin.asked[0]["query"] == "Shakira canciones para levantar el ánimo"
    assert found.provider == "yt-dlp" and not found.error and not found.from_cache
    assert ids(found) == SONGS
    assert found.search_url.endswith("search_query=Shakira+canciones+para+levantar+el+%C3%A1nimo")
    assert found.queue_url.endswith(",".join(SONGS))
    assert len(standin.asked) == 1, "the second page was not needed"


def test_what_is_no_song_is_left_out_and_the_unknown_comes_last(standin) -> None:
    found = find("sad", count=50)
    assert not {"mixOfHours1", "aShortOne01", "lyrics00001"} & set(ids(found))
    assert ids(found)[-1] == "liveNow0001"
    assert len(set(ids(found))) == len(found.tracks) == 20


def test_more_brings_others_until_there_are_none(standin) -> None:
    first = find("sad", count=7)
    second = more(first, count=7)
    assert len(second.tracks) == 7 and not set(ids(first)) & set(ids(second))
    third = more(second, count=50, shown=first.tracks)
    assert len(third.tracks) == 6 and not set(ids(third)) & {*ids(first), *ids(second)}
    last = more(third, shown=first.tracks + second.tracks)
    assert last.tracks == () and "no more songs" in last.error and last.search_url == first.search_url


def test_trouble_on_the_way_is_not_the_end_of_the_songs(standin, monkeypatch) -> None:
    first = find("sad", count=7)
    standin.behave("songs", "429")
    second = more(first, count=50)
    assert second.tracks and not second.error, "those of the first page"
    standin.behave("songs", "429")
    third = more(second, count=50, shown=first.tracks)
    assert third.tracks == () and "pause" in third.error
    standin.behave("songs")
    fourth = more(second, count=50, shown=first.tracks)
    assert fourth.tracks and not fourth.error

    monkeypatch.setattr(saved_lists, "FRESH_S", 0)
    standin.behave("songs", "429")
    whole = find("sad", count=50)
    assert len(whole.tracks) == 20 and whole.from_cache and "pause" in whole.error
    assert saved_lists.load("sad songs").complete, "what broke off does not take the place of more"


def test_shuffling_is_repeatable(standin) -> None:
    found = find("sad", count=20)
    assert found.shuffled(3) == found.shuffled(3) != found
    assert sorted(ids(found.shuffled(3))) == sorted(ids(found))
    assert len({tuple(ids(found.shuffled(seed))) for seed in range(5)}) == 5


def test_a_list_answers_again_for_a_day(standin, monkeypatch) -> None:
    first = find("sad", count=7)
    again = find("sad", count=5)
    assert again.from_cache and again.tracks == first.tracks[:5] and len(standin.asked) == 1
    assert abs(again.found_at - time.time()) < 60
    assert not find("sad", count=5, cached=False).from_cache and len(standin.asked) == 2
    assert not find("sad", count=15).from_cache, "longer than what was kept"
    monkeypatch.setattr(saved_lists, "FRESH_S", 0)
    assert not find("sad", count=5).from_cache


@pytest.mark.parametrize("trouble", ["429", "500", "html", "cut-off", "redirect", "wrong-json"])
def test_an_old_list_serves_when_youtube_does_not(trouble, standin, monkeypatch) -> None:
    first = find("sad", count=7)
    monkeypatch.setattr(saved_lists, "FRESH_S", 0)
    standin.behave(trouble)
    found = find("sad", count=7)
    assert found.tracks == first.tracks and found.from_cache and found.error.endswith(".")
    other = find("happy")
    assert other.tracks == () and other.error and other.search_url and other.provider == ""
    assert [saved.query for saved in saved_lists.latest()] == ["sad songs"]


def test_no_network(monkeypatch) -> None:
    monkeypatch.setenv("EARMARK_YOUTUBE_HOST", "127.0.0.1:9")
    found = find("sad")
    assert found.tracks == () and "could not be reached" in found.error and found.query == "sad songs"


def test_nothing_found_and_a_wrong_setting_are_said(standin, monkeypatch) -> None:
    standin.behave("empty")
    assert find("sad").error == playlist.NOTHING
    assert saved_lists.latest() == []
    monkeypatch.setenv("EARMARK_YOUTUBE_HOST", "www.example.com:443")
    assert "loopback" in find("sad").error and saved_lists.latest() == []


def test_the_lists_of_a_stand_in_are_kept_apart(standin, monkeypatch) -> None:
    find("sad", count=7)
    monkeypatch.delenv("EARMARK_YOUTUBE_HOST")
    assert saved_lists.latest() == [] and saved_lists.load("sad songs") is None


@pytest.mark.parametrize("damage", [
    b"", b"{", b"[]", b"null", b"\xff\xfe", b'{"query": "sad songs"}', b"[" * 100_000,
    b'{"query": "sad songs", "provider": "p", "complete": true, "found_at": "x", "tracks": []}',
    b'{"query": "sad songs", "provider": "p", "complete": true, "found_at": 1, "tracks": [1]}',
    b'{"query": "happy songs", "provider": "p", "complete": true, "found_at": 9e99, "tracks": [{}]}',
])  # fmt: skip
def test_damaged_files_are_no_lists(damage, standin) -> None:
    find("sad", count=7)
    (path,) = saved_lists.folder().glob("*.json")
    path.write_bytes(damage)
    assert saved_lists.load("sad songs") is None and saved_lists.latest() == []
    assert ids(find("sad", count=7)) == SONGS


def test_what_a_file_claims_is_checked(standin) -> None:
    find("sad", count=7)
    (path,) = saved_lists.folder().glob("*.json")
    record = json.loads(path.read_bytes())
    record["tracks"][0].update(url="javascript:alert(1)", thumbnail="http://evil.example/x.png")
    record["tracks"][1]["video_id"] = "../../etc"
    path.write_text(json.dumps(record))
    read = saved_lists.load("sad songs").tracks
    assert read[0].url == "https://www.youtube.com/watch?v=songOne0001"
    assert all(track.thumbnail.startswith("https://i.ytimg.com/vi/") for track in read)
    assert len(read) == len(record["tracks"]) - 1


def test_the_cache_is_bounded(standin, monkeypatch) -> None:
    monkeypatch.setattr(saved_lists, "KEPT", 3)
    for n in range(5):
        saved_lists.save(f"query {n}", "yt-dlp", (track(n, "Song"),), True)
        (path,) = [p for p in saved_lists.folder().glob("*.json") if f"query {n}" in p.read_text()]
        os.utime(path, (n + 1, n + 1))
    saved_lists.save("query 5", "yt-dlp", (track(5, "Song"),), True)
    assert [saved.query for saved in saved_lists.latest()] == ["query 5", "query 4", "query 3"]
    assert len(list(saved_lists.folder().iterdir())) == 3


def test_a_disk_that_refuses_does_no_harm(standin, earmark_home: Path) -> None:
    earmark_home.mkdir()
    (earmark_home / "cache").write_text("a file in the way")
    assert ids(find("sad", count=7)) == SONGS and saved_lists.latest() == []


def test_exports_are_safe(standin) -> None:
    found = find("sad", count=7)
    rows = list(csv.DictReader(io.StringIO(found.to_csv())))
    assert [row["url"] for row in rows] == [track.url for track in found.tracks]
    assert rows[3]["title"].startswith("'=HYPERLINK") and rows[3]["channel"] == "'=Cmd"
    lines = found.to_m3u().splitlines()
    assert lines[0] == "#EXTM3U" and len(lines) == 15
    assert lines[1] == "#EXTINF:211,The Paper Lanterns - The Paper Lanterns - Morning Light (Official Video)"
    assert all(line.startswith(("#EXTINF:", "https://www.youtube.com/watch?v=")) for line in lines[1:])
    assert "\u202e" not in found.to_csv() + found.to_m3u()
    assert "#EXTINF:-1," in Playlist("q", "u", "p", (track(1, "Live", None),)).to_m3u()


@pytest.mark.parametrize(("one", "other"), [
    ("A - Song (Official Video)", "A - Song [Lyrics]"), ("A - SONG", "a \u2013 song"),
    ("A - Song (Official Music Video) [4K]", "A - Song | Official Audio"), ("Söng", "So\u0308ng"),
    ("A - Song (Remastered 2011)", "A - Song"), ("A - Song (Lyric Video)", "A - Song!"),
])  # fmt: skip
def test_titles_of_the_same_song(one, other) -> None:
    assert normal_title(one) == normal_title(other)


@pytest.mark.parametrize(("one", "other"), [
    ("A - Song", "A - Song (Live)"), ("A - Song", "A - Song (Remix)"), ("A - One", "A - Two"),
    ("!!!", "???"), ("उदास", "उदासी"), ("Video", "Audio"), ("1999", "1979"),
])  # fmt: skip
def test_titles_of_other_songs(one, other) -> None:
    assert normal_title(one) != normal_title(other)


tracks = st.lists(st.builds(
    track, st.integers(0, 30), st.sampled_from(["A", "a!", "B", "C (Official Video)", "C", "D", "E", "F"]),
    st.none() | st.integers(1, 2000),
), max_size=40)  # fmt: skip


@given(tracks, st.integers(1, 20), tracks)
def test_no_song_twice(found, count, shown) -> None:
    kept = songs(found, count, shown)
    names = [normal_title(track.title) for track in kept]
    assert len(kept) <= count and set(kept) <= set(found)
    assert len(set(names)) == len(names) == len({track.video_id for track in kept})
    assert not {track.video_id for track in kept} & {track.video_id for track in shown}
    assert not set(names) & {normal_title(track.title) for track in shown}
    lengths = [track.duration_s for track in kept]
    assert all(60 <= length <= 720 for length in lengths if length is not None)
    assert lengths == sorted(lengths, key=lambda length: length is None), "the unknown come last"
    assert songs(kept, count) == kept


@given(st.lists(st.none() | st.integers(60, 720), max_size=20), st.integers(1, 30))
def test_no_song_is_lost(lengths, count) -> None:
    found = [track(number, f"Song {number}", length) for number, length in enumerate(lengths)]
    kept = songs(found, count)
    assert len(kept) == min(count, len(found))
    assert [t for t in kept if t.duration_s] == [t for t in found if t.duration_s][:count]


def test_words_of_ones_own_are_searched_as_they_are(standin) -> None:
    assert find_words("rainy day blues", 3).query == standin.asked[0]["query"] == "rainy day blues"
    with pytest.raises(ValueError, match="choose"):
        find("")


def test_counts_are_bounded(standin) -> None:
    assert len(find("sad", count=0).tracks) == 1
    assert len(find("sad", count=10_000).tracks) == 20


def test_one_request_is_given_up_in_time(standin, monkeypatch) -> None:
    monkeypatch.setattr(youtube, "REQUEST_S", 0.2)
    standin.behave("slow")
    started = time.monotonic()
    assert "too long" in find("sad").error
    assert time.monotonic() - started < 6
