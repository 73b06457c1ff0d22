"""Forms of our pages: each POST is a command under an id that was made when the page was shown (law 7).

A form that is refused keeps what was typed, with each fault at its field; what is about none stands above it
(`shown_again`; for a single button `flash_or_raise`). The page is rendered with a new id then: the refusal is the stored
answer of the old one.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from flask import Flask, current_app, flash, g, redirect, request, url_for
from flask_babel import gettext as _
from marshmallow import Schema
from werkzeug.wrappers import Response as BaseResponse

from wms.core import money
from wms.core.ids import parse_id
from wms.core.refusals import FieldError, RefusalKind, Refused, invalid, invalid_fields
from wms.platform import commands, uploads
from wms.platform.access import actor
from wms.platform.commands import Outcome
from wms.platform.field_words import FIELD_WORDS
from wms.platform.i18n import refusal_texts
from wms.platform.pages import show_refusal
from wms.platform.problems import TEXTS
from wms.platform.schemas import load_or_refuse

T = TypeVar("T")
MOST_ROWS = 500
_NUMBER = re.compile(r"-?[0-9]{1,11}")
_ROW = re.compile(r"[0-9]{1,6}")


@dataclass(frozen=True)
class AsTyped:
    """What stands in one form of a page: after its refusal what was typed, with the faults of each field by its name."""

    was_refused: bool = False
    typed: Mapping[str, str] = field(default_factory=dict)
    errors: Mapping[str, list[str]] = field(default_factory=dict)

    def get(self, name: str, otherwise: Any = "") -> Any:
        """What was typed; `otherwise` (what the page knows of itself) in a form that was not refused."""
        return self.typed.get(name, "") if self.was_refused else otherwise


@dataclass
class _RefusedForm:
    name: str
    content: AsTyped
    is_shown: bool = False


def init_forms(app: Flask) -> None:
    app.jinja_env.globals["as_typed"] = as_typed


def as_typed(form: str) -> AsTyped:
    """For templates: what stands in the form of this name. The others of the page have nothing to do with a refusal."""
    refused: _RefusedForm | None = g.get("refused_form")
    if refused is None or refused.name != form:
        return AsTyped()
    refused.is_shown = True
    return refused.content


def shown_again(
    refusal: Refused, form: str, page: str, *, called: Mapping[str, str] | None = None, **address: Any
) -> BaseResponse | tuple[Any, int]:
    """A refused form of a page with several: the page once more, what was typed in it still, its faults at their fields.

    `form`: the name by which the page's template asks `as_typed`. `page`: the endpoint that shows the page, with its
    `address`; the query that it reads stands in the form's own. `called`: what the form calls otherwise than the API.

    What no field of the form is about is said above the page. What does not exist stays a 404, and where the form stands
    no more (somebody else was faster) the page is gone to, as after a single button.
    """
    if refusal.kind is RefusalKind.NOT_FOUND:
        raise refusal
    endpoint = f"{request.blueprint}{page}" if page.startswith(".") else page
    errors, rest = _by_field(refusal, called or {})
    g.refused_form = _RefusedForm(form, AsTyped(True, request.form, errors))
    for message in ([_("Nothing was saved. Please correct the marked fields.")] if errors else []) + rest:
        flash(message, "stop")
    query = request.query_string.decode(errors="replace")
    g.page_address = url_for(endpoint, **address) + (f"?{query}" if query else "")
    content = current_app.ensure_sync(current_app.view_functions[endpoint])(**address)
    if g.refused_form.is_shown:
        return content, 422
    flash_or_raise(refusal)
    return redirect(g.page_address, 303)


def _by_field(refusal: Refused, called: Mapping[str, str]) -> tuple[dict[str, list[str]], list[str]]:
    """The faults at each of the fields that were sent, and in words those of none. One of a list is the list's."""
    fields = set(request.form) - {"command_id"} | uploads.fields_sent()
    errors, rest = defaultdict[str, list[str]](list), list[str]()
    for error in refusal.errors:
        name = error["pointer"].strip("/").replace("/", ".")
        names = (called.get(name, name), name.partition(".")[0])
        at = next((each for each in names if each in fields), None)
        if at is None:
            rest.append(_with_its_field(error))
        else:
            errors[at].append(refusal_texts.translate(error["code"], error.get("params") or {}))
    return dict(errors), rest if refusal.errors else [show_refusal(refusal)]


def run_form(name: str, body: Any, use_case: Callable[[], T], answer: Callable[[T], Any] = lambda _made: {}) -> Outcome:
    """Execute a form's command. The answer is a value: `Done`, or `Refused` for the page to show."""
    command_id = request.form.get("command_id", "")
    if parse_id(command_id) is None:
        return invalid("/command_id", "required")
    return commands.execute(commands.command_for(actor(), command_id, name, body), use_case, answer)


