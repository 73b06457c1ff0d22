"""Photos that become small pictures: whatever a camera or a designer's program wrote."""

from __future__ import annotations

import io
import struct
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as some
from PIL import Image

from wms.core.refusals import Refused
from wms.platform import pictures, uploads
from wms.platform.pictures import SIDE, drawn_small
from wms.platform.uploads import Upload

RED, WHITE = (220, 30, 30), (255, 255, 255)


def corner(mode: str = "RGB", size: tuple[int, int] = (60, 40), colour: object = RED) -> Image.Image:
    """White, or clear where it can be, with a coloured field at the upper left."""
    clear = {"RGBA": (0, 0, 0, 0), "LA": (0, 0), "P": 0}
    made = Image.new(mode, size, clear.get(mode, "white"))  # type: ignore[arg-type]
    made.paste(colour, (0, 0, size[0] // 3, size[1] // 3))  # type: ignore[arg-type]
    return made


def file_of(picture: Image.Image, kind: str, **more: object) -> Upload:
    written = io.BytesIO()
    picture.save(written, kind, **more)
    name = "photo.jpg" if kind == "JPEG" else "photo.png"
    return uploads.checked(written.getvalue(), name, uploads.PHOTOS)


def drawn(upload: Upload) -> Image.Image:
    small = drawn_small(upload, "/file")
    assert (small.media_type, small.name) == (uploads.JPEG, "photo.jpg")
    assert uploads.checked(small.content, small.name, uploads.PHOTOS).content == small.content, (
        "nothing is left to cut away"
    )
    shown = Image.open(io.BytesIO(small.content))
    assert (shown.format, shown.mode) == ("JPEG", "RGB")
    assert shown.getexif() == {}
    return shown


def near(seen: object, wanted: tuple[int, int, int]) -> bool:
    assert isinstance(seen, tuple)
    return max(abs(one - other) for one, other in zip(seen, wanted, strict=True)) < 30


def fault(upload: Upload) -> str:
    with pytest.raises(Refused) as refusal:
        drawn_small(upload, "/file")
    (error,) = refusal.value.errors
    assert error["pointer"] == "/file"
    return str(error["code"])


def test_a_large_photo_fits_a_screen_and_keeps_its_shape() -> None:
    shown = drawn(file_of(corner(size=(4000, 3000)), "JPEG"))
    assert shown.size == (SIDE, SIDE * 3 // 4)
    assert near(shown.getpixel((20, 20)), RED)
    assert near(shown.getpixel((780, 580)), WHITE)


def test_a_small_one_is_not_blown_up() -> None:
    assert drawn(file_of(corner(size=(60, 40)), "PNG")).size == (60, 40)


# Where the corner of a photo lies once it is upright (Exif 2.32, orientation): left or right, upper or lower.
@pytest.mark.parametrize(
    ("orientation", "where"),
    [(1, "lu"), (2, "ru"), (3, "rl"), (4, "ll"), (5, "lu"), (6, "ru"), (7, "rl"), (8, "ll")],
)
@pytest.mark.parametrize("scale", [1, 30])
def test_it_is_drawn_as_the_camera_was_held(orientation: int, where: str, scale: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    shown = drawn(file_of(corner(size=(90 * scale, 60 * scale)), "JPEG", exif=exif.tobytes(), quality=95))
    assert (shown.width > shown.height) == (orientation < 5)
    place = (4 if where[0] == "l" else shown.width - 5, 4 if where[1] == "u" else shown.height - 5)
    assert near(shown.getpixel(place), RED)
    across = (shown.width - 1 - place[0], shown.height - 1 - place[1])
    assert near(shown.getpixel(across), WHITE)


@pytest.mark.parametrize("size", [(60, 40), (1500, 1000)])
@pytest.mark.parametrize(
    ("mode", "colour", "seen"),
    [("RGBA", (*RED, 255), RED), ("LA", (90, 255), (90, 90, 90)), ("L", 90, (90, 90, 90)), ("1", 0, (0, 0, 0)),
     ("I;16", 90 * 257, (90, 90, 90)), ("P", 3, (30, 60, 90))],
)  # fmt: skip
def test_what_is_clear_becomes_white_and_every_kind_of_colour_is_read(mode, colour, seen, size) -> None:
    if mode == "I;16":
        made = Image.new("I;16", size, 65535)
        made.paste(colour, (0, 0, size[0] // 3, size[1] // 3))
    else:
        made = corner(mode, size, colour)
    if mode == "P":
        made.putpalette([0, 0, 0, 1, 1, 1, 2, 2, 2, 30, 60, 90])
    shown = drawn(file_of(made, "PNG", **({"transparency": 0} if mode == "P" else {})))
    assert near(shown.getpixel((5, 5)), seen)
    assert near(shown.getpixel((shown.width - 5, shown.height - 5)), WHITE)


def test_a_printers_four_colours_are_read() -> None:
    shown = drawn(file_of(corner().convert("CMYK"), "JPEG", quality=95))
    assert near(shown.getpixel((5, 5)), RED)
    assert near(shown.getpixel((55, 35)), WHITE)


def chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def header_only(width: int, height: int) -> Upload:
    """A file that says how large it would be, and holds next to nothing."""
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    content = (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"\0" * 40)) + chunk(b"IEND", b"")
    )
    return uploads.checked(content, "photo.png", uploads.PHOTOS)


def test_no_picture_is_unpacked_that_is_larger_than_may_be() -> None:
    assert fault(header_only(5001, 5000)) == "picture_too_large"
    assert fault(header_only(5000, 5000)) == "file_broken"


def test_one_after_a_broken_one_is_drawn() -> None:
    assert fault(header_only(50, 50)) == "file_broken"
    assert not pictures._DRAWING.locked()
    drawn(file_of(corner(), "PNG"))


@pytest.mark.parametrize("before", [b"IDAT", b"IEND"])
@pytest.mark.parametrize("kind", [b"iCCP", b"PLTE", b"tRNS", b"gAMA", b"cHRM", b"sRGB", b"pHYs", b"fcTL", b"fdAT"])
@pytest.mark.parametrize("body", [b"", b"n", b"name\0", bytes(13)])
def test_a_chunk_that_breaks_off_is_refused_or_passed_over(kind: bytes, body: bytes, before: bytes) -> None:
    """Its checksum is right: it was written so, and has come through the gate of uploads."""
    at = WHOLE["PNG"].index(before) - 4
    content = WHOLE["PNG"][:at] + chunk(kind, body) + WHOLE["PNG"][at:]
    passed = uploads.checked(content, "photo.png", uploads.PHOTOS)
    try:
        drawn(passed)
    except Refused:
        assert fault(passed) == "file_broken"


def test_colours_by_number_without_their_table_are_refused() -> None:
    whole = file_of(corner().quantize(4), "PNG").content
    at = whole.index(b"PLTE") - 4
    (length,) = struct.unpack(">I", whole[at : at + 4])
    assert fault(uploads.checked(whole[:at] + whole[at + 12 + length :], "photo.png", uploads.PHOTOS)) == "file_broken"


WHOLE = {kind: file_of(corner(), kind).content for kind in ("JPEG", "PNG")}


@given(some.sampled_from(["JPEG", "PNG"]), some.data())
def test_a_damaged_file_is_refused_or_drawn_and_nothing_else(kind: str, data: some.DataObject) -> None:
    content = bytearray(WHOLE[kind])
    for place in data.draw(some.lists(some.integers(8, len(content) - 1), min_size=1, max_size=6)):
        content[place] = data.draw(some.integers(0, 255))
    damaged = Upload(bytes(content), f"image/{kind.lower()}", "photo.jpg")
    try:
        small = drawn_small(damaged, "/file")
    except Refused:
        assert fault(damaged) in {"file_broken", "picture_too_large"}
    else:
        assert max(Image.open(io.BytesIO(small.content)).size) <= SIDE
