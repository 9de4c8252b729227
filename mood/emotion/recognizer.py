"""Emotion recognizers: crops of faces to probabilities of emotions, by our own network or another."""

import hashlib
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol, cast

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from genre.compute import has_bfloat16
from genre.models.artefacts import load_artefact
from genre.models.cards import ArtefactError, Card
from genre.paths import WEIGHTS
from mood import EMOTIONS
from mood.emotion.faces import Box, FaceError, crop_face, detect_faces, resize_face
from mood.emotion.network import EmotionNet

DEFAULT_NETWORK = "emotion"
EVALUATED_NETWORK = "emotion-train"  # the same recipe without FER2013's valid faces: its metrics are honest


class EmotionRecognizer(Protocol):
    """An object that predicts emotions from crops."""

    name: str
    emotions: tuple[str, ...]

    def predict(self, faces: Sequence[np.ndarray]) -> np.ndarray:
        """Predict B crops (48, 48) grey uint8 -> probabilities (B, emotions) float32, which add up to 1."""
        ...


@dataclass(frozen=True)
class FaceEmotion:
    """The prediction for one face."""

    box: Box
    emotion: str
    scores: dict[str, float]  # probabilities, in the order of the recognizer's emotions

    def to_json(self) -> dict:
        """Return {"box", "emotion", "scores"}, as the command line prints it."""
        scores = {emotion: round(p, 4) for emotion, p in self.scores.items()}
        return {"box": list(self.box), "emotion": self.emotion, "scores": scores}


class EmotionNetRecognizer:
    """A network of assets/weights, ready for inference."""

    emotions: tuple[str, ...] = EMOTIONS

    def __init__(self, name: str, network: EmotionNet, card: Card) -> None:
        """Take a network and its card. Raises ValueError for another model's card."""
        self.name, self.card = name, card
        self.temperature = card.temperature
        if card.genres != EMOTIONS:
            raise ValueError("The card is not that of an emotion network.")
        self.network = fuse_batch_norm(network.eval())
        self.network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.fingerprint = fingerprint_weights(self.network)
        self.embedding_size = cast(nn.Linear, self.network.head[-1]).in_features
        self.network.body.to(convolution_dtype())

    @classmethod
    def load(cls, name: str = DEFAULT_NETWORK) -> "EmotionNetRecognizer":
        """Load a network. Raises ArtefactError with a sentence when it cannot be."""
        if not re.fullmatch(r"[\w.-]+", name) or name.startswith("."):
            raise ArtefactError(f"{name!r} is not a model's name.")
        weights, card = load_artefact(WEIGHTS / name)
        try:
            network = EmotionNet()
            network.load_state_dict(weights)
            return cls(name, network, card)
        except (KeyError, TypeError, ValueError, RuntimeError) as error:
            raise ArtefactError(
                f"The card and the weights of {name!r} are not those of an emotion network."
            ) from error

    def predict(self, faces: Sequence[np.ndarray]) -> np.ndarray:
        """Predict the emotions of B crops (48, 48) grey uint8 -> probabilities (B, 7) float32."""
        return self.classify_embeddings(self.embed(faces))

    @torch.inference_mode()
    def classify_embeddings(self, embeddings: np.ndarray) -> np.ndarray:
        """Classify (B, D) -> probabilities (B, 7), scaled by the temperature of the card."""
        logits = self.network.head(torch.from_numpy(embeddings))
        return (logits / self.temperature).softmax(dim=1).numpy()

    @torch.inference_mode()
    def embed(self, faces: Sequence[np.ndarray]) -> np.ndarray:
        """Embed B crops (48, 48) grey uint8 -> (B, D) float32, the mean over each face and its mirror image.

        The head is linear, so that the mean of the embeddings gives the mean of the logits.
        """
        if not len(faces):
            return np.zeros((0, self.embedding_size), np.float32)
        return self.embed_batch(torch.from_numpy(np.stack(faces))[:, None].float() / 255).numpy()

    @torch.inference_mode()
    def embed_batch(self, faces: Tensor) -> Tensor:
        """Embed (B, 1, 48, 48) in 0 to 1 -> (B, D)."""
        mirrored = torch.cat([faces, faces.flip(3)]).contiguous(memory_format=torch.channels_last)
        return self.network.embed(mirrored).reshape(2, len(faces), -1).mean(dim=0)


def is_trained_on_valid(recognizer: EmotionRecognizer) -> bool:
    """Return whether the recognizer is our network trained on FER2013's valid faces too."""
    return isinstance(recognizer, EmotionNetRecognizer) and recognizer.card.data.get("split") == "all"


def convolution_dtype() -> torch.dtype:
    """Choose bfloat16 where the processor multiplies it, which is a third faster, else float32."""
    return torch.bfloat16 if has_bfloat16() else torch.float32


def fingerprint_weights(network: nn.Module) -> str:
    """Hash the weights to 16 hexadecimal digits: embeddings of different weights are not comparable."""
    digest = hashlib.blake2b(digest_size=8)
    for tensor in network.state_dict().values():
        digest.update(tensor.contiguous().numpy().tobytes())
    return digest.hexdigest()


def fuse_batch_norm(network: EmotionNet) -> EmotionNet:
    """Fold each batch norm into the convolution before it; the function stays the same."""
    for module in network.modules():
        layers = dict(module.named_children())
        for (_, first), (name, second) in zip(list(layers.items()), list(layers.items())[1:], strict=False):
            if isinstance(first, nn.Conv2d) and isinstance(second, nn.BatchNorm2d):
                first_name = next(key for key, layer in layers.items() if layer is first)
                setattr(module, first_name, fuse_conv_bn_eval(first, second))
                setattr(module, name, nn.Identity())
    return network


def recognize_emotions(
    recognizer: EmotionRecognizer, image: np.ndarray, is_crop: bool = False, thorough: bool = False
) -> list[FaceEmotion]:
    """Recognize the emotions of the faces in (H, W, 3) RGB or (H, W) grey uint8, the largest face first.

    `is_crop` says that the picture is a face from edge to edge; `thorough` searches longer, which suits
    photographs and is too slow for video. Faces too dark to be read are left out. Raises FaceError where
    faces were detected and all of them are left out.
    """
    height, width = image.shape[:2]
    if is_crop:
        boxes, faces = [Box(0, 0, width, height)], [resize_face(image)]
    else:
        boxes, faces, errors = [], [], []
        for box in detect_faces(image, thorough):
            try:
                faces.append(crop_face(image, box))
                boxes.append(box)
            except FaceError as error:
                errors.append(error)
        if errors and not faces:
            raise errors[0]
    if not faces:
        return []
    emotions = recognizer.emotions
    return [
        FaceEmotion(box, emotions[int(row.argmax())], dict(zip(emotions, row.tolist(), strict=True)))
        for box, row in zip(boxes, recognizer.predict(faces), strict=True)
    ]


def load_recognizer(
    backend: str, network: str = DEFAULT_NETWORK, on_progress: Callable[[int, int | None], None] | None = None
) -> EmotionRecognizer:
    """Load the recognizer of a backend, "own" or "deepface", whose download calls on_progress(bytes, total).

    Raises ArtefactError or RecognizerError with a sentence when it cannot be loaded.
    """
    if backend == "deepface":
        from mood.emotion.deepface import DeepFaceRecognizer

        return DeepFaceRecognizer.load(on_progress)
    return EmotionNetRecognizer.load(network)
