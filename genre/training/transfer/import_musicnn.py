"""The import of musicnn's published weights from its wheel, as one of our artefacts.

    pip download --no-deps musicnn==0.1.0
    python -m genre.training.transfer.import_musicnn musicnn-0.1.0-py3-none-any.whl

The wheel holds TensorFlow checkpoints. Their index is a table in LevelDB's format with one entry a
variable (tensorflow/core/util/tensor_bundle, leveldb/doc/table_format.md); their data is plain little-endian
float32. Nothing of the wheel is executed. `tests/fixtures/musicnn.npz` holds what TensorFlow computes with
these weights.
"""

import argparse
import struct
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from genre.models.artefacts import save_artefact
from genre.models.cards import TAGGER, VGG, Card
from genre.models.model_card import write_model_card
from genre.models.pretrained.band_peak import NORM_EPS
from genre.models.pretrained.networks import TAG_MEL, TAGS, MusicnnNet, Tagger
from genre.models.pretrained.vgg import VggNet
from genre.paths import WEIGHTS, write_atomic

MAGIC = 0xDB4775248B80FB57  # the last eight bytes of a LevelDB table
FLOAT32 = 1  # TensorFlow's number for the type
LICENCE = "musicnn-0.1.0.dist-info/LICENSE.md"


def read_tensorflow_checkpoint(index: bytes, data: bytes) -> dict[str, np.ndarray]:
    """Read the float32 variables of a TensorFlow checkpoint with one shard, by name.

    Raises ValueError for other content.
    """
    if len(index) < 48 or struct.unpack("<Q", index[-8:])[0] != MAGIC:
        raise ValueError("This is no index of a TensorFlow checkpoint.")
    _, position = _block_handle(index, len(index) - 48)  # the metaindex is not needed
    (start, size), _ = _block_handle(index, position)
    variables = {}
    for _, handle in _entries(index[start : start + size]):
        (start, size), _ = _block_handle(handle, 0)
        for key, value in _entries(index[start : start + size]):
            if not key:  # the empty key holds the header
                continue
            entry = _message(value)
            if entry.get(1) == FLOAT32:
                shape = [_message(dim).get(1, 0) for dim in _repeated_field(entry.get(2, b""), 2)]
                offset, n_bytes = entry.get(4, 0), entry[5]
                array = np.frombuffer(data[offset : offset + n_bytes], "<f4")
                variables[key.decode()] = array.reshape(shape)
    return variables


def _varint(content: bytes, position: int) -> tuple[int, int]:
    """Read the number with seven bits a byte at `position` -> (number, the position after it)."""
    value = shift = 0
    while True:
        byte = content[position]
        position += 1
        value |= (byte & 127) << shift
        shift += 7
        if byte < 128:
            return value, position


def _block_handle(content: bytes, position: int) -> tuple[tuple[int, int], int]:
    """Read a block's handle -> ((start, size) of the block, the position after the handle)."""
    start, position = _varint(content, position)
    size, position = _varint(content, position)
    return (start, size), position


