"""A few words -> what the generator can do about them: genres, controls, tempo.

    heard = understand("a calm late-night jazz piano")
    heard.genres        {"jazz": 0.83, "classical": 0.17}: shares that add up to 1
    heard.controls      {"energy": -1.7, "brightness": -0.6, "density": -0.9}, standard deviations
    heard.tempo         0.87, times the usual
    heard.words         each phrase that was understood, and as what
    heard.unknown       the words that were not
    heard.message       all of that in a few short sentences

The vocabulary is `words.json`: nothing is learnt and nothing hidden. Misspelt words are taken for the
nearest known one. Longer phrases go before shorter ones; "very", "slightly" and "not" change the next
phrase that has a meaning, "without" all of them up to the next comma, "but" or "with".
"""

import json
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field
from difflib import get_close_matches
from functools import cache, lru_cache
from math import prod
from pathlib import Path

from gan.mel import CONTROLS
from genre import GENRES
from genre.names import spoken

MOST_LETTERS = 300  # of a prompt; what comes after is left out, and said to be
MOST_SHIFT = 2.5  # standard deviations, of a control
SLOWEST, FASTEST = 0.6, 1.6  # times the usual tempo
USUAL_BPM = 118  # the mean of popular music: what a number of beats a minute is compared with
NEAR = 0.82  # how alike a misspelt word must be to a known one (difflib's ratio)
GUESSED_LETTERS = (4, 20)  # shorter words are not guessed at, nor longer ones
LEAST_SHARE = 0.02  # of a genre; less is left out
LEAST_SHIFT = 0.05  # standard deviations; less is not worth a word
A_GENRE = 0.5  # whoever says "no guitar" does not rule out the genres a guitar only leans to
EXAMPLES = "Try words like jazz, calm, dark, fast or piano."
_WORDS = Path(__file__).with_name("words.json")


@dataclass(frozen=True)
class Heard:
    """One phrase of a prompt that was understood."""

    text: str  # as it was written, with its modifiers: "very drak"
    known_as: str  # as it stands in the vocabulary: "very dark"
    meaning: str  # "less brightness"
    guessed: bool  # whether it was misspelt


@dataclass(frozen=True)
class Understanding:
    """What a prompt asks for."""

    prompt: str
    genres: dict[str, float]  # shares that add up to 1, the largest first
    controls: dict[str, float]  # energy, brightness, density: standard deviations from the usual
    tempo: float  # times the usual
    named: bool  # whether words lean to some genre; if not, all that are allowed have the same share
    words: tuple[Heard, ...]
    unknown: tuple[str, ...]
    message: str  # for people: how it was understood, and what was not


@dataclass(frozen=True)
class _Meaning:
    """What a phrase stands for, before and after its modifiers."""

    genres: dict[str, float] = field(default_factory=dict)
    controls: dict[str, float] = field(default_factory=dict)
    tempo: float = 1.0

    def changed(self, strength: float, weight: float) -> "_Meaning":
        """`strength` times the controls, `weight` times the genres; negative is the opposite."""
        return _Meaning(
            {name: share * weight for name, share in self.genres.items() if weight > 0 or share >= A_GENRE},
            {name: shift * strength for name, shift in self.controls.items()},
            self.tempo**strength,
        )

    def in_words(self) -> str:
        parts = [("" if share > 0 else "less " if share > -A_GENRE else "not ") + spoken(name)
                 for name, share in self.genres.items()]  # fmt: skip
        parts += _shifts_in_words(self.controls, self.tempo)
        return ", ".join(parts) or "we cannot change that"


@dataclass(frozen=True)
class _Modifier:
    strength: float  # of controls and tempo
    weight: float  # of genres
    reach: str  # "next" phrase, or the whole "clause"


@dataclass(frozen=True)
class _Vocabulary:
    phrases: dict[str, _Meaning | _Modifier]
    ignored: frozenset[str]
    breaks: frozenset[str]
    endings: tuple[tuple[str, str], ...]
    words: frozenset[str]  # every single word that is part of anything
    longest: int  # phrase, in words


@dataclass(frozen=True)
class _Word:
    written: str
    known_as: str  # "" if it is not known
    guessed: bool = False


