"""Pictures for labels: PNG files, judged before they are unpacked, as black and white dots of the printer.

A thermal head knows no grey, so a picture is brought to the size it is printed at and set in dots here,
once. Only PNG: SVG is a program in disguise (scripts, entities, outside files) and nothing here can
draw it safely; JPEG blurs the edges of a logo.
"""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass
from functools import lru_cache
from io import BytesIO

from PIL import Image

from labels.errors import LabelRefused

LARGEST_FILE = 1_000_000
LARGEST_SIDE = 4000
MOST_PIXELS = 8_000_000

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
# Everything a picture needs. Texts, profiles and dates could each hide a bomb, and would be thrown away.
_NEEDED = (b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND")
_CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
_DEPTHS = {0: (1, 2, 4, 8, 16), 2: (8, 16), 3: (1, 2, 4, 8), 4: (8, 16), 6: (8, 16)}


@dataclass(frozen=True, slots=True)
class Raster:
    """Rows of dots, eight a byte, 1 is black; each row begins a byte."""

    width: int
    height: int
    bits: bytes


def check_image(data: bytes) -> tuple[int, int]:
    """Width and height in pixels of a PNG file that can be printed.

    Nothing is unpacked before the header has said how much it will be, and never more than that.
    Raises LabelRefused: image_not_png, image_too_large, image_broken.
    """
    if not isinstance(data, bytes) or not data.startswith(_SIGNATURE):
        raise LabelRefused("image_not_png")
    if len(data) > LARGEST_FILE:
        raise LabelRefused("image_too_large", {"bytes": len(data), "limit": LARGEST_FILE})
    chunks = _chunks(data)
    if not chunks or chunks[0][0] != b"IHDR" or len(chunks[0][1]) != 13:
        raise LabelRefused("image_broken", {"part": "header"})
    width, height, depth, colour, packing, filtering, interlace = struct.unpack(">IIBBBBB", chunks[0][1])
    if not 0 < width <= LARGEST_SIDE or not 0 < height <= LARGEST_SIDE or width * height > MOST_PIXELS:
        raise LabelRefused("image_too_large", {"width": width, "height": height, "limit": LARGEST_SIDE})
    if depth not in _DEPTHS.get(colour, ()) or packing or filtering or interlace > 1:
        raise LabelRefused("image_broken", {"part": "header"})
    row = -(-width * _CHANNELS[colour] * depth // 8) + 1
    # The rows of an interlaced picture come in seven passes, each with ends of its own.
    most = row * height * 2 + 64 if interlace else row * height
    _require_pixels(b"".join(body for kind, body in chunks if kind == b"IDAT"), row * height // 2, most)
    return width, height


def _chunks(data: bytes) -> list[tuple[bytes, bytes]]:
    """The needed parts of a file, their checksums proven."""
    found = []
    at = len(_SIGNATURE)
    while at + 12 <= len(data):
        (length,) = struct.unpack_from(">I", data, at)
        kind, body = data[at + 4 : at + 8], data[at + 8 : at + 8 + length]
        if at + 12 + length > len(data):
            break
        (checksum,) = struct.unpack_from(">I", data, at + 8 + length)
        if zlib.crc32(kind + body) != checksum:
            raise LabelRefused("image_broken", {"part": kind.decode("latin-1")})
        if kind in _NEEDED:
            found.append((kind, body))
        at += 12 + length
        if kind == b"IEND":
            return found
    raise LabelRefused("image_broken", {"part": "end"})


def _require_pixels(packed: bytes, least: int, most: int) -> None:
    """Unpack no more than the header promised: a bomb ends here."""
    unpacking = zlib.decompressobj()
    try:
        pixels = unpacking.decompress(packed, most + 1)
    except zlib.error as reason:
        raise LabelRefused("image_broken", {"part": "IDAT"}) from reason
    if len(pixels) > most:
        raise LabelRefused("image_too_large", {"bytes": len(pixels), "limit": most})
    if not unpacking.eof or len(pixels) < least:
        raise LabelRefused("image_broken", {"part": "IDAT"})


@lru_cache(maxsize=32)
def raster_of(data: bytes, most_width: int, most_height: int) -> Raster:
    """A PNG file as large as fits into so many dots, on white, dithered where it is grey.

    Raises LabelRefused as `check_image`.
    """
    check_image(data)
    try:
        with Image.open(BytesIO(_cleaned(data)), formats=("PNG",)) as opened:
            grey = _on_white(opened)
    except (OSError, SyntaxError, ValueError, struct.error, zlib.error) as reason:
        raise LabelRefused("image_broken", {"part": "IDAT"}) from reason
    scale = min(most_width / grey.width, most_height / grey.height)
    size = (max(1, round(grey.width * scale)), max(1, round(grey.height * scale)))
    dots = grey.resize(size, Image.Resampling.LANCZOS).convert("1", dither=_dither(grey))
    black = bytes(255 - value for value in dots.tobytes())
    return Raster(size[0], size[1], black)


def _cleaned(data: bytes) -> bytes:
    """The file with its needed parts only."""
    parts = [_SIGNATURE]
    for kind, body in _chunks(data):
        parts += [struct.pack(">I", len(body)), kind, body, struct.pack(">I", zlib.crc32(kind + body))]
    return b"".join(parts)


def _on_white(picture: Image.Image) -> Image.Image:
    coloured = picture.convert("RGBA")
    paper = Image.new("RGBA", coloured.size, "white")
    return Image.alpha_composite(paper, coloured).convert("L")


def _dither(grey: Image.Image) -> Image.Dither:
    """Line art is cut at half grey, which keeps its edges; a picture with tones is dithered."""
    counts = grey.histogram()
    between = sum(counts[48:208])
    return Image.Dither.FLOYDSTEINBERG if between > 0.2 * sum(counts) else Image.Dither.NONE
