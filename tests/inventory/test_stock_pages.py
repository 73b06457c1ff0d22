"""What sellers see: figures that add up, the rows behind them, the ledger with balances, and nobody else's."""

from __future__ import annotations

import uuid
from datetime import date
from itertools import product as product_of
from types import SimpleNamespace

import pytest
from sqlalchemy import select, text

from tests.inventory.world import (
    TEST,
    World,
    allocated,
    make_lot,
    make_product,
    make_seller,
    make_world,
    move,
    promised,
)  # fmt: skip
from tests.sent import statements
from wms.core.actor import SYSTEM
from wms.core.refusals import Refused
from wms.facility.models import COUNTS, HandlingUnit, LocationKind
from wms.inventory import holds, schemas, service
from wms.inventory.models import Balance, Condition, HoldScope, Summary
from wms.inventory.queries import Scope, moves_of, stock_lines, stock_rows
from wms.inventory.rules import BUCKETS_IN_ORDER, Bucket, Figure, Reason, figure_of
from wms.platform.database import session


def figures(scope: Scope, product) -> dict[str, int]:
    (line,) = stock_lines(scope, sku=product.sku)[0]
    assert sum(line.buckets.values()) == line.on_hand
    return {bucket.value: quantity for bucket, quantity in line.buckets.items()}


def test_the_five_figures_are_disjoint_and_add_up(world: World):
    house, product = world.overseas, world.product
    scope = Scope({world.seller.id})
    bin_ = house.stocked(product, 20)
    house.stocked(product, 3, condition="damaged")
    house.stocked(product, 2, "bulk", lot=make_lot(product, date(2020, 1, 1)))
    service.receive(SYSTEM, house.goods(product, "dock"), 7, TEST)
    session().commit()
    expected = {"available": 20, "outbound": 0, "pending": 7, "unqualified": 5, "frozen": 0}
    assert figures(scope, product) == expected
    demand = promised(house, product, 6)[0].subject_id
    assert figures(scope, product) == expected | {"available": 14, "outbound": 6}
    claim = allocated(house, demand)[0]
    tote = house.goods(product, "tote", unit=house.unit())
    move(bin_, tote, 4, Reason.PICK, allocation_id=claim.allocation_id)
    session().commit()
    assert figures(scope, product) == expected | {"available": 14, "outbound": 6}
    session().get_one(HandlingUnit, tote.handling_unit_id).subject_kind = "put_back"
    session().commit()
    assert figures(scope, product) == expected | {"available": 14, "outbound": 2, "pending": 11}
    holds.place_hold(SYSTEM, house.id, HoldScope.LOCATION, str(bin_.location_id), "look")
    session().commit()
    assert figures(scope, product) == {"available": 0, "outbound": 0, "pending": 11, "unqualified": 2, "frozen": 19}
    (line,) = stock_lines(scope, sku=product.sku)[0]
    assert (line.promised, line.free, line.short) == (2, -2, 2)


def test_the_rows_behind_a_figure_add_up_to_it(world: World):
    house, product = world.bonded, world.bonded_product
    stock = house.stocked(product, 20)
    promised(house, product, 6)
    service.recondition(SYSTEM, stock, Condition.DAMAGED, 2, TEST)
    session().commit()
    rows = stock_rows(Scope({world.seller.id}), product.id, warehouse_id=house.id)
    found = [(row.location_code, row.item_number, row.condition, row.on_hand, row.bucket) for row in rows]
    item = product.customs_item_number
    assert found == [
        ("storage", item, "good", 18, Bucket.AVAILABLE), ("storage", item, "damaged", 2, Bucket.UNQUALIFIED),
    ]  # fmt: skip
    assert stock_rows(Scope({world.other_seller.id}), product.id) == []
    assert stock_rows(Scope({world.seller.id}), product.id, after=rows[0].balance_id) == rows[1:]
    assert stock_rows(Scope(None, {world.overseas.id}), product.id) == []


