"""Pick faces in the office: set one by one or as a list, planned at once, dropped; in both languages, by who may."""

from __future__ import annotations

from html import unescape

import pytest
from sqlalchemy import update

from tests.life import LAMP, MUG, said
from tests.office.test_pages import form, text_of
from wms.core.actor import SYSTEM
from wms.facility.models import Location
from wms.inventory import holds
from wms.inventory.models import HoldScope
from wms.inventory.putaway.models import FixedBin
from wms.inventory.replenishment.models import ReplenishTask
from wms.inventory.rules import Stock
from wms.inventory.service import Subject, receive
from wms.platform.database import session, transaction

SHIRT = "T-SHIRT-01-M"  # nothing of it is there
PAGE, FACE, OTHER = "/office/replenishment", "A-02-01-1", "A-02-02-1"


@pytest.fixture
def boss(cast, client, life):
    """A supervisor in a house with two bins for picking."""
    with life.app.app_context(), transaction():
        places = [cast.overseas.locations[code] for code in (FACE, OTHER)]
        session().execute(update(Location).where(Location.id.in_(places)).values(kind="pick_face"))
    return cast.sign_in(client, cast.supervisor)


def faces(life) -> dict[tuple[str, str], tuple[int, int]]:
    with life.app.app_context():
        rows = session().query(FixedBin, Location.code).join(Location, Location.id == FixedBin.location_id).all()
        return {(code, str(face.product_id)): (face.minimum, face.maximum) for face, code in rows}


def one(sku: str = MUG, **more: object) -> dict[str, object]:
    return {"bin": FACE, "seller": "ACME", "sku": sku, "minimum": 4, "maximum": 10, **more}


def test_a_face_is_set_planned_and_removed(cast, life, boss):
    house, mug = cast.overseas.id, cast.ACME.products[MUG]
    assert "No pick faces yet" in text_of(boss.get(PAGE))
    assert said(life.app, boss.post(f"{PAGE}/{house}/faces", data=form(**one()))) == ["1 pick face is set."]
    assert said(life.app, boss.post(f"{PAGE}/{house}/faces", data=form(**one(maximum=12)))) == ["1 pick face is set."]
    assert faces(life) == {(FACE, str(mug)): (4, 12)}
    assert said(life.app, boss.post(f"{PAGE}/{house}/plan", data=form())) == ["1 replenishments planned, 0 dropped."]
    page = text_of(boss.get(f"{PAGE}?warehouse=DE1&q=a-02"))
    assert (FACE in page and MUG in page and "Orders want it" in page) or "Below minimum" in page
    with life.app.app_context():
        task = session().query(ReplenishTask).one()
        assert (task.quantity, task.state) == (12, "open")
        task_id = task.id
    answer = boss.post(f"{PAGE}/{house}/tasks/{task_id}/cancel", data=form())
    assert said(life.app, answer) == ["Dropped. Its goods are free again."]
    again = boss.post(f"{PAGE}/{house}/tasks/{task_id}/cancel", data=form())
    assert said(life.app, again) != ["Dropped. Its goods are free again."]
    place = cast.overseas.locations[FACE]
    gone = boss.post(f"{PAGE}/{house}/faces/{place}/{mug}/drop", data=form())
    assert said(life.app, gone) == ["It is no pick face any more. What stands there stays."]
    assert faces(life) == {}


def test_a_list_is_set_whole_or_not_at_all(cast, life, boss):
    house = cast.overseas.id
    lines = f"Bin\tSeller\tSKU\tMin\tMax\n{FACE}\tACME\t{MUG}\t2\t8\n{OTHER}\tACME\t{LAMP}\t1\t3"
    assert said(life.app, boss.post(f"{PAGE}/{house}/list", data=form(lines=lines))) == ["2 pick faces are set."]
    before = faces(life)
    wrong = boss.post(f"{PAGE}/{house}/list", data=form(lines=f"{FACE},ACME,{MUG},1,9\nNOWHERE,ACME,{LAMP},1,3"))
    assert wrong.status_code == 422
    page = unescape(wrong.get_data(as_text=True))
    assert "There is no bin NOWHERE." in page and f"{FACE},ACME" in page
    assert faces(life) == before


def test_a_face_that_gets_nothing_says_why(cast, life, boss):
    """Nothing in reserve; all of it on hold; not for this bin."""
    house, shirt = cast.overseas.id, cast.ACME.products[SHIRT]
    boss.post(f"{PAGE}/{house}/faces", data=form(**one(SHIRT, bin=OTHER, minimum=1, maximum=3)))
    assert "Nothing is in reserve." in text_of(boss.get(PAGE))
    boss.post(f"{PAGE}/{house}/faces", data=form(**one()))
    assert "on hold, or kept for orders" not in text_of(boss.get(PAGE))  # the next planning brings some
    with life.app.app_context():
        with transaction():
            place = cast.overseas.locations["A-01-02-1"]
            receive(SYSTEM, Stock(house, cast.ACME.id, shirt, place), 5, Subject("test", None))
            session().execute(update(Location).where(Location.code == OTHER).values(max_weight_g=1))
        with transaction():
            mug = str(cast.ACME.products[MUG])
            holds.place_hold(cast.supervisor, house, HoldScope.PRODUCT, mug, "quality", cast.ACME.id)
    page = text_of(boss.get(PAGE))
    assert "What is in reserve is on hold, or kept for orders." in page
    assert f"{OTHER}:" in page and "kg over" in page


def test_what_cannot_be_set_is_said(cast, life, boss):
    marked = "Please correct the marked fields"
    for fields, shown, field in (
        (one(bin="A-01-01-1"), "A-01-01-1 is no pick face", "bin"),
        (one(bin="NOWHERE"), "There is no bin NOWHERE.", "bin"),
        (one(sku="NO-SKU"), "There is no product ACME NO-SKU.", "sku"),
        (one(minimum=10), "the minimum has to be below the maximum", "maximum"),
        (one(minimum=""), marked, "minimum"),
        (one(maximum="many"), marked, "maximum"),
        (one(seller=""), marked, "seller"),
    ):
        answer = boss.post(f"{PAGE}/{cast.overseas.id}/faces", data=form(**fields))
        page = unescape(answer.get_data(as_text=True))
        assert (answer.status_code, shown in page, f'id="{field}-error"' in page) == (422, True, True), shown
    twice = boss.post(
        f"{PAGE}/{cast.overseas.id}/list", data=form(lines=f"{FACE},ACME,{MUG},1,9\n{FACE},ACME,{MUG},2,8")
    )
    assert f"{FACE} is named twice for ACME {MUG}." in unescape(twice.get_data(as_text=True))
    assert faces(life) == {}


def test_the_page_in_chinese_and_for_whom_it_is(cast, client, life, boss):
    house = cast.overseas.id
    boss.post(f"{PAGE}/{house}/faces", data=form(**one()))
    boss.post(f"{PAGE}/{house}/plan", data=form())
    boss.post("/language", data={"language": "zh-CN"})
    page = text_of(boss.get(PAGE))
    assert "拣选位" in page and "立即安排" in page
    for person in (cast.picker, cast.customs_clerk, cast.acme_person):
        stranger = cast.sign_in(client, person)
        assert stranger.get(PAGE).status_code in (403, 404)
        assert stranger.post(f"{PAGE}/{house}/plan", data=form()).status_code in (403, 404)
        assert stranger.post(f"{PAGE}/{house}/faces", data=form(**one())).status_code in (403, 404)
