"""A file of orders is taken, looked through by a job, made into orders by another when the seller says so, or dropped."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

from sqlalchemy import func, select

from wms.core import clock
from wms.core.actor import Actor
from wms.core.ids import new_id
from wms.core.refusals import Refused, not_found
from wms.exchange.models import OrderImport
from wms.exchange.workflow import ORDER_IMPORT, ImportState
from wms.identity.queries import choose_owner
from wms.platform.database import session
from wms.platform.files import Kept, forget_files, name_file
from wms.platform.locks import Rank, lock_one
from wms.platform.outbox import add_job
from wms.platform.uploads import Upload

CHECK_TOPIC, CREATE_TOPIC = "exchange.check_orders", "exchange.create_orders"
MOST_LINES = 5_000
MOST_FINDINGS = 500
MOST_OPEN = 10  # files of one seller that wait for a word


def take(actor: Actor, upload: Upload, kept: Kept, body: Mapping[str, Any]) -> OrderImport:
    """Keep a judged file and have it looked through. `body`: seller, warehouse and service for rows that name none.

    Refuses `too_many_imports`, `unknown_seller`.
    """
    owner = choose_owner(actor, body.get("seller"))
    is_open = (OrderImport.owner_id == owner.id, OrderImport.file_id.is_not(None))
    if (session().scalar(select(func.count()).select_from(OrderImport).where(*is_open)) or 0) >= MOST_OPEN:
        raise Refused("too_many_imports", {"most": MOST_OPEN})
    now = clock.now()
    taken = OrderImport(
        id=new_id(), owner_id=owner.id, name=upload.name, file_id=name_file(kept), state=ORDER_IMPORT.initial.value,
        actor_kind=actor.kind.value, actor_id=actor.id, warehouse=body.get("warehouse"), service=body.get("service"),
        lines=0, orders=0, handled=0, good=0, there=0, refused=0, created=0, more=0, findings=[], unread=[], chosen=[],
        created_at=now, updated_at=now,
    )  # fmt: skip
    session().add(taken)
    session().flush()
    add_job(CHECK_TOPIC, {"import_id": str(taken.id)}, dedupe_key=f"{CHECK_TOPIC}:{taken.id}")
    return taken


def load_import(actor: Actor, import_id: uuid.UUID) -> OrderImport:
    """404 outside the actor's scope."""
    found = session().get(OrderImport, import_id)
    if found is None or not actor.sees_seller(found.owner_id):
        raise not_found("import")
    return found


def _load_to_change(actor: Actor, import_id: uuid.UUID) -> OrderImport:
    load_import(actor, import_id)
    found = lock_one(Rank.DOCUMENT, OrderImport, import_id)
    if found is None:
        raise not_found("import")
    return found


def create(actor: Actor, import_id: uuid.UUID) -> OrderImport:
    """Have the good orders made. Refuses `not_allowed_now`, `sheet_no_orders`."""
    found = _load_to_change(actor, import_id)
    state = ORDER_IMPORT.apply("create", found.state)
    if found.good == 0:
        raise Refused("sheet_no_orders", {})
    found.state, found.handled, found.updated_at = state.value, 0, clock.now()
    found.actor_kind, found.actor_id = actor.kind.value, actor.id  # in whose name they come
    go_on(found.id, 0)
    session().flush()
    return found


def drop(actor: Actor, import_id: uuid.UUID) -> OrderImport:
    """Make no (further) orders of a file, and forget it. Refuses `not_allowed_now`."""
    found = _load_to_change(actor, import_id)
    end(found, ORDER_IMPORT.apply("drop", found.state))
    return found


def end(found: OrderImport, state: ImportState) -> None:
    """It goes no further, and its file is forgotten."""
    file_id = found.file_id
    found.state, found.file_id, found.updated_at = state.value, None, clock.now()
    session().flush()
    if file_id is not None:
        forget_files([file_id])


def go_on(import_id: uuid.UUID, place: int) -> None:
    """A job that makes the good orders from this one on."""
    add_job(
        CREATE_TOPIC, {"import_id": str(import_id), "place": place}, dedupe_key=f"{CREATE_TOPIC}:{import_id}:{place}"
    )
