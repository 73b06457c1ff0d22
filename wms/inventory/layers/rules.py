"""How layers follow the moves of one pool: pure, one move after the other.

Goods are *waiting* at a dock, at inspection, at the returns desk; *shelved* anywhere else in the building; or *outside*.
A layer is opened when goods are first shelved and consumed, oldest first, when they leave the owner's stock. Goods that go
back to a waiting place keep their age. A reversal undoes what its posting did to the layers, and no other.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

WAITING_KINDS = frozenset({"dock", "inspection", "returns"})
# Days of age that a seller sees together; the day of putaway is day 1.
TIERS = ((1, 30), (31, 60), (61, 90), (91, 180), (181, 270), (271, 360), (361, None))


class Place(StrEnum):
    OUTSIDE = "outside"
    WAITING = "waiting"
    SHELVED = "shelved"


def place_of(location_kind: str | None) -> Place:
    """None: a counter-party."""
    if location_kind is None:
        return Place.OUTSIDE
    return Place.WAITING if location_kind in WAITING_KINDS else Place.SHELVED


def age_in_days(opened_on: date, today: date) -> int:
    return (today - opened_on).days + 1


def tier_of(age: int) -> int:
    """The number of the tier; goods put away today by a calendar ahead of ours are in the first."""
    return next(number for number, (_first, last) in enumerate(TIERS) if last is None or age <= last)


@dataclass
class OpenLayer:
    """A layer as far as it matters here. `is_new`: opened in this run."""

    id: uuid.UUID
    opened_on: date
    move_id: int
    posting_id: uuid.UUID
    quantity: int
    remaining: int
    is_new: bool = False


@dataclass(frozen=True)
class Passed:
    """One move of the pool. `source_kind` and `target_kind`: kinds of location, None outside. `carried`: dates and
    quantities that a conversion hands on to what it yields.
    """

    move_id: int
    posting_id: uuid.UUID
    day: date
    quantity: int
    source_kind: str | None
    target_kind: str | None
    reverses_id: uuid.UUID | None = None
    carried: Sequence[tuple[date, int]] = ()


@dataclass(frozen=True)
class Use:
    layer: OpenLayer
    move_id: int
    posting_id: uuid.UUID
    quantity: int


@dataclass
class Pool:
    """Layers in the order they are consumed. `given`: what earlier postings took, by posting, for reversals."""

    layers: list[OpenLayer] = field(default_factory=list)
    fresh: int = 0
    away: int = 0
    uses: list[Use] = field(default_factory=list)

    def follow(self, move: Passed, new_id: uuid.UUID, taken_before: Mapping[uuid.UUID, int]) -> list[tuple[date, int]]:
        """Apply one move. `taken_before`: of a reversal, what its posting took from which layer. Returns the dates and
        quantities that left.
        """
        source, target = place_of(move.source_kind), place_of(move.target_kind)
        if source is target:
            return []
        arriving = move.quantity
        if source is Place.WAITING:
            arriving, aged = self._leave_waiting(move)
        elif source is Place.SHELVED:
            arriving, aged = self._leave_shelf(move)
        else:
            aged = 0
        if target is Place.WAITING:
            self.fresh += arriving
            self.away += aged
            return []
        if target is Place.SHELVED:
            self._open(move, self._bring_back(move, arriving, taken_before), new_id)
            return []
        return self._consume(move, aged)

    def _leave_waiting(self, move: Passed) -> tuple[int, int]:
        """(never shelved, shelved before): at inspection more likely the latter, elsewhere the former."""
        first = (
            self.away
            if move.source_kind == "inspection" and move.reverses_id is None
            else move.quantity - min(self.fresh, move.quantity)
        )
        aged = min(first, move.quantity, self.away)
        fresh = move.quantity - aged
        self.away -= aged
        self.fresh -= fresh
        return fresh, aged

    def _leave_shelf(self, move: Passed) -> tuple[int, int]:
        """(as if never shelved, aged): a reversal closes what its posting opened."""
        left = move.quantity
        if move.reverses_id is not None:
            for layer in self.layers:
                if layer.posting_id == move.reverses_id and left:
                    undone = min(layer.remaining, left)
                    layer.remaining -= undone
                    layer.quantity -= undone
                    left -= undone
        return move.quantity - left, left

    def _bring_back(self, move: Passed, arriving: int, taken_before: Mapping[uuid.UUID, int]) -> int:
        """What a reversed posting took goes back where it was taken from; returns what is left to open."""
        if move.reverses_id is None or move.source_kind is not None:
            return arriving
        for layer in self.layers:
            back = min(taken_before.get(layer.id, 0), arriving, layer.quantity - layer.remaining)
            if back > 0:
                layer.remaining += back
                arriving -= back
                self.uses.append(Use(layer, move.move_id, move.posting_id, -back))
        return arriving

    def _open(self, move: Passed, quantity: int, new_id: uuid.UUID) -> None:
        for number, (day, share) in enumerate(self._dated(move, quantity)):
            layer_id = new_id if number == 0 else uuid.uuid5(new_id, str(number))
            layer = OpenLayer(layer_id, day, move.move_id, move.posting_id, share, share, is_new=True)
            place = next(
                (at for at, other in enumerate(self.layers) if (other.opened_on, other.move_id) > (day, move.move_id)),
                len(self.layers),
            )
            self.layers.insert(place, layer)

    @staticmethod
    def _dated(move: Passed, quantity: int) -> list[tuple[date, int]]:
        parts: list[tuple[date, int]] = []
        for day, share in move.carried:
            taken = min(share, quantity)
            if taken:
                parts.append((day, taken))
                quantity -= taken
        return [*parts, (move.day, quantity)] if quantity else parts

    def _consume(self, move: Passed, quantity: int) -> list[tuple[date, int]]:
        gone: list[tuple[date, int]] = []
        for layer in self.layers:
            if not quantity:
                break
            share = min(layer.remaining, quantity)
            if share:
                layer.remaining -= share
                quantity -= share
                self.uses.append(Use(layer, move.move_id, move.posting_id, share))
                gone.append((layer.opened_on, share))
        if quantity:
            raise ValueError(f"move {move.move_id} takes {quantity} more than the layers hold")
        return gone
