"""Pictures to pass on: of a list of songs and of a generated piece, with a code that a phone can read."""

import io
from dataclasses import replace

import cv2
import numpy as np
import pytest
from PIL import Image

from gan.mel import GAN_MEL
from gan.request import GenerationRequest
from gan.sampling.gallery import GalleryItem
from gan.sampling.spectrogram_file import SpectrogramFile
from genre.audio.clip import SAMPLE_RATE, Clip
from genre.plots.prediction import COLOURS
from mood.emotion.drawing import EMOTION_COLOURS
from mood.playlist.youtube import YoutubeTrack, queue_url
from pages.generation.piece_card import piece_card
from pages.shared.sharing import canvas
from pages.shared.sharing.canvas import SIZE, writable
from pages.shared.sharing.qr_code import qr_picture
from pages.shared.sharing.song_card import N_SONGS, UNWRITABLE, CardHeading, CardSong, draw_song_card
from tests.support.hostile import NAMES

HAPPY = CardHeading("Songs for when you feel happy", "happy", "sentiment_very_satisfied")
LINK = "https://example.org/list?songs=one,two"


def picture(content: bytes) -> np.ndarray:
    """(H, W, 3) RGB uint8 of a PNG in the size of a card."""
    with Image.open(io.BytesIO(content)) as card:
        assert card.format == "PNG" and card.size == SIZE
        return np.array(card.convert("RGB"))


def scanned(pixels: np.ndarray) -> str:
    """What a camera reads in the picture; empty without a code."""
    return cv2.QRCodeDetector().detectAndDecode(pixels)[0]


def count_pixels(pixels: np.ndarray, colour: str) -> int:
    return int((pixels == [int(colour[k : k + 2], 16) for k in (1, 3, 5)]).all(axis=2).sum())


def songs(count: int) -> list[CardSong]:
    return [CardSong(f"Song number {number}", "The Lanterns") for number in range(count)]


@pytest.fixture
def written(monkeypatch) -> list[str]:
    """The lines that are written on cards."""
    lines, write = [], canvas.Canvas.write

    def note(self, place, text, *rest, **options):
        lines.append(text)
        write(self, place, text, *rest, **options)

    monkeypatch.setattr(canvas.Canvas, "write", note)
    return lines


def test_a_list_s_card_names_mood_and_songs_in_the_mood_s_colour(written):
    pixels = picture(draw_song_card(HAPPY, songs(9)))
    assert count_pixels(pixels, EMOTION_COLOURS["happy"]) > 15_000
    assert count_pixels(pixels, EMOTION_COLOURS["sad"]) == 0
    assert written[0] == HAPPY.text and f"and {9 - N_SONGS} more" in written
    assert [line for line in written if line.startswith("Song number")] == [
        f"Song number {number}" for number in range(N_SONGS)
    ]
    assert scanned(pixels) == "", "without a link there is no code"


@pytest.mark.parametrize("count", [1, 12, 20])
def test_the_code_on_a_list_s_card_plays_all_of_it(count):
    tracks = tuple(YoutubeTrack.from_result(f"video{n:06}", "A", "B", 200) for n in range(count))
    assert scanned(picture(draw_song_card(HAPPY, songs(count), queue_url(tracks)))) == queue_url(tracks)


def test_a_list_too_long_for_a_code_goes_without_it():
    assert qr_picture("https://example.org/" + 900 * "x", 300) is None
    assert qr_picture(4_000 * "x", 300) is None
    assert scanned(picture(draw_song_card(HAPPY, songs(3), 4_000 * "x"))) == ""


def test_letters_that_the_type_lacks_are_left_out_and_never_drawn_as_boxes(written):
    assert writable("Für Élise, Подмосковные вечера") == "Für Élise, Подмосковные вечера"
    assert writable("Lemon (米津玄師) live") == "Lemon () live" and writable("上を向いて歩こう") == ""
    draw_song_card(HAPPY, [CardSong("上を向いて歩こう", "坂本九"), CardSong("Lemon 🍋", "Ada")])
    assert UNWRITABLE in written and "Lemon" in written and "坂本九" not in written


@pytest.mark.parametrize("name", NAMES)
def test_any_name_of_a_mood_or_a_song_makes_a_card(name):
    heading = CardHeading(f"Songs for when you feel {name}", name, "star")
    picture(draw_song_card(heading, [CardSong(name, name), CardSong("", "")], LINK))


def test_long_lines_stay_on_the_card():
    long = draw_song_card(HAPPY, [CardSong(60 * "long title ", 60 * "long name ")], LINK)
    pixels = picture(long)
    assert scanned(pixels) == LINK, "no line runs into the code"
    assert (pixels[200:300, -50:] == pixels[0, -1]).all(), "nor beyond the margin"


def piece(prompt: str = "") -> GalleryItem:
    mel_db = np.linspace(-80, 0, 128 * 400, dtype=np.float32).reshape(128, 400)
    request = GenerationRequest({"jazz": 0.8, "metal": 0.2}, seconds=5.0, seed=7, prompt=prompt)
    clip = Clip(np.zeros(5 * SAMPLE_RATE, np.float32), 5.0)
    return GalleryItem(SpectrogramFile(mel_db, GAN_MEL, {}), clip, request, "piece")


def test_a_piece_s_card_shows_its_words_and_its_own_spectrogram(written):
    item = piece("a calm late-night jazz piano with a marimba")
    pixels = picture(piece_card(item, LINK))
    assert scanned(pixels) == LINK
    assert count_pixels(pixels, COLOURS["jazz"]) > count_pixels(pixels, COLOURS["metal"])
    assert " ".join(written[2:4]) == item.title and "Jazz and metal" in written
    assert "0:05 of music, seed 7" in written
    spectrogram = replace(item.spectrogram, mel_db=item.spectrogram.mel_db - 90)
    silent = replace(item, spectrogram=spectrogram)
    assert not np.array_equal(picture(piece_card(silent, LINK)), pixels)


def test_a_piece_without_a_recipe_has_a_card_too(written):
    item = replace(piece(), request=None)
    assert scanned(picture(piece_card(item))) == "" and item.title in written
