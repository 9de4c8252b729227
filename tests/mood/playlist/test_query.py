"""The words that are searched for: data for every language, and nothing harmful in a query."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genre import GENRES
from mood import EMOTIONS
from mood.playlist.query import (
    DIRECTIONS,
    LANGUAGES,
    MAX_PHRASE_CHARS,
    TARGET_MOODS,
    clean_text,
    compose_query,
    find_language,
)

anything = st.text(st.characters(), max_size=400)  # lone surrogates too


@pytest.mark.parametrize("language", LANGUAGES, ids=lambda language: language.code)
def test_every_language_has_all_words(language) -> None:
    assert set(language.match) == set(EMOTIONS)
    assert set(language.change) == set(TARGET_MOODS.values())
    assert set(language.genres) == set(GENRES)
    words = [*language.match.values(), *language.change.values(), *language.genres.values()]
    assert len(set(words)) == len(words), "two moods or genres share their words"
    assert all(word == clean_text(word) for word in words)
    assert language.custom.count("{mood}") == 1
    assert "{mood}" in language.with_genre and "{genre}" in language.with_genre


def test_the_list_is_wide() -> None:
    codes = {language.code for language in LANGUAGES}
    assert codes >= {
        "en",
        "es",
        "fr",
        "de",
        "it",
        "pt",
        "hi",
        "ta",
        "te",
        "kn",
        "ja",
        "ko",
        "zh",
        "ar",
        "tr",
        "ru",
        "pl",
        "sv",
    }
    assert set(TARGET_MOODS) == set(EMOTIONS)


def test_words_are_in_the_languages_own_script() -> None:
    scripts = {
        "hi": "DEVANAGARI",
        "ta": "TAMIL",
        "te": "TELUGU",
        "kn": "KANNADA",
        "ml": "MALAYALAM",
        "bn": "BENGALI",
        "pa": "GURMUKHI",
        "ar": "ARABIC",
        "fa": "ARABIC",
        "he": "HEBREW",
        "ru": "CYRILLIC",
        "uk": "CYRILLIC",
        "el": "GREEK",
        "ko": "HANGUL",
        "zh": "CJK",
    }
    for language in LANGUAGES:
        if language.code not in scripts:
            continue
        for word in [*language.match.values(), *language.change.values()]:
            letters = [unicodedata.name(c) for c in word if c.isalpha()]
            assert all(name.startswith(scripts[language.code]) for name in letters), word


@pytest.mark.parametrize(
    ("arguments", "query"),
    [
        (("sad", "English"), "sad songs"),
        (("sad", "English", "Adele"), "Adele sad songs"),
        (("sad", "English", "", "change"), "feel good songs"),
        (("angry", "English", "", "change"), "calming songs"),
        (("sad", "es"), "canciones tristes"),
        (("sad", "हिन्दी"), "उदास गाने"),
        (("happy", "Japanese"), "楽しい曲"),
        (("HAPPY", "ENGLISH"), "happy songs"),
        (("punk", "English"), "punk songs"),
        (("punk", "fr"), "chansons punk"),
        (("punk", "English", "", "change"), "feel good songs"),
        (("sad", "Yoruba"), "Yoruba sad songs"),
        (("sad", "", "  The\n Cure "), "The Cure sad songs"),
        (("sad", "English", "", "change", "jazz"), "jazz feel good songs"),
        (("sad", "Spanish", "", "match", "classical"), "canciones tristes clásica"),
        (("{genre}", "English", "{0}", "match", "rock"), "{0} rock {genre} songs"),
    ],
)
def test_queries(arguments, query) -> None:
    assert compose_query(*arguments) == query


@pytest.mark.parametrize(
    "arguments", [("",), ("\x00\u200b ",), ("sad", "en", "", "both"), ("sad", "en", "", "match", "opera")]
)
def test_invalid_arguments_raise_a_sentence(arguments) -> None:
    with pytest.raises(ValueError, match="choose"):
        compose_query(*arguments)


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("spanish", "es"),
        ("ESPAÑOL", "es"),
        ("espanol", "es"),
        ("Spansh", "es"),
        ("turkce", "tr"),
        ("中文", "zh"),
        ("Chinese", "zh"),
        ("हिंदी", "hi"),
        ("Farsi", "fa"),
        ("TÜRKÇE", "tr"),
        ("Hindi (हिन्दी)", "hi"),
        (" tiếng việt ", "vi"),
        ("", "en"),
        ("Yoruba", None),
        ("Romani", None),
        ("Malay", None),
        ("x", None),
    ],
)
def test_languages_are_found(name, code) -> None:
    language = find_language(name)
    assert (language.code if language else None) == code


def test_every_name_finds_its_own_language() -> None:
    for language in LANGUAGES:
        for name in (language.code, language.name, language.native, language.label, *language.aliases):
            assert find_language(name) is language, name
            assert find_language(name.upper()) is language, name


@given(anything)
def test_plain_text_is_harmless_and_stays_as_it_is(text) -> None:
    line = clean_text(text)
    assert len(line) <= MAX_PHRASE_CHARS
    assert line == line.strip() and "  " not in line
    line.encode()  # no lone surrogates
    assert not [c for c in line if unicodedata.category(c) in ("Cc", "Cs", "Co", "Zl", "Zp")]
    assert not set("\u202a\u202b\u202d\u202e\u2066\u2067\u200b\ufeff") & set(line)
    assert clean_text(line) == line


@given(anything, anything, anything, st.sampled_from(DIRECTIONS), st.sampled_from([None, *GENRES]))
def test_any_words_make_a_bounded_query(emotion, language, artist, direction, genre) -> None:
    if not clean_text(emotion):
        return
    query = compose_query(emotion, language, artist, direction, genre)
    assert query and query == clean_text(query, 400) and len(query) < 400
    query.encode()


def test_letters_of_every_script_stay() -> None:
    for text in ("Björk", "Sigur Rós", "می‌خواهم", "क्‍ष", "방탄소년단", "AC/DC", "P!nk", "👩‍🎤"):
        assert clean_text(text) == unicodedata.normalize("NFC", text)
    assert clean_text("e\u200b\u0301") == "é"
