"""`python -m bench.planning`: routes, batches, cartons and slotting, beside other answers. One JSON line for each.

* Routes: 12 walks a cell within 50 ms, beside bin order, LKH (where the `elkai` package is installed: it may not be used
  commercially, so nothing here depends on it) and every order tried (walks of up to 10 stops).
* Batches: 100 orders, beside `best_known.json`: the shortest that runs of this bench with forty to 120 times the effort (2 to
  5 minutes of processor each) have found. `--effort 1000` runs for about half an hour for each wave and says what it found.
* Cartons: `--orders DIR` with items.csv, boxes.csv, boxpacker-result.csv (test data of dvdoug/BoxPacker). Every packing is
  checked by a program of its own.

Times are of this process's processor, so that a busy machine does not change them, and of the wall.
"""

from __future__ import annotations

import argparse
import csv
import itertools
import json
import os
import platform
import random
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from bench.planning.instances import CELLS, LARGE, WAVES, Cell, Wave, walk
from tests.planning.oracles import Graph
from tests.planning.packed import check
from wms.planning import batch
from wms.planning.budget import Budget
from wms.planning.distances import distance_of, matrix_of
from wms.planning.layout import bin_order
from wms.planning.route import route_in_layout
from wms.planning.wire import cartons, slots
from wms.planning.wire.fields import Field

BEST_KNOWN = Path(__file__).with_name("best_known.json")
WALKS = 12
UM = 1_000_000


def main() -> int:
    parser = argparse.ArgumentParser(prog="bench.planning", description="Measure the planner on this machine.")
    parser.add_argument("--only", choices=sorted(JOBS), help="one kind of plan")
    parser.add_argument("--orders", type=Path, help="folder of the e-commerce orders for cartons")
    parser.add_argument("--effort", type=float, default=1.0, help="multiplies the iterations of batching")
    parser.add_argument("--seeds", type=int, default=1, help="how many seeds each wave is batched with, from 0")
    parser.add_argument("--wave", help="only the wave with this name")
    chosen = parser.parse_args()
    print(json.dumps(machine()), flush=True)
    for name, job in JOBS.items():
        if chosen.only in (None, name):
            for line in job(chosen):
                print(json.dumps({"plan": name, **line}), flush=True)
    return 0


def machine() -> dict[str, Any]:
    """The machine and the versions a figure belongs to."""
    versions = {name: metadata.version(name) for name in ("elkai",) if find_spec(name)}
    return {"machine": platform.machine(), "cores": os.cpu_count(), "python": platform.python_version(), **versions}


class Stopwatch:
    """Milliseconds of processor and wall, call by call."""

    def __init__(self) -> None:
        self.processor: list[float] = []
        self.wall: list[float] = []

    def time(self, work: Callable[[], Any]) -> Any:
        wall, processor = time.perf_counter(), time.process_time()
        found = work()
        self.processor.append((time.process_time() - processor) * 1000)
        self.wall.append((time.perf_counter() - wall) * 1000)
        return found

    def figures(self) -> dict[str, float]:
        times = sorted(self.processor)
        marks = {"p50": 0.5, "p95": 0.95, "max": 1.0}
        found = {f"{name}_ms": round(times[min(len(times) - 1, int(len(times) * at))], 2) for name, at in marks.items()}
        return found | {"wall_max_ms": round(max(self.wall), 2)}


def routes(_: argparse.Namespace) -> Iterator[dict[str, Any]]:
    ratios: list[float] = []
    for cell, stops in itertools.product(CELLS, (8, 15, 30, 60)):
        line, found = _cell(cell, stops)
        ratios += found
        yield line
    yield {"walks": len(ratios), "ratio_mean": round(sum(ratios) / len(ratios), 5), "ratio_max": round(max(ratios), 5)}


