"""A piece as a short text for an address: its recipe, from which the same weights make the same sound.

text = pack_recipe(generated.recipe())           100 to 300 letters: A-Z a-z 0-9 - _
request_from_recipe(unpack_recipe(text))         the very request
"""

import base64
import binascii
import json
import zlib
from dataclasses import MISSING, fields
from typing import Any

from gan.request import GenerationRequest, RequestError
from genre.reading import parse_json

MAX_CHARS = 4_000  # of the text; browsers and servers take addresses of 8,000
MAX_BYTES = 20_000  # of the recipe when unpacked
PARTS = ("made_by", "version", "weights", "request")  # of a recipe, which are enough
BROKEN = "This link to a piece is not whole: copy all of it, or ask for it again."


def pack_recipe(recipe: dict) -> str:
    """Pack what the recipe needs, without what every request has by default."""
    defaults = {part.name: part.default for part in fields(GenerationRequest) if part.default is not MISSING}
    short = {name: recipe[name] for name in PARTS if name in recipe}
    short["request"] = {
        name: value
        for name, value in dict(recipe["request"]).items()
        if name not in defaults or value not in (defaults[name], [])
    }
    packed = zlib.compress(json.dumps(short, separators=(",", ":")).encode(), 9)
    return base64.urlsafe_b64encode(packed).decode().rstrip("=")


def unpack_recipe(text: str) -> Any:
    """Unpack a recipe; it is checked by `request_from_recipe`. Raises RequestError for any other text."""
    if len(text) > MAX_CHARS:
        raise RequestError(BROKEN)
    try:
        packed = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
        unpacker = zlib.decompressobj()
        content = unpacker.decompress(packed, MAX_BYTES)
        if not unpacker.eof:
            raise RequestError(BROKEN)
        return parse_json(content)
    except (binascii.Error, zlib.error, ValueError) as error:
        raise RequestError(BROKEN) from error
