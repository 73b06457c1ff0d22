"""The tablet's pages: the task home, one page a kind of work, and the screen of a step as a fragment.

A page holds no state: it shows the step the task is at, so that a reload, a sleeping tablet or another device of the
same person shows the same.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from flask import Blueprint, redirect, render_template, request, url_for
from flask_babel import get_locale
from werkzeug.wrappers import Response

from wms.core import clock
from wms.core.actor import Actor
from wms.core.ids import new_id, parse_id
from wms.core.permissions import Permission
from wms.core.refusals import Refused, invalid, not_found
from wms.facility import queries as facility
from wms.facility.models import Station, Warehouse
from wms.floor import (
    bench_printer,
    contract,
    finding,
    hands,
    loads,
    measures,
    papers,
    photos,
    picture,
    queries,
    serving,
    station,
    unknown,
)
from wms.floor.models import FloorTask
from wms.floor.scenarios import SCENARIOS
from wms.floor.words import advice, left_alone, sentence
from wms.inventory.words import CONDITION_WORDS
from wms.outbound.extras.words import AGE_WORDS, PACKING_WORDS, SIGNATURE_WORDS
from wms.outbound.service import whole
from wms.platform import commands
from wms.platform.access import actor, requires
from wms.platform.commands import Outcome
from wms.platform.pages import lazy

EXTRA_WORDS = {"packing": PACKING_WORDS, "signature": SIGNATURE_WORDS, "ages": AGE_WORDS}
blueprint = Blueprint("floor_pages", __name__, url_prefix="/floor", template_folder="templates")
BLUEPRINTS = [
    station.blueprint,
    bench_printer.blueprint,
    photos.blueprint,
    measures.blueprint,
    unknown.blueprint,
    serving.blueprint,
    loads.blueprint,
    papers.blueprint,
    blueprint,
]


@dataclass(frozen=True)
class Work:
    """How a kind of work is shown: its name, its icon, and what its tile counts."""

    label: Any
    icon: str
    counts: Any


# In the order goods take through the building.
WORK = {
    "receive": Work(lazy("Receive"), "package-open", lazy("cartons to count")),
    "putaway": Work(lazy("Put away"), "pin", lazy("cartons counted")),
    "replenish": Work(lazy("Replenish"), "layers", lazy("pick faces to fill")),
    "pick": Work(lazy("Pick"), "cart", lazy("walks")),
    "whole": Work(lazy("Whole cartons"), "package", lazy("to fetch whole")),
    "sort": Work(lazy("Sort"), "layers", lazy("totes to sort")),
    "pack": Work(lazy("Pack"), "package", lazy("orders picked")),
    "lane": Work(lazy("Fast lane"), "play", lazy("single items")),
    "bag": Work(lazy("Bags"), "layers", lazy("not loaded yet")),
    "handover": Work(lazy("Hand over"), "shipments", lazy("parcels packed")),
    "pickup": Work(lazy("Counter"), "user", lazy("to be picked up")),
    "return": Work(lazy("Returns"), "returns", lazy("announced")),
    "putback": Work(lazy("Put back"), "undo", lazy("of cancelled orders")),
    "count": Work(lazy("Count"), "count", lazy("bins to count")),
    "service": Work(lazy("Services"), "layers", lazy("to do")),
    "move": Work(lazy("Move"), "transfer", lazy("bin to bin")),
    "repack": Work(lazy("Repack"), "package-open", lazy("split, merge, stack")),
}
WAREHOUSE_KINDS = {"bonded": lazy("Bonded"), "overseas": lazy("Overseas"), "general": lazy("General")}


@blueprint.get("/")
@requires(Permission.FLOOR_WORK)
def home() -> Response | str:
    """What waits, and what the person is in the middle of."""
    place = _place(actor())
    return _choose_bench() if place is None else _home(*place)


@blueprint.post("/start")
@requires(Permission.FLOOR_WORK)
def start() -> Response:
    """Begin a kind of work, or go on with one's own."""
    scenario = SCENARIOS.get(request.form.get("kind", ""))
    place = _place(actor())
    if scenario is None or place is None:
        raise not_found("scenario" if scenario is None else "warehouse")
    warehouse = place[0]
    body = {"kind": scenario.kind, "warehouse": warehouse.code}
    outcome = _run("floor.start", body, lambda: contract.start_task(actor(), scenario, warehouse.id))
    if isinstance(outcome, Refused):
        raise outcome
    return redirect(url_for(".work", kind=scenario.kind), 303)


@blueprint.post("/find")
@requires(Permission.FLOOR_WORK)
def find() -> Response | str:
    """Scanned on the task home: the work that code belongs to begins with it."""
    place = _place(actor())
    if place is None:
        return _choose_bench()
    raw = request.form.get("raw", "")[:256]
    body = {"raw": raw, "warehouse": place[0].code}
    outcome = _run("floor.find", body, lambda: finding.begin_with(actor(), place[0].id, raw))
    if not isinstance(outcome, Refused) and outcome.answer["kind"] is None:
        return _home(
            *place, {"tone": "ok", "title": sentence("scanner_well", {}), "detail": "", "code": "scanner_well"}
        )
    if isinstance(outcome, Refused):
        told = sentence(outcome.code, outcome.params)
        detail = advice(outcome.code, outcome.params)
        return _home(*place, {"tone": "error", "title": told, "detail": detail, "code": outcome.code})
    return redirect(url_for(".work", kind=outcome.answer["kind"]), 303)


