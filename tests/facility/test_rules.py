"""Patterns, walking order, labels: pure."""

from __future__ import annotations

import pytest

from wms.core.barcodes import OwnCode, parse_own
from wms.core.refusals import Refused
from wms.facility.rules import MAX_LOCATIONS, Geometry, Plan, expand, own_label


def test_a_plan_is_walked_like_a_snake():
    codes = [each.code for each in expand(Plan("A-{aisle:02}-{bay:02}-{level}", (1, 3), (1, 2), (1, 2)))]
    assert codes == [
        "A-01-01-1", "A-01-01-2", "A-01-02-1", "A-01-02-2",
        "A-02-02-1", "A-02-02-2", "A-02-01-1", "A-02-01-2",
        "A-03-01-1", "A-03-01-2", "A-03-02-1", "A-03-02-2",
    ]  # fmt: skip


def test_neighbours_in_the_walk_are_neighbours_on_the_floor():
    geometry = Geometry(3.0, 1.5, 0, 0)
    places = [(each.x_m, each.y_m) for each in expand(Plan("{aisle}-{bay}", (1, 2), (1, 3), geometry=geometry))]
    assert places == [(0, 0), (0, 1.5), (0, 3.0), (3.0, 3.0), (3.0, 1.5), (3.0, 0)]


@pytest.mark.parametrize(
    ("plan", "code"),
    [
        (Plan("A-{bay}", (1, 2), (1, 2)), "pattern_needs"),
        (Plan("A-{aisle.__class__}-{bay}", (1, 2), (1, 2)), "pattern_unreadable"),
        (Plan("a {aisle}-{bay}", (1, 2), (1, 2)), "pattern_unreadable"),
        (Plan("{aisle}-{bay}", (2, 1), (1, 2)), "range_empty"),
        (Plan("{aisle}-{bay}", (-1, 1), (1, 2)), "range_empty"),
        (Plan("{aisle}-{bay}", (1, MAX_LOCATIONS // 2 - 9000), (1, 200)), "too_many_locations"),
    ],
)
def test_a_plan_that_cannot_be_is_refused(plan, code):
    with pytest.raises(Refused) as refused:
        expand(plan)
    assert refused.value.errors[0]["code"] == code


def test_labels_of_two_buildings_differ():
    bare, prefixed = own_label(OwnCode.LOCATION, "", "A-01-01-1"), own_label(OwnCode.LOCATION, "NGB1", "A-01-01-1")
    assert parse_own(bare).body == "A-01-01-1"
    assert parse_own(prefixed).body == "NGB1-A-01-01-1"
