"""Spectrogram files: round trip, pictures, hostile files, and the command that makes them audible."""

import argparse
import io
import json
import re
import zipfile

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gan.commands import invert as invert_command
from gan.mel import GAN_MEL
from gan.sampling.spectrogram_file import (
    MAX_FILE_BYTES,
    SpectrogramFile,
    pack_spectrogram,
    read_spectrogram,
    render_png,
)
from genre.audio.clip import SAMPLE_RATE, load_clip
from genre.models.cards import ArtefactError

RECIPE = {"genres": {"jazz": 0.7, "blues": 0.3}, "seed": 7, "prompt": "späte Nacht 🎷"}
CARD = {"version": 1, "params": GAN_MEL.to_dict(), "recipe": RECIPE}
MEL = np.random.default_rng(0).uniform(-80, 0, (128, 40)).astype(np.float32)


def npz(mel_db: object = MEL, card: object = CARD, **more: object) -> bytes:
    """A file as a stranger might make it. A card that is bytes is taken as it is."""
    text = card if isinstance(card, bytes) else json.dumps(card).encode()
    buffer = io.BytesIO()
    np.savez_compressed(buffer, mel_db=mel_db, card=np.frombuffer(text, np.uint8), **more)
    return buffer.getvalue()


def archive(method: int = zipfile.ZIP_DEFLATED, **members: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as file:
        for name, content in members.items():
            file.writestr(f"{name}.npy", content)
    return buffer.getvalue()


def npy(array: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, array)
    return buffer.getvalue()


def lying_header(shape: tuple[int, ...]) -> bytes:
    """An .npy of 100 bytes that claims to be of this shape."""
    buffer = io.BytesIO()
    np.lib.format.write_array_header_1_0(buffer, {"descr": "<f4", "fortran_order": False, "shape": shape})
    return buffer.getvalue() + bytes(100)


def with_header(place: int, value: int) -> bytes:
    """A file each of whose members has this byte at this place of its header."""
    content = npz()
    changed = bytearray(content)
    for mark, shift in ((rb"PK\x03\x04", 0), (rb"PK\x01\x02", 2)):  # at the member, and in the directory
        for match in re.finditer(mark, content):
            changed[match.start() + shift + place] = value
    return bytes(changed)


def with_params(**values: object) -> dict:
    return CARD | {"params": GAN_MEL.to_dict() | values}


def test_what_is_saved_comes_back(tmp_path):
    path = tmp_path / "a.npz"
    path.write_bytes(pack_spectrogram(SpectrogramFile(MEL, GAN_MEL, RECIPE)))
    for source in (path, path.read_bytes()):
        artefact = read_spectrogram(source)
        np.testing.assert_allclose(artefact.mel_db, MEL, atol=0.04)  # float16
        assert artefact.mel_db.dtype == np.float32
        assert (artefact.params, artefact.recipe) == (GAN_MEL, RECIPE)
    with np.load(path, allow_pickle=False) as arrays:  # readable without us too
        assert json.loads(bytes(arrays["card"]))["recipe"] == RECIPE


def test_a_picture_has_low_bands_at_the_bottom():
    mel_db = np.full((128, 30), -80.0, np.float32)
    mel_db[:10] = 0
    pixels = cv2.imdecode(np.frombuffer(render_png(mel_db), np.uint8), cv2.IMREAD_COLOR)
    assert pixels.shape == (128, 30, 3)
    assert (pixels[-10:] == pixels[-1, 0]).all() and (pixels[:118] == pixels[0, 0]).all()
    assert (pixels[-1, 0] != pixels[0, 0]).any()


HOSTILE = {
    "empty": b"",
    "text": b"hello",
    "another archive": archive(readme=b"x"),
    "one array missing": archive(mel_db=npy(MEL)),
    "one array more": npz(extra=MEL),
    "pickled": npz(np.array([{}], dtype=object)),
    "text in the picture": npz(np.full((128, 40), "x")),
    "integers": npz(MEL.astype(np.int32)),
    "not finite": npz(np.where(MEL < -79, np.nan, MEL)),
    "infinite": npz(np.where(MEL < -79, np.inf, MEL)),
    "a line": npz(MEL[0]),
    "a single frame": npz(MEL[:, :1]),
    "no frame": npz(MEL[:, :0]),
    "other bands": npz(MEL[:64]),
    "a bomb": archive(mel_db=bytes(4 * MAX_FILE_BYTES), card=npy(np.zeros(3, np.uint8))),
    "larger than its bytes": archive(mel_db=lying_header((128, 10**12)), card=npy(np.zeros(3, np.uint8))),
    "below nothing": archive(mel_db=lying_header((-5, -5)), card=npy(np.zeros(3, np.uint8))),
    "more than it says": with_header(23, 1),
    "packed as NumPy never does": archive(zipfile.ZIP_LZMA, mel_db=npy(MEL), card=npy(np.zeros(3, np.uint8))),
    "locked": with_header(6, 1),
    "packed in an unknown way": with_header(8, 99),
    "no header": archive(mel_db=b"\x93NUMPY\x01\x00", card=npy(np.zeros(3, np.uint8))),
    "too large": bytes(MAX_FILE_BYTES + 1),
    "card is no JSON": npz(card=b"{"),
    "card is no text": npz(card=b"\xff\xfe"),
    "card is deep": npz(card=b"[" * 90_000),
    "card is long": npz(card=b" " * 200_000),
    "card is a list": npz(card=[]),
    "a later version": npz(card=CARD | {"version": 99}),
    "no recipe": npz(card=CARD | {"recipe": "x"}),
    "no parameters": npz(card=CARD | {"params": None}),
    "unknown parameter": npz(card=with_params(colour="red")),
    "text for a number": npz(card=with_params(n_fft="2048")),
    "huge window": npz(card=with_params(n_fft=10**9)),
    "tiny hop": npz(card=with_params(hop_length=1)),
    "hop of a fraction": npz(card=with_params(hop_length=512.5)),
    "not a number": npz(card=with_params(range_db=float("nan"))),
    "linear": npz(card=with_params(kind="stft")),
    "skipped frames": npz(card=with_params(frame_step=3.8)),
    "upside down": npz(card=with_params(f_min=9_000.0, f_max=100.0)),
    "another rate": npz(card=with_params(sample_rate=1)),
}


@pytest.mark.parametrize("content", HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_file_gives_a_sentence(content):
    with pytest.raises(ArtefactError, match=r"^[A-Z][^\n]+\.$"):
        read_spectrogram(content)


@settings(max_examples=60)
@given(place=st.floats(0, 1), value=st.integers(0, 255), end=st.floats(0.1, 1))
def test_any_damage_gives_a_sentence_or_a_sane_picture(place, value, end):
    content = bytearray(pack_spectrogram(SpectrogramFile(MEL, GAN_MEL, RECIPE)))
    content[int(place * (len(content) - 1))] = value
    try:
        artefact = read_spectrogram(bytes(content[: int(end * len(content))]))
    except ArtefactError:
        return
    assert artefact.mel_db.shape[0] == 128 and np.isfinite(artefact.mel_db).all()


@pytest.mark.parametrize("mel_db", [MEL[:3], MEL[0], np.full((128, 9), np.nan)], ids=["bands", "line", "nan"])
def test_nothing_is_saved_that_could_not_be_read(mel_db):
    with pytest.raises(ArtefactError):
        pack_spectrogram(SpectrogramFile(mel_db, GAN_MEL, RECIPE))


def run(*arguments: object) -> int:
    parser = argparse.ArgumentParser()
    invert_command.add_parser(parser.add_subparsers(required=True))
    options = parser.parse_args(["invert", *map(str, arguments)])
    return options.run(options)


def test_the_command_makes_it_audible(tmp_path, capsys):
    (tmp_path / "a.npz").write_bytes(pack_spectrogram(SpectrogramFile(MEL, GAN_MEL, RECIPE)))
    assert run(tmp_path / "a.npz", "--out", tmp_path / "new" / "a.wav") == 0
    clip = load_clip(tmp_path / "new" / "a.wav")
    assert clip.duration_s == pytest.approx(39 * 512 / SAMPLE_RATE) and np.abs(clip.samples).max() > 0.1
    assert "0.9 s" in capsys.readouterr().out


def test_the_command_says_what_is_wrong(tmp_path, capsys):
    (tmp_path / "bad.npz").write_bytes(b"hello")
    assert run(tmp_path / "bad.npz", "--out", tmp_path / "a.wav") == 1
    assert run(tmp_path / "none.npz", "--out", tmp_path / "a.wav") == 1
    assert run(tmp_path, "--out", tmp_path / "a.wav") == 1
    assert run(tmp_path / "bad.npz", "--out", tmp_path / "a.txt") == 2
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 4 and all(line.endswith(".") for line in lines)
    assert not (tmp_path / "a.wav").exists()
