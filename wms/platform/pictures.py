"""Pictures that people work by: of a photo of any size a small upright one, drawn anew.

A tablet shows a product's picture at every stop, over a warehouse's radio: what a camera made is brought to what a screen
can show, once. Only what was drawn is kept, so nothing that hid in the file comes along (OWASP ASVS 5.0, 5.2 and 5.3).
"""

from __future__ import annotations

from io import BytesIO
from threading import Lock
from typing import Final

from PIL import Image, ImageOps

from wms.core.refusals import invalid
from wms.platform.uploads import JPEG, Upload

SIDE: Final = 800  # of the longest side, in pixels: two fifths of a tablet's width at two dots a pixel
MOST_PIXELS: Final = 25_000_000  # some 150 MB while it is drawn
QUALITY: Final = 82
# A picture needs memory while it is drawn, so one is drawn at a time in each process.
_DRAWING = Lock()


def drawn_small(upload: Upload, pointer: str) -> Upload:
    """The photo as a JPEG with no side above SIDE, as the camera was held, on white where it was transparent.

    Refuses at `pointer` `picture_too_large` (more than MOST_PIXELS) and `file_broken`.
    """
    try:
        with _DRAWING, Image.open(BytesIO(upload.content), formats=("JPEG", "PNG")) as photo:
            if photo.width * photo.height > MOST_PIXELS:
                raise invalid(pointer, "picture_too_large", limit=MOST_PIXELS // 1_000_000)
            content = _drawn(photo)
    except (
        OSError,
        SyntaxError,
        ValueError,
        IndexError,
        ZeroDivisionError,
    ) as fault:  # what Pillow raises for broken files
        raise invalid(pointer, "file_broken") from fault
    return Upload(content, JPEG, f"{upload.name.rpartition('.')[0]}.jpg")


def _drawn(photo: Image.Image) -> bytes:
    photo.draft("RGB", (SIDE, SIDE))  # a large JPEG is read at a half, a quarter or an eighth
    small = _in_shades(photo)
    small.thumbnail((SIDE, SIDE), Image.Resampling.LANCZOS)
    written = BytesIO()
    _on_white(ImageOps.exif_transpose(small)).save(written, "JPEG", quality=QUALITY, optimize=True, progressive=True)
    return written.getvalue()


def _in_shades(photo: Image.Image) -> Image.Image:
    """In a mode whose pixels can be averaged: neither numbers of a palette nor grey in 16 bits, which would be cut at 255."""
    if photo.mode.startswith("I"):
        return photo.convert("I").point(lambda grey: grey * (1 / 256)).convert("L")
    if photo.mode == "P" and photo.palette is None:
        raise ValueError("the table of its colours is missing")
    if photo.mode in {"P", "1"}:
        return photo.convert("RGBA" if photo.has_transparency_data else "RGB")
    return photo


def _on_white(picture: Image.Image) -> Image.Image:
    """In colours that a JPEG has."""
    if not picture.has_transparency_data:
        return picture.convert("RGB")
    paper = Image.new("RGBA", picture.size, "white")
    return Image.alpha_composite(paper, picture.convert("RGBA")).convert("RGB")
