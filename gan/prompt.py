"""The prompt parser: a text -> genre weights, controls, tempo and key.

    parsed = parse_prompt("a calm late-night jazz piano")
    parsed.genres          {"jazz": 0.83, "classical": 0.17}: weights that add up to 1
    parsed.controls        {"energy": -1.7, "brightness": -0.6, "density": -0.9}, standard deviations
    parsed.tempo           0.87, relative to the usual
    parsed.bpm             120.0 for "120 bpm", else None
    parsed.key             "A minor" for "in A minor", else ""
    parsed.phrases         each phrase that matched the vocabulary, and its meaning
    parsed.unknown_words   the words that did not match
    parsed.message         all of that in a few short sentences

The parser follows rules, with the vocabulary in `words.json`; nothing is learnt. Only a word that is one
typing slip away from the name of a genre or an instrument is corrected: a guess over a real word (beach,
Bach) would give people music that they did not ask for. Longer phrases match before shorter ones; "very",
"slightly" and "not" modify the next phrase that has a meaning, "without" modifies all phrases up to the next
comma, "but" or "with".
"""

import json
import re
import string
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache, lru_cache
from math import prod
from pathlib import Path

from gan.controls import CONTROL_WORDS, CONTROLS
from gan.keys import extract_key, key_in_words
from genre import GENRES
from genre.text import genre_name

MAX_PROMPT_CHARS = 300  # length of a prompt; the message says when more is left out
MAX_PROMPT_SHIFT = 2.5  # standard deviations by which a control may move
MIN_TEMPO, MAX_TEMPO = 0.6, 1.6  # relative to the usual tempo
MIN_BPM, MAX_BPM = 60, 180  # beats a minute; those of gan.request, which imports this file
MIN_CORRECTABLE_CHARS = 4  # length of a word that may be corrected
MIN_STEM_CHARS = 3  # length of a word without its ending
MIN_GENRE_WEIGHT = 0.02  # genres of less weight are dropped
MIN_SHIFT = 0.05  # standard deviations; less is not mentioned
MAIN_SHARE = 0.5  # of the largest weight; a genre of less is a touch
FULL_GENRE_WEIGHT = 0.5  # weight from which a negation excludes a genre; "no guitar" excludes none
EXAMPLES = "Try words like jazz, calm, dark, fast or piano."
_WORDS = Path(__file__).with_name("words.json")


@dataclass(frozen=True)
class MatchedPhrase:
    """One phrase of a prompt that matched the vocabulary."""

    text: str  # as written, with its modifiers: "very drak"
    vocabulary_phrase: str  # as in the vocabulary: "very dark"
    meaning: str  # "darker"
    is_corrected: bool  # whether a misspelling was corrected


@dataclass(frozen=True)
class ParsedPrompt:
    """The result of parse_prompt()."""

    prompt: str
    genres: dict[str, float]  # weights that add up to 1, the largest first
    controls: dict[str, float]  # energy, brightness, density: standard deviations
    tempo: float  # factor on the usual tempo; 1 where beats a minute are named
    bpm: float | None  # beats a minute, within MIN_BPM and MAX_BPM; None: not named
    key: str  # one of gan.keys.KEYS; "": not named
    has_genre: bool  # whether any genre is named; if not, all that are not excluded have the same weight
    phrases: tuple[MatchedPhrase, ...]
    unknown_words: tuple[str, ...]
    message: str  # a text for people: what matched, and what did not


@dataclass(frozen=True)
class _Meaning:
    """The meaning of a phrase, before or after its modifiers."""

    genres: dict[str, float] = field(default_factory=dict)
    controls: dict[str, float] = field(default_factory=dict)
    tempo: float = 1.0

    def scale(self, strength: float, weight: float) -> "_Meaning":
        """Scale controls and tempo by `strength`, genres by `weight`; negative is the opposite."""
        return _Meaning(
            {
                name: share * weight
                for name, share in self.genres.items()
                if weight > 0 or share >= FULL_GENRE_WEIGHT
            },
            {name: shift * strength for name, shift in self.controls.items()},
            self.tempo**strength,
        )

    def in_words(self) -> str:
        parts = [
            ("" if share > 0 else "less " if share > -FULL_GENRE_WEIGHT else "not ") + genre_name(name)
            for name, share in self.genres.items()
        ]
        parts += _shifts_in_words(self.controls, self.tempo)
        return ", ".join(parts) or "Earmark cannot change that"


