"""What a prompt is understood as: the examples people try, and what holds for any text at all."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gan import prompt
from gan.mel import CONTROLS
from gan.prompt import FASTEST, MOST_LETTERS, MOST_SHIFT, SLOWEST, understand
from genre import GENRES

VOCABULARY = json.loads(prompt._WORDS.read_text(encoding="utf-8"))
PHRASES = [phrase for entry in VOCABULARY["meanings"] for phrase in entry["words"]]
MODIFIERS = [phrase for entry in VOCABULARY["modifiers"] for phrase in entry["words"]]


def most(text: str) -> str:
    """The genre of the largest share, which must have been named."""
    heard = understand(text)
    assert heard.named, text
    return next(iter(heard.genres))


def test_a_calm_late_night_jazz_piano() -> None:
    heard = understand("a calm late-night jazz piano")
    assert heard.genres["jazz"] > 0.7 and set(heard.genres) == {"jazz", "classical"}
    assert all(heard.controls[name] < -0.4 for name in CONTROLS) and heard.tempo < 0.95
    assert [word.text for word in heard.words] == ["calm", "late night", "jazz", "piano"]
    assert heard.unknown == ()
    assert "jazz" in heard.message and "less energy" in heard.message and "slower" in heard.message


def test_faster_angrier_metal() -> None:
    heard = understand("faster, angrier metal")
    assert heard.genres == {"metal": 1.0}
    assert heard.controls["energy"] > 0.5 and heard.controls["density"] > 0.5 and heard.tempo > 1.1


@pytest.mark.parametrize("genre", GENRES)
def test_every_genre_by_its_name(genre: str) -> None:
    assert understand(genre).genres == {genre: 1.0}


@pytest.mark.parametrize(
    ("text", "genre"),
    [("Hip-Hop", "hiphop"), ("hip hop", "hiphop"), ("bebop", "jazz"), ("Beethoven", "classical"),
     ("rock'n'roll", "rock"), ("rock & roll", "rock"), ("R&B", "hiphop"), ("thrash", "metal"),
     ("bob marley", "reggae"), ("honky-tonk", "country"), ("JAZZ!!!", "jazz"), ("jázz", "jazz"),
     ("mostly jazz with a little rock", "jazz"), ("violins", "classical")],
)  # fmt: skip
def test_other_names(text: str, genre: str) -> None:
    assert most(text) == genre


@pytest.mark.parametrize(
    ("typo", "genre"),
    [("jaz", None), ("jazzz", "jazz"), ("clasical", "classical"), ("raggae", "reggae"), ("mteal", "metal"),
     ("coutnry", "country"), ("hevy metl", "metal"), ("horse", None)],
)  # fmt: skip
def test_typos_are_read_as_the_nearest_word_and_said_to_be(typo: str, genre: str | None) -> None:
    heard = understand(typo)
    if genre is None:  # too short, or too far from anything
        assert heard.unknown == (typo,) and not heard.words
    else:
        assert most(typo) == genre and heard.words[0].guessed
        assert f"“{heard.words[0].text}”" in heard.message


def test_modifiers() -> None:
    plain, very, slightly, hardly = (
        understand(text).controls["brightness"]
        for text in ("bright", "very bright", "slightly bright", "not bright")
    )
    assert very > plain > slightly > 0 > hardly
    assert understand("not very fast").tempo < 1 < understand("very fast").tempo
    assert understand("not very fast").tempo > understand("not fast").tempo
    assert understand("not bright, busy").controls["density"] > 0  # "not" reaches no further


def test_without_reaches_to_the_comma() -> None:
    heard = understand("without drums and distortion, bright")
    assert heard.controls["density"] < 0 and heard.controls["energy"] < 0
    assert heard.controls["brightness"] > 0 and not heard.named  # nobody named a genre


def test_a_genre_that_is_not_wanted() -> None:
    heard = understand("anything but pop")
    assert "pop" not in heard.genres and len(heard.genres) == len(GENRES) - 1 and not heard.named
    assert "no pop" in heard.message
    assert understand("jazz, no pop").genres == {"jazz": 1.0}
    for text in ("less jazz", "hardly any jazz", "barely jazz", "a bit less jazz"):
        heard = understand(text)
        assert "jazz" not in heard.genres and not heard.named and "no jazz" in heard.message


def test_a_genre_of_which_less_is_wanted() -> None:
    heard = understand("jazz and rock, but less jazz")
    assert heard.genres["rock"] > heard.genres["jazz"] > 0.2 and heard.words[-1].meaning == "less jazz"


@pytest.mark.parametrize("text", ["not only jazz", "not just jazz", "why not jazz"])
def test_a_not_that_is_none(text: str) -> None:
    assert understand(text).genres == {"jazz": 1.0}


def test_beats_a_minute() -> None:
    assert understand("jazz at 160 bpm").tempo > 1.2 and understand("60bpm").tempo == SLOWEST
    for words in ("jazz at 160 bpm", "jazz at 160 beats per minute", "160 beats a minute, jazz"):
        heard = understand(words)
        assert heard.unknown == () and heard.tempo > 1.2 and heard.genres == {"jazz": 1.0}


def test_unknown_words_are_named() -> None:
    heard = understand("purple jazz for elephants")
    assert heard.unknown == ("purple", "elephants") and heard.genres == {"jazz": 1.0}
    assert "“purple”, “elephants”" in heard.message


@pytest.mark.parametrize("text", ["", "   ", "🎸🎸", "...", "the and of", "музыка", "\x00", "١٢٣"])
def test_nothing_to_understand_is_a_sentence(text: str) -> None:
    heard = understand(text)
    assert not heard.named and not any(heard.controls.values()) and heard.tempo == 1.0
    assert "the seed chooses the genre" in heard.message


def test_a_very_long_prompt() -> None:
    heard = understand("jazz " + "calm " * 10_000 + "metal")
    assert heard.genres == {"jazz": 1.0} and heard.controls["energy"] == -MOST_SHIFT
    assert f"first {MOST_LETTERS} letters" in heard.message
    assert len(understand("x" * 100_000).message) < 400


TEXTS = st.one_of(
    st.text(max_size=60),
    st.lists(st.sampled_from([*PHRASES, *MODIFIERS, ",", "and", "but", "xyzzy"]), max_size=8).map(" ".join),
)


@settings(max_examples=60, deadline=None)
@given(TEXTS)
def test_any_text_at_all(text: str) -> None:
    heard = understand(text)
    assert sum(heard.genres.values()) == pytest.approx(1.0) and set(heard.genres) <= set(GENRES)
    assert min(heard.genres.values()) > 0
    assert list(heard.genres.values()) == sorted(heard.genres.values(), reverse=True)
    assert set(heard.controls) == set(CONTROLS)
    assert all(-MOST_SHIFT <= shift <= MOST_SHIFT for shift in heard.controls.values())
    assert SLOWEST <= heard.tempo <= FASTEST
    assert heard.message.endswith(".") and heard.message[0].isupper()
    assert heard == understand(text)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.sampled_from(PHRASES), min_size=1, max_size=3))
def test_capitals_and_spaces_do_not_matter(phrases: list[str]) -> None:
    text = ", ".join(phrases)
    other = understand(f"  {text.upper().replace(' ', '   ')}!")
    assert (other.genres, other.controls, other.tempo) == (
        (heard := understand(text)).genres, heard.controls, heard.tempo)


def test_the_vocabulary_is_sound() -> None:
    assert len(PHRASES) == len(set(PHRASES)) and not set(PHRASES) & set(MODIFIERS)
    for entry in VOCABULARY["meanings"]:
        assert set(entry) <= {"words", "genres", "controls", "tempo"}
        assert set(entry.get("genres", {})) <= set(GENRES) and set(entry.get("controls", {})) <= set(CONTROLS)
        assert 0.5 <= entry.get("tempo", 1.0) <= 2
    assert not (set(PHRASES) | set(MODIFIERS)) & set(VOCABULARY["ignored"])


def test_every_phrase_is_found_as_a_whole() -> None:
    for phrase in PHRASES:
        heard = understand(phrase)
        assert [word.known_as for word in heard.words] == [phrase] and not heard.unknown
