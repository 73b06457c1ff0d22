"""Languages. Texts are made at the edge: code + parameters + the reader's language → words.

Catalogues are read from their `.po` files at start, so that nothing compiled has to be committed or built.
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import Translations
from flask import Flask, current_app, g, has_request_context, request
from flask_babel import Babel, Domain, get_locale

from wms.platform.access import current_actor

LANGUAGES = {"en": "English", "zh_CN": "简体中文"}
DEFAULT_LANGUAGE = "en"
CATALOGUES = Path(__file__).parent / "messages"


def N_(message: str) -> str:  # noqa: N802 - the conventional name of a mark for extraction
    """Mark a text for translation without translating it now."""
    return message


@cache
def catalogue(language: str) -> Translations:
    """The texts of one language, compiled in memory."""
    path = CATALOGUES / language / "LC_MESSAGES" / "messages.po"
    with path.open("rb") as source:
        parsed = read_po(source, locale=language)
    compiled = io.BytesIO()
    write_mo(compiled, parsed)
    compiled.seek(0)
    return Translations(compiled)


class CatalogueDomain(Domain):
    """Flask-Babel's lookup over our in-memory catalogues."""

    def get_translations(self) -> Translations:
        locale = get_locale()  # asked for every text of a page: its code is read, not written out
        return catalogue("zh_CN" if locale is not None and locale.language == "zh" else DEFAULT_LANGUAGE)


_DOMAIN = CatalogueDomain()


def choose_language() -> str:
    """The actor's language; for nobody the one they picked on the login page; else what the client prefers."""
    if not has_request_context():
        return str(g.get("language", DEFAULT_LANGUAGE)) if g else DEFAULT_LANGUAGE
    picked = request.cookies.get("language")
    if request.path == "/api/":  # the reference is a page; who reads it is not asked on that surface
        return picked if picked in LANGUAGES else _preferred()
    if request.path.startswith("/api/"):
        return _preferred()
    found = current_actor()
    if found is not None:
        return found.language
    return picked if picked in LANGUAGES else _preferred()


def _preferred() -> str:
    for wanted in request.accept_languages.values():
        if wanted.lower().startswith("zh"):
            return "zh_CN"
        if wanted.lower().startswith("en"):
            return "en"
    return str(current_app.config["BABEL_DEFAULT_LOCALE"])


class RefusalTexts:
    """Every code a client may meet, with its English text. Features add theirs through `errors.py`."""

    def __init__(self) -> None:
        self.texts: dict[str, str] = {}
        self._explained: dict[str, tuple[str, str]] = {}
        self._varied: dict[str, tuple[str, str]] = {}
        self._fuller: dict[str, tuple[str, str]] = {}

    def explain(self, code: str, param: str, prefix: str) -> None:
        """A parameter of `code` is a code itself: its words, found under `prefix`, stand in its place."""
        self._explained[code] = (param, prefix)

    def vary(self, code: str, param: str, prefix: str) -> None:
        """What is said of `code` depends on a parameter of it: with one whose sentence is found under `prefix`, that one."""
        self._varied[code] = (param, prefix)

    def say_more(self, code: str, param: str, fuller: str) -> None:
        """Where this parameter is told with `code`, the sentence of `fuller` is said, which names it."""
        self._fuller[code] = (param, fuller)

    def add(self, texts: Mapping[str, str]) -> None:
        for code, text in texts.items():
            if self.texts.get(code, text) != text:
                raise ValueError(f"two different texts for the code {code!r}")
            self.texts[code] = text

    def translate(self, code: str, params: Mapping[str, Any]) -> str:
        """The sentence for `code` in the reader's language; unknown codes are a fault that a test catches."""
        param, prefix = self._varied.get(code, ("", ""))
        template = self.texts.get(f"{prefix}{params.get(param)}", self.texts[code]) if param else self.texts[code]
        param, fuller = self._fuller.get(code, ("", ""))
        template = self.texts[fuller] if param in params else template
        param, prefix = self._explained.get(code, ("", ""))
        if param and f"{prefix}{params.get(param)}" in self.texts:
            params = {**params, param: self.translate(f"{prefix}{params[param]}", params)}
        found: str = _DOMAIN.get_translations().ugettext(template)
        return found % _Shown(params) if params else found


class _Shown(dict[str, Any]):
    """Parameters for a sentence: lists joined, a missing one shown as a dash rather than a crash in front of staff."""

    def __init__(self, params: Mapping[str, Any]) -> None:
        super().__init__(
            {key: ", ".join(map(str, value)) if isinstance(value, list | tuple) else value
             for key, value in params.items()}
        )  # fmt: skip

    def __missing__(self, key: str) -> str:
        return "–"


refusal_texts = RefusalTexts()


def init_i18n(app: Flask) -> None:
    babel = Babel(app, locale_selector=choose_language, default_locale=app.config["BABEL_DEFAULT_LOCALE"])
    babel.domain_instance = _DOMAIN
    app.jinja_env.policies["ext.i18n.trimmed"] = True
