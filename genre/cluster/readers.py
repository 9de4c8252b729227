"""What actors read of a song: for an index, for a part of a table, or for a line of `classify`."""

import os
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from genre.cluster.addresses import AddressError, is_remote, read_address, read_bytes
from genre.cluster.shards import classify_row, scan_row
from genre.cluster.songs import map_songs
from genre.library.pool import CRASHED, give_up_job
from genre.library.predictor import Predictor
from genre.library.reading import DAMAGED_FILE, GONE, Job, Reading, read_song

if TYPE_CHECKING:
    from genre.inference.classifier import Classifier, Prediction

Row = dict[str, Any]


def read_jobs(ray: Any) -> Callable[[Iterator[Job], Predictor], Iterator[Reading]]:
    """Make the function that reads a scan's jobs on nodes that see the folders at the same paths."""

    def read(jobs: Iterator[Job], predictor: Predictor) -> Iterator[Reading]:
        for _, reading in map_songs(ray, jobs, partial(_load_jobs, predictor), give_up_job):
            yield _as_seen_here(reading)

    return read


def _load_jobs(predictor: Predictor) -> Callable[[Job], Reading]:
    return partial(_read_job, predictor.load())


def _read_job(predict: Any, job: Job) -> Reading:
    return read_song(job, predict)


def _as_seen_here(reading: Reading) -> Reading:
    """The reading with this machine's number of the file system, which a node counts otherwise."""
    if not reading.device:
        return reading
    try:
        return replace(reading, device=os.stat(reading.path).st_dev)
    except OSError:
        return Reading(reading.path, GONE)


def read_rows(
    ray: Any, load: Callable[[], Callable[[str], Row]], give_up: Callable[[str], Row]
) -> Callable[[Iterator[str]], Iterator[tuple[int, Row]]]:
    """Make the function that `write_shards` reads with."""
    return lambda songs: map_songs(ray, songs, load, give_up)


def load_scan(predictor: Predictor) -> Callable[[str], Row]:
    """Load what makes the row of a scan of an address."""
    return partial(_scan_address, predictor.load())


def _scan_address(predict: Any, address: str) -> Row:
    return scan_row(read_address(address, predict))


def give_up_scan(address: str) -> Row:
    """Make the row of a song that ends the process that reads it."""
    return scan_row(Reading(address, DAMAGED_FILE, error=CRASHED))


def load_classify(model: str) -> Callable[[str], Row]:
    """Load what makes the row of `classify`. Raises ArtefactError."""
    return partial(_classify_row, load_predict(model))


def _classify_row(predict: "Callable[[str], Prediction | str]", address: str) -> Row:
    prediction = predict(address)
    result = {"error": prediction} if isinstance(prediction, str) else prediction.to_json()
    return classify_row(address, result)


def give_up_classify(address: str) -> Row:
    """Make the row of a song that ends the process that reads it."""
    return classify_row(address, {"error": CRASHED})


def load_predict(model: str) -> "Callable[[str], Prediction | str]":
    """Load what makes the prediction of an address, or its error's sentence. Raises ArtefactError."""
    import torch

    from genre.inference.load import load_classifier

    torch.set_num_threads(1)
    return partial(_predict, load_classifier(model))


def _predict(classifier: "Classifier", address: str) -> "Prediction | str":
    from genre.audio.clip import AudioError, load_clip

    try:
        source = read_bytes(address) if is_remote(address) else address
        return classifier.classify(load_clip(source))
    except (AudioError, AddressError) as error:
        return str(error)


def give_up_predict(address: str) -> str:
    """The sentence for a song that ends the process that reads it."""
    return CRASHED
