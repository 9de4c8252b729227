"""A picture of a list of songs to pass on: the mood, the songs, and a code that plays them."""

from collections.abc import Sequence
from dataclasses import dataclass

from mood.emotion.drawing import CUSTOM_MOOD_COLOUR, EMOTION_COLOURS
from pages.shared.sharing.canvas import BOLD, FAINT, MARGIN, SIZE, Canvas, font, shorten, writable
from pages.shared.widgets import download_button

N_SONGS = 6  # songs that are named
CODE_SIDE = 300  # pixels
ROW, TOP = 57, 208  # pixels of a song, and above the first
MARK = 84
UNWRITABLE = "a song in other letters"


@dataclass(frozen=True)
class CardSong:
    """A song as the picture names it."""

    title: str
    by: str = ""


@dataclass(frozen=True)
class CardHeading:
    """The heading of the picture of a list."""

    text: str  # "Songs for when you feel happy"
    mood: str  # its colour is the picture's
    symbol: str  # a Material symbol's name


def offer_song_card(heading: CardHeading, songs: Sequence[CardSong], *, key: str, link: str = "") -> None:
    """Show the button that saves the picture; it is drawn when the button is pressed."""
    download_button(
        "Save this list as a picture",
        lambda: draw_song_card(heading, songs, link),
        "earmark-songs.png",
        "image/png",
        key=key,
        icon=":material/image:",
        help=f"The first {N_SONGS} songs, to pass on"
        + (", with a code that plays the whole list." if link else "."),
    )


def draw_song_card(heading: CardHeading, songs: Sequence[CardSong], link: str = "") -> bytes:
    """Draw the picture -> PNG. `link` plays the list wherever it is opened; one too long is left out."""
    colour = EMOTION_COLOURS.get(heading.mood, CUSTOM_MOOD_COLOUR)
    canvas = Canvas(colour)
    canvas.draw_symbol((MARGIN, 112), heading.symbol, MARK, colour)
    canvas.write_large(
        (MARGIN + MARK + 24, 108), writable(heading.text), 72, colour, SIZE[0] - 2 * MARGIN - MARK - 24
    )
    left = SIZE[0] - MARGIN - CODE_SIDE
    has_code = bool(link) and canvas.paste_code(link, "scan to play them", left, TOP - 16, CODE_SIDE)
    width = (left - 60 if has_code else SIZE[0] - MARGIN) - MARGIN
    for number, song in enumerate(songs[:N_SONGS]):
        _write_song(canvas, TOP + ROW * number, number + 1, song, width)
    rest = len(songs) - N_SONGS
    canvas.sign(f"and {rest} more" if rest > 0 else "", "found by Earmark")
    return canvas.to_png()


def _write_song(canvas: Canvas, top: int, number: int, song: CardSong, width: int) -> None:
    """Write number, title and artist in one line; the artist gets what the title leaves."""
    canvas.write((MARGIN + 34, top), str(number), 34, FAINT, anchor="ra")
    left, end = MARGIN + 54, MARGIN + width
    by = writable(song.by)
    title = shorten(writable(song.title) or UNWRITABLE, font(36, BOLD), end - left)
    canvas.write((left, top - 2), title, 36, weight=BOLD)
    used = left + font(36, BOLD).getlength(title) + 18
    if by and end - used > 90:
        canvas.write((used, top + 5), by, 28, FAINT, width=end - used)
