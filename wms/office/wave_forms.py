"""Which orders a wave takes, as it is typed: by hand and in a rule alike. And the words of waves."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from flask import request
from flask_babel import gettext as _
from sqlalchemy import text

from wms.core.refusals import Refused, invalid
from wms.outbound.carts import KINDS, MOST_ORDERS, USUAL_ORDERS, Selection
from wms.outbound.service.sorting import walls_of
from wms.platform import forms
from wms.platform.database import session
from wms.platform.pages import lazy
from wms.platform.schemas import Choice, CodedSchema, Count, Items, Text

KIND_WORDS = {
    "single_unit": lazy("One unit"), "single_line": lazy("One product"), "multi_line": lazy("Several products"),
    "b2b": lazy("B2B"),
}  # fmt: skip
WHY_WORDS = {
    "only_bin": lazy("the only bin that has some"), "expires_first": lazy("expires first"),
    "oldest_first": lazy("came in first"), "oldest_asked": lazy("the oldest first, as the seller asked"),
    "keeps_longest": lazy("keeps longest, as the seller asked"), "whole_unit": lazy("a whole container"),
    "fewest_touches": lazy("fewest touches"), "shortest_walk": lazy("shortest walk"),
    "pinned": lazy("the order names these goods"),
    "unsold_first": lazy("not to be sold on: what does not sell goes first"),
    "claimed": lazy("claimed for the order before"),
}  # fmt: skip
# A refusal that a rule noted, in words.
RULE_REFUSALS = {
    "too_few_orders": lazy("too few orders were ready"),
    "nothing_to_wave": lazy("no order was ready"),
    "no_such_wall": lazy("its put wall is gone"),
}


class SelectionForm(CodedSchema):
    limit = Count(1, MOST_ORDERS, load_default=USUAL_ORDERS)
    kinds = Items(Choice(list(KINDS)), 0, len(KINDS), load_default=list)
    carriers = Items(Text(12), 0, 100, load_default=list)
    zones = Items(Text(16), 0, 200, load_default=list)
    wall = Text(8, load_default="")


def typed_selection(zone: ZoneInfo) -> Selection | Refused:
    """The selection of the form; `before` is a moment of the warehouse's clock."""
    body: dict[str, Any] = {name: request.form.getlist(name) for name in ("kinds", "carriers", "zones")}
    loaded = forms.load_form(
        SelectionForm(), forms.given(body | {"limit": forms.typed_number("limit"), "wall": forms.typed_text("wall")})
    )
    if isinstance(loaded, Refused):
        return loaded
    try:
        before = (
            datetime.fromisoformat(said[:16]).replace(tzinfo=zone) if (said := forms.typed_text("before")) else None
        )
    except ValueError:
        return invalid("/before", "invalid")
    kinds, carriers, zones = (tuple(loaded[name]) for name in ("kinds", "carriers", "zones"))
    by_zone = bool(loaded["wall"]) and request.form.get("by_zone") is not None
    own_totes = request.form.get("own_totes") is not None
    return Selection(loaded["limit"], kinds, carriers, zones, before, loaded["wall"], by_zone, own_totes)


def choices_of(warehouse_id: uuid.UUID) -> dict[str, dict[str, str]]:
    """What a selection can name in a warehouse, by code: carriers, and zones that goods are picked from."""
    carriers = session().execute(text("SELECT code, name FROM carrier WHERE is_active ORDER BY code"))
    zones = session().execute(
        text("SELECT code, name FROM zone WHERE warehouse_id = :warehouse AND purpose IN ('storage', 'bulk', 'pick_face',"
             " 'cross_dock') ORDER BY code"),
        {"warehouse": warehouse_id},
    )  # fmt: skip
    found = {"carriers": carriers, "zones": zones}
    named = {name: {row.code: f"{row.code} · {row.name}" for row in rows} for name, rows in found.items()}
    return named | {"walls": {wall: f"{wall} · {slots}" for wall, slots in walls_of(warehouse_id).items()}}


def selection_words(selection: Mapping[str, Any]) -> list[str]:
    """A kept selection as short words."""
    kinds = [str(KIND_WORDS[kind]) for kind in selection.get("kinds") or ()]
    wall = [_("wall %(wall)s", wall=selection["wall"])] if selection.get("wall") else []
    parted = [_("parted by zone")] if selection.get("by_zone") else []
    own = [_("a tote each")] if selection.get("own_totes") else []
    return [*kinds, *own, *(selection.get("carriers") or ()), *(selection.get("zones") or ()), *wall, *parted]
