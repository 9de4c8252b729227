"""How things are called in front of people. Imports nothing, so that a page can paint at once."""

GENRE_WORDS = {"hiphop": "hip-hop"}  # every other name is its own word


def spoken(genre: str) -> str:
    """A genre's name as people write it."""
    return GENRE_WORDS.get(genre, genre)
