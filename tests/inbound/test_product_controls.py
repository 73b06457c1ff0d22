"""How units are told apart does not change while units are in stock; everything else does."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import text

from tests.inbound.dock import MUG, deliver, product, service
from tests.inbound.test_blind import blind
from tests.inbound.test_differences import fields, refused
from wms.catalog import service as catalog
from wms.catalog.models import Product
from wms.platform.database import session


@pytest.fixture
def here(cast: Any, db_session: Any) -> Product:
    """Five mugs stand at the dock."""
    found = deliver(cast.acme, cast.receiver, {MUG: 5})
    service.count_as_declared(cast.receiver, found.carton)
    return session().get_one(Product, cast.ACME.products[MUG])


@pytest.mark.parametrize("name", ["lot_controlled", "expiry_controlled"])
def test_what_is_kept_of_units_changes_when_none_are_left(cast, here, name):
    refusal = refused(catalog.edit_product, cast.acme, here.id, {name: True, "name_en": "x"}, here.version)
    assert fields(refusal) == {f"/{name}": "control_in_stock"}
    assert catalog.edit_product(cast.acme, here.id, {name: False}, here.version).version == here.version  # as it is


@pytest.mark.parametrize(
    ("before", "after", "may"),
    [("none", "exit", True), ("exit", "none", True), ("none", "full", False), ("exit", "full", False),
     ("full", "none", False), ("full", "exit", False), ("full", "full", True)],
)  # fmt: skip
def test_numbers_kept_from_the_receipt_on_are_kept_or_not_for_all_units(cast, here, before, after, may):
    session().execute(
        text("UPDATE product SET serial_control = :before WHERE id = :p"), {"before": before, "p": here.id}
    )
    session().refresh(here)
    change = {"serial_control": after}
    if may:
        assert catalog.edit_product(cast.acme, here.id, change, here.version).serial_control == after
    else:
        told = fields(refused(catalog.edit_product, cast.acme, here.id, change, here.version))
        assert told == {"/serial_control": "control_in_stock"}
    session().rollback()


def test_of_nothing_in_stock_all_may_change(cast, db_session):
    key = product(cast.acme, "EMPTY-1")
    changes = {"lot_controlled": True, "expiry_controlled": True, "serial_control": "full"}
    changed = catalog.edit_product(cast.acme, key, changes, 1)
    assert (changed.lot_controlled, changed.expiry_controlled, changed.serial_control) == (True, True, "full")


def test_everything_else_changes_while_it_is_in_stock(cast, here):
    changes = {"name_en": "Blue mug", "declared_weight_g": 500, "temperature": "cool", "outbound_days": 30}
    changed = catalog.edit_product(cast.acme, here.id, changes, here.version)
    assert {name: getattr(changed, name) for name in changes} == changes


def test_what_was_counted_blind_is_as_it_was_noted(cast, db_session):
    """It becomes stock when its carton is closed, and is refused then if another control is in force."""
    found = blind(cast, {MUG: 4})
    mug = session().get_one(Product, cast.ACME.products[MUG])
    switch = {"lot_controlled": True}

    def told() -> dict[str, str]:
        return fields(refused(catalog.edit_product, cast.acme, mug.id, switch, mug.version))

    service.count(cast.receiver, found.carton, mug.id, 5)
    assert told() == {"/lot_controlled": "control_in_stock"}
    assert service.close_carton(cast.receiver, found.carton).again
    before = session().begin_nested()  # nothing of the first count will be posted, and none of the second is noted yet
    assert catalog.edit_product(cast.acme, mug.id, switch, mug.version).lot_controlled
    before.rollback()
    service.count(cast.receiver, found.carton, mug.id, 5)
    assert told() == {"/lot_controlled": "control_in_stock"}
    service.uncount(cast.receiver, found.carton)
    service.count(cast.receiver, found.carton, mug.id, 4)
    service.close_carton(cast.receiver, found.carton)
    assert told() == {"/lot_controlled": "control_in_stock"}  # in stock now


def test_a_blind_count_that_was_taken_back_keeps_nothing(cast, db_session):
    found = blind(cast, {MUG: 4})
    mug = session().get_one(Product, cast.ACME.products[MUG])
    service.count(cast.receiver, found.carton, mug.id, 4)
    service.uncount(cast.receiver, found.carton)
    assert catalog.edit_product(cast.acme, mug.id, {"lot_controlled": True}, mug.version).lot_controlled
