"""Reading what a carrier's server says of lorries that were ordered. As in `answers`, nothing is believed.

Pure: bytes in, values or faults out. The protocol is written down in docs/carriers.md.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import time
from typing import Any

from wms.shipping.carriers.answers import REFERENCE, document_of, live_rows, wrong_shape
from wms.shipping.carriers.interface import CarrierFault, CollectionGranted
from wms.shipping.carriers.shapes import Wrong, text_of
from wms.shipping.carriers.wire import Said

_HOUR = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]")


def collection_of(said: Said, client_reference: str) -> CollectionGranted | CarrierFault:
    """The answer to an order for a lorry."""
    document = document_of(said, may_be_unknown=True)
    return document if isinstance(document, CarrierFault) else _collection(document, client_reference)


def found_collection_of(said: Said, client_reference: str) -> CollectionGranted | CarrierFault | None:
    """The answer to a search by our reference: the one lorry that is not called off, if there is one."""
    live = live_rows(said, "cancelled")
    if isinstance(live, CarrierFault):
        return live
    if len(live) > 1:
        return CarrierFault("carrier_several_lorries", retryable=False, params={"lorries": len(live)})
    return _collection(live[0], client_reference) if live else None


def _collection(row: Mapping[str, Any], client_reference: str) -> CollectionGranted | CarrierFault:
    """A lorry that was ordered and cannot be read names what the carrier calls it, where that can be read."""
    known = None
    try:
        known = text_of(row, "id", REFERENCE)
        if row.get("reference") != client_reference:
            return CarrierFault("carrier_other_lorry", retryable=False)
        return CollectionGranted(known, _between(row))
    except Wrong as wrong:
        return wrong_shape(wrong.name, known)


def _between(row: Mapping[str, Any]) -> tuple[time, time] | None:
    if row.get("from") is None and row.get("to") is None:
        return None
    begin, end = (time.fromisoformat(text_of(row, name, _HOUR)) for name in ("from", "to"))
    if begin >= end:
        raise Wrong("to")
    return begin, end