@dataclass(frozen=True)
class _Modifier:
    strength: float  # factor on controls and tempo
    weight: float  # factor on the genres' weights
    reach: str  # "next" phrase, or the whole "clause"


@dataclass(frozen=True)
class _Vocabulary:
    phrases: dict[str, _Meaning | _Modifier]
    stop_words: frozenset[str]
    breaks: frozenset[str]
    endings: tuple[tuple[str, str], ...]
    real_words: frozenset[str]  # words that no rule may turn into others
    words: frozenset[str]  # all single words of the phrases
    slips: dict[str, str]  # a misspelling -> the name of a genre or an instrument
    max_phrase_words: int


@dataclass(frozen=True)
class _Word:
    text: str  # the word as written
    vocabulary_phrase: str  # the word of the vocabulary; "" where there is none
    is_corrected: bool = False


def parse_prompt(prompt: str) -> ParsedPrompt:
    """Parse a prompt. It never raises: the message says what could not be understood."""
    text = prompt[:MAX_PROMPT_CHARS]
    phrases: list[MatchedPhrase] = []
    unknown_words: list[str] = []
    meanings: list[_Meaning] = []
    text, bpm, bpm_phrase = _extract_bpm(text)
    if bpm_phrase:
        phrases.append(bpm_phrase)
    text, key, key_text = extract_key(text)
    if key:
        phrases.append(MatchedPhrase(key_text, "key", f"in {key_in_words(key)}", False))
    for phrase, meaning in _phrases(_tokenize(text)):
        if meaning is None:
            unknown_words.append(phrase.text)
        else:
            phrases.append(phrase)
            meanings.append(meaning)
    genres, has_genre = _genre_weights(meanings)
    controls = {
        name: _clamp(
            -MAX_PROMPT_SHIFT, sum((m.controls.get(name, 0.0) for m in meanings), 0.0), MAX_PROMPT_SHIFT
        )
        for name in CONTROLS
    }
    tempo = _clamp(MIN_TEMPO, prod((meaning.tempo for meaning in meanings), start=1.0), MAX_TEMPO)
    if bpm is not None:
        tempo = 1.0  # the number says it exactly
    unknown = tuple(dict.fromkeys(unknown_words))
    place = (f" in {key_in_words(key)}" if key else "") + (f" at {bpm:g} beats a minute" if bpm else "")
    message = _message(prompt, genres, has_genre, controls, tempo, place, tuple(phrases), unknown)
    return ParsedPrompt(
        prompt, genres, controls, tempo, bpm, key, has_genre, tuple(phrases), unknown, message
    )


def _clamp(low: float, value: float, high: float) -> float:
    return round(max(low, min(high, value)), 3)


def _tokenize(text: str) -> list[str]:
    """Split into words without case and accents, and "," where a clause ends: Café-Jazz! -> cafe jazz ,"""
    text = unicodedata.normalize("NFD", unicodedata.normalize("NFKC", text).casefold())
    text = "".join(letter for letter in text if not unicodedata.combining(letter))
    text = re.sub(r"[\u2019`]", "'", text)
    text = re.sub(r"\s*'\s*n\s*'\s*|&|\+", " and ", text).replace("'", "")
    text = re.sub(
        r"\b(?:[a-z]\.){2,}", lambda initials: initials[0].replace(".", "") + " ", text
    )  # b.b. king
    return re.findall(r"[^\W_]+|,", re.sub(r"[,;:.!?()|\n]+", ",", text))