def test_the_figures_are_the_sums_of_their_rows_whatever_these_are(db_session):
    """The page adds up in PostgreSQL, the rows are told apart by `rules.bucket_of`: every kind of row, both ways."""
    world = make_world()
    house, product = world.overseas, world.product
    expired, held = (False, True), (False, True)
    lots = {
        each: make_lot(product, date(2020 if each[0] else 2090, 1, 1), str(each)) for each in product_of(expired, held)
    }
    units = {None: house.unit(), "put_back": house.unit()}
    session().get_one(HandlingUnit, units["put_back"]).subject_kind = "put_back"
    rows = [
        Balance(
            warehouse_id=house.id, owner_id=product.owner_id, product_id=product.id, location_id=house.at(kind),
            lot_id=lots[late, stopped], handling_unit_id=units[subject], condition=condition, customs_status="none",
            on_hand=1_000 + number * number, is_sellable=sells, held_by=stopped,
        )
        for number, (late, stopped, kind, condition, subject) in enumerate(
            product_of(expired, held, LocationKind, Condition, units)
        )
        for sells in [number % 3 > 0 and condition == "good" and not stopped and kind in COUNTS]
    ]  # fmt: skip
    kinds = {house.at(kind): kind for kind in LocationKind}
    sums = dict.fromkeys(map(str, Figure), 0)
    for row in rows:
        sums[figure_of(row.is_sellable, kinds[row.location_id])] += row.on_hand
    sellable = sums["sellable"]
    session().add_all(rows)
    session().add(Summary(warehouse_id=house.id, owner_id=product.owner_id, product_id=product.id,
                          customs_status="none", promised=0, **sums))  # fmt: skip
    session().flush()
    expected = dict.fromkeys(map(str, BUCKETS_IN_ORDER), 0)
    for row in stock_rows(Scope(), product.id, limit=1_000):
        expected[row.bucket] += row.on_hand
    assert all(expected.values())
    assert sum(expected.values()) == sum(row.on_hand for row in rows)
    assert expected["available"] < sellable, "some has expired since it was last looked at"
    assert figures(Scope(), product) == expected


def test_a_page_reads_neither_the_bins_that_sell_nor_what_was_emptied(world: World):
    house, product = world.overseas, world.product
    stock = house.stocked(product, 30)
    for _ in range(20):
        carton = house.goods(product, "dock", unit=house.unit("carton", "dock"))
        move("supplier", carton, 1, Reason.RECEIVE)
        move(carton, house.goods(product, "storage", unit=house.unit("carton", "storage")), 1, Reason.PUTAWAY)
        move(stock, house.goods(product, "bulk", unit=house.unit("carton", "bulk")), 1)
    waiting = house.goods(product, "dock")
    move("supplier", waiting, 5, Reason.RECEIVE)
    session().commit()
    assert len(session().scalars(select(Balance.id).where(Balance.product_id == product.id)).all()) == 62
    before = rows_read("balance")
    assert figures(Scope({world.seller.id}), product) == {
        "available": 50, "outbound": 0, "pending": 5, "unqualified": 0, "frozen": 0,
    }  # fmt: skip
    assert rows_read("balance") - before <= 1  # that there is one


def rows_read(table: str) -> int:
    """Rows of a table read by this transaction."""
    return session().scalar(
        text("SELECT seq_tup_read + idx_tup_fetch FROM pg_stat_xact_user_tables WHERE relname = :table"),
        {"table": table},
    )


def test_the_ledger_shows_both_ends_and_what_was_there_after(world: World):
    house, product = world.overseas, world.product
    bin_ = house.stocked(product, 10)
    move(bin_, house.goods(product, "bin2"), 4)
    session().commit()
    service.count(SYSTEM, bin_, 5, TEST)
    session().commit()
    lines, after = moves_of(Scope({world.seller.id}), product.id)
    assert after is None
    told = [
        (line.reason, line.quantity, line.source.party or line.source.location_code, line.source.balance_after,
         line.target.party or line.target.location_code, line.target.balance_after)
        for line in lines
    ]  # fmt: skip
    assert told == [
        ("count", 1, "storage", 5, "adjustment", None), ("move", 4, "storage", 6, "bin2", 4),
        ("putaway", 10, "dock", 0, "storage", 10), ("receive", 10, "supplier", None, "dock", 10),
    ]  # fmt: skip
    assert {(line.subject_kind, line.actor_kind) for line in lines} == {("test", "system")}
    first, after = moves_of(Scope({world.seller.id}), product.id, limit=3)
    rest, end = moves_of(Scope({world.seller.id}), product.id, limit=3, before=after)
    assert (first + rest, end) == (lines, None)
    assert moves_of(Scope({world.seller.id}), product.id, warehouse=world.bonded.warehouse.code)[0] == []
    assert moves_of(Scope(None, {world.bonded.id}), product.id)[0] == []
    for foreign in (Scope({world.other_seller.id}), Scope(set())):
        with pytest.raises(Refused, match="not_found"):
            moves_of(foreign, product.id)
    with pytest.raises(Refused, match="not_found"):
        moves_of(Scope(), uuid.uuid4())


