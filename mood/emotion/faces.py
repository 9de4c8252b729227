"""Faces of a picture: their boxes, and crops as the emotion network expects them.

The detector is OpenCV's Haar cascade of frontal faces (Viola and Jones 2001, Lienhart and Maydt 2002),
checked by two others: what all three detect is nearly always a face.
"""

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
from typing import NamedTuple

import cv2
import numpy as np
from PIL import Image, ImageOps

from genre.audio.files import find_files
from mood.emotion.network import SIZE

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

# FER2013's crops are the boxes of such a cascade: over upscaled faces of FER2013 the box is 0.97 of the
# frame wide (median; half of them 0.91 to 1.03) and lies in its middle to a hundredth.
CROP_RATIO = 1.03  # side of the crop divided by the side of the box
MIN_SIZE = 12  # pixels across a face below which nothing can be read from it
MIN_MEAN, MIN_STD = 14, 4  # grey levels: a face with a lower mean or standard deviation cannot be seen


class DetectorSettings(NamedTuple):
    """The settings by which a cascade searches a picture."""

    max_side: int  # pixels; a longer side is reduced to this
    scale_factor: float  # ratio of one size of face to the next
    min_face_divisor: int  # the smallest face is the picture's shorter side divided by this
    min_neighbours: int  # detections in about the same place that make a face


VIDEO = DetectorSettings(max_side=640, scale_factor=1.2, min_face_divisor=5, min_neighbours=2)
# A photograph needs more neighbours, since its scales lie closer together.
PHOTOGRAPH = DetectorSettings(max_side=1024, scale_factor=1.1, min_face_divisor=20, min_neighbours=3)
MIN_FACE_PIXELS = 24  # side of the smallest face, in pixels of the reduced picture
EDGE_MARGIN = 0.2  # fraction of the shorter side that is added around, to find faces cut off by an edge
# A large face that an edge cuts off is searched for in a small picture, so that video has the time for it.
LARGE_FACE = DetectorSettings(max_side=320, scale_factor=1.2, min_face_divisor=5, min_neighbours=2)
LARGE_FACE_MARGIN = 0.4
# Pixels of a photograph's longer side beyond which nothing is gained: the smallest face that is detected
# is as large there as the network's input.
MAX_PHOTOGRAPH_SIDE = PHOTOGRAPH.max_side * SIZE // MIN_FACE_PIXELS
ROTATIONS = (-25, 25)  # degrees, tried on photographs where there is no upright face
MAX_OVERLAP = 0.4  # fraction of the smaller of two boxes, above which both are one face
VERIFY_MARGIN, VERIFY_SIZE = 0.3, 64  # margin (in boxes) and box size (pixels) for the other cascades
VERIFY_NEIGHBOURS = {"default": 1, "alt": 3}  # detections by each of them that make a face

_MISSING_MESSAGE = "The picture could not be found: check its name, or choose another one."
_NO_ACCESS = "The picture could not be opened: check that you may read it, or choose another one."
_FOLDER = "This is a folder: choose one of the pictures inside it."
_EMPTY = "The file is empty: choose another picture, or take it again."
_TOO_BIG = "The picture is too large: make it smaller than 25 megapixels and 64 MB, then try again."
_TOO_MANY_SCANS = (
    "The picture is packed so that it takes too long to open: save it again as a plain JPEG or PNG."
)
_NO_PICTURE = "This is not a picture we can read: choose a JPEG, PNG or WebP file."
_DAMAGED_MESSAGE = "The picture is damaged: export it or take it again."
_TOO_SMALL = "The face is too small to read: come closer, or choose a larger picture."
_TOO_DARK = "It is too dark to see your face: turn on a light, or turn towards the window."
_NO_FACE = "We see no face: look straight at the camera, with the whole face in the picture."


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


class Box(NamedTuple):
    """The place of a face, in pixels of the picture."""

    x: int
    y: int
    w: int
    h: int


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


