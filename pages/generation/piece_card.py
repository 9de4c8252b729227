"""A picture of a generated piece to pass on: its title, its spectrogram, and a code that makes it again."""

from PIL import Image

from gan.sampling.gallery import GalleryItem, describe_genres
from gan.sampling.pictures import apply_colour_map, to_pixels
from genre.plots.prediction import COLOURS, QUIET
from genre.text import clock
from pages.shared.sharing.canvas import FAINT, MARGIN, SIZE, Canvas, writable

CODE_SIDE = 250  # pixels
TITLE_TYPE, N_TITLE_LINES = 64, 2


def piece_card(item: GalleryItem, link: str = "") -> bytes:
    """Draw the picture of a piece -> PNG. `link` makes the piece again wherever it is opened."""
    request = item.request
    genre = max(request.genres, key=request.genres.__getitem__) if request else ""
    canvas = Canvas(COLOURS.get(genre, QUIET))
    left = SIZE[0] - MARGIN - CODE_SIDE
    has_code = bool(link) and canvas.paste_code(link, "scan to hear it", left, 40, CODE_SIDE)
    width = (left - 40 if has_code else SIZE[0] - MARGIN) - MARGIN
    canvas.write((MARGIN, 44), "A piece that was never played before", 34, FAINT)
    title = writable(item.title) or "A piece"
    lines = canvas.write_lines(
        (MARGIN, 104), title, TITLE_TYPE, COLOURS.get(genre, QUIET), width, N_TITLE_LINES
    )
    if request and request.prompt.strip():
        canvas.write((MARGIN, 122 + 74 * lines), describe_genres(request).capitalize(), 38, width=width)
    picture = Image.fromarray(apply_colour_map(to_pixels(item.spectrogram.mel_db)))
    canvas.paste(picture, (MARGIN, 350, SIZE[0] - MARGIN, 550))
    facts = [f"{clock(item.seconds)} of music", f"seed {request.seed}" if request else ""]
    canvas.sign(", ".join(filter(None, facts)), "made up by Earmark")
    return canvas.to_png()