def _entries(block: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yield the (key, value) pairs of a block; a key is stored by its difference from the key before."""
    n_restarts = struct.unpack("<I", block[-4:])[0]
    end, position, key = len(block) - 4 * (n_restarts + 1), 0, b""
    while position < end:
        n_shared, position = _varint(block, position)
        n_own, position = _varint(block, position)
        n_value, position = _varint(block, position)
        key = key[:n_shared] + block[position : position + n_own]
        yield key, block[position + n_own : position + n_own + n_value]
        position += n_own + n_value


def _fields(message: bytes) -> Iterator[tuple[int, int | bytes]]:
    """Yield the (number, value) pairs of a protocol buffer's message."""
    position = 0
    while position < len(message):
        tag, position = _varint(message, position)
        number, kind = tag >> 3, tag & 7
        value: int | bytes
        if kind == 0:
            value, position = _varint(message, position)
        elif kind == 2:
            size, position = _varint(message, position)
            value, position = message[position : position + size], position + size
        elif kind == 5:
            value, position = message[position : position + 4], position + 4
        else:
            raise ValueError("The checkpoint's index has a field of an unknown kind.")
        yield number, value


def _message(message: bytes) -> dict:
    return dict(_fields(message))


def _repeated_field(message: bytes, number: int) -> list[bytes]:
    return [value for name, value in _fields(message) if name == number and isinstance(value, bytes)]


class _Variables:
    """The variables of a checkpoint, in the order in which the network was built."""

    def __init__(self, variables: dict[str, np.ndarray]) -> None:
        self.variables = variables

    def kernel(self, scope: str) -> tuple[Tensor, Tensor]:
        """Read weight and bias of a convolution (time, mel, in, out) or matrix (in, out) in torch's order."""
        kernel = torch.from_numpy(self.variables[f"{scope}/kernel"].copy())
        bias = torch.from_numpy(self.variables[f"{scope}/bias"].copy())
        return (kernel.permute(3, 2, 0, 1) if kernel.ndim == 4 else kernel.T).contiguous(), bias

    def norm(self, scope: str) -> tuple[Tensor, Tensor]:
        """Compute scale and shift of a trained batch normalisation."""
        gamma, beta, mean, variance = (
            torch.from_numpy(self.variables[f"{scope}/{part}"].copy()).double()
            for part in ("gamma", "beta", "moving_mean", "moving_variance")
        )
        scale = gamma / torch.sqrt(variance + NORM_EPS)
        return scale.float(), (beta - mean * scale).float()


def _set_norm(norm: nn.Module, values: tuple[Tensor, Tensor]) -> None:
    norm.load_state_dict(dict(zip(("scale", "shift"), values, strict=True)))


def _set_kernel(layer: nn.Module, values: tuple[Tensor, Tensor]) -> None:
    weight, bias = values
    target = layer.weight
    assert isinstance(target, Tensor)
    layer.load_state_dict({"weight": weight.reshape(target.shape), "bias": bias})


def convert_musicnn(variables: dict[str, np.ndarray]) -> MusicnnNet:
    """Build the network of a musicnn checkpoint."""
    source, network = _Variables(variables), MusicnnNet()
    names = ("", *(f"_{number}" for number in range(1, 20)))
    norms = [f"batch_normalization{name}" for name in names]
    _set_norm(network.norm, source.norm(norms[0]))
    for number, part in enumerate(network.front):
        _set_kernel(part.conv, source.kernel(f"conv2d{names[number]}"))  # type: ignore[arg-type]
        _set_norm(part.norm, source.norm(norms[1 + number]))  # type: ignore[arg-type]
    n_front = len(network.front)
    for number, (layer, norm) in enumerate(zip(network.layers, network.norms, strict=True), n_front):
        weight, bias = source.kernel(f"conv2d{names[number]}")  # (out, 1, time, channel)
        _set_kernel(layer, (weight[:, 0].transpose(1, 2).contiguous(), bias))
        _set_norm(norm, source.norm(norms[1 + number]))
    last = n_front + len(network.layers)
    _set_norm(network.pooled_norm, source.norm(norms[1 + last]))
    _set_kernel(network.dense, source.kernel("dense"))
    _set_norm(network.dense_norm, source.norm(norms[2 + last]))
    _set_kernel(network.tags, source.kernel("dense_1"))
    return network


def convert_vgg(variables: dict[str, np.ndarray]) -> VggNet:
    """Build the network of a vgg checkpoint."""
    source, network = _Variables(variables), VggNet()
    _set_norm(network.norm, source.norm("batch_normalization"))
    for number, (layer, norm) in enumerate(zip(network.layers, network.norms, strict=True), 1):
        _set_kernel(layer, source.kernel(f"{number}CNN"))
        _set_norm(norm, source.norm(f"batch_normalization_{number}"))
    _set_kernel(network.tags, source.kernel("dense"))
    return network


def import_wheel(wheel: Path, target: Path) -> None:
    """Write weights, cards and licence of both networks. Raises KeyError, ValueError or OSError."""
    with zipfile.ZipFile(wheel) as archive:
        checkpoints = {
            name: read_tensorflow_checkpoint(
                archive.read(f"musicnn/MSD_{name}/.index"),
                archive.read(f"musicnn/MSD_{name}/.data-00000-of-00001"),
            )
            for name in (TAGGER, VGG)
        }
        licence = archive.read(LICENCE)
    tagger = Tagger()
    tagger.musicnn = convert_musicnn(checkpoints[TAGGER])
    _save(target / TAGGER, TAGGER, tagger, licence)
    _save(target / VGG, VGG, convert_vgg(checkpoints[VGG]), licence)


def _save(folder: Path, name: str, network: nn.Module, licence: bytes) -> None:
    card = Card(
        name,
        TAGS,
        front_end=TAG_MEL.to_dict(),
        data={"name": "Million Song Dataset, Last.fm tags", "tracks": 200_000},
        note=f"MSD_{name} of the package musicnn 0.1.0 (Jordi Pons, ISC licence), converted.",
    )
    save_artefact(folder, network.state_dict(), card)
    write_model_card(folder)
    write_atomic(folder / "LICENSE.md", licence)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("wheel", type=Path, help="musicnn-0.1.0-py3-none-any.whl")
    options = parser.parse_args()
    try:
        import_wheel(options.wheel, WEIGHTS)
    except (OSError, KeyError, ValueError, zipfile.BadZipFile) as error:
        sys.exit(f"The wheel of musicnn 0.1.0 could not be read: {error}")


if __name__ == "__main__":
    main()
