"""Slotting: what to move where, from the picks of the last days, and the metres a day that it saves. Moves that are ticked
become work of the floor.

A line of the list carries itself, signed: what is ticked is what was shown, and reckoning takes seconds.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any

from flask import Blueprint, Response, current_app, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from itsdangerous import BadSignature, URLSafeSerializer
from werkzeug.wrappers import Response as BaseResponse

from wms.core.permissions import Permission
from wms.core.refusals import Refused, invalid, not_found
from wms.facility.models import Warehouse
from wms.facility.queries import load_warehouse, warehouses_seen
from wms.inventory.relocating import queries as asked_moves
from wms.inventory.relocating import service as relocating
from wms.outbound.service import slotting
from wms.outbound.service.slotting import Found, Move
from wms.platform import forms
from wms.platform.access import actor, requires
from wms.platform.database import end_reading
from wms.platform.pages import Entry, lazy, navigation
from wms.platform.schemas import CodedSchema, Count
from wms.platform.tables import write_table

blueprint = Blueprint("office_slotting", __name__, url_prefix="/office/slotting", template_folder="../templates")

navigation.add(Entry(lazy("Slotting"), "office_slotting.index", "pin", Permission.WAVES_MANAGE, staff=True, order=227))


class SlottingForm(CodedSchema):
    days = Count(1, slotting.MOST_DAYS, load_default=28)
    most = Count(1, slotting.MOST_MOVES, load_default=20)


DONE_IN = 30  # days


def _signed() -> URLSafeSerializer:
    return URLSafeSerializer(str(current_app.secret_key), salt="slotting-move")


def _line(chosen: Warehouse, number: int, move: Move) -> str:
    """A line of the list as a form carries it."""
    partner = None if move.partner is None else str(move.partner.id)
    said = [str(chosen.id), number, str(move.product.id), str(move.origin_id), str(move.target_id), partner]
    return str(_signed().dumps([*said, round(move.metres, 1)]))


def _read(line: str, warehouse_id: uuid.UUID) -> relocating.Wanted:
    """What a ticked line says. Raises BadSignature for one that this warehouse's list did not show."""
    house, number, product, origin, target, partner, metres = _signed().loads(line)
    if house != str(warehouse_id):
        raise BadSignature("another warehouse's")
    return relocating.Wanted(
        number, uuid.UUID(product), uuid.UUID(origin), uuid.UUID(target), partner and uuid.UUID(partner), metres
    )


@blueprint.get("")
@requires(Permission.WAVES_MANAGE)
def index() -> str | tuple[str, int]:
    """The address carries the question; the answer is reckoned when it is asked."""
    return _page()


# Why a line cannot become work of the floor, in words.
BLOCKED = {
    "is_kept": lazy("kept for a product"), "in_containers": lazy("stands in containers"), "is_held": lazy("frozen"),
}  # fmt: skip


def _blocked(chosen: Warehouse, moves: Sequence[Move]) -> dict[int, Any]:
    """By number in the list, of the lines that cannot be ticked."""
    now = asked_moves.bins(chosen.id, {bin_id for move in moves for bin_id in (move.origin_id, move.target_id)})
    return {
        number: words
        for number, move in enumerate(moves, 1)
        for fault, words in BLOCKED.items()
        if any(getattr(now[bin_id], fault) for bin_id in (move.origin_id, move.target_id) if bin_id in now)
    }


def _page(refused: Refused | None = None) -> str | tuple[str, int]:
    seen, chosen = warehouses_seen(actor()), _chosen()
    asked = "days" in request.args and chosen is not None
    found = _found(chosen) if asked and chosen is not None else None
    refusal = found if isinstance(found, Refused) else refused
    page = render_template(
        "office/slotting.html", warehouses=seen, chosen=chosen, typed=request.args, errors=forms.field_messages(refusal),
        refusal=" ".join(forms.told(refusal)) if refusal is not None and not refusal.errors else None,
        found=None if isinstance(found, Refused) else found, most_days=slotting.MOST_DAYS,
        most_moves=slotting.MOST_MOVES, line=_line,
        blocked=_blocked(chosen, found.moves) if chosen and isinstance(found, Found) else {}, ticked=request.form.getlist("move"),
        waiting=asked_moves.listed(chosen.id) if chosen else [], done_in=DONE_IN,
        made=asked_moves.done(chosen.id, DONE_IN) if chosen else None,
    )  # fmt: skip
    return page if refusal is None else (page, 422)