def test_pages_follow_each_other_without_gap_or_repetition(world: World):
    skus = [f"P{number:02}" for number in range(7)]
    for sku in skus:
        product = make_product(world.seller, sku, customs_item_number="X")
        world.overseas.stocked(product, 1)
        world.bonded.stocked(product, 1)
    scope = Scope({world.seller.id})
    seen, after = [], None
    while True:
        lines, after = stock_lines(scope, limit=3, after=after)
        seen += [(line.sku, line.warehouse_code) for line in lines]
        if after is None:
            break
    houses = {world.overseas.warehouse.code, world.bonded.warehouse.code}
    assert sorted(seen) == sorted((sku, house) for sku in skus for house in houses)
    assert [sku for sku, _ in seen] == sorted(sku for sku, _ in seen)
    code = world.bonded.warehouse.code
    assert [line.sku for line in stock_lines(scope, warehouse=code)[0]] == skus
    assert len(stock_lines(Scope({world.seller.id}, {world.overseas.id}))[0]) == 7
    assert stock_lines(Scope({world.other_seller.id}))[0] == []


def test_a_page_of_a_hundred_products_is_one_statement(world: World):
    dock = [(world.overseas.goods(make_product(world.seller)), 5) for _ in range(101)]
    service.receive_many(SYSTEM, dock, TEST)
    session().commit()
    scope = Scope({world.seller.id})
    with statements() as sent:
        lines, after = stock_lines(scope, limit=100)
    assert (len(lines), after is not None, len(sent)) == (100, True, 1)


@pytest.fixture
def stocked(cast, db_session):
    """A seller of the cast with goods in a house, beside another seller's."""
    world = make_world()
    owner = cast.ACME
    product, second = make_product(owner, "AAA-1"), make_product(owner, "AAA-2")
    world.overseas.stocked(product, 9)
    world.bonded.stocked(make_product(owner, "AAA-3", customs_item_number="7"), 4)
    world.overseas.stocked(second, 1)
    theirs = make_product(make_seller(), "AAA-1")
    world.overseas.stocked(theirs, 5)
    session().commit()
    return SimpleNamespace(
        world=world, product=product.id, theirs=theirs.id, overseas=world.overseas.warehouse.code,
        bonded=world.bonded.warehouse.code,
    )  # fmt: skip


def test_a_seller_reads_their_own_stock(cast, client, stocked):
    api = cast.api(client, "ACME")
    answer = api.get("/api/v1/stock")
    assert answer.status_code == 200
    rows = [(row["sku"], row["warehouse"], row["on_hand"]) for row in answer.json["data"]]
    assert rows == [("AAA-1", stocked.overseas, 9), ("AAA-2", stocked.overseas, 1), ("AAA-3", stocked.bonded, 4)]
    assert answer.json["data"][0]["buckets"] == {
        "available": 9, "outbound": 0, "pending": 0, "unqualified": 0, "frozen": 0,
    }  # fmt: skip
    assert [row["sku"] for row in api.get(f"/api/v1/stock?warehouse={stocked.bonded}").json["data"]] == ["AAA-3"]
    assert [row["on_hand"] for row in api.get("/api/v1/stock?sku=AAA-1").json["data"]] == [9]
    assert api.get("/api/v1/stock?sku=NOBODY").json == {"data": [], "next_cursor": None}


def test_the_answer_is_what_the_description_says(cast, client, stocked):
    """The page is written without marshmallow; this is what holds both together."""
    answer = cast.api(client, "ACME").get("/api/v1/stock?limit=2")
    assert schemas.StockPage().dump(schemas.StockPage().load(answer.json)) == answer.json
    for line in answer.json["data"]:
        assert line.keys() == schemas.StockLineAnswer().fields.keys()
        assert line["buckets"].keys() == schemas.StockBuckets().fields.keys()