def detect_faces(image: np.ndarray, thorough: bool = False) -> list[Box]:
    """Detect the faces in (H, W, 3) RGB or (H, W) grey uint8, the largest first.

    It is made for video: at 640x480 faces from 96 pixels on, in some 10 ms. `thorough` is for photographs: it
    detects smaller faces and, where no upright one is, rotated ones, and takes about ten times as long.
    """
    grey = to_greyscale(image)
    settings = PHOTOGRAPH if thorough else VIDEO
    scale = min(1.0, settings.max_side / max(grey.shape))
    if scale * min(grey.shape) < MIN_SIZE:
        return []
    if scale < 1.0:
        grey = cv2.resize(grey, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    detections = _detect(grey, settings)
    if thorough:
        detections += _detect_at_edges(grey, settings)
        for rotation in () if detections else ROTATIONS:
            detections += _detect_rotated(grey, rotation, settings)
    boxes = [_to_full_size(box, scale, image.shape) for box in _suppress_overlaps(detections)]
    if thorough:  # the same face has the same box, and so the same mood, in a photograph and in a video
        video = detect_faces(image)
        boxes = video + [box for box in boxes if all(_overlap(box, other) <= MAX_OVERLAP for other in video)]
    return sorted(boxes, key=lambda box: -box.w * box.h)


def crop_face(image: np.ndarray, box: Box) -> np.ndarray:
    """Crop a face of a picture to (48, 48) grey uint8, as FER2013's are.

    Raises FaceError where it is too small or too dark to be read.
    """
    side = round(CROP_RATIO * max(box.w, box.h))
    left, top = round(box.x + box.w / 2 - side / 2), round(box.y + box.h / 2 - side / 2)
    height, width = image.shape[:2]
    region = image[max(0, top) : top + side, max(0, left) : left + side]
    if not region.size:
        raise FaceError(_NO_FACE)
    face = cv2.copyMakeBorder(
        to_greyscale(region),
        max(0, -top),
        max(0, top + side - height),
        max(0, -left),
        max(0, left + side - width),
        cv2.BORDER_REPLICATE,
    )
    return resize_face(face)


def resize_face(image: np.ndarray) -> np.ndarray:
    """Resize a picture that is a face from edge to edge -> (48, 48) grey uint8.

    A picture that is not square is first cropped on its longer side. Raises FaceError where it is too small
    or too dark to be read.
    """
    grey = to_greyscale(image)
    height, width = grey.shape
    side = min(height, width)
    if side < MIN_SIZE:
        raise FaceError(_TOO_SMALL)
    top, left = (height - side) // 2, (width - side) // 2
    interpolation = cv2.INTER_AREA if side > SIZE else cv2.INTER_CUBIC
    face = cv2.resize(grey[top : top + side, left : left + side], (SIZE, SIZE), interpolation=interpolation)
    if face.mean() < MIN_MEAN or face.std() < MIN_STD:
        raise FaceError(_TOO_DARK)
    return face


def explain_no_face(image: np.ndarray) -> str:
    """Write a sentence for a person in whose picture there is no face."""
    return _TOO_DARK if to_greyscale(image).mean() < 2 * MIN_MEAN else _NO_FACE


def to_greyscale(image: np.ndarray) -> np.ndarray:
    """Convert (H, W, 3) RGB or (H, W) -> (H, W)."""
    return image if image.ndim == 2 else cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)


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


_cascades = threading.local()  # a cascade has state while it detects: one for each thread


def _cascade(name: str) -> cv2.CascadeClassifier:
    if not hasattr(_cascades, name):
        path = f"{cv2.data.haarcascades}haarcascade_frontalface_{name}.xml"  # type: ignore[attr-defined]
        setattr(_cascades, name, cv2.CascadeClassifier(path))
    return getattr(_cascades, name)


class Detection(NamedTuple):
    """A box of the cascade, with the number of sizes and places in which it was found."""

    box: Box
    n_neighbours: int


