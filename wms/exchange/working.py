"""What jobs do with a file of orders: look through it, and make its orders.

Each order is a command of its own whose id is the file's and its place in it: a job that runs twice makes nothing twice. A
reference is used once (`order_reference_taken`), so the same file again makes only what is new in it.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from typing import Any

from sqlalchemy import select

from wms.core import clock
from wms.core.actor import Actor, ActorKind
from wms.core.permissions import Permission
from wms.core.refusals import Refused, invalid
from wms.exchange.assembling import Book, FileOrder, assemble
from wms.exchange.models import OrderImport
from wms.exchange.service import MOST_FINDINGS, MOST_LINES, end, go_on
from wms.exchange.workflow import ORDER_IMPORT, ImportState
from wms.identity.models import Seller
from wms.identity.queries import actor_of_user
from wms.outbound.models import Order
from wms.outbound.routing import service as routing
from wms.outbound.schemas import OrderIn
from wms.platform import commands, sheets
from wms.platform.columns import Finding
from wms.platform.database import end_reading, keep_so_far, session
from wms.platform.files import read_file
from wms.platform.locks import Rank, lock_one
from wms.platform.schemas import load_or_refuse

LOOKED_AT, MADE_AT = 100, 25  # orders between two notes of how far it is
TURN_SECONDS = 10.0  # of one job: well within its lease


def look_through(import_id: uuid.UUID) -> None:
    """Say of every order of a file whether it can be made, and why not."""
    found = session().get(OrderImport, import_id)
    if found is None or found.state != ImportState.CHECKING.value:
        return
    asker = _asker(found)
    try:
        book = _read(found)
    except Refused as refusal:
        _fail(import_id, refusal)
        return
    verdicts = _verdicts(asker, book, import_id)
    found = _to_go_on(import_id, ImportState.CHECKING) if verdicts is not None else None
    if verdicts is None or found is None:
        return
    found.good, found.there, found.refused = (verdicts.count(each) for each in ("good", "there", "refused"))
    found.chosen = [place for place, verdict in enumerate(verdicts) if verdict == "good"]
    found.findings, found.more = [], 0
    findings = [finding for order in book.orders for finding in order.findings]
    _note(found, sorted(findings, key=lambda each: each.line))
    found.state, found.updated_at = ORDER_IMPORT.apply("check", found.state).value, clock.now()


def _fail(import_id: uuid.UUID, refusal: Refused) -> None:
    """It is no file of orders."""
    found = _to_go_on(import_id, ImportState.CHECKING)
    if found is not None:
        _note(found, [Finding(1, "", each["code"], each.get("params") or {}) for each in refusal.errors])
        end(found, ORDER_IMPORT.apply("fail", found.state))


def _asker(found: OrderImport) -> Actor:
    """Who sent the file or said the word. That they may was seen then; what they see is looked up now."""
    if found.actor_kind == ActorKind.USER.value:
        return actor_of_user(found.actor_id)
    permissions = frozenset({Permission.ORDERS_WRITE, Permission.ORDERS_READ})
    return Actor(ActorKind.API_KEY, found.actor_id, "", permissions, frozenset({found.owner_id}))


def _read(found: OrderImport) -> Book:
    """Refuses what is no file of orders; `import_gone` when it was dropped a moment ago."""
    code = session().get_one(Seller, found.owner_id).code
    warehouse, service, file_id = found.warehouse, found.service, found.file_id
    stored = None if file_id is None else read_file(file_id)
    if stored is None:
        raise invalid("/file", "import_gone")
    return assemble(sheets.read_sheet(stored[0], MOST_LINES), code, warehouse, service)


def _to_go_on(import_id: uuid.UUID, state: ImportState) -> OrderImport | None:
    """The file's row under lock; None where somebody has dropped it since."""
    found = lock_one(Rank.DOCUMENT, OrderImport, import_id)
    return found if found is not None and found.state == state.value else None


def _note(found: OrderImport, findings: Sequence[Finding]) -> None:
    room = max(0, MOST_FINDINGS - len(found.findings))
    found.findings = [*found.findings, *(asdict(each) for each in findings[:room])]
    found.more += max(0, len(findings) - room)
    session().flush()


