"""Aisles as they are drawn: from codes alone, and as the office says."""

from __future__ import annotations

import uuid
from typing import Any

import pytest

from tests.cast import Cast
from wms.core.refusals import Refused
from wms.facility import layout, queries, service
from wms.facility.layout import Aisle, Settings, ZonePlace, draw, numbers_of
from wms.planning.layout import DOWN, UP

A, B = sorted((uuid.uuid4(), uuid.uuid4()))
TWO_ZONES = [Aisle(A, 1, 1, 10, 1), Aisle(A, 2, 1, 8, 11), Aisle(B, 5, 3, 7, 21), Aisle(B, 9, 3, 12, 31)]


@pytest.mark.parametrize(
    ("code", "expected"),
    [("A-03-12-2", (3, 12)), ("A0312", None), ("07-11", (7, 11)), ("BULK", None), ("Z1.A2.B3", (1, 2)), ("", None)],
)
def test_a_code_says_aisle_and_bay(code: str, expected: tuple[int, int] | None) -> None:
    assert numbers_of(code) == expected


def test_zones_stand_side_by_side_and_bays_count_from_the_front() -> None:
    floor = draw(Settings(), TWO_ZONES, {})
    drawn = floor.layout
    assert (drawn.aisles, drawn.bays_per_aisle, drawn.blocks) == (4, 10, 1)
    assert [floor.place(zone, aisle, low) for zone, aisle, low in ((A, 1, 1), (A, 2, 1), (B, 5, 3), (B, 9, 3))] == [
        drawn.bay(0, column, 0) for column in range(4)
    ]
    assert floor.place(B, 9, 12) == drawn.bay(0, 3, 9)
    assert drawn.bay(0, 0, 0).up == (2_400 // 2 + 1_400 // 2) * 1_000  # half a cross aisle and half a bay, µm


@pytest.mark.parametrize(("zone", "aisle", "bay"), [(A, None, None), (A, 7, 1), (A, 1, None), (uuid.uuid4(), 1, 1)])
def test_a_bin_that_says_nothing_stands_where_walks_begin(zone: uuid.UUID, aisle: int | None, bay: int | None) -> None:
    floor = draw(Settings(), TWO_ZONES, {})
    assert floor.place(zone, aisle, bay) == floor.layout.bay(0, 0, 0)


def test_bays_that_face_each_other_are_one_stop_and_blocks_cut_aisles() -> None:
    facing = draw(Settings(bays_face=True), TWO_ZONES, {})
    assert facing.place(A, 1, 1) == facing.place(A, 1, 2) != facing.place(A, 1, 3)
    two = draw(Settings(blocks=2), TWO_ZONES, {})
    assert (two.layout.blocks, two.layout.bays_per_aisle) == (2, 5)
    assert two.place(A, 1, 6) == two.layout.bay(1, 0, 0)


def test_a_zone_stands_where_the_office_says() -> None:
    floor = draw(Settings(), TWO_ZONES, {B: ZonePlace(1, 2)})
    assert (floor.layout.blocks, floor.layout.aisles) == (2, 2)
    assert floor.place(B, 5, 3) == floor.layout.bay(1, 0, 0)
    apart = draw(Settings(), TWO_ZONES, {B: ZonePlace(10)})
    assert apart.place(B, 9, 3) == apart.layout.bay(0, 10, 0)


def test_an_empty_house_has_a_floor() -> None:
    assert draw(Settings(), [], {}).place(A, 1, 1).aisle == 0


def test_one_way_aisles_and_depots_are_read_as_they_are_written() -> None:
    assert layout.read_one_way("3 up, 4@2 down") == ((3, 0, UP), (4, 2, DOWN))
    assert layout.write_one_way(layout.read_one_way("3 up, 4@2 down") or ()) == "3 up, 4@2 down"
    assert layout.read_depots("1:1, 2:12") == ((1, 1), (2, 12))
    assert layout.write_depots([(1, 1), (2, 12)]) == "1:1, 2:12"
    for wrong in ("3", "up 3", "3 sideways", "3@0 up", "x up"):
        assert layout.read_one_way(wrong) is None, wrong
    for wrong in ("1", "0:1", "1:0", "a:b", ", ".join(["1:1"] * 7)):
        assert layout.read_depots(wrong) is None, wrong


def test_what_the_office_says_is_kept_and_read(db_session: Any, cast: Cast) -> None:
    house = cast.overseas.id
    before = queries.floor_facts(house)
    assert before.settings == Settings()
    zone = before.aisles[0].zone_id
    aisles = draw(before.settings, before.aisles, {}).layout.aisles
    said = Settings(3_000, 1_200, 2_000, 2, True, ((1, 0, UP), (2, 0, DOWN)), ((1, 1), (1, aisles)), ((1, 2),))
    service.edit_layout(cast.admin, house, said, {zone: ZonePlace(1, 1)})
    after = queries.floor_facts(house)
    assert (after.settings, after.zones) == (said, {zone: ZonePlace(1, 1)})
    assert len(queries.floor_of(house).layout.trips) == 2
    service.edit_layout(cast.admin, house, Settings(), {})
    assert queries.floor_facts(house).zones == {}


@pytest.mark.parametrize(
    ("settings", "code", "pointer"),
    [
        (Settings(starts=()), "depot_not_there", "/starts"), (Settings(starts=((3, 1),)), "depot_not_there", "/starts"),
        (Settings(ends=((1, 99),)), "depot_not_there", "/ends"), (Settings(one_way=((99, 0, UP),)), "aisle_not_there", "/one_way"),
        (Settings(one_way=((1, 3, UP),)), "aisle_not_there", "/one_way"),
    ],
)  # fmt: skip
def test_what_is_not_there_is_refused(db_session: Any, cast: Cast, settings: Settings, code: str, pointer: str) -> None:
    with pytest.raises(Refused) as refused:
        service.edit_layout(cast.admin, cast.overseas.id, settings, {})
    assert [(each["pointer"], each["code"]) for each in refused.value.errors] == [(pointer, code)]


def test_aisles_that_all_lead_away_cut_themselves_off(db_session: Any, cast: Cast) -> None:
    aisles = queries.floor_of(cast.overseas.id).layout.aisles
    away = tuple((number, 0, UP) for number in range(1, aisles + 1))
    with pytest.raises(Refused) as refused:
        service.edit_layout(cast.admin, cast.overseas.id, Settings(one_way=away), {})
    assert refused.value.errors[0]["code"] == "aisle_cut_off"


def test_only_builders_say_where_aisles_stand(db_session: Any, cast: Cast) -> None:
    for actor in (cast.picker, cast.acme, cast.customs_clerk):
        with pytest.raises(Refused) as refused:
            service.edit_layout(actor, cast.overseas.id, Settings(), {})
        assert refused.value.code == "not_found"
