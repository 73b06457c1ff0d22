"""Which service a parcel goes with, where the operator lets the system choose; kept with the shipment as a reason."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import time
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select, update

from wms.core import clock
from wms.core.actor import Actor
from wms.core.permissions import Permission
from wms.core.refusals import invalid, not_found
from wms.facility.models import Warehouse
from wms.platform.database import session
from wms.shipping import queries
from wms.shipping.models import RateTable, Service, ServiceRule, Shipment
from wms.shipping.rate_tables import card_of
from wms.shipping.rates import Choice, Goods, NoQuote, Quote, RateCard, Rule, choose, quote

MOST_CANDIDATES = 20


@dataclass(frozen=True)
class ToChoose:
    """An order that names a service, and what goes where."""

    subject_id: uuid.UUID
    owner_id: uuid.UUID
    service_id: uuid.UUID
    signed: bool = False  # to be handed over against a signature
    insured: bool = False


@dataclass(frozen=True)
class Chosen:
    service_id: uuid.UUID
    reason: dict[str, Any]


def rules_of(service_ids: Iterable[uuid.UUID]) -> Sequence[ServiceRule]:
    """What the operator has set for these services; nearly always nothing."""
    return session().scalars(select(ServiceRule).where(ServiceRule.service_id.in_(set(service_ids)))).all()


def choose_services(
    warehouse_id: uuid.UUID, wishes: Sequence[ToChoose], rules: Sequence[ServiceRule], goods: Mapping[uuid.UUID, Goods]
) -> dict[uuid.UUID, Chosen]:
    """The services of those orders that a rule speaks of, by subject; where nothing can be taken, the one that was named."""
    house = session().get_one(Warehouse, warehouse_id)
    now = clock.now().astimezone(ZoneInfo(house.time_zone)).time()
    cards: dict[uuid.UUID, RateCard | None] = {}
    found: dict[uuid.UUID, Chosen] = {}
    for wish in wishes:
        rule = _narrowest(rules, wish, warehouse_id)
        if rule is None or wish.subject_id not in goods:
            continue
        services = [queries.service_by_code(warehouse_id, code) for code in rule.candidates]
        # A service whose labels sellers bring is taken by who names it, never instead of another.
        offered = [each for each in services if each is not None and not queries.brings_labels(each.id)]
        offers: list[tuple[str, Quote | NoQuote]] = []
        for service in offered:
            card = cards[service.id] if service.id in cards else cards.setdefault(service.id, _card(service.id))
            offers.append((service.code, _lacking(service, wish) or _quoted(card, goods[wish.subject_id], now)))
        choice = choose(Rule(rule.rule), offers)
        taken = next((each.id for each in offered if each.code == choice.service), wish.service_id)
        found[wish.subject_id] = Chosen(taken, reason_of(choice))
    return found


def _quoted(card: RateCard | None, goods: Goods, at: time) -> Quote | NoQuote:
    return NoQuote.NO_CARD if card is None else quote(card, goods, at)


def _lacking(service: Service, wish: ToChoose) -> NoQuote | None:
    """What the order wants and the service's carrier does not do."""
    if not (wish.signed or wish.insured):
        return None
    can = queries.capabilities_of(service.carrier_id)
    if wish.signed and not can.can_sign:
        return NoQuote.NO_SIGNATURE
    return NoQuote.NO_INSURANCE if wish.insured and not can.can_insure else None


def _narrowest(rules: Sequence[ServiceRule], wish: ToChoose, warehouse_id: uuid.UUID) -> ServiceRule | None:
    fitting = [
        each
        for each in rules
        if each.service_id == wish.service_id
        and each.owner_id in (None, wish.owner_id)
        and each.warehouse_id in (None, warehouse_id)
    ]
    return max(fitting, key=lambda each: (each.owner_id is not None, each.warehouse_id is not None), default=None)


def _card(service_id: uuid.UUID) -> RateCard | None:
    table = session().get(RateTable, service_id)
    return None if table is None else card_of(table.rows)


def reason_of(choice: Choice) -> dict[str, Any]:
    """As it is kept: the rule, what was taken (None: the named one, for want of an offer), and every offer."""
    offers = [
        {"service": name, "minor": found.total_minor, "currency": found.currency, "zone": found.zone,
         "charged_g": found.charged_g, "days": found.days}
        if isinstance(found, Quote) else {"service": name, "why": found.value}
        for name, found in choice.offers
    ]  # fmt: skip
    return {"rule": choice.rule.value, "taken": choice.service, "offers": offers}


def keep_reasons(reasons: Mapping[uuid.UUID, dict[str, Any]]) -> None:
    """Write them to their shipments, which were opened in this transaction; by shipment."""
    for shipment_id, reason in sorted(reasons.items()):
        session().execute(update(Shipment).where(Shipment.id == shipment_id).values(choice=reason))


def save_rates(actor: Actor, service_id: uuid.UUID, rows: list[dict[str, str]]) -> RateTable:
    """The whole table of a service, in place of the one there was. Refuses each wrong row by number and column."""
    _require_operator(actor)
    queries.load_service(service_id)
    card_of(rows)
    table = session().get(RateTable, service_id) or RateTable(service_id=service_id)
    table.rows, table.updated_at = rows, clock.now()
    session().add(table)
    session().flush()
    return table


def save_rule(
    actor: Actor, service_id: uuid.UUID, rule: Rule | None, candidates: Sequence[str], *,
    owner_id: uuid.UUID | None = None, warehouse_id: uuid.UUID | None = None,
) -> None:  # fmt: skip
    """What becomes of orders that name this service; `rule` None: nothing any more. Refuses codes of no service."""
    _require_operator(actor)
    service = queries.load_service(service_id)
    same = select(ServiceRule).where(
        ServiceRule.service_id == service.id, ServiceRule.owner_id.is_not_distinct_from(owner_id),
        ServiceRule.warehouse_id.is_not_distinct_from(warehouse_id),
    )  # fmt: skip
    found = session().scalar(same.with_for_update())
    if rule is None:
        if found is not None:
            session().delete(found)
            session().flush()
        return
    known = set(session().scalars(select(Service.code).where(Service.code.in_(candidates))))
    wrong = [code for code in candidates if code not in known]
    if wrong or not 1 <= len(candidates) <= MOST_CANDIDATES or len(set(candidates)) != len(candidates):
        raise invalid("/candidates", "rule_candidates", codes=", ".join(wrong) or "–")
    if found is None:
        found = ServiceRule(service_id=service.id, owner_id=owner_id, warehouse_id=warehouse_id)
        session().add(found)
    found.rule, found.candidates, found.updated_at = rule.value, list(candidates), clock.now()
    session().flush()


def _require_operator(actor: Actor) -> None:
    if not (actor.is_staff and actor.may(Permission.FACILITY_WRITE)):
        raise not_found("service")
