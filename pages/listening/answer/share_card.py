"""A picture of an answer to pass on: the genre, how sure, the likeliest three, and the spectrogram."""

import numpy as np

from genre.inference.classifier import Prediction
from genre.text import clock, genre_name, percent
from pages.listening.answer.marks import best, colour_of, genre_mark, lead
from pages.listening.answer.spectrogram import spectrogram_image
from pages.shared.sharing.canvas import FAINT, MARGIN, SIZE, Canvas

LARGEST_TYPE = 150  # pixels of the genre's name; a long one is smaller
MARK = 110  # pixels of the genre's mark
BAR_LEFT, BAR_RIGHT = 690, 1_030
SPECTROGRAM = (MARGIN, 380, SIZE[0] - MARGIN, 550)


def share_card(prediction: Prediction, decibels: np.ndarray) -> bytes:
    """Draw a prediction that names a genre, and the mel-spectrogram int8 dB (bands, columns) -> PNG."""
    genre = prediction.genre or ""
    probability = prediction.probabilities[genre]
    card = Canvas(colour_of(genre))
    card.write((MARGIN, 44), lead(prediction), 36, FAINT)
    card.draw_symbol((MARGIN, 190), genre_mark(genre), MARK, colour_of(genre))
    left = MARGIN + MARK + 16
    card.write_large(
        (left, 180), genre_name(genre).capitalize(), LARGEST_TYPE, colour_of(genre), BAR_LEFT - 40 - left
    )
    card.write((MARGIN, 290), f"{prediction.certainty}, {percent(probability)}", 46)
    for row, bar in enumerate(best(prediction.probabilities)):
        y = 120 + 80 * row
        card.write((BAR_LEFT, y - 36), bar["name"], 32)
        card.draw_bar((BAR_LEFT, y + 8, BAR_RIGHT, y + 30), bar["share"], bar["colour"])
        card.write((SIZE[0] - MARGIN, y - 8), bar["percent"], 36, anchor="ra")
    card.paste(spectrogram_image(decibels), SPECTROGRAM)
    card.sign(f"{clock(prediction.duration_s)} of music", "named by Earmark")
    return card.to_png()
