"""A made-up warehouse with pick faces, and the people who fill them."""

from __future__ import annotations

import uuid
from typing import Any

from tests.inventory.counting.people import ANN, BEN, SUE
from tests.inventory.world import House
from wms.catalog.models import Product
from wms.inventory.models import Allocation, Balance
from wms.inventory.putaway.models import BinReservation
from wms.inventory.replenishment import faces, planning, service
from wms.inventory.replenishment.models import ReplenishTask
from wms.platform.database import session

__all__ = ["ANN", "BEN", "SUE", "brought", "face", "kept", "plan", "reserved", "taken", "tasks"]


def face(house: House, product: Product, minimum: int = 10, maximum: int = 50, place: str = "pick_face") -> uuid.UUID:
    faces.set_face(SUE, house.at(place), product.id, minimum, maximum)
    session().commit()
    return house.at(place)


def plan(house: House) -> planning.Planned:
    made = planning.plan(house.id)
    session().commit()
    return made


def tasks(house: House, *states: str) -> list[ReplenishTask]:
    """In the order they were made."""
    session().expire_all()
    rows = session().query(ReplenishTask).filter_by(warehouse_id=house.id).order_by(ReplenishTask.id)
    return [task for task in rows if not states or task.state in states]


def taken(who: Any, house: House, **more: Any) -> ReplenishTask:
    task = service.take_next(who, house.id, **more)
    session().commit()
    return task


def brought(who: Any, task: ReplenishTask, quantity: int, **more: Any) -> ReplenishTask:
    service.bring(who, task.id, quantity, task.location_id, **more)
    session().commit()
    return task


def reserved(task: ReplenishTask) -> int:
    session().expire_all()
    return int(session().get_one(Allocation, task.allocation_id).open_quantity)


def kept(task: ReplenishTask) -> int:
    """Units that room is kept for in the face."""
    found = session().query(BinReservation).filter_by(holder_id=task.id).one_or_none()
    return 0 if found is None else int(found.quantity)


def source_of(task: ReplenishTask) -> Balance:
    return session().get_one(Balance, task.balance_id)
