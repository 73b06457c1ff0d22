"""Where a running system leaves traces, as bytes to search: its logs, its dump, its Valkey, its files."""

from __future__ import annotations

import re
import subprocess
import zlib
from collections.abc import Iterable
from pathlib import Path

import pypdfium2

from wms.platform.engines import Engines

DEFLATED = re.compile(rb"\x78[\x01\x5e\x9c\xda]")


def dump(engines: Engines, database_url: str, *, without: str | None = None) -> bytes:
    """`pg_dump` of the whole database, without the rows of one table."""
    command = [engines.home.postgres_programs / "pg_dump", database_url.replace("postgresql+psycopg", "postgresql")]
    if without is not None:
        command.append(f"--exclude-table-data={without}")
    return subprocess.run(command, check=True, capture_output=True).stdout


def logs(engines: Engines, told: Path) -> bytes:
    """Everything that web, workers, sweeper and both engines have said."""
    return b"\n".join(path.read_bytes() for path in (told, engines.postgres.log, engines.valkey.log))


def valkey(engines: Engines) -> bytes:
    """Every write there ever was, from the append-only file; what the queue compressed is unpacked beside it."""
    written = b"\n".join(path.read_bytes() for path in engines.valkey.data.rglob("*.aof"))
    return written + b"\n" + b"\n".join(_inflated(written))


def _inflated(content: bytes) -> Iterable[bytes]:
    for found in DEFLATED.finditer(content):
        try:
            yield zlib.decompressobj().decompress(content[found.start() : found.start() + 1_000_000])
        except zlib.error:
            continue


def stored(root: Path) -> dict[str, bytes]:
    """Every object of the file store by its name: its bytes, and for a PDF the text on its pages too."""
    found = {}
    for path in root.rglob("*"):
        if path.is_file():
            content = path.read_bytes()
            found[path.name] = content + (_text(content) if content.startswith(b"%PDF") else b"")
    return found


def _text(pdf: bytes) -> bytes:
    document = pypdfium2.PdfDocument(pdf)
    try:
        return "\n".join(page.get_textpage().get_text_range() for page in document).encode()
    finally:
        document.close()


class Needles:
    """Texts that must not lie about, in the forms they could have: plain, JSON-escaped, in a form, hexadecimal."""

    def __init__(self, texts: Iterable[str]) -> None:
        self.forms: dict[bytes, str] = {}
        for text in sorted(set(texts)):
            raw = text.encode()
            escaped = text.encode("unicode_escape").decode().encode()
            for form in (raw, escaped, raw.replace(b" ", b"+"), raw.replace(b"@", b"%40"), raw.replace(b"+", b"%2B")):
                self.forms[form] = text
            if len(raw) > 6:
                self.forms[raw.hex().encode()] = text
        alternatives = b"|".join(re.escape(form) for form in sorted(self.forms, key=len, reverse=True))
        self.pattern = re.compile(rb"(?<![\w.])(?:\\x)?(?:" + alternatives + rb")(?!\w)", re.IGNORECASE)
        self.folded = {form.lower(): text for form, text in self.forms.items()}

    def found_in(self, content: bytes) -> set[str]:
        """The texts that lie there."""
        found = (hit.lower().removeprefix(b"\\x") for hit in self.pattern.findall(content))
        return {self.folded.get(each, each.decode(errors="replace")) for each in found}
