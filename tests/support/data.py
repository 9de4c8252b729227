"""The folder of real data that some tests measure on; they are skipped where it is absent."""

from pathlib import Path

from genre.data.splits import LISTS
from genre.paths import data_folder

SHARED_DATA = data_folder() or Path("/nonexistent")
FIXTURES = Path(__file__).parents[1] / "fixtures"


def gtzan_recordings(part: str) -> list[Path]:
    """The recordings of GTZAN's list `part`, "train" or "valid", that the limits of tests were set on: their
    paths, by name. Later ones may lie beside them and change no verdict.
    """
    names = (FIXTURES / "gtzan-recordings.txt").read_text().split()
    listed = set((LISTS / f"gtzan-{part}.txt").read_text().split())
    folder = SHARED_DATA / "gtzan" / "audio"
    return [folder / name.split(".")[0] / f"{name}.opus" for name in sorted(listed.intersection(names))]
