"""Reading what a carrier's server says. Nothing is believed: every value has its shape checked, and an answer about
another parcel is not ours.

Pure: bytes in, values or faults out. The protocol is written down in docs/carriers.md.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import orjson

from wms.shipping.carriers.interface import CarrierFault, Charged, TrackedEvent, WaybillGranted
from wms.shipping.carriers.shapes import Wrong, currency_of, minor_of, surcharges_of, text_of
from wms.shipping.carriers.wire import Said

MOST_EVENTS = 500
UNKNOWN_ACTS = (404, 405, 501)  # of a server that does not know the question
_NUMBER = re.compile(r"[0-9A-Z][0-9A-Z-]{3,46}[0-9A-Z]")
REFERENCE = re.compile(r"[\x21-\x7e]{1,64}")
CODE = re.compile(r"[0-9A-Za-z_.-]{1,40}")


def waybill_of(said: Said, client_reference: str) -> WaybillGranted | CarrierFault:
    """The answer to a new shipment."""
    document = document_of(said)
    return document if isinstance(document, CarrierFault) else _checked(document, client_reference)


def found_of(said: Said, client_reference: str) -> WaybillGranted | CarrierFault | None:
    """The answer to a search by our reference: the one waybill that is not void, if there is one."""
    live = live_rows(said, "voided")
    if isinstance(live, CarrierFault):
        return live
    if len(live) > 1:
        return CarrierFault("carrier_several", retryable=False, params={"waybills": len(live)})
    return _checked(live[0], client_reference) if live else None


def live_rows(said: Said, ended: str) -> list[dict[str, Any]] | CarrierFault:
    """What a search by our reference found, without what is in the state `ended`."""
    document = document_of(said)
    if isinstance(document, CarrierFault):
        return document
    rows = document.get("data")
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        return wrong_shape("data")
    return [row for row in rows if row.get("state") != ended]


def voided_of(said: Said) -> CarrierFault | None:
    """The answer to a return of a waybill. One the carrier does not know needs no return."""
    if said.status in (200, 202, 204, 404, 410):
        return None
    fault = _refusal(said)
    return fault or wrong_shape("status")


def manifest_of(said: Said, client_reference: str) -> str | CarrierFault:
    document = document_of(said)
    if isinstance(document, CarrierFault):
        return document
    try:
        if document.get("reference") != client_reference:
            return CarrierFault("carrier_other_parcel", retryable=False)
        return text_of(document, "id", REFERENCE)
    except Wrong as wrong:
        return wrong_shape(wrong.name)


def events_of(said: Said, tracking_number: str) -> list[TrackedEvent] | CarrierFault:
    """The answer to a question for a parcel's way. A number the carrier does not know yet has none."""
    if said.status == 404:
        return []
    document = document_of(said)
    if isinstance(document, CarrierFault):
        return document
    rows = document.get("events")
    if not isinstance(rows, list) or len(rows) > MOST_EVENTS:
        return wrong_shape("events")
    if document.get("tracking_number") != tracking_number:
        return CarrierFault("carrier_other_parcel", retryable=False)
    try:
        return [_event(row) for row in rows]
    except Wrong as wrong:
        return wrong_shape(wrong.name)


def document_of(said: Said, *, may_be_unknown: bool = False) -> dict[str, Any] | CarrierFault:
    """The JSON object that was said, or why there is none. `may_be_unknown`: not all who speak the protocol know this act."""
    if may_be_unknown and said.status in UNKNOWN_ACTS:
        return CarrierFault("carrier_cannot", retryable=False, params={"status": said.status})
    fault = _refusal(said)
    if fault is not None:
        return fault
    try:
        document = orjson.loads(said.body)
    except orjson.JSONDecodeError:
        return CarrierFault("carrier_not_json", retryable=True)
    return document if isinstance(document, dict) else wrong_shape("")


def _refusal(said: Said) -> CarrierFault | None:
    """A status that says no. The carrier's own code is kept when it is one: a sentence could quote an address."""
    if said.status < 300:
        return None
    if said.status in (401, 403):
        return CarrierFault("carrier_credentials", retryable=False, params={"status": said.status})
    try:
        document = orjson.loads(said.body)
    except orjson.JSONDecodeError:
        document = None
    code = document.get("code") if isinstance(document, dict) else None
    told = code if isinstance(code, str) and CODE.fullmatch(code) else str(said.status)
    return CarrierFault("carrier_says_no", retryable=said.status >= 500, params={"reason": told})


def _checked(row: Mapping[str, Any], client_reference: str) -> WaybillGranted | CarrierFault:
    try:
        number, known = text_of(row, "tracking_number", _NUMBER), text_of(row, "id", REFERENCE)
        if row.get("reference") != client_reference:
            return CarrierFault("carrier_other_parcel", retryable=False, params={"number": number})
        return WaybillGranted(number, known, _label(row), _charged(row.get("charge")))
    except Wrong as wrong:
        return wrong_shape(wrong.name)


def _label(row: Mapping[str, Any]) -> bytes:
    label = row.get("label")
    if not isinstance(label, dict) or label.get("format") != "PDF" or not isinstance(label.get("content"), str):
        raise Wrong("label")
    try:
        return base64.b64decode(label["content"], validate=True)
    except (binascii.Error, ValueError) as fault:
        raise Wrong("label") from fault


def _charged(said: object) -> Charged | CarrierFault | None:
    """What the carrier charges. The waybill is bought: a price that cannot be read is a fault beside it, not in its place."""
    if said is None:
        return None
    if not isinstance(said, dict):
        return wrong_shape("charge")
    try:
        surcharges = surcharges_of(said.get("surcharges", []))
        charged = Charged(currency_of(said), minor_of(said, "total_minor"), surcharges)
    except Wrong as wrong:
        return wrong_shape(wrong.name)
    return charged if charged.total_minor >= sum(minor for _, minor in surcharges) else wrong_shape("surcharges")


def _event(row: object) -> TrackedEvent:
    if not isinstance(row, dict):
        raise Wrong("events")
    at = row.get("at")
    try:
        happened = datetime.fromisoformat(at) if isinstance(at, str) else None
    except ValueError:
        happened = None
    if happened is None or happened.tzinfo is None or not 2000 < happened.year < 2900:
        raise Wrong("at")
    return TrackedEvent(
        text_of(row, "code", CODE), happened.astimezone(UTC), _words(row, "text", 200), _words(row, "place", 80)
    )


def _words(row: Mapping[str, Any], name: str, most: int) -> str:
    value = row.get(name, "")
    if not isinstance(value, str):
        raise Wrong(name)
    return "".join(character for character in value if character.isprintable()).strip()[:most]


def wrong_shape(name: str, carrier_reference: str | None = None) -> CarrierFault:
    """A fault that names the field; and what the carrier did all the same, where it can be called off."""
    params = {"field": name or "answer"}
    if carrier_reference is not None:
        params["carrier_reference"] = carrier_reference
    return CarrierFault("carrier_wrong_shape", retryable=False, params=params)
