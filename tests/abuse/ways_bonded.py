"""The ways (see `ways.py`) of what customs settles: declarations about goods that a count in bond found over."""

from __future__ import annotations

import uuid

from sqlalchemy import select

from tests.abuse.ways import Ask, Scene, form, way
from tests.outbound.stage import BIN1, MUG
from wms.customs import settling
from wms.customs.models import SettlementKind
from wms.customs.settling import Asked
from wms.inventory import service as stock
from wms.inventory import unaccounted
from wms.inventory.ledger import stock_of
from wms.inventory.models import Balance
from wms.inventory.queries import Scope
from wms.inventory.service import Subject
from wms.platform.database import session


def settlement(scene: Scene, state: str) -> uuid.UUID:
    """Two mugs more than the book says, declared for entry."""
    house, clerk = scene.cast.bonded, scene.cast.customs_clerk
    scene.stock(MUG, 10, house=house)
    row = session().scalars(select(Balance).where(Balance.on_hand == 10, Balance.customs_status == "bonded")).one()
    scene.do(stock.count, scene.cast.supervisor, stock_of(row), 12, Subject("count", None))
    over = unaccounted.rows_seen(Scope())[0].id
    made = scene.do(settling.declare, clerk, house.id, over, Asked(SettlementKind.ENTRY, 2)).id
    if state == "accepted":
        scene.do(settling.accept, clerk, made, "QD-1")
    elif state == "refused":
        scene.do(settling.refuse, clerk, made, "QD-1", "to be seen first")
    elif state == "withdrawn":
        scene.do(settling.withdraw, clerk, made)
    return made


def _clerk(scene: Scene, state: str, action: str, **fields: str) -> Ask:
    key = settlement(scene, state)
    send = form(scene.person("customs_clerk"), f"/customs/unaccounted/settlements/{key}/{action}", **fields)
    return Ask({("settlement", action): key}, send)


@way(("settlement", "accept"), states="declared withdrawn refused")
def settlement_accepted(scene: Scene, state: str) -> Ask:
    return _clerk(scene, state, "accept", document="QD-2")


@way(("settlement", "refuse"), states="declared")
def settlement_refused(scene: Scene, state: str) -> Ask:
    return _clerk(scene, state, "refuse", document="QD-2", reason="to be counted again")


@way(("settlement", "withdraw"), states="declared")
def settlement_withdrawn(scene: Scene, state: str) -> Ask:
    return _clerk(scene, state, "withdraw")


@way(("settlement", "settle"), states="accepted")
def settlement_carried_out(scene: Scene, state: str) -> Ask:
    return _clerk(scene, state, "settle", bin=BIN1)
