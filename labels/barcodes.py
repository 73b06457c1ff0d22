"""Symbols: a content becomes modules, is read back, and only then may leave.

Bars come from python-barcode, matrices from zxing-cpp. Neither is trusted: each symbol is read back
by code that did not draw it (Code 128 and GS1-128 by `code128_reader`, the rest by zxing-cpp's
reader) and refused unless exactly the given content comes back. Nothing is ever replaced: a wrong
check digit, a lower-case letter in Code 39 or an unknown GS1 identifier is refused.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

import zxingcpp
from barcode.codex import Code39, Code128, Gs1_128
from barcode.ean import EuropeanArticleNumber8, EuropeanArticleNumber13
from barcode.upc import UniversalProductCodeA

from labels import gs1
from labels.code128_reader import FNC1, UnreadableBarsError, read_code128
from labels.errors import LabelRefused


class Symbol(NamedTuple):
    """A symbol in modules, without its quiet zone.

    `width` and `height` count modules (a linear symbol is 1 high); `quiet_left` and `quiet_right`
    are the quiet zones in modules, and a matrix wants `quiet_left` above and below too. `bearer` is the
    thickness in modules of the bars along the top and bottom of a symbol that has them, else 0. `path`
    is PDF path text, one rectangle per run of dark modules, in module units with the origin bottom left.
    """

    symbology: str
    content: str
    width: int
    height: int
    quiet_left: int
    quiet_right: int
    path: str
    bearer: int = 0

    @property
    def is_matrix(self) -> bool:
        return self.height > 1


@dataclass(frozen=True, slots=True)
class Symbology:
    """How one symbology is drawn and what printing it needs, lengths in mm.

    `preferred_mm` is the module width aimed for and `smallest_mm` the one below which it is refused.
    """

    draw: Callable[[str], tuple[str, ...]]
    longest: int
    quiet_left: int
    quiet_right: int
    preferred_mm: float = 0.375
    smallest_mm: float = 0.25
    reader: zxingcpp.BarcodeFormat | None = None
    bearer: int = 0


class _HonestCode128(Code128):  # type: ignore[misc, unused-ignore]
    """python-barcode 0.16.1 takes the data pair 99 after Start C for "switch to set C" and drops it.

    Its shortcut is right whenever the first value after the start is a real switch, which a content
    that begins with 99 never has.
    """

    def _try_to_optimize(self, encoded: list[int]) -> list[int]:
        if self.code.startswith("99"):
            return encoded
        shortened: list[int] = super()._try_to_optimize(encoded)
        return shortened

    def _maybe_switch_charset(self, pos: int) -> list[int]:
        """Set C stays as long as digits come; asked first, because a tracking number is mostly digits."""
        if self._charset == "C" and self.code[pos].isdigit():
            return []
        codes: list[int] = super()._maybe_switch_charset(pos)
        return codes


def code128_modules(content: str) -> str:
    """Code 128 bars for ASCII 0 to 127, '1' dark, quiet zone not included; read back.

    Raises LabelRefused: empty, bad_characters, symbol_not_readable.
    """
    if not content:
        raise LabelRefused("empty")
    if not content.isascii():
        raise LabelRefused("bad_characters", {"content": content})
    return _checked_code128(_HonestCode128(content), content)


def _gs1_128_modules(content: str) -> str:
    data = gs1.element_string(gs1.parse_elements(content), separator=FNC1)
    return _checked_code128(Gs1_128(data), FNC1 + data)


def _checked_code128(barcode: Code128, expected: str) -> str:
    modules: str = barcode.build()[0]
    try:
        read = read_code128(modules)
    except UnreadableBarsError as reason:
        raise LabelRefused("symbol_not_readable", {"content": expected}) from reason
    if read != expected:
        raise LabelRefused("symbol_not_readable", {"content": expected, "read": read})
    return modules


def _code128(content: str) -> tuple[str, ...]:
    if not content.isprintable():
        # Scanners type what they read; a control character would press keys in somebody's form.
        raise LabelRefused("control_character", {"position": _first_unprintable(content)})
    return (code128_modules(content),)


def _first_unprintable(content: str) -> int:
    return next(place for place, character in enumerate(content) if not character.isprintable())


def _gs1_128(content: str) -> tuple[str, ...]:
    return (_gs1_128_modules(content),)


def _retail(
    length: int, barcode: Callable[[str], EuropeanArticleNumber13 | UniversalProductCodeA]
) -> Callable[[str], tuple[str, ...]]:
    def draw(content: str) -> tuple[str, ...]:
        _require_number(content, length)
        return (str(barcode(content).build()[0]),)

    return draw


def _require_number(content: str, length: int) -> None:
    """The library would replace a wrong check digit in silence, so it never sees one."""
    if not content.isascii() or not content.isdigit() or len(content) != length:
        raise LabelRefused("not_digits", {"content": content, "length": length})
    if not gs1.has_right_check_digit(content):
        raise LabelRefused("wrong_check_digit", {"content": content, "expected": gs1.check_digit(content[:-1])})


# Interleaved 2 of 5 (ISO/IEC 16390): which two of five elements are wide. Own table, because the
# library has no usable ITF-14.
_ITF_WIDE = ("00110", "10001", "01001", "11000", "00101", "10100", "01100", "00011", "10010", "01010")
_ITF_WIDE_MODULES = 3


def _itf14(content: str) -> tuple[str, ...]:
    _require_number(content, 14)
    bars = ["1010"]
    for at in range(0, 14, 2):
        for dark, light in zip(_ITF_WIDE[int(content[at])], _ITF_WIDE[int(content[at + 1])], strict=True):
            bars.append("1" * (_ITF_WIDE_MODULES if dark == "1" else 1))
            bars.append("0" * (_ITF_WIDE_MODULES if light == "1" else 1))
    bars.append("1" * _ITF_WIDE_MODULES + "01")
    return ("".join(bars),)


_CODE39_CONTENT = re.compile(r"[0-9A-Z\-. $/+%]+")


def _code39(content: str) -> tuple[str, ...]:
    if not _CODE39_CONTENT.fullmatch(content):
        raise LabelRefused("bad_characters", {"content": content})
    # By default the library would append a check character nobody asked for.
    return (str(Code39(content, add_checksum=False).build()[0]),)


def _matrix(
    symbology: zxingcpp.BarcodeFormat, border: int, *, gs1_mode: bool = False, **options: object
) -> Callable[[str], tuple[str, ...]]:
    """Draw and read back; `border` is the quiet zone zxing-cpp's writer puts around, in modules."""
    if gs1_mode:
        options["gs1"] = True

    def draw(content: str) -> tuple[str, ...]:
        # Keyboard scanners spoil anything beyond ASCII, whatever the symbol can carry.
        if not content.isascii() or not content.isprintable():
            raise LabelRefused("bad_characters", {"content": content})
        carried = gs1.element_string(gs1.parse_elements(content), separator="\x1d") if gs1_mode else content
        image = zxingcpp.create_barcode(content, symbology, **options).to_image(1, False, True)
        _require_reading(image, carried, symbology, gs1_mode=gs1_mode)
        pixels = memoryview(image)  # type: ignore[arg-type]
        height, width = image.shape
        modules = pixels.tobytes().translate(_PIXEL_TO_MODULE).decode("ascii")
        return tuple(
            modules[row * width + border : (row + 1) * width - border] for row in range(border, height - border)
        )

    return draw


