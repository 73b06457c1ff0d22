"""What a waybill costs by its carrier's own word, kept with its parcel as the waybill comes (decision 126)."""

from __future__ import annotations

from sqlalchemy.dialects.postgresql import insert

from wms.core import clock
from wms.platform.database import session
from wms.shipping import queries
from wms.shipping.carriers.interface import CarrierFault, Charged
from wms.shipping.models import CostSource, Parcel, ParcelCost, Shipment


def keep_cost(shipment: Shipment, parcel: Parcel, charged: Charged | CarrierFault | None) -> None:
    """What the carrier charges, or what it had quoted where it does not say, or what it says cannot be read; nothing where
    there is neither. The caller holds both.

    The quote was of the whole order: it stands with the first parcel of the shipment.
    """
    quoted = _quoted(shipment)
    if quoted is not None and queries.live_parcels(shipment.id)[0].id != parcel.id:
        quoted = None
    price = charged if isinstance(charged, Charged) else quoted
    if price is None:
        return
    source = CostSource.WAYBILL if price is charged else CostSource.QUOTE
    values = {
        "parcel_id": parcel.id, "source": source.value, "currency": price.currency, "total_minor": price.total_minor,
        "surcharges": [list(each) for each in price.surcharges],
        "quoted_currency": quoted.currency if quoted else None, "quoted_minor": quoted.total_minor if quoted else None,
        "fault": _field(charged)[:40] if isinstance(charged, CarrierFault) else None, "said_at": clock.now(),
    }  # fmt: skip
    session().execute(insert(ParcelCost).values(values).on_conflict_do_nothing())


def _field(fault: CarrierFault) -> str:
    return str(fault.params.get("field", fault.code))


def _quoted(shipment: Shipment) -> Charged | None:
    """What the carrier had said of the service that was chosen, where its own word was compared."""
    choice = shipment.choice or {}
    for offer in choice.get("offers", []):
        if offer["service"] == choice["taken"] and offer.get("by") == "carrier" and "minor" in offer:
            return Charged(offer["currency"], offer["minor"])
    return None
