"""Bad input: every wrong field of a layout and a walk is named with the rule it breaks, in bounded time, and nothing but
one line of JSON leaves the program.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.planning.commands import Standard
from wms.planning.__main__ import PLANNERS
from wms.planning.wire import fields

LAYOUT = {"blocks": 2, "aisles": 3, "bays_per_aisle": 4, "aisle_pitch_m": 3, "bay_pitch_m": 1, "cross_aisle_m": 2}
ROUTE: dict[str, Any] = {"layout": LAYOUT, "stops": [[1, 1, 1]]}
NAN, INFINITY = float("nan"), float("inf")
NO_COUNTS = [
    (0, "range"),
    (-1, "range"),
    (10**7, "range"),
    (10**400, "range"),  # longer than any fraction
    (2.5, "whole"),
    (True, "number"),
    (NAN, "finite"),
    ([], "number"),
]
NO_LENGTHS = [(0, "positive"), (1e-9, "positive"), (-1, "range"), (1e9, "range"), (10**400, "range"),
              (INFINITY, "finite"), ("3", "number")]  # fmt: skip
WRONG = [
    ({"layout": None}, "/layout", "required"),
    ({"layout": 3}, "/layout", "object"),
    ({"layout": {}}, "/layout/aisles", "required"),
    ({"stops": None}, "/stops", "required"),
    ({"stops": "all"}, "/stops", "list"),
    ({"stops": [1]}, "/stops/0", "object"),
    ({"stops": [[1, 1, 1], [1, 1]]}, "/stops/1", "too_few"),
    ({"stops": [[3, 1, 1]]}, "/stops/0/0", "range"),
    ({"stops": [[1, 0, 1]]}, "/stops/0/1", "range"),
    ({"stops": [{"block": 1, "aisle": 4, "bay": 1}]}, "/stops/0/aisle", "range"),
    ({"stops": [{"aisle": 1, "bay": 5}]}, "/stops/0/bay", "range"),
    ({"stops": [{"aisle": 1}]}, "/stops/0/bay", "required"),
    ({"stops": [{"aisle": 1.5, "bay": 1}]}, "/stops/0/aisle", "whole"),
    ({"stops": [{"aisle": "1", "bay": 1}]}, "/stops/0/aisle", "number"),
    ({"stops": [[1, 1, 1]] * 100_001}, "/stops", "too_many"),
    ({"seed": 0.5}, "/seed", "whole"),
    ({"time_budget_ms": 0}, "/time_budget_ms", "positive"),
    ({"time_budget_ms": -5}, "/time_budget_ms", "range"),
    ({"time_budget_ms": NAN}, "/time_budget_ms", "finite"),
    ({"effort": 1e9}, "/effort", "range"),
]
WRONG_LAYOUTS = [
    *[({name: value}, f"/layout/{name}", rule)
      for name in ("blocks", "aisles", "bays_per_aisle") for value, rule in NO_COUNTS],
    *[({name: value}, f"/layout/{name}", rule)
      for name in ("aisle_pitch_m", "bay_pitch_m") for value, rule in NO_LENGTHS],
    ({"cross_aisle_m": -1}, "/layout/cross_aisle_m", "range"),
    ({"depot": {"aisle": 4}}, "/layout/depot/aisle", "range"),
    ({"depot": {"cross_aisle": 4}}, "/layout/depot/cross_aisle", "range"),
    ({"depot": {"x_m": INFINITY}}, "/layout/depot/x_m", "finite"),
    ({"depot": 5}, "/layout/depot", "object"),
    ({"depot": []}, "/layout/depot", "too_few"),
    ({"depot": [{}] * 7}, "/layout/depot", "too_many"),
    ({"depot": {"start": {}}}, "/layout/depot/end", "required"),
    ({"one_way_aisles": [{"aisle": 9, "direction": "up"}]}, "/layout/one_way_aisles/0/aisle", "range"),
    ({"one_way_aisles": [{"aisle": 1, "direction": "left"}]}, "/layout/one_way_aisles/0/direction", "choice"),
    ({"one_way_aisles": [{"aisle": 1}]}, "/layout/one_way_aisles/0/direction", "required"),
    ({"one_way_aisles": [{"aisle": 1, "direction": "up"}, {"aisle": 1, "block": 2, "direction": "down"}]},
     "/layout/one_way_aisles/1/direction", "unique"),
    ({"distance_matrix_m": []}, "/layout/distance_matrix_m", "too_few"),
    ({"distance_matrix_m": [[0, 1], [1]]}, "/layout/distance_matrix_m/1", "square"),
    ({"distance_matrix_m": [[0, 1], [1, 2]]}, "/layout/distance_matrix_m/1/1", "zero"),
    ({"distance_matrix_m": [[0, -1], [1, 0]]}, "/layout/distance_matrix_m/0/1", "range"),
    ({"distance_matrix_m": [[0, None], [1, 0]]}, "/layout/distance_matrix_m/0/1", "number"),
]  # fmt: skip


@pytest.mark.parametrize(("change", "field", "rule"), WRONG)
def test_wrong_walks(standard: Standard, change: Any, field: str, rule: str) -> None:
    assert standard.error("route", ROUTE | change) == (field, rule)


@pytest.mark.parametrize(("change", "field", "rule"), WRONG_LAYOUTS)
@pytest.mark.parametrize("command", ["route", "batch", "slotting"])
def test_wrong_layouts(standard: Standard, command: str, change: Any, field: str, rule: str) -> None:
    assert standard.error(command, ROUTE | {"layout": LAYOUT | change}) == (field, rule)


@pytest.mark.parametrize(
    ("change", "told"),
    [({"stops": [[1, 1]]}, "must have 3 entries, has 2"),
     ({"layout": LAYOUT | {"aisles": 10**20}}, "must be from 1 to 1000"),
     ({"time_budget_ms": 1e9}, "must be from 0 to 3600000")],
)  # fmt: skip
def test_bounds_are_said_as_people_write_them(standard: Standard, change: Any, told: str) -> None:
    assert standard.run("route", ROUTE | change)[1]["error"]["message"] == told


def test_an_aisle_said_twice_alike_leads_one_way(standard: Standard) -> None:
    once = {"layout": LAYOUT | {"one_way_aisles": [{"aisle": 1, "direction": "up"}]}}
    twice = {"layout": LAYOUT | {"one_way_aisles": [{"aisle": 1, "direction": "up"}] * 2}}
    assert standard.plan("route", ROUTE | twice) == standard.plan("route", ROUTE | once)


def test_stops_outside_a_matrix(standard: Standard) -> None:
    layout = {"distance_matrix_m": [[0, 1], [1, 0]]}
    assert standard.error("route", {"layout": layout, "stops": [1, 2]}) == ("/stops/1", "range")
    assert standard.error("route", {"layout": layout | {"depot": 2}, "stops": [1]}) == ("/layout/depot", "range")


def test_a_layout_no_walk_leads_through(standard: Standard) -> None:
    """All aisles of the first block lead away from the front: nobody comes back."""
    ways = [{"aisle": aisle, "block": 1, "direction": "up"} for aisle in (1, 2, 3)]
    problem = ROUTE | {"layout": LAYOUT | {"one_way_aisles": ways}}
    assert standard.error("route", problem) == ("/stops/0", "reachable")
    orders = [{"id": 1, "lines": [{"stop": [2, 1, 1]}]}]
    assert standard.error("batch", problem | {"orders": orders}) == ("/layout/one_way_aisles", "reachable")


def test_stops_that_cannot_be_on_one_walk(standard: Standard) -> None:
    """Up the first or the second aisle, and never down again: each stop alone is on the way, both are not."""
    ways = [{"aisle": aisle, "direction": "up"} for aisle in (1, 2, 3)]
    layout = LAYOUT | {"blocks": 1, "one_way_aisles": ways, "depot": {"start": {}, "end": {"cross_aisle": 2}}}
    for stop in ([1, 1, 1], [1, 2, 1]):
        assert standard.plan("route", {"layout": layout, "stops": [stop]})["proved_optimal"]
    field, rule = standard.error("route", {"layout": layout, "stops": [[1, 1, 1], [1, 2, 1]]})
    assert (field in {"/stops/0", "/stops/1"}, rule) == (True, "reachable")


def test_more_places_than_can_be_searched(standard: Standard) -> None:
    """One one-way aisle over two blocks, and 1,600 places: no proof is in reach, and all pairs would fill the memory."""
    layout = LAYOUT | {"aisles": 20, "bays_per_aisle": 40, "one_way_aisles": [{"aisle": 1, "direction": "up"}]}
    stops = [[block, aisle, bay] for block in (1, 2) for aisle in range(1, 21) for bay in range(1, 41)]
    assert standard.error("route", {"layout": layout, "stops": stops}) == ("/stops", "too_many")
    orders = [{"id": 1, "lines": [{"stop": stop} for stop in stops]}]
    assert standard.error("batch", {"layout": layout, "orders": orders}) == ("/orders", "too_many")
    products = [{"sku": number, "stop": stop} for number, stop in enumerate(stops)]
    problem = {"layout": layout, "products": products, "walks": [[1]]}
    assert standard.error("slotting", problem) == ("/products", "too_many")
    plan = standard.plan("route", {"layout": layout | {"one_way_aisles": []}, "stops": stops})
    assert (len(plan["sequence"]), plan["proved_optimal"]) == (1_600, True)


@pytest.mark.parametrize("command", sorted(PLANNERS))
@pytest.mark.parametrize(
    ("text", "rule"),
    [(b"", "json"), (b"{", "json"), (b"\xff\xfe", "json"), (b'{"a": 1} {}', "json"), (b"[1]", "object"), (b"null", "object"),
     (b"9" * 5_000, "json"), (b"[" * 200_000, "too_deep"), (b'"' + b"x" * 1_000, "json")],
)  # fmt: skip
def test_what_is_no_problem_at_all(standard: Standard, command: str, text: bytes, rule: str) -> None:
    assert standard.error(command, text) == ("", rule)


def test_more_bytes_than_are_read(standard: Standard, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fields, "MAX_BYTES", 50)
    assert standard.error("route", json.dumps(ROUTE).encode()) == ("", "too_large")


def test_a_million_lines(standard: Standard) -> None:
    line = b'{"stop":[1,1,1]}'
    text = (
        b'{"layout":'
        + json.dumps(LAYOUT).encode()
        + b',"orders":[{"id":1,"lines":['
        + b",".join([line] * 1_000_000)
        + b"]}]}"
    )
    assert standard.error("batch", text) == ("/orders/0/lines", "too_many")


def test_as_a_program(tmp_path: Path) -> None:
    """One process each way: the plan on standard output, the error on standard error with status 2."""

    def run(problem: Any) -> subprocess.CompletedProcess[str]:
        root = Path(__file__).parents[2]
        command = [sys.executable, "-m", "wms.planning", "route"]
        return subprocess.run(command, cwd=root, input=json.dumps(problem), text=True, capture_output=True, check=False)

    good, bad = run(ROUTE), run(ROUTE | {"stops": [[1, 1, 9]]})
    assert (good.returncode, json.loads(good.stdout)["sequence"], good.stderr) == (0, [[1, 1, 1]], "")
    assert (bad.returncode, bad.stdout) == (2, "")
    assert json.loads(bad.stderr)["error"] | {"message": ""} == {"field": "/stops/0/2", "rule": "range", "message": ""}