def _cell(cell: Cell, stops: int) -> tuple[dict[str, Any], list[float]]:
    layout, watch = cell.layout(), Stopwatch()
    distance, trip = distance_of(layout), layout.trips[0]
    ratios, by_bin, proved, others = [], [], 0, 0
    for number in range(WALKS):
        wanted = walk(cell, stops, number)
        places = [layout.bay(*where) for where in wanted]
        found = watch.time(partial(route_in_layout, layout, places, Budget(ceiling_ms=50)))
        answers = [_lkh(matrix_of([trip.start, *places], distance)), _every_order(cell, wanted)]
        best = min([found.length, *(answer for answer in answers if answer is not None)])
        others += any(answer is not None for answer in answers)
        proved += found.proved_optimal
        ratios.append(found.length / best)
        in_order = [trip.start, *sorted(places, key=bin_order), trip.end]
        by_bin.append(sum(distance(a, b) for a, b in itertools.pairwise(in_order)) / found.length)
        assert found.length <= best or not found.proved_optimal, "a proof that is none"
    line = {
        "aisles": cell.aisles, "blocks": cell.blocks, "stops": stops, "walks": WALKS, "proved": proved,
        "answered_by_others": others, "ratio_mean": round(sum(ratios) / WALKS, 5), "ratio_max": round(max(ratios), 5),
        "bin_order_ratio": round(sum(by_bin) / WALKS, 3), **watch.figures(),
    }  # fmt: skip
    return line, ratios