@blueprint.post("/<uuid:warehouse_id>/moves")
@requires(Permission.WAVES_MANAGE)
def ask_for_moves(warehouse_id: uuid.UUID) -> BaseResponse | str | tuple[str, int]:
    """Make work of the ticked moves, in the order of the list: all or none."""
    warehouse = load_warehouse(actor(), warehouse_id)
    lines = request.form.getlist("move")
    outcome: Any
    try:
        wanted = sorted((_read(each, warehouse.id) for each in lines), key=lambda each: each.number)
    except BadSignature:
        outcome = invalid("/move", "invalid")
    else:
        outcome = Refused("nothing_ticked") if not wanted else None
        if len(wanted) > slotting.MOST_MOVES:
            outcome = invalid("/move", "too_many", most=slotting.MOST_MOVES)
    if outcome is None:
        outcome = forms.run_form(
            "slotting.moves", {"warehouse": warehouse.id, "moves": lines},
            lambda: relocating.ask_for(actor(), warehouse.id, wanted), lambda made: {"count": len(made)},
        )  # fmt: skip
    if isinstance(outcome, Refused):
        return _page(outcome)
    count = outcome.answer["count"]
    flash(ngettext("%(num)s move waits on the tablets now.", "%(num)s moves wait on the tablets now.", count), "ok")
    return redirect(url_for(".index", warehouse=warehouse.code))


@blueprint.post("/<uuid:warehouse_id>/moves/<uuid:task_id>/cancel")
@requires(Permission.WAVES_MANAGE)
def cancel_move(warehouse_id: uuid.UUID, task_id: uuid.UUID) -> BaseResponse:
    """Drop a move that waits; what somebody has in hand of it goes back."""
    warehouse = load_warehouse(actor(), warehouse_id)
    outcome = forms.run_form("slotting.cancel", {"task": task_id}, lambda: relocating.cancel(actor(), task_id))
    if isinstance(outcome, Refused):
        forms.flash_or_raise(outcome)
    else:
        flash(_("Dropped. Its goods stay where they are."), "ok")
    return redirect(url_for(".index", warehouse=warehouse.code))


@blueprint.get("/list")
@requires(Permission.WAVES_MANAGE)
def as_file() -> Response | tuple[str, int]:
    """The moves as a table to print, one line each, in the order in which they are to be made."""
    chosen = _chosen()
    if chosen is None:
        raise not_found("warehouse")
    found = _found(chosen)
    if isinstance(found, Refused):
        raise found
    header = ("number", "seller", "sku", "from", "to", "back_sku", "saves_m_a_day")
    rows = [
        (number, move.product.seller, move.product.sku, move.origin, move.target,
         None if move.partner is None else move.partner.sku, round(move.metres, 1))
        for number, move in enumerate(found.moves, 1)
    ]  # fmt: skip
    headers = {"Content-Disposition": f'attachment; filename="slotting-{chosen.code}.csv"', "Cache-Control": "no-store"}
    return Response(write_table(header, rows), 200, headers, mimetype="text/csv")


def _chosen() -> Warehouse | None:
    seen = warehouses_seen(actor())
    code = request.args.get("warehouse")
    return next((each for each in seen if each.code == code), seen[0] if seen and code is None else None)


def _found(chosen: Warehouse) -> Found | Refused:
    typed = {name: forms.as_number(request.args.get(name, "").strip()[:9] or None) for name in ("days", "most")}
    body = forms.load_form(SlottingForm(), forms.given(typed))
    if isinstance(body, Refused):
        return body
    try:
        history = slotting.read(actor(), chosen.id, body["days"])
        end_reading()  # it takes seconds
        return slotting.find(history, body["most"])
    except Refused as refusal:
        return refusal
