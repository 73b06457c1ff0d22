"""A walk that was picked by its list on paper: a supervisor enters what was picked, and into which totes."""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from werkzeug.wrappers import Response as BaseResponse

from wms.core.ids import parse_id
from wms.core.permissions import Permission
from wms.core.refusals import FieldError, Refused, invalid, invalid_fields
from wms.outbound.models import PickBatch, Wave
from wms.outbound.service import from_paper
from wms.platform import commands, forms
from wms.platform.access import actor, requires
from wms.platform.commands import Command
from wms.platform.database import session

blueprint = Blueprint("office_from_paper", __name__, url_prefix="/office/waves/walks", template_folder="../templates")
FIELDS = ("stop", "units", "tote")
LINES_AFTER = 2  # numbers of the items of a form: its beginning, its end, then two for each line


@dataclass(frozen=True)
class Entered:
    """So many units of a stop, in which tote; `place`: its line of the form."""

    place: int
    line: Any
    units: int
    tote_id: uuid.UUID
    tote: str


@blueprint.get("/<uuid:batch_id>/paper")
@requires(Permission.WAVES_MANAGE)
def form(batch_id: uuid.UUID) -> str:
    return _page(from_paper.load_walk(actor(), batch_id))


def _page(batch: PickBatch, refusal: Refused | None = None) -> str:
    typed = {row["stop"]: row for row in forms.typed_rows("lines", FIELDS)}
    return render_template(
        "office/from_paper.html", batch=batch, wave=session().get_one(Wave, batch.wave_id),
        lines=from_paper.lines_of(batch), typed=typed, errors=forms.field_messages(refusal),
    )  # fmt: skip


@blueprint.post("/<uuid:batch_id>/paper")
@requires(Permission.WAVES_MANAGE)
def enter(batch_id: uuid.UUID) -> BaseResponse | tuple[str, int]:
    """Every line that was typed; each is a command of its own, and so is each tote that was begun."""
    batch = from_paper.load_walk(actor(), batch_id)
    command_id = request.form.get("command_id", "")
    if parse_id(command_id) is None:
        return _page(batch, invalid("/command_id", "required")), 422
    base = commands.command_for(actor(), command_id, "waves.from_paper", None)
    begun = commands.execute(
        base.item(0, "waves.from_paper_begin", {"walk": batch_id}), lambda: from_paper.begin(actor(), batch_id),
        lambda _held: {},
    )  # fmt: skip
    if isinstance(begun, Refused):
        forms.flash_or_raise(begun)  # what was typed stays
        return _page(batch), 422
    wrong = None
    try:
        _enter(base, _entered(batch))
    except Refused as refusal:
        wrong = refusal
    leaving = base.item(1, "waves.from_paper_leave", {"walk": batch_id})
    commands.execute(leaving, lambda: from_paper.leave(actor(), batch_id), lambda _left: {})
    if wrong is not None:
        return _page(batch, wrong), 422
    session().expire_all()
    if from_paper.lines_of(batch):
        return redirect(url_for(".form", batch_id=batch_id))
    return redirect(url_for("office_waves.detail", wave_id=batch.wave_id))


def _entered(batch: PickBatch) -> list[Entered]:
    """What was typed, against the walk; raises with every field that is wrong."""
    lines = {str(line.id): line for line in from_paper.lines_of(batch)}
    typed = forms.typed_rows("lines", FIELDS)
    rows = [row for row in typed if row["units"] not in ("", "0")]
    totes = from_paper.totes_named(batch.warehouse_id, {row["tote"] for row in rows})
    faults, found = list[FieldError](), list[Entered]()
    for place, row in enumerate(rows):
        line, units = lines.get(row["stop"]), forms.as_number(row["units"])
        if line is None:
            continue  # picked meanwhile, or cancelled: the page shows what is left
        if not isinstance(units, int) or not 0 < units <= line.units:
            faults.append(FieldError(f"/{line.id}/units", "too_many_picked", {"left": line.units}))
        elif not row["tote"]:
            faults.append(FieldError(f"/{line.id}/tote", "required", {}))
        elif row["tote"] not in totes:
            faults.append(FieldError(f"/{line.id}/tote", "paper_tote", {}))
        else:
            found.append(Entered(place, line, units, totes[row["tote"]], row["tote"]))
    if not rows:
        faults.append(FieldError("/lines", "paper_nothing", {}))
    if faults:
        raise invalid_fields(faults)
    return found


def _enter(base: Command, entered: Sequence[Entered]) -> None:
    """One tote of an order after the other, each filled before the next: a full one is not gone back to."""
    done, refused = 0, dict[str, str]()
    orders = Counter(tote_id for tote_id, _order in {(each.tote_id, each.line.order_id) for each in entered})
    for each in _by_tote(entered):
        outcome = _enter_line(base, each, is_shared=orders[each.tote_id] > 1)
        if isinstance(outcome, Refused):
            refused[each.line.number] = " ".join(forms.told(outcome))
        else:
            done += each.units
    if done:
        flash(ngettext("%(num)s unit is entered as picked.", "%(num)s units are entered as picked.", done), "ok")
    for number, why in refused.items():
        flash(_("Order %(number)s: %(why)s", number=number, why=why), "warn")


def _enter_line(base: Command, each: Entered, *, is_shared: bool) -> forms.Outcome:
    """Its tote, then its units."""
    stop_id, number = each.line.id, LINES_AFTER + 2 * each.place
    tote = base.item(number, "waves.from_paper_tote", {"stop": stop_id, "tote": each.tote_id})
    put_into = partial(from_paper.put_into, actor(), stop_id, each.tote_id, is_shared=is_shared)
    bound = commands.execute(tote, put_into, lambda _none: {})
    if isinstance(bound, Refused):
        return bound
    units = base.item(number + 1, "waves.from_paper_pick", {"stop": stop_id, "units": each.units})
    return commands.execute(units, partial(from_paper.pick, actor(), stop_id, each.units), lambda _picked: {})


def _by_tote(entered: Sequence[Entered]) -> list[Entered]:
    """In the order of the list, but those of one tote of an order together; what it is picked into now comes first."""
    turn: dict[tuple[uuid.UUID, uuid.UUID], int] = {}
    for each in entered:
        turn.setdefault((each.line.order_id, each.tote_id), -1 if each.tote == each.line.tote else each.place)
    return sorted(entered, key=lambda each: turn[each.line.order_id, each.tote_id])
