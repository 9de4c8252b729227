"""What a prompt is understood as: the examples people try, and what holds for any text at all."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gan import prompt
from gan.controls import CONTROLS
from gan.prompt import (
    MAX_BPM,
    MAX_PROMPT_CHARS,
    MAX_PROMPT_SHIFT,
    MAX_TEMPO,
    MIN_BPM,
    MIN_TEMPO,
    parse_prompt,
)
from genre import GENRES

VOCABULARY = json.loads(prompt._WORDS.read_text(encoding="utf-8"))
PHRASES = [phrase for entry in VOCABULARY["meanings"] for phrase in entry["words"]]
MODIFIERS = [phrase for entry in VOCABULARY["modifiers"] for phrase in entry["words"]]


def most(text: str) -> str:
    """The genre of the largest share, which must have been named."""
    parsed = parse_prompt(text)
    assert parsed.has_genre, text
    return next(iter(parsed.genres))


def test_a_calm_late_night_jazz_piano() -> None:
    parsed = parse_prompt("a calm late-night jazz piano")
    assert parsed.genres["jazz"] > 0.7 and set(parsed.genres) == {"jazz", "classical"}
    assert all(parsed.controls[name] < -0.4 for name in CONTROLS) and parsed.tempo < 0.95
    assert [word.text for word in parsed.phrases] == ["calm", "late night", "jazz", "piano"]
    assert parsed.unknown_words == ()
    assert "jazz" in parsed.message and "calmer" in parsed.message and "slower" in parsed.message


def test_faster_angrier_metal() -> None:
    parsed = parse_prompt("faster, angrier metal")
    assert parsed.genres == {"metal": 1.0}
    assert parsed.controls["energy"] > 0.5 and parsed.controls["density"] > 0.5 and parsed.tempo > 1.1


@pytest.mark.parametrize("genre", GENRES)
def test_every_genre_by_its_name(genre: str) -> None:
    assert parse_prompt(genre).genres == {genre: 1.0}


@pytest.mark.parametrize(
    ("text", "genre"),
    [
        ("Hip-Hop", "hiphop"),
        ("hip hop", "hiphop"),
        ("bebop", "jazz"),
        ("Beethoven", "classical"),
        ("rock'n'roll", "rock"),
        ("rock & roll", "rock"),
        ("R&B", "hiphop"),
        ("thrash", "metal"),
        ("bob marley", "reggae"),
        ("honky-tonk", "country"),
        ("JAZZ!!!", "jazz"),
        ("jázz", "jazz"),
        ("mostly jazz with a little rock", "jazz"),
        ("violins", "classical"),
    ],
)
def test_other_names(text: str, genre: str) -> None:
    assert most(text) == genre


@pytest.mark.parametrize(
    ("typo", "genre"),
    [
        ("jaz", None),
        ("jazzz", "jazz"),
        ("clasical", "classical"),
        ("raggae", "reggae"),
        ("mteal", "metal"),
        ("coutnry", "country"),
        ("hevy metl", "metal"),
        ("horse", None),
    ],
)
def test_typos_are_corrected_in_the_open(typo: str, genre: str | None) -> None:
    parsed = parse_prompt(typo)
    if genre is None:  # too short, or too far from anything
        assert parsed.unknown_words == (typo,) and not parsed.phrases
    else:
        assert most(typo) == genre and parsed.phrases[0].is_corrected
        assert f"“{parsed.phrases[0].text}”" in parsed.message


@pytest.mark.parametrize(
    "text",
    [
        "a song about the beach",
        "a mental breakdown",
        "my medal",
        "county fair",
        "sewing",
        "the chair",
        "forks",
    ],
)
def test_a_real_word_is_never_taken_for_another(text: str) -> None:
    """A beach is not Bach, and nothing mental is metal."""
    parsed = parse_prompt(text)
    assert not parsed.has_genre and not any(phrase.is_corrected for phrase in parsed.phrases)
    assert "Earmark read" not in parsed.message


@pytest.mark.parametrize(
    ("text", "genre"),
    [
        ("reggae for a beach", "reggae"),
        ("like the Beatles", "rock"),
        ("AC/DC", "rock"),
        ("B.B. King", "blues"),
        ("something by Taylor Swift", "pop"),
        ("Guns N' Roses", "rock"),
    ],
)
def test_occasions_and_artists_leave_one_genre(text: str, genre: str) -> None:
    assert parse_prompt(text).genres == {genre: 1.0}


@pytest.mark.parametrize(
    "text",
    [
        *("beach", "summer", "christmas", "birthday", "wedding", "study", "sleep", "walk", "bollywood"),
        *("dance floor", "traurig", "fröhlich", "ruhige Musik", "wütend", "triste", "alegre"),
        *("música tranquila", "joyeux", "musique calme", "Klavier", "guitarra"),
    ],
)
def test_what_people_type_is_known(text: str) -> None:
    parsed = parse_prompt(text)
    assert parsed.unknown_words == () and parsed.phrases
    assert parsed.has_genre or any(parsed.controls.values())


def test_moods_in_four_languages_mean_the_same() -> None:
    for words in ("happy fröhlich alegre joyeux", "sad traurig triste melancolique", "calm ruhig tranquilo"):
        assert len({str(parse_prompt(word).controls) for word in words.split()}) == 1, words


def test_modifiers() -> None:
    plain, very, slightly, hardly = (
        parse_prompt(text).controls["brightness"]
        for text in ("bright", "very bright", "slightly bright", "not bright")
    )
    assert very > plain > slightly > 0 > hardly
    assert parse_prompt("not very fast").tempo < 1 < parse_prompt("very fast").tempo
    assert parse_prompt("not very fast").tempo > parse_prompt("not fast").tempo
    assert parse_prompt("not bright, busy").controls["density"] > 0  # "not" reaches no further


def test_without_reaches_to_the_comma() -> None:
    parsed = parse_prompt("without drums and distortion, bright")
    assert parsed.controls["density"] < 0 and parsed.controls["energy"] < 0
    assert parsed.controls["brightness"] > 0 and not parsed.has_genre  # nobody named a genre


def test_a_genre_that_is_not_wanted() -> None:
    parsed = parse_prompt("anything but pop")
    assert "pop" not in parsed.genres and len(parsed.genres) == len(GENRES) - 1 and not parsed.has_genre
    assert "no pop" in parsed.message
    assert parse_prompt("jazz, no pop").genres == {"jazz": 1.0}
    for text in ("less jazz", "hardly any jazz", "barely jazz", "a bit less jazz"):
        parsed = parse_prompt(text)
        assert "jazz" not in parsed.genres and not parsed.has_genre and "no jazz" in parsed.message


def test_a_genre_of_which_less_is_wanted() -> None:
    parsed = parse_prompt("jazz and rock, but less jazz")
    assert parsed.genres["rock"] > parsed.genres["jazz"] > 0.2 and parsed.phrases[-1].meaning == "less jazz"


@pytest.mark.parametrize("text", ["not only jazz", "not just jazz", "why not jazz"])
def test_a_not_that_is_none(text: str) -> None:
    assert parse_prompt(text).genres == {"jazz": 1.0}


def test_beats_a_minute() -> None:
    for words in ("jazz at 160 bpm", "jazz at 160 beats per minute", "160 beats a minute, jazz"):
        parsed = parse_prompt(words)
        assert parsed.unknown_words == () and parsed.bpm == 160 and parsed.genres == {"jazz": 1.0}
        assert parsed.message == "You will hear jazz at 160 beats a minute."
        assert parsed.phrases[0].meaning == "160 beats a minute"
    assert (parse_prompt("45bpm").bpm, parse_prompt("400 bpm").bpm) == (MIN_BPM, MAX_BPM)
    assert parse_prompt("jazz").bpm is None and parse_prompt("fast 100 bpm").tempo == 1


def test_unknown_words_are_named() -> None:
    parsed = parse_prompt("purple jazz for elephants")
    assert parsed.unknown_words == ("purple", "elephants") and parsed.genres == {"jazz": 1.0}
    assert "“purple”, “elephants”" in parsed.message


@pytest.mark.parametrize("text", ["", "   ", "🎸🎸", "...", "the and of", "музыка", "\x00", "١٢٣"])
def test_nothing_to_understand_is_a_sentence(text: str) -> None:
    parsed = parse_prompt(text)
    assert not parsed.has_genre and not any(parsed.controls.values()) and parsed.tempo == 1.0
    assert "chance picks the genre" in parsed.message


def test_a_very_long_prompt() -> None:
    parsed = parse_prompt("jazz " + "calm " * 10_000 + "metal")
    assert parsed.genres == {"jazz": 1.0} and parsed.controls["energy"] == -MAX_PROMPT_SHIFT
    assert f"first {MAX_PROMPT_CHARS} letters" in parsed.message
    assert len(parse_prompt("x" * 100_000).message) < 400


TEXTS = st.one_of(
    st.text(max_size=60),
    st.lists(st.sampled_from([*PHRASES, *MODIFIERS, ",", "and", "but", "xyzzy"]), max_size=8).map(" ".join),
)


@settings(max_examples=60)
@given(TEXTS)
def test_any_text_at_all(text: str) -> None:
    parsed = parse_prompt(text)
    assert sum(parsed.genres.values()) == pytest.approx(1.0) and set(parsed.genres) <= set(GENRES)
    assert min(parsed.genres.values()) > 0
    assert list(parsed.genres.values()) == sorted(parsed.genres.values(), reverse=True)
    assert set(parsed.controls) == set(CONTROLS)
    assert all(-MAX_PROMPT_SHIFT <= shift <= MAX_PROMPT_SHIFT for shift in parsed.controls.values())
    assert MIN_TEMPO <= parsed.tempo <= MAX_TEMPO
    assert parsed.message.endswith(".") and parsed.message[0].isupper()
    assert parsed == parse_prompt(text)


@settings(max_examples=30)
@given(st.lists(st.sampled_from(PHRASES), min_size=1, max_size=3))
def test_capitals_and_spaces_do_not_matter(phrases: list[str]) -> None:
    text = ", ".join(phrases)
    other = parse_prompt(f"  {text.upper().replace(' ', '   ')}!")
    assert (other.genres, other.controls, other.tempo) == (
        (parsed := parse_prompt(text)).genres,
        parsed.controls,
        parsed.tempo,
    )


def test_the_vocabulary_is_sound() -> None:
    assert len(PHRASES) == len(set(PHRASES)) and not set(PHRASES) & set(MODIFIERS)
    for entry in VOCABULARY["meanings"]:
        assert set(entry) <= {"words", "genres", "controls", "tempo"}
        assert set(entry.get("genres", {})) <= set(GENRES) and set(entry.get("controls", {})) <= set(CONTROLS)
        assert 0.5 <= entry.get("tempo", 1.0) <= 2
    assert not (set(PHRASES) | set(MODIFIERS)) & set(VOCABULARY["ignored"])


def test_every_phrase_matches_as_a_whole() -> None:
    for phrase in PHRASES:
        parsed = parse_prompt(phrase)
        assert [word.vocabulary_phrase for word in parsed.phrases] == [phrase] and not parsed.unknown_words
