"""Waves: releasing one by hand, and how far each is."""

from __future__ import annotations

import uuid

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response as BaseResponse

from wms.core.ids import parse_id
from wms.core.permissions import Permission
from wms.core.refusals import Refused, not_found
from wms.facility.queries import warehouses_seen
from wms.office import queries
from wms.outbound.models import Wave
from wms.outbound.service.waves import ORDERS_PER_WAVE, release_wave
from wms.platform import forms
from wms.platform.access import actor, requires
from wms.platform.database import session
from wms.platform.pages import Entry, lazy, navigation

blueprint = Blueprint("office_waves", __name__, url_prefix="/office/waves", template_folder="../templates")

navigation.add(
    Entry(lazy("Waves"), "office_waves.index", "waves", Permission.WAVES_MANAGE, staff=True, order=220, phone=True)
)


@blueprint.get("")
@requires(Permission.WAVES_MANAGE)
def index() -> str:
    return render_template(
        "office/waves.html", rows=queries.waves(actor()), warehouses=warehouses_seen(actor()),
        ready=queries.orders_ready(actor()), most=ORDERS_PER_WAVE,
    )  # fmt: skip


@blueprint.get("/<uuid:wave_id>")
@requires(Permission.WAVES_MANAGE)
def detail(wave_id: uuid.UUID) -> str:
    wave = session().get(Wave, wave_id)
    if wave is None or not actor().sees_warehouse(wave.warehouse_id):
        raise not_found("wave")
    return render_template("office/wave.html", wave=wave, walks=queries.walks_of(wave.id))


@blueprint.post("")
@requires(Permission.WAVES_MANAGE)
def release() -> BaseResponse:
    """The most urgent orders that are ready, up to the number asked for."""
    warehouse_id = parse_id(request.form.get("warehouse", "")) or uuid.UUID(int=0)
    wanted = forms.typed_number("limit")
    limit = min(wanted, ORDERS_PER_WAVE) if isinstance(wanted, int) and wanted > 0 else ORDERS_PER_WAVE
    outcome = forms.run_form(
        "waves.release", {"warehouse": warehouse_id, "limit": limit},
        lambda: release_wave(actor(), warehouse_id, limit=limit), lambda wave: {"id": wave.id, "number": wave.number},
    )  # fmt: skip
    if isinstance(outcome, Refused):
        forms.flash_or_raise(outcome)
        return redirect(url_for(".index"))
    flash(_("Wave %(number)s is released.", number=outcome.answer["number"]), "ok")
    return redirect(url_for(".detail", wave_id=outcome.answer["id"]))
