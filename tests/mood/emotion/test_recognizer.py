"""mood.emotion.recognizer and mood.emotion.evaluate: what our network predicts, how fast, how often right."""

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from genre.data.examples import Examples
from genre.models.artefacts import load_artefact
from genre.models.cards import ArtefactError, Card
from genre.paths import WEIGHTS
from mood import EMOTIONS
from mood.emotion import evaluate
from mood.emotion.faces import Box, FaceError, crop_face, explain_no_face
from mood.emotion.network import EmotionNet, predict_mirrored
from mood.emotion.recognizer import (
    DEFAULT_NETWORK,
    EVALUATED_NETWORK,
    EmotionNetRecognizer,
    is_trained_on_valid,
    recognize_emotions,
)
from tests.support.faces import astronaut, drawn_face, valid_faces


@pytest.fixture(scope="module")
def recognizer() -> EmotionNetRecognizer:
    return EmotionNetRecognizer.load(EVALUATED_NETWORK)


def final(recognizer: EmotionNetRecognizer) -> dict:
    """The card's metrics on valid."""
    return recognizer.card.metrics["valid"]


@pytest.mark.parametrize(("precision", "tolerance"), [(torch.float32, 1e-4), (torch.bfloat16, 0.03)])
def test_the_recognizer_predicts_what_the_plain_network_predicts(
    monkeypatch: pytest.MonkeyPatch, precision: torch.dtype, tolerance: float
) -> None:
    monkeypatch.setattr("mood.emotion.recognizer.convolution_dtype", lambda: precision)
    recognizer = EmotionNetRecognizer.load(
        EVALUATED_NETWORK
    )  # batch norm folded away, mirrors averaged as embeddings
    weights, card = load_artefact(WEIGHTS / EVALUATED_NETWORK)
    network = EmotionNet().eval()
    network.load_state_dict(weights)
    faces = [drawn_face(seed) for seed in range(5)]
    logits = predict_mirrored(network, torch.from_numpy(np.stack(faces))[:, None].float() / 255)
    expected = (logits / card.temperature).softmax(dim=1).numpy()
    np.testing.assert_allclose(recognizer.predict(faces), expected, atol=tolerance)


def test_predictions_are_probabilities_and_one_by_one_the_same(recognizer) -> None:
    faces = [drawn_face(seed) for seed in range(4)]
    together = recognizer.predict(faces)
    assert together.shape == (4, 7) and together.dtype == np.float32
    np.testing.assert_allclose(together.sum(axis=1), 1, atol=1e-5)
    for face, row in zip(faces, together, strict=True):
        np.testing.assert_allclose(recognizer.predict([face])[0], row, atol=1e-5)
    assert recognizer.predict([]).shape == (0, 7)


