"""Two thousand contents that nobody chose: each with the symbology, resolution, offset and mode that its hash draws."""

from __future__ import annotations

import hashlib
import random
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from labels import Label, LabelRefused, LocationLabel, PageInfo, ProductLabel, Size, ToteLabel
from labels.barcodes import SYMBOLOGIES, Symbol, code128_modules, encode, path_of
from labels.bundle import Code
from labels.geometry import Box
from labels.gs1 import check_digit
from labels.media import POINTS_PER_MM, SUPPORTED_DPI, Resolution
from labels.placement import DotBox, Placement, fit_symbol
from labels.sheet import Sheet
from labels.typeface import drawable
from tests.labels.reading import OFFSETS

COUNT = 2000
# Room for the longest: a QR code of 300 characters, bars of 80.
PAGE = Size(260, 60)
ROOM = Box(2, 2, 256, 56)

DIGITS = "0123456789"
UPPER = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
PRINTABLE = "".join(map(chr, range(32, 127)))
CONTROLS = "".join(map(chr, range(32))) + "\x7f"
SCRIPTS = (
    "中文保税仓库拣货区面单",
    "日本語倉庫ラベル",
    "한국어창고",
    "ΑΒΓαβγΩω",
    "АБВгдежЯя",
    "ÄÖÜßéèçñ",
    "abc 123",
    "①②№™©×·",
)


@dataclass(frozen=True, slots=True)
class Case:
    """One content and how it is looked at."""

    symbology: str
    content: str
    dpi: int
    offset: tuple[float, float]
    one_bit: bool


def cases(count: int = COUNT) -> Iterator[Case]:
    """The same contents at every run; whichever is refused for its form is made again."""
    chance = random.Random("labels that always scan")
    makers = list(MAKERS.items())
    number = 0
    while number < count:
        name, make = makers[number % len(makers)]
        content = make(chance)
        symbology = name.split(" ")[0]
        digest = hashlib.sha256(f"{symbology}\0{content}".encode()).digest()
        yield Case(
            symbology,
            content,
            SUPPORTED_DPI[digest[0] % 3],
            OFFSETS[digest[1] % len(OFFSETS)],
            one_bit=bool(digest[2] % 2),
        )
        number += 1


def _of(alphabet: str, shortest: int, longest: int) -> Callable[[random.Random], str]:
    return lambda chance: "".join(
        chance.choices(alphabet, k=chance.choice((shortest, longest, chance.randint(shortest, longest))))
    )


def _switches(chance: random.Random) -> str:
    """Runs of one kind after another: every change between the code sets A, B and C."""
    runs = (DIGITS, UPPER, "abc{}~", "\x00\x01\x1f\t", "99")
    return "".join(
        "".join(chance.choices(chance.choice(runs), k=chance.randint(1, 5))) for _ in range(chance.randint(2, 8))
    )[:60]


def _number(length: int) -> Callable[[random.Random], str]:
    def make(chance: random.Random) -> str:
        payload = "".join(chance.choices(DIGITS, k=length - 1))
        return payload + check_digit(payload)

    return make


def _elements(chance: random.Random) -> str:
    """GS1 element strings with and without separators, up to the 48 characters that GS1-128 takes."""
    sscc, gtin = _number(18)(chance), _number(14)(chance)
    batch = "".join(chance.choices(UPPER + DIGITS + "-./%", k=chance.randint(1, 12)))
    serial = "".join(chance.choices(DIGITS, k=chance.randint(1, 8)))
    return chance.choice(
        (f"(00){sscc}", f"(01){gtin}(10){batch}(21){serial}", f"(01){gtin}(17)280930(10){batch}", f"(10){batch}(21){serial}",
         f"(02){gtin}(37){serial}(10){batch}")
    )  # fmt: skip


