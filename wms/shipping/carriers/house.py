"""The house carrier: its numbers come from ranges of our own, so it always answers and never over a network."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select

from wms.platform.counters import next_in_range
from wms.platform.database import session
from wms.platform.events import record
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
        number = self._draw(self._ranges())
        if number is None:
            return CarrierFault("numbers_used_up", retryable=True, params={"carrier": self.carrier.code})
        return WaybillGranted(number)

    def create_new(self, requests: Sequence[WaybillRequest]) -> list[WaybillGranted] | CarrierFault:
        """Numbers drawn before the ranges ran out are lost, as all that are drawn and not used."""
        ranges = self._ranges()
        numbers = [self._draw(ranges) for _ in requests]
        if None in numbers:
            return CarrierFault("numbers_used_up", retryable=True, params={"carrier": self.carrier.code})
        return [WaybillGranted(number) for number in numbers if number is not None]

    def void(self, client_reference: str, tracking_number: str) -> CarrierFault | None:  # noqa: ARG002 - nobody to tell
        return None

    def _ranges(self) -> Sequence[NumberRange]:
        """The active ranges, the oldest first."""
        statement = select(NumberRange).where(NumberRange.carrier_id == self.carrier.id, NumberRange.is_active)
        return session().scalars(statement.order_by(NumberRange.created_at, NumberRange.id)).all()

    def _draw(self, ranges: Sequence[NumberRange]) -> str | None:
        for each in ranges:
            serial = each.first_serial + next_in_range(f"waybill:{each.id}") - 1
            if serial <= each.last_serial:
                left = each.last_serial - serial
                if left == each.low_water:
                    record(NumbersRunLow(subject_id=each.id, warehouse_id=None, owner_id=None, left=left))
                return write_number(NumberForm(each.scheme, each.prefix, each.country, each.extension), serial)
        return None
