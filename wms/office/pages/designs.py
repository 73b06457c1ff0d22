"""How labels look: designs by kind, size and seller, an editor with a live preview, versions.

The editor works on the words of `labels` (text, code, line, box, image, condition, rows) and knows nothing of kinds: what
attributes a word has, and between which limits, is told by the vocabulary itself.
"""

from __future__ import annotations

import base64
import uuid
from collections.abc import Mapping
from typing import Any

import orjson
from flask import Blueprint, Response, flash, jsonify, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response as BaseResponse

from labels import Label, LabelRefused, Size, Template, check_template_data, preview_png
from labels.media import SUPPORTED_DPI
from labels.samples import samples_of
from wms.core.permissions import Permission
from wms.core.refusals import RefusalKind, Refused, invalid, not_found
from wms.identity.queries import sellers_seen
from wms.office import design_words
from wms.platform import forms
from wms.platform.access import actor, requires
from wms.platform.json_reading import read_json
from wms.platform.pages import Entry, lazy, navigation, show_refusal
from wms.platform.schemas import CodedSchema, Text
from wms.printing.designs import queries, service
from wms.printing.designs.models import LabelDesign, LabelDesignVersion
from wms.printing.designs.service import Place
from wms.printing.words import sentence

blueprint = Blueprint("office_designs", __name__, url_prefix="/office/designs", template_folder="../templates")
MOST_SHOWN = 60  # findings beside the preview

navigation.add(
    Entry(lazy("Label designs"), "office_designs.index", "image", Permission.LABELS_DESIGN, staff=True, order=540)
)


class NoteForm(CodedSchema):
    """What was changed, in the operator's words."""

    note = Text(120)


@blueprint.get("")
@requires(Permission.LABELS_DESIGN)
def index() -> str:
    kinds = [(kind, design_words.kind_name(kind), queries.offered_sizes(kind)) for kind in queries.offered_kinds()]
    return render_template(
        "office/designs.html", designs=queries.designs(), kinds=kinds, sellers=sellers_seen(actor()),
        name_of=design_words.kind_name, sellers_kinds=queries.SELLERS_KINDS,
    )  # fmt: skip


@blueprint.get("/new")
@requires(Permission.LABELS_DESIGN)
def new() -> BaseResponse | str:
    """The editor for a place; one that has a design already leads to it."""
    place = _place(request.args)
    found = queries.design_at(place.kind, (place.size.width_mm, place.size.height_mm), place.owner_id)
    if found is not None:
        return redirect(url_for(".detail", design_id=found.id))
    return _editor(place, design_words.starting_data(place.kind, place.size))


@blueprint.get("/<uuid:design_id>")
@requires(Permission.LABELS_DESIGN)
def detail(design_id: uuid.UUID) -> str:
    """The editor on the newest version, or on the one that the address names."""
    design = queries.load_design(design_id)
    number = forms.as_number(request.args.get("version"))
    shown = queries.load_version(design.id, number if isinstance(number, int) else design.newest)
    return _editor(_place_of(design), design_words.opened_data(shown), design, shown)


def _editor(
    place: Place,
    data: Any,
    design: LabelDesign | None = None,
    shown: LabelDesignVersion | None = None,
    refusal: Refused | None = None,
) -> str:
    samples = samples_of(place.kind, place.size)
    setup = design_words.setup(place.kind, samples) | {"data": data, "preview": url_for(".preview")}
    seller = next((each for each in sellers_seen(actor()) if each.id == place.owner_id), None)
    return render_template(
        "office/design.html", place=place, seller=seller, design=design, shown=shown, setup=setup, refusal=refusal,
        versions=queries.versions_of(design.id) if design else [], name=design_words.kind_name(place.kind),
        note=request.form.get("note", ""),
        samples=[design_words.sample_name(each) for each in samples],
        resolutions=SUPPORTED_DPI, base=design.newest if design else 0,
        said=show_refusal(refusal) if refusal is not None else "",
    )  # fmt: skip


@blueprint.post("/save")
@requires(Permission.LABELS_DESIGN)
def save() -> BaseResponse | tuple[str, int]:
    """A new version. What was refused stays in the editor as it was sent."""
    place = _place(request.form)
    typed = request.form.get("base", "")
    base, note = int(typed) if typed.isdecimal() and len(typed) < 9 else 0, forms.typed_text("note", 120)
    checked = forms.load_form(NoteForm(), forms.given({"note": note}))
    if isinstance(checked, Refused):
        raise checked
    data = _read(request.form.get("data", ""), "/data")
    body = {
        "kind": place.kind,
        "size": place.size.name,
        "owner": place.owner_id,
        "base": base,
        "note": note,
        "data": data,
    }
    outcome = forms.run_form(
        "designs.save", body, lambda: service.save(actor(), place, data, base, note),
        lambda made: {"design": made.design_id, "number": made.number},
    )  # fmt: skip
    if isinstance(outcome, Refused):
        if outcome.kind is RefusalKind.NOT_FOUND:
            raise outcome
        found = queries.design_at(place.kind, (place.size.width_mm, place.size.height_mm), place.owner_id)
        return _editor(place, data, found, refusal=outcome), 422
    flash(_("Version %(number)s is saved. Labels change when it is published.", number=outcome.answer["number"]), "ok")
    return redirect(url_for(".detail", design_id=outcome.answer["design"]))


