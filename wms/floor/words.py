"""What the floor says after a scan: a line of what is so, and a line of what to do (floor app, section 6.3)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask_babel import gettext as _

from wms.floor.errors import ADVICE, ADVICE_ELSE, KIND_IS, KIND_WANTED
from wms.platform.i18n import refusal_texts


def sentence(code: str, params: Mapping[str, Any]) -> str:
    """Line one. A code of a wrong kind is named: "That is a bin." """
    named = KIND_IS.get(params.get("is", "")) if code == "scan_wrong_kind" else None
    if named is not None:
        return _(named)
    return refusal_texts.translate(code, params)


def advice(code: str, params: Mapping[str, Any]) -> str:
    """Line two of a refusal: what the person does now."""
    if code == "scan_wrong_kind":
        told = KIND_WANTED.get(params.get("wanted", ""), ADVICE_ELSE)
    else:
        told = ADVICE.get(code, ADVICE_ELSE)
    return _(told)


def left_alone() -> str:
    """To whoever comes back to a work that a count has ended (`hands`)."""
    return _("The bin you took from was counted meanwhile. Put back what you hold, and tell your supervisor.")
