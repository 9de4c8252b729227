"""Picture -> faces -> crops as the emotion network knows them.

The finder is OpenCV's Haar cascade of frontal faces (Viola and Jones 2001, Lienhart and Maydt 2002),
checked by a second one: what both call a face is hardly ever something else.
"""

import io
import os
import stat
import threading
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
from PIL import Image, ImageOps

from mood.network import SIZE

# Taken from a folder; a file that is named is tried whatever it is called.
IMAGE_SUFFIXES = frozenset((".avif", ".bmp", ".gif", ".jpeg", ".jpg", ".png", ".tif", ".tiff", ".webp"))
FORMATS = ("AVIF", "BMP", "GIF", "JPEG", "PNG", "TIFF", "WEBP")
MAX_BYTES = 64 << 20
MAX_PIXELS = 64_000_000  # 192 MB once unpacked; checked before anything is
GREY = 127  # what shows through where a picture is transparent

# FER2013's crops are the boxes of such a cascade: over upscaled faces of FER2013 the box is 0.97 of the
# frame wide (median; half of them 0.91 to 1.03) and lies in its middle to a hundredth.
FRAME = 1.03  # side of the crop, in sides of the box
SMALLEST = 12  # pixels across a face below which nothing can be read from it
DARK, FLAT = 14, 4  # grey levels: a face with a lower mean or standard deviation cannot be seen

STEP = 1.2  # from one size of face to the next
LIVE_SHARE = 5  # the smallest face in a video frame, as a part of the picture's shorter side
THOROUGH_STEP, THOROUGH_SHARE = 1.1, 20
SIDE = 640  # the longer side that video frames are reduced to
THOROUGH_SIDE = 1024
NEIGHBOURS = 2  # finds in about the same place that make a face
THOROUGH_NEIGHBOURS = 3  # more of them where the steps are finer
TILTS = (-25, 25)  # degrees, tried on photographs where no upright face was found
OVERLAP = 0.4  # of the smaller of two boxes, above which both are one face
AROUND, CHECKED = 0.3, 64  # margin (in boxes) and size (pixels) of what the second cascade is shown

_MISSING = "The picture could not be found: check its name, or choose another one."
_NO_ACCESS = "The picture could not be opened: check that you may read it, or choose another one."
_FOLDER = "This is a folder: choose one of the pictures inside it."
_EMPTY = "The file is empty: choose another picture, or take it again."
_TOO_BIG = "The picture is too large: make it smaller than 64 megapixels and 64 MB, then try again."
_NO_PICTURE = "This is not a picture we can read: choose a JPEG, PNG or WebP file."
_DAMAGED = "The picture is damaged: export it or take it again."
_TOO_SMALL = "The face is too small to read: come closer, or choose a larger picture."
_TOO_DARK = "It is too dark to see your face: turn on a light, or turn towards the window."
_NO_FACE = "We see no face: look straight at the camera, with the whole face in the picture."


class FaceError(ValueError):
    """A picture or a face that cannot be read; the text is one sentence that says what to do."""


class Box(NamedTuple):
    """Where a face is, in pixels of the picture."""

    x: int
    y: int
    w: int
    h: int


def decode(image: bytes | Path) -> np.ndarray:
    """A picture in any common format -> (H, W, 3) RGB uint8, the way up it was taken.

    Of an animation the first frame; transparent parts become grey; 16 bits become 8. Raises FaceError,
    and nothing else, whatever the bytes.
    """
    data = image if isinstance(image, bytes) else _read(image)
    if not data:
        raise FaceError(_EMPTY)
    if len(data) > MAX_BYTES:
        raise FaceError(_TOO_BIG)
    Image.init()  # else only some of the formats are known to open()
    try:
        with Image.open(io.BytesIO(data), formats=FORMATS) as picture:
            if picture.width * picture.height > MAX_PIXELS:
                raise FaceError(_TOO_BIG)
            return _to_rgb(picture)
    except FaceError:
        raise
    except Image.DecompressionBombError as error:
        raise FaceError(_TOO_BIG) from error
    except Image.UnidentifiedImageError as error:
        raise FaceError(_NO_PICTURE) from error
    except Exception as error:  # on damaged files Pillow's decoders raise whatever comes
        raise FaceError(_DAMAGED) from error


