"""Loads: what each carrier was given, and the list that its driver signs."""

from __future__ import annotations

import uuid
from datetime import timedelta

from flask import Blueprint, redirect, render_template, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response as BaseResponse

from wms.core import clock
from wms.core.ids import parse_id
from wms.core.permissions import Permission
from wms.facility.queries import load_warehouse
from wms.office.pages.collections import fault_words
from wms.office.pages.inbound import say
from wms.outbound.extras.collecting import collected_with, sums
from wms.outbound.queries import order_numbers
from wms.outbound.service.load_lists import request_load_list
from wms.outbound.wanted_back import to_take_off
from wms.platform import forms
from wms.platform.access import actor, requires
from wms.platform.pages import Entry, lazy, navigation
from wms.printing.label_files import to_file
from wms.shipping import collection_queries, loads, queries
from wms.shipping import service as shipping
from wms.shipping.collection_queries import CollectionRow
from wms.shipping.models import Manifest, ManifestState
from wms.shipping.service import collections, docks

blueprint = Blueprint("office_manifests", __name__, url_prefix="/office/manifests", template_folder="../templates")
SHOWN = 200
BACK = timedelta(days=14)

navigation.add(
    Entry(lazy("Loads"), "office_manifests.index", "shipments", Permission.SHIPPING_HANDOVER, staff=True, order=250)
)


@blueprint.get("")
@requires(Permission.SHIPPING_HANDOVER)
def index() -> str:
    """The open loads, then those of two weeks; and the bags that are on none yet."""
    return render_template(
        "office/manifests.html", rows=queries.manifests(actor(), clock.now() - BACK, SHOWN),
        bags=loads.bags_here(actor(), SHOWN), to_take_off=to_take_off(),
        collections=collection_queries.collections_page(actor()), why=fault_words,
        may_order=bool(collection_queries.carriers_that_collect()),
    )  # fmt: skip


@blueprint.get("/<uuid:manifest_id>")
@requires(Permission.SHIPPING_HANDOVER)
def detail(manifest_id: uuid.UUID) -> str:
    """What is on a load: its bags and pallets with their parcels, and the parcels by themselves."""
    found = loads.contents_of(actor(), manifest_id)
    inside = [parcel for bag in found.bags for parcel in bag.parcels]
    orders = order_numbers(each.subject_id for each in (*found.loose, *inside) if each.subject_kind == "order")
    carrier = queries.load_carrier(found.manifest.carrier_id)
    money = collected_with(each.id for each in (*found.loose, *inside))
    return render_template(
        "office/manifest.html", found=found, manifest=found.manifest, orders=orders, carrier=carrier, why=fault_words,
        collections=_collections_of(found.manifest), may_order=collections.takes_orders(carrier),
        warehouse=load_warehouse(actor(), found.manifest.warehouse_id),
        money=money, money_in_all=sums(money.values()),
        sums_of=lambda rows: sums(money[each.id] for each in rows if each.id in money),
        docks=docks.docks_of(found.manifest.warehouse_id), dock=_dock_of(found.manifest),
    )  # fmt: skip


def _collections_of(manifest: Manifest) -> list[CollectionRow]:
    """The lorry that took it, or those that are to come for it: to its dock, or to none in particular."""
    rows = collection_queries.collections_page(
        actor(), carrier_id=manifest.carrier_id, warehouse_id=manifest.warehouse_id
    )
    if manifest.state != ManifestState.OPEN.value:
        return [row for row in rows if row.collection.manifest_id == manifest.id]
    here = (None, manifest.dock_id)
    return [row for row in rows if row.collection.state in collection_queries.OPEN and row.collection.dock_id in here]


def _dock_of(manifest: Manifest) -> str:
    return "".join(docks.codes_of([manifest.dock_id]).values())


@blueprint.post("/<uuid:manifest_id>/dock")
@requires(Permission.SHIPPING_HANDOVER)
def put_at_dock(manifest_id: uuid.UUID) -> BaseResponse:
    """Where its lorry stands: what is scanned at that dock goes on this load."""
    dock_id = parse_id(forms.typed_text("dock") or "")
    outcome = forms.run_form(
        "manifests.dock", {"id": manifest_id, "dock": dock_id},
        lambda: shipping.put_at_dock(actor(), manifest_id, dock_id), lambda done: {"id": done.id},
    )  # fmt: skip
    say(outcome, _("Changed. What is scanned at its dock goes on this load."))
    return redirect(url_for(".detail", manifest_id=manifest_id))


@blueprint.post("/<uuid:manifest_id>/list")
@requires(Permission.SHIPPING_HANDOVER)
def load_list(manifest_id: uuid.UUID) -> BaseResponse:
    """The list that the driver signs, as a file."""
    return to_file(
        "manifests.list", {"id": manifest_id}, lambda: request_load_list(actor(), manifest_id), url_for(".index")
    )


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
