"""The gate through which files come in: photos (JPEG, PNG) and papers (PDF). Nothing is stored before it has passed.

A file is what its bytes say, and its name has to agree; it is never unpacked here. What a photo tells besides its
picture (place, device, comments) is cut away; how the camera was held stays, so that the photo is shown upright.
Sources: ITU-T T.81 annex B (JPEG markers), Exif 2.32 (orientation, tag 0x0112), PNG (third edition) section 5.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
import struct
import unicodedata
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from urllib.parse import quote

from flask import Response, request

from wms.core.refusals import invalid
from wms.platform import files
from wms.platform.files import Kept
from wms.platform.tables import LARGEST_TABLE

MOST_BYTES = 5 * 1024 * 1024
MOST_PIXELS = 60_000_000
NAME_MAX = 120
JPEG, PNG, PDF = "image/jpeg", "image/png", "application/pdf"
PHOTOS = frozenset({JPEG, PNG})
PAPERS = frozenset({JPEG, PNG, PDF})
FOR_EVER = "max-age=31536000, immutable"  # of what never changes under its address
_ENDINGS = {JPEG: (".jpg", ".jpeg"), PNG: (".png",), PDF: (".pdf",)}
_PNG_MARK = b"\x89PNG\r\n\x1a\n"
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_SCAN, _EXIF = 0xDA, 0xE1
# All but JFIF's and Adobe's, which say how the colours are to be read.
_TOLD_BY_APPLICATIONS = (frozenset(range(0xE0, 0xF0)) | {0xFE}) - {0xE0, 0xEE}
_AFTER_SCAN = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")
_TOLD = frozenset({b"tEXt", b"zTXt", b"iTXt", b"eXIf", b"tIME"})


@dataclass(frozen=True)
class Upload:
    """A file that has passed: its bytes as they will be kept, what it is, and a harmless name."""

    content: bytes
    media_type: str
    name: str

    @property
    def sha256(self) -> str:
        """By which a command names the file that was sent: the same for a retry, whatever is drawn of it by then."""
        return hashlib.sha256(self.content).hexdigest()

    def keep(self) -> Kept:
        """Put the bytes into the store, before the command that names them. Raises StoreAway."""
        return files.keep(self.content, self.media_type)


class _Broken(Exception):
    """The bytes do not say what they would have to."""


def fields_sent() -> set[str]:
    """The names of the form's fields of files, chosen or not."""
    return set(request.files)


def received(field: str, kinds: Iterable[str]) -> Upload:
    """The one file of a form's field. Refuses at the field as `checked` does, and `required` when there is none."""
    found = request.files.get(field)
    if found is None or not found.filename:
        raise invalid(f"/{field}", "required")
    return checked(found.stream.read(MOST_BYTES + 1), found.filename, kinds, f"/{field}")


def received_table(field: str) -> bytes:
    """The bytes of a form's one table, for `tables.read_table` to judge; nothing of it is kept. Refuses `required`."""
    found = request.files.get(field)
    if found is None or not found.filename:
        raise invalid(f"/{field}", "required")
    return found.stream.read(LARGEST_TABLE + 1)


def received_raw(field: str, most_bytes: int) -> tuple[bytes, str]:
    """(bytes, name as sent) of a form's one file, at most one byte more than may be, for its own gate to judge
    (`sheets.judged`). Refuses `required`.
    """
    found = request.files.get(field)
    if found is None or not found.filename:
        raise invalid(f"/{field}", "required")
    return found.stream.read(most_bytes + 1), found.filename


def received_if_any(field: str, kinds: Iterable[str]) -> Upload | None:
    """The same of a field that may be left empty."""
    found = request.files.get(field)
    return received(field, kinds) if found is not None and found.filename else None


def decoded(text: str, name: str, kinds: Iterable[str], pointer: str = "/content") -> Upload:
    """A file that came as base64 within JSON."""
    try:
        content = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as fault:
        raise invalid(pointer, "file_not_base64") from fault
    return checked(content, name, kinds, pointer)


