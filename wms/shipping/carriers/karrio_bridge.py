"""A carrier of the karrio SDK, as one of ours (docs/carriers.md; `requirements-karrio.txt`).

The SDK asks carriers and maps what they say; no carrier of it can be asked for a waybill by our reference. So a question whose
answer did not come is never put again by itself: a person looks in the carrier's portal first (`carrier_unsure`), and their *Ask
again* says that there is none. What the SDK brings back is judged as any carrier's answer is.
"""

from __future__ import annotations

import base64
import binascii
import json
import os
import re
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from wms.core.money import EXPONENTS
from wms.shipping.carriers.interface import (
    Capabilities,
    CarrierFault,
    Content,
    Party,
    TrackedEvent,
    WaybillGranted,
    WaybillRequest,
)

CAPABILITIES = Capabilities(can_void=True, many_parcels=True, can_track=True, can_find=False)
SECONDS = 90
MOST_BYTES = 16 * 1024 * 1024
CONNECTOR = re.compile(r"[a-z0-9_]{2,40}")
_CHILD = Path(__file__).with_name("karrio_child.py")  # run by itself: nothing of ours is imported
_NUMBER = re.compile(r"[0-9A-Z][0-9A-Z-]{3,46}[0-9A-Z]")
_REFERENCE = re.compile(r"[\x21-\x7e]{1,64}")
_CODE = re.compile(r"[0-9A-Za-z_.-]{1,40}")
_UNSURE = CarrierFault("carrier_unsure", retryable=False)


def settings_of(token: str) -> dict[str, Any] | None:
    """The SDK's settings of a carrier, as an administrator gave them: a JSON object, or None."""
    try:
        found = json.loads(token)
    except ValueError:
        return None
    return found if isinstance(found, dict) else None


@dataclass(frozen=True)
class KarrioCarrier:
    """`settings` are secrets: no part of how this object prints. `shipper` in them is the sender's address, which carriers
    want whole.
    """

    capabilities: Capabilities
    connector: str
    settings: Mapping[str, Any]
    seconds: float = SECONDS
    python: str = sys.executable  # where the SDK is installed

    def __repr__(self) -> str:
        return f"KarrioCarrier({self.connector})"

    def find(self, client_reference: str) -> WaybillGranted | CarrierFault | None:  # noqa: ARG002 - cannot be asked
        return _UNSURE

    def create(self, request: WaybillRequest) -> WaybillGranted | CarrierFault:
        said = self._ask("create", shipment_of(request, self.settings.get("shipper")))
        if isinstance(said, CarrierFault):
            return said
        result = said.get("result")
        if not isinstance(result, dict):
            return _refusal(said) or _UNSURE
        return granted_of(result)

    def void(self, carrier_reference: str) -> CarrierFault | None:
        said = self._ask("void", {"shipment_identifier": carrier_reference})
        if isinstance(said, CarrierFault):
            return said
        result = said.get("result")
        if isinstance(result, dict) and result.get("success") is True:
            return None
        return _refusal(said) or CarrierFault("carrier_wrong_shape", retryable=False, params={"field": "success"})

    def manifest(self, client_reference: str, carrier_references: Sequence[str]) -> str | CarrierFault:  # noqa: ARG002
        return CarrierFault("carrier_says_no", retryable=False, params={"reason": "no_manifest"})  # not in CAPABILITIES

    def track(self, tracking_number: str) -> list[TrackedEvent] | CarrierFault:
        said = self._ask("track", {"tracking_numbers": [tracking_number]})
        if isinstance(said, CarrierFault):
            return said
        rows = said.get("result")
        if not rows:
            return _refusal(said, retryable=True) or []
        return events_of(rows, tracking_number)

    def _ask(self, act: str, payload: Mapping[str, Any]) -> dict[str, Any] | CarrierFault:
        """One question by a program of its own, which is ended at the deadline. Never with anything of ours around it."""
        settings = {key: value for key, value in self.settings.items() if key != "shipper"}
        asked = {"connector": self.connector, "settings": settings, "act": act, "payload": payload}
        try:
            done = subprocess.run(
                [self.python, "-I", str(_CHILD)], input=json.dumps(asked).encode(), capture_output=True,
                timeout=self.seconds, cwd="/", env=_environment(),
            )  # fmt: skip
        except subprocess.TimeoutExpired:
            return _UNSURE if act == "create" else CarrierFault("carrier_slow", retryable=True)
        answer = _last_line(done.stdout)
        if answer is None:
            return _UNSURE if act == "create" else CarrierFault("carrier_not_json", retryable=True)
        if "fault" in answer:
            return CarrierFault(str(answer["fault"]), retryable=False, params={"connector": self.connector})
        return answer


def _environment() -> dict[str, str]:
    """What the program needs of ours, and no secret of the house."""
    kept = ("PATH", "LANG", "SSL_CERT_FILE", "KARRIO_PLUGINS")
    return {name: os.environ[name] for name in kept if name in os.environ}


def _last_line(output: bytes) -> dict[str, Any] | None:
    if len(output) > MOST_BYTES:
        return None
    try:
        found = json.loads(output.strip().rpartition(b"\n")[2])
    except ValueError:
        return None
    return found if isinstance(found, dict) else None


def _refusal(said: Mapping[str, Any], retryable: bool = False) -> CarrierFault | None:
    """The carrier's "no". Its own code is kept when it is one; its sentence is not: it may quote an address."""
    errors = [each for each in said.get("messages") or [] if isinstance(each, dict) and each.get("level") == "error"]
    if not errors:
        return None
    code = errors[0].get("code")
    told = code if isinstance(code, str) and _CODE.fullmatch(code) else "error"
    if told == "SHIPPING_SDK_INTERNAL_ERROR":
        return None  # it failed on the way: whether the carrier heard is not known
    return CarrierFault("carrier_says_no", retryable=retryable, params={"reason": told})