def _lkh(matrix: list[list[int]]) -> int | None:
    """LKH's tour, in µm: it counts in whole centimetres here."""
    if not find_spec("elkai"):
        return None
    import elkai

    tour = elkai.DistanceMatrix([[cell // 10_000 for cell in row] for row in matrix]).solve_tsp()
    return sum(matrix[a][b] for a, b in itertools.pairwise(tour))


def _every_order(cell: Cell, wanted: list[tuple[int, int, int]]) -> int | None:
    if len(wanted) > 10:
        return None
    return round(Graph(cell.problem()).shortest([[part + 1 for part in where] for where in wanted]) * 10_000)


def batches(chosen: argparse.Namespace) -> Iterator[dict[str, Any]]:
    known = json.loads(BEST_KNOWN.read_text()) if BEST_KNOWN.exists() else {}
    for wave in WAVES:
        if chosen.wave in (None, wave.name):
            line, totals = _wave(wave, chosen.effort, chosen.seeds)
            best = known.get(wave.name)
            ratios = [round(total / best, 4) for total in totals] if best else []
            worst = {"ratio_mean": round(sum(ratios) / len(ratios), 4), "ratio_max": max(ratios)} if ratios else {}
            yield line | {"best_known_m": best, "ratios": ratios, **worst}
    if chosen.wave in (None, LARGE.name):
        yield _large(chosen.effort)


def _wave(wave: Wave, effort: float, seeds: int) -> tuple[dict[str, Any], list[float]]:
    """One plan for each seed from 0. What stands beside the ratios is of the shortest plan; the metres are of all."""
    area, orders = wave.area(0)
    watch, plans = Stopwatch(), []
    for seed in range(seeds):
        budget = Budget(seed=seed, effort=effort, ceiling_ms=10**8)
        plans.append(watch.time(partial(batch.plan, area, orders, wave.cart, budget)))
        assert plans[-1].lower_bound <= plans[-1].total <= plans[-1].as_they_came
    totals = [plan.total / UM for plan in plans]
    plan = min(plans, key=lambda plan: plan.total)
    line = {
        "wave": wave.name, "orders": wave.orders, "effort": effort, "walks": len(plan.batches), "total_m": totals,
        "as_they_came_ratio": round(plan.as_they_came / plan.total, 3),
        "lower_bound_ratio": round(plan.lower_bound / plan.total, 3), **watch.figures(),
    }  # fmt: skip
    return line, totals


def _large(effort: float) -> dict[str, Any]:
    """A thousand orders in parts, beside ten waves of a hundred with the full effort each."""
    line, (total,) = _wave(LARGE, effort, 1)
    area, orders = LARGE.area(0)
    hundreds = sum(
        batch.plan(area, orders[first : first + 100], LARGE.cart, Budget()).total
        for first in range(0, len(orders), 100)
    )
    return line | {"ratio_to_ten_waves_of_100": round(total * UM / hundreds, 4)}


def packing(chosen: argparse.Namespace) -> Iterator[dict[str, Any]]:
    """Every order once; the plans are checked outside the measured time."""
    if chosen.orders is None:
        yield {"skipped": "no --orders"}
        return
    boxes, items, theirs = _orders(chosen.orders)
    watch, ours = Stopwatch(), {}
    for order, lines in items.items():
        plan = watch.time(partial(cartons.plan, Field({"items": lines, "cartons": boxes})))
        check(plan, lines, boxes)
        ours[order] = len(plan["cartons"])
    yield {
        "orders": len(items), "cartons": sum(ours.values()), "boxpacker": sum(theirs.values()),
        "orders_with_more": sum(ours[order] > theirs[order] for order in ours),
        "orders_with_fewer": sum(ours[order] < theirs[order] for order in ours), "checked": len(ours), **watch.figures(),
    }  # fmt: skip


def _orders(folder: Path) -> tuple[list[dict[str, Any]], dict[str, list[dict[str, Any]]], dict[str, int]]:
    boxes = []
    for name, *numbers in csv.reader((folder / "boxes.csv").open()):
        values = list(map(int, numbers))
        boxes.append(
            {"name": name, "outer_mm": values[:3], "empty_g": values[3], "inner_mm": values[4:7], "max_g": values[7]}
        )
        boxes[-1]["outer_mm"] = [max(pair) for pair in zip(values[:3], values[4:7], strict=True)]
    items: dict[str, list[dict[str, Any]]] = {}
    for row in csv.DictReader((folder / "items.csv").open()):
        lines = items.setdefault(row["order"], [])
        size = [int(row[name]) for name in ("width_mm", "length_mm", "depth_mm")]
        sku = f"{len(lines)} {row['sku']}"  # the same product may stand in two lines
        lines.append({"sku": sku, "quantity": int(row["quantity"]), "size_mm": size, "weight_g": int(row["weight_g"])})
    theirs = {
        row["order"]: int(row["cartons_used"]) for row in csv.DictReader((folder / "boxpacker-result.csv").open())
    }
    return boxes, items, theirs


def slotting(_: argparse.Namespace) -> Iterator[dict[str, Any]]:
    """400 products placed at random, a month of walks with a few favourites: twenty exchanges."""
    dice, cell = random.Random("slotting"), CELLS[0]
    bays = [[1, aisle, bay] for aisle in range(1, cell.aisles + 1) for bay in range(1, cell.bays + 1)]
    products = [{"sku": number, "stop": stop} for number, stop in enumerate(dice.sample(bays, 400))]
    shares = [1 / (rank + 1) for rank in range(400)]
    walks = [list(dict.fromkeys(dice.choices(range(400), shares, k=dice.randint(5, 25)))) for _ in range(600)]
    problem = {"layout": cell.problem(), "products": products, "walks": walks, "days": 30}
    watch = Stopwatch()
    advice = watch.time(lambda: slots.plan(Field(problem)))
    before, after = advice["walked_m_a_day"], advice["after_m_a_day"]
    yield {
        "exchanges": len(advice["moves"]),
        "before_m_a_day": before,
        "saved_share": round(1 - after / before, 3),
        **watch.figures(),
    }


JOBS: dict[str, Callable[[argparse.Namespace], Iterator[dict[str, Any]]]] = {
    "route": routes, "batch": batches, "carton": packing, "slotting": slotting,
}  # fmt: skip


if __name__ == "__main__":
    sys.exit(main())
