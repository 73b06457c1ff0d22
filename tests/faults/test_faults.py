"""Everything that can break, broken while eight clients work."""

from __future__ import annotations

from tests.faults.house import House


def test_on_a_good_day(house: House):
    with house.fault("none"):
        pass
