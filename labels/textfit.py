"""Fitting text into a box: wrapped, then shrunk within limits, then visibly cut with an ellipsis."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

from labels.typeface import (
    CAP_HEIGHT_EM,
    CJK_HEIGHT_EM,
    ELLIPSIS,
    FIRST_CJK,
    LAST_CJK,
    LINE_HEIGHT_EM,
    width_em,
)

_SHRINK_STEP = 0.92
# "Moreno Valley, CA 92551" reads better smaller than broken before the code: breaking a line must make the
# text so much larger to be worth it.
_WORTH_WRAPPING = 1.35
# After these a line may end; CJK characters are handled by their code points.
_BREAK_AFTER = frozenset(" -/,;·、，。；")
_NOT_AT_LINE_START = frozenset("、，。；：！？）》」』】…,.;:!?)")


class FittedText(NamedTuple):
    """Lines and the size in points at which they fit; `cut` says that an ellipsis replaced text."""

    lines: tuple[str, ...]
    size_pt: float
    cut: bool = False


def fit(
    paragraphs: tuple[str, ...],
    width_pt: float,
    height_pt: float,
    *,
    largest_pt: float,
    smallest_pt: float,
    most_lines: int,
) -> FittedText:
    """Set paragraphs as large as possible between the two sizes.

    One-line boxes shrink to the width; boxes of several lines wrap where that makes the text much larger, and
    shrink rather than break a word. At the smallest size what still does not fit is cut, its last shown line ending in an ellipsis.
    """
    size_pt = min(largest_pt, _size_for_height(paragraphs, height_pt))
    widest = width_em(paragraphs[0]) if len(paragraphs) == 1 else max(map(width_em, paragraphs))
    if len(paragraphs) <= most_lines and widest * size_pt <= width_pt and size_pt >= smallest_pt:
        return FittedText(paragraphs, size_pt)
    if most_lines == 1:
        return _fit_one_line(paragraphs, widest, width_pt, size_pt, smallest_pt)
    whole_pt = min(size_pt, width_pt / widest)
    # One paragraph with room for many lines is prose, which is there to be wrapped.
    prose = len(paragraphs) == 1 and most_lines > 3
    whole_is_possible = not prose and len(paragraphs) <= most_lines and whole_pt >= smallest_pt
    if whole_is_possible and _WORTH_WRAPPING * whole_pt >= largest_pt:
        return FittedText(paragraphs, whole_pt)
    wrapped = _fit_wrapped(paragraphs, width_pt, height_pt, largest_pt, smallest_pt, most_lines)
    if whole_is_possible and (wrapped.cut or wrapped.size_pt < _WORTH_WRAPPING * whole_pt):
        return FittedText(paragraphs, whole_pt)
    return wrapped


def _fit_wrapped(
    paragraphs: tuple[str, ...],
    width_pt: float,
    height_pt: float,
    largest_pt: float,
    smallest_pt: float,
    most_lines: int,
) -> FittedText:
    """Wrapped into as many lines as fit; words are broken only at the smallest size."""
    widest_word = max(bare for paragraph in paragraphs for _, _, bare in _measured(paragraph))
    size_pt = min(largest_pt, width_pt / widest_word) if widest_word else largest_pt
    while True:
        size_pt = max(size_pt, smallest_pt)
        lines = [line for paragraph in paragraphs for line in wrap(paragraph, width_pt / size_pt)]
        room = max(1, min(most_lines, _lines_within(height_pt, size_pt)))
        if len(lines) <= room:
            return FittedText(tuple(lines), size_pt)
        if size_pt == smallest_pt:
            last = shorten(lines[room - 1] + ELLIPSIS, width_pt / size_pt, always=True)
            return FittedText((*lines[: room - 1], last), size_pt, cut=True)
        size_pt *= _SHRINK_STEP


def _fit_one_line(
    paragraphs: tuple[str, ...], widest_em: float, width_pt: float, size_pt: float, smallest_pt: float
) -> FittedText:
    if len(paragraphs) == 1:
        shrunk = min(size_pt, width_pt / widest_em if widest_em else size_pt)
        if shrunk >= smallest_pt:
            return FittedText(paragraphs, shrunk)
    text = paragraphs[0] if len(paragraphs) == 1 else paragraphs[0] + ELLIPSIS
    return FittedText((shorten(text, width_pt / smallest_pt, always=False),), smallest_pt, cut=True)


def _size_for_height(lines: tuple[str, ...], height_pt: float) -> float:
    if len(lines) == 1:
        return height_pt / (CAP_HEIGHT_EM if lines[0].isascii() else CJK_HEIGHT_EM)
    tallest_em = CAP_HEIGHT_EM if all(map(str.isascii, lines)) else CJK_HEIGHT_EM
    return height_pt / (tallest_em + (len(lines) - 1) * LINE_HEIGHT_EM)


def _lines_within(height_pt: float, size_pt: float) -> int:
    return 1 + int(max(0.0, height_pt / size_pt - CAP_HEIGHT_EM) / LINE_HEIGHT_EM + 1e-9)


def shorten(text: str, width: float, *, always: bool) -> str:
    """Cut text to a width in em, ending in an ellipsis; with `always` it ends in one already."""
    if width_em(text) <= width and not always:
        return text
    body = text.removesuffix(ELLIPSIS)
    room = width - width_em(ELLIPSIS)
    while body and width_em(body) > room:
        body = body[:-1]
    return body.rstrip() + ELLIPSIS


def wrap(text: str, width: float) -> list[str]:
    """Break text into lines no wider than `width` em; a word wider than the line is broken anywhere."""
    if width_em(text) <= width:
        return [text]
    lines: list[str] = []
    line, line_width = "", 0.0
    for piece, piece_width, bare_width in _measured(text):
        rest, rest_width, rest_bare = piece, piece_width, bare_width
        if line and line_width + rest_bare > width:
            lines.append(line.rstrip())
            line, line_width = "", 0.0
        while not line and rest_bare > width:
            head = _longest_head(rest, width)
            lines.append(rest[:head])
            rest = rest[head:]
            rest_width, rest_bare = width_em(rest), width_em(rest.rstrip())
        line += rest
        line_width += rest_width
    if line.strip():
        lines.append(line.rstrip())
    return lines


@lru_cache(maxsize=4096)
def _measured(text: str) -> tuple[tuple[str, float, float], ...]:
    """The pieces of a text with their widths in em, with and without the space after them."""
    return tuple((piece, width_em(piece), width_em(piece.rstrip())) for piece in _pieces(text))


def _longest_head(word: str, width: float) -> int:
    """How many characters of an over-long word fit, at least one."""
    head = len(word) - 1
    while head > 1 and width_em(word[:head]) > width:
        head -= 1
    return head


def _pieces(text: str) -> list[str]:
    """Unbreakable pieces: words with the space after them, single CJK characters."""
    pieces: list[str] = []
    start = 0
    for place in range(1, len(text)):
        before, after = text[place - 1], text[place]
        cjk = _is_cjk(before) or _is_cjk(after)
        if after != " " and after not in _NOT_AT_LINE_START and (before in _BREAK_AFTER or cjk):
            pieces.append(text[start:place])
            start = place
    pieces.append(text[start:])
    return pieces


def _is_cjk(character: str) -> bool:
    return FIRST_CJK <= character <= LAST_CJK
