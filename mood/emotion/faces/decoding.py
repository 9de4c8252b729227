"""Pictures as files: any common format becomes pixels, and whatever is wrong with one a sentence."""

import ctypes
import io
import logging
import os
import re
import stat
import threading
import warnings
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

from genre.audio.files import find_files

# Of a folder, the files with these suffixes are read. A path to a file is read whatever its suffix.
IMAGE_SUFFIXES = frozenset((".avif", ".bmp", ".gif", ".jpeg", ".jpg", ".png", ".tif", ".tiff", ".webp"))
IMAGE_FORMATS = ("AVIF", "BMP", "GIF", "JPEG", "PNG", "TIFF", "WEBP")
MAX_IMAGE_BYTES = 64 << 20
# Both limits are checked before the picture is decoded. Cameras write JPEG, which takes 7 bytes of memory a
# pixel while it is decoded; of the other formats WebP takes the most, up to 20.
MAX_PIXELS, MAX_JPEG_PIXELS = 25_000_000, 64_000_000
# Pixels times scans of a progressive JPEG. Cameras and programs write about ten scans, and each goes over the
# whole picture. A billion pixels take 4 s; a file of 269 kB, with 200 scans over 64 megapixels, took 15 s.
MAX_SCANNED_PIXELS = 1_000_000_000
STRIP_ROWS = 256  # rows of a picture of more than 8 bits that are converted at a time
BACKGROUND_GREY = 127  # grey that shows through where a picture is transparent

_MISSING_MESSAGE = "The picture could not be found: check its name, or choose another one."
_NO_ACCESS = "The picture could not be opened: check that you may read it, or choose another one."
_FOLDER = "This is a folder: choose one of the pictures inside it."
_EMPTY = "The file is empty: choose another picture, or take it again."
_TOO_BIG = "The picture is too large: make it smaller than 25 megapixels and 64 MB, then try again."
_TOO_MANY_SCANS = (
    "The picture is packed so that it takes too long to open: save it again as a plain JPEG or PNG."
)
_NO_PICTURE = "This is not a picture that Earmark can read: choose a JPEG, PNG or WebP file."
_DAMAGED_MESSAGE = "The picture is damaged: export it or take it again."

_JPEG_MARKER = re.compile(rb"\xff[\xc0-\xcf\xd9-\xfe]")  # without the markers that have no header
_decoding = threading.Lock()
# A fault in a picture is reported by FaceError alone, never by a line on stderr.
warnings.filterwarnings("ignore", module=r"PIL\b")
logging.getLogger("PIL").addHandler(logging.NullHandler())
with suppress(AttributeError, OSError):  # a Pillow without libtiff writes lines of its own
    for name in ("TIFFSetErrorHandler", "TIFFSetWarningHandler"):
        ctypes.CDLL(Image.core.__file__)[name](None)


class FaceError(ValueError):
    """A picture or a face that cannot be read; the text is one sentence that says what to do."""


def find_images(paths: Iterable[str]) -> Iterator[tuple[str, "FaceError | None"]]:
    """Yield (path, None) of every image file to read, and (path, FaceError) of folders that hold none."""
    for path, reason in find_files(paths, IMAGE_SUFFIXES, "pictures"):
        yield path, FaceError(reason) if reason else None


def decode_image(image: bytes | Path, max_side: int | None = None) -> np.ndarray:
    """Decode a picture in any common format -> (H, W, 3) RGB uint8, upright as it was taken.

    Only the first frame of an animation is decoded; transparent parts become grey; 16 bits become 8. A
    picture whose longer side has more than `max_side` pixels is reduced to that. Memory is bounded, also for
    many visitors: one picture is decoded at a time. Raises FaceError, and nothing else, whatever the bytes.
    """
    data = image if isinstance(image, bytes) else _read(image)
    if not data:
        raise FaceError(_EMPTY)
    if len(data) > MAX_IMAGE_BYTES:
        raise FaceError(_TOO_BIG)
    Image.init()  # without it, only some of the formats are known to open()
    try:
        with _decoding:
            return _decode(data, max_side)
    except FaceError:
        raise
    except Image.DecompressionBombError as error:
        raise FaceError(_TOO_BIG) from error
    except Image.UnidentifiedImageError as error:
        raise FaceError(_NO_PICTURE) from error
    except Exception as error:  # Pillow's decoders raise any type on damaged files
        raise FaceError(_DAMAGED_MESSAGE) from error


