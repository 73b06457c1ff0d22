"""Waves in the office: planned, looked at, released as shown; carts, rules and aisles set."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

import pytest
from sqlalchemy import text

from tests.life import LAMP, MUG, order, said
from tests.office.test_pages import form, text_of
from wms.core.ids import new_id
from wms.outbound.service import orders as outbound_orders
from wms.outbound.service import sorting
from wms.platform.database import session, transaction

PAGES = ("/office/waves", "/office/waves/settings/DE1", "/office/waves/rules/DE1", "/office/aisles/DE1")
SETTINGS = {
    "cart_totes": 8, "tote_units": 40, "tote_volume_l": 30, "tote_weight_kg": 15, "metres_per_minute": 55,
    "seconds_per_walk": 60, "seconds_per_stop": 10, "seconds_per_unit": 4, "minutes_per_wave": 45, "planning_seconds": 5,
}  # fmt: skip
_FAR_ZONE = text(
    "INSERT INTO zone (id, warehouse_id, code, name, purpose) VALUES (:id, :warehouse, 'FAR', 'Far', 'storage')"
)
_LAMPS_MOVE = text(
    "UPDATE location SET zone_id = :zone WHERE id IN (SELECT location_id FROM balance WHERE product_id = :lamp"
    " AND condition = 'good')"
)
LAYOUT = {
    "aisle_pitch": "3",
    "bay_pitch": "1.2",
    "cross_aisle": "2.5",
    "blocks": 1,
    "starts": "1:1",
    "ends": "",
    "one_way": "",
}


def ordered(cast: Any, life: Any, *wanted: dict[str, int]) -> list[tuple[Any, str]]:
    """New orders: id and number of each."""
    with life.app.app_context(), transaction():
        made = [order(cast, f"W-{new_id()}", list(lines.items())) for lines in wanted]
        return [(each.id, each.number) for each in made]


@pytest.fixture
def supervisor(cast: Any, client: Any, life: Any) -> Any:
    return cast.sign_in(client, cast.supervisor)


def house(cast: Any) -> str:
    return str(cast.overseas.id)


def path_of(answer: Any) -> str:
    assert answer.status_code == 302, text_of(answer)
    return str(answer.headers["Location"])


def test_each_page_shows_to_supervisors_and_to_nobody_below(cast: Any, client: Any, supervisor: Any) -> None:
    for path in PAGES:
        assert supervisor.get(path).status_code == 200, path
    for person, status in (("picker", 403), ("acme_person", 403)):
        other = cast.sign_in(client, getattr(cast, person))
        for path in PAGES:
            assert other.get(path).status_code == status, (person, path)
        assert other.post("/office/waves/plans", data=form(warehouse=house(cast))).status_code == status


def test_a_plan_is_shown_released_and_looked_at(cast: Any, life: Any, supervisor: Any) -> None:
    numbers = [number for _, number in ordered(cast, life, {MUG: 1}, {MUG: 1, LAMP: 1})]
    shown_at = path_of(supervisor.post("/office/waves/plans", data=form(warehouse=house(cast), limit=50)))
    page = text_of(supervisor.get(shown_at))
    for words in ("Metres to walk", "Carts filled as orders came", "People", "Release this wave"):
        assert words in page
    assert life.ask("SELECT count(*) FROM outbound_order WHERE state = 'promised'") >= 2
    wave_at = path_of(supervisor.post(shown_at, data=form()))
    wave = text_of(supervisor.get(wave_at))
    assert all(number in wave for number in numbers)
    assert "the only bin that has some" in wave
    assert "already" in text_of(supervisor.get(shown_at))


def test_each_walk_of_one_zone_names_it(cast: Any, life: Any, supervisor: Any) -> None:
    """The lamps' bin moved to a zone of its own: one order, two walks for the wall, each with its zone, planned and released."""
    with life.app.app_context(), transaction():
        sorting.make_wall(cast.supervisor, cast.overseas.id, "W1", 4)
        session().execute(_FAR_ZONE, {"id": (far := new_id()), "warehouse": cast.overseas.id})
        session().execute(_LAMPS_MOVE, {"zone": far, "lamp": cast.ACME.products[LAMP]})
    ordered(cast, life, {MUG: 1, LAMP: 1})
    shown_at = path_of(supervisor.post("/office/waves/plans", data=form(warehouse=house(cast), wall="W1", by_zone="1")))
    for path in (shown_at, path_of(supervisor.post(shown_at, data=form()))):
        for language, word in (("en", "Zone"), ("zh-CN", "库区")):
            supervisor.post("/language", data={"language": language})
            walks = re.findall(rf"<small>{word} ([^<]+)</small>", supervisor.get(path).get_data(as_text=True))
            assert sorted(walks) == ["A", "FAR"], (path, language)


def test_a_walk_of_every_zone_names_none(cast: Any, life: Any, supervisor: Any) -> None:
    ordered(cast, life, {MUG: 1, LAMP: 1})
    shown_at = path_of(supervisor.post("/office/waves/plans", data=form(warehouse=house(cast))))
    for path in (shown_at, path_of(supervisor.post(shown_at, data=form()))):
        assert "<small>Zone" not in supervisor.get(path).get_data(as_text=True)