def understand(prompt: str) -> Understanding:
    """What a prompt asks for. Never raises: the message says what is to be said of an absurd one."""
    text = prompt[:MOST_LETTERS]
    words, unknown, meanings = [], [], []
    text, beats = _beats_a_minute(text)
    for heard, meaning in [*beats, *_phrases(_words_of(text))]:
        if meaning is None:
            unknown.append(heard.text)
        else:
            words.append(heard)
            meanings.append(meaning)
    genres, named = _shares(meanings)
    controls = {
        name: _within(-MOST_SHIFT, sum((m.controls.get(name, 0.0) for m in meanings), 0.0), MOST_SHIFT)
        for name in CONTROLS
    }
    tempo = _within(SLOWEST, prod((meaning.tempo for meaning in meanings), start=1.0), FASTEST)
    unknown = tuple(dict.fromkeys(unknown))
    message = _message(prompt, genres, named, controls, tempo, tuple(words), unknown)
    return Understanding(prompt, genres, controls, tempo, named, tuple(words), unknown, message)


def _within(least: float, value: float, most: float) -> float:
    return round(max(least, min(most, value)), 3)


def _words_of(text: str) -> list[str]:
    """Small letters without accents, a "," where a clause ends: "Café-Jazz, loud!" -> cafe jazz , loud ,"""
    text = unicodedata.normalize("NFD", unicodedata.normalize("NFKC", text).casefold())
    text = "".join(letter for letter in text if not unicodedata.combining(letter))
    text = re.sub(r"[\u2019`]", "'", text)
    text = re.sub(r"\s*'\s*n\s*'\s*|&|\+", " and ", text).replace("'", "")
    return re.findall(r"[^\W_]+|,", re.sub(r"[,;:.!?/()|\n]+", ",", text))


def _beats_a_minute(text: str) -> tuple[str, list[tuple[Heard, _Meaning]]]:
    """Take "120 bpm" or "120 beats per minute" out of a text."""
    found = re.search(r"\b(\d{2,3})\s*(?:bpm|beats?\s+(?:per|a)\s+minute)\b", text, re.IGNORECASE)
    if not found:
        return text, []
    meaning = _Meaning(tempo=_within(SLOWEST, int(found[1]) / USUAL_BPM, FASTEST))
    heard = Heard(found[0], "bpm", _tempo_in_words(meaning.tempo) or "the usual tempo", False)
    return text[: found.start()] + " " + text[found.end() :], [(heard, meaning)]


def _phrases(written: list[str]) -> Iterator[tuple[Heard, _Meaning | None]]:
    """Each phrase with what it means after its modifiers; None for a word that is not known."""
    vocabulary = _vocabulary()
    words = [_recognised(word) for word in written]
    said: list[str] = []  # the modifiers before a phrase
    waiting: list[_Modifier] = []
    place = 0
    while place < len(words):
        if words[place].known_as in vocabulary.breaks:
            said, waiting = [], []
        size = _longest_phrase(words[place : place + vocabulary.longest])
        if size == 0:
            word = words[place]
            if word.known_as not in vocabulary.ignored | vocabulary.breaks:
                yield Heard(word.written, "", "", False), None
            place += 1
            continue
        part = words[place : place + size]
        place += size
        text, known_as = (" ".join(values) for values in
                          zip(*((word.written, word.known_as) for word in part), strict=True))
        entry = vocabulary.phrases[known_as]
        if isinstance(entry, _Modifier):
            said.append(text)
            waiting.append(entry)
            continue
        meaning = entry.changed(*_together(waiting))
        guessed = any(word.guessed for word in part)
        changed = " ".join(said) + " " if said else ""
        yield Heard(changed + text, changed + known_as, meaning.in_words(), guessed), meaning
        waiting = [modifier for modifier in waiting if modifier.reach == "clause"]
        said = []


def _longest_phrase(words: list[_Word]) -> int:
    """How many of the words, from the first on, make one phrase of the vocabulary; 0 for none."""
    for size in range(len(words), 0, -1):
        if " ".join(word.known_as for word in words[:size]) in _vocabulary().phrases:
            return size
    return 0


def _together(modifiers: list[_Modifier]) -> tuple[float, float]:
    """(strength, weight) of several. "Not very" is less of a no than "not"."""
    strength = weight = 1.0
    negative = any(modifier.strength < 0 for modifier in modifiers)
    for modifier in modifiers:
        softer = negative and modifier.strength > 1
        strength *= 1 / modifier.strength if softer else modifier.strength
        weight *= modifier.weight
    return strength, weight


