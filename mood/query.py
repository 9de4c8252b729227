"""A mood, a language and perhaps an artist become the words that are searched for.

The words themselves are data: mood/words.json.
"""

import difflib
import functools
import json
import unicodedata
from dataclasses import dataclass
from pathlib import Path

from genre import GENRES
from mood import EMOTIONS

WISHES = ("match", "change")  # more of this mood; or lift me up, calm me down
DEFAULT_LANGUAGE = "English"
PHRASE_CHARACTERS = 80  # of an artist, a mood or a language in somebody's own words
ALIKE = 0.88  # of difflib: "Spansh" is Spanish (0.92), "Romani" is not Romanian (0.86)

# What joins letters in Persian and Indian scripts; all other invisible characters go.
_JOINERS = "\u200c\u200d"


@dataclass(frozen=True)
class Language:
    """A language and the words that people search with in it."""

    code: str  # ISO 639-1
    name: str  # in English
    native: str  # in its own script
    aliases: tuple[str, ...]
    custom: str  # "{mood} songs"
    with_genre: str  # "{genre} {mood}"
    match: dict[str, str]  # emotion -> words
    change: dict[str, str]  # where the mood should lead -> words
    genres: dict[str, str]

    @property
    def label(self) -> str:
        """As in a list to choose from: "Hindi (हिन्दी)"."""
        return self.name if self.name == self.native else f"{self.name} ({self.native})"


def _load() -> tuple[dict[str, str], tuple[Language, ...]]:
    """The words of mood/words.json: (emotion -> where it should lead, languages)."""
    words = json.loads(Path(__file__).with_name("words.json").read_text("utf-8"))
    languages = (
        Language(code, **{**entry, "aliases": tuple(entry["aliases"])})
        for code, entry in words["languages"].items()
    )
    return words["lead_to"], tuple(sorted(languages, key=lambda language: language.name))


LEAD_TO, LANGUAGES = _load()  # "sad" -> "cheerful"; by English name


def compose(
    emotion: str,
    language: str = DEFAULT_LANGUAGE,
    artist: str = "",
    wish: str = "match",
    genre: str | None = None,
) -> str:
    """The query: "Adele sad songs", "canciones alegres jazz".

    `emotion` is one of EMOTIONS or a mood of one's own ("punk"), whose name is then the word;
    with `wish` "change" it asks for songs that lead elsewhere, a mood of one's own to cheerful ones.
    `language` is a name or code of LANGUAGES, or any other one: then English words with its name.
    `genre` is one of genre.GENRES. Raises ValueError, with a sentence, for an empty mood, a wish
    that is not in WISHES and an unknown genre.
    """
    if wish not in WISHES:
        raise ValueError(f"The wish is {' or '.join(WISHES)}, not {plain(str(wish))!r}: choose one of them.")
    mood = plain(emotion)
    if not mood:
        raise ValueError("There is no mood to search for: choose one, or type a word for it.")
    if genre is not None and genre not in GENRES:
        raise ValueError(f"The genre is one of {', '.join(GENRES)}: choose one of them.")
    spoken = find_language(language)
    words = spoken or find_language(DEFAULT_LANGUAGE)
    known = mood.casefold()
    if wish == "change":
        phrase = words.change[LEAD_TO.get(known, "cheerful")]
    else:
        phrase = words.match[known] if known in EMOTIONS else words.custom.replace("{mood}", mood)
    if genre:
        phrase = words.with_genre.format(genre=words.genres[genre], mood=phrase)
    return " ".join(filter(None, (plain(artist), "" if spoken else plain(language), phrase)))


def find_language(text: str) -> Language | None:
    """The language of LANGUAGES that `text` names: in English, in its own script, by its code or a
    usual other name, whatever its case and accents; small slips are forgiven. None of any other,
    English where nothing is named.
    """
    names = _names()
    wanted = _bare(plain(text)) or _bare(DEFAULT_LANGUAGE)
    if wanted in names:
        return names[wanted]
    close = difflib.get_close_matches(wanted, names, n=1, cutoff=ALIKE)
    return names[close[0]] if close else None


def plain(text: str, characters: int = PHRASE_CHARACTERS) -> str:
    """`text` on one line of at most `characters`, without control and other invisible characters.

    What it returns can be encoded, shown, and put through again without another change.
    """
    # A bound before the normal form, which can lengthen what it is given eighteenfold.
    normal = unicodedata.normalize("NFC", text[: 4 * characters])
    seen = "".join(
        " " if c.isspace() or unicodedata.category(c) == "Cc"
        else "" if unicodedata.category(c) in ("Cf", "Cs", "Co", "Cn") and c not in _JOINERS
        else c
        for c in normal
    )  # fmt: skip
    # Again: what was taken out may have kept a letter and its accent apart.
    line = unicodedata.normalize("NFC", " ".join(seen.split()))
    return line[:characters].strip(f" {_JOINERS}")


@functools.cache
def _names() -> dict[str, Language]:
    """Every name of every language, bare."""
    return {
        _bare(name): language
        for language in LANGUAGES
        for name in (language.code, language.name, language.native, language.label, *language.aliases)
    }


def _bare(name: str) -> str:
    """A name without case and accents."""
    letters = unicodedata.normalize("NFKD", name.casefold())
    return "".join(c for c in letters if unicodedata.category(c) != "Mn")
