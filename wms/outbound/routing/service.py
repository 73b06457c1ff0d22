"""An order that names no warehouse is given one, or several, by its seller's rule; the decision is kept with it."""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select, update

from wms.catalog.queries import products_by_skus
from wms.core import clock
from wms.core.actor import Actor
from wms.core.permissions import Permission
from wms.core.refusals import invalid, not_found
from wms.facility.models import Warehouse
from wms.identity.queries import Owner, choose_owner
from wms.outbound.extras.rules import money_share, share
from wms.outbound.models import Order
from wms.outbound.routing import rules
from wms.outbound.routing.models import OrderRoute, OrderRouting
from wms.outbound.rules import SPLITTABLE_KINDS, Fill, regime_of
from wms.outbound.service import intake
from wms.outbound.service.intake import AcceptedOrder
from wms.platform.database import session
from wms.platform.statements import Statement
from wms.shipping.models import RateTable, Service
from wms.shipping.queries import service_by_code
from wms.shipping.rate_tables import card_of
from wms.shipping.rates import Goods, Quote, quote

MOST_REFERENCE = 50
MOST_ZONES = 500
NARROW = ("batch", "min_expires_on", "container")


def create_order(actor: Actor, body: Mapping[str, Any]) -> AcceptedOrder:
    """As `intake.create_order`; without a warehouse it is routed first. Of an order that is split the first part is
    returned, the others are linked to it.

    Refuses at `/warehouse` besides: `required` where the seller leaves no choice, or the order is one that names its own;
    `route_named_line` for lines of one batch, expiry, condition or container; `route_none` where no warehouse may take it.
    """
    if body.get("warehouse"):
        return intake.create_order(actor, body)
    return _create(actor, body, *_decided(actor, body))


def check_order(actor: Actor, body: Mapping[str, Any]) -> None:
    """What `create_order` refuses, as far as that can be known before (`intake.check_order`)."""
    if not body.get("warehouse"):
        decision, _prefer, _wanted = _decided(actor, body)
        body = {**body, "warehouse": decision.parts[0].warehouse}
    intake.check_order(actor, body)


def _decided(actor: Actor, body: Mapping[str, Any]) -> tuple[rules.Decision, rules.Prefer, dict[str, int]]:
    """Where an order without a warehouse goes, by what its seller prefers, and the units it wants of each SKU."""
    owner = choose_owner(actor, body.get("seller"))
    setting = session().get(OrderRouting, owner.id)
    if setting is None or not setting.warehouses or body.get("kind", "dropship") not in SPLITTABLE_KINDS:
        raise invalid("/warehouse", "required")
    if any(line.get(name) for line in body["lines"] for name in NARROW) or any(
        line.get("condition", "good") != "good" for line in body["lines"]
    ):
        raise invalid("/warehouse", "route_named_line")
    wanted: dict[str, int] = defaultdict(int)
    for line in body["lines"]:
        wanted[line["sku"]] += line["quantity"]
    may_split = setting.may_split and body.get("fill") != Fill.KILL.value
    decision = rules.decide(
        wanted, _candidates(actor, owner, setting, body, wanted), rules.Prefer(setting.prefer), may_split=may_split
    )
    if not decision.parts:
        raise invalid("/warehouse", "route_none")
    return decision, rules.Prefer(setting.prefer), wanted


def _create(
    actor: Actor, body: Mapping[str, Any], decision: rules.Decision, prefer: rules.Prefer, wanted: Mapping[str, int]
) -> AcceptedOrder:
    reason = reason_of(decision, prefer, wanted)
    left = [dict(line) for line in body["lines"]]
    sums = _sums(body, decision.parts)
    made = [
        intake.create_order(actor, {**body, "warehouse": part.warehouse, "reference": _reference(body, number),
                                    "lines": _lines(left, part), **sums[number - 1]})
        for number, part in enumerate(decision.parts, 1)
    ]  # fmt: skip
    for order in made:
        session().add(OrderRoute(order_id=order.id, reason=reason))
    session().flush()
    if len(made) > 1:
        others = [order.id for order in made[1:]]
        session().execute(update(Order).where(Order.id.in_(others)).values(back_order_of=made[0].id))
    return made[0]