def test_rows_of_one_place_are_told_apart_by_their_batch(world: World):
    """Two batches in one bin are two rows: each has its own figure after a move."""
    product = make_product(world.seller, lot_controlled=True)
    bin_ = {
        batch: world.overseas.goods(product, "storage", lot=make_lot(product, batch=batch)) for batch in ("B1", "B2")
    }
    for quantity, stock in enumerate(bin_.values(), start=3):
        move("supplier", stock, quantity, Reason.RECEIVE)
        session().commit()
    lines, _ = moves_of(Scope({world.seller.id}), product.id)
    assert [(line.target.location_code, line.target.batch, line.target.balance_after) for line in lines] == [
        ("storage", "B2", 4), ("storage", "B1", 3)
    ]  # fmt: skip


def test_the_next_page_is_where_the_link_says(cast, client, stocked):
    api = cast.api(client, "ACME")
    seen: list[str] = []
    path: str | None = "/api/v1/stock?limit=1"
    while path:
        answer = api.get(path)
        seen += [row["sku"] for row in answer.json["data"]]
        path = answer.headers["Link"].split(">")[0][1:] if "Link" in answer.headers else None
    assert seen == ["AAA-1", "AAA-2", "AAA-3"]


def test_a_seller_reads_the_ledger_of_a_product_and_of_no_other(cast, client, stocked):
    api = cast.api(client, "ACME")
    answer = api.get(f"/api/v1/stock/{stocked.product}/moves?limit=1")
    (line,) = answer.json["data"]
    assert (line["reason"], line["quantity"], line["warehouse"]) == ("putaway", 9, stocked.overseas)
    assert line["source"] == {
        "party": None, "location": "dock", "handling_unit": None, "condition": "good", "batch": None,
        "expires_on": None, "balance_after": 0,
    }  # fmt: skip
    assert "actor_id" not in line
    rest = api.get(f"/api/v1/stock/{stocked.product}/moves?cursor={answer.json['next_cursor']}").json
    assert ([each["reason"] for each in rest["data"]], rest["next_cursor"]) == (["receive"], None)
    for product in (stocked.theirs, uuid.uuid4()):
        answer = api.get(f"/api/v1/stock/{product}/moves")
        assert (answer.status_code, answer.json["code"]) == (404, "not_found")
    rival = cast.api(client, "RIVAL")
    assert rival.get(f"/api/v1/stock/{stocked.product}/moves").status_code == 404
    assert [row["sku"] for row in rival.get("/api/v1/stock?sku=AAA-1").json["data"]] == []


def test_nobody_reads_nothing(client, stocked):
    for path in ("/api/v1/stock", f"/api/v1/stock/{stocked.product}/moves"):
        assert client.get(path).status_code == 401


@pytest.mark.parametrize(
    "query", ["limit=0", "limit=201", "limit=x", "cursor=x", "cursor=AAAA", "sku=", f"sku={'x' * 41}", "warehouse=%00"]
)
def test_a_wrong_question_is_refused(cast, client, stocked, query):
    answer = cast.api(client, "ACME").get(f"/api/v1/stock?{query}")
    assert answer.status_code == 422, answer.json
    if not query.startswith("sku"):
        assert cast.api(client, "ACME").get(f"/api/v1/stock/{stocked.product}/moves?{query}").status_code == 422


def test_cursors_of_other_pages_are_not_taken(cast, client, stocked):
    from datetime import UTC, datetime

    from wms.platform.http import encode_cursor

    api = cast.api(client, "ACME")
    for key in ("", "x", "1/2/3", f"{uuid.uuid4()}/{uuid.uuid4()}", "9" * 30, "-1", "١٢"):
        cursor = encode_cursor(datetime.now(UTC), key)
        assert api.get(f"/api/v1/stock?cursor={cursor}").status_code == 422
        assert api.get(f"/api/v1/stock/{stocked.product}/moves?cursor={cursor}").status_code == 422


def test_the_description_has_examples(client):
    document = client.get("/api/openapi.json").json
    for name in ("/api/v1/stock", "/api/v1/stock/{product_id}/moves"):
        assert document["paths"][name]["get"]["responses"]["200"]
    properties = document["components"]["schemas"]["StockLineAnswer"]["properties"]
    assert properties["sku"]["example"] == "T-SHIRT-01"
