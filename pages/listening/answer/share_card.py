"""A picture of an answer to pass on: the genre, how sure, the likeliest three, and the spectrogram."""

import io

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from genre.inference.classifier import Prediction
from genre.text import clock, genre_name, percent
from pages.listening.answer.marks import best, certainty, colour_of, lead
from pages.listening.answer.spectrogram import spectrogram_image

SIZE = (1200, 630)  # pixels: what messengers and networks show of a link
MARGIN = 60
BACKGROUND, TEXT, FAINT, TRACK = "#14181B", "#ECE9E2", "#A7ADB3", "#2A3136"
LARGEST_TYPE = 170  # pixels of the genre's name; a long one is smaller
BAR_LEFT, BAR_RIGHT = 640, 1_000


def share_card(prediction: Prediction, decibels: np.ndarray) -> bytes:
    """Draw a prediction that names a genre, and the mel-spectrogram int8 dB (bands, columns) -> PNG."""
    genre = prediction.genre or ""
    probability = prediction.probabilities[genre]
    word = certainty(probability, prediction.confident, prediction.description.familiar)
    card = Image.new("RGB", SIZE, BACKGROUND)
    pen = ImageDraw.Draw(card)
    pen.rectangle((0, 0, 18, SIZE[1]), colour_of(genre))
    pen.text((MARGIN, 40), lead(prediction), FAINT, _font(34))
    name = genre_name(genre).capitalize()
    font = _fitting_font(pen, name, BAR_LEFT - 2 * MARGIN)
    pen.text((MARGIN, 185), name, colour_of(genre), font, "lm", stroke_width=2)
    pen.text((MARGIN, 290), _plain(f"{word}, {percent(probability)}"), TEXT, _font(44))
    for row, bar in enumerate(best(prediction.probabilities)):
        _draw_bar(pen, 120 + 80 * row, bar)
    spectrogram = spectrogram_image(decibels).convert("RGB").resize((SIZE[0] - 2 * MARGIN, 170))
    card.paste(spectrogram, (MARGIN, 380))
    pen.text((MARGIN, 562), f"{clock(prediction.duration_s)} of music", FAINT, _font(28))
    pen.text((SIZE[0] - MARGIN, 562), "named by Earmark", FAINT, _font(28), "ra")
    buffer = io.BytesIO()
    card.save(buffer, "PNG", optimize=True)
    return buffer.getvalue()


def _draw_bar(pen: ImageDraw.ImageDraw, y: int, bar: dict) -> None:
    end = BAR_LEFT + max(8, round(bar["share"] * (BAR_RIGHT - BAR_LEFT)))
    pen.text((BAR_LEFT, y - 34), bar["name"], TEXT, _font(30))
    pen.rounded_rectangle((BAR_LEFT, y + 8, BAR_RIGHT, y + 30), 11, TRACK)
    pen.rounded_rectangle((BAR_LEFT, y + 8, end, y + 30), 11, bar["colour"])
    pen.text((SIZE[0] - MARGIN, y - 4), _plain(bar["percent"]), TEXT, _font(34), "ra")


def _plain(text: str) -> str:
    """Replace no-break spaces, which the font lacks."""
    return text.replace("\u00a0", " ")


def _fitting_font(pen: ImageDraw.ImageDraw, text: str, width: int) -> ImageFont.FreeTypeFont:
    size = LARGEST_TYPE
    while size > 24 and pen.textlength(text, _font(size)) > width:
        size -= 4
    return _font(size)


def _font(size: int) -> ImageFont.FreeTypeFont:
    """Return the font that Pillow brings along."""
    font = ImageFont.load_default(size)
    assert isinstance(font, ImageFont.FreeTypeFont)
    return font
