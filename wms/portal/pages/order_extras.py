"""What an order says besides: typed in the form of a new one or of one that changes, and shown."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import request

from wms.core.money import EXPONENTS, Money
from wms.outbound.extras import words
from wms.platform import forms
from wms.platform.pages import lazy

# The usual ones first: whoever sells elsewhere finds theirs below, and none is lost by a form that does not offer it.
CURRENCIES = [(each, each) for each in dict.fromkeys(("EUR", "USD", "CNY", "GBP", *sorted(EXPONENTS)))]
CHOICES = {
    "platforms": words.platforms, "signatures": list(words.SIGNATURE_WORDS.items()),
    "ages": list(words.AGE_WORDS.items()), "packing": list(words.PACKING_WORDS.items()),
    "contents": list(words.CONTENTS_WORDS.items()),
    "currencies": CURRENCIES,
}  # fmt: skip
WORDS = {
    "platform": words.platform_name, "signature": words.SIGNATURE_WORDS, "packing": words.PACKING_WORDS,
    "contents": words.CONTENTS_WORDS, "ages": words.AGE_WORDS,
}  # fmt: skip
# What of an order was changed, as its history says it.
FIELD_WORDS = {
    "consignee": lazy("Buyer"), "service": lazy("Service"), "signature": lazy("Signature on delivery"),
    "insurance": lazy("Insured value"), "declaration": lazy("For customs"), "values": lazy("Values of lines"),
    "platform": lazy("Platform"), "packing": lazy("Packed how"), "packing_remark": lazy("To the packer"),
    "papers": lazy("Papers"), "labels": lazy("Labels"), "cod": lazy("Collected on delivery"),
    "age_check": lazy("Age check"), "liftgate": lazy("Tail lift"), "delivery": lazy("Delivered on"),
}  # fmt: skip
# The field of the form that is there where the form asks for this.
_ASKED_BY = {
    "platform": "platform", "signature": "signature", "insurance": "insurance.value", "packing": "packing_remark",
    "packing_remark": "packing_remark", "declaration": "declaration.contents", "cod": "cod.amount",
    "age_check": "age_check", "liftgate": "liftgate", "delivery": "delivery.day",
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
    found |= _at_the_door()
    declared = forms.given(
        {name: forms.typed_text(f"declaration.{name}") for name in ("contents", "ioss", "vat_id", "eori")}
    )
    if declared:
        found["declaration"] = declared
    return found


def _at_the_door() -> dict[str, Any]:
    """What the driver does, as typed."""
    amount, currency = forms.typed_text("cod.amount", 14), forms.typed_text("cod.currency", 3)
    cod = {"amount_minor": forms.minor_of(amount, currency), "currency": currency} if amount else {}
    delivery = {name: forms.typed_text(f"delivery.{name}", 10) for name in ("day", "from", "until")}
    return forms.given({
        "cod": forms.given(cod) or None, "age_check": forms.typed_number("age_check"),
        "liftgate": forms.typed_text("liftgate") and True, "delivery": forms.given(delivery) or None,
    })  # fmt: skip


def shown(order: Mapping[str, Any]) -> dict[str, list[str]]:
    """What the order says, as the fields of the form show it. `order`: as `order_detail` gives it."""
    insurance, declaration = order["insurance"], order["declaration"] or {}
    fields = {name: [order[name] or ""] for name in ("platform", "signature", "packing_remark")}
    fields["packing"] = list(order["packing"])
    if insurance:
        fields["insurance.value"] = [_amount(insurance["value_minor"], insurance["currency"])]
        fields["insurance.currency"] = [insurance["currency"]]
    if order["cod"]:
        fields["cod.amount"] = [_amount(order["cod"]["amount_minor"], order["cod"]["currency"])]
        fields["cod.currency"] = [order["cod"]["currency"]]
    fields |= {"age_check": [str(order["age_check"] or "")], "liftgate": ["1" if order["liftgate"] else ""]}
    fields |= {f"delivery.{name}": [value or ""] for name, value in (order["delivery"] or {}).items()}
    fields |= {f"declaration.{name}": [value or ""] for name, value in declaration.items()}
    for place, line in enumerate(order["lines"]):
        fields[f"values.{place}.unit_value"] = [_amount(line["unit_value_minor"], line["currency"])]
        fields[f"values.{place}.currency"] = [line["currency"] or "EUR"]
    return fields


def _amount(minor: int | None, currency: str | None) -> str:
    return "" if minor is None or currency is None else f"{Money(minor, currency).as_decimal():f}"


def changed(order: Mapping[str, Any]) -> dict[str, Any]:
    """What the form asks for and says otherwise than the order, as a part of the API's body."""
    said = typed()
    found = {
        name: said.get(name) for name, field in _ASKED_BY.items()
        if field in request.form and _plain(said.get(name)) != _plain(order[name])
    }  # fmt: skip
    values = _values(order["lines"])
    return found | ({"values": values} if values else {})


def _plain(value: Any) -> Any:
    """As it compares: nothing is nothing, and choices have no order."""
    if isinstance(value, Mapping):
        return forms.given(value)
    return sorted(value) if isinstance(value, list) else value or None


def _values(lines: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The value of every line, where one of them is another than before."""
    found = []
    for place, line in enumerate(lines):
        if f"values.{place}.unit_value" not in request.form:
            return []
        currency = forms.typed_text(f"values.{place}.currency", 3)
        minor = forms.minor_of(forms.typed_text(f"values.{place}.unit_value", 14), currency)
        value = {"unit_value_minor": minor, "currency": None if minor is None else currency}
        found.append({"position": line["position"], **value})
    same = [(line["unit_value_minor"], line["currency"]) for line in lines]
    return found if [(each["unit_value_minor"], each["currency"]) for each in found] != same else []
