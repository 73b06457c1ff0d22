"""Which service a parcel goes with, where the operator lets the system choose; kept with the shipment as a reason.

A service costs what its table says, or what its carrier says that it would (`quotes`): such an order waits for the carrier's
word, for a while, and what counts without it is the rule's to say.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
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
from wms.shipping.carriers import ASKED_BY_JOBS
from wms.shipping.carriers.interface import AtTheDoor, CarrierFault
from wms.shipping.models import Carrier, RateTable, Service, ServiceRule, Shipment
from wms.shipping.rate_tables import card_of
from wms.shipping.rates import Choice, Goods, NoQuote, Quote, RateCard, Rule, WhenSilent, choose, quote
from wms.shipping.service import quotes
from wms.shipping.service.quotes import Need, Standing, Waiting

MOST_CANDIDATES = 20


@dataclass(frozen=True)
class ToChoose:
    """An order that names a service, and what goes where."""

    subject_id: uuid.UUID
    owner_id: uuid.UUID
    service_id: uuid.UUID
    signed: bool = False  # to be handed over against a signature
    insured: bool = False
    door: AtTheDoor = field(default_factory=AtTheDoor)

    @property
    def wants(self) -> list[str]:
        """What of `WISHES` it is."""
        return ["signature"] * self.signed + ["insurance"] * self.insured + self.door.wants


@dataclass(frozen=True)
class Chosen:
    service_id: uuid.UUID
    reason: dict[str, Any]


def rules_of(service_ids: Iterable[uuid.UUID]) -> Sequence[ServiceRule]:
    """What the operator has set for these services; nearly always nothing."""
    return session().scalars(select(ServiceRule).where(ServiceRule.service_id.in_(set(service_ids)))).all()


@dataclass(frozen=True)
class Decided:
    """What was chosen, by subject. `waiting`: by subject the questions to carriers that it waits for; nothing is chosen for it
    yet.
    """

    chosen: dict[uuid.UUID, Chosen] = field(default_factory=dict)
    waiting: dict[uuid.UUID, list[Waiting]] = field(default_factory=dict)


@dataclass(frozen=True)
class _Wished:
    """A wish that a rule speaks of, with the services it may take."""

    wish: ToChoose
    rule: ServiceRule
    goods: Goods
    services: tuple[Service, ...]


def choose_services(
    warehouse_id: uuid.UUID, subject_kind: str, wishes: Sequence[ToChoose], rules: Sequence[ServiceRule],
    goods: Mapping[uuid.UUID, Goods],
) -> Decided:  # fmt: skip
    """The services of those subjects that a rule speaks of; where nothing can be taken, the one that was named. The caller
    holds the subjects.
    """
    house = session().get_one(Warehouse, warehouse_id)
    now = clock.now().astimezone(ZoneInfo(house.time_zone)).time()
    offered = {rule.id: _offered(warehouse_id, rule) for rule in rules}
    ruled = [
        _Wished(wish, rule, goods[wish.subject_id], offered[rule.id])
        for wish in wishes
        if (rule := _narrowest(rules, wish, warehouse_id)) is not None and wish.subject_id in goods
    ]
    said = quotes.standing(warehouse_id, subject_kind, _needs(ruled))
    cards = _Cards()
    decided = Decided()
    for each in ruled:
        mine = {service.id: said.get((each.wish.subject_id, service.id)) for service in each.services}
        waited = [found for found in mine.values() if isinstance(found, Waiting)]
        if waited:
            decided.waiting[each.wish.subject_id] = waited
        else:
            decided.chosen[each.wish.subject_id] = _chosen(each, mine, cards, now)
    return decided


def _offered(warehouse_id: uuid.UUID, rule: ServiceRule) -> tuple[Service, ...]:
    """A service whose labels sellers bring is taken by who names it, never instead of another."""
    services = [queries.service_by_code(warehouse_id, code) for code in rule.candidates]
    return tuple(each for each in services if each is not None and not queries.brings_labels(each.id))


def _needs(ruled: Sequence[_Wished]) -> list[Need]:
    """What carriers have to be asked: those that say their prices, of services that do what the order wants."""
    say_prices = {
        carrier_id: rates_itself(carrier_id)
        for carrier_id in {service.carrier_id for each in ruled for service in each.services}
    }
    return [
        Need(each.wish.subject_id, service, each.goods, each.wish.signed, each.wish.insured, each.wish.door)
        for each in ruled
        for service in each.services
        if say_prices[service.carrier_id] and _lacking(service, each.wish) is None
    ]


def rates_itself(carrier_id: uuid.UUID) -> bool:
    """Whether this carrier is asked what it takes."""
    carrier = session().get_one(Carrier, carrier_id)
    return carrier.kind in ASKED_BY_JOBS and queries.capabilities_of(carrier_id).can_rate


def _chosen(each: _Wished, said: Mapping[uuid.UUID, Standing | None], cards: _Cards, now: time) -> Chosen:
    """One of the services, by what their carriers said (None: nobody was asked) and by their tables."""
    silent = [found for found in said.values() if isinstance(found, CarrierFault)]
    by_name = bool(silent) and each.rule.when_silent == WhenSilent.NAMED.value
    offers: list[tuple[str, Quote | NoQuote]] = []
    for service in each.services:
        word = said[service.id]
        if isinstance(word, Quote | NoQuote):
            offers.append((service.code, word))
            continue
        priced = _lacking(service, each.wish) or _quoted(cards.of(service.id), each.goods, now)
        if isinstance(word, CarrierFault):
            priced = replace(priced, silent=word.code) if isinstance(priced, Quote) and not by_name else NoQuote.SILENT
        offers.append((service.code, priced))
    choice = choose(Rule(each.rule.rule), offers)
    if by_name:
        choice = replace(choice, service=None, gave_way=True)
    taken = next((service.id for service in each.services if service.code == choice.service), each.wish.service_id)
    return Chosen(taken, reason_of(choice))


class _Cards:
    """The tables of services, each read once."""

    def __init__(self) -> None:
        self._known: dict[uuid.UUID, RateCard | None] = {}

    def of(self, service_id: uuid.UUID) -> RateCard | None:
        if service_id not in self._known:
            self._known[service_id] = _card(service_id)
        return self._known[service_id]


def _quoted(card: RateCard | None, goods: Goods, at: time) -> Quote | NoQuote:
    return NoQuote.NO_CARD if card is None else quote(card, goods, at)


def _lacking(service: Service, wish: ToChoose) -> NoQuote | None:
    """What the order wants and the service's carrier does not do."""
    wants = wish.wants
    lacks = queries.capabilities_of(service.carrier_id).lacking(wants) if wants else []
    return NoQuote(f"no_{lacks[0]}") if lacks else None


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
    """As it is kept: the rule, what was taken (None: the named one, for want of an offer), and every offer. `by`: the carrier
    itself said so; `silent`: it did not, and the table stands in; `gave_way`: it did not, and nothing was compared.
    """
    reason: dict[str, Any] = {
        "rule": choice.rule.value, "taken": choice.service, "offers": [_offer(*each) for each in choice.offers],
    }  # fmt: skip
    return reason | ({"gave_way": True} if choice.gave_way else {})


