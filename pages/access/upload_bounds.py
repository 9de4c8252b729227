"""The bounds of the memory that uploads may take: of a visit, and of all visits together."""

import threading
from collections import Counter

from streamlit import runtime
from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager

MAX_VISIT_BYTES = 400 << 20  # bytes of two files of the greatest size (.streamlit/config.toml)
MAX_TOTAL_BYTES = 2 << 30


class UploadBounds:
    """The count of uploads that are stored or under way."""

    def __init__(self, visit_bytes: int = MAX_VISIT_BYTES, total_bytes: int = MAX_TOTAL_BYTES) -> None:
        self._visit_bytes, self._total_bytes = visit_bytes, total_bytes
        self._under_way: Counter[str] = Counter()  # visit -> bytes under way
        self._lock = threading.Lock()

    def enter(self, visit: str, size: int) -> bool:
        """Note an upload of `size` bytes by a visit; False where there is no room for it."""
        with self._lock:
            stored = stored_bytes()
            of_visit = stored.get(visit, 0) + self._under_way[visit] + size
            of_all = sum(stored.values()) + self._under_way.total() + size
            if of_visit > self._visit_bytes or of_all > self._total_bytes:
                return False
            self._under_way[visit] += size
            return True

    def leave(self, visit: str, size: int) -> None:
        """Note that an upload has ended, well or not."""
        with self._lock:
            self._under_way[visit] -= size
            if self._under_way[visit] <= 0:
                del self._under_way[visit]


def stored_bytes() -> dict[str, int]:
    """Count the bytes of the uploaded files in memory, by visit."""
    manager = runtime.get_instance().uploaded_file_mgr if runtime.exists() else None
    if not isinstance(manager, MemoryUploadedFileManager):
        return {}
    visits = list(manager.file_storage.items())  # copies: the server's threads go on
    return {visit: sum(len(file.data) for file in list(files.values())) for visit, files in visits}