def checked(content: bytes, name: str, kinds: Iterable[str], pointer: str = "/file") -> Upload:
    """Refuses `file_empty`, `file_too_large`, `file_kind` (none of these kinds, or named as another), `file_broken`."""
    if not content:
        raise invalid(pointer, "file_empty")
    if len(content) > MOST_BYTES:
        raise invalid(pointer, "file_too_large", limit=MOST_BYTES // (1024 * 1024))
    kind = kind_of(content)
    if kind is None or kind not in set(kinds):
        raise invalid(pointer, "file_kind")
    try:
        kept = _READERS[kind](content)
    except (_Broken, struct.error, IndexError) as fault:
        raise invalid(pointer, "file_broken") from fault
    return Upload(kept, kind, _clean_name(name, kind, pointer))


def kind_of(content: bytes) -> str | None:
    """What the first bytes say."""
    if content.startswith(b"\xff\xd8\xff"):
        return JPEG
    if content.startswith(_PNG_MARK):
        return PNG
    return PDF if content.startswith(b"%PDF-") else None


def _clean_name(name: str, kind: str, pointer: str) -> str:
    """The last part of the name, printable, with an ending of its kind."""
    base = re.split(r"[\\/]", name)[-1].strip()
    plain = "".join(each for each in base if unicodedata.category(each)[0] != "C")
    stem, dot, ending = plain.rpartition(".")
    if not dot:
        stem, ending = plain, _ENDINGS[kind][0][1:]
    if f".{ending.lower()}" not in _ENDINGS[kind]:
        raise invalid(pointer, "file_kind")
    return f"{stem[: NAME_MAX - 6] or 'file'}.{ending.lower()}"


def _jpeg(content: bytes) -> bytes:
    """The picture with its tables, without what applications wrote into it; what follows its end is dropped."""
    kept, orientation, seen = [b"\xff\xd8"], 0, set()
    for marker, part in _parts(content):
        seen.add(marker)
        if marker in _FRAMES:
            height, width = struct.unpack_from(">HH", part, 5)
            if not 0 < height * width <= MOST_PIXELS:
                raise _Broken
        if marker == _EXIF:
            orientation = orientation or _orientation(part[4:])
        elif marker not in _TOLD_BY_APPLICATIONS:
            kept.append(part)
    if not (seen & _FRAMES and _SCAN in seen):
        raise _Broken
    if orientation > 1:
        kept.insert(1, _upright(orientation))
    return b"".join((*kept, b"\xff\xd9"))


def _parts(content: bytes) -> Iterator[tuple[int, bytes]]:
    """The marked parts up to the end of the picture, each with its marker; a scan with all its data."""
    at = 2
    while content[at : at + 2] != b"\xff\xd9":
        if content[at] != 0xFF:
            raise _Broken
        marker = content[at + 1]
        if marker == 0xFF:  # fill
            at += 1
            continue
        (length,) = struct.unpack_from(">H", content, at + 2)
        end = at + 2 + length
        if length < 2 or len(content) < end:
            raise _Broken
        if marker == _SCAN:  # up to the next marker that is none of its own
            following = _AFTER_SCAN.search(content, end)
            if following is None:
                raise _Broken
            end = following.start()
        yield marker, content[at:end]
        at = end


def _orientation(exif: bytes) -> int:
    """How the camera was held, 1 to 8; 0 where it is not said."""
    if not exif.startswith(b"Exif\0\0") or len(exif) < 14:
        return 0
    tiff = exif[6:]
    order = {b"II": "<", b"MM": ">"}.get(tiff[:2])
    if order is None:
        return 0
    try:
        (start,) = struct.unpack_from(order + "I", tiff, 4)
        (entries,) = struct.unpack_from(order + "H", tiff, start)
        for entry in range(min(entries, 200)):
            tag, kind, _count, value = struct.unpack_from(order + "HHIH", tiff, start + 2 + 12 * entry)
            if tag == 0x0112 and kind == 3:
                return value if 1 <= value <= 8 else 0
    except struct.error:
        return 0
    return 0


def _upright(orientation: int) -> bytes:
    """An Exif part that says nothing but this."""
    entry = struct.pack(">HHIHH", 0x0112, 3, 1, orientation, 0)
    tiff = b"MM\0*" + struct.pack(">I", 8) + struct.pack(">H", 1) + entry + struct.pack(">I", 0)
    body = b"Exif\0\0" + tiff
    return b"\xff\xe1" + struct.pack(">H", len(body) + 2) + body


def _png(content: bytes) -> bytes:
    """Its chunks with the right sums, without texts; what follows IEND is dropped."""
    kept, at = [_PNG_MARK], len(_PNG_MARK)
    seen: list[bytes] = []
    while not seen or seen[-1] != b"IEND":
        length, name = struct.unpack_from(">I4s", content, at)
        chunk = content[at : at + 12 + length]
        if len(chunk) != length + 12 or zlib.crc32(chunk[4:-4]) != struct.unpack(">I", chunk[-4:])[0]:
            raise _Broken
        if not seen and name != b"IHDR":
            raise _Broken
        if name == b"IHDR":
            width, height = struct.unpack_from(">II", chunk, 8)
            if not 0 < width * height <= MOST_PIXELS:
                raise _Broken
        if name not in _TOLD:
            kept.append(chunk)
        seen.append(name)
        at += 12 + length
    if b"IDAT" not in seen:
        raise _Broken
    return b"".join(kept)


def _pdf(content: bytes) -> bytes:
    """As it is: it is only handed out again, as a download."""
    if b"%%EOF" not in content[-2048:]:
        raise _Broken
    return content


_READERS = {JPEG: _jpeg, PNG: _png, PDF: _pdf}


def hand_out(content: bytes, media_type: str, name: str, kept_for: str = "max-age=3600") -> Response:
    """A file of others: shown by itself only where it is a photo, and never as anything that runs. `kept_for`: how long the
    reader's own browser may keep it.
    """
    response = Response(content, 200, mimetype=media_type)
    shown = "inline" if media_type in PHOTOS else "attachment"
    response.headers["Content-Disposition"] = f"{shown}; filename*=UTF-8''{quote(name, safe='')}"
    response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response.headers["Cache-Control"] = f"private, {kept_for}"
    return response
