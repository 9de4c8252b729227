"""A playlist out of the person's own library for the emotion on a face, without any network.

The feelings that a song gives are not those of a face: each emotion begins at the feelings of music that goes
with it, in standard deviations above the average song. They follow the axes of the Geneva Emotional Music
Scales (vitality, unease, sublimity: Zentner, Grandjean and Scherer, 2008) and are ours.
"""

from genre.library.playlists.mood_path import PathSong, mood_path
from genre.library.search import Library

BEGINNINGS: dict[str, dict[str, float]] = {
    "happy": {"joyful_activation": 1.0, "amazement": 0.4, "sadness": -0.6, "tension": -0.4},
    "neutral": {},
    "surprise": {"amazement": 1.0, "joyful_activation": 0.5, "power": 0.3},
    "sad": {"sadness": 1.0, "tenderness": 0.5, "nostalgia": 0.5, "joyful_activation": -0.6, "power": -0.5},
    "angry": {"tension": 1.0, "power": 0.9, "calmness": -0.9, "tenderness": -0.7},
    "fear": {"tension": 1.0, "solemnity": 0.3, "calmness": -0.7, "joyful_activation": -0.4},
    "disgust": {"tension": 0.9, "power": 0.4, "tenderness": -0.5, "calmness": -0.5},
}


def own_playlist(library: Library, emotion: str, direction: str, count: int) -> list[PathSong]:
    """Up to `count` songs from an emotion that match it, or lead to joy or calm ("match", "lift", "calm").

    A custom mood begins at the average song, since what it feels like in music is unknown. Raises
    QueryError for an unknown direction.
    """
    return mood_path(library, BEGINNINGS.get(emotion), direction, count)