_PIXEL_TO_MODULE = bytes(ord("1") if value < 128 else ord("0") for value in range(256))
_MODULE_TO_PIXEL = {ord("0"): 255, ord("1"): 0}

SYMBOLOGIES: dict[str, Symbology] = {
    "code128": Symbology(_code128, 80, 10, 10),
    "gs1_128": Symbology(_gs1_128, 80, 10, 10),
    # GS1 allows 0.249 mm, 75 % of nominal, for retail codes from thermal printers only.
    "ean13": Symbology(
        _retail(13, EuropeanArticleNumber13),
        13,
        11,
        7,
        smallest_mm=0.249,
        reader=zxingcpp.BarcodeFormat.EAN13,
    ),
    "ean8": Symbology(
        _retail(8, EuropeanArticleNumber8), 8, 7, 7, smallest_mm=0.249, reader=zxingcpp.BarcodeFormat.EAN8
    ),
    "upca": Symbology(
        _retail(12, UniversalProductCodeA), 12, 9, 9, smallest_mm=0.249, reader=zxingcpp.BarcodeFormat.UPCA
    ),
    # In general distribution ITF-14 is read from conveyors: GS1 wants 0.495 mm or more.
    # Printed without plates, its bearer bars are two modules thick (GS1 General Specifications, 5.3.2.4).
    "itf14": Symbology(
        _itf14, 14, 10, 10, preferred_mm=0.5, smallest_mm=0.495, reader=zxingcpp.BarcodeFormat.ITF, bearer=2
    ),
    # The standard kind: a reader of the extended one would take "+A" for "a".
    "code39": Symbology(_code39, 40, 10, 10, reader=zxingcpp.BarcodeFormat.Code39Std),
    "datamatrix": Symbology(
        _matrix(zxingcpp.BarcodeFormat.DataMatrix, 1, force_square=True),
        200,
        2,
        2,
        preferred_mm=0.625,
        smallest_mm=0.33,
    ),
    "gs1_datamatrix": Symbology(
        _matrix(zxingcpp.BarcodeFormat.DataMatrix, 1, gs1_mode=True, force_square=True),
        200,
        2,
        2,
        preferred_mm=0.625,
        smallest_mm=0.33,
    ),
    "qr": Symbology(
        _matrix(zxingcpp.BarcodeFormat.QRCode, 4, ec_level="M"), 300, 4, 4, preferred_mm=0.5, smallest_mm=0.33
    ),
    "gs1_qr": Symbology(
        _matrix(zxingcpp.BarcodeFormat.QRCode, 4, gs1_mode=True, ec_level="M"),
        300,
        4,
        4,
        preferred_mm=0.5,
        smallest_mm=0.33,
    ),
}