def _extract_bpm(text: str) -> tuple[str, float | None, MatchedPhrase | None]:
    """Remove "120 bpm" or "120 beats per minute" from a text, and return the beats a minute with it."""
    match = re.search(r"\b(\d{2,3})\s*(?:bpm|beats?\s+(?:per|a)\s+minute)\b", text, re.IGNORECASE)
    if not match:
        return text, None, None
    bpm = _clamp(MIN_BPM, int(match[1]), MAX_BPM)
    phrase = MatchedPhrase(match[0], "bpm", f"{bpm:g} beats a minute", False)
    return text[: match.start()] + " " + text[match.end() :], bpm, phrase


def _phrases(tokens: list[str]) -> Iterator[tuple[MatchedPhrase, _Meaning | None]]:
    """Yield each phrase with its modified meaning; None for an unknown word."""
    vocabulary = _vocabulary()
    words = [_recognize(word) for word in tokens]
    modifier_texts: list[str] = []  # modifiers before a phrase
    modifiers: list[_Modifier] = []
    place = 0
    while place < len(words):
        if words[place].vocabulary_phrase in vocabulary.breaks:
            modifier_texts, modifiers = [], []
        size = _longest_phrase(words[place : place + vocabulary.max_phrase_words])
        if size == 0:
            word = words[place]
            if word.vocabulary_phrase not in vocabulary.stop_words | vocabulary.breaks:
                yield MatchedPhrase(word.text, "", "", False), None
            place += 1
            continue
        part = words[place : place + size]
        place += size
        text, vocabulary_phrase = (
            " ".join(values)
            for values in zip(*((word.text, word.vocabulary_phrase) for word in part), strict=True)
        )
        entry = vocabulary.phrases[vocabulary_phrase]
        if isinstance(entry, _Modifier):
            modifier_texts.append(text)
            modifiers.append(entry)
            continue
        meaning = entry.scale(*_combine(modifiers))
        is_corrected = any(word.is_corrected for word in part)
        prefix = " ".join(modifier_texts) + " " if modifier_texts else ""
        yield (
            MatchedPhrase(prefix + text, prefix + vocabulary_phrase, meaning.in_words(), is_corrected),
            meaning,
        )
        modifiers = [modifier for modifier in modifiers if modifier.reach == "clause"]
        modifier_texts = []


def _longest_phrase(words: list[_Word]) -> int:
    """Count the words, from the first on, that form the longest phrase of the vocabulary; 0 for none."""
    for size in range(len(words), 0, -1):
        if " ".join(word.vocabulary_phrase for word in words[:size]) in _vocabulary().phrases:
            return size
    return 0


def _combine(modifiers: list[_Modifier]) -> tuple[float, float]:
    """Combine modifiers into (strength, weight). "Not very" negates less than "not"."""
    strength = weight = 1.0
    negative = any(modifier.strength < 0 for modifier in modifiers)
    for modifier in modifiers:
        softer = negative and modifier.strength > 1
        strength *= 1 / modifier.strength if softer else modifier.strength
        weight *= modifier.weight
    return strength, weight


@lru_cache(4096)
def _recognize(word: str) -> _Word:
    """Look a word up as it is, without its ending, and as a typing slip."""
    vocabulary = _vocabulary()
    if word in vocabulary.words | vocabulary.stop_words | vocabulary.breaks:
        return _Word(word, word)
    if word in vocabulary.real_words:
        return _Word(word, "")
    for ending, instead in vocabulary.endings:
        stem = word.removesuffix(ending) + instead
        if word.endswith(ending) and len(stem) >= MIN_STEM_CHARS and stem in vocabulary.phrases:
            return _Word(word, stem)
    name = vocabulary.slips.get(word, "")
    return _Word(word, name, is_corrected=bool(name))


def _slips(name: str) -> Iterator[str]:
    """Yield the misspellings of a name by one letter after its first: left out, swapped, wrong or added."""
    for k in range(1, len(name) + 1):
        head, tail = name[:k], name[k:]
        yield head + tail[1:]
        yield head + tail[1:2] + tail[:1] + tail[2:]
        for letter in string.ascii_lowercase:
            yield head + letter + tail[1:]
            yield head + letter + tail


