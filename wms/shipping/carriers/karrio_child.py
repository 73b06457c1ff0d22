"""A program of its own that asks one thing of one carrier by the karrio SDK: JSON in, JSON out, nothing in between.

Apart from us for three reasons: the SDK keeps no deadline of its own, it logs what it sends (addresses, credentials), and it is
an optional extra that nothing else may come to need. It is started with the settings on its standard input, so that they
stand in no list of processes, and it writes the answer as its last line.
"""

from __future__ import annotations

import contextlib
import io
import json
import sys
from typing import Any

NO_SUCH_CONNECTOR, BAD_SETTINGS = "carrier_no_connector", "carrier_settings"


def answer_of(asked: dict[str, Any]) -> dict[str, Any]:
    """`{"result", "messages": [{"code", "level"}]}`, or `{"fault"}` where nothing can have been sent."""
    from loguru import logger

    logger.remove()
    import karrio.sdk as karrio

    logger.remove()  # the SDK adds one of its own
    connector = asked["connector"]
    if connector not in karrio.gateway.providers:
        return {"fault": NO_SUCH_CONNECTOR}
    try:
        gateway = karrio.gateway[connector].create(asked["settings"])
    except Exception:  # noqa: BLE001 - whatever the connector says of its settings: the words may quote them
        return {"fault": BAD_SETTINGS}
    result, messages = _ACTS[asked["act"]](karrio, gateway, asked["payload"])
    told = [{"code": str(each.code or "")[:40], "level": str(each.level or "error")[:10]} for each in messages or []]
    return {"result": result, "messages": told}


def _create(karrio: Any, gateway: Any, payload: dict[str, Any]) -> tuple[Any, Any]:
    details, messages = karrio.Shipment.create(payload).from_(gateway).parse()
    if details is None:
        return None, messages
    label = getattr(details.docs, "label", None) or getattr(details.docs, "pdf_label", None)
    rate = getattr(details, "selected_rate", None)  # not every carrier says it
    return {
        "tracking_number": details.tracking_number,
        "id": details.shipment_identifier,
        "label": label,
        "label_type": details.label_type,
        "rate": rate and {"currency": rate.currency, "total_charge": rate.total_charge},
    }, messages


def _void(karrio: Any, gateway: Any, payload: dict[str, Any]) -> tuple[Any, Any]:
    details, messages = karrio.Shipment.cancel(payload).from_(gateway).parse()
    return (None if details is None else {"success": bool(details.success)}), messages


def _track(karrio: Any, gateway: Any, payload: dict[str, Any]) -> tuple[Any, Any]:
    found, messages = karrio.Tracking.fetch(payload).from_(gateway).parse()
    names = ("date", "time", "timestamp", "code", "status", "description", "location")
    return [
        {
            "tracking_number": each.tracking_number,
            "events": [{name: getattr(event, name) for name in names} for event in each.events or []],
        }
        for each in found or []
    ], messages


def _rate(karrio: Any, gateway: Any, payload: dict[str, Any]) -> tuple[Any, Any]:
    found, messages = karrio.Rating.fetch(payload).from_(gateway).parse()
    names = ("service", "currency", "total_charge", "transit_days")
    return [{name: getattr(each, name) for name in names} for each in found or []], messages


def _collect(karrio: Any, gateway: Any, payload: dict[str, Any]) -> tuple[Any, Any]:
    details, messages = karrio.Pickup.schedule(payload).from_(gateway).parse()
    names = ("confirmation_number", "ready_time", "closing_time")
    return (None if details is None else {name: getattr(details, name) for name in names}), messages


def _call_off(karrio: Any, gateway: Any, payload: dict[str, Any]) -> tuple[Any, Any]:
    details, messages = karrio.Pickup.cancel(payload).from_(gateway).parse()
    return (None if details is None else {"success": bool(details.success)}), messages


_ACTS = {
    "create": _create, "void": _void, "track": _track, "rate": _rate, "collect": _collect, "call_off": _call_off,
}  # fmt: skip


def main() -> None:
    asked = json.load(sys.stdin)
    said = io.StringIO()
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
        answer = answer_of(asked)
    sys.stdout.write(json.dumps(answer) + "\n")


if __name__ == "__main__":
    main()
