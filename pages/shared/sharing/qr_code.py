"""An address as a QR code: on a page, and on a picture."""

from html import escape

import numpy as np
import segno
from PIL import Image

from pages.shared.style import QR_CODE

QUIET_ZONE = 4  # modules around the code, as many as ISO/IEC 18004 asks
MAX_MODULES = 77  # across a code on a picture; phones do not read a finer one at arm's length


def qr_code(text: str, title: str) -> str:
    """Draw a QR code, dark on white in every theme: few cameras read it the other way round.

    Raises ValueError for a text that is too long for one.
    """
    picture = segno.make(text, error="m", micro=False).svg_data_uri(border=QUIET_ZONE, light="#fff", scale=8)
    return f'{QR_CODE}<div class="qr-code"><img src="{escape(picture)}" alt="{escape(title)}"></div>'


def qr_picture(text: str, side: int) -> Image.Image | None:
    """Draw a QR code of at most `side` pixels, dark on white; None where its modules would be too small."""
    try:
        code = segno.make(text, error="l", micro=False)
    except ValueError:  # too long for any code
        return None
    modules = np.array([list(row) for row in code.matrix_iter(border=QUIET_ZONE)], np.uint8)
    scale = side // len(modules)
    if len(modules) - 2 * QUIET_ZONE > MAX_MODULES or scale < 1:
        return None
    return Image.fromarray(255 * (1 - modules).repeat(scale, axis=0).repeat(scale, axis=1)).convert("RGB")