def test_a_mirrored_a_brighter_and_a_paler_face_are_the_same_face(recognizer) -> None:
    face = drawn_face(3)
    (plain,) = recognizer.predict([face])
    np.testing.assert_allclose(recognizer.predict([face[:, ::-1]])[0], plain, atol=1e-4)
    paler = (face.astype(int) // 2 + 60).astype(np.uint8)
    np.testing.assert_allclose(recognizer.predict([paler])[0], plain, atol=0.1)


@pytest.mark.parametrize("name", ["nowhere", "../emotion", "", ".", "listen"])
def test_other_names_are_refused_in_a_sentence(name: str) -> None:
    with pytest.raises(ArtefactError) as caught:
        EmotionNetRecognizer.load(name)
    assert str(caught.value).endswith(".")


def test_the_shipped_network_recognizes_the_astronaut_as_happy() -> None:
    recognizer = EmotionNetRecognizer.load(DEFAULT_NETWORK)
    for thorough in (False, True):
        (face,) = recognize_emotions(recognizer, astronaut(), thorough=thorough)
        assert face.emotion == "happy" == max(face.scores, key=face.scores.get)
        assert tuple(face.scores) == EMOTIONS and sum(face.scores.values()) == pytest.approx(1)
    record = json.loads(json.dumps(face.to_json()))
    assert set(record) == {"box", "emotion", "scores"} and len(record["box"]) == 4


def test_a_picture_that_is_a_face_is_not_searched(recognizer) -> None:
    face = cv2.resize(drawn_face(), (90, 120))
    (face,) = recognize_emotions(recognizer, face, is_crop=True)
    assert tuple(face.box) == (0, 0, 90, 120)
    assert recognize_emotions(recognizer, np.full((90, 120, 3), 128, np.uint8)) == []
    with pytest.raises(FaceError, match="dark"):
        recognize_emotions(recognizer, np.zeros((48, 48), np.uint8), is_crop=True)


def test_a_face_in_the_dark_is_not_guessed(recognizer) -> None:
    image = (astronaut() // 14).astype(np.uint8)
    assert recognize_emotions(recognizer, image) == [] and "dark" in explain_no_face(image)
    with pytest.raises(FaceError, match="dark"):
        crop_face(image, Box(174, 66, 99, 99))


def test_accuracy_on_held_out_faces(recognizer) -> None:
    """Measured on each twelfth valid face; the margin is twice the standard error of so many."""
    card_metrics = final(recognizer)
    faces, labels = valid_faces(12)
    examples = Examples(faces[:, None], labels, np.arange(len(labels)).astype(str), EMOTIONS)
    result = evaluate.evaluate_recognizer(recognizer, examples, {"tilted": evaluate.rotate(15)})
    assert card_metrics["accuracy"] >= 0.68
    assert result["accuracy"] == pytest.approx(card_metrics["accuracy"], abs=0.054)
    assert result["accuracy"] > 0.64
    assert result["ece"] < 0.06
    assert result["robustness"]["tilted"] > result["accuracy"] - 0.08


def test_the_perturbations_change_faces_and_keep_their_form() -> None:
    rng = np.random.default_rng(0)
    face = drawn_face()
    for name, change in evaluate.PERTURBATIONS.items():
        changed = change(face, rng)
        assert changed.shape == face.shape and changed.dtype == np.uint8, name
        assert np.abs(changed.astype(int) - face).mean() > 1, name
    np.testing.assert_array_equal(evaluate.rotate(0)(face, rng), face)
    left, right = evaluate.rotate(15)(face, rng), evaluate.rotate(-15)(face[:, ::-1].copy(), rng)
    assert np.abs(left.astype(int) - right[:, ::-1]).max() <= 2  # one is the mirror image of the other


def test_the_metrics_of_a_known_recognizer() -> None:
    class Happy:
        name, emotions = "happy", EMOTIONS

        def predict(self, faces):
            return np.tile(np.eye(7, dtype=np.float32)[EMOTIONS.index("happy")], (len(faces), 1))

    labels = np.array([3] * 30 + [0] * 10)
    values = np.stack([drawn_face(seed) for seed in range(40)])[:, None]
    examples = Examples(values, labels, np.arange(40).astype(str), EMOTIONS)
    result = evaluate.evaluate_recognizer(Happy(), examples)
    assert result["accuracy"] == 0.75 and result["macro_recall"] == 0.5
    assert set(result["robustness"].values()) == {0.75}
    text = evaluate.emotion_metrics_table(result)
    assert "accuracy           0.750" in text and "cropped 10 % off      0.750" in text


def test_a_card_of_an_older_version_is_upgraded() -> None:
    """Written by commit b7a9e87."""
    old = Path(__file__).parents[2] / "fixtures" / "old" / "mood" / "emotion_card.json"
    weights, current = load_artefact(WEIGHTS / EVALUATED_NETWORK)
    network = EmotionNet()
    network.load_state_dict(weights)
    recognizer = EmotionNetRecognizer(EVALUATED_NETWORK, network, Card.from_dict(json.loads(old.read_text())))
    assert recognizer.temperature == 1.093 and not is_trained_on_valid(recognizer)
    assert recognizer.card.metrics["valid"]["ece"] == pytest.approx(0.0035, abs=1e-4)
    assert recognizer.card.data["near_duplicates_dropped"] == 534
    assert recognizer.card.metrics == current.metrics and recognizer.card.recipe == current.recipe
