"""Labels that others made: a carrier's or seller's PDF, checked and normalised once, before it is stored.

The file is a stranger's, so nothing of it is opened in this process: a child with limits on memory, time and
files does the work (`incoming_child.py`) and ends with it.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from labels.bundle import Code, without_time_and_chance
from labels.errors import LabelRefused
from labels.media import Size

LARGEST_FILE = 10_000_000
MOST_PAGES = 100
TOLERANCE_MM = 1.0
_CHILD = Path(__file__).with_name("incoming_child.py")
_TOO_LONG = {-signal.SIGXCPU, -signal.SIGKILL}


@dataclass(frozen=True, slots=True)
class Incoming:
    """A normalised file: every page of the declared size, upright, without anything but its drawing, and the
    same bytes for the same file.

    `codes` are the symbols read on each page; `confirmed` says that one page or more carries the tracking
    number, which is not known of a file whose symbols could not be read.
    """

    pdf: bytes
    codes: tuple[tuple[Code, ...], ...]
    confirmed: bool


def check_incoming(
    pdf: bytes, size: Size, *, pages: int = 1, tracking_number: str | None = None, seconds: float | None = None
) -> Incoming:
    """Judge a PDF against what was declared: its medium, number of pages and tracking number.

    A page may differ from the medium by 1 mm, and may lie on its side: it is turned, by its own /Rotate first.
    Where symbols can be read, one must say the tracking number, alone or after a routing prefix. `seconds` of
    processor time are allowed, by default 10 and a third for each page (a page takes a tenth).

    Raises LabelRefused: pdf_too_large, not_a_pdf, pdf_encrypted, pdf_broken, wrong_pages (pages, expected),
    wrong_size (page, width_mm, height_mm, expected), barcode_differs (read), pdf_takes_too_long,
    pdf_too_demanding.
    """
    if len(pdf) > LARGEST_FILE:
        raise LabelRefused("pdf_too_large", {"bytes": len(pdf), "limit": LARGEST_FILE})
    if b"%PDF-" not in pdf[:1024]:
        raise LabelRefused("not_a_pdf")
    if not 1 <= pages <= MOST_PAGES:
        raise LabelRefused("too_many_pages", {"pages": pages, "limit": MOST_PAGES})
    allowed = 10 + pages / 3 if seconds is None else seconds
    order = {
        "width_mm": size.width_mm, "height_mm": size.height_mm, "tolerance_mm": TOLERANCE_MM, "pages": pages,
        "seconds": allowed, "bytes": len(pdf),
    }  # fmt: skip
    answer, normal = _asked(order, pdf, allowed)
    if "refused" in answer:
        raise LabelRefused(str(answer["refused"]), answer["params"])
    codes = tuple(tuple(Code(*each) for each in page) for page in answer["codes"])
    return Incoming(without_time_and_chance(normal), codes, _confirmed(codes, tracking_number))


def _asked(order: Mapping[str, object], pdf: bytes, seconds: float) -> tuple[dict[str, Any], bytes]:
    """What the child says: a line of JSON, then the normalised file."""
    given = json.dumps(order).encode("ascii") + b"\n" + pdf
    # -I: nothing from the environment or the working directory can change what it imports.
    program = [sys.executable, "-I", str(_CHILD)]
    try:
        done = subprocess.run(
            program, input=given, capture_output=True, timeout=3 * seconds + 10, cwd="/", env=_environment()
        )
    except subprocess.TimeoutExpired as reason:
        raise LabelRefused("pdf_takes_too_long", {"seconds": seconds}) from reason
    if done.returncode in _TOO_LONG:
        raise LabelRefused("pdf_takes_too_long", {"seconds": seconds})
    if done.returncode < 0:
        # PDFium gives up by a signal where it cannot have the memory a file asks for, or stumbles over it.
        raise LabelRefused("pdf_too_demanding", {"signal": -done.returncode})
    if done.returncode:
        raise RuntimeError(f"the reader of incoming labels failed: {done.stderr.decode('utf-8', 'replace')[-2000:]}")
    line, _, normal = done.stdout.partition(b"\n")
    answer: dict[str, Any] = json.loads(line)
    return answer, normal


def _environment() -> dict[str, str]:
    """Only what a program needs to start: no secrets of this process."""
    return {name: os.environ[name] for name in ("PATH", "SYSTEMROOT", "TMPDIR") if name in os.environ}


def _confirmed(codes: tuple[tuple[Code, ...], ...], tracking_number: str | None) -> bool:
    """Whether a symbol says the tracking number; refused when symbols say only other things."""
    if tracking_number is None:
        return False
    wanted = _letters_and_digits(tracking_number)
    read = [code.content for page in codes for code in page]
    if any(_letters_and_digits(each).endswith(wanted) for each in read):
        return True
    if read:
        raise LabelRefused("barcode_differs", {"expected": tracking_number, "read": ", ".join(read)[:400]})
    return False


def _letters_and_digits(content: str) -> str:
    return "".join(character for character in content.upper() if character.isalnum())