@lru_cache(4096)
def _recognised(word: str) -> _Word:
    """A word as the vocabulary has it: as it is, without its ending, or the nearest one."""
    vocabulary = _vocabulary()
    known = vocabulary.words | vocabulary.ignored | vocabulary.breaks
    if word in known:
        return _Word(word, word)
    alone = {phrase for phrase in vocabulary.phrases if " " not in phrase}
    for ending, instead in vocabulary.endings:
        stem = word.removesuffix(ending) + instead
        if word.endswith(ending) and len(stem) >= 3 and stem in alone:
            return _Word(word, stem)
    least, most = GUESSED_LETTERS
    if least <= len(word) <= most:
        near = [each for each in known if len(each) >= least and each[0] == word[0]]
        swapped = [each for each in near if sorted(each) == sorted(word)]
        nearest = sorted(swapped) or get_close_matches(word, sorted(near), 1, NEAR)
        if nearest:
            return _Word(word, nearest[0], guessed=True)
    return _Word(word, "")


def _shares(meanings: list[_Meaning]) -> tuple[dict[str, float], bool]:
    """-> (genres and their shares, whether any was named)."""
    total = {name: sum(meaning.genres.get(name, 0.0) for meaning in meanings) for name in GENRES}
    wanted = {name: share for name, share in total.items() if share > 0}
    named = bool(wanted)
    if not named:
        refused = {name for name, share in total.items() if share < 0}
        wanted = {name: 1.0 for name in GENRES if name not in refused} or dict.fromkeys(GENRES, 1.0)
    whole = sum(wanted.values())
    wanted = {name: share for name, share in wanted.items() if share >= LEAST_SHARE * whole}
    whole = sum(wanted.values())
    return {name: share / whole for name, share in sorted(wanted.items(), key=lambda item: -item[1])}, named


def _message(
    prompt: str, genres: dict[str, float], named: bool, controls: dict[str, float], tempo: float,
    words: tuple[Heard, ...], unknown: tuple[str, ...],
) -> str:  # fmt: skip
    if not prompt.strip():
        return f"Nothing was asked for, so the seed chooses the genre. {EXAMPLES}"
    sentences = []
    if words:
        parts = [_genres_in_words(genres)] if named else []
        if not named and len(genres) < len(GENRES):
            parts.append("no " + " or ".join(spoken(name) for name in GENRES if name not in genres))
        parts += _shifts_in_words(controls, tempo)
        sentences.append("We understood: " + (", ".join(parts) or "as usual") + ".")
        if not named:
            sentences.append("No genre was named, so the seed chooses it.")
        if guessed := [f"“{word.text}” as “{word.known_as}”" for word in words if word.guessed]:
            sentences.append(f"We read {', '.join(guessed)}.")
    if unknown:
        listed = ", ".join(f"“{_short(word)}”" for word in unknown)
        sentences.append(f"We do not know: {listed}.")
    if not words:
        sentences.append(f"So the seed chooses the genre. {EXAMPLES}" if unknown
                         else f"There is no wish in this, so the seed chooses the genre. {EXAMPLES}")
    if len(prompt) > MOST_LETTERS:
        sentences.append(f"Only the first {MOST_LETTERS} letters were read.")
    return " ".join(sentences)


def _genres_in_words(genres: dict[str, float]) -> str:
    if len(genres) == 1:
        return spoken(next(iter(genres)))
    *most, last = (f"{spoken(name)} {share:.0%}" for name, share in genres.items())
    return f"{', '.join(most)} and {last}"


def _shifts_in_words(controls: dict[str, float], tempo: float) -> list[str]:
    parts = [f"{'more' if shift > 0 else 'less'} {name}" for name, shift in controls.items()
             if abs(shift) >= LEAST_SHIFT]
    return parts + ([_tempo_in_words(tempo)] if _tempo_in_words(tempo) else [])


def _tempo_in_words(tempo: float) -> str:
    if abs(tempo - 1) < 0.02:
        return ""
    return "faster" if tempo > 1 else "slower"


def _short(word: str) -> str:
    return word if len(word) <= 24 else word[:23] + "…"


@cache
def _vocabulary() -> _Vocabulary:
    content = json.loads(_WORDS.read_text(encoding="utf-8"))
    phrases: dict[str, _Meaning | _Modifier] = {}
    for entry in content["meanings"]:
        meaning = _Meaning(entry.get("genres", {}), entry.get("controls", {}), entry.get("tempo", 1.0))
        phrases |= dict.fromkeys(entry["words"], meaning)
    for entry in content["modifiers"]:
        modifier = _Modifier(entry["controls"], entry["genres"], entry["reach"])
        phrases |= dict.fromkeys(entry["words"], modifier)
    return _Vocabulary(
        phrases, frozenset(content["ignored"]), frozenset(content["breaks"]),
        tuple(map(tuple, content["endings"])),
        frozenset(word for phrase in phrases for word in phrase.split()),
        max(len(phrase.split()) for phrase in phrases),
    )
