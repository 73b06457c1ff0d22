"""The ways (see `ways.py`) of lorries that the office orders of carriers."""

from __future__ import annotations

import uuid
from datetime import time, timedelta

from sqlalchemy import update

from tests.abuse.ways import Ask, Scene, form, way
from wms.core import clock
from wms.platform.database import session
from wms.shipping import service as shipping
from wms.shipping.carriers.http import CAPABILITIES
from wms.shipping.models import CarrierTask
from wms.shipping.service import collections
from wms.shipping.service.collections import Wish


def lorry(scene: Scene, state: str) -> uuid.UUID:
    """A lorry that is wanted, that comes, or that is being called off."""
    made = scene.do(
        shipping.create_carrier, scene.cast.admin, "LORRY", "Lorries", kind="http", capabilities=CAPABILITIES
    )
    wish = Wish(clock.now().date() + timedelta(days=2), time(9), time(12), 3, 0, 0, 9_000)
    boss = scene.cast.supervisor
    key: uuid.UUID = scene.do(collections.order_collection, boss, scene.cast.overseas.id, made.id, wish).id
    if state != "wanted":
        scene.do(collections.confirm_by_hand, boss, key, "PU-77")
    if state == "calling_off":
        scene.do(collections.call_off, boss, key)
    return key


def _ask(scene: Scene, key: uuid.UUID, action: str, path: str, **typed: str) -> Ask:
    return Ask(
        {("collection", action): key},
        form(scene.person("supervisor"), f"/office/manifests/collections/{key}/{path}", **typed),
    )


@way(("collection", "drop"), states="wanted")
def lorry_called_off_before_anybody_asked(scene: Scene, state: str) -> Ask:
    return _ask(scene, lorry(scene, state), "drop", "call-off")


@way(("collection", "call_off"), states="wanted confirmed")
def lorry_called_off(scene: Scene, state: str) -> Ask:
    key = lorry(scene, state)
    if state == "wanted":  # the carrier is being asked: the row says so
        asked = update(CarrierTask).where(CarrierTask.collection_id == key)
        scene.do(lambda: session().execute(asked.values(state="asking", attempts=1, updated_at=clock.now())))
    return _ask(scene, key, "call_off", "call-off")


@way(("collection", "confirm"), states="wanted")
def lorry_confirmed_by_hand(scene: Scene, state: str) -> Ask:
    return _ask(scene, lorry(scene, state), "confirm", "confirm", reference="PU-78")


@way(("collection", "keep"), states="calling_off")
def lorry_that_comes_all_the_same(scene: Scene, state: str) -> Ask:
    return _ask(scene, lorry(scene, state), "keep", "keep")


@way(("collection", "collect"), states="confirmed")
def lorry_that_came(scene: Scene, state: str) -> Ask:
    return _ask(scene, lorry(scene, state), "collect", "came")


@way(("collection", "miss"), states="confirmed")
def lorry_that_did_not_come(scene: Scene, state: str) -> Ask:
    return _ask(scene, lorry(scene, state), "miss", "missed")