MAKERS: dict[str, Callable[[random.Random], str]] = {
    "code128 printable": _of(PRINTABLE, 1, 80),
    "code128 digits": _of(DIGITS, 1, 80),
    "code128 99": lambda chance: "99" + _of(PRINTABLE, 1, 30)(chance),
    "code128 999": lambda chance: "99" * chance.randint(1, 20) + _of(DIGITS, 1, 4)(chance),
    "code128 switches": _switches,
    "code128 controls": _of(CONTROLS + "aA1", 1, 40),
    "gs1_128": _elements,
    "ean13": _number(13),
    "ean8": _number(8),
    "upca": _number(12),
    "itf14": _number(14),
    "code39": _of(UPPER + DIGITS + "-. $/+%", 1, 40),
    "datamatrix short": _of(PRINTABLE, 1, 40),
    "datamatrix long": _of(PRINTABLE, 40, 200),
    "gs1_datamatrix": _elements,
    "qr short": _of(PRINTABLE, 1, 40),
    "qr long": _of(UPPER + DIGITS, 40, 300),
    # rxing loses its way after some '%' in GS1 QR; ZXing's JavaScript port reads those too (tried by hand).
    "gs1_qr": lambda chance: _elements(chance).replace("%", "/"),
}


def symbol_of(case: Case) -> Symbol:
    """As `encode`, but with the control characters that no label may carry and Code 128 can."""
    if case.symbology == "code128" and not case.content.isprintable():
        modules = code128_modules(case.content)
        return Symbol("code128", case.content, len(modules), 1, 10, 10, path_of((modules,)))
    return encode(case.symbology, case.content)


class _NoDocument:
    """A page that holds a symbol and nothing else needs no font and no pictures."""

    font = None

    def picture(self, _raster: object) -> str:
        raise AssertionError


def page_of(case: Case) -> tuple[bytes, PageInfo]:
    """The operators of a page with one symbol, and where it stands."""
    resolution = Resolution(case.dpi)
    symbol = symbol_of(case)
    placed = fit_symbol(symbol, DotBox.inside(ROOM, resolution), resolution, None)
    if placed is None:
        raise LabelRefused("code_does_not_fit", {"content": case.content})
    sheet = Sheet(PAGE, resolution, _NoDocument())  # type: ignore[arg-type]
    sheet.symbol(placed)
    return sheet.operators(), _info(case, placed, resolution)


def _info(case: Case, placed: Placement, resolution: Resolution) -> PageInfo:
    code = Code(case.symbology, case.content)
    return PageInfo(PAGE.width_mm, PAGE.height_mm, (code,), ((placed, (0, 0)),), resolution.dot_mm)


def document_of(pages: Sequence[bytes]) -> bytes:
    """A PDF of content streams, written here: nothing that writes our bundles has a hand in it."""
    box = f"[0 0 {PAGE.width_mm * POINTS_PER_MM:.4f} {PAGE.height_mm * POINTS_PER_MM:.4f}]"
    parts = [b"%PDF-1.7\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n"]
    kids = " ".join(f"{3 + 2 * place} 0 R" for place in range(len(pages)))
    parts.append(f"2 0 obj<</Type/Pages/Kids[{kids}]/Count {len(pages)}>>endobj\n".encode())
    for place, operators in enumerate(pages):
        packed, page = zlib.compress(operators), 3 + 2 * place
        parts.append(f"{page} 0 obj<</Type/Page/Parent 2 0 R/MediaBox{box}/Contents {page + 1} 0 R>>endobj\n".encode())
        parts.append(
            b"%d 0 obj<</Filter/FlateDecode/Length %d>>stream\n%b\nendstream endobj\n" % (page + 1, len(packed), packed)
        )
    return b"".join([*parts, b"trailer<</Root 1 0 R>>\n%%EOF\n"])


def mixed_labels(count: int) -> list[Label]:
    """Labels whose texts mix scripts, and whose codes must not care."""
    chance = random.Random("mixed scripts")
    able = sorted(drawable())
    labels: list[Label] = []
    for number in range(count):
        words = " ".join(chance.choices(SCRIPTS, k=chance.randint(1, 4))) + "".join(chance.choices(able, k=6))
        barcode = _of(UPPER + DIGITS + "-", 1, 24)(chance)
        labels.append(
            (
                ProductLabel(barcode=barcode, sku=words[:60], name=words * 3, lot=words[:30], owner_code=words[:10]),
                LocationLabel(code=words[:20] or "A", barcode=barcode, zone=words[:20], note=words[:30]),
                ToteLabel(code=words[:20], barcode=barcode, note=words[:30]),
            )[number % 3]
        )
    return labels


assert set(SYMBOLOGIES) == {name.split(" ")[0] for name in MAKERS}
