"""What a scanner sends us: cleaning it, and our own codes.

* `normalise_scan` turns the raw text of a wedge, a camera or a keyboard into a `Scan`.
* Our own codes are `<letter>-<body>-<check>` (`L-A-03-12-2-K`): `format_own`, `parse_own`.
* Command cards are `CMD-<NAME>`, `CMD-QTY-<n>`; the scanner self-test is `TEST:...`.
* GS1 element strings are read by `wms.core.gs1`, whose names are repeated here.

A seller's code is refused only if `is_own` says that it is a *valid* code of ours; `T-SHIRT-01` is fine.
Refusals are `BarcodeError`s with a stable code: returned by the readers, raised by `format_own`. Rules:
DESIGN.md section 5 ("Our barcodes"), floor-app.md sections 3 and 4; AIM identifiers after ISO/IEC 15424.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from wms.core.checkdigits import house_check
from wms.core.gs1 import GS, GS1_SYMBOLOGIES, MAX_LENGTH, BarcodeError, Gs1, looks_like_gs1, parse_gs1

__all__ = [
    "COMMANDS",
    "GS",
    "MAX_LENGTH",
    "SCANNER_TEST",
    "BarcodeError",
    "Command",
    "Gs1",
    "OwnBarcode",
    "OwnCode",
    "Scan",
    "ScannerFault",
    "check_scanner",
    "format_own",
    "is_own",
    "looks_like_gs1",
    "normalise_scan",
    "own_check",
    "parse_command",
    "parse_gs1",
    "parse_own",
]

MAX_BODY: Final = 40
SCANNER_TEST: Final = "TEST:AZazqQwW0189-_/|."

_BODY: Final = re.compile(r"[A-Z0-9](?:[A-Z0-9.-]*[A-Z0-9])?")
_OWN: Final = re.compile(r"([USPLTBKRC])-([A-Z0-9](?:[A-Z0-9.-]*[A-Z0-9])?)-([A-Z0-9])")
_COMMAND: Final = re.compile(r"CMD-(?:QTY-([0-9]{1,6})|([A-Z]+))")
COMMANDS: Final = frozenset(
    {"OK", "UNDO", "SKIP", "SHORT", "FULL", "EMPTY", "NOTEMPTY", "SCRAP", "PRINT", "REPRINT"}
    | {"DAMAGE", "NOLABEL", "MIXED", "WHOLE", "HELP", "BACK", "LOGOUT"}
)
_AIM: Final = re.compile(r"\]([A-Za-z][0-9A-Za-z])")
_COUNTS_AS: Final = str.maketrans("-.", "QX")
_FULL_WIDTH: Final = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)} | {0x3000: 0x20}
_DASHES: Final = dict.fromkeys((0x2010, 0x2011, 0x2012, 0x2013, 0x2014, 0x2015, 0x2212, 0x30FC), "-")


class OwnCode(StrEnum):
    """The kinds of our own codes; the value is the first letter of the code."""

    USER = "U"
    STATION = "S"
    PRINTER = "P"
    LOCATION = "L"
    TOTE = "T"
    UNIT = "B"
    TASK = "K"
    RETURN = "R"
    PACKAGING = "C"


@dataclass(frozen=True, slots=True)
class OwnBarcode:
    """A valid code of ours. `body`: 1 to 40 of A-Z 0-9 - . with a letter or digit at both ends."""

    kind: OwnCode
    body: str
    check: str

    @property
    def text(self) -> str:
        """The whole code as printed."""
        return f"{self.kind.value}-{self.body}-{self.check}"


@dataclass(frozen=True, slots=True)
class Command:
    """A command card. `name` is OK, UNDO, SKIP, …, QTY; `quantity` (0 to 999,999) only with QTY."""

    name: str
    quantity: int | None = None


@dataclass(frozen=True, slots=True)
class Scan:
    """A cleaned scan: its text, and the AIM identifier without `]` if the scanner sent one (`C1`, `E0`)."""

    text: str
    aim: str | None = None

    @property
    def is_gs1(self) -> bool:
        """True where the symbology says GS1, or the text has the form of a GS1 element string."""
        return self.aim in GS1_SYMBOLOGIES or looks_like_gs1(self.text)


class ScannerFault(StrEnum):
    """What the scanner self-test found."""

    CAPS_LOCK = "caps_lock"
    INPUT_METHOD = "input_method"
    KEYBOARD_LAYOUT = "keyboard_layout"


def own_check(kind: OwnCode, body: str) -> str:
    """The check character of a code of ours: `house_check` over kind and body, in the order in which they are
    read.

    A hyphen of the body counts as the letter Q and a point as X, so that a separator that moved or went
    missing changes the check character too; only a hyphen exchanged with a Q, or a point with an X, goes
    unseen. The two hyphens around the body are fixed by the form and do not count.
    """
    return house_check((kind.value + body).translate(_COUNTS_AS))


def format_own(kind: OwnCode, body: str) -> str:
    """The printed code for a body; `a-03-12-2` of a location gives `L-A-03-12-2-K`.

    The body is upper-cased. Raises `BarcodeError`: `own_empty`, `own_too_long` (over 40), `own_bad_character`
    (outside A-Z 0-9 - .), `own_bad_ends` (first or last is no letter or digit). Nothing is ever replaced or
    cut.
    """
    upper = body.upper() if body.isascii() else body
    if not upper:
        raise BarcodeError("own_empty", kind=kind.value)
    if len(upper) > MAX_BODY:
        raise BarcodeError("own_too_long", body=body[:MAX_BODY], limit=MAX_BODY)
    wrong = re.search(r"[^A-Z0-9.-]", upper)
    if wrong:
        raise BarcodeError("own_bad_character", body=body, character=wrong.group())
    if not _BODY.fullmatch(upper):
        raise BarcodeError("own_bad_ends", body=body)
    return OwnBarcode(kind, upper, own_check(kind, upper)).text


def parse_own(text: str) -> OwnBarcode | None:
    """The code of ours that this text is, in any case and with blanks around it; None if it is not a valid
    one.
    """
    match = _OWN.fullmatch(_upper(text))
    if not match or len(match[2]) > MAX_BODY:
        return None
    kind = OwnCode(match[1])
    return OwnBarcode(kind, match[2], match[3]) if own_check(kind, match[2]) == match[3] else None


def parse_command(text: str) -> Command | None:
    """The command card that this text is, in any case; None for anything else, unknown commands included."""
    match = _COMMAND.fullmatch(_upper(text))
    if not match:
        return None
    if match[1] is not None:
        return Command("QTY", int(match[1]))
    return Command(match[2]) if match[2] in COMMANDS else None


def is_own(text: str) -> bool:
    """True if the text is a valid code of ours, a command or the self-test: no seller may use it."""
    stripped = text.strip()
    return stripped == SCANNER_TEST or parse_own(text) is not None or parse_command(text) is not None


def check_scanner(raw: str) -> tuple[ScannerFault, ...] | None:
    """The faults that a scan of the self-test card shows: () if it is perfect, None if it is not that card.

    `raw` is what arrived, before `normalise_scan`. A card read through a foreign keyboard layout is known by
    its digits or its length.
    """
    text = raw.strip("\r\n\t ")
    folded = text.translate(_FULL_WIDTH)
    if folded[:5].upper() != "TEST:" and (len(folded) != len(SCANNER_TEST) or folded[:4].upper() != "TEST"):
        return None
    faults = [ScannerFault.INPUT_METHOD] if folded != text else []
    if folded == SCANNER_TEST.swapcase():
        faults.append(ScannerFault.CAPS_LOCK)
    elif folded != SCANNER_TEST:
        faults.append(ScannerFault.KEYBOARD_LAYOUT)
    return tuple(faults)


def normalise_scan(raw: str) -> Scan | BarcodeError:
    """Clean one scan.

    Line ends, tabs and blanks around it go; the AIM identifier goes into `Scan.aim`; full-width forms become
    ASCII (codes typed through an input method), `{GS}` becomes the group separator 0x1D; only a valid code of
    ours is upper-cased, a seller's code keeps its case. Refused with `scan_empty`, `scan_too_long` (over 256
    characters as sent) or `scan_control_character` (any other than 0x1D inside, or a lone surrogate, which no
    store can hold).
    """
    if len(raw) > MAX_LENGTH:
        return BarcodeError("scan_too_long", length=len(raw), limit=MAX_LENGTH)
    text = raw.strip("\r\n\t ").translate(_FULL_WIDTH).replace("{GS}", GS)
    prefix = _AIM.match(text)
    text = text[3:] if prefix else text
    text = text.strip("\r\n\t ")
    for character in text:
        if _is_control(character):
            return BarcodeError("scan_control_character", character=f"U+{ord(character):04X}")
    if not text.strip(GS):
        return BarcodeError("scan_empty")
    return Scan(_own_upper(text), prefix[1] if prefix else None)


def _own_upper(text: str) -> str:
    candidate = _upper(text.translate(_DASHES))
    return candidate if parse_own(candidate) or parse_command(candidate) else text


def _upper(text: str) -> str:
    """Upper case of ASCII only: a dotless i would become I, and a sharp s two letters."""
    return text.strip().upper() if text.isascii() else text


def _is_control(character: str) -> bool:
    code = ord(character)
    return (code < 0x20 and character != GS) or 0x7F <= code <= 0x9F or 0xD800 <= code <= 0xDFFF
