"""Words and numbers as people read them. The module imports nothing, so that a page can paint at once."""

FAIRLY_SURE = 0.5  # the least probability of "fairly sure"
LEAST_LEAD = 0.2  # of "fairly sure" before the second: 53 % beside 42 % is the toss of a coin
# How far the first of two is ahead: the least lead, in right answers of all, and the words for it.
LEADS = ((0.15, "first by far"), (0.05, "first"), (0.02, "first by a little"), (0.0, "first by a hair"))
GENRE_NAMES = {"hiphop": "hip-hop"}  # all other genres are written like their names

# How music feels, by the name of its feeling.
FEELING_WORDS = {
    "amazement": "amazing",
    "solemnity": "solemn",
    "tenderness": "tender",
    "nostalgia": "nostalgic",
    "calmness": "calm",
    "power": "powerful",
    "joyful_activation": "joyful",
    "tension": "tense",
    "sadness": "sad",
}


def genre_name(genre: str) -> str:
    """Write a genre's name for people: "hiphop" -> "hip-hop"."""
    return GENRE_NAMES.get(genre, genre)


def whole_percent(probability: float) -> int:
    """Round to a whole percentage, a half up: 0.784 -> 78, 0.705 -> 71; never 100 below certainty."""
    return min(99, int(100 * probability + 0.5)) if probability < 1 else 100


def counted(number: int, noun: str) -> str:
    """Write a number of things: (1, "song") -> "1 song", (1200, "song") -> "1,200 songs"."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def shorten(name: str, most: int) -> str:
    """Cut a name to so many characters, the last of which is then an ellipsis."""
    return name if len(name) <= most else f"{name[: most - 1].rstrip()}…"


def encodable(name: str) -> str:
    """Convert a file's name to text that can be encoded: bytes that are not UTF-8 become "\\udce9", say."""
    return name.encode("utf-8", "backslashreplace").decode()


# A spreadsheet runs cells that begin with these as formulas (OWASP, "CSV Injection").
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


def spreadsheet_cell(value: object) -> object:
    """Convert a value to one that no spreadsheet takes for a formula."""
    if isinstance(value, str) and value.startswith(_FORMULA_STARTS):
        return "'" + value
    return "" if value is None else value


def percent(probability: float) -> str:
    """Format a percentage: 0.784 -> "78 %"."""
    return "<1\u00a0%" if 0 < probability < 0.01 else f"{whole_percent(probability)}\u00a0%"


def certainty(probability: float, confident: bool, familiar: bool = True, second: float = 0.0) -> str:
    """Say how sure a model is: "sure" from its confidence threshold on.

    `second` is the probability of the next likely genre, where that is known.
    """
    if confident:
        return "sure"
    is_ahead = probability >= FAIRLY_SURE and probability - second >= LEAST_LEAD
    return "fairly sure" if familiar and is_ahead else "a guess"


def lead_words(lead: float) -> str:
    """Say how far the first of two is ahead: 0.1, of all answers, is "first"."""
    return next(words for least, words in LEADS if lead >= least)


def runner_up(probabilities: dict[str, float]) -> float:
    """Return the second highest probability; 0 where there is one alone."""
    return sum(sorted(probabilities.values())[-2:-1])


def clock(seconds: float) -> str:
    """Format a time: 83.4 -> "1:23"."""
    minutes, seconds = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"