def _detect(grey: np.ndarray, settings: DetectorSettings) -> list[Detection]:
    """Detect the faces that both cascades find in (H, W)."""
    min_size = max(MIN_FACE_PIXELS, min(grey.shape) // settings.min_face_divisor)
    boxes, counts = _cascade("alt2").detectMultiScale2(
        grey,
        scaleFactor=settings.scale_factor,
        minNeighbors=settings.min_neighbours,
        minSize=(min_size, min_size),
    )
    detections = [
        Detection(Box(*map(int, box)), int(count)) for box, count in zip(boxes, counts, strict=True)
    ]
    return [detection for detection in detections if _is_verified(grey, detection.box)]


def _is_verified(grey: np.ndarray, box: Box) -> bool:
    """Return whether the other cascades find a face of about this size there too."""
    margin = round(VERIFY_MARGIN * box.w)
    region = grey[
        max(0, box.y - margin) : box.y + box.h + margin, max(0, box.x - margin) : box.x + box.w + margin
    ]
    scale = VERIFY_SIZE / box.w
    interpolation = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    region = cv2.resize(region, None, fx=scale, fy=scale, interpolation=interpolation)
    return all(
        len(
            _cascade(name).detectMultiScale(
                region, scaleFactor=1.1, minNeighbors=n_neighbours, minSize=(44, 44), maxSize=(90, 90)
            )
        )
        for name, n_neighbours in VERIFY_NEIGHBOURS.items()
    )


def _detect_at_edges(grey: np.ndarray, settings: DetectorSettings) -> list[Detection]:
    """Detect faces that an edge of the picture cuts off: the pixels of its edges are repeated around it."""
    margin = round(EDGE_MARGIN * min(grey.shape))
    wider = cv2.copyMakeBorder(grey, margin, margin, margin, margin, cv2.BORDER_REPLICATE)
    height, width = grey.shape
    detections = []
    for (x, y, w, h), n_neighbours in _detect(wider, settings):
        box = Box(x - margin, y - margin, w, h)
        if box.x < 0 or box.y < 0 or box.x + w > width or box.y + h > height:
            detections.append(Detection(box, n_neighbours))
    return detections


def _detect_rotated(grey: np.ndarray, rotation: int, settings: DetectorSettings) -> list[Detection]:
    """Detect faces in the picture rotated by so many degrees; the boxes are those of the upright picture."""
    height, width = grey.shape
    forward = cv2.getRotationMatrix2D((width / 2, height / 2), rotation, 1.0)
    inverse = cv2.invertAffineTransform(forward)
    rotated = cv2.warpAffine(grey, forward, (width, height), borderMode=cv2.BORDER_REPLICATE)
    detections = []
    for box, n_neighbours in _detect(rotated, settings):
        x, y = inverse @ (box.x + box.w / 2, box.y + box.h / 2, 1.0)
        detections.append(
            Detection(Box(round(x - box.w / 2), round(y - box.h / 2), box.w, box.h), n_neighbours)
        )
    return detections


def _suppress_overlaps(detections: list[Detection]) -> list[Box]:
    """Keep, of boxes that overlap, the one with the most detections (non-maximum suppression)."""
    kept_boxes: list[Box] = []
    for box, _ in sorted(detections, key=lambda detection: -detection.n_neighbours):
        if all(_overlap(box, other) <= MAX_OVERLAP for other in kept_boxes):
            kept_boxes.append(box)
    return kept_boxes


def _overlap(a: Box, b: Box) -> float:
    """Compute the intersection of two boxes as a fraction of the smaller."""
    width = min(a.x + a.w, b.x + b.w) - max(a.x, b.x)
    height = min(a.y + a.h, b.y + b.h) - max(a.y, b.y)
    return max(0, width) * max(0, height) / min(a.w * a.h, b.w * b.h)


def _to_full_size(box: Box, scale: float, shape: tuple[int, ...]) -> Box:
    """Scale a box of the reduced picture to the whole picture, and clip it to the picture's edges."""
    height, width = shape[:2]
    left, right = (min(max(0, round(x / scale)), width) for x in (box.x, box.x + box.w))
    top, bottom = (min(max(0, round(y / scale)), height) for y in (box.y, box.y + box.h))
    return Box(left, top, right - left, bottom - top)
