"""A form that was refused, as its page shows it: read as a browser does, fields by the form they belong to."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any

from werkzeug.test import TestResponse

_WITHOUT_END = {"input", "option"}


@dataclass
class Form:
    """`action` as the page has it; `values`: what stands in its fields; `faults`: the words at each wrong field."""

    action: str
    values: dict[str, str] = field(default_factory=dict)
    faults: dict[str, list[str]] = field(default_factory=dict)


class _Page(HTMLParser):
    """Fields belong to the form around them, or to the one that their `form` names, wherever that stands."""

    def __init__(self) -> None:
        super().__init__()
        self.forms: dict[str, Form] = {}
        self.fields: list[tuple[str, dict[str, str]]] = []
        self.texts: dict[str, str] = {}
        self.ids: Counter[str] = Counter()
        self.alerts: list[str] = []
        self._form = self._text_of = self._select = self._textarea = ""
        self._in_alert = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self.ids.update([given["id"]] if "id" in given else [])
        if tag == "form":
            self._form = given.get("id") or f"form {len(self.forms)}"
            self.forms[self._form] = Form(given.get("action", ""))
        if tag == "p":
            self._text_of = given.get("id", "") if given.get("class") == "field-error" else ""
            self._in_alert = given.get("class") == "alert-text"
        if tag in {"input", "select", "textarea"} and "name" in given:
            self.fields.append((given.get("form") or self._form, given | {"value": given.get("value", "")}))
            self._select = tag if tag == "select" else self._select
            self._textarea = tag if tag == "textarea" else ""
        if tag == "option" and "selected" in given and self._select:
            self.fields[-1][1]["value"] = given["value"]

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._form = ""
        if tag == "p":
            self._text_of, self._in_alert = "", False
        if tag == "select":
            self._select = ""
        if tag == "textarea":
            self._textarea = ""

    def handle_data(self, data: str) -> None:
        if self._textarea:
            self.fields[-1][1]["value"] += data
        if self._text_of:
            self.texts[self._text_of] = (self.texts.get(self._text_of, "") + data).strip()
        if self._in_alert and data.strip():
            self.alerts.append(data.strip())


def forms_of(answer: TestResponse) -> tuple[list[Form], list[str]]:
    """The forms of a page, and what is said above it. Each wrong field names where its faults stand, and only that."""
    page = _Page()
    page.feed(answer.get_data(as_text=True))
    for form_id, given in page.fields:
        if form_id not in page.forms:
            continue
        found = page.forms[form_id]
        if given.get("type") not in {"checkbox", "radio"} or "checked" in given:
            found.values[given["name"]] = given["value"]
        if given.get("aria-invalid") == "true":
            told = [each for each in given["aria-describedby"].split() if each.endswith("-error")]
            assert told and all(page.ids[each] == 1 for each in told), (given["name"], told)
            found.faults[given["name"]] = [page.texts[each] for each in told]
    return list(page.forms.values()), page.alerts


def refused(answer: TestResponse, address: str, *wrong: str, **typed: Any) -> list[str]:
    """What is said of a refused form: at its fields `wrong` and no others, in their order, then above the page.

    The form that posts to `address` stands there with what was `typed`, and no other form of the page is marked.
    """
    assert answer.status_code == 422, answer.status_code
    found, alerts = forms_of(answer)
    (form,) = (each for each in found if each.action.partition("?")[0] == address)
    assert set(form.faults) == set(wrong), form.faults
    stands = {name: form.values.get(name) for name in typed}
    assert stands == {name: str(value) for name, value in typed.items()}
    assert not [each for each in found if each is not form and each.faults]
    return [words for name in wrong for words in form.faults[name]] + alerts