def _reference(body: Mapping[str, Any], number: int) -> str:
    """The seller's own; further parts have -W2, -W3 behind it."""
    suffix = "" if number == 1 else f"-W{number}"
    return str(body["reference"])[: MOST_REFERENCE - len(suffix)] + suffix


def _sums(body: Mapping[str, Any], parts: Sequence[rules.Part]) -> list[dict[str, Any]]:
    """Each part's share of an insured sum, and of what the driver collects."""
    insurance, cod = body.get("insurance"), body.get("cod")
    ordered, before = sum(line["quantity"] for line in body["lines"]), 0
    found: list[dict[str, Any]] = []
    for part in parts:
        units = sum(part.units.values())
        sums: dict[str, Any] = {}
        if insurance:
            sums["insurance"] = {**insurance, "value_minor": share(insurance["value_minor"], units, ordered)}
        if cod:
            minor = money_share(cod["amount_minor"], before, units, ordered)
            sums["cod"] = {**cod, "amount_minor": minor} if minor else None
        before += units
        found.append(sums)
    return found


def _lines(left: list[dict[str, Any]], part: rules.Part) -> list[dict[str, Any]]:
    """The part's units out of the lines that are left, in their order; `left` is less by them."""
    taken = []
    units = dict(part.units)
    for line in left:
        count = min(line["quantity"], units.get(line["sku"], 0))
        if count:
            taken.append({**line, "quantity": count})
            line["quantity"] -= count
            units[line["sku"]] -= count
    return taken


_FREE = Statement(
    "SELECT s.warehouse_id, p.sku, sum(s.sellable - s.promised)::int AS free FROM summary s JOIN product p"
    " ON p.id = s.product_id WHERE s.owner_id = :owner AND p.owner_id = :owner AND p.sku = ANY(:skus)"
    " AND s.warehouse_id = ANY(CAST(:warehouses AS uuid[])) AND s.customs_status IN ('none', 'bonded') GROUP BY 1, 2"
)


def _candidates(
    actor: Actor, owner: Owner, setting: OrderRouting, body: Mapping[str, Any], wanted: Mapping[str, int]
) -> list[rules.Candidate]:
    """The seller's warehouses as they stand for this order, in the seller's order."""
    found = session().scalars(select(Warehouse).where(Warehouse.id.in_(setting.warehouses))).all()
    by_id = {house.id: house for house in found if actor.sees_warehouse(house.id)}
    free: dict[uuid.UUID, dict[str, int]] = defaultdict(dict)
    for row in _FREE.all({"owner": owner.id, "skus": sorted(wanted), "warehouses": list(by_id)}):
        free[row.warehouse_id][row.sku] = row.free
    zones = [rules.Zone(**each) for each in setting.zones]
    ordered = [by_id[key] for key in setting.warehouses if key in by_id]
    services = {house.id: service_by_code(house.id, body["service"]) for house in ordered}
    costs = _costs(ordered, services, _goods(owner.id, body["consignee"], wanted))
    return [
        _candidate(house, body, services[house.id], free[house.id], costs.get(house.id), zones) for house in ordered
    ]  # fmt: skip


def _candidate(
    house: Warehouse, body: Mapping[str, Any], service: Service | None, free: Mapping[str, int], cost: int | None,
    zones: Sequence[rules.Zone],
) -> rules.Candidate:  # fmt: skip
    buyer = body["consignee"]
    why_not = rules.may_take(house.is_bonded, house.country, buyer["country"], bool(buyer.get("id_number")))
    if house.is_bonded and intake.retail_faults(regime_of(house.regime, True, body.get("kind")), body):
        why_not = rules.WhyNot.BONDED
    if not house.is_active:
        why_not = rules.WhyNot.CLOSED
    elif service is None:
        why_not = rules.WhyNot.NO_SERVICE
    distance = rules.distance_of(house.code, house.country, buyer["country"], buyer.get("postcode") or "", zones)
    return rules.Candidate(house.code, free, distance, cost, house.is_bonded, why_not)


