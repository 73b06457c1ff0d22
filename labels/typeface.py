"""The typeface: what it can draw, how wide, and the bytes that draw it in one document.

WenQuanYi Micro Hei is always embedded: a font the PDF only names prints nothing on a printer that
lacks it. One weight exists; emphasis is drawn by stroking the outlines.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Hashable, Sequence
from functools import cache, lru_cache
from itertools import groupby
from pathlib import Path

from reportlab.pdfbase.pdfdoc import PDFDocument
from reportlab.pdfbase.ttfonts import TTFont

FONT_FILE = Path(__file__).parent / "fonts" / "wqy-microhei.ttc"
COVERAGE_FILE = Path(__file__).parent / "fonts" / "coverage.txt"
CAP_HEIGHT_EM = 0.714
# Chinese characters, and capitals with accents, reach above and below capital letters.
CJK_HEIGHT_EM = 0.92
LINE_HEIGHT_EM = 1.2
ELLIPSIS = "…"
FIRST_CJK, LAST_CJK = "\u2e80", "\uffef"


@cache
def typeface() -> TTFont:
    """The font, read once per process (about 0.1 s)."""
    font = TTFont("WenQuanYiMicroHei", str(FONT_FILE), subfontIndex=0, asciiReadable=True)
    # Making a subset copies 4 MB of tables each time; and since all of ASCII is always in, bundles
    # without other characters share one subset.
    font.face.get_table = cache(font.face.get_table)
    font.face.makeSubset = _remembered(font.face.makeSubset)
    return font


def _remembered(make_subset: Callable[[Sequence[int]], bytes]) -> Callable[[Sequence[int]], bytes]:
    remembered = lru_cache(maxsize=32)(make_subset)
    return lambda characters: remembered(tuple(characters))


@cache
def widths_em() -> dict[str, float]:
    """Advance width in em of every character that can be drawn; what is not here is refused."""
    face = typeface().face
    return {
        character: face.charWidths.get(ord(character), face.defaultWidth) / 1000
        for character in map(chr, face.charToGlyph)
        if character in drawable()
    }


def drawable_in_font() -> frozenset[str]:
    """What `drawable` says, worked out from the font itself (0.25 s): made into a table by
    `write_coverage`, and compared with it by a test."""
    face = typeface().face
    return frozenset(
        chr(code)
        for code, glyph in face.charToGlyph.items()
        if glyph and _is_drawable(chr(code), has_outline=face.glyphPos[glyph] != face.glyphPos[glyph + 1])
    )


def _is_drawable(character: str, *, has_outline: bool) -> bool:
    category = unicodedata.category(character)
    if category == "Zs":
        return True
    return (
        has_outline
        and category[0] not in "CM"
        and category not in {"Zl", "Zp"}
        and unicodedata.bidirectional(character) not in {"R", "AL"}
    )


@cache
def drawable() -> frozenset[str]:
    """Every character that can be drawn, from a table beside the font: a web process that only asks
    whether a name can be printed need not read a font of 5 MB for it.

    Left out although the font maps them: outlines that are empty (they would print nothing), control
    and format characters, combining marks (of use only where `as_set` finds the whole letter) and right-to-left letters.
    """
    numbers = [int(each, 36) for each in COVERAGE_FILE.read_text(encoding="ascii").split()]
    characters: list[str] = []
    at = 0
    for gap, length in zip(numbers[::2], numbers[1::2], strict=True):
        characters += map(chr, range(at + gap, at + gap + length))
        at += gap + length
    return frozenset(characters)


def write_coverage() -> None:
    """Write the table: runs of drawable code points in order, each as the gap before it and its length,
    in base 36."""
    able = drawable_in_font()
    runs: list[str] = []
    at, last = 0, max(map(ord, able)) + 1
    while at < last:
        start = next(code for code in range(at, last) if chr(code) in able)
        end = next((code for code in range(start, last) if chr(code) not in able), last)
        runs.append(f"{_base36(start - at)} {_base36(end - start)}")
        at = end
    lines = [" ".join(runs[place : place + 16]) for place in range(0, len(runs), 16)]
    COVERAGE_FILE.write_text("\n".join(lines) + "\n", encoding="ascii")


def _base36(number: int) -> str:
    digits = ""
    while number or not digits:
        number, digit = divmod(number, 36)
        digits = "0123456789abcdefghijklmnopqrstuvwxyz"[digit] + digits
    return digits


def missing_glyphs(text: str) -> list[tuple[int, str]]:
    """The characters that cannot be printed, each with its 0-based position; [] when all can.

    For use at booking, so that a name is refused or romanised long before its label is needed.
    """
    able = drawable()
    if able.issuperset(text):
        return []
    found: list[tuple[int, str]] = []
    start = 0
    for character in _with_letters_of_the_font(text):
        if character not in able:
            place = text.find(character, start)
            if place < 0:  # a letter that the text has in pieces
                place = text.find(unicodedata.normalize("NFD", character)[0], start)
            found.append((place, character))
            start = place + 1
    return found


# The same to a reader: hyphens that only differ in where a line may end, the Hawaiian apostrophe, the Romanian T, whose comma
# was a cedilla for decades, and the capital of ß, which the law of 2017 allows beside SS.
_SAME_TO_A_READER = str.maketrans({"‐": "-", "‑": "-", "‒": "–", "ʻ": "'", "Ț": "Ţ", "ț": "ţ", "ẞ": "SS"})


def _with_letters_of_the_font(text: str) -> str:
    """The text with its letters whole: some systems write ü as u and a mark above it."""
    return unicodedata.normalize("NFC", text).translate(_SAME_TO_A_READER)


def as_set(text: str) -> str:
    """The text as it is set in type: every letter one that the font has, quotation marks as wide as their script."""
    if text.isascii():
        return text
    return with_narrow_quotes(text if drawable().issuperset(text) else _with_letters_of_the_font(text))


_NARROW = str.maketrans("‘’“”", "''\"\"")
_WIDE_QUOTE = re.compile(f"(?<![{FIRST_CJK}-{LAST_CJK}])[‘’“”](?![{FIRST_CJK}-{LAST_CJK}])")


def with_narrow_quotes(text: str) -> str:
    """The text as it is set: the font has only Chinese quotation marks, one em wide, and with such an apostrophe the word
    l’Étoile falls in two. Beside letters of other scripts they are set as ' and ".
    """
    if text.isascii() or not _WIDE_QUOTE.search(text):
        return text
    return _WIDE_QUOTE.sub(lambda found: found[0].translate(_NARROW), text)


def width_em(text: str) -> float:
    """Width of drawable text set at size 1; multiply by the size in points."""
    return sum(map(widths_em().__getitem__, text))


class FontInDocument:
    """The codes this document's font subsets give to characters; PDF text strings come from here."""

    def __init__(self, document: PDFDocument) -> None:
        self._document = document
        self._font = typeface()
        # Operators of texts already set in this document, by place and text; kept by `Sheet.write`.
        self.set_before: dict[Hashable, tuple[str, bool]] = {}
        self._names: dict[int, str] = {}
        self._codes = _CodeTable(self._font, document)
        self._font.splitString(" ", document)
        self._first_name = self._name(0)

    def runs(self, text: str) -> Sequence[tuple[str, str]]:
        """Pieces of the text as (font resource name, escaped PDF string without brackets)."""
        if text.isascii() and not ("(" in text or ")" in text or "\\" in text):
            # The font keeps ASCII at its own codes in its first subset.
            return ((self._first_name, text),)
        escaped = text.translate(self._codes)
        if not self._codes.beyond_first:
            return ((self._first_name, escaped),)
        return [
            (self._name(subset), "".join(characters).translate(self._codes))
            for subset, characters in groupby(text, key=lambda each: self._codes.subset_of[ord(each)])
        ]

    def _name(self, subset: int) -> str:
        name = self._names.get(subset)
        if name is None:
            name = self._names[subset] = str(self._font.getSubsetInternalName(subset, self._document))
        return name


class _CodeTable(dict[int, str]):
    """For str.translate: code point → escaped code in its subset, assigned at first use."""

    def __init__(self, font: TTFont, document: PDFDocument) -> None:
        super().__init__()
        self._font = font
        self._document = document
        self.subset_of: dict[int, int] = {}
        self.beyond_first = False

    def __missing__(self, code_point: int) -> str:
        [(subset, codes)] = self._font.splitString(chr(code_point), self._document)
        code = codes[0]
        plain = 32 <= code < 127 and code not in b"()\\"
        escaped = chr(code) if plain else f"\\{code:03o}"
        self[code_point] = escaped
        self.subset_of[code_point] = subset
        self.beyond_first = self.beyond_first or subset > 0
        return escaped