def _read(path: Path) -> bytes:
    try:
        status = os.stat(path)
        if not stat.S_ISREG(status.st_mode):  # a pipe or a device might never end
            raise FaceError(_FOLDER if stat.S_ISDIR(status.st_mode) else _NO_ACCESS)
        if status.st_size > MAX_IMAGE_BYTES:
            raise FaceError(_TOO_BIG)
        return Path(path).read_bytes()
    except (FileNotFoundError, NotADirectoryError) as error:
        raise FaceError(_MISSING_MESSAGE) from error
    except FaceError:
        raise
    except (OSError, ValueError) as error:  # no permission, a NUL in a path
        raise FaceError(_NO_ACCESS) from error


def _decode(data: bytes, max_side: int | None) -> np.ndarray:
    with Image.open(io.BytesIO(data), formats=IMAGE_FORMATS) as picture:
        n_pixels, is_jpeg = picture.width * picture.height, picture.format in ("JPEG", "MPO")
        if n_pixels > (MAX_JPEG_PIXELS if is_jpeg else MAX_PIXELS):
            raise FaceError(_TOO_BIG)
        if is_jpeg and _count_scans(data) * n_pixels > MAX_SCANNED_PIXELS:
            raise FaceError(_TOO_MANY_SCANS)
        return _to_rgb(picture, max_side)


def _count_scans(jpeg: bytes) -> int:
    """Count the scans (SOS markers) of a JPEG's first picture (ITU T.81, annex B)."""
    scans, place = 0, 2
    while marker := _JPEG_MARKER.search(jpeg, place):
        kind, place = marker.group()[1], marker.end()
        if kind == 0xD9:  # the end of the picture; what follows is another one, or a video
            break
        scans += kind == 0xDA
        place += int.from_bytes(jpeg[place : place + 2], "big")  # skips the header, which may hold any bytes
    return scans


def _to_rgb(picture: Image.Image, max_side: int | None) -> np.ndarray:
    exif = picture.getexif()
    if max_side and max_side < max(picture.size):
        scale = max_side / max(picture.size)
        # A JPEG decodes itself to a half, a quarter or an eighth.
        picture.draft(picture.mode, (int(scale * picture.width), int(scale * picture.height)))
    if picture.mode[0] in "IF":  # 16 or 32 bits a pixel, which convert() would clip
        picture = _to_eight_bits(picture)
    elif picture.mode in ("1", "P", "PA"):  # palettes, whose indices cannot be averaged
        picture = picture.convert("RGBA" if picture.has_transparency_data else "RGB")
    if max_side:
        picture.thumbnail((max_side, max_side), Image.Resampling.BOX)
    picture = _apply_orientation(picture, exif)
    if picture.has_transparency_data:
        picture = picture.convert("RGBA")
        background = Image.new("RGB", picture.size, (BACKGROUND_GREY, BACKGROUND_GREY, BACKGROUND_GREY))
        background.paste(picture, mask=picture.getchannel("A"))
        picture = background
    return np.array(picture if picture.mode == "RGB" else picture.convert("RGB"))


def _to_eight_bits(picture: Image.Image) -> Image.Image:
    """Convert 16-bit integers, or real numbers, to 8 bits; the picture's own range is the scale."""
    values = np.asarray(picture)
    strips = [values[top : top + STRIP_ROWS] for top in range(0, len(values), STRIP_ROWS)]
    low, high = 0.0, 65535.0
    if picture.mode[0] == "F":
        strips = [np.nan_to_num(strip) for strip in strips]
        low, high = min(float(strip.min()) for strip in strips), max(float(strip.max()) for strip in strips)
    scale = 255 / max(high - low, 1e-9)
    with np.errstate(all="ignore"):  # the difference of two numbers may be infinite
        reduced = [
            np.nan_to_num((strip.astype(np.float32) - low) * scale).clip(0, 255).astype(np.uint8)
            for strip in strips
        ]
    return Image.fromarray(np.concatenate(reduced))


def _apply_orientation(picture: Image.Image, exif: Image.Exif) -> Image.Image:
    """Rotate and mirror as the EXIF orientation says."""
    with suppress(Exception):  # a broken EXIF block does not spoil the picture
        if exif.get(0x0112, 1) != 1:
            picture.getexif()[0x0112] = exif[0x0112]
            return ImageOps.exif_transpose(picture)
    return picture
