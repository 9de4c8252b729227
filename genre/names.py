"""How things are said to people. Imports nothing, so that a page can paint at once."""

GENRE_WORDS = {"hiphop": "hip-hop"}  # every other name is its own word


def spoken(genre: str) -> str:
    """A genre's name as people write it."""
    return GENRE_WORDS.get(genre, genre)


def whole_percent(probability: float) -> int:
    """0.784 -> 78, and never 100 of what is not certain."""
    return min(99, round(100 * probability)) if probability < 1 else 100
