"""API keys. A key is shown in the answer that makes it and never again; the command row holds its id only."""

from __future__ import annotations

import uuid
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response as BaseResponse

from wms.core.ids import new_id
from wms.core.permissions import Permission
from wms.core.refusals import Refused
from wms.identity import queries, service
from wms.identity.pages.proof import proved
from wms.identity.words import SCOPE_WORDS
from wms.platform.access import actor, requires
from wms.platform.forms import run_form
from wms.platform.pages import Entry, lazy, navigation, show_refusal

blueprint = Blueprint("identity_keys", __name__, url_prefix="/keys")

navigation.add(Entry(lazy("API keys"), "identity_keys.keys", "key", Permission.KEYS_MANAGE, order=620))


@blueprint.get("")
@requires(Permission.KEYS_MANAGE)
def keys() -> str:
    return _page()


@blueprint.post("")
@requires(Permission.KEYS_MANAGE)
@proved("identity_keys.keys")
def create_key() -> str | tuple[str, int]:
    form = request.form
    made: list[service.IssuedKey] = []
    body: dict[str, Any] = {
        "seller": form.get("seller"),
        "name": form.get("name", "").strip()[:80],
        "scopes": form.getlist("scopes"),
    }

    def use_case() -> service.IssuedKey:
        seller = queries.choose_owner(actor(), body["seller"] or None)
        made.append(service.issue_api_key(actor(), seller.id, body["name"] or "API", body["scopes"]))
        return made[-1]

    outcome = run_form("identity.issue_key", body, use_case, lambda key: {"id": key.id})
    if isinstance(outcome, Refused):
        return _page(refusal=show_refusal(outcome)), 422
    return _page(issued=made[-1].text if made and not outcome.replayed else None, replayed=outcome.replayed)


@blueprint.post("/<uuid:key_id>/revoke")
@requires(Permission.KEYS_MANAGE)
@proved("identity_keys.keys")
def revoke_key(key_id: uuid.UUID) -> BaseResponse:
    outcome = run_form("identity.revoke_key", {"id": key_id}, lambda: service.revoke_api_key(actor(), key_id),
                       lambda key: {"id": key.id})  # fmt: skip
    if isinstance(outcome, Refused):
        raise outcome
    flash(_("The key no longer works."), "ok")
    return redirect(url_for("identity_keys.keys"))


def _page(**shown: Any) -> str:
    return render_template(
        "identity/keys.html", keys=queries.keys_seen(actor()), sellers=queries.sellers_seen(actor()),
        scopes=SCOPE_WORDS, command_id=new_id(), **shown,
    )  # fmt: skip
