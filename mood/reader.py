"""Crops of faces -> probabilities of emotions, by our own network or by another reader."""

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from genre.artefacts import load_artefact
from genre.cards import ArtefactError
from genre.home import WEIGHTS
from genre.processor import has_bfloat16
from mood import EMOTIONS
from mood.faces import Box, FaceError, crop, find_faces, to_face
from mood.network import EmotionNet

SHIPPED = "emotion"
MEASURED = "emotion-train"  # the same recipe without FER2013's valid faces: what figures are taken from


class Reader(Protocol):
    """Anything that reads emotions from crops."""

    name: str
    emotions: tuple[str, ...]

    def read(self, faces: Sequence[np.ndarray]) -> np.ndarray:
        """B crops (48, 48) grey uint8 -> probabilities (B, emotions) float32; rows add up to 1."""
        ...


@dataclass(frozen=True)
class Reading:
    """What one face says."""

    box: Box
    emotion: str
    scores: dict[str, float]  # probabilities, in the order of the reader's emotions

    def to_json(self) -> dict:
        """The command line's answer for this face."""
        scores = {emotion: round(p, 4) for emotion, p in self.scores.items()}
        return {"box": list(self.box), "emotion": self.emotion, "scores": scores}


class EmotionReader:
    """The network in assets/weights, ready to read."""

    emotions = EMOTIONS

    def __init__(self, name: str, network: EmotionNet, card: dict) -> None:
        """Raises KeyError, TypeError or ValueError for a card that lacks something."""
        self.name, self.card = name, card
        self.temperature = float(card["temperature"])
        if not self.temperature > 0 or tuple(card["genres"]) != EMOTIONS:
            raise ValueError("The card is not that of an emotion network.")
        self.network = fused(network.eval()).to(memory_format=torch.channels_last)
        self.fingerprint = fingerprint(self.network)
        self.size = self.network.head[-1].in_features  # of an embedding
        self.network.body.to(precision())

    @classmethod
    def load(cls, name: str = SHIPPED) -> "EmotionReader":
        """Raises ArtefactError with a sentence when it cannot be."""
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

    def read(self, faces: Sequence[np.ndarray]) -> np.ndarray:
        """B crops (48, 48) grey uint8 -> probabilities (B, 7) float32."""
        return self.name_embeddings(self.embed(faces))

    @torch.inference_mode()
    def name_embeddings(self, embeddings: np.ndarray) -> np.ndarray:
        """(B, D) -> probabilities (B, 7), sharpened or softened by the temperature of the card."""
        logits = self.network.head(torch.from_numpy(embeddings))
        return (logits / self.temperature).softmax(dim=1).numpy()

    @torch.inference_mode()
    def embed(self, faces: Sequence[np.ndarray]) -> np.ndarray:
        """B crops (48, 48) grey uint8 -> (B, D) float32, the mean over each face and its mirror image.

        The head is linear, so that the mean of the embeddings gives the mean of the logits.
        """
        if not len(faces):
            return np.zeros((0, self.size), np.float32)
        return self.embed_batch(torch.from_numpy(np.stack(faces))[:, None].float() / 255).numpy()

    @torch.inference_mode()
    def embed_batch(self, faces: Tensor) -> Tensor:
        """(B, 1, 48, 48) in 0 to 1 -> (B, D)."""
        both = torch.cat([faces, faces.flip(3)]).contiguous(memory_format=torch.channels_last)
        return self.network.embed(both).reshape(2, len(faces), -1).mean(dim=0)


def precision() -> torch.dtype:
    """Of the convolutions: half the digits where the processor multiplies them, a third faster."""
    return torch.bfloat16 if has_bfloat16() else torch.float32


def fingerprint(network: nn.Module) -> str:
    """A short name of these very weights: embeddings of others mean something else."""
    digest = hashlib.blake2b(digest_size=8)
    for tensor in network.state_dict().values():
        digest.update(tensor.contiguous().numpy().tobytes())
    return digest.hexdigest()


def fused(network: nn.Module) -> nn.Module:
    """The same function with each batch norm folded into the convolution before it."""
    for module in network.modules():
        layers = dict(module.named_children())
        for (_, first), (name, second) in zip(list(layers.items()), list(layers.items())[1:], strict=False):
            if isinstance(first, nn.Conv2d) and isinstance(second, nn.BatchNorm2d):
                place = next(key for key, layer in layers.items() if layer is first)
                setattr(module, place, fuse_conv_bn_eval(first, second))
                setattr(module, name, nn.Identity())
    return network


def read_image(
    reader: Reader, image: np.ndarray, is_crop: bool = False, thorough: bool = False
) -> list[Reading]:
    """The faces in (H, W, 3) RGB or (H, W) grey uint8, the largest first; none where no face is seen.

    `is_crop` says that the picture is a face from edge to edge; `thorough` looks longer, as photographs
    want and video does not allow. Faces too dark to be read are left out. Raises FaceError where that
    leaves none of those that were found.
    """
    height, width = image.shape[:2]
    if is_crop:
        boxes, faces = [Box(0, 0, width, height)], [to_face(image)]
    else:
        boxes, faces, reasons = [], [], []
        for box in find_faces(image, thorough):
            try:
                faces.append(crop(image, box))
                boxes.append(box)
            except FaceError as error:
                reasons.append(error)
        if reasons and not faces:
            raise reasons[0]
    if not faces:
        return []
    names = reader.emotions
    return [
        Reading(box, names[int(row.argmax())], dict(zip(names, row.tolist(), strict=True)))
        for box, row in zip(boxes, reader.read(faces), strict=True)
    ]
