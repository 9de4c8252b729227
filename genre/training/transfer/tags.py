"""The selection of tags whose precision on labelled songs is high enough, with their thresholds.

The labels of GTZAN and the other collections say whether a tag is right: "hard rock" of a rock or metal song,
say. Tags of calm and of cheer are checked against listeners. No label says whether a voice is a woman's, or
from which decade a song is, so such tags are never displayed.
"""

import numpy as np

from genre.models.pretrained.heads import MUSIC_EMOTIONS
from genre.models.pretrained.networks import N_EMBEDDING, TAGS
from genre.training.transfer.fit import SongFeatures

PRECISION = 0.75  # least share of right tags among the songs with the tag
MIN_SONGS = 12  # least number of songs that get the tag
ELECTRONIC = "electronic"  # tag of songs of other styles whose names say so
ELECTRONIC_NAMES = ("electronic", "edm", "techno", "electro", "eurodance", "dubstep", "nightcore")
# Tag -> the genres of which it is true; None where listeners' feelings decide.
GENRES_OF_TAG: dict[str, tuple[str, ...]] = {
    "rock": ("rock", "metal"),
    "alternative rock": ("rock",),
    "classic rock": ("rock", "blues"),
    "hard rock": ("rock", "metal"),
    "indie rock": ("rock", "pop"),
    "progressive rock": ("rock", "metal"),
    "punk": ("rock", "metal"),
    "metal": ("metal",),
    "heavy metal": ("metal",),
    "pop": ("pop", "disco"),
    "indie pop": ("pop", "rock"),
    "jazz": ("jazz",),
    "blues": ("blues",),
    "country": ("country",),
    "hip-hop": ("hiphop",),
    "electronic": (ELECTRONIC,),
    "electronica": (ELECTRONIC,),
    "electro": (ELECTRONIC,),
    "house": (ELECTRONIC,),
    "dance": (ELECTRONIC, "disco", "pop"),
    "instrumental": ("classical", "jazz", ELECTRONIC),
}
# Tag -> the feeling, and the least share of listeners who must feel it.
FEELING_OF_TAG = {
    "mellow": ("calmness", 0.35),
    "chill": ("calmness", 0.35),
    "chillout": ("calmness", 0.35),
    "easy listening": ("calmness", 0.35),
    "ambient": ("calmness", 0.35),
    "beautiful": ("tenderness", 0.2),
    "sad": ("sadness", 0.15),
    "happy": ("joyful_activation", 0.35),
    "party": ("joyful_activation", 0.35),
    "catchy": ("joyful_activation", 0.35),
}


def tag_probabilities(features: np.ndarray) -> np.ndarray:
    """Average the probability of each tag over the windows' features: (W, 250) -> (50,)."""
    return np.exp(features[:, N_EMBEDDING:]).mean(axis=0)


def tag_precisions(songs: list[SongFeatures]) -> dict[str, dict]:
    """Find the lowest probability of each tag from which it is right often enough.

    Returns tag -> {"threshold", "precision", "count"}.
    """
    recordings = [item for item in songs if item.song.path]
    probabilities = np.array([tag_probabilities(item.clean) for item in recordings])
    result = {}
    for tag in (*GENRES_OF_TAG, *FEELING_OF_TAG):
        values = probabilities[:, TAGS.index(tag)]
        truth = [_is_true(tag, item) for item in recordings]
        labelled_rows = np.array([k for k, right in enumerate(truth) if right is not None])
        order = labelled_rows[np.argsort(-values[labelled_rows])]
        count = np.arange(1, len(order) + 1)
        precision = np.cumsum([bool(truth[k]) for k in order]) / count
        is_last_of_ties = np.append(np.diff(values[order]) < 0, True)
        enough = np.flatnonzero((precision >= PRECISION) & (count >= MIN_SONGS) & is_last_of_ties)
        if len(enough):
            last = enough[-1]
            result[tag] = {
                "threshold": round(float(values[order[last]]), 4),
                "precision": round(float(precision[last]), 3),
                "count": int(last + 1),
            }
    return result


def verified_tags(songs: list[SongFeatures], held_out: list[SongFeatures]) -> dict[str, dict]:
    """Verify the tags of `songs` on `held_out` songs -> tag -> {"threshold", "precision", "count"}.

    The thresholds come from `songs`, precision and count from `held_out`. Tags that are right too seldom
    there, or that too few songs get, are left out.
    """
    result = {}
    for tag, part in tag_precisions(songs).items():
        is_right = [
            right
            for item in held_out
            if item.song.path
            and tag_probabilities(item.clean)[TAGS.index(tag)] >= part["threshold"]
            and (right := _is_true(tag, item)) is not None
        ]
        if len(is_right) >= MIN_SONGS and np.mean(is_right) >= PRECISION:
            precision = round(float(np.mean(is_right)), 3)
            result[tag] = part | {"precision": precision, "count": len(is_right)}
    return result


def _is_true(tag: str, item: SongFeatures) -> bool | None:
    """Return whether the tag is true of the song; None where no label says."""
    song = item.song
    if tag in FEELING_OF_TAG:
        feeling, least = FEELING_OF_TAG[tag]
        return None if song.emotions is None else song.emotions[MUSIC_EMOTIONS.index(feeling)] >= least
    if song.genre != "other":
        return song.genre in GENRES_OF_TAG[tag]
    is_electronic = any(word in song.name.lower() for word in ELECTRONIC_NAMES)
    return ELECTRONIC in GENRES_OF_TAG[tag] if is_electronic else None
