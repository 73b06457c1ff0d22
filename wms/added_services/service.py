"""Services are asked for, decided on and withdrawn. Where the book will change, the goods are promised at once (law 4)."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from sqlalchemy import func, select

from wms.added_services.catalogue import service_by_code
from wms.added_services.events import ServiceAsked, ServiceDecided, ServiceDone
from wms.added_services.models import AddedService, Effect, ServiceRequest
from wms.added_services.workflow import SERVICE, RequestState
from wms.catalog.queries import products_by_skus
from wms.core import clock
from wms.core.actor import Actor
from wms.core.ids import new_id
from wms.core.numbering import DocumentKind
from wms.core.permissions import Permission
from wms.core.refusals import FieldError, Refused, invalid, invalid_fields, not_found
from wms.facility.models import Warehouse
from wms.facility.queries import load_warehouse, location_by_code
from wms.identity.models import Seller
from wms.inventory.converting import asking
from wms.inventory.converting import service as converting
from wms.inventory.converting.asking import Wanted
from wms.inventory.converting.models import Conversion
from wms.inventory.converting.rules import RecipeKind
from wms.inventory.models import Balance, Condition
from wms.inventory.workflow import ConversionState
from wms.platform.counters import next_number
from wms.platform.database import session
from wms.platform.events import record
from wms.platform.http import check_version
from wms.platform.locks import Rank, lock_one
from wms.platform.statements import Statement

SUBJECT = "service_request"
MOST = 1_000_000


@dataclass(frozen=True)
class Asked:
    """What is wanted: a service (by code) on a product, or on a container, so many in the service's unit.

    `to_sku`: what relabelled or graded goods become. `condition` and `location` name the goods more narrowly.
    """

    service: str
    quantity: int
    sku: str | None = None
    container: str | None = None
    location: str | None = None
    condition: str = Condition.GOOD.value
    to_sku: str | None = None
    note: str = ""


@dataclass(frozen=True)
class About:
    """A thing of a feature above that the service is for: a booking's carton, a difference. Who calls has checked it."""

    kind: str
    id: uuid.UUID
    handling_unit_id: uuid.UUID | None = None
    product_id: uuid.UUID | None = None


@dataclass
class _Target:
    product_id: uuid.UUID | None = None
    to_product_id: uuid.UUID | None = None
    location_id: uuid.UUID | None = None
    handling_unit_id: uuid.UUID | None = None


def ask(actor: Actor, warehouse_id: uuid.UUID, owner_id: uuid.UUID, asked: Asked) -> ServiceRequest:
    """Ask for a service on goods of a seller. One that the operator need not decide on waits for its worker at once.

    Refuses at its field what is not there, `service_more_than_there`, and where the book will change what
    `converting.asking.ask` refuses (`conversion_short`, `conversion_in_bond`, `not_a_kit`).
    """
    warehouse = load_warehouse(actor, warehouse_id)
    if not (actor.may(Permission.SERVICES_WRITE) and actor.sees_seller(owner_id)):
        raise not_found("service")
    service = service_by_code(asked.service)
    if not 1 <= asked.quantity <= MOST:
        raise invalid("/quantity", "not_between", min=1, max=MOST)
    target = _target(warehouse, owner_id, asked, service)
    made = _make(actor, service, warehouse, owner_id, asked.quantity, asked.note)
    made.product_id, made.to_product_id = target.product_id, target.to_product_id
    made.location_id, made.handling_unit_id = target.location_id, target.handling_unit_id
    session().add(made)
    session().flush()
    if service.effect != Effect.NONE:
        made.conversion_id = asking.ask(actor, warehouse_id, owner_id, _wanted(service, asked, target),
                                        (SUBJECT, made.id)).id  # fmt: skip
        session().flush()
    _announce(made)
    return made


def ask_about(
    actor: Actor, warehouse_id: uuid.UUID, owner_id: uuid.UUID, service: AddedService, quantity: int, about: About,
    note: str = "",
) -> ServiceRequest:  # fmt: skip
    """The same of a thing of a feature above, which has loaded it for this actor. Services that change the book are
    asked for on goods only: `service_needs_product`.
    """
    if service.effect != Effect.NONE:
        raise Refused("service_needs_product", {})
    warehouse = session().get_one(Warehouse, warehouse_id)
    made = _make(actor, service, warehouse, owner_id, quantity, note)
    made.subject_kind, made.subject_id = about.kind, about.id
    made.handling_unit_id, made.product_id = about.handling_unit_id, about.product_id
    session().add(made)
    session().flush()
    _announce(made)
    return made


