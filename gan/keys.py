"""The 24 keys that may be requested of a piece: their names, and where a text names one.

find_key("b flat major")            "Bb major"; "" for a text that is no key
extract_key("jazz in A minor")      ("jazz  ", "A minor", "in A minor")
key_in_words("Bb major")            "B flat major"
tonic_of("Bb major"), is_minor("Bb major")
"""

import re

MAJOR, MINOR = "major", "minor"
_MAJOR_TONICS = (
    "C",
    "Db",
    "D",
    "Eb",
    "E",
    "F",
    "F#",
    "G",
    "Ab",
    "A",
    "Bb",
    "B",
)  # as they are mostly written
_MINOR_TONICS = ("C", "C#", "D", "Eb", "E", "F", "F#", "G", "G#", "A", "Bb", "B")
KEYS = (*(f"{tonic} {MAJOR}" for tonic in _MAJOR_TONICS), *(f"{tonic} {MINOR}" for tonic in _MINOR_TONICS))
OCTAVE = 12  # semitones

_SEMITONES = {"c": 0, "d": 2, "e": 4, "f": 5, "g": 7, "a": 9, "b": 11}
_SHIFTS = {"sharp": 1, "#": 1, "♯": 1, "flat": -1, "b": -1, "♭": -1}
_TONE = r"(?P<letter>[a-g])(?:[\s-]*(?P<word>sharp|flat)|(?P<sign>[#♯b♭]))?[\s-]*(?P<mode>major|minor)\b"
_KEY = re.compile(_TONE, re.IGNORECASE)
_KEY_IN_TEXT = re.compile(
    rf"(?<![\w'])(?P<place>in\s+(?:the\s+key\s+of\s+)?|(?:the\s+)?key\s+of\s+)?{_TONE}"
    r"(?P<more>\s+(?:keys?|scales?|modes?|moods?|way)\b)?",
    re.IGNORECASE,
)


def find_key(text: str) -> str:
    """Find the key that a text is: "c sharp minor" -> "C# minor"; "" for any other text."""
    match = _KEY.fullmatch(text.strip())
    return _key_of(match) if match else ""


def extract_key(text: str) -> tuple[str, str, str]:
    """Remove the first key from a text -> (the rest, the key, the words that named it), "" where none is."""
    for match in _KEY_IN_TEXT.finditer(text):
        is_bare_a = match["letter"] == "a" and not (match["word"] or match["sign"] or "a-m" in match[0])
        # "A major hit" and "in a minor key" name no key where the a is a small one.
        if not is_bare_a or (match["place"] and not match["more"]):
            return f"{text[: match.start()]} {text[match.end() :]}", _key_of(match), match[0]
    return text, "", ""


def key_in_words(key: str) -> str:
    """Write a key as it is spoken: "Bb major" -> "B flat major"."""
    tonic, mode = key.split()
    return f"{tonic[0]}{' sharp' if '#' in tonic else ' flat' if 'b' in tonic else ''} {mode}"


def tonic_of(key: str) -> int:
    """Return the pitch class of the first note of one of KEYS, C = 0."""
    return KEYS.index(key) % OCTAVE


def is_minor(key: str) -> bool:
    """Return whether one of KEYS is a minor one."""
    return key.endswith(MINOR)


def _key_of(match: re.Match[str]) -> str:
    shift = _SHIFTS.get((match["word"] or match["sign"] or "").lower(), 0)
    tonic = (_SEMITONES[match["letter"].lower()] + shift) % OCTAVE
    return KEYS[tonic + OCTAVE * (match["mode"].lower() == MINOR)]