def _costs(
    houses: Sequence[Warehouse], services: Mapping[uuid.UUID, Service | None], goods: Goods
) -> dict[uuid.UUID, int]:
    """Of carriage by the named service, all in one parcel, by warehouse; none where its rates do not say. Amounts of
    different currencies are not compared: the first one's counts.
    """
    found: dict[uuid.UUID, Quote] = {}
    for house in houses:
        service = services[house.id]
        table = session().get(RateTable, service.id) if service is not None else None
        if table is not None:
            offer = quote(card_of(table.rows), goods, clock.now().astimezone(ZoneInfo(house.time_zone)).time())
            if isinstance(offer, Quote):
                found[house.id] = offer
    currency = next((offer.currency for offer in found.values()), None)
    return {key: offer.total_minor for key, offer in found.items() if offer.currency == currency}


def _goods(owner_id: uuid.UUID, buyer: Mapping[str, Any], wanted: Mapping[str, int]) -> Goods:
    products = products_by_skus(owner_id, sorted(wanted))
    known = [(product, wanted[sku]) for sku, product in products.items()]
    volume = sum(each.length_mm * each.width_mm * each.height_mm * units for each, units in known)
    longest = max((max(each.length_mm, each.width_mm, each.height_mm) for each, _ in known), default=0)
    grams = sum(each.weight_g * units for each, units in known)
    return Goods(buyer["country"], buyer.get("postcode") or "", grams, volume, longest)


def reason_of(decision: rules.Decision, prefer: rules.Prefer, wanted: Mapping[str, int]) -> dict[str, Any]:
    """As it is kept: the rule, what decided, the parts, and every warehouse with what was known of it. No personal data."""
    return {
        "prefer": prefer.value, "why": decision.why.value, "parts": [asdict(part) for part in decision.parts],
        "wanted": sum(wanted.values()),
        "candidates": [
            {"warehouse": each.code, "free": dict(each.free), "distance": each.distance, "cost_minor": each.cost_minor,
             "held": rules.held(each, wanted),
             "why_not": each.why_not.value if each.why_not else None}
            for each in decision.candidates
        ],
    }  # fmt: skip


def set_routing(
    actor: Actor, owner_id: uuid.UUID, prefer: rules.Prefer, warehouses: Sequence[uuid.UUID], *, may_split: bool,
    zones: Sequence[rules.Zone] = (),
) -> OrderRouting:  # fmt: skip
    """The seller lets the house choose among these; among none: not any more. Refuses `route_warehouses`, `route_zones`."""
    if not (actor.sees_seller(owner_id) and actor.may(Permission.ORDERS_WRITE)):
        raise not_found("seller")
    houses = session().scalars(select(Warehouse).where(Warehouse.id.in_(warehouses))).all()
    seen = {house.id for house in houses if actor.sees_warehouse(house.id)}
    if set(warehouses) != seen or len(seen) != len(warehouses) or len(seen) > rules.MOST_WAREHOUSES:
        raise invalid("/warehouses", "route_warehouses", most=rules.MOST_WAREHOUSES)
    if len(zones) > MOST_ZONES or {each.warehouse for each in zones} - {house.code for house in houses}:
        raise invalid("/zones", "route_zones", most=MOST_ZONES)
    setting = session().get(OrderRouting, owner_id, with_for_update=True) or OrderRouting(owner_id=owner_id)
    setting.prefer, setting.may_split, setting.updated_at = prefer.value, may_split, clock.now()
    setting.warehouses, setting.zones = list(warehouses), [asdict(each) for each in zones]
    session().add(setting)
    session().flush()
    return setting