def test_what_changed_is_named_and_planned_again(cast: Any, life: Any, supervisor: Any) -> None:
    _, (gone_id, gone_number) = ordered(cast, life, {MUG: 1}, {MUG: 1})
    shown_at = path_of(supervisor.post("/office/waves/plans", data=form(warehouse=house(cast))))
    with life.app.app_context(), transaction():
        outbound_orders.cancel_order(cast.acme, gone_id, None, "other")
    page = text_of(supervisor.get(shown_at))
    assert "Changed since it was planned" in page
    assert gone_number in page
    refused = supervisor.post(shown_at, data=form())
    assert path_of(refused) == shown_at
    assert [message for message in said(life.app, refused) if "1 orders are gone" in message]
    again = path_of(supervisor.post(f"{shown_at}/again", data=form()))
    assert again != shown_at
    path_of(supervisor.post(again, data=form()))


def test_a_wave_at_once_takes_its_selection(cast: Any, life: Any, supervisor: Any) -> None:
    made = [key for key, _ in ordered(cast, life, {MUG: 1}, {MUG: 2})]
    answer = supervisor.post("/office/waves", data=form(warehouse=house(cast), limit=9, kinds="single_line"))
    path_of(answer)
    states = [life.ask("SELECT state FROM outbound_order WHERE id = :id", id=key) for key in made]
    assert states == ["promised", "waved"]


@pytest.mark.parametrize("wrong", [{"limit": 0}, {"limit": "many"}, {"kinds": "large"}, {"before": "soon"}])
def test_a_selection_that_cannot_be_read_is_refused(cast: Any, supervisor: Any, wrong: dict[str, Any]) -> None:
    for path in ("/office/waves/plans", "/office/waves"):
        assert supervisor.post(path, data=form(warehouse=house(cast), **wrong)).status_code == 422
    assert supervisor.post("/office/waves/plans", data=form(warehouse=new_id())).status_code == 404


def test_carts_and_rates_are_kept_and_read_back(cast: Any, life: Any, supervisor: Any) -> None:
    path = "/office/waves/settings/DE1"
    path_of(supervisor.post(path, data=form(**SETTINGS)))
    page = text_of(supervisor.get(path))
    for name, value in SETTINGS.items():
        assert re.search(rf'name="{name}"[^>]*value="{value}"', page), name
    for name in SETTINGS:
        assert supervisor.post(path, data=form(**SETTINGS | {name: -1})).status_code == 422, name
    path_of(
        supervisor.post(
            path, data=form(**{key: value for key, value in SETTINGS.items() if not key.startswith("tote_")})
        )
    )
    assert 'name="tote_units" type="number" value=""' in text_of(supervisor.get(path))


def test_a_rule_is_made_changed_and_removed(cast: Any, life: Any, supervisor: Any) -> None:
    path, rule = (
        "/office/waves/rules/DE1",
        {"name": "Noon", "times": "12:00 09:30", "cut_off": "11:00", "fewest": 5, "limit": 200},
    )
    path_of(supervisor.post(path, data=form(**rule, kinds="single_unit", is_active="1")))
    page = text_of(supervisor.get(path))
    assert "09:30, 12:00" in page
    assert "5 to 200" in page
    key = life.ask("SELECT id FROM wave_rule")
    assert supervisor.post(path, data=form(**rule)).status_code == 422  # the name is taken
    path_of(supervisor.post(f"{path}/{key}", data=form(**rule | {"times": "10:00"})))
    assert "Paused" in text_of(supervisor.get(f"{path}/{key}"))
    for wrong in ({"times": "25:00"}, {"times": ""}, {"cut_off": "noon"}, {"fewest": 0}, {"limit": 5000}, {"name": ""}):
        assert supervisor.post(f"{path}/{key}", data=form(**rule | wrong)).status_code == 422, wrong
    path_of(supervisor.post(f"{path}/{key}/end", data=form()))
    assert "No rules yet" in text_of(supervisor.get(path))


def test_aisles_are_kept_and_what_cannot_be_is_said(cast: Any, life: Any, supervisor: Any) -> None:
    path = "/office/aisles/DE1"
    path_of(supervisor.post(path, data=form(**LAYOUT | {"one_way": "2 up", "blocks": 2, "ends": "2:1"})))
    page = text_of(supervisor.get(path))
    assert 'value="2 up"' in page
    assert 'value="1.2"' in page
    for name, value, told in (
        ("one_way", "2 up, 3 sideways", "Not understood: “3 sideways”."), ("starts", "1:1, front", "Not understood: “front”."),
        ("ends", "2", "Not understood: “2”."), ("one_way", "2 up, 2 down", "Aisle 2 cannot lead both up and down."),
    ):  # fmt: skip
        answer = supervisor.post(path, data=form(**LAYOUT | {name: value}))
        assert answer.status_code == 422
        assert told in unescape(answer.get_data(as_text=True))
    wrong = {"one_way": "sideways", "starts": "9:9", "ends": "x", "aisle_pitch": "0", "bay_pitch": "wide", "blocks": 0}
    for name, value in wrong.items():
        assert supervisor.post(path, data=form(**LAYOUT | {name: value})).status_code == 422, name
    zone = life.ask("SELECT z.id FROM zone z JOIN location l ON l.zone_id = z.id WHERE l.aisle IS NOT NULL LIMIT 1")
    assert supervisor.post(path, data=form(**LAYOUT, **{f"zone.{zone}.first_aisle": 0})).status_code == 422
    path_of(supervisor.post(path, data=form(**LAYOUT, **{f"zone.{zone}.first_aisle": 3})))
    assert re.search(rf'name="zone.{zone}.first_aisle"[^>]*value="3"', text_of(supervisor.get(path)))