def granted_of(result: Mapping[str, Any]) -> WaybillGranted | CarrierFault:
    """A waybill as the SDK gives it. One that was made and cannot be used names what the carrier calls it."""
    known = result.get("id") if isinstance(result.get("id"), str) else None
    number, label = result.get("tracking_number"), result.get("label")
    for name, value, shape in (("id", known, _REFERENCE), ("tracking_number", number, _NUMBER)):
        if not isinstance(value, str) or not shape.fullmatch(value):
            return _wrong(name, known)
    if result.get("label_type") not in (None, "PDF") or not isinstance(label, str):
        return _wrong("label", known)
    try:
        pdf = base64.b64decode(label, validate=True)
    except (binascii.Error, ValueError):
        return _wrong("label", known)
    return WaybillGranted(str(number), known, pdf)


def _wrong(field: str, carrier_reference: str | None) -> CarrierFault:
    params = {"field": field}
    if carrier_reference is not None and _REFERENCE.fullmatch(carrier_reference):
        params["carrier_reference"] = carrier_reference
    return CarrierFault("carrier_wrong_shape", retryable=False, params=params)


def events_of(rows: Any, tracking_number: str) -> list[TrackedEvent] | CarrierFault:
    mine = [row for row in rows if isinstance(row, dict) and row.get("tracking_number") == tracking_number]
    if not mine:
        return CarrierFault("carrier_other_parcel", retryable=False)
    events = mine[0].get("events")
    if not isinstance(events, list) or not all(isinstance(each, dict) for each in events):
        return CarrierFault("carrier_wrong_shape", retryable=False, params={"field": "events"})
    found = [_event(each) for each in events[:500]]
    return [each for each in found if each is not None]


def _event(event: Mapping[str, Any]) -> TrackedEvent | None:
    """One without a time says nothing that could be put in order."""
    happened = _instant(event)
    code = event.get("status") or event.get("code")
    if happened is None or not isinstance(code, str) or not _CODE.fullmatch(code):
        return None
    return TrackedEvent(code, happened, _words(event.get("description"), 200), _words(event.get("location"), 80))


_FORMS = ("%Y-%m-%d %I:%M %p", "%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M")


def _instant(event: Mapping[str, Any]) -> datetime | None:
    """When it happened: by its stamp, else by day and time, else by its day. Without a zone it is taken as UTC."""
    day, hour = event.get("date"), event.get("time")
    for read in (
        lambda: datetime.fromisoformat(str(event.get("timestamp"))),
        *(lambda form=form: datetime.strptime(f"{day} {hour}", form).replace(tzinfo=UTC) for form in _FORMS),
        lambda: datetime.fromisoformat(str(day)),
    ):
        try:
            found: datetime = read()
        except ValueError:
            continue
        if 2000 < found.year < 2900:
            return found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)
    return None


def _words(value: Any, most: int) -> str:
    text = value if isinstance(value, str) else ""
    return "".join(character for character in text if character.isprintable()).strip()[:most]


def shipment_of(request: WaybillRequest, shipper: Any = None) -> dict[str, Any]:
    """The SDK's unified request. Services are named as its connectors name them: `DHL-PAKET` is `dhl_paket`."""
    sender = dict(shipper) if isinstance(shipper, dict) else _address(request.sender)
    recipient = _address(request.recipient)
    parcel: dict[str, Any] = {
        "weight": round((request.weight_g or 0) / 1000, 3), "weight_unit": "KG",
        "items": [_commodity(each) for each in request.contents],
    }  # fmt: skip
    if request.size_mm is not None:
        length, width, height = (round(each / 10, 1) for each in request.size_mm)
        parcel |= {"length": length, "width": width, "height": height, "dimension_unit": "CM"}
    made: dict[str, Any] = {
        "service": request.service_code.lower().replace("-", "_"), "shipper": sender, "recipient": recipient,
        "parcels": [parcel], "reference": request.client_reference[-35:], "label_type": "PDF", "options": _options(request),
    }  # fmt: skip
    if sender.get("country_code") != recipient.get("country_code"):
        made["customs"] = {"content_type": "merchandise", "incoterm": "DDU", "commodities": parcel["items"]}
    return made


def _options(request: WaybillRequest) -> dict[str, Any]:
    """In the SDK's own words, which each connector reads as far as its carrier does it."""
    options: dict[str, Any] = {"signature_confirmation": True} if request.signature else {}
    if request.insured_minor is not None and request.insured_currency:
        options |= {
            "insurance": _major(request.insured_minor, request.insured_currency),
            "currency": request.insured_currency,
        }
    return options


def _address(party: Party | None) -> dict[str, str]:
    if party is None:
        return {}
    named = {
        "person_name": party.name, "company_name": party.company, "phone_number": party.phone, "city": party.city,
        "state_code": party.state, "postal_code": party.postcode, "country_code": party.country,
        "address_line1": party.address1, "address_line2": party.address2,
    }  # fmt: skip
    return {name: value for name, value in named.items() if value}


def _commodity(content: Content) -> dict[str, Any]:
    made: dict[str, Any] = {"title": content.description, "quantity": content.quantity}
    if content.weight_g:
        made |= {"weight": round(content.weight_g / 1000, 3), "weight_unit": "KG"}
    if content.value_minor is not None and content.currency:
        made |= {"value_amount": _major(content.value_minor, content.currency), "value_currency": content.currency}
    return made


def _major(minor: int, currency: str) -> float:
    return float(round(minor / 10 ** EXPONENTS.get(currency, 2), 3))
