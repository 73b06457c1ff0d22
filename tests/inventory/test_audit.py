"""Every check of the audit can fail: the database is corrupted behind the ledger's back, and that check sees it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import text

from tests.inventory.replenishment.house import ANN, SUE, brought, face, plan, taken
from tests.inventory.world import (
    TEST,
    World,
    allocated,
    make_house,
    make_product,
    make_seller,
    make_world,
    move,
    permit,
    post,
    promised,
)  # fmt: skip
from wms.core import clock
from wms.core.actor import SYSTEM
from wms.inventory import holds, ledger, month_ends, service
from wms.inventory.audit import CHECKS
from wms.inventory.converting import asking
from wms.inventory.converting import service as converting
from wms.inventory.converting.asking import Wanted as Conversion
from wms.inventory.converting.rules import RecipeKind, one_to_one
from wms.inventory.converting.service import Made
from wms.inventory.layers import service as layers
from wms.inventory.models import HoldScope
from wms.inventory.promises import Pin
from wms.inventory.relocating import service as relocating
from wms.inventory.relocating.service import Wanted
from wms.inventory.repacking import nest
from wms.inventory.rules import MoveDraft, Reason
from wms.platform.auditing import run_checks
from wms.platform.database import session

CONVERT = "(SELECT id FROM stock_posting WHERE reason = 'convert')"
REVERSAL = "(SELECT id FROM stock_posting WHERE reason = 'reverse')"
SHIPPED = "(SELECT id FROM stock_move WHERE permit_id IS NOT NULL)"
RECEIVED_IN_BOND = (
    "(SELECT m.id FROM stock_move m JOIN balance b ON b.id = m.to_balance_id WHERE b.customs_status = 'bonded'"
    " AND m.from_party = 'supplier' LIMIT 1)"
)
OTHER_WAREHOUSE = "(SELECT id FROM warehouse WHERE id <> x.warehouse_id LIMIT 1)"
OTHER_SELLER = "(SELECT id FROM seller WHERE id <> x.owner_id LIMIT 1)"

# check → the corruptions that must make exactly it speak up, or it among others whose figures meet in that row
CORRUPTIONS = {
    "balance equals the sum of its moves": [
        "UPDATE balance SET on_hand = on_hand + 1 WHERE NOT is_sellable AND customs_status = 'none' AND on_hand > 0",
    ],
    "no balance is negative or over-allocated": [
        "UPDATE balance SET allocated = on_hand + 1 WHERE allocated > 0",
        "UPDATE balance SET allocated = -1 WHERE allocated > 0",
        "UPDATE balance SET on_hand = -1 WHERE on_hand = 0",
    ],
    "allocated equals the open allocations": [
        "UPDATE balance SET allocated = allocated - 1 WHERE allocated > 0",
        "UPDATE allocation SET open_quantity = open_quantity - 1 WHERE open_quantity > 0 AND promise_id IS NOT NULL",
    ],
    "sellable property is what the rule says": [
        "UPDATE balance SET is_sellable = true WHERE NOT is_sellable AND on_hand = 0",
        "UPDATE balance SET held_by = held_by + 1 WHERE is_sellable",
        "UPDATE balance SET condition = 'grade_b' WHERE is_sellable AND on_hand > 0",
    ],
    "summaries are the sums of their balances": [
        "UPDATE summary SET sellable = sellable + 1",
        "UPDATE summary SET staged = staged + 1",
        "UPDATE summary SET aside = aside + 1",
        "UPDATE summary SET staged = staged + 1, aside = aside - 1 WHERE aside > 0",
        "DELETE FROM summary WHERE sellable > 0",
    ],
    "summary promised equals the open promises": [
        "UPDATE summary SET promised = promised + 1",
        "UPDATE promise SET open_quantity = open_quantity - 1 WHERE open_quantity = quantity",
    ],
    "allocations of a promise are within it": ["UPDATE promise SET open_quantity = 0 WHERE open_quantity > 0"],
    "an allocation stands on its promise's own stock": [
        ("UPDATE allocation a SET balance_id = (SELECT id FROM balance b WHERE b.product_id <> (SELECT product_id"
        " FROM balance WHERE id = a.balance_id) LIMIT 1) WHERE promise_id IS NOT NULL AND open_quantity > 0"),
    ],
    "a promise that does not count as selling stands on stock that does not sell": [
        "UPDATE balance SET is_sellable = true WHERE condition = 'damaged'",
    ],
    "claims on the book are for what is still promised or on its way": [
        "UPDATE promise SET book_quantity = quantity + 1 WHERE book_item_id IS NOT NULL",
        "UPDATE promise SET book_quantity = 0 WHERE book_item_id IS NOT NULL AND open_quantity > 0",
    ],
    "only open holds hold, and only their scope": [
        "UPDATE stock_hold SET ended_at = now() WHERE ended_at IS NULL",
        f"UPDATE stock_hold x SET warehouse_id = {OTHER_WAREHOUSE} WHERE ended_at IS NULL",
        f"UPDATE stock_hold x SET owner_id = {OTHER_SELLER} WHERE ended_at IS NULL AND owner_id IS NOT NULL",
        ("UPDATE held_balance x SET balance_id = (SELECT id FROM balance b WHERE b.warehouse_id <> (SELECT warehouse_id"
        " FROM balance WHERE id = x.balance_id) LIMIT 1)"),
    ],
    "held rows are counted": [
        "UPDATE balance SET held_by = held_by + 1 WHERE held_by > 0",
        "DELETE FROM held_balance",
    ],
    "every row in the scope of an open hold is held": ["DELETE FROM held_balance"],
    "a container within another stands where that one stands, and none within itself": [
        ("UPDATE handling_unit x SET location_id = (SELECT id FROM location WHERE id <> x.location_id LIMIT 1)"
        " WHERE parent_id IS NOT NULL"),
        ("UPDATE handling_unit SET parent_id = (SELECT id FROM handling_unit WHERE parent_id IS NOT NULL)"
        " WHERE id IN (SELECT parent_id FROM handling_unit)"),
    ],
    "both ends of a move are the same goods": [
        f"UPDATE stock_move x SET owner_id = {OTHER_SELLER}",
        "UPDATE stock_move SET lot_id = gen_random_uuid() WHERE lot_id IS NULL",
    ],
    "a posting stays in its warehouse": [f"UPDATE stock_posting x SET warehouse_id = {OTHER_WAREHOUSE}"],
    "conversions have both legs": [
        f"DELETE FROM stock_move WHERE posting_id IN {CONVERT} AND to_party = 'conversion'",
        f"DELETE FROM stock_move WHERE posting_id IN {CONVERT} AND from_party = 'conversion'",
    ],
    "every posting has moves": [f"DELETE FROM stock_move WHERE posting_id IN {CONVERT}"],
    "a reversal mirrors its posting": [
        f"UPDATE stock_move SET quantity = quantity + 1 WHERE posting_id = {REVERSAL}",
        (f"INSERT INTO stock_move (posting_id, warehouse_id, owner_id, product_id, from_party, to_balance_id, quantity,"
        f" crosses_bond, created_at) SELECT posting_id, warehouse_id, owner_id, product_id, 'adjustment',"
        f" to_balance_id, 5, false, now() FROM stock_move WHERE posting_id = {REVERSAL} AND to_balance_id IS NOT NULL"),
    ],
    "bonded stock left the zone only with a permit": [
        f"UPDATE stock_move SET permit_id = NULL, crosses_bond = false WHERE id = {SHIPPED}",
    ],
    "stock came into bond by a receipt or with a permit": [
        f"UPDATE stock_move SET from_party = 'customer' WHERE id = {RECEIVED_IN_BOND}",
    ],
    "a permit is used for its own goods": [
        "UPDATE permit SET product_id = gen_random_uuid() WHERE used > 0",
        f"UPDATE permit x SET warehouse_id = {OTHER_WAREHOUSE} WHERE used > 0",
    ],
    "permits are used as the moves say": ["UPDATE permit SET used = used - 1 WHERE used > 0"],
    "physical bonded stock and the customs book agree": [
        "UPDATE book_item SET booked = booked + 1",
        "UPDATE book_item SET unbooked = unbooked + 1",
    ],
    "the book is claimed as the promises say": ["UPDATE book_item SET promised = promised + 1"],
    "layers and what waits for putaway follow the moves": [
        "UPDATE stock_layer SET remaining = remaining - 1 WHERE remaining > 0",
        "UPDATE layer_pool SET fresh = fresh + 1",
        "UPDATE layer_pool SET away = away + 1",
        "DELETE FROM layer_pool",
    ],
    "a layer is what was put away less what left": [
        "UPDATE layer_use SET quantity = quantity + 1",
        "DELETE FROM layer_use",
    ],
    "month-ends are what the moves say": [
        "UPDATE stock_month_end_row SET on_hand = on_hand + 1",
        "DELETE FROM stock_month_end_row",
    ],
    "serial numbers in stock equal the quantity they name": [
        "UPDATE serial SET state = 'shipped'",
        "UPDATE serial SET balance_id = NULL",
    ],
    "a serial number stands where its last move put it, among its own goods": [
        "UPDATE serial SET balance_id = (SELECT min(id) FROM balance)",
        "UPDATE serial SET state = 'void'",
    ],
    "a conversion names its recipe, and nothing else does": [
        "DELETE FROM posting_recipe",
        "UPDATE stock_posting SET reason = 'adjust' WHERE reason = 'convert'",
    ],
    "the legs of a conversion match its recipe": [
        "UPDATE posting_recipe SET batches = batches + 1",
        "UPDATE posting_recipe_leg SET units = units + 1 WHERE is_yield",
        ("UPDATE posting_recipe_leg SET is_yield = NOT is_yield WHERE product_id = (SELECT product_id FROM"
        " posting_recipe_leg LIMIT 1)"),
        "DELETE FROM posting_recipe_leg WHERE is_yield",
        f"UPDATE stock_move SET quantity = quantity + 1 WHERE posting_id IN {CONVERT}",
    ],
    "a conversion changes only what its kind changes": [
        "UPDATE posting_recipe SET kind = 'lot'", "UPDATE posting_recipe SET kind = 'owner'",
        (f"UPDATE balance x SET owner_id = {OTHER_SELLER} WHERE id IN (SELECT to_balance_id FROM stock_move"
        f" WHERE posting_id IN {CONVERT})"),
    ],
    "only conversions use their counter-party": [
        "UPDATE stock_move SET from_party = 'conversion' WHERE from_party = 'supplier'",
    ],
    "a conversion is as far as its postings": ["UPDATE conversion SET done = done + 1"],
    "a conversion is promised what is still to be made of it": [
        "UPDATE conversion SET quantity = quantity + 1 WHERE state = 'open'",
        "UPDATE promise SET open_quantity = open_quantity - 1 WHERE subject_kind = 'conversion'",
    ],
    "a walk to a pick face reserves what is left to bring, and one that is over nothing": [
        "UPDATE replenish_task SET moved = moved + 1 WHERE state = 'open'",
        "UPDATE replenish_task SET state = 'cancelled' WHERE state = 'open'",
        "UPDATE allocation SET open_quantity = open_quantity - 1 WHERE promise_id IS NULL AND open_quantity > 0",
        "UPDATE allocation SET open_quantity = 1 WHERE promise_id IS NULL AND open_quantity = 0",
        "UPDATE replenish_task SET balance_id = (SELECT min(id) FROM balance b WHERE b.id <> balance_id)",
    ],
    "what is claimed without a promise is reserved by an open walk": [
        "UPDATE replenish_task SET allocation_id = (SELECT id FROM allocation WHERE promise_id IS NOT NULL LIMIT 1)",
        "DELETE FROM replenish_task",
    ],
    "a walk brings a product's goods from reserve of its own warehouse and owner": [
        f"UPDATE replenish_task x SET owner_id = {OTHER_SELLER}",
        f"UPDATE replenish_task x SET warehouse_id = {OTHER_WAREHOUSE}",
        "UPDATE replenish_task t SET location_id = (SELECT location_id FROM balance b WHERE b.id = t.balance_id)",
    ],
    "only a move in somebody's hands reserves goods, and only in its two bins": [
        "UPDATE move_task SET state = 'cancelled' WHERE state = 'moving'",
        "UPDATE move_task SET origin_id = target_id, target_id = origin_id WHERE state = 'moving'",
        "UPDATE allocation SET subject_id = gen_random_uuid() WHERE subject_kind = 'move_task' AND open_quantity > 0",
        "UPDATE allocation SET open_quantity = 1 WHERE subject_kind = 'move_task' AND open_quantity = 0",
    ],
    "a move that is done was posted once, both ways": [
        "UPDATE move_task SET moved = moved + 1 WHERE state = 'done'",
        "UPDATE move_task SET came_back = 1 WHERE state = 'done'",
        "UPDATE move_task SET state = 'cancelled' WHERE state = 'done'",
    ],
}  # fmt: skip


@pytest.fixture
def busy_world(db_session) -> World:
    """A world in which every table that the audit looks at has rows, and the books balance."""
    world = make_world()
    stock = world.overseas.stocked(world.product, 20)
    world.overseas.stocked(world.product, 2, condition="damaged")
    promised(world.overseas, world.product, 1, Pin(condition="damaged"))
    dock = world.overseas.goods(world.product, "dock")
    move("supplier", dock, 3, Reason.RECEIVE)
    wrong = move(dock, world.overseas.goods(world.product, "bulk"), 1, Reason.PUTAWAY)
    session().commit()
    ledger.reverse(SYSTEM, world.overseas.id, wrong.posting_id)
    made = make_product(world.seller)
    recipe = one_to_one(RecipeKind.RELABEL, dock.product_id, made.id)
    service.convert(SYSTEM, [(dock, 1)], [(world.overseas.goods(made), 1)], TEST, recipe)
    session().commit()
    wanted = Conversion(RecipeKind.RELABEL, world.product.sku, 2, to_sku=made.sku)
    asked = asking.ask(SYSTEM, world.overseas.id, world.seller.id, wanted)
    session().commit()
    converting.convert(SYSTEM, asked.id, Made(1))
    session().commit()
    allocated(world.overseas, promised(world.overseas, world.product, 4)[0].subject_id)
    held = world.overseas.stocked(world.product, 2, "bin2")
    holds.place_hold(SYSTEM, world.overseas.id, HoldScope.LOCATION, str(held.location_id), "look", world.seller.id)
    session().commit()
    in_bond = world.bonded.stocked(world.bonded_product, 9)
    lines = [promised(world.bonded, world.bonded_product, quantity)[0] for quantity in (2, 3)]
    claim = allocated(world.bonded, lines[0].subject_id)[0]
    gate = world.bonded.goods(world.bonded_product, "gate", unit=world.bonded.unit("parcel", "gate"))
    move(in_bond, gate, 2, Reason.PICK, allocation_id=claim.allocation_id)
    session().commit()
    leave = permit(world.bonded, in_bond, 2)
    post(Reason.SHIP, MoveDraft(gate, "customer", 2, permit_id=leave), settles={lines[0].promise_id: 2})
    session().commit()
    numbered = make_product(world.seller, serial_control="full")
    place = world.overseas.stocked(numbered, 1, serials=["N1"])
    nest(SYSTEM, world.overseas.unit("carton", "storage"), world.overseas.unit("pallet", "storage"))
    _replenish(world)
    _relocate(world)
    make_seller()
    session().commit()
    while layers.follow():
        session().commit()
    next_month = clock.now() + timedelta(days=40)
    former = clock.use(lambda: next_month)
    month_ends.close_months()
    clock.use(former)
    session().commit()
    assert stock != place
    return world


def _replenish(world: World) -> None:
    """A pick face filled by one walk that is done, and short of what a second one brings."""
    product = make_product(world.seller)
    world.overseas.stocked(product, 5, "storage3")
    face(world.overseas, product, 2, 9)
    plan(world.overseas)
    task = taken(ANN, world.overseas)
    brought(ANN, task, 5)
    world.overseas.stocked(product, 5, "storage3")
    face(world.overseas, product, 6, 9)
    plan(world.overseas)


def _relocate(world: World) -> None:
    """A move of the slotting list that was made, and one whose goods somebody has in hand."""
    house = make_house("overseas", "Europe/Berlin")
    made, in_hand = (make_product(world.seller) for _ in range(2))
    house.stocked(made, 5, "storage")
    house.stocked(in_hand, 3, "storage3")
    moves = ((made, "storage", "bin2"), (in_hand, "storage3", "storage"))
    relocating.ask_for(
        SUE, house.id,
        [Wanted(turn, product.id, house.at(origin), house.at(target), None, 5.0)
         for turn, (product, origin, target) in enumerate(moves, 1)],
    )  # fmt: skip
    session().commit()
    for product, origin, _ in moves:
        task = relocating.take_next(ANN, house.id)
        assert task is not None
        session().commit()
        relocating.hold(ANN, task.id, house.at(origin), product.id)
        session().commit()
        if product is made:
            relocating.finish(ANN, task.id)
            session().commit()


def violated() -> dict[str, list[dict]]:
    result = run_checks(CHECKS)
    return {each["name"]: each["violations"] for each in result["checks"] if each["violations"]}


def test_there_is_a_corruption_for_every_check():
    assert list(CORRUPTIONS) == [check.name for check in CHECKS]


def test_the_busy_world_balances_and_every_check_looks_at_something(busy_world):
    result = run_checks(CHECKS)
    assert result["ok"], violated()
    assert [each["name"] for each in result["checks"] if each["rows"] == 0] == []


@pytest.mark.parametrize(
    ("name", "corruption"), [(name, each) for name, corruptions in CORRUPTIONS.items() for each in corruptions]
)
def test_the_check_names_the_row(busy_world, name, corruption):
    # The CHECK constraints and triggers are in the way of what a broken disk or a console could do: all off.
    for table, constraint in session().execute(
        text("SELECT conrelid::regclass::text, conname FROM pg_constraint WHERE contype IN ('c', 'f')"
             " AND connamespace = 'public'::regnamespace AND conparentid = 0"
             " AND conrelid IN ('balance'::regclass, 'summary'::regclass, 'promise'::regclass, 'allocation'::regclass,"
             " 'stock_move'::regclass, 'permit'::regclass, 'posting_recipe'::regclass, 'posting_recipe_leg'::regclass,"
             " 'conversion'::regclass, 'held_balance'::regclass, 'book_item'::regclass,"
             " 'replenish_task'::regclass, 'move_task'::regclass)")
    ).all():  # fmt: skip
        session().execute(text(f"ALTER TABLE {table} DROP CONSTRAINT {constraint}"))
    for table in ("stock_move", "stock_posting", "posting_recipe", "posting_recipe_leg"):
        session().execute(text(f"ALTER TABLE {table} DISABLE TRIGGER USER"))
    if corruption.startswith("DELETE FROM summary"):
        session().execute(text("DELETE FROM allocation"))
    changed = session().connection().execute(text(corruption)).rowcount
    assert changed > 0
    found = violated()
    assert name in found
    assert len(found[name]) > 0
