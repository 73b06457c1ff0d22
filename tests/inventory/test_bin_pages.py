"""The office's pages of bins and zones, of where goods go, and of holds: what is typed is what counts from then on."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from html import unescape
from typing import Any

import pytest
from sqlalchemy import text

from tests.floor.worker import CABLE, MUG
from tests.inventory.world import TEST, make_product
from wms.core.actor import SYSTEM
from wms.core.ids import new_id
from wms.facility.models import Location, Zone
from wms.inventory import service
from wms.inventory.rules import Stock
from wms.platform.database import session

BIN = "A-01-01-1"
ASK = f"/office/putaway?warehouse=DE1&seller=ACME&sku={MUG}&quantity=10"


@pytest.fixture
def supervisor(cast, client, db_session) -> Any:
    return cast.sign_in(client, cast.supervisor)


def form(**fields: object) -> dict[str, str]:
    return {"command_id": str(new_id()), **{name: str(value) for name, value in fields.items()}}


def shown(answer: Any, status: int = 200) -> str:
    assert answer.status_code == status, answer.get_data(as_text=True)[:600]
    return unescape(answer.get_data(as_text=True))


def place(cast: Any, code: str = BIN) -> Location:
    session().expire_all()
    return session().get_one(Location, cast.overseas.locations[code])


def stocked(cast: Any, sku: str, quantity: int) -> Stock:
    target = Stock(cast.overseas.id, cast.ACME.id, cast.ACME.products[sku], cast.overseas.locations[BIN])
    service.receive(SYSTEM, target, quantity, TEST)
    session().commit()
    return target


def test_a_bin_is_given_its_limits_and_what_it_is_for(cast, supervisor):
    address = f"/office/places/bin/{cast.overseas.locations[BIN]}"
    assert "What it takes" in shown(supervisor.get(address))
    answer = supervisor.post(address, data=form(
        max_weight_kg=12, max_volume_l=30, max_units=40, velocity_class="A", owner="ACME", mixes_products=1, is_active=1
    ))  # fmt: skip
    assert answer.status_code == 302, answer.text
    found = place(cast)
    assert (found.max_weight_g, found.max_volume_cm3, found.max_units, found.velocity_class, found.owner_id) == (
        12_000, 30_000, 40, "A", cast.ACME.id,
    )  # fmt: skip
    assert (found.mixes_products, found.mixes_lots, found.is_active) == (True, False, True)
    supervisor.post(address, data=form(is_active=1))
    found = place(cast)
    assert (found.max_weight_g, found.max_volume_cm3, found.max_units, found.velocity_class, found.owner_id) == (
        None, None, None, "", None,
    )  # fmt: skip


@pytest.mark.parametrize(
    "wrong", [{"max_units": 0}, {"max_weight_kg": "heavy"}, {"velocity_class": "D"}, {"owner": "NOBODY"}]
)
def test_what_is_wrong_with_a_bin_is_marked_and_nothing_saved(cast, supervisor, wrong: dict[str, object]):
    address = f"/office/places/bin/{cast.overseas.locations[BIN]}"
    assert "Nothing was saved" in shown(supervisor.post(address, data=form(is_active=1, **wrong)), 422)
    assert place(cast).max_units is None


def test_a_bin_becomes_a_products_own(cast, supervisor):
    address = f"/office/places/bin/{cast.overseas.locations[BIN]}"
    assert supervisor.post(f"{address}/own", data=form(seller="ACME", sku=MUG)).status_code == 302
    assert "The bin of this product." in shown(supervisor.get(ASK))
    other = ASK.replace(MUG, CABLE)
    assert f"{BIN} is kept for another product." in shown(supervisor.get(f"{other}&q={BIN}"))
    assert supervisor.post(f"{address}/own/{cast.ACME.products[MUG]}/end", data=form()).status_code == 302
    assert f"{BIN} is kept" not in shown(supervisor.get(f"{other}&q={BIN}"))
    assert shown(supervisor.post(f"{address}/own", data=form(seller="ACME", sku="NONE-SUCH")), 422)


def test_a_zone_says_who_may_stand_in_it(cast, supervisor):
    bins = shown(supervisor.get("/office/bins?warehouse=DE1"))
    assert "New zone" in bins and "Where does it go?" in bins
    new = f"/office/places/{cast.overseas.id}/zones/new"
    assert "Who may stand here" in shown(supervisor.get(new))
    data = {**form(code="COLD", name="Cold store", purpose="storage", temperature="cool", customs_area="any"),
            "dangerous_classes": ["3", "8"]}  # fmt: skip
    assert supervisor.post(new, data=data).status_code == 302
    zone = session().query(Zone).filter_by(code="COLD").one()
    assert (zone.temperature, zone.dangerous_classes, zone.owner_id) == ("cool", ["3", "8"], None)
    assert "is taken" in shown(supervisor.post(new, data={**data, "command_id": str(new_id())}), 422)
    assert shown(supervisor.post(new, data=form(code="x y", name="")), 422)
    edited = form(name="Cold", temperature="frozen", customs_area="free", owner="ACME")
    assert supervisor.post(f"/office/places/zone/{zone.id}", data=edited).status_code == 302
    session().expire_all()
    assert (zone.name, zone.temperature, zone.customs_area, zone.dangerous_classes, zone.owner_id) == (
        "Cold", "frozen", "free", [], cast.ACME.id,
    )  # fmt: skip
    assert shown(supervisor.post(f"/office/places/zone/{zone.id}", data=form(name="", temperature="warm")), 422)
    assert "Frozen" in shown(supervisor.get(f"/office/places/zone/{zone.id}"))


def test_where_goods_go_and_why_not_elsewhere(cast, supervisor):
    empty = shown(supervisor.get("/office/putaway?warehouse=DE1"))
    assert "Suggested" not in empty
    first = place(cast)
    first.max_weight_g = 1_000
    session().commit()
    page = shown(supervisor.get(ASK))
    assert "An empty bin." in page
    assert "Next best" in page
    assert f"{BIN}: 2.2 kg over, takes 3." in page  # ten mugs of 320 g
    assert "DOCK is no place to put goods away." in shown(supervisor.get(f"{ASK}&q=DOCK"))
    assert "There is no product" in shown(supervisor.get(ASK.replace(MUG, "NONE-SUCH")), 422)
    assert shown(supervisor.get(ASK.replace("quantity=10", "quantity=-1")), 422)
    session().execute(text("UPDATE app_user SET language = 'zh'"))
    session().commit()
    assert f"{BIN}：超出 2.2 kg，只能再放 3 件。" in shown(supervisor.get(ASK))


def test_strangers_and_sellers_change_nothing(cast, client, db_session):
    address = f"/office/places/bin/{cast.overseas.locations[BIN]}"
    picker = cast.sign_in(client, cast.picker)
    assert picker.get(address).status_code == 200
    assert picker.post(address, data=form(max_units=1)).status_code == 403
    for path in (address, ASK, "/office/holds", "/office/recall"):
        assert cast.sign_in(client, cast.acme_person).get(path).status_code == 403, path
    clerk = cast.sign_in(client, cast.customs_clerk)
    assert clerk.get("/office/holds").status_code == 403


# Holds


def hold_of(**fields: object) -> dict[str, str]:
    return form(**{"warehouse": "DE1", "scope": "product", "seller": "ACME", "sku": MUG, "reason": "quality", **fields})


def open_holds() -> list[tuple[Any, ...]]:
    query = (
        "SELECT scope, reason, note, has_begun, begins_at, ends_at FROM stock_hold WHERE ended_at IS NULL ORDER BY id"
    )
    return [tuple(row) for row in session().execute(text(query))]


def test_a_hold_with_days_is_planned_by_the_warehouses_calendar(cast, supervisor):
    stocked(cast, MUG, 5)
    today = datetime.now(UTC).date()
    begins, ends = today + timedelta(days=3), today + timedelta(days=5)
    answer = supervisor.post("/office/holds", data=hold_of(note="leaks", begins_on=begins, ends_on=ends))
    assert answer.status_code == 302, answer.text
    ((scope, reason, note, begun, begins_at, ends_at),) = open_holds()
    assert (scope, reason, note, begun) == ("product", "quality", "leaks", False)
    zone = "Europe/Berlin"
    query = text(
        "SELECT (CAST(:a AS timestamptz) AT TIME ZONE :z)::text, (CAST(:b AS timestamptz) AT TIME ZONE :z)::text"
    )
    local = session().execute(query, {"a": begins_at, "b": ends_at, "z": zone}).one()
    assert tuple(local) == (f"{begins} 00:00:00", f"{ends + timedelta(days=1)} 00:00:00")
    page = shown(supervisor.get("/office/holds"))
    assert "planned" in page and "leaks" in page


def test_a_hold_is_set_and_ended_and_stays_to_be_read(cast, supervisor):
    stock = stocked(cast, MUG, 5)
    assert supervisor.post("/office/holds", data=hold_of(scope="location", code=BIN.lower())).status_code == 302
    (hold,) = session().execute(text("SELECT id FROM stock_hold")).scalars()
    assert BIN in shown(supervisor.get("/office/holds"))
    ended = supervisor.post(f"/office/holds/{cast.overseas.id}/{hold}/end", data=form())
    assert ended.status_code == 302
    assert open_holds() == []
    assert BIN in shown(supervisor.get("/office/holds?show=ended"))
    assert service.find_balance(stock).held_by == 0  # type: ignore[union-attr]


def test_wrong_days_and_numbers_are_said_at_their_field(cast, supervisor):
    stocked(cast, MUG, 5)
    today = datetime.now(UTC).date()
    past, later, last = (today + timedelta(days=days) for days in (-3, 9, 7))
    for wrong, field, said in (
        ({"begins_on": past, "ends_on": last}, "begins_on", "This day is over."),
        ({"begins_on": past - timedelta(days=1), "ends_on": past}, "ends_on", "This day is over."),
        ({"begins_on": later, "ends_on": last}, "ends_on", "It would end before it begins."),
        ({"scope": "serial", "code": "NO-NUMBER"}, "code", "NO-NUMBER is not here."),
    ):
        page = supervisor.post("/office/holds", data=hold_of(**wrong)).text
        assert said in page.split(f'id="{field}-error"')[1][:200], wrong
    assert open_holds() == []


def test_one_unit_is_held_by_its_number(cast, supervisor):
    phone = make_product(cast.ACME, serial_control="full")
    target = Stock(cast.overseas.id, cast.ACME.id, phone.id, cast.overseas.locations[BIN])
    service.receive(SYSTEM, target, 2, TEST, serials=["S1", "S2"])
    session().commit()
    wanted = {"scope": "serial", "sku": phone.sku, "code": "S2"}
    assert supervisor.post("/office/holds", data=hold_of(**wanted)).status_code == 302
    assert [row[0] for row in open_holds()] == ["serial"]
    assert "S2" in shown(supervisor.get("/office/holds"))
    tomorrow = datetime.now(UTC).date() + timedelta(days=2)
    assert "at once" in shown(supervisor.post("/office/holds", data=hold_of(**wanted, begins_on=tomorrow)), 422)


@pytest.mark.parametrize(
    "wrong",
    [
        {"warehouse": "XX9"}, {"scope": "balance"}, {"scope": "location", "code": ""}, {"reason": "in_doubt"},
        {"scope": "location", "code": "Z-99"}, {"scope": "handling_unit", "code": "NONE"}, {"sku": "NONE-SUCH"},
        {"seller": "NOBODY"}, {"scope": "lot", "code": "NO-BATCH"}, {"begins_on": "soon"},
        {"ends_on": "2020-01-01"}, {"scope": "serial", "code": "NO-NUMBER"},
    ],
)  # fmt: skip
def test_a_hold_on_nothing_is_refused(cast, supervisor, wrong: dict[str, str]):
    assert shown(supervisor.post("/office/holds", data=hold_of(**wrong)), 422)
    assert open_holds() == []
