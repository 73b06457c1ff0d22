"""The buyer's data is in one table, the ID number sealed, and nothing of it travels: not in answers of commands, not
in events, jobs or the log.
"""

from __future__ import annotations

import pytest
from flask import Flask
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from tests.cast import Cast
from tests.outbound.stage import ID_NUMBER, MUG, Stage, body
from wms.core.ids import new_id
from wms.outbound.models import Order
from wms.platform.database import session, transaction
from wms.platform.secrecy import unseal

BUYER = {"name": "Zoltan Quixote", "phone": "+36 1 555 0199", "email": "zoltan@quixote.example", "city": "Kecskemét",
         "address1": "Rákóczi út 77", "postcode": "H-6000", "company": "Quixote Kft", "country": "CN",
         "id_number": ID_NUMBER}  # fmt: skip
TELLING = ["Zoltan", "Quixote", "555 0199", "Kecskem", "Rákóczi", "H-6000", ID_NUMBER, ID_NUMBER[:17]]


def dump(*tables: str) -> str:
    """The whole text of these tables, as a dump of the database has it."""
    found: list[str] = []
    for table in tables:
        found += session().scalars(text(f"SELECT t::text FROM {table} t")).all()
    return "\n".join(found)


@pytest.fixture
def life(stage: Stage, client) -> Order:
    """A bonded order that went all the way, made over HTTP, changed, refused once, shipped."""
    house = stage.cast.bonded
    stage.stock(MUG, 5, house=house)
    api = stage.cast.api(client)
    answer = api.post("/api/v1/orders", body({MUG: 1}, warehouse="NGB1", consignee=BUYER))
    assert answer.status_code == 201, answer.json
    assert answer.json is not None
    path = f"/api/v1/orders/{answer.json['id']}"
    changed = {**BUYER, "address2": "Rákóczi 2"}
    assert api.patch(path, {"consignee": changed}, match=1).status_code == 200
    wrong = {**BUYER, "id_number": ID_NUMBER[:17] + "1"}
    assert api.patch(path, {"consignee": wrong}, match=2).status_code == 422
    assert api.post("/api/v1/orders", body({MUG: 1}, warehouse="NGB1", consignee=BUYER) | {
        "reference": answer.json["reference"]}).status_code == 409  # fmt: skip
    session().expire_all()
    order = session().get_one(Order, answer.json["id"])
    stage.release(order)
    stage.wave(house=house)
    stage.pick_all(order, house)
    stage.hand_over(stage.pack(order), house)
    return order


def test_nothing_of_the_buyer_is_outside_the_consignee_table(life: Order) -> None:
    names = session().scalars(text("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")).all()
    others = [name for name in names if name != "consignee" and not name.startswith("command_")]
    everything = dump(*others)
    assert len(everything) > 10_000
    assert [word for word in TELLING if word in everything] == []


def test_the_id_number_is_sealed_and_bound_to_its_order(life: Order) -> None:
    assert ID_NUMBER not in dump("consignee")
    row = session().execute(
        text("SELECT id_number_sealed, id_number_key, id_number_index FROM consignee WHERE order_id = :id"),
        {"id": life.id},
    ).one()  # fmt: skip
    assert ID_NUMBER.encode() not in bytes(row.id_number_sealed)
    assert unseal(bytes(row.id_number_sealed), str(life.id)) == ID_NUMBER
    assert len(row.id_number_index) == 32


def test_the_seller_sees_the_buyer_but_never_the_id_number(stage: Stage, client, life: Order) -> None:
    answer = stage.cast.api(client).get(f"/api/v1/orders/{life.id}")
    assert answer.json is not None
    assert answer.json["consignee"]["name"] == BUYER["name"]
    assert ID_NUMBER not in answer.text
    assert "id_number" not in answer.text
    assert "Zoltan" not in stage.cast.api(client).get("/api/v1/orders").text


def test_the_log_does_not_tell(stage: Stage, client, capfd: pytest.CaptureFixture[str], life: Order) -> None:
    api = stage.cast.api(client)
    api.post("/api/v1/orders", body({MUG: 1}, warehouse="NGB1", consignee=BUYER))
    api.post("/api/v1/orders", body({MUG: 0}, warehouse="NGB1", consignee=BUYER))
    told = "".join(capfd.readouterr())
    assert [word for word in TELLING if word in told] == []


def test_a_fault_of_the_database_does_not_quote_the_row(stage: Stage, life: Order) -> None:
    statement = text("INSERT INTO consignee (order_id, name, country) VALUES (:id, :name, 'CN')")
    with pytest.raises(IntegrityError) as raised:
        session().execute(statement, {"id": life.id, "name": "Zoltan Quixote"})
    session().rollback()
    assert "Zoltan" not in str(raised.value)


def test_a_person_is_forgotten_by_the_number_that_people_know(fresh_app: Flask, cast: Cast) -> None:
    """And nobody is told that it was done when no such order is there; a reference may be two sellers'."""
    run = fresh_app.test_cli_runner().invoke
    with fresh_app.app_context():
        order, other = (
            Stage(cast).order({MUG: 1}, consignee={**BUYER, "country": "DE", "id_number": None}) for _ in range(2)
        )
        wrong = [order.reference, order.number[:-4] + "9999", str(new_id()), ""]
        for named in wrong:
            result = run(args=["erase", "--order", named])
            assert (result.exit_code, "nobody was forgotten" in result.output) == (1, True), result.output
        assert forgotten(order) == forgotten(other) == [False]
        result = run(args=["erase", "--order", order.number])
        assert (result.exit_code, "1  outbound" in result.output) == (0, True), result.output
        assert (forgotten(order), forgotten(other)) == ([True], [False])
        assert "0  outbound" in run(args=["erase", "--order", str(order.id)]).output
        assert run(args=["erase", "--order", str(other.id)]).exit_code == 0
        assert forgotten(other) == [True]


def forgotten(order: Order) -> list[bool]:
    query = text(
        "SELECT name IS NULL AND address1 IS NULL AND erased_at IS NOT NULL FROM consignee WHERE order_id = :order"
    )
    with transaction():
        return list(session().scalars(query, {"order": order.id}).all())
