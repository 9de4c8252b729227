"""mood.emotion.network, augment, dataset and train: the parts, and a training that can be stopped."""

from pathlib import Path

import cv2
import numpy as np
import pandas as pd
import pytest
import torch

from genre.data.examples import DataError
from genre.models.artefacts import load_artefact
from genre.models.recipe import Recipe
from genre.runs import directory as runs
from genre.runs.settings import SettingsError
from genre.runs.worker import RunStopped, work_on
from mood import EMOTIONS
from mood.emotion import augment
from mood.emotion import train as training
from mood.emotion.dataset import load_faces, near_duplicates
from mood.emotion.network import SIZE, EmotionNet, predict_mirrored
from mood.emotion.train import EmotionSettings, size_at, train_emotion_network
from tests.support.faces import drawn_face

WIDTHS = (4, 8, 8, 8)


def face_of(emotion: int, seed: int) -> np.ndarray:
    """Anybody's face, with a bar whose place shows the emotion."""
    face = drawn_face(seed) // 3
    face[emotion * 6 + 2 : emotion * 6 + 8] = 230
    return face


def table(per_class: int, usage: str, first: int = 0) -> pd.DataFrame:
    rows = []
    for emotion, name in enumerate(EMOTIONS):
        for seed in range(first, first + per_class):
            _, image = cv2.imencode(".png", face_of(emotion, 100 * emotion + seed))
            rows.append({"number": len(rows), "usage": usage, "emotion": name, "image": image.tobytes()})
    return pd.DataFrame(rows)


@pytest.fixture(scope="module")
def faces(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("faces") / "faces.parquet"
    pd.concat([table(5, "train"), table(2, "valid", first=50)]).to_parquet(path)
    return path


def test_brightness_and_contrast_do_not_count() -> None:
    network = EmotionNet(WIDTHS).eval()
    face = torch.rand(2, 1, SIZE, SIZE)
    with torch.inference_mode():
        torch.testing.assert_close(network(face), network(face * 0.9 + 0.1), atol=0.02, rtol=0)
        assert network(torch.zeros(1, 1, SIZE, SIZE)).isfinite().all()


def test_a_face_and_its_mirror_image_give_the_same_logits() -> None:
    network = EmotionNet(WIDTHS).eval()
    face = torch.rand(3, 1, SIZE, SIZE)
    torch.testing.assert_close(predict_mirrored(network, face), predict_mirrored(network, face.flip(3)))
    assert network(torch.rand(2, 1, 32, 32)).shape == (2, len(EMOTIONS))  # smaller faces, too


def test_augmentation_is_reproducible_and_keeps_the_range() -> None:
    faces = torch.from_numpy(np.stack([drawn_face(seed) for seed in range(16)]))[:, None].float() / 255
    first, again = (augment.augment_faces(faces, 40, torch.Generator().manual_seed(3)) for _ in range(2))
    torch.testing.assert_close(first, again, rtol=0, atol=0)
    assert first.shape == (16, 1, 40, 40)
    assert first.min() > -0.5 and first.max() < 1.5
    other = augment.augment_faces(faces, 40, torch.Generator().manual_seed(4))
    assert (first - other).abs().mean() > 0.02


def test_from_afar_only_what_is_coarse_stays() -> None:
    stripes = torch.zeros(1, 1, SIZE, SIZE)
    stripes[..., ::2] = 1
    assert augment.blur(stripes, 12).std() < 0.1 < stripes.std()
    shade = torch.linspace(0, 1, SIZE).expand(1, 1, SIZE, SIZE)
    torch.testing.assert_close(augment.blur(shade, 24), shade, atol=0.03, rtol=0)


def test_near_duplicates_may_be_mirrored_or_brightened() -> None:
    ours = np.stack([drawn_face(seed) for seed in range(4)])
    theirs = np.stack([ours[1][:, ::-1], (ours[2] // 2 + 60).astype(np.uint8), drawn_face(9)])
    assert near_duplicates(ours, theirs).tolist() == [False, True, True, False]


def test_train_faces_that_valid_holds_are_left_out(faces, tmp_path) -> None:
    everything = pd.read_parquet(faces)
    doubled = everything[everything["usage"] == "valid"].head(3).assign(usage="train")
    path = tmp_path / "doubled.parquet"
    pd.concat([everything, doubled]).to_parquet(path)
    train, valid, dropped = load_faces(path)
    plain, _, before = load_faces(faces)
    assert dropped == before + 3 and len(train) == len(plain) and len(valid) == 14
    assert train.values.shape[1:] == (1, SIZE, SIZE) and train.genres == EMOTIONS
    assert train.batch(np.arange(2)).max() <= 1.0


def test_what_is_no_table_of_faces_is_refused_in_a_sentence(faces, tmp_path) -> None:
    path = tmp_path / "faces.parquet"
    with pytest.raises(DataError, match="cannot be read"):
        load_faces(path)
    everything = pd.read_parquet(faces)
    for broken in (
        everything.drop(columns="image"),
        everything.assign(emotion="smug"),
        everything[everything["usage"] == "train"],
        everything.assign(image=b"nothing"),
    ):
        broken.to_parquet(path)
        with pytest.raises(DataError) as caught:
            load_faces(path)
        assert str(caught.value).endswith(".")


def test_small_faces_come_first() -> None:
    sizes = [size_at(progress) for progress in np.linspace(0, 1, 50)]
    assert sizes == sorted(sizes) and (sizes[0], sizes[-1]) == (32, SIZE)


def test_a_stopped_training_goes_on_to_the_same_weights(faces, tmp_path, monkeypatch) -> None:
    """Two epochs in one go, and one, a stop and another: both end alike, with card and report."""
    monkeypatch.setattr(training, "EmotionNet", lambda: EmotionNet(WIDTHS, (1, 1, 1, 1)))
    recipe = Recipe(epochs=3, batch_size=16, learning_rate=0.01, average=0.9, balance=False, keep_best=False)
    settings = EmotionSettings(str(faces), "train", recipe).to_dict()

    complete = runs.create_run_folder("emotion", settings, "complete")
    with work_on(complete) as run:
        report = train_emotion_network(run)
    assert 0 <= report.metrics["accuracy"] <= 1 and report.metrics["count"] == 14
    assert len(runs.read_metrics(complete)) == 3 and runs.read_run(complete).state == "done"

    resumed = runs.create_run_folder("emotion", settings, "resumed")

    def stop_in_the_second_epoch(run):
        record_epoch = run.record_epoch

        def record_or_stop(values, progress):
            if values["epoch"] == 2:
                raise RunStopped
            record_epoch(values, progress)

        run.record_epoch = record_or_stop

    with pytest.raises(RunStopped), work_on(resumed) as run:
        stop_in_the_second_epoch(run)
        train_emotion_network(run)
    assert runs.read_run(resumed).state == "stopped"
    with work_on(resumed) as run:
        train_emotion_network(run)
    weights, card = load_artefact(complete)
    resumed_weights, resumed_card = load_artefact(resumed)
    for name, tensor in weights.items():
        torch.testing.assert_close(tensor, resumed_weights[name], rtol=0, atol=0)
    assert card.genres == EMOTIONS and card.size == SIZE and card.temperature > 0
    assert card.temperature == resumed_card.temperature and card.data["split"] == "train"


def test_settings_of_another_version_are_refused() -> None:
    settings = EmotionSettings("x").to_dict()
    assert EmotionSettings.from_dict(settings).to_dict() == settings
    for broken in ({}, settings | {"recipe": None}, settings | {"more": 1}):
        with pytest.raises(SettingsError, match="another version"):
            EmotionSettings.from_dict(broken)
