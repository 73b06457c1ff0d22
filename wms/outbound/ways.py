"""Ways out of a shortage: which of them are open to an order that lacks goods, and why the others are not. Pure."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class Way(StrEnum):
    """What a person can do about it. `HOLD` and the others are undone by: ending the hold; `BINS` after `FACE`, and `FACE`
    after `BINS`; joining the parts of `SPLIT` again.
    """

    BINS = "bins"  # take it from other bins: also from reserve that a walk would bring to a pick face
    FACE = "face"  # fill the pick face first, and wait for that
    SPLIT = "split"  # send what is there; the rest is a back order
    HOLD = "hold"  # no work on it until somebody has looked


class Stage(StrEnum):
    """Where an order stands that lacks goods."""

    SHORT = "short"  # nothing is promised to it
    PLANNED = "planned"  # promised, on no walk yet
    WALKED = "walked"  # on a walk, or begun


@dataclass(frozen=True)
class Lack:
    """What a demand lacks, all in units. `wanted`: of it; `done`: picked, or standing in a bin that is kept for it.

    `free`: of its product and nobody's (not promised to others where the order is short; in bins otherwise), of which
    `in_faces` stand in pick faces; `coming`: under way to these; `in_hand`: somebody walks with them. `has_face`: the
    product is picked from faces. `is_pinned`: the line asks for a batch, a day or a quality.
    """

    demand_id: uuid.UUID
    product_id: uuid.UUID
    sku: str
    wanted: int
    done: int
    free: int
    in_faces: int = 0
    coming: int = 0
    in_hand: bool = False
    has_face: bool = False
    is_pinned: bool = False

    @property
    def missing(self) -> int:
        return self.wanted - self.done


@dataclass(frozen=True)
class Offer:
    """One way, whether it is open (`why` is empty), and the figures of its explanation."""

    way: Way
    why: str = ""
    params: dict[str, Any] = field(default_factory=dict)

    @property
    def is_open(self) -> bool:
        return not self.why


def lacks_goods(stage: Stage, lacks: Sequence[Lack]) -> bool:
    """Whether there is anything to decide: bins do not suffice, or what would is still on its way to a face."""
    if stage is not Stage.PLANNED:
        return any(each.missing > 0 for each in lacks)
    there = available(lacks)
    return any(each.missing > there[each.demand_id] or _waits(each) for each in lacks)


def _waits(lack: Lack) -> bool:
    return lack.missing > lack.in_faces and lack.coming > 0


def available(lacks: Sequence[Lack]) -> dict[uuid.UUID, int]:
    """Units by demand that could be taken now; demands of one product share what is free in their order."""
    left: dict[uuid.UUID, int] = {}
    found: dict[uuid.UUID, int] = {}
    for each in lacks:
        free = left.setdefault(each.product_id, max(0, each.free))
        found[each.demand_id] = min(free, max(0, each.missing))
        left[each.product_id] = free - found[each.demand_id]
    return found


def sendable(lacks: Sequence[Lack], stage: Stage) -> dict[uuid.UUID, int]:
    """Units of each demand that go when the order is split: what it has, and before its walk what bins can give."""
    there = available(lacks) if stage is not Stage.WALKED else {}
    return {each.demand_id: each.done + there.get(each.demand_id, 0) for each in lacks}


def ways_out(lacks: Sequence[Lack], stage: Stage, *, may_split: bool, is_held: bool) -> list[Offer]:
    """All four, in the order in which they cost the buyer least."""
    found = [_bins(lacks), _face(lacks, stage), _split(lacks, stage, may_split), Offer(Way.HOLD)]
    return [Offer(each.way, "already_held", each.params) if is_held else each for each in found]


def _missing(lacks: Sequence[Lack]) -> int:
    return sum(max(0, each.missing) for each in lacks)


def _bins(lacks: Sequence[Lack]) -> Offer:
    params = {"missing": _missing(lacks), "free": sum(available(lacks).values())}
    coming = _total({each.product_id: each.coming for each in lacks if _waits(each)})
    if coming:
        return Offer(
            Way.BINS, "walk_in_hand" if any(each.in_hand for each in lacks) else "", params | {"coming": coming}
        )
    if params["free"] < params["missing"]:
        return Offer(Way.BINS, "no_other_bins", params)
    return Offer(Way.BINS, "", params)


def _face(lacks: Sequence[Lack], stage: Stage) -> Offer:
    faced = [each for each in lacks if each.has_face and not each.is_pinned and each.missing > each.in_faces]
    reserve = _total({each.product_id: max(0, each.free - each.in_faces) for each in faced})
    params = {"reserve": reserve, "coming": _total({each.product_id: each.coming for each in faced})}
    if not any(each.has_face for each in lacks):
        return Offer(Way.FACE, "no_pick_face", params)
    if stage is Stage.SHORT or not reserve:
        return Offer(Way.FACE, "already_coming" if params["coming"] else "nothing_in_reserve", params)
    return Offer(Way.FACE, "", params)


def _total(units: dict[uuid.UUID, int]) -> int:
    """Over products: a product that several demands ask for counts once."""
    return sum(units.values())


def _split(lacks: Sequence[Lack], stage: Stage, may_split: bool) -> Offer:
    now = sum(sendable(lacks, stage).values())
    params = {"now": now, "later": sum(each.wanted for each in lacks) - now}
    if not may_split:
        return Offer(Way.SPLIT, "goes_whole", params)
    if not now or not params["later"]:
        return Offer(Way.SPLIT, "no_part_there" if not now else "all_there", params)
    if stage is not Stage.SHORT and any(each.is_pinned for each in lacks if each.missing > 0):
        return Offer(Way.SPLIT, "line_is_pinned", params)
    return Offer(Way.SPLIT, "", params)