def _make(
    actor: Actor, service: AddedService, warehouse: Warehouse, owner_id: uuid.UUID, quantity: int, note: str
) -> ServiceRequest:
    now = clock.now()
    day = now.astimezone(ZoneInfo(warehouse.time_zone)).date()
    seller = session().get_one(Seller, owner_id)
    state = SERVICE.initial if service.asks_first else SERVICE.apply("accept", SERVICE.initial)
    return ServiceRequest(
        id=new_id(), number=next_number(DocumentKind.SERVICE, owner_id, seller.code, day), warehouse_id=warehouse.id,
        owner_id=owner_id, service_id=service.id, quantity=quantity, done=0, note=note, answer="", state=state.value,
        version=1, asked_by=actor.id, asked_at=now,
    )  # fmt: skip


def _announce(made: ServiceRequest) -> None:
    record(ServiceAsked(made.id, made.warehouse_id, made.owner_id, made.service_id, made.quantity))


def _target(warehouse: Warehouse, owner_id: uuid.UUID, asked: Asked, service: AddedService) -> _Target:
    if asked.sku is None and asked.container is None:
        raise invalid("/sku", "service_of_what")
    if asked.sku is None and service.effect != Effect.NONE:
        raise invalid("/sku", "service_needs_product")
    if asked.condition not in set(Condition):
        raise invalid("/condition", "invalid")
    target = _Target()
    known = products_by_skus(owner_id, {asked.sku or "", asked.to_sku or ""} - {""})
    for pointer, sku in (("/sku", asked.sku), ("/to_sku", asked.to_sku)):
        if sku is not None and sku not in known:
            raise invalid(pointer, "product_unknown", sku=sku)
    target.product_id = known[asked.sku].id if asked.sku else None
    target.to_product_id = known[asked.to_sku].id if asked.to_sku and service.effect != Effect.NONE else None
    if asked.location is not None:
        place = location_by_code(warehouse.id, asked.location)
        if place is None:
            raise invalid_fields([FieldError("/location", "bin_unknown", {"code": asked.location})])
        target.location_id = place.id
    if asked.container is not None:
        target.handling_unit_id = _container(warehouse.id, owner_id, asked.container)
    if target.product_id is not None and service.effect == Effect.NONE:
        _check_there(warehouse.id, owner_id, asked, target)
    return target


# One statement whether there is such a container or not: what belongs to others is not told apart from what is not.
_CONTAINER = Statement(
    "WITH RECURSIVE named AS (SELECT id FROM handling_unit WHERE warehouse_id = :warehouse AND code = :code UNION"
    "  SELECT id FROM handling_unit WHERE barcode = :label AND warehouse_id = :warehouse),"
    " within AS (SELECT id AS top, id FROM named UNION ALL SELECT w.top, h.id"
    "  FROM handling_unit h JOIN within w ON h.parent_id = w.id)"
    " SELECT w.top FROM within w JOIN balance b ON b.handling_unit_id = w.id AND b.is_there"
    " GROUP BY w.top HAVING bool_and(b.owner_id = :owner) LIMIT 2"
)


def _container(warehouse_id: uuid.UUID, owner_id: uuid.UUID, code: str) -> uuid.UUID:
    """A container of the warehouse in which only this owner's goods are."""
    values = {"warehouse": warehouse_id, "owner": owner_id, "code": code.upper(), "label": code}
    found: list[uuid.UUID] = list(_CONTAINER.column(values))
    if len(found) != 1:
        raise invalid("/container", "container_unknown")
    return found[0]


def _check_there(warehouse_id: uuid.UUID, owner_id: uuid.UUID, asked: Asked, target: _Target) -> None:
    """Nobody photographs more units than there are. What is sold meanwhile shows when the work is done."""
    statement = select(func.coalesce(func.sum(Balance.on_hand), 0)).where(
        Balance.warehouse_id == warehouse_id, Balance.owner_id == owner_id, Balance.product_id == target.product_id,
        Balance.condition == asked.condition,
    )  # fmt: skip
    for column, value in (
        (Balance.location_id, target.location_id),
        (Balance.handling_unit_id, target.handling_unit_id),
    ):
        if value is not None:
            statement = statement.where(column == value)
    there = int(session().scalar(statement) or 0)
    if asked.quantity > there:
        raise Refused("service_more_than_there", {"there": there, "wanted": asked.quantity})


def _wanted(service: AddedService, asked: Asked, target: _Target) -> Wanted:
    return Wanted(
        RecipeKind(service.effect), asked.sku or "", asked.quantity, condition=asked.condition,
        location_id=target.location_id, handling_unit_id=target.handling_unit_id, to_sku=asked.to_sku,
        to_condition=Condition.GOOD.value if service.effect == Effect.GRADE else None, note=asked.note[:200],
    )  # fmt: skip


# What becomes of it


