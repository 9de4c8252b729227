"""Small files that would take a lot of memory or time: refused, reduced, one at a time, in silence."""

import io
import subprocess
import sys
import textwrap
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mood.emotion.faces import FaceError, decode_image, decoding
from tests.support.faces import astronaut, encoded


def blank(mode: str, side: int, kind: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    Image.new(mode, (side, side)).save(buffer, kind, **options)
    return buffer.getvalue()


def many_scans(side: int, count: int) -> bytes:
    """A progressive JPEG that goes over its picture so many times more than its encoder did."""
    jpeg = blank("L", side, "JPEG", progressive=True)
    scan = jpeg[jpeg.rindex(b"\xff\xda") : -2]
    return jpeg[:-2] + scan * count + jpeg[-2:]


@pytest.mark.parametrize(
    ("bomb", "word"),
    [
        pytest.param(lambda: blank("RGB", 5_010, "WEBP", lossless=True), "too large", id="webp"),
        pytest.param(lambda: blank("I;16", 5_010, "PNG"), "too large", id="16 bits"),
        pytest.param(lambda: many_scans(4_000, 194), "takes too long", id="200 scans"),
    ],
)
def test_a_bomb_is_refused_before_it_is_unpacked(bomb, word, monkeypatch):
    monkeypatch.setattr(decoding, "_to_rgb", lambda *_: pytest.fail("it is unpacked"))
    with pytest.raises(FaceError, match=word):
        decode_image(bomb())


def test_pictures_of_cameras_are_no_bombs():
    assert decode_image(blank("L", 7_990, "JPEG", progressive=True), 512).shape == (512, 512, 3)
    assert decode_image(many_scans(400, 194)).shape == (400, 400, 3)
    after = b"\xff\xda\x00\x02" * 10_000  # the video of a moving photograph
    assert decode_image(blank("L", 3_000, "JPEG") + after, 512).shape == (512, 512, 3)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF", "TIFF"])
def test_a_reduced_picture_looks_the_same(kind):
    image = astronaut().repeat(2, 0).repeat(2, 1)
    exif = {} if kind == "GIF" else {"exif": Image.Exif()}
    if exif:
        exif["exif"][0x0112] = 6  # was held upright
    reduced = decode_image(encoded(image[:900], kind, **exif), 256)
    assert reduced.shape == ((225, 256, 3) if kind == "GIF" else (256, 225, 3))
    expected = astronaut()[:450].reshape(225, 2, 256, 2, 3).mean(axis=(1, 3))
    expected = expected if kind == "GIF" else np.rot90(expected, -1)
    assert np.abs(reduced - expected).mean() < 6


def test_sixteen_bits_and_real_numbers_are_reduced_too():
    ramp = np.linspace(0, 1, 1_000, dtype=np.float32)[None].repeat(1_000, 0)
    for image in ((ramp * 65_535).astype(np.uint16), ramp * 1e30):
        reduced = decode_image(encoded(image, "TIFF"), 100)
        assert reduced.shape == (100, 100, 3) and np.allclose(reduced[50, [0, 99], 0], (1, 253), atol=2)


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="the peak of memory is read from /proc")
def test_the_memory_of_four_pictures_at_once_is_that_of_one():
    program = r"""
        import io, re, threading
        from PIL import Image
        from mood.emotion.faces import decode_image
        buffer = io.BytesIO()
        Image.new("RGBA", (3_000, 3_000)).save(buffer, "WEBP", lossless=True)
        peak = lambda: int(re.search(r"VmHWM:\s+(\d+)", open("/proc/self/status").read())[1])  # kB
        before = peak()
        decode_image(buffer.getvalue(), 1_024)
        one = peak() - before
        visitors = [threading.Thread(target=decode_image, args=(buffer.getvalue(), 1_024)) for _ in range(4)]
        for visitor in visitors: visitor.start()
        for visitor in visitors: visitor.join()
        print(one, peak() - before)
    """
    one, four = map(int, run(program).stdout.split())
    assert four < 2 * one


def test_a_damaged_picture_writes_nothing_to_the_terminal():
    program = """
        import io, random
        from PIL import Image
        from mood.emotion.faces import FaceError, decode_image
        exif = Image.Exif()
        exif[0x0112], exif[0x010E] = 6, "hello"
        rng = random.Random(0)
        for kind, options in (("TIFF", {}), ("TIFF", {"compression": "tiff_lzw"}), ("JPEG", {})):
            buffer = io.BytesIO()
            Image.linear_gradient("L").save(buffer, kind, exif=exif, **options)
            for _ in range(50):
                content = bytearray(buffer.getvalue())
                content[rng.randrange(min(len(content), 400))] = rng.randrange(256)
                try:
                    decode_image(bytes(content))
                except FaceError:
                    pass
    """
    assert run(program).stderr == ""


def run(program: str) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program)], capture_output=True, text=True, check=True
    )
