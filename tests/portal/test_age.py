"""Age, lots, the network, the past, and what stands behind each figure: pages and API, for the owner and nobody else."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from tests.portal.test_pages import text_of
from wms.core import clock
from wms.inventory.layers import service as layers
from wms.platform.database import transaction

MUG, SERUM, LAMP = "MUG-450-BLUE", "SERUM-30ML", "LAMP-DESK-W"


@pytest.fixture
def aged(life) -> None:
    """The layers have followed the story."""
    with life.app.app_context():
        while True:
            with transaction():
                if not layers.follow():
                    return


def product_pages(cast) -> list[str]:
    mug = cast.ACME.products[MUG]
    day = datetime.now(UTC).date().isoformat()
    return [
        f"/portal/stock/{mug}/layers", f"/portal/stock/{mug}/layers?tier=0", f"/portal/stock/{mug}/as-of?day={day}",
        f"/portal/stock/{mug}/as-of?day={day}&warehouse=DE1", f"/portal/stock/{mug}/coming",
        f"/portal/stock/{mug}/lacking",
    ]  # fmt: skip


LISTS = ["/portal/stock/age", "/portal/stock/lots", "/portal/stock/lots?soon=1", "/portal/stock/network"]


def test_its_owner_and_staff_see_every_view_and_others_nothing(cast, client, life, aged):
    for who in (cast.acme_person, cast.supervisor):
        caller = cast.sign_in(client, who, face="portal")
        for path in (*LISTS, *product_pages(cast)):
            assert caller.get(path).status_code == 200, path
    rival = cast.sign_in(client, cast.rival_person)
    for path in product_pages(cast):
        assert rival.get(path).status_code == 404, path
    for path in LISTS:
        assert MUG not in text_of(rival.get(path)), path


def test_every_view_speaks_chinese(cast, client, life, aged):
    seller = cast.sign_in(client, cast.agency)
    assert seller.post("/language", data={"language": "zh-CN"}).status_code == 302
    for path, word in zip(LISTS, ("库龄", "批次与效期", "最后可售日", "全部仓库合计"), strict=True):
        assert word in text_of(seller.get(path)), path
    for path in product_pages(cast):
        assert "旅行杯" in text_of(seller.get(path)), path


@pytest.mark.parametrize(
    ("asked", "field", "said"),
    [
        ("day=", "day", "Required."), ("day=yesterday", "day", "Type a date"), ("day=2026-02-30", "day", "Type a date"),
        ("day=9999-12-31", "day", "At most"), ("day=0001-01-01", "day", "At least"), ("day=2098-01-01", "day", "still to come"),
        ("day=2026-01-01&time=25:00", "time", "Not in the expected form"),
    ],
)  # fmt: skip
def test_a_day_that_is_none_or_to_come_is_said_at_its_field(cast, client, life, asked, field, said):
    seller = cast.sign_in(client, cast.acme_person)
    answer = seller.get(f"/portal/stock/{cast.ACME.products[MUG]}/as-of?{asked}")
    page = answer.get_data(as_text=True)
    assert (answer.status_code, said in page.split(f'id="{field}-error"')[1][:200]) == (422, True)
    assert "Together" not in page


def test_a_time_of_a_day_is_asked_for_by_each_warehouses_calendar(cast, client, life, aged):
    """All warehouses are the sum of each, and a minute before the goods came nothing was there."""
    seller = cast.sign_in(client, cast.acme_person)
    address = f"/portal/stock/{cast.ACME.products[MUG]}/as-of"
    here = clock.now().astimezone(ZoneInfo("Europe/Berlin"))
    ago = here - timedelta(days=9)
    early = text_of(seller.get(f"{address}?day={ago:%Y-%m-%d}&time={ago:%H:%M}"))
    assert "Nothing was there" in early
    whole = text_of(seller.get(f"{address}?day={here:%Y-%m-%d}"))
    assert (
        "Together" in whole
        and text_of(seller.get(f"{address}?day={here:%Y-%m-%d}&warehouse=DE1")).count("Together") == 1
    )
    later = here + timedelta(hours=1)
    if later.date() == here.date():
        answer = seller.get(f"{address}?day={later:%Y-%m-%d}&time={later:%H:%M}&warehouse=DE1")
        assert (answer.status_code, "still to come" in answer.get_data(as_text=True)) == (422, True)


def test_figures_open_to_what_stands_behind_them(cast, client, life, aged):
    seller = cast.sign_in(client, cast.acme_person)
    mug = cast.ACME.products[MUG]
    page = text_of(seller.get("/portal/stock"))
    assert f"/portal/stock/{mug}/coming" in page
    assert life.coming.number in text_of(seller.get(f"/portal/stock/{mug}/coming"))
    assert life.booking.number not in text_of(seller.get(f"/portal/stock/{mug}/coming"))
    shirt = cast.ACME.products["T-SHIRT-01-M"]
    assert life.short.number in text_of(seller.get(f"/portal/stock/{shirt}/lacking"))
    assert f"/portal/bookings/{life.booking.id}" in text_of(seller.get(f"/portal/stock/{mug}/layers"))


def test_the_api_tells_the_same(cast, client, life, aged):
    api = cast.api(client)
    stock = {row["sku"]: row for row in api.get("/api/v1/stock").get_json()["data"]}
    for row in api.get("/api/v1/stock/age").get_json()["data"]:
        assert (
            sum(tier["units"] for tier in row["tiers"]) + row["waiting"]
            == row["on_hand"]
            == stock[row["sku"]]["on_hand"]
        )
    for row in api.get("/api/v1/stock/network").get_json()["data"]:
        assert sum(row["buckets"].values()) == row["on_hand"] == stock[row["sku"]]["on_hand"]
    mug = cast.ACME.products[MUG]
    layered = api.get(f"/api/v1/stock/{mug}/layers").get_json()["data"]
    today = clock.today("Europe/Berlin")
    assert {(today - date.fromisoformat(row["put_away_on"])).days + 1 - row["age_days"] for row in layered} == {0}
    assert {row["subject_kind"] for row in layered} == {"carton"}
    now = clock.now()
    told = api.get(f"/api/v1/stock/{mug}/as-of", query_string={"moment": now.isoformat()}).get_json()
    assert told["on_hand"] == sum(row["on_hand"] for row in told["rows"]) == stock[MUG]["on_hand"]
    before = api.get(f"/api/v1/stock/{mug}/as-of", query_string={"moment": (now - timedelta(days=9)).isoformat()})
    assert before.get_json()["rows"] == []
    lots = api.get("/api/v1/stock/lots").get_json()["data"]
    assert [row["sku"] for row in lots] == [SERUM] * len(lots)
    assert all(row["last_sale_on"] < row["expires_on"] for row in lots)
    assert api.get("/api/v1/stock/counts").get_json() == {"data": [], "next_cursor": None}


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/api/v1/stock/{mug}/as-of?moment=", 422), ("/api/v1/stock/{mug}/as-of?moment=2999-01-01T00:00:00Z", 422),
        ("/api/v1/stock/{mug}/as-of?moment=yesterday", 422), ("/api/v1/stock/lots?within_days=-1", 422),
        ("/api/v1/stock/lots?cursor=x", 422), ("/api/v1/stock/network?cursor=x", 422),
        ("/api/v1/stock/age?limit=0", 422), ("/api/v1/stock/counts?cursor=x", 422),
    ],
)  # fmt: skip
def test_bad_input_is_named(cast, client, life, path, status):
    assert cast.api(client).get(path.format(mug=cast.ACME.products[MUG])).status_code == status


def test_anothers_product_is_not_there(cast, client, life):
    api = cast.api(client, "RIVAL")
    mug = cast.ACME.products[MUG]
    moment = clock.now().isoformat()
    assert api.get(f"/api/v1/stock/{mug}/layers").status_code == 404
    assert api.get(f"/api/v1/stock/{mug}/as-of", query_string={"moment": moment}).status_code == 404


def test_pages_of_a_cursor_give_each_product_once(cast, client, life, aged):
    api = cast.api(client)
    for path in ("/api/v1/stock/age", "/api/v1/stock/network"):
        whole = [row["sku"] for row in api.get(path).get_json()["data"]]
        seen, cursor = [], None
        while True:
            body = api.get(path, query_string={"limit": 1, **({"cursor": cursor} if cursor else {})}).get_json()
            seen += [row["sku"] for row in body["data"]]
            cursor = body["next_cursor"]
            if cursor is None:
                break
        assert seen == whole
        assert len(whole) > 1
