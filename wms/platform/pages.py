"""What every page gets: language, theme and hand of the reader, the navigation they may see, and template filters."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from flask import Flask, g, request, url_for
from flask_babel import get_locale
from flask_babel import lazy_gettext as lazy

from wms.core.actor import Actor
from wms.core.ids import new_id
from wms.core.money import EXPONENTS
from wms.core.permissions import Permission
from wms.core.refusals import Refused
from wms.platform.access import csrf_token, current_actor
from wms.platform.i18n import LANGUAGES, refusal_texts

# Hundreds of an entry's order → the heading of that part of the navigation, in the order of a parcel's way.
SECTIONS = {
    1: lazy("Goods in"), 2: lazy("Goods out"), 3: lazy("Stock control"), 4: lazy("Customs"), 5: lazy("Labels and printers"),
    6: lazy("Administration"),
}  # fmt: skip


@dataclass(frozen=True)
class Entry:
    """One line of the navigation: shown to those with the permission; `staff` None means everybody.

    `order`: its place; for staff the hundreds say its section. A seller has few lines and sees them without headings.
    `phone`: among the five of a phone's bottom bar.
    """

    label: Any
    endpoint: str
    icon: str
    permission: Permission
    staff: bool | None = None
    order: int = 50
    phone: bool = False


class Navigation:
    def __init__(self) -> None:
        self.entries: list[Entry] = []
        self.lines = lru_cache(maxsize=128)(self._lines)  # roles in their languages: a menu is the same on every page

    def add(self, *entries: Entry) -> None:
        self.entries += [entry for entry in entries if entry not in self.entries]
        self.lines.cache_clear()

    def _lines(
        self, permissions: frozenset[Permission], staff: bool, _language: str, _root: str
    ) -> dict[str, dict[str, Any]]:
        """What the holders of these permissions see, by address, in the language and below the root of the request."""
        shown = (each for each in self.entries if each.permission in permissions and each.staff in (None, staff))
        return {
            url_for(entry.endpoint): {
                "label": str(entry.label), "href": url_for(entry.endpoint), "icon": entry.icon, "phone": entry.phone,
                "group": str(SECTIONS.get(entry.order // 100, "")) if staff else "",
            }
            for entry in sorted(shown, key=lambda entry: entry.order)
        }  # fmt: skip


navigation = Navigation()

# State → (words, tone). Features add theirs; a test asks for every state of every workflow.
state_labels: dict[str, dict[str, tuple[Any, str]]] = {}


def init_pages(app: Flask) -> None:
    app.jinja_env.trim_blocks = True
    app.jinja_env.lstrip_blocks = True
    app.jinja_env.globals["csrf_token"] = csrf_token  # imported macros see globals, not the page's context
    app.jinja_env.globals["new_command_id"] = new_id  # one for each form that is shown
    app.jinja_env.globals["icons_address"] = _icons_address
    app.context_processor(_context)
    app.jinja_env.filters.update(
        {"when": show_instant, "refusal": show_refusal, "state_label": state_label, "state_tone": state_tone,
         "kilograms": show_kilograms, "units": show_units, "signed": show_signed, "money": show_money}
    )  # fmt: skip


def _context() -> dict[str, Any]:
    actor = current_actor()
    language = str(get_locale() or "en")
    return {
        "actor": actor,
        "language": language,
        "lang": "zh-CN" if language.startswith("zh") else "en",
        "languages": LANGUAGES,
        "face": "office" if actor is not None and actor.is_staff else "portal",
        "navigation": _navigation(actor) if actor is not None else [],
        "home_url": "/",
        # of a page that is the answer to a form sent elsewhere: only posts go there
        "page_address": g.get("page_address"),
        "help_url": url_for("api_document.reference"),
        "request_id": g.get("request_id"),
    }


def _icons_address() -> str:
    """Where the symbols stand: a page draws a hundred of them, and asks once."""
    if "icons_address" not in g:
        g.icons_address = url_for("static", filename="icons.svg")
    return str(g.icons_address)


def _navigation(actor: Actor) -> list[dict[str, Any]]:
    lines = navigation.lines(actor.permissions, actor.is_staff, str(get_locale()), request.script_root)
    here = _longest(lines, request.path)
    return [{**line, "active": address == here} for address, line in lines.items()]


def _longest(addresses: Iterable[str], path: str) -> str | None:
    """The address that the path lies under; a home page (it ends with a slash) is only itself."""
    under = [each for each in addresses if path == each or (not each.endswith("/") and path.startswith(f"{each}/"))]
    return max(under, key=len, default=None)


def show_instant(moment: datetime | None, time_zone: str | None = None) -> str:
    """An instant for a person: date and minute in the given zone, a warehouse's for one. Of what belongs to no place UTC, and
    then it says so: beside a warehouse's times nobody could tell.
    """
    if moment is None:
        return "–"
    shown = moment.astimezone(ZoneInfo(time_zone or "UTC")).strftime("%Y-%m-%d %H:%M")
    return shown if time_zone else f"{shown} UTC"


def show_kilograms(grams: int | None) -> str:
    return "–" if grams is None else f"{grams / 1000:.3f} kg"


def show_units(number: int | None) -> str:
    """A count with its thousands apart."""
    return "–" if number is None else f"{number:,}"


def show_signed(number: int | None) -> str:
    """A difference with its sign; a true minus, so that it lines up."""
    return "–" if number is None else "0" if number == 0 else f"+{number:,}" if number > 0 else f"−{-number:,}"


def show_money(minor: int, currency: str) -> str:
    """An amount of minor units with its currency."""
    exponent = EXPONENTS.get(currency, 2)
    return f"{minor / 10**exponent:,.{exponent}f} {currency}"


def show_refusal(refusal: Refused) -> str:
    """The sentence of a refusal, with the fields it names."""
    sentence = refusal_texts.translate(refusal.code, _in_words(refusal.params))
    fields = "; ".join(
        f"{error['pointer']}: {refusal_texts.translate(error['code'], error.get('params') or {})}"
        for error in refusal.errors
    )
    return f"{sentence} {fields}".strip()


def _in_words(params: dict[str, Any]) -> dict[str, Any]:
    """A state that a refusal names, as the pages name it."""
    label = state_labels.get(str(params.get("document")), {}).get(str(params.get("state")))
    return params if label is None else {**params, "state": str(label[0])}


def state_label(state: str, document: str) -> str:
    return str(state_labels[document][state][0])


def state_tone(state: str, document: str) -> str:
    return state_labels[document][state][1]
