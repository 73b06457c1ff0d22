"""What goes into one carton, and where: boxes into maximal free spaces.

A free space is the largest box at its place that touches nothing; placing a box cuts every space it meets into up to six
(Lai and Chan, 1997; Parreño et al., 2008). Kinds are placed in a given order, each unit (or a solid block of equal units)
into the space where its top is lowest, so that a carton fills from below. Nothing hangs in the air: at least half of a
box's base stands on the floor or on other boxes. Nothing is put above a fragile box.

Sizes in whole µm, the third axis up; weights in whole mg.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import Enum
from functools import cached_property
from itertools import permutations
from typing import Final, NamedTuple

Size3 = tuple[int, int, int]
Box = tuple[int, int, int, int, int, int]  # lower corner, upper corner

MAX_SPACES: Final = 60
INFINITE: Final = 1 << 60


@dataclass(frozen=True)
class Kind:
    """Equal units. `hazard`: goods of two different hazards never share a carton."""

    size: Size3
    weight: int
    upright: bool = False
    fragile: bool = False
    hazard: str | None = None

    @cached_property
    def turned(self) -> tuple[Size3, ...]:
        """Every way it may stand, each once."""
        width, length, height = self.size
        if self.upright:
            return tuple(dict.fromkeys([self.size, (length, width, height)]))
        return tuple(dict.fromkeys((a, b, c) for a, b, c in permutations(self.size)))

    @cached_property
    def volume(self) -> int:
        return self.size[0] * self.size[1] * self.size[2]

    @cached_property
    def smallest(self) -> int:
        return min(self.size)


@dataclass(frozen=True)
class Carton:
    """`limit`: gross weight at most. `cost` in whatever the caller counts."""

    inner: Size3
    empty: int
    limit: int
    cost: float = 0
    dangerous: bool = True

    @cached_property
    def volume(self) -> int:
        return self.inner[0] * self.inner[1] * self.inner[2]

    @property
    def room(self) -> int:
        """What the goods in it may weigh."""
        return self.limit - self.empty

    def takes(self, kind: Kind) -> bool:
        """Whether one unit fits alone."""
        if kind.weight > self.room or (kind.hazard is not None and not self.dangerous):
            return False
        width, length, height = self.inner
        return any(w <= width and d <= length and h <= height for w, d, h in kind.turned)


class Placed(NamedTuple):
    """`repeat` equal units side by side along each axis, from `corner`, each of `size` as it stands."""

    kind: int
    corner: Size3
    size: Size3
    repeat: Size3 = (1, 1, 1)

    @property
    def units_in_all(self) -> int:
        return self.repeat[0] * self.repeat[1] * self.repeat[2]

    def units(self) -> Iterator[tuple[Size3, Size3]]:
        """Corner and size of every unit, from below."""
        (x, y, z), (w, d, h), (across, deep, high) = self.corner, self.size, self.repeat
        for up in range(high):
            for back in range(deep):
                for right in range(across):
                    yield (x + right * w, y + back * d, z + up * h), self.size


@dataclass
class Content:
    """What one carton holds; `counts` by kind."""

    carton: int
    placed: list[Placed] = field(default_factory=list)
    counts: dict[int, int] = field(default_factory=dict)
    weight: int = 0
    volume: int = 0


class Places(Enum):
    """Which place is taken first. The top: where it is lowest. Snug: the lowest base, then the tightest space. Layer: the
    lowest base, then the way of standing of which most would cover the space's floor.
    """

    TOP = 0
    SNUG = 1
    LAYER = 2


@dataclass(frozen=True)
class Way:
    """How cartons are filled: kinds in this `order`, to these `places`; `blocks`: equal units as solid blocks."""

    order: tuple[int, ...]
    places: Places
    blocks: bool = False


@dataclass
class Work:
    """How many places are still tried; what is begun is finished."""

    left: int


def fill(kinds: Sequence[Kind], counts: Sequence[int], way: Way, carton: Carton, number: int, work: Work) -> Content:
    """As many units as go into a carton (`number` names it), in this way."""
    content, order = Content(number), way.order
    filling = _Filling(carton, content, kinds, way, work)
    hazard: str | None = None
    smallest = _smallest_after(kinds, counts, order)
    for place, index in enumerate(order):
        kind, left = kinds[index], counts[index]
        if not left or (kind.hazard and (not carton.dangerous or hazard not in (None, kind.hazard))):
            continue
        filling.smallest = smallest[place]
        while left:
            most = min(left, (carton.room - content.weight) // kind.weight) if kind.weight else left
            placed = filling.place(index, kind, most) if most > 0 else 0
            if not placed:
                break
            left -= placed
            hazard = hazard or kind.hazard
    return content


def _smallest_after(kinds: Sequence[Kind], counts: Sequence[int], order: Sequence[int]) -> list[int]:
    """For each place in the order, the smallest side of any unit from there on: thinner spaces are of no use."""
    found: list[int] = []
    least = 1 << 60
    for index in reversed(order):
        if counts[index]:
            least = min(least, kinds[index].smallest)
        found.append(least)
    return found[::-1]


def _top_first(z: int, h: int, wide: int, w: int, deep: int, d: int) -> tuple[int, int, int]:
    return z + h, z, min(wide - w, deep - d)


def _snug_first(z: int, h: int, wide: int, w: int, deep: int, d: int) -> tuple[int, int, int]:
    return z, min(wide - w, deep - d), z + h


def _layer_first(z: int, h: int, wide: int, w: int, deep: int, d: int) -> tuple[int, int, int]:
    return z, wide * deep - (wide // w * w) * (deep // d * d), z + h


_KEYS: Final = {Places.TOP: _top_first, Places.SNUG: _snug_first, Places.LAYER: _layer_first}


class _Filling:
    def __init__(self, carton: Carton, content: Content, kinds: Sequence[Kind], way: Way, work: Work) -> None:
        self.carton, self.content, self.kinds, self.way, self.work = carton, content, kinds, way, work
        self.spaces: list[Box] = [(0, 0, 0, *carton.inner)]
        self.tops: dict[int, list[tuple[int, int, int, int]]] = {}
        self.smallest = 0

    def place(self, index: int, kind: Kind, most: int) -> int:
        """Put one unit or one block of at most `most` into the best place; how many it was."""
        found = self._best(kind)
        if found is None:
            return 0
        space, (w, d, h) = found
        repeat = self._repeat(space, (w, d, h), most, kind) if self.way.blocks else (1, 1, 1)
        x, y, z = space[:3]
        box = (x, y, z, x + w * repeat[0], y + d * repeat[1], z + h * repeat[2])
        placed = Placed(index, (x, y, z), (w, d, h), repeat)
        content, count = self.content, placed.units_in_all
        content.placed.append(placed)
        content.counts[index] = content.counts.get(index, 0) + count
        content.weight += kind.weight * count
        content.volume += kind.volume * count
        self.tops.setdefault(box[5], []).append((box[0], box[1], box[3], box[4]))
        if kind.fragile:
            box = (*box[:5], self.carton.inner[2])
        self.spaces = _cut(self.spaces, box, self.smallest)
        return count

    def _best(self, kind: Kind) -> tuple[Box, Size3] | None:
        """The space and the way of standing that are best by the way's `places`."""
        best = (INFINITE, 0, 0, 0, 0)
        found: tuple[Box, Size3] | None = None
        self.work.left -= len(self.spaces)
        top, ceiling = self.way.places is Places.TOP, self.carton.inner[2]
        key_of = _KEYS[self.way.places]
        for space in self.spaces:
            x, y, z, far_x, far_y, far_z = space
            if z > best[0] or (kind.fragile and far_z < ceiling):  # something hangs over the space already
                continue
            wide, deep, high = far_x - x, far_y - y, far_z - z
            for turned in kind.turned:
                w, d, h = turned
                if w > wide or d > deep or h > high or (top and z + h > best[0]):
                    continue
                key = (*key_of(z, h, wide, w, deep, d), y, x)
                if key < best and (z == 0 or self._stands(x, y, z, w, d)):
                    best, found = key, (space, turned)
        return found

    def _repeat(self, space: Box, size: Size3, most: int, kind: Kind) -> Size3:
        """The block of units for a space: none above a fragile one, and each of the lowest standing by itself."""
        x, y, z = space[:3]
        w, d, h = size
        ceiling = z + h if kind.fragile else space[5]
        wide, deep, high = _block((*space[:5], ceiling), size, most, self.way.places is Places.LAYER)
        if z and not all(self._stands(x + i * w, y + j * d, z, w, d) for i in range(wide) for j in range(deep)):
            return 1, 1, min(most, (ceiling - z) // h)
        return wide, deep, high

    def _stands(self, x: int, y: int, z: int, w: int, d: int) -> bool:
        """Whether at least half of the base rests on tops at this height."""
        rests = 0
        for left, front, right, back in self.tops.get(z, ()):
            across = min(right, x + w) - max(left, x)
            along = min(back, y + d) - max(front, y)
            if across > 0 and along > 0:
                rests += across * along
        return 2 * rests >= w * d


def _block(space: Box, size: Size3, most: int, layers: bool) -> Size3:
    """How many units go into a solid block in a space: layer upon layer, or stacked first, then behind, then beside."""
    most_wide, most_deep, most_high = ((space[axis + 3] - space[axis]) // size[axis] for axis in range(3))
    if layers:
        wide = min(most, most_wide)
        deep = min(most // wide, most_deep)
        return wide, deep, min(most // (wide * deep), most_high)
    high = min(most, most_high)
    deep = min(most // high, most_deep)
    return min(most // (high * deep), most_wide), deep, high


def _cut(spaces: Sequence[Box], box: Box, smallest: int) -> list[Box]:
    """The free spaces after a box is placed; those thinner than `smallest` or inside another are dropped."""
    x0, y0, z0, x1, y1, z1 = box
    whole: list[Box] = []
    pieces: dict[Box, None] = {}
    for space in spaces:
        a0, b0, c0, a1, b1, c1 = space
        if x0 >= a1 or x1 <= a0 or y0 >= b1 or y1 <= b0 or z0 >= c1 or z1 <= c0:
            whole.append(space)
        else:
            pieces |= dict.fromkeys(_pieces(space, box, smallest))
    whole += [piece for piece in pieces if not _covered(piece, whole) and not _covered(piece, pieces)]
    if len(whole) > MAX_SPACES:
        whole.sort(key=_volume, reverse=True)
        del whole[MAX_SPACES:]
    return whole


def _pieces(space: Box, box: Box, smallest: int) -> Iterator[Box]:
    """What is left of a space on each side of a box in it."""
    a0, b0, c0, a1, b1, c1 = space
    x0, y0, z0, x1, y1, z1 = box
    if x0 - a0 >= smallest:
        yield a0, b0, c0, x0, b1, c1
    if a1 - x1 >= smallest:
        yield x1, b0, c0, a1, b1, c1
    if y0 - b0 >= smallest:
        yield a0, b0, c0, a1, y0, c1
    if b1 - y1 >= smallest:
        yield a0, y1, c0, a1, b1, c1
    if z0 - c0 >= smallest:
        yield a0, b0, c0, a1, b1, z0
    if c1 - z1 >= smallest:
        yield a0, b0, z1, a1, b1, c1


def _covered(piece: Box, spaces: Iterable[Box]) -> bool:
    """Whether a piece lies in one of the spaces, not counting itself."""
    a0, b0, c0, a1, b1, c1 = piece
    for x0, y0, z0, x1, y1, z1 in spaces:
        if (
            x0 <= a0
            and y0 <= b0
            and z0 <= c0
            and x1 >= a1
            and y1 >= b1
            and z1 >= c1
            and (x0, y0, z0, x1, y1, z1) != piece
        ):
            return True
    return False


def _volume(box: Box) -> int:
    return (box[3] - box[0]) * (box[4] - box[1]) * (box[5] - box[2])