def _offer(name: str, found: Quote | NoQuote) -> dict[str, Any]:
    if isinstance(found, NoQuote):
        return {"service": name, "why": found.value}
    offer: dict[str, Any] = {
        "service": name, "minor": found.total_minor, "currency": found.currency, "zone": found.zone,
        "charged_g": found.charged_g, "days": found.days,
    }  # fmt: skip
    if found.by != "table":
        offer["by"] = found.by
    if found.silent is not None:
        offer["silent"] = found.silent
    return offer


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
    table.rows, table.updated_at = [row for row in rows if any(row.values())], clock.now()
    session().add(table)
    session().flush()
    return table


def save_rule(
    actor: Actor, service_id: uuid.UUID, rule: Rule | None, candidates: Sequence[str], *,
    owner_id: uuid.UUID | None = None, warehouse_id: uuid.UUID | None = None,
    when_silent: WhenSilent = WhenSilent.TABLE,
) -> None:  # fmt: skip
    """What becomes of orders that name this service; `rule` None: nothing any more. Refuses codes of no service.

    `when_silent`: what counts where a carrier that says its prices itself did not.
    """
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
    found.when_silent = when_silent.value
    session().flush()


def _require_operator(actor: Actor) -> None:
    if not (actor.is_staff and actor.may(Permission.FACILITY_WRITE)):
        raise not_found("service")
