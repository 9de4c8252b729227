"""Who sees the library, and who may name folders for it."""

from genre.paths import music_folder
from pages.access.roles import is_at_this_machine, is_operator, require_operator


def may_see_library() -> bool:
    """Whether this visit may: titles and paths are the operator's."""
    return is_operator()


def may_choose_folders() -> bool:
    """Whether this visit may name folders: the operator at the machine itself, or below EARMARK_MUSIC."""
    return is_operator() and (music_folder() is not None or is_at_this_machine())


def require_folder_choice() -> None:
    """Raise AccessError unless this visit may name folders."""
    require_operator("name folders of music")
    if not may_choose_folders():
        raise ValueError(
            "Folders can be named at the machine that runs Earmark alone: open it there, or start it with "
            "EARMARK_MUSIC."
        )