def accept(actor: Actor, request_id: uuid.UUID, version: int | None = None) -> ServiceRequest:
    """The operator takes it on."""
    return _decide(actor, request_id, "accept", version)


def reject(actor: Actor, request_id: uuid.UUID, answer: str, version: int | None = None) -> ServiceRequest:
    """The operator does not, and says why: `service_answer_needed`. Its goods are free again."""
    if not answer.strip():
        raise Refused("service_answer_needed", {})
    found = _decide(actor, request_id, "reject", version)
    found.answer = answer
    release(found)
    return found


def _decide(actor: Actor, request_id: uuid.UUID, action: str, version: int | None) -> ServiceRequest:
    found = load_to_manage(actor, request_id)
    check_version(found.version, version)
    apply(found, action)
    found.decided_by, found.decided_at = actor.id, clock.now()
    session().flush()
    record(ServiceDecided(found.id, found.warehouse_id, found.owner_id, action == "accept"))
    return found


def cancel(actor: Actor, request_id: uuid.UUID, version: int | None = None) -> ServiceRequest:
    """It is not wanted any more: as long as nobody works on it. What was done of it stays done and is charged."""
    found = load_to_edit(actor, request_id)
    check_version(found.version, version)
    return withdraw(found)


def withdraw(found: ServiceRequest) -> ServiceRequest:
    """The same of a request that the caller has locked."""
    apply(found, "stop" if found.done else "cancel")
    found.ended_at = clock.now()
    session().flush()
    release(found)
    if found.done:
        announce_done(found)
    return found


def renew_goods(actor: Actor, request_id: uuid.UUID) -> ServiceRequest:
    """The goods kept for it were lost or held. First what it still claims is given back; asked again, others are
    promised (`conversion_short`). Refuses `not_allowed_now` where it keeps no goods.
    """
    found = load_to_manage(actor, request_id)
    conversion = conversion_of(found)
    if conversion is None:
        raise Refused("not_allowed_now", {"document": SERVICE.name, "action": "renew_goods", "state": found.state,
                                          "possible": []})  # fmt: skip
    if conversion.state == ConversionState.SHORT.value:
        converting.keep_others(conversion)
    else:
        converting.let_go(conversion)
    found.version += 1
    session().flush()
    return found


# Shared with the work itself


def apply(found: ServiceRequest, action: str) -> None:
    """Let the table move it, and its version on."""
    found.state = SERVICE.apply(action, found.state).value
    found.version += 1


def release(found: ServiceRequest) -> None:
    """Goods that were kept for it and not converted are free again."""
    conversion = conversion_of(found)
    if conversion is not None and conversion.state in (ConversionState.OPEN, ConversionState.SHORT):
        converting.give_up(conversion)


def announce_done(found: ServiceRequest) -> None:
    service = session().get_one(AddedService, found.service_id)
    record(ServiceDone(found.id, found.warehouse_id, found.owner_id, service.id, service.code, service.unit, found.done,
                       found.quantity, found.subject_kind, found.subject_id))  # fmt: skip


def conversion_of(found: ServiceRequest) -> Conversion | None:
    """Locked, after its request."""
    return None if found.conversion_id is None else lock_one(Rank.DOCUMENT, Conversion, found.conversion_id)


def request_about(kind: str, subject_id: uuid.UUID) -> ServiceRequest | None:
    """The request about a thing above that is not over, locked."""
    over = [RequestState.DONE, RequestState.CANCELLED, RequestState.REJECTED]
    key = session().scalar(
        select(ServiceRequest.id)
        .where(ServiceRequest.subject_kind == kind, ServiceRequest.subject_id == subject_id,
               ServiceRequest.state.not_in(over)).limit(1)
    )  # fmt: skip
    return None if key is None else lock_one(Rank.DOCUMENT, ServiceRequest, key)


def load_to_edit(actor: Actor, request_id: uuid.UUID) -> ServiceRequest:
    """Locked, for whoever may ask; 404 outside the scope."""
    return _load(actor, request_id, Permission.SERVICES_WRITE)


def load_to_manage(actor: Actor, request_id: uuid.UUID) -> ServiceRequest:
    """Locked, for the operator's people who decide."""
    return _load(actor, request_id, Permission.SERVICES_MANAGE)


def load_to_work(actor: Actor, request_id: uuid.UUID) -> ServiceRequest:
    """Locked, for the floor of its warehouse."""
    return _load(actor, request_id, Permission.FLOOR_WORK)


def _load(actor: Actor, request_id: uuid.UUID, permission: Permission) -> ServiceRequest:
    found = lock_one(Rank.DOCUMENT, ServiceRequest, request_id)
    if found is None or not (
        actor.may(permission) and actor.sees_seller(found.owner_id) and actor.sees_warehouse(found.warehouse_id)
    ):
        raise not_found("service")
    return found
