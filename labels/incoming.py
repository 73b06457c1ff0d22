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
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from labels.bundle import Code, without_time_and_chance
from labels.errors import LabelRefused
from labels.media import Size

LARGEST_FILE = 10_000_000
MOST_PAGES = 100
TOLERANCE_MM = 1.0
LEAST_AFTER_PREFIX = 8  # of a tracking number: what is shorter ends too many codes by chance
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

    def pages_saying(self, tracking_numbers: Sequence[str]) -> list[int]:
        """The page of each tracking number, in their order; a page is one number's. Pages count from 0.

        Raises LabelRefused: page_not_readable, page_of_another (page, from 1), number_on_no_page (number) for a number
        too many.
        """
        left = list(range(len(self.codes)))
        found: list[int] = []
        for number in tracking_numbers:
            if not left:
                raise LabelRefused("number_on_no_page", {"number": number})
            best = max(left, key=lambda page: _likeness(self.codes[page], number))
            if not _likeness(self.codes[best], number):
                strange = next((page for page in left if not self.codes[page]), left[0])
                code = "page_of_another" if self.codes[strange] else "page_not_readable"
                raise LabelRefused(code, {"page": strange + 1})
            left.remove(best)
            found.append(best)
        return found


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
    if any(_likeness(page, tracking_number) for page in codes):
        return True
    read = [code.content for page in codes for code in page]
    if read:
        raise LabelRefused("barcode_differs", {"expected": tracking_number, "read": ", ".join(read)[:400]})
    return False


def _likeness(page: Iterable[Code], tracking_number: str) -> int:
    """2 for a page whose symbol says the number alone, 1 after a routing prefix, 0 without."""
    wanted = _letters_and_digits(tracking_number)
    read = {_letters_and_digits(code.content) for code in page}
    if wanted and wanted in read:
        return 2
    return int(len(wanted) >= LEAST_AFTER_PREFIX and any(each.endswith(wanted) for each in read))


def _letters_and_digits(content: str) -> str:
    return "".join(character for character in content.upper() if character.isalnum())