def _read(text: str | bytes, pointer: str) -> dict[str, Any]:
    """An object of JSON as the browser sends it; half characters and endless numbers, which nobody could answer, are
    none.
    """
    try:
        data = read_json(text)
        orjson.dumps(data)
    except (ValueError, orjson.JSONEncodeError):
        data = None
    if not isinstance(data, dict):
        raise invalid(pointer, "invalid")
    return data


@blueprint.post("/<uuid:design_id>/<int:number>/<any(publish, restore):step>")
@requires(Permission.LABELS_DESIGN)
def move(design_id: uuid.UUID, number: int, step: str) -> BaseResponse:
    """Publish a version, or bring an old one back as the newest."""
    use_case = service.publish if step == "publish" else service.restore
    outcome = forms.run_form(
        f"designs.{step}", {"design": design_id, "number": number}, lambda: use_case(actor(), design_id, number),
        lambda made: {"number": made.number},
    )  # fmt: skip
    if isinstance(outcome, Refused):
        forms.flash_or_raise(outcome)
    elif step == "publish":
        flash(_("Version %(number)s is in force: labels are drawn with it from now on.", number=number), "ok")
    else:
        flash(_("Version %(number)s is here again, as the newest one.", number=number), "ok")
    return redirect(url_for(".detail", design_id=design_id))


@blueprint.post("/<uuid:design_id>/withdraw")
@requires(Permission.LABELS_DESIGN)
def withdraw(design_id: uuid.UUID) -> BaseResponse:
    outcome = forms.run_form(
        "designs.withdraw", {"design": design_id}, lambda: service.withdraw(actor(), design_id), lambda _made: {}
    )
    if isinstance(outcome, Refused):
        forms.flash_or_raise(outcome)
    else:
        flash(_("The design is withdrawn: labels look as they did without it."), "ok")
    return redirect(url_for(".detail", design_id=design_id))


@blueprint.post("/preview")
@requires(Permission.LABELS_DESIGN)
def preview() -> Response:
    """What the data would print, one pixel a dot, and what is wrong with it. Changes nothing."""
    body = _read(request.get_data(), "")
    dpi = next((each for each in SUPPORTED_DPI if each == body.get("dpi")), SUPPORTED_DPI[0])
    template, findings = check_template_data(body.get("data"), dpi=dpi)
    said = [
        {"at": each.at, "severity": each.severity, "text": sentence(each.code, each.params),
         "other": each.params.get("other")}
        for each in findings
    ]  # fmt: skip
    picture = None
    if template is not None:
        try:
            picture = _picture(template, _sample(template, body.get("sample")), dpi)
        except LabelRefused as refusal:
            at = str(refusal.params.get("field", ""))
            said.insert(0, {"at": at, "severity": "error", "text": sentence(refusal.code, refusal.params)})
    return jsonify({"picture": picture, "findings": said[:MOST_SHOWN], "more": max(0, len(said) - MOST_SHOWN)})


def _sample(template: Template, number: object) -> Label:
    samples = samples_of(template.kind, template.size)
    if not samples:
        raise LabelRefused("size_not_offered", {"field": "size"})
    return samples[number if isinstance(number, int) and 0 <= number < len(samples) else 0]


def _picture(template: Template, sample: Label, dpi: int) -> str:
    png = preview_png(sample, dpi=dpi, template=template)
    return "data:image/png;base64," + base64.b64encode(png).decode("ascii")


@blueprint.get("/<uuid:design_id>/<int:number>.png")
@requires(Permission.LABELS_DESIGN)
def picture(design_id: uuid.UUID, number: int) -> Response:
    """A stored version as it prints."""
    version = queries.load_version(design_id, number)
    template, _findings = check_template_data(design_words.opened_data(version))
    try:
        if template is None:
            raise not_found("picture")
        content = preview_png(_sample(template, 0), template=template)
    except LabelRefused as refusal:
        raise not_found("picture") from refusal
    response = Response(content, 200, mimetype="image/png")
    response.headers["Cache-Control"] = "private, max-age=86400, immutable"  # a version never changes
    return response


def _place(given: Mapping[str, str]) -> Place:
    """The place that an address or a form names: kind, size and the seller's code."""
    kind, wanted, code = given.get("kind", ""), given.get("size", ""), given.get("seller", "")
    size = next((each for each in queries.offered_sizes(kind) if each.name == wanted), None)
    seller = next((each for each in sellers_seen(actor()) if each.code == code), None)
    if size is None or (code and seller is None):
        raise not_found("design")
    return Place(kind, size, seller.id if seller is not None else None)


def _place_of(design: LabelDesign) -> Place:
    return Place(design.kind, Size(*design.size_mm), design.owner_id)