def load_form(schema: Schema, typed: Mapping[str, Any]) -> dict[str, Any] | Refused:
    """The typed values through a schema; what is wrong comes back as a value too."""
    try:
        loaded: dict[str, Any] = load_or_refuse(schema, dict(typed))
    except Refused as refusal:
        return _of_amounts(refusal)
    return loaded


def with_required(
    body: dict[str, Any] | Refused, typed: Mapping[str, Any], names: Sequence[str]
) -> dict[str, Any] | Refused:
    """What the schema lets be left out and this form does not: said at each field, with all else that is wrong."""
    errors = list(body.errors) if isinstance(body, Refused) else []
    said = {error["pointer"] for error in errors}
    lacking = [f"/{name}" for name in names if typed.get(name) is None and f"/{name}" not in said]
    errors += [FieldError(each, "required", {}).as_data() for each in lacking]
    return Refused("invalid_input", {}, kind=RefusalKind.INVALID, errors=errors) if errors else body


def _of_amounts(refusal: Refused) -> Refused:
    """Who types an amount writes 12.50: that `minor_of` could not read it is not said as if minor units were wanted."""
    for error in refusal.errors:
        if (
            error["pointer"].endswith("_minor")
            and error["code"] == "type"
            and error["params"].get("wanted") == "integer"
        ):
            error["params"] = {"wanted": "amount"}
    return refusal


def at_fields(refusal: Refused, fields: Mapping[str, str]) -> Refused:
    """A refusal of the whole, said at the one field that it is about. `fields`: the field's name by the refusal's code."""
    if refusal.errors or refusal.code not in fields:
        return refusal
    return invalid_fields([FieldError(f"/{fields[refusal.code]}", refusal.code, refusal.params)])


def field_messages(refusal: Refused | None) -> dict[str, list[str]]:
    """What is wrong with each field, in words, by its name as in the page: `/cartons/0/lines` → cartons.0.lines."""
    found: dict[str, list[str]] = defaultdict(list)
    for error in refusal.errors if refusal is not None else ():
        name = error["pointer"].strip("/").replace("/", ".")
        found[name].append(refusal_texts.translate(error["code"], error.get("params") or {}))
    return dict(found)


def typed_text(name: str, most: int = 255) -> str | None:
    """One field as typed, without outer blanks; None when it is empty."""
    return request.form.get(name, "").strip()[:most] or None


def typed_number(name: str) -> int | str | None:
    """A whole number, or the text as it is, for the schema to refuse."""
    return as_number(typed_text(name))


def as_number(text: str | None) -> int | str | None:
    if text is None:
        return None
    return int(text) if _NUMBER.fullmatch(text) else text


def typed_rows(prefix: str, names: Sequence[str]) -> list[dict[str, str]]:
    """A table of fields `<prefix>.<row>.<name>` as typed, in order; rows with nothing typed are left out."""
    form = request.form
    numbers = {key[len(prefix) + 1 :].split(".", 1)[0] for key in form if key.startswith(f"{prefix}.")}
    rows = []
    for number in sorted((each for each in numbers if _ROW.fullmatch(each)), key=int)[:MOST_ROWS]:
        row = {name: form.get(f"{prefix}.{number}.{name}", "").strip()[:255] for name in names}
        if any(row.values()):
            rows.append(row)
    return rows


def given(values: Mapping[str, Any]) -> dict[str, Any]:
    """What was filled in: an empty field is a field left out, so that the schema says it is required."""
    return {name: value for name, value in values.items() if value not in (None, "")}


def minor_of(text: str | None, currency: str | None) -> int | str | None:
    """An amount as people write it (12.50) in minor units of its currency; the text itself when it is none."""
    if text is None:
        return None
    minor = money.minor_of(text, money.EXPONENTS.get(currency or "", 2))
    return text if minor is None else minor


def flash_or_raise(refusal: Refused) -> None:
    """A refusal of a single button: said above the page it came from. What does not exist stays a 404."""
    if refusal.kind is RefusalKind.NOT_FOUND:
        raise refusal
    for message in told(refusal):
        flash(message, "stop")


def told(refusal: Refused) -> list[str]:
    """A refusal in words where no field stands to show its own: each field's fault, or the whole.

    What is said of any field ("At least 1.") is said with the field's name.
    """
    named = [_with_its_field(error) for error in refusal.errors]
    return named or [show_refusal(refusal)]


def _with_its_field(error: Mapping[str, Any]) -> str:
    fault = refusal_texts.translate(error["code"], error.get("params") or {})
    field = FIELD_WORDS.get(error["pointer"].rpartition("/")[2])
    of_any_field = error["code"] in TEXTS or error["code"] == "not_between"
    return _("%(field)s: %(fault)s", field=field, fault=fault) if of_any_field and field is not None else fault
