"""An address as a QR code."""

from html import escape

import segno

from pages.shared.style import QR_CODE

QUIET_ZONE = 4  # modules around the code, as many as ISO/IEC 18004 asks


def qr_code(text: str, title: str) -> str:
    """Draw a QR code, dark on white in every theme: few cameras read it the other way round.

    Raises ValueError for a text that is too long for one.
    """
    picture = segno.make(text, error="m", micro=False).svg_data_uri(border=QUIET_ZONE, light="#fff", scale=8)
    return f'{QR_CODE}<div class="qr-code"><img src="{escape(picture)}" alt="{escape(title)}"></div>'
