"""Reads of what parcels cost by their carriers' word, and how that compares with what was quoted."""

from __future__ import annotations

import uuid
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import and_, exists, func, select
from sqlalchemy.orm import aliased

from wms.core import clock
from wms.core.actor import Actor
from wms.identity.models import Seller
from wms.platform.database import session
from wms.shipping.models import CostSource, Parcel, ParcelCost, ParcelState, Shipment


@dataclass(frozen=True)
class CostOfParcel:
    """What one parcel costs. `source`: `CostSource`; money in minor units; `fault`: the field that could not be read."""

    parcel_id: uuid.UUID
    n: int
    tracking_number: str | None
    source: str
    currency: str
    total_minor: int
    surcharges: list[list[str | int]]
    quoted_currency: str | None
    quoted_minor: int | None
    fault: str | None
    said_at: datetime

    @property
    def more_minor(self) -> int | None:
        """What the carrier charges above its quote, negative below; None where that is no comparison."""
        same = self.source == CostSource.WAYBILL.value and self.quoted_currency == self.currency
        return self.total_minor - self.quoted_minor if same and self.quoted_minor is not None else None


@dataclass(frozen=True)
class CostsOfShipment:
    """`missing`: how many of its parcels with a number have no price. `total_minor`, `currency`: of those that have one; None
    where their currencies differ.
    """

    parcels: list[CostOfParcel]
    missing: int

    @property
    def currency(self) -> str | None:
        currencies = {each.currency for each in self.parcels}
        return currencies.pop() if len(currencies) == 1 else None

    @property
    def total_minor(self) -> int | None:
        return sum(each.total_minor for each in self.parcels) if self.currency else None

    @property
    def quoted(self) -> tuple[int, str] | None:
        """What was quoted for the whole, and its currency."""
        for each in self.parcels:
            if each.quoted_minor is not None and each.quoted_currency is not None:
                return each.quoted_minor, each.quoted_currency
        return None

    @property
    def more_minor(self) -> int | None:
        """What all of it costs above the quote; None while a price is missing, or where nothing can be compared."""
        quoted, charged = self.quoted, [each.source == CostSource.WAYBILL.value for each in self.parcels]
        if self.missing or quoted is None or self.total_minor is None or quoted[1] != self.currency or not all(charged):
            return None
        return self.total_minor - quoted[0]


def may_see(actor: Actor, seller_ids: Collection[uuid.UUID]) -> set[uuid.UUID]:
    """The sellers of whose parcels this actor sees the costs: staff of all, a seller of their own where the operator lets it."""
    if actor.is_staff:
        return set(seller_ids)
    shown = select(Seller.id).where(Seller.id.in_(seller_ids), Seller.sees_carrier_costs)
    return set(session().scalars(shown)) if seller_ids else set()


_LIVE = and_(Parcel.state != ParcelState.VOIDED.value, Parcel.tracking_number.is_not(None))


def costs_of(actor: Actor, shipment: Shipment) -> CostsOfShipment | None:
    """What the parcels of a shipment cost, by n; None where no carrier said a price, or the actor does not see it."""
    if not may_see(actor, [shipment.owner_id]):
        return None
    rows = session().execute(
        select(Parcel, ParcelCost).outerjoin(ParcelCost, ParcelCost.parcel_id == Parcel.id)
        .where(Parcel.shipment_id == shipment.id, _LIVE).order_by(Parcel.n)
    ).all()  # fmt: skip
    found = [_cost(parcel, cost) for parcel, cost in rows if cost is not None]
    return CostsOfShipment(found, len(rows) - len(found)) if found else None


def _cost(parcel: Parcel, cost: ParcelCost) -> CostOfParcel:
    return CostOfParcel(
        parcel.id, parcel.n, parcel.tracking_number, cost.source, cost.currency, cost.total_minor, cost.surcharges,
        cost.quoted_currency, cost.quoted_minor, cost.fault, cost.said_at,
    )  # fmt: skip


def costs_by_parcel(actor: Actor, shipments: Collection[Shipment]) -> dict[uuid.UUID, CostOfParcel]:
    """The costs of the parcels of these shipments that the actor sees, by parcel."""
    owners = may_see(actor, {each.owner_id for each in shipments})
    seen = [each.id for each in shipments if each.owner_id in owners]
    if not seen:
        return {}
    rows = session().execute(
        select(Parcel, ParcelCost)
        .join(ParcelCost, ParcelCost.parcel_id == Parcel.id)
        .where(Parcel.shipment_id.in_(seen))
    )
    return {parcel.id: _cost(parcel, cost) for parcel, cost in rows}


@dataclass(frozen=True)
class Kept:
    """How a carrier kept to its quotes, in one currency, over the waybills that had one: sums in minor units."""

    currency: str
    waybills: int
    dearer: int
    quoted_minor: int
    charged_minor: int


def kept_to_quotes(carrier_id: uuid.UUID, since: timedelta = timedelta(days=1)) -> list[Kept]:
    """By currency, of shipments of one parcel: of others the quote is of all of them."""
    cost, other = ParcelCost, aliased(Parcel)
    besides = exists().where(
        other.shipment_id == Parcel.shipment_id, other.id != Parcel.id, other.state != ParcelState.VOIDED.value
    )
    statement = (
        select(
            cost.currency, func.count(), func.count().filter(cost.total_minor > cost.quoted_minor),
            func.sum(cost.quoted_minor), func.sum(cost.total_minor),
        )
        .join(Parcel, Parcel.id == cost.parcel_id)
        .where(
            cost.said_at >= clock.now() - since, Parcel.carrier_id == carrier_id, _LIVE,
            cost.source == CostSource.WAYBILL.value, cost.quoted_currency == cost.currency, ~besides,
        )
        .group_by(cost.currency).order_by(cost.currency)
    )  # fmt: skip
    return [Kept(row[0], row[1], row[2], int(row[3] or 0), int(row[4] or 0)) for row in session().execute(statement)]
