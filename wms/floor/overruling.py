"""A supervisor insists on a bin: the same bin scanned again overrules what a rule of putaway has against it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from wms.core.actor import Actor
from wms.core.refusals import Refused
from wms.floor.contract import Step, hand
from wms.floor.models import FloorTask
from wms.floor.resolver import Found
from wms.inventory.putaway import rules
from wms.inventory.putaway.service import may_overrule
from wms.platform.i18n import refusal_texts
from wms.platform.statements import attempt

T = TypeVar("T")


def insisting(actor: Actor, task: FloorTask, found: Found, put: Callable[[bool], T]) -> T | Step:
    """What `put(overruled)` gives; for a supervisor who meets a rule they may overrule, the step that asks again.

    Everybody else is refused, and so is a supervisor by any other rule.
    """
    if not may_overrule(actor):
        return put(False)
    asked = task.data.get("against")
    if asked is not None and asked["location_id"] == str(found.id):
        return put(True)
    try:
        with attempt():
            return put(False)
    except Refused as refusal:
        if refusal.code not in rules.OVERRULED:
            raise
        told = {"location_id": str(found.id), "code": refusal.code, "params": refusal.params}
        return Step(task.step, hand(task.data, against=told), "warn", "overrule_confirm", {"code": found.code})


def against(task: FloorTask) -> str | None:
    """What stands against the bin that was scanned, in words."""
    told = task.data.get("against")
    return None if told is None else refusal_texts.translate(told["code"], told["params"])
