"""The canvas of a picture to pass on: its size, colours, type and symbols, and a code to scan."""

import functools
import io
from pathlib import Path

import streamlit
from PIL import Image, ImageDraw, ImageFont

from pages.shared.sharing.qr_code import qr_picture

SIZE = (1200, 630)  # pixels: what messengers and networks show of a link
MARGIN = 60
EDGE = 18  # pixels of the coloured edge
BACKGROUND, TEXT, FAINT, TRACK = "#14181B", "#ECE9E2", "#A7ADB3", "#2A3136"
REGULAR, BOLD = 400, 800  # weights of the type
SMALLEST_TYPE = 24  # pixels
# The type and the symbols of the pages, which Streamlit brings along.
_FONTS = Path(streamlit.__file__).parent / "static" / "static" / "media"
_TYPE, _SYMBOLS = "SourceSansVF-Upright*.woff2", "MaterialSymbols-Rounded*.woff2"
_UNKNOWN = "\uffff"  # no letter: a font draws its box for what it lacks


class Canvas:
    """A picture with an edge in one colour, on which cards are drawn."""

    def __init__(self, colour: str) -> None:
        self.picture = Image.new("RGB", SIZE, BACKGROUND)
        self.pen = ImageDraw.Draw(self.picture)
        self.pen.rectangle((0, 0, EDGE, SIZE[1]), colour)

    def write(
        self,
        place: tuple[float, float],
        text: str,
        size: int,
        colour: str = TEXT,
        *,
        weight: int = REGULAR,
        anchor: str = "la",
        width: float | None = None,
    ) -> None:
        """Write one line; beyond `width` pixels it ends with an ellipsis."""
        line = shorten(text, font(size, weight), width) if width else text
        self.pen.text(place, line, colour, font(size, weight), anchor)

    def write_large(self, place: tuple[float, float], text: str, size: int, colour: str, width: int) -> int:
        """Write one bold line on the middle line of `place`, as large as it fits -> its width in pixels."""
        while size > SMALLEST_TYPE and font(size, BOLD).getlength(text) > width:
            size -= 4
        self.write(place, text, size, colour, weight=BOLD, anchor="lm", width=width)
        return min(width, round(font(size, BOLD).getlength(text)))

    def write_lines(
        self, place: tuple[int, int], text: str, size: int, colour: str, width: int, n_lines: int
    ) -> int:
        """Write bold text over at most `n_lines` lines -> how many it took."""
        type_, lines = font(size, BOLD), [""]
        for word in text.split():
            line = f"{lines[-1]} {word}".strip()
            if lines[-1] and len(lines) < n_lines and type_.getlength(line) > width:
                lines.append(word)
            else:
                lines[-1] = line
        for number, line in enumerate(lines):
            top = place[1] + round(1.15 * size * number)
            self.write((place[0], top), line, size, colour, weight=BOLD, width=width)
        return len(lines)

    def draw_symbol(self, place: tuple[float, float], name: str, size: int, colour: str) -> None:
        """Draw a Material symbol around the middle of its left side; nothing where the font is gone."""
        if symbols := _symbols(size):
            self.pen.text(place, name, colour, symbols, "lm", features=["liga"])

    def draw_bar(self, box: tuple[int, int, int, int], share: float, colour: str) -> None:
        """Draw a bar (left, top, right, bottom), filled by `share` from 0 to 1."""
        left, top, right, bottom = box
        radius = (bottom - top) // 2
        self.pen.rounded_rectangle(box, radius, TRACK)
        end = left + max(8, round(share * (right - left)))
        self.pen.rounded_rectangle((left, top, end, bottom), radius, colour)

    def paste(self, picture: Image.Image, box: tuple[int, int, int, int]) -> None:
        """Put a picture into a box (left, top, right, bottom), stretched to fill it."""
        left, top, right, bottom = box
        self.picture.paste(picture.convert("RGB").resize((right - left, bottom - top)), (left, top))

    def paste_code(self, link: str, words: str, left: int, top: int, side: int) -> bool:
        """Put a code to scan into a square, and words below it -> whether the link is short enough."""
        code = qr_picture(link, side)
        if code is None:
            return False
        rest = (side - code.width) // 2
        self.pen.rounded_rectangle((left, top, left + side, top + side), 14, "#FFFFFF")
        self.picture.paste(code, (left + rest, top + rest))
        self.write((left + side / 2, top + side + 14), words, 26, FAINT, anchor="ma")
        return True

    def sign(self, left: str, right: str) -> None:
        """Write the two ends of the last line."""
        self.write((MARGIN, 562), left, 28, FAINT)
        self.write((SIZE[0] - MARGIN, 562), right, 28, FAINT, anchor="ra")

    def to_png(self) -> bytes:
        buffer = io.BytesIO()
        self.picture.save(buffer, "PNG", optimize=True)
        return buffer.getvalue()


@functools.lru_cache(maxsize=64)
def font(size: int, weight: int = REGULAR) -> ImageFont.FreeTypeFont:
    """Return the pages' type in `size` pixels, or what Pillow brings along."""
    for path in _FONTS.glob(_TYPE):
        type_ = ImageFont.truetype(path, size)
        type_.set_variation_by_axes([weight])
        return type_
    fallback = ImageFont.load_default(size)
    assert isinstance(fallback, ImageFont.FreeTypeFont)
    return fallback


@functools.lru_cache(maxsize=16)
def _symbols(size: int) -> ImageFont.FreeTypeFont | None:
    return next((ImageFont.truetype(path, size) for path in _FONTS.glob(_SYMBOLS)), None)


def shorten(text: str, type_: ImageFont.FreeTypeFont, width: float) -> str:
    """Cut a line to `width` pixels."""
    if type_.getlength(text) <= width:
        return text
    while text and type_.getlength(f"{text}…") > width:
        text = text[:-1]
    return f"{text.rstrip()}…"


def writable(text: str) -> str:
    """Leave out what the type has no letters for; a text most of whose letters it lacks becomes empty."""
    kept = "".join(letter for letter in text if letter.isspace() or _has_letter(letter))
    n_letters, n_kept = (sum(map(str.isalnum, line)) for line in (text, kept))
    return " ".join(kept.split()) if 2 * n_kept > n_letters else ""


@functools.lru_cache(maxsize=4096)
def _has_letter(letter: str) -> bool:
    type_ = font(SMALLEST_TYPE)
    return letter.isprintable() and bytes(type_.getmask(letter)) != bytes(type_.getmask(_UNKNOWN))
