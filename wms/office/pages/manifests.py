"""Loads: what each carrier was given, and the list that its driver signs."""

from __future__ import annotations

import uuid
from datetime import timedelta

from flask import Blueprint, redirect, render_template, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response as BaseResponse

from wms.core import clock
from wms.core.permissions import Permission
from wms.core.refusals import Refused
from wms.office.pages.inbound import say
from wms.office.pages.label_files import to_files
from wms.outbound.service.load_lists import request_load_list
from wms.platform import forms
from wms.platform.access import actor, requires
from wms.platform.pages import Entry, lazy, navigation
from wms.shipping import queries
from wms.shipping import service as shipping

blueprint = Blueprint("office_manifests", __name__, url_prefix="/office/manifests", template_folder="../templates")
SHOWN = 200
BACK = timedelta(days=14)

navigation.add(
    Entry(lazy("Loads"), "office_manifests.index", "shipments", Permission.SHIPPING_HANDOVER, staff=True, order=250)
)


@blueprint.get("")
@requires(Permission.SHIPPING_HANDOVER)
def index() -> str:
    """The open loads, then those of two weeks."""
    return render_template("office/manifests.html", rows=queries.manifests(actor(), clock.now() - BACK, SHOWN))


@blueprint.post("/<uuid:manifest_id>/list")
@requires(Permission.SHIPPING_HANDOVER)
def load_list(manifest_id: uuid.UUID) -> BaseResponse:
    """The list that the driver signs, as a file."""
    outcome = forms.run_form(
        "manifests.list", {"id": manifest_id}, lambda: request_load_list(actor(), manifest_id),
        lambda bundle: {"bundle": bundle},
    )  # fmt: skip
    if isinstance(outcome, Refused):
        forms.flash_or_raise(outcome)
        return redirect(url_for(".index"), 303)
    return to_files([outcome.answer["bundle"]])


@blueprint.post("/<uuid:manifest_id>/close")
@requires(Permission.SHIPPING_HANDOVER)
def close(manifest_id: uuid.UUID) -> BaseResponse:
    """The driver has signed; the next parcel of this carrier opens another load."""
    outcome = forms.run_form(
        "manifests.close", {"id": manifest_id}, lambda: shipping.close_manifest(actor(), manifest_id),
        lambda done: {"id": done.id},
    )  # fmt: skip
    say(outcome, _("Closed. The next parcel begins another load."))
    return redirect(url_for(".index"))
