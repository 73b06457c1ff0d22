"""Carts, rates, and waves by the clock: what the office sets for each warehouse."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import asdict, replace
from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import func, select

from wms.core import clock
from wms.core.actor import SYSTEM, Actor
from wms.core.ids import new_id
from wms.core.permissions import Permission
from wms.core.refusals import Refused, not_found
from wms.facility.models import Warehouse
from wms.facility.queries import load_warehouse
from wms.outbound.carts import Selection, Settings
from wms.outbound.models import WaveRule, WaveSetting
from wms.outbound.service import reading
from wms.outbound.service.waves import release_plan
from wms.platform.database import end_reading, session
from wms.platform.outbox import add_job

RULE_TOPIC = "outbound.release_by_rule"
# A rule whose time passed while nobody looked (the house was being restarted) still runs for so long.
LATEST = timedelta(hours=1)


def _warehouse_to_set(actor: Actor, warehouse_id: uuid.UUID) -> None:
    """404 for who may not, as for a warehouse that does not exist."""
    if not actor.may(Permission.WAVES_MANAGE):
        raise not_found("warehouse")
    load_warehouse(actor, warehouse_id)


def edit_settings(actor: Actor, warehouse_id: uuid.UUID, settings: Settings) -> None:
    """What a cart holds and how fast people are, from the next plan on."""
    _warehouse_to_set(actor, warehouse_id)
    row = session().get(WaveSetting, warehouse_id) or WaveSetting(warehouse_id=warehouse_id)
    for name, value in asdict(settings).items():
        setattr(row, name, value)
    session().add(row)
    session().flush()


def rules_of(warehouse_id: uuid.UUID) -> list[WaveRule]:
    """The rules of a warehouse the caller has loaded, in the order they run."""
    found = select(WaveRule).where(WaveRule.warehouse_id == warehouse_id).order_by(WaveRule.position, WaveRule.name)
    return list(session().scalars(found))


def load_rule(actor: Actor, rule_id: uuid.UUID) -> WaveRule:
    """404 outside the actor's warehouses."""
    row = session().get(WaveRule, rule_id)
    if row is None or not actor.sees_warehouse(row.warehouse_id):
        raise not_found("rule")
    return row


CHANGES = ("name", "times", "cut_off", "selection", "fewest", "is_active")


def save_rule(actor: Actor, warehouse_id: uuid.UUID, rule_id: uuid.UUID | None, values: Mapping[str, Any]) -> WaveRule:
    """Make or change a rule (`CHANGES`). Its times count from now on. Refuses `rule_name_taken`."""
    _warehouse_to_set(actor, warehouse_id)
    taken = select(WaveRule.id).where(WaveRule.warehouse_id == warehouse_id, WaveRule.name == values["name"])
    if session().scalar(taken) not in (None, rule_id):
        raise Refused("rule_name_taken", {})
    if rule_id is None:
        last = session().scalar(select(func.max(WaveRule.position)).where(WaveRule.warehouse_id == warehouse_id)) or 0
        row = WaveRule(id=new_id(), warehouse_id=warehouse_id, position=last + 1)
    else:
        row = load_rule(actor, rule_id)
    for name in CHANGES:
        setattr(row, name, values[name])
    row.looked_at = clock.now()
    session().add(row)
    session().flush()
    return row


def drop_rule(actor: Actor, rule_id: uuid.UUID) -> None:
    """The rule is gone; waves it released stay."""
    rule = load_rule(actor, rule_id)
    _warehouse_to_set(actor, rule.warehouse_id)
    session().delete(rule)
    session().flush()


def due_at(times: list[str], zone: ZoneInfo, since: datetime, now: datetime) -> datetime | None:
    """The last of these times of day that came in (since, now] in this zone; None when none did."""
    today = now.astimezone(zone).date()
    moments = [
        datetime.combine(day, time.fromisoformat(each), zone)
        for day in (today - timedelta(days=1), today)
        for each in times
    ]
    return max((moment for moment in moments if since < moment <= now), default=None)


def start_due(now: datetime) -> int:
    """Set a job going for every rule whose time came; returns how many."""
    found = (
        select(WaveRule, Warehouse.time_zone)
        .join(Warehouse, Warehouse.id == WaveRule.warehouse_id)
        .where(WaveRule.is_active)
        .order_by(WaveRule.warehouse_id, WaveRule.position)
        .with_for_update(of=WaveRule, skip_locked=True)
    )
    started = 0
    for rule, zone in session().execute(found).all():
        since = max(rule.looked_at or now, now - LATEST)
        moment = due_at(rule.times, ZoneInfo(zone), since, now)
        rule.looked_at = now
        if moment is not None:
            payload = {"rule_id": str(rule.id), "day": moment.date().isoformat()}
            add_job(RULE_TOPIC, payload, dedupe_key=f"{RULE_TOPIC}:{rule.id}:{moment.isoformat()}")
            started += 1
    return started


def selection_of(rule: WaveRule, zone: ZoneInfo, day: datetime) -> Selection:
    """What the rule takes on a day: of orders before the day's cut-off, where it has one."""
    wanted = Selection.from_data(rule.selection)
    if rule.cut_off is None:
        return wanted
    before = datetime.combine(day.date(), time.fromisoformat(rule.cut_off), zone)
    return replace(wanted, before=before)


def release_by_rule(rule_id: uuid.UUID, day: str) -> uuid.UUID | None:
    """The wave of a rule, planned before anything is locked; None when too few orders were ready."""
    rule = session().get(WaveRule, rule_id)
    if rule is None or not rule.is_active:
        return None
    zone = ZoneInfo(session().get_one(Warehouse, rule.warehouse_id).time_zone)
    wanted, fewest = selection_of(rule, zone, datetime.fromisoformat(day)), rule.fewest
    try:
        facts = reading.read(SYSTEM, rule.warehouse_id, wanted)
    except Refused as refusal:
        return _note(rule_id, None, refusal.code)
    end_reading()
    plan = reading.plan(facts)
    if len(plan.orders) < fewest:
        return _note(rule_id, None, "too_few_orders")
    try:
        wave_id = release_plan(SYSTEM, plan).id
    except Refused as refusal:
        if refusal.code != "nothing_to_wave":
            raise
        return _note(rule_id, None, refusal.code)
    return _note(rule_id, wave_id, None)


def _note(rule_id: uuid.UUID, wave_id: uuid.UUID | None, refusal: str | None) -> uuid.UUID | None:
    rule = session().get(WaveRule, rule_id)
    if rule is not None:  # else it was dropped meanwhile
        rule.last_wave_id, rule.last_refusal = wave_id or rule.last_wave_id, refusal
        session().flush()
    return wave_id
