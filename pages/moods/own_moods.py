"""The place of a custom mood: the disk for the operator's, for every visitor; the visit for a guest's."""

import secrets
from dataclasses import replace
from typing import TYPE_CHECKING

from mood.emotion.custom_moods import storage
from mood.emotion.custom_moods.learning import CustomMood, MoodError, require_network, validate_name
from pages.access.roles import is_operator, require_operator
from pages.moods.state import mood_state

if TYPE_CHECKING:
    from mood.emotion.recognizer import EmotionNetRecognizer

MAX_OWN = 5  # moods that a guest may have


def may_change(mood: CustomMood) -> bool:
    """Whether this visit may rename and delete the mood."""
    return is_operator() or mood.key in mood_state().own_moods


def keep_mood(mood: CustomMood) -> CustomMood:
    """Keep a new mood. Raises MoodError for a name that is taken, or when there are too many; OSError."""
    if is_operator():
        return storage.save_mood(mood)
    own = mood_state().own_moods
    if len(own) >= MAX_OWN:
        raise MoodError(f"A guest can have {MAX_OWN} moods: delete one first.")
    storage.require_free_name(mood.name, [*storage.list_moods(), *own.values()])
    mood = replace(mood, key=secrets.token_hex(8))
    own[mood.key] = mood
    return mood


def keep_imported(network: "EmotionNetRecognizer", content: bytes) -> CustomMood:
    """Check an exported file and keep its mood. Raises what `keep_mood` does; MoodError for another file."""
    mood = storage.parse_mood(content)
    require_network(network, [mood])
    return keep_mood(mood)


def rename(key: str, name: str) -> None:
    """Rename a mood.

    Raises MoodError for a name that is taken or not valid, AccessError for a guest and a shared mood.
    """
    own = mood_state().own_moods
    if key not in own:
        require_operator("rename shared moods")
        storage.rename_mood(key, name)
        return
    others = [*storage.list_moods(), *(mood for mood in own.values() if mood.key != key)]
    mood = replace(own[key], name=validate_name(name))
    storage.require_free_name(mood.name, others)
    own[key] = mood


def delete(key: str) -> None:
    """Delete a mood. Raises AccessError for a guest and a shared mood."""
    if mood_state().own_moods.pop(key, None) is None:
        require_operator("delete shared moods")
        storage.delete_mood(key)