def find_faces(image: np.ndarray, thorough: bool = False) -> list[Box]:
    """The faces in (H, W, 3) RGB or (H, W) grey uint8, the largest first.

    Made for video: at 640x480 faces from 96 pixels on, in some 10 ms. `thorough` is for photographs: it
    finds smaller faces and, where no upright one is, tilted ones, and takes about ten times as long.
    """
    grey = to_grey(image)
    side, step, share = (THOROUGH_SIDE, THOROUGH_STEP, THOROUGH_SHARE) if thorough else (
        SIDE, STEP, LIVE_SHARE)  # fmt: skip
    scale = min(1.0, side / max(grey.shape))
    if scale * min(grey.shape) < SMALLEST:
        return []
    if scale < 1.0:
        grey = cv2.resize(grey, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    neighbours = THOROUGH_NEIGHBOURS if thorough else NEIGHBOURS
    smallest = max(24, min(grey.shape) // share)
    found = _find(grey, step, neighbours, smallest)
    if thorough and not found:
        for tilt in TILTS:
            found += _find_tilted(grey, tilt, step, neighbours, smallest)
    boxes = [_in_picture(box, scale, image.shape) for box in _one_each(found)]
    return sorted(boxes, key=lambda box: -box.w * box.h)


def crop(image: np.ndarray, box: Box) -> np.ndarray:
    """A face of a picture as (48, 48) grey uint8, framed as FER2013's are.

    Raises FaceError where it is too small or too dark to be read.
    """
    side = round(FRAME * max(box.w, box.h))
    left, top = round(box.x + box.w / 2 - side / 2), round(box.y + box.h / 2 - side / 2)
    height, width = image.shape[:2]
    inside = image[max(0, top) : top + side, max(0, left) : left + side]
    if not inside.size:
        raise FaceError(_NO_FACE)
    face = cv2.copyMakeBorder(
        to_grey(inside), max(0, -top), max(0, top + side - height), max(0, -left),
        max(0, left + side - width), cv2.BORDER_REPLICATE,
    )  # fmt: skip
    return to_face(face)


def to_face(image: np.ndarray) -> np.ndarray:
    """A picture that is a face from edge to edge -> (48, 48) grey uint8.

    One that is not square loses what is too much of its longer side. Raises FaceError where it is too
    small or too dark to be read.
    """
    grey = to_grey(image)
    height, width = grey.shape
    side = min(height, width)
    if side < SMALLEST:
        raise FaceError(_TOO_SMALL)
    top, left = (height - side) // 2, (width - side) // 2
    way = cv2.INTER_AREA if side > SIZE else cv2.INTER_CUBIC
    face = cv2.resize(grey[top : top + side, left : left + side], (SIZE, SIZE), interpolation=way)
    if face.mean() < DARK or face.std() < FLAT:
        raise FaceError(_TOO_DARK)
    return face


def why_none(image: np.ndarray) -> str:
    """What to tell a person in whose picture no face was found."""
    return _TOO_DARK if to_grey(image).mean() < 2 * DARK else _NO_FACE


def to_grey(image: np.ndarray) -> np.ndarray:
    """(H, W, 3) RGB or (H, W) -> (H, W)."""
    return image if image.ndim == 2 else cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)


def _read(path: Path) -> bytes:
    try:
        status = os.stat(path)
        if not stat.S_ISREG(status.st_mode):  # a pipe or a device might never end
            raise FaceError(_FOLDER if stat.S_ISDIR(status.st_mode) else _NO_ACCESS)
        if status.st_size > MAX_BYTES:
            raise FaceError(_TOO_BIG)
        return Path(path).read_bytes()
    except (FileNotFoundError, NotADirectoryError) as error:
        raise FaceError(_MISSING) from error
    except FaceError:
        raise
    except (OSError, ValueError) as error:  # no permission, a NUL in a path
        raise FaceError(_NO_ACCESS) from error


def _to_rgb(picture: Image.Image) -> np.ndarray:
    if picture.mode[0] in "IF":  # 16 or 32 bits a pixel, which convert() would clip
        values = np.nan_to_num(np.asarray(picture, dtype=np.float32))
        low, high = (0.0, 65535.0) if picture.mode[0] == "I" else (values.min(), values.max())
        scaled = (values - low) * (255 / max(high - low, 1e-9))
        picture = _upright(Image.fromarray(scaled.clip(0, 255).astype(np.uint8)), picture.getexif())
    else:
        picture = _upright(picture, picture.getexif())
    if picture.has_transparency_data:
        picture = picture.convert("RGBA")
        below = Image.new("RGBA", picture.size, (GREY, GREY, GREY, 255))
        picture = Image.alpha_composite(below, picture)
    return np.array(picture.convert("RGB"))


def _upright(picture: Image.Image, exif: Image.Exif) -> Image.Image:
    """Turned as the camera noted it was held."""
    with suppress(Exception):  # broken notes do not spoil the picture
        picture.getexif()[0x0112] = exif.get(0x0112, 1)
        return ImageOps.exif_transpose(picture)
    return picture


_cascades = threading.local()  # a cascade keeps notes while it looks: one for each thread


def _cascade(name: str) -> cv2.CascadeClassifier:
    if not hasattr(_cascades, name):
        path = f"{cv2.data.haarcascades}haarcascade_frontalface_{name}.xml"
        setattr(_cascades, name, cv2.CascadeClassifier(path))
    return getattr(_cascades, name)


Found = tuple[Box, int]  # where, and in how many sizes and places about there


def _find(grey: np.ndarray, step: float, neighbours: int, smallest: int) -> list[Found]:
    boxes, counts = _cascade("alt2").detectMultiScale2(
        grey, scaleFactor=step, minNeighbors=neighbours, minSize=(smallest, smallest)
    )
    found = [(Box(*map(int, box)), int(count)) for box, count in zip(boxes, counts, strict=True)]
    return [each for each in found if _is_face(grey, each[0])]


def _is_face(grey: np.ndarray, box: Box) -> bool:
    """Whether the other cascade finds a face of about this size there too."""
    margin = round(AROUND * box.w)
    around = grey[max(0, box.y - margin) : box.y + box.h + margin,
                  max(0, box.x - margin) : box.x + box.w + margin]  # fmt: skip
    scale = CHECKED / box.w
    way = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    around = cv2.resize(around, None, fx=scale, fy=scale, interpolation=way)
    return len(_cascade("default").detectMultiScale(
        around, scaleFactor=1.1, minNeighbors=1, minSize=(44, 44), maxSize=(90, 90))) > 0


def _find_tilted(grey: np.ndarray, tilt: int, step: float, neighbours: int, smallest: int) -> list[Found]:
    """As _find, on the picture turned by `tilt` degrees; the boxes are upright again."""
    height, width = grey.shape
    there = cv2.getRotationMatrix2D((width / 2, height / 2), tilt, 1.0)
    back = cv2.invertAffineTransform(there)
    turned = cv2.warpAffine(grey, there, (width, height), borderMode=cv2.BORDER_REPLICATE)
    found = []
    for box, count in _find(turned, step, neighbours, smallest):
        x, y = back @ (box.x + box.w / 2, box.y + box.h / 2, 1.0)
        found.append((Box(round(x - box.w / 2), round(y - box.h / 2), box.w, box.h), count))
    return found


def _one_each(found: list[Found]) -> list[Box]:
    """Of boxes that overlap the one that was found most often."""
    kept: list[Box] = []
    for box, _ in sorted(found, key=lambda each: -each[1]):
        if all(_shared(box, other) <= OVERLAP for other in kept):
            kept.append(box)
    return kept


def _shared(a: Box, b: Box) -> float:
    """The overlap of two boxes as a part of the smaller."""
    across = min(a.x + a.w, b.x + b.w) - max(a.x, b.x)
    down = min(a.y + a.h, b.y + b.h) - max(a.y, b.y)
    return max(0, across) * max(0, down) / min(a.w * a.h, b.w * b.h)


def _in_picture(box: Box, scale: float, shape: tuple[int, ...]) -> Box:
    """A box of the reduced picture -> of the picture, no pixel of it outside."""
    height, width = shape[:2]
    left, right = (min(max(0, round(x / scale)), width) for x in (box.x, box.x + box.w))
    top, bottom = (min(max(0, round(y / scale)), height) for y in (box.y, box.y + box.h))
    return Box(left, top, right - left, bottom - top)
