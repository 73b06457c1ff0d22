"""Counters and supervisors of the made-up warehouses, and a whole count in one call."""

from __future__ import annotations

import uuid

from tests.inventory.world import House
from wms.core.actor import Actor, ActorKind
from wms.core.ids import new_id
from wms.core.permissions import ROLE_PERMISSIONS
from wms.inventory.counting import planning, service
from wms.inventory.counting.goods import Goods
from wms.inventory.counting.models import CountTask
from wms.inventory.counting.service import Finished
from wms.inventory.rules import Stock
from wms.platform.database import session


def person(role: str = "floor") -> Actor:
    return Actor(ActorKind.USER, new_id(), role, ROLE_PERMISSIONS[role], roles=(role,))


ANN, BEN, CAI, SUE = person(), person(), person(), person("supervisor")


def goods_of(stock: Stock) -> Goods:
    return Goods(stock.owner_id, stock.product_id, stock.lot_id, stock.handling_unit_id, stock.condition)


def planned(house: House, *places: str) -> list[CountTask]:
    """Tasks for these places, in their order."""
    count = planning.plan_bins(SUE, house.id, [house.at(place) for place in places])
    session().commit()
    tasks = session().query(CountTask).filter_by(count_id=count.id).all()
    by_place = {task.location_id: task for task in tasks}
    return [by_place[house.at(place)] for place in places]


def taken(who: Actor, house: House, place: str = "storage") -> uuid.UUID:
    task = service.take(who, house.id, house.at(place))
    session().commit()
    return task.id


def told(who: Actor, task_id: uuid.UUID, *counted: tuple[Stock, int]) -> Finished:
    """Count these and finish; nothing at all means an empty bin."""
    for stock, quantity in counted:
        service.tally(who, task_id, goods_of(stock), quantity)
    finished = service.finish(who, task_id, empty=not counted)
    session().commit()
    return finished


def counted(who: Actor, house: House, *found: tuple[Stock, int], place: str = "storage") -> Finished:
    return told(who, taken(who, house, place), *found)


def state(task: CountTask) -> tuple[str, int]:
    session().expire_all()
    return task.state, task.round
