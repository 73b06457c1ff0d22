"""The gate of files: what passes, what is refused and why, what a photo no longer tells."""

from __future__ import annotations

import base64
import io
import struct
import zlib

import pytest
from PIL import Image

from wms.core.refusals import Refused
from wms.platform import uploads

PDF = b"%PDF-1.4\n1 0 obj<<>>endobj\ntrailer<<>>\n%%EOF\n"


def picture(kind: str, **options: object) -> bytes:
    made = io.BytesIO()
    Image.new("RGB", (40, 30), (200, 30, 30)).save(made, kind, **options)
    return made.getvalue()


def told(orientation: int) -> bytes:
    """Exif with an orientation, a maker and a place."""
    exif = Image.Exif()
    exif[0x0112], exif[0x010F] = orientation, "SecretMaker"
    exif.get_ifd(0x8825)[1] = "N"
    return exif.tobytes()


def code(content: bytes, name: str, kinds: frozenset[str] = uploads.PAPERS) -> str:
    with pytest.raises(Refused) as refusal:
        uploads.checked(content, name, kinds)
    (error,) = refusal.value.errors
    assert error["pointer"] == "/file"
    return error["code"]


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_photo_keeps_its_picture_and_how_it_was_held_and_nothing_else(orientation):
    content = picture("JPEG", exif=told(orientation), comment=b"SecretMaker") + b"SecretMaker behind the end"
    kept = uploads.checked(content, "dock.JPG", uploads.PHOTOS)
    assert (kept.media_type, kept.name) == (uploads.JPEG, "dock.jpg")
    assert b"SecretMaker" in content
    assert b"SecretMaker" not in kept.content
    shown = Image.open(io.BytesIO(kept.content))
    assert shown.getexif().get(0x0112, 1) == orientation
    assert dict(shown.getexif().get_ifd(0x8825)) == {}
    assert shown.tobytes() == Image.open(io.BytesIO(content)).tobytes()


def test_progressive_photos_and_those_with_a_second_picture_pass():
    progressive = picture("JPEG", progressive=True)
    second = picture("JPEG", exif=told(1))
    kept = uploads.checked(progressive + second, "a.jpeg", uploads.PHOTOS)
    assert b"SecretMaker" not in kept.content
    Image.open(io.BytesIO(kept.content)).load()


def test_a_png_loses_its_texts():
    from PIL.PngImagePlugin import PngInfo

    info = PngInfo()
    info.add_text("Comment", "SecretMaker")
    kept = uploads.checked(picture("PNG", pnginfo=info) + b"more", "a.png", uploads.PHOTOS)
    assert b"SecretMaker" not in kept.content
    Image.open(io.BytesIO(kept.content)).load()


def test_a_paper_stays_as_it_is():
    kept = uploads.decoded(base64.b64encode(PDF).decode(), "list.pdf", uploads.PAPERS)
    assert (kept.content, kept.media_type, kept.name) == (PDF, uploads.PDF, "list.pdf")


@pytest.mark.parametrize(
    ("name", "kept"),
    [("../../etc/list.pdf", "list.pdf"), ("C:\\papers\\list.PDF", "list.pdf"), ("装箱单.pdf", "装箱单.pdf"),
     ("no ending", "no ending.pdf"), ("a\u0000b\u202e\n.pdf", "ab.pdf"), (".pdf", "file.pdf"),
     ("x" * 300 + ".pdf", "x" * 114 + ".pdf")],
)  # fmt: skip
def test_a_name_is_made_harmless(name, kept):
    assert uploads.checked(PDF, name, uploads.PAPERS).name == kept


def huge(width: int, height: int) -> bytes:
    """A small PNG that says it is large."""
    head = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    good = picture("PNG")
    return good[:8] + struct.pack(">I", 13) + head + struct.pack(">I", zlib.crc32(head)) + good[33:]


@pytest.mark.parametrize(
    ("content", "name", "wanted"),
    [
        (b"", "a.jpg", "file_empty"),
        (b"GIF89a" + b"x" * 50, "a.gif", "file_kind"),
        (b"<svg onload='x'/>", "a.svg", "file_kind"),
        (b"<html>", "a.pdf", "file_kind"),
        (PDF, "a.exe", "file_kind"),
        (PDF, "a.jpg", "file_kind"),
        (picture("PNG"), "a.jpg", "file_kind"),
        (PDF + b"x" * uploads.MOST_BYTES, "a.pdf", "file_too_large"),
        (PDF[:20], "a.pdf", "file_broken"),
        (b"\xff\xd8\xff", "a.jpg", "file_broken"),
        (b"\xff\xd8\xff\xe0\x00\x01", "a.jpg", "file_broken"),
        (b"\xff\xd8\xff\xd9", "a.jpg", "file_broken"),
        (huge(60_000, 60_000), "a.png", "file_broken"),
        (huge(0, 5), "a.png", "file_broken"),
        (picture("PNG")[:-20], "a.png", "file_broken"),
        (picture("PNG").replace(b"IDAT", b"IDAX"), "a.png", "file_broken"),
    ],
)
def test_what_is_no_such_file_is_refused(content, name, wanted):
    assert code(content, name) == wanted


def test_every_cut_of_a_photo_is_refused():
    content = picture("JPEG", exif=told(6))
    for length in range(3, len(content) - 1, 7):
        assert code(content[:length], "a.jpg") == "file_broken", length


def test_a_paper_is_no_photo():
    assert code(PDF, "a.pdf", uploads.PHOTOS) == "file_kind"


@pytest.mark.parametrize("text", ["not base64!", "====", "é"])
def test_what_is_not_base64_is_refused_at_its_field(text):
    with pytest.raises(Refused) as refusal:
        uploads.decoded(text, "a.pdf", uploads.PAPERS)
    assert refusal.value.errors == [{"pointer": "/content", "code": "file_not_base64", "params": {}}]