@lru_cache(maxsize=2048)
def encode(symbology: str, content: str) -> Symbol:
    """The symbol of a content, proven readable.

    Raises LabelRefused: unknown_symbology, empty, too_long, control_character, bad_characters,
    not_digits, wrong_check_digit, symbol_not_readable, and those of `gs1.parse_elements`.
    """
    rules = SYMBOLOGIES.get(symbology)
    if rules is None:
        raise LabelRefused("unknown_symbology", {"symbology": symbology})
    if not content:
        raise LabelRefused("empty")
    if len(content) > rules.longest:
        raise LabelRefused("too_long", {"limit": rules.longest})
    rows = rules.draw(content)
    if rules.reader is not None:
        _read_back(rows[0], content, rules.reader)
    quiet = (rules.quiet_left, rules.quiet_right)
    return Symbol(symbology, content, len(rows[0]), len(rows), *quiet, path_of(rows), rules.bearer)


def _read_back(modules: str, content: str, symbology: zxingcpp.BarcodeFormat) -> None:
    """Let the reader look at the bars of a linear symbol, with a white border, as an image."""
    border, lines = 12, 8
    line = f"{'0' * border}{modules}{'0' * border}".translate(_MODULE_TO_PIXEL).encode("latin-1")
    blank = b"\xff" * (len(line) * border)
    image = blank + line * lines + blank
    _require_reading(memoryview(image).cast("B", (lines + 2 * border, len(line))), content, symbology)


def _require_reading(image: object, content: str, symbology: zxingcpp.BarcodeFormat, *, gs1_mode: bool = False) -> None:
    found = zxingcpp.read_barcodes(
        image,
        formats=zxingcpp.BarcodeFormats([symbology]),
        try_rotate=False,
        try_downscale=False,
        try_invert=False,
        text_mode=zxingcpp.TextMode.Plain,
        is_pure=True,
    )
    # A UPC-A symbol is an EAN-13 symbol whose first digit is 0, and may be reported as one.
    allowed = {content, "0" + content} if symbology == zxingcpp.BarcodeFormat.UPCA else {content}
    is_gs1 = len(found) == 1 and found[0].content_type == zxingcpp.ContentType.GS1
    if len(found) != 1 or found[0].text not in allowed or is_gs1 != gs1_mode:
        raise LabelRefused("symbol_not_readable", {"content": content})


def path_of(rows: tuple[str, ...]) -> str:
    """Rows of modules, top to bottom, as PDF rectangles; see `Symbol.path`."""
    heads = _heads(len(rows[0]) + 1, len(rows))
    rectangles: list[str] = []
    place = 0
    # Splitting at light modules leaves one piece per dark run, empty where two light ones meet; a light module
    # between the rows ends the run at the end of each.
    for dark in "0".join(rows).split("0"):
        if dark:
            width = len(dark)
            rectangles.append(heads[place] + _TAILS[width])
            place += width
        place += 1
    return "\n".join(rectangles)


@lru_cache(maxsize=64)
def _heads(columns: int, rows: int) -> list[str]:
    """How the rectangle that begins at each module begins: a symbol has some hundred, and there are few sizes."""
    return [f"{left} {bottom} " for bottom in range(rows - 1, -1, -1) for left in range(columns)]


# How a rectangle of so many modules ends. No bar of any symbology is longer, nor the edge of any matrix.
_TAILS = [f"{width} 1 re" for width in range(200)]