def _genre_weights(meanings: list[_Meaning]) -> tuple[dict[str, float], bool]:
    """Compute the genre weights, and whether any genre is named."""
    total = {name: sum(meaning.genres.get(name, 0.0) for meaning in meanings) for name in GENRES}
    weights = {name: share for name, share in total.items() if share > 0}
    has_genre = bool(weights)
    if not has_genre:
        excluded_genres = {name for name, share in total.items() if share < 0}
        weights = {name: 1.0 for name in GENRES if name not in excluded_genres} or dict.fromkeys(GENRES, 1.0)
    total_weight = sum(weights.values())
    weights = {name: share for name, share in weights.items() if share >= MIN_GENRE_WEIGHT * total_weight}
    total_weight = sum(weights.values())
    return {
        name: share / total_weight for name, share in sorted(weights.items(), key=lambda item: -item[1])
    }, has_genre


def _message(
    prompt: str,
    genres: dict[str, float],
    has_genre: bool,
    controls: dict[str, float],
    tempo: float,
    place: str,
    words: tuple[MatchedPhrase, ...],
    unknown_words: tuple[str, ...],
) -> str:
    if not prompt.strip():
        return f"Nothing is asked for yet, so chance picks the genre. {EXAMPLES}"
    sentences = []
    if words:
        if has_genre:
            music = _genres_in_words(genres)
        elif len(genres) < len(GENRES):
            music = "music, but no " + " or ".join(genre_name(name) for name in GENRES if name not in genres)
        else:
            music = "music"
        shifts = _enumerated(_shifts_in_words(controls, tempo))
        sentences.append(f"You will hear {music}{place}{f', {shifts} than usual' if shifts else ''}.")
        if not has_genre:
            sentences.append("You named no genre, so chance picks one.")
        if is_corrected := [
            f"“{word.text}” as “{word.vocabulary_phrase}”" for word in words if word.is_corrected
        ]:
            sentences.append(f"Earmark read {', '.join(is_corrected)}.")
    if unknown_words:
        word_list = ", ".join(f"“{_short(word)}”" for word in unknown_words)
        sentences.append(
            f"Earmark left out {word_list}: it does not know {'it' if len(unknown_words) == 1 else 'them'}."
        )
    if not words:
        sentences.append(
            f"So chance picks the genre. {EXAMPLES}"
            if unknown_words
            else f"These words ask for nothing in particular, so chance picks the genre. {EXAMPLES}"
        )
    if len(prompt) > MAX_PROMPT_CHARS:
        sentences.append(f"Only the first {MAX_PROMPT_CHARS} letters were read.")
    return " ".join(sentences)


def _genres_in_words(genres: dict[str, float]) -> str:
    """Name the genres by their weights, which come in descending order: "jazz with a touch of blues"."""
    largest = next(iter(genres.values()))
    main = [genre_name(name) for name, share in genres.items() if share >= MAIN_SHARE * largest]
    rest = [genre_name(name) for name, share in genres.items() if share < MAIN_SHARE * largest]
    return _enumerated(main) + (f" with a touch of {_enumerated(rest)}" if rest else "")


def _enumerated(names: list[str]) -> str:
    """Join as a sentence does: "calmer, darker and slower"."""
    return " and ".join(filter(None, [", ".join(names[:-1]), *names[-1:]]))


def _shifts_in_words(controls: dict[str, float], tempo: float) -> list[str]:
    parts = [CONTROL_WORDS[name][shift > 0] for name, shift in controls.items() if abs(shift) >= MIN_SHIFT]
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
        phrases,
        frozenset(content["ignored"]),
        frozenset(content["breaks"]),
        tuple(map(tuple, content["endings"])),
        frozenset(content["real_words"]),
        frozenset(word for phrase in phrases for word in phrase.split()),
        {
            slip: name
            for name in content["names"]
            for slip in _slips(name)
            if len(slip) >= MIN_CORRECTABLE_CHARS
        },
        max(len(phrase.split()) for phrase in phrases),
    )
