"""Queries: a mood, a language and perhaps an artist become the words of a search.

The words of each language are in mood/playlist/words.json.
"""

import difflib
import functools
import json
import unicodedata
from dataclasses import dataclass
from pathlib import Path

from genre import GENRES
from mood import EMOTIONS

DIRECTIONS = ("match", "change")  # songs of this mood, or songs that lead to another one
DEFAULT_LANGUAGE = "English"
MAX_PHRASE_CHARS = 80  # length of an artist, a mood or a language in somebody's own words
MIN_SIMILARITY = 0.88  # difflib's similarity: "Spansh" is Spanish (0.92), "Romani" is not Romanian (0.86)

# Joiners of letters in Persian and Indian scripts; all other invisible characters are removed.
_JOINERS = "\u200c\u200d"


@dataclass(frozen=True)
class Language:
    """A language and the words that people search with in it."""

    code: str  # ISO 639-1
    name: str  # the language's name in English
    native: str  # the language's name in its own script
    aliases: tuple[str, ...]
    custom: str  # "{mood} songs"
    with_genre: str  # "{genre} {mood}"
    match: dict[str, str]  # emotion -> words
    change: dict[str, str]  # target mood -> words
    genres: dict[str, str]

    @property
    def label(self) -> str:
        """The name in a list to choose from: "Hindi (हिन्दी)"."""
        return self.name if self.name == self.native else f"{self.name} ({self.native})"


def _load_words() -> tuple[dict[str, str], tuple[Language, ...]]:
    """Load the words of words.json: (emotion -> target mood, languages)."""
    words = json.loads(Path(__file__).with_name("words.json").read_text("utf-8"))
    languages = (
        Language(code, **{**entry, "aliases": tuple(entry["aliases"])})
        for code, entry in words["languages"].items()
    )
    return words["target_moods"], tuple(sorted(languages, key=lambda language: language.name))


TARGET_MOODS, LANGUAGES = _load_words()  # target moods ("sad" -> "cheerful"); languages by English name


def compose_query(
    emotion: str,
    language: str = DEFAULT_LANGUAGE,
    artist: str = "",
    direction: str = "match",
    genre: str | None = None,
) -> str:
    """Compose the query: "Adele sad songs", "canciones alegres jazz".

    `emotion` is one of EMOTIONS or a custom mood ("punk"), whose name is then the word;
    with `direction` "change" the query is for songs of the target mood, for a custom mood of cheerful ones.
    `language` is a name or code of LANGUAGES; for any other one, its name is added to English words.
    `genre` is one of genre.GENRES. Raises ValueError, with a sentence, for an empty mood, a direction
    that is not in DIRECTIONS and an unknown genre.
    """
    if direction not in DIRECTIONS:
        raise ValueError(
            f"The direction is {' or '.join(DIRECTIONS)}, not {clean_text(str(direction))!r}: choose one."
        )
    mood = clean_text(emotion)
    if not mood:
        raise ValueError("There is no mood to search for: choose one, or type a word for it.")
    if genre is not None and genre not in GENRES:
        raise ValueError(f"The genre is one of {', '.join(GENRES)}: choose one of them.")
    known_language = find_language(language)
    words = known_language or _names()[_fold(DEFAULT_LANGUAGE)]
    mood_key = mood.casefold()
    if direction == "change":
        phrase = words.change[TARGET_MOODS.get(mood_key, "cheerful")]
    else:
        phrase = words.match[mood_key] if mood_key in EMOTIONS else words.custom.replace("{mood}", mood)
    if genre:
        phrase = words.with_genre.format(genre=words.genres[genre], mood=phrase)
    return " ".join(
        filter(None, (clean_text(artist), "" if known_language else clean_text(language), phrase))
    )


def find_language(text: str) -> Language | None:
    """Find the language of LANGUAGES that `text` names.

    The name may be English, in the language's own script, its code or another usual name; case, accents and
    small slips do not matter. The result is None for an unknown name, and English for an empty one.
    """
    names = _names()
    key = _fold(clean_text(text)) or _fold(DEFAULT_LANGUAGE)
    if key in names:
        return names[key]
    matches = difflib.get_close_matches(key, names, n=1, cutoff=MIN_SIMILARITY)
    return names[matches[0]] if matches else None


def clean_text(text: str, max_chars: int = MAX_PHRASE_CHARS) -> str:
    """Put `text` on one line of at most `max_chars`, without control and other invisible characters.

    The result can be encoded and displayed, and a second call does not change it.
    """
    # The bound comes first, since the normal form can be eighteen times as long as its input.
    normal = unicodedata.normalize("NFC", text[: 4 * max_chars])
    visible = "".join(
        " "
        if c.isspace() or unicodedata.category(c) == "Cc"
        else ""
        if unicodedata.category(c) in ("Cf", "Cs", "Co", "Cn") and c not in _JOINERS
        else c
        for c in normal
    )
    # It is normalized again, since a removed character may have stood between a letter and its accent.
    line = unicodedata.normalize("NFC", " ".join(visible.split()))
    return line[:max_chars].strip(f" {_JOINERS}")


@functools.cache
def _names() -> dict[str, Language]:
    """Map the names of all languages, folded, to the languages."""
    return {
        _fold(name): language
        for language in LANGUAGES
        for name in (language.code, language.name, language.native, language.label, *language.aliases)
    }


def _fold(name: str) -> str:
    """Fold a name: without case and accents."""
    letters = unicodedata.normalize("NFKD", name.casefold())
    return "".join(c for c in letters if unicodedata.category(c) != "Mn")