@blueprint.get("/work/<kind>")
@requires(Permission.FLOOR_WORK)
def work(kind: str) -> Response | str:
    """The page around the step the person is at; without such a task, the task home."""
    place = _place(actor())
    task = queries.open_tasks(actor(), place[0].id).get(kind) if place else None
    if place is None or task is None:
        return redirect(url_for(".home"))
    return render_template("floor/work.html", **{**_frame(*place), **_screen(actor(), task)})


@blueprint.get("/tasks/<uuid:task_id>/screen")
@requires(Permission.FLOOR_WORK)
def screen(task_id: uuid.UUID) -> str:
    """The screen alone, for `floor.js`."""
    context = _screen(actor(), contract.load_task(actor(), task_id))
    return render_template(context["screen_template"], **context)


def _home(warehouse: Warehouse, bench: Station | None, last_result: dict[str, str] | None = None) -> str:
    running = queries.open_tasks(actor(), warehouse.id)
    tasks = [task for task in running.values() if task.data and task.kind in WORK and _is_under_way(task)]
    return render_template(
        "floor/home.html", **_frame(warehouse, bench), work=WORK, running=running,
        counts={**queries.waiting(warehouse.id), "whole": len(whole.waiting(warehouse.id))},
        current=tasks[0] if tasks else None, command_id=new_id, last_result=last_result,
    )  # fmt: skip


def _is_under_way(task: FloorTask) -> bool:
    """Something is in hand: the task stands behind its first step."""
    return any(key.endswith("_id") for key in task.data)


def _choose_bench() -> Response:
    return redirect(url_for("floor_station.choose"))


def _place(found: Actor) -> tuple[Warehouse, Station | None] | None:
    """The warehouse and bench of this login; the warehouse alone where there is no choice."""
    station_id = parse_id(found.extra.get("station_id", ""))
    bench = facility.station_by_id(station_id) if station_id else None
    seen = {warehouse.id: warehouse for warehouse in facility.warehouses_seen(found)}
    if bench is not None and bench.warehouse_id in seen:
        return seen[bench.warehouse_id], bench
    return (next(iter(seen.values())), None) if len(seen) == 1 else None


def _run(name: str, body: dict[str, str], use_case: Callable[[], FloorTask | None]) -> Outcome:
    command_id = parse_id(request.form.get("command_id", ""))
    if command_id is None:
        raise invalid("/command_id", "required")
    command = commands.command_for(actor(), str(command_id), name, body)
    return commands.execute(
        command, use_case, lambda task: {"task_id": str(task.id), "kind": task.kind} if task else {"kind": None}
    )


def _frame(warehouse: Warehouse, bench: Station | None) -> dict[str, Any]:
    """What the bar above every screen shows, and the addresses `floor.js` needs."""
    now = clock.now()
    local = now.astimezone(ZoneInfo(warehouse.time_zone))
    return {
        "warehouse": {"name": warehouse.name, "kind_label": WAREHOUSE_KINDS.get(warehouse.kind, "")},
        "station": bench.name if bench else None,
        "printers": bench_printer.printers_of_bench(actor()),
        "printer_url": url_for("floor_printer.now") if bench else "",
        "clock": local.strftime("%H:%M"),
        "server_time": int(now.timestamp() * 1000),
        "badge_url": url_for("identity_pages.badge"),
        "home_url": url_for(".home"),
        "scan_url": url_for("floor_api.scan"),
        "screen_url": "/floor/tasks/TASK/screen",
    }


def _screen(found: Actor, task: FloorTask) -> dict[str, Any]:
    """One step: its template, where the task stands, and what the scenario shows of it in the reader's language."""
    chinese = str(get_locale() or "en").startswith("zh")
    seen = _in_language(SCENARIOS[task.kind].view(found, task), chinese)
    return {
        "screen_template": f"floor/{task.kind}.html", "task_title": WORK[task.kind].label, "kind": task.kind,
        "icon": WORK[task.kind].icon, "task_id": str(task.id), "step_token": task.step_token, "state": task.step,
        "step": task.step, "seen": seen, "counts": queries.waiting(task.warehouse_id), "home_url": url_for(".home"),
        "can_type": found.may(Permission.FLOOR_TYPE), "command_id": new_id, "draw_packing": picture.draw,
        "extra_words": EXTRA_WORDS, "conditions": CONDITION_WORDS,
        "notice": left_alone() if hands.LEFT in task.data else None,
    }  # fmt: skip


def _in_language(shown: Any, chinese: bool) -> Any:
    """The same with `name` and `other_name` beside every pair of names."""
    if isinstance(shown, list):
        return [_in_language(each, chinese) for each in shown]
    if not isinstance(shown, dict):
        return shown
    made = {key: _in_language(value, chinese) for key, value in shown.items()}
    if "name_en" in made:
        names = [made["name_zh"], made["name_en"]] if chinese else [made["name_en"], made["name_zh"]]
        made["name"] = names[0] or names[1]
        made["other_name"] = names[1] if names[1] != made["name"] else ""
    return made
