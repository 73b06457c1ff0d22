"""What an order says besides: typed in the form of a new one, and shown."""

from __future__ import annotations

from typing import Any

from flask import request

from wms.outbound.extras import words
from wms.platform import forms

CHOICES = {
    "platforms": words.platforms, "signatures": list(words.SIGNATURE_WORDS.items()),
    "packing": list(words.PACKING_WORDS.items()), "contents": list(words.CONTENTS_WORDS.items()),
}  # fmt: skip
WORDS = {
    "platform": words.platform_name, "signature": words.SIGNATURE_WORDS, "packing": words.PACKING_WORDS,
    "contents": words.CONTENTS_WORDS,
}  # fmt: skip


def typed() -> dict[str, Any]:
    """The fields of the form as a part of the API's body: what was left empty is left out."""
    found = forms.given({name: forms.typed_text(name) for name in ("platform", "signature", "packing_remark")})
    packing = [code for code in request.form.getlist("packing") if code]
    if packing:
        found["packing"] = packing
    amount, currency = forms.typed_text("insurance.value"), forms.typed_text("insurance.currency", 3)
    if amount:
        found["insurance"] = forms.given({"value_minor": forms.minor_of(amount, currency), "currency": currency})
    declared = forms.given(
        {name: forms.typed_text(f"declaration.{name}") for name in ("contents", "ioss", "vat_id", "eori")}
    )
    if declared:
        found["declaration"] = declared
    return found
