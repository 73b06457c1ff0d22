"""A packing picture: how the goods of a plan stand in their box, drawn from above one corner, layer by layer. Pure.

Isometric: of every block the top and two sides are seen, drawn from the far lower corner to the near upper one, so that
what is in front covers what is behind. A layer is what stands at one height; each figure shows its own in colour and what
lies below in grey. Coordinates are whole units of a drawing whose longer side is about 400.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from math import sqrt
from typing import Final

SIZE: Final = 400
MOST_FIGURES: Final = 4
MOST_SINGLE: Final = 60  # with more units than this, blocks of equal ones are drawn as one
MOST_BLOCKS: Final = 150
WIDE: Final = sqrt(3) / 2
Point = tuple[float, float, float]
Size3 = tuple[int, int, int]


@dataclass(frozen=True)
class Face:
    """A polygon: `points` as SVG writes them; `side`: top, left or right; `line` of the product, 0 for the box itself."""

    points: str
    side: str
    line: int
    is_new: bool


@dataclass(frozen=True)
class Mark:
    """A product's number on top of a block, and how many units it is."""

    x: int
    y: int
    line: int
    units: int


@dataclass(frozen=True)
class Figure:
    """One layer, or a few; `units` that go in with it."""

    faces: list[Face]
    marks: list[Mark]
    units: int


@dataclass(frozen=True)
class Picture:
    width: int
    height: int
    back: list[str]  # the box's floor and two far walls
    figures: list[Figure]


@dataclass(frozen=True)
class _Block:
    line: int
    corner: Size3
    far: Size3
    units: int


def draw(inner_mm: Sequence[int], goods: Sequence[Sequence[int]]) -> Picture | None:
    """`goods`: blocks [line, x, y, z, w, d, h, across, deep, high] as `outbound.boxing` plans them, in mm. None where there
    are too many to be seen.
    """
    if len(goods) > MOST_BLOCKS:
        return None
    length, width, height = inner_mm
    return _draw((length, width, height), tuple(map(tuple, goods)))


@lru_cache(maxsize=256)  # the same plan is shown again after each scan
def _draw(inner_mm: Size3, goods: tuple[tuple[int, ...], ...]) -> Picture:
    blocks = _from_behind(_blocks(goods))
    canvas = _Canvas(inner_mm)
    length, width, height = inner_mm
    back = [
        canvas.polygon([(0, 0, 0), (length, 0, 0), (length, width, 0), (0, width, 0)]),
        canvas.polygon([(0, 0, 0), (length, 0, 0), (length, 0, height), (0, 0, height)]),
        canvas.polygon([(0, 0, 0), (0, width, 0), (0, width, height), (0, 0, height)]),
    ]
    return Picture(canvas.width, canvas.height, back, [_figure(canvas, blocks, heights) for heights in _layers(blocks)])


def _blocks(goods: Sequence[Sequence[int]]) -> list[_Block]:
    """Every unit for itself, unless they are too many to be told apart."""
    total = sum(across * deep * high for *_, across, deep, high in goods)
    found = []
    for line, x, y, z, w, d, h, across, deep, high in goods:
        if total > MOST_SINGLE:
            far = (x + w * across, y + d * deep, z + h * high)
            found.append(_Block(line, (x, y, z), far, across * deep * high))
            continue
        for i in range(across):
            for j in range(deep):
                for k in range(high):
                    corner = (x + i * w, y + j * d, z + k * h)
                    found.append(_Block(line, corner, (corner[0] + w, corner[1] + d, corner[2] + h), 1))
    return found


def _layers(blocks: Sequence[_Block]) -> list[set[int]]:
    """The heights at which blocks stand, from below; put together where there are more than fit on a screen."""
    heights = sorted({block.corner[2] for block in blocks})
    count = min(MOST_FIGURES, len(heights))
    edges = [round(place * len(heights) / count) for place in range(count + 1)] if count else []
    return [set(heights[first:last]) for first, last in pairwise(edges)]


def _figure(canvas: _Canvas, blocks: Sequence[_Block], heights: set[int]) -> Figure:
    top = max(heights)
    shown = [block for block in blocks if block.corner[2] <= top]
    faces: list[Face] = []
    marks: list[Mark] = []
    for block in shown:
        is_new = block.corner[2] in heights
        faces += [Face(points, side, block.line, is_new) for side, points in canvas.faces(block)]
        if is_new and not any(_is_on(other, block) for other in shown):
            x, y = canvas.place(
                ((block.corner[0] + block.far[0]) / 2, (block.corner[1] + block.far[1]) / 2, block.far[2])
            )
            marks.append(Mark(x, y, block.line, block.units))
    return Figure(faces, marks, sum(block.units for block in shown if block.corner[2] in heights))


def _is_on(one: _Block, other: _Block) -> bool:
    """Whether `one` hides the middle of the other's top."""
    middle = [(low + high) / 2 for low, high in zip(other.corner, other.far, strict=True)]
    return one.corner[2] >= other.far[2] and all(one.corner[axis] < middle[axis] < one.far[axis] for axis in (0, 1))


def _from_behind(blocks: Sequence[_Block]) -> list[_Block]:
    """Such an order that no block is drawn over one that stands before it: first those with nothing undrawn behind."""
    behind = dict.fromkeys(range(len(blocks)), 0)
    before: dict[int, list[int]] = {place: [] for place in behind}
    for one in behind:
        for other in behind:
            if one != other and _is_behind(blocks[one], blocks[other]):
                before[one].append(other)
                behind[other] += 1
    found: list[_Block] = []
    while behind:
        # Blocks that cover each other in a ring have no right order: the farthest of the least covered is as good as any.
        first = min(behind, key=lambda place: (behind[place], sum(blocks[place].corner), place))
        del behind[first]
        found.append(blocks[first])
        for other in before[first]:
            if other in behind:
                behind[other] -= 1
    return found


def _is_behind(one: _Block, other: _Block) -> bool:
    """Whether `one` must be drawn before `other`: it ends where the other begins, on some axis, and lies behind on none."""
    before = any(one.far[axis] <= other.corner[axis] for axis in range(3))
    after = any(other.far[axis] <= one.corner[axis] for axis in range(3))
    return before and not after


class _Canvas:
    """From mm in the box to units of the drawing: x runs to the right and down, y to the left and down, z up."""

    def __init__(self, inner_mm: Sequence[int]) -> None:
        length, width, height = inner_mm
        self.scale = SIZE / max((length + width) * WIDE, (length + width) / 2 + height)
        self.middle = width * WIDE
        self.lid = height
        self.width = round((length + width) * WIDE * self.scale) + 8
        self.height = round(((length + width) / 2 + height) * self.scale) + 8

    def place(self, point: Point) -> tuple[int, int]:
        x, y, z = point
        across, down = (x - y) * WIDE + self.middle, (x + y) / 2 + self.lid - z
        return round(across * self.scale) + 4, round(down * self.scale) + 4

    def polygon(self, points: Sequence[Point]) -> str:
        return " ".join(f"{x},{y}" for x, y in map(self.place, points))

    def faces(self, block: _Block) -> list[tuple[str, str]]:
        (x, y, z), (a, b, c) = block.corner, block.far
        return [
            ("left", self.polygon([(x, b, z), (a, b, z), (a, b, c), (x, b, c)])),
            ("right", self.polygon([(a, y, z), (a, b, z), (a, b, c), (a, y, c)])),
            ("top", self.polygon([(x, y, c), (a, y, c), (a, b, c), (x, b, c)])),
        ]
