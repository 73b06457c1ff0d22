"""The house carrier: its numbers come from ranges of our own, so it always answers and never over a network."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import select

from wms.platform.counters import next_in_range
from wms.platform.database import session
from wms.platform.events import record
from wms.platform.statements import Statement
from wms.shipping.carriers.interface import Capabilities, CarrierFault, WaybillGranted, WaybillRequest
from wms.shipping.events import NumbersRunLow
from wms.shipping.models import Carrier, NumberRange, Parcel
from wms.shipping.rules import NumberForm, write_number


class HouseCarrier:
    """Draws from the carrier's active ranges, oldest first. Faults: `numbers_used_up`, retryable (add a range)."""

    def __init__(self, carrier: Carrier) -> None:
        self.carrier = carrier

    @property
    def capabilities(self) -> Capabilities:
        return Capabilities.from_data(self.carrier.capabilities)

    def create(self, request: WaybillRequest) -> WaybillGranted | CarrierFault:
        known = session().scalar(
            select(Parcel.tracking_number).where(
                Parcel.carrier_id == self.carrier.id,
                Parcel.client_reference == request.client_reference,
                Parcel.tracking_number.is_not(None),
            )
        )
        if known is not None:
            return WaybillGranted(known)
        granted = self.create_new([request])
        return granted if isinstance(granted, CarrierFault) else granted[0]

    def create_new(self, requests: Sequence[WaybillRequest]) -> list[WaybillGranted] | CarrierFault:
        """Numbers drawn before the ranges ran out are lost, as all that are drawn and not used."""
        ranges = self._ranges()
        drawn = [each for each in (_draw(ranges) for _ in requests) if each is not None]
        if drawn and drawn[-1].left <= max(known.low_water for known in ranges):
            _tell_once(drawn[-1], ranges)
        if len(drawn) < len(requests):
            return CarrierFault("numbers_used_up", retryable=True, params={"carrier": self.carrier.code})
        return [WaybillGranted(each.number) for each in drawn]

    def void(self, client_reference: str, tracking_number: str) -> CarrierFault | None:  # noqa: ARG002 - nobody to tell
        return None

    def _ranges(self) -> Sequence[NumberRange]:
        """The active ranges, the oldest first."""
        statement = select(NumberRange).where(NumberRange.carrier_id == self.carrier.id, NumberRange.is_active)
        return session().scalars(statement.order_by(NumberRange.created_at, NumberRange.id)).all()


class _Drawn(NamedTuple):
    """`left`: numbers behind this one, in its range and those after it."""

    number: str
    of: NumberRange
    left: int


def _draw(ranges: Sequence[NumberRange]) -> _Drawn | None:
    for place, each in enumerate(ranges):
        serial = each.first_serial + next_in_range(f"waybill:{each.id}") - 1
        if serial <= each.last_serial:
            behind = sum(later.last_serial - later.first_serial + 1 for later in ranges[place + 1 :])
            form = NumberForm(each.scheme, each.prefix, each.country, each.extension)
            return _Drawn(write_number(form, serial), each, each.last_serial - serial + behind)
    return None


# Numbers are taken in blocks by several processes: which of them draws the one at the mark, or whether any does, is chance.
# So whoever draws below it tells, unless it was told since the newest range came.
_TELLING = Statement("SELECT pg_try_advisory_xact_lock(hashtextextended(:name, 7))")
_TOLD = Statement(
    "SELECT 1 FROM event WHERE subject_kind = 'number_range' AND subject_id = ANY(CAST(:ranges AS uuid[]))"
    f" AND name = '{NumbersRunLow.name}' AND occurred_at >= :since LIMIT 1"
)


def _tell_once(drawn: _Drawn, ranges: Sequence[NumberRange]) -> None:
    """Announce that a carrier's ranges run out, once until they are filled up; nobody waits for who is at it."""
    if not _TELLING.scalar({"name": f"numbers:{drawn.of.carrier_id}"}):
        return
    since = max(each.created_at for each in ranges)
    if _TOLD.first({"ranges": [each.id for each in ranges], "since": since}) is None:
        record(NumbersRunLow(subject_id=drawn.of.id, warehouse_id=None, owner_id=None, left=drawn.left))