def _verdicts(asker: Actor, book: Book, import_id: uuid.UUID) -> list[str] | None:
    """Of each order `good`, `there` or `refused`; None when the file was dropped meanwhile."""
    verdicts: list[str] = []
    for start in range(0, len(book.orders), LOOKED_AT):
        some = book.orders[start : start + LOOKED_AT]
        taken = _taken(import_id, some)
        verdicts += [_verdict(asker, order, taken) for order in some]
        end_reading()
        found = _to_go_on(import_id, ImportState.CHECKING)
        if found is None:
            return None
        found.lines, found.orders, found.unread, found.handled = (
            book.lines,
            len(book.orders),
            book.unread,
            len(verdicts),
        )
        keep_so_far()
    return verdicts


def _taken(import_id: uuid.UUID, orders: Sequence[FileOrder]) -> set[str]:
    """Those of their references that were used before."""
    owner_id = session().get_one(OrderImport, import_id).owner_id
    named = [order.reference for order in orders]
    return set(session().scalars(select(Order.reference).where(Order.owner_id == owner_id, Order.reference.in_(named))))


def _verdict(asker: Actor, order: FileOrder, taken: set[str]) -> str:
    if order.reference in taken:
        order.findings = []
        return "there"
    if any(each.column == "kind" for each in order.findings):  # whatever else is said of it was meant for another kind
        return "refused"
    try:
        routing.check_order(asker, _loaded(order))
    except Refused as refusal:
        known = {(each.line, each.column) for each in order.findings}  # of a cell, the first
        order.findings += [each for each in _told(order, refusal) if (each.line, each.column) not in known]
    return "refused" if order.findings else "good"


def _loaded(order: FileOrder) -> dict[str, Any]:
    loaded: dict[str, Any] = load_or_refuse(OrderIn(), order.body)
    return loaded


def _told(order: FileOrder, refusal: Refused) -> list[Finding]:
    if refusal.errors:
        told = [order.found(each["pointer"], each["code"], each.get("params") or {}) for each in refusal.errors]
        return list({(each.line, each.column): each for each in reversed(told)}.values())[::-1]  # of a cell, the first
    return [Finding(order.rows[0], "", refusal.code, refusal.params)]


def make_orders(import_id: uuid.UUID, place: int) -> None:
    """Make the chosen orders of a file from this one of them on, for as long as a job may last; another goes on."""
    found = session().get(OrderImport, import_id)
    if found is None or found.state != ImportState.CREATING.value:
        return
    asker, chosen = _asker(found), list(found.chosen)
    place = max(place, found.handled)
    book = _read(found)
    ends = time.monotonic() + TURN_SECONDS
    while place < len(chosen) and time.monotonic() < ends:
        some = chosen[place : place + MADE_AT]
        made = (_make(asker, import_id, each, book.orders[each]) for each in some)
        failed = [finding for finding in made if finding is not None]
        place += len(some)
        found = _to_go_on(import_id, ImportState.CREATING)
        if found is None:
            return
        found.handled, found.created, found.updated_at = place, found.created + len(some) - len(failed), clock.now()
        _note(found, failed)
        keep_so_far()
    found = _to_go_on(import_id, ImportState.CREATING)
    if found is None:
        return
    if place < len(chosen):
        go_on(import_id, place)
    else:
        end(found, ORDER_IMPORT.apply("finish", found.state))


def _make(asker: Actor, import_id: uuid.UUID, place: int, order: FileOrder) -> Finding | None:
    """One order, as if it had come alone. What was free a moment ago may be gone: then why, at its first line."""
    command = commands.command_for(asker, f"{import_id}#{place}", "orders.create", order.body)
    outcome = commands.execute(command, lambda: routing.create_order(asker, _loaded(order)), _answer)
    if not isinstance(outcome, Refused):
        return None
    return replace(_told(order, outcome)[0], line=order.rows[0])


def _answer(made: Any) -> Mapping[str, Any]:
    return {"id": str(made.id), "number": made.number, "state": made.state}
