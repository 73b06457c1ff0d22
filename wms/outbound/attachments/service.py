"""A paper is added to an order, taken away, and forgotten with its buyer."""

from __future__ import annotations

import uuid
from collections.abc import Sequence

from sqlalchemy import delete, func, select

from wms.core import clock
from wms.core.actor import Actor
from wms.core.ids import new_id
from wms.core.refusals import Refused, invalid, not_found
from wms.outbound.attachments.models import OrderPaper
from wms.outbound.models import Consignee
from wms.outbound.service.changes import announce
from wms.outbound.service.orders import load_order_to_edit
from wms.outbound.workflow import OrderState
from wms.platform.database import session
from wms.platform.files import Kept, forget_files, name_file

KINDS = ("invoice", "packing_list", "other")
MOST_PAPERS = 20


def attach(actor: Actor, order_id: uuid.UUID, kind: str, kept: Kept, name: str) -> OrderPaper:
    """One more paper of an order, until it is cancelled or its buyer forgotten; a shipped one may still need its invoice.

    Refuses `too_many_papers`, `edit_too_late`; 404 outside the actor's scope.
    """
    if kind not in KINDS:
        raise invalid("/kind", "invalid")
    order = load_order_to_edit(actor, order_id)  # held, so that the bound holds
    if order.state == OrderState.CANCELLED.value or session().get_one(Consignee, order.id).erased_at is not None:
        raise Refused("edit_too_late", {"document": "order", "state": order.state, "fields": ["papers"]})
    held = session().scalar(select(func.count()).where(OrderPaper.order_id == order.id)) or 0
    if held >= MOST_PAPERS:
        raise Refused("too_many_papers", {"most": MOST_PAPERS})
    paper = OrderPaper(
        id=new_id(), order_id=order.id, kind=kind, name=name, file_id=name_file(kept), added_by=actor.id,
        added_at=clock.now(),
    )  # fmt: skip
    session().add(paper)
    session().flush()
    announce(order, "papers")
    return paper


def remove(actor: Actor, order_id: uuid.UUID, paper_id: uuid.UUID) -> uuid.UUID:
    """Take a paper away, bytes and all; returns its id. 404 when it is not there."""
    order = load_order_to_edit(actor, order_id)
    paper = session().get(OrderPaper, paper_id)
    if paper is None or paper.order_id != order.id:
        raise not_found("paper")
    _forget([paper])
    announce(order, "papers")
    return paper_id


def erase(order_ids: Sequence[uuid.UUID]) -> int:
    """Forget every paper of these orders; returns how many."""
    papers = session().scalars(select(OrderPaper).where(OrderPaper.order_id.in_(order_ids))).all()
    _forget(papers)
    return len(papers)


def _forget(papers: Sequence[OrderPaper]) -> None:
    files = [paper.file_id for paper in papers]
    session().execute(delete(OrderPaper).where(OrderPaper.id.in_([paper.id for paper in papers])))
    forget_files(files)
