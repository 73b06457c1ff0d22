"""A parcel's way in twelve states, whatever its carrier calls them; how often to ask; the public address of a parcel.

The states are those of karrio's tracking model, so that connectors of that family map without loss. Pure, but for the
secret that makes an address unguessable.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
import uuid
from datetime import datetime, timedelta
from enum import StrEnum


class TrackState(StrEnum):
    PENDING = "pending"
    PICKED_UP = "picked_up"
    IN_TRANSIT = "in_transit"
    OUT_FOR_DELIVERY = "out_for_delivery"
    READY_FOR_PICKUP = "ready_for_pickup"
    DELIVERED = "delivered"
    DELIVERY_FAILED = "delivery_failed"
    DELIVERY_DELAYED = "delivery_delayed"
    ON_HOLD = "on_hold"
    RETURN_TO_SENDER = "return_to_sender"
    CANCELLED = "cancelled"
    UNKNOWN = "unknown"


ENDS = frozenset({TrackState.DELIVERED, TrackState.CANCELLED})
ASK_FOR = timedelta(days=90)  # after which a parcel's way interests nobody any more
MOST_PAUSE = timedelta(hours=24)
_PAUSES = {
    TrackState.OUT_FOR_DELIVERY: timedelta(minutes=30),
    TrackState.PENDING: timedelta(hours=6),
    TrackState.UNKNOWN: timedelta(hours=6),
}
_PAUSE = timedelta(hours=3)

# What carriers call them, in letters and digits only. What is not here is *unknown*: it is shown with its time, not guessed.
_CALLED = {
    TrackState.PENDING: "created labelcreated preadvice inforeceived pretransit manifested",
    TrackState.PICKED_UP: "pickedup collected pickup origscan acceptance posted",
    TrackState.IN_TRANSIT: "intransit transit departed arrived hub export import customscleared processed",
    TrackState.OUT_FOR_DELIVERY: "outfordelivery ofd withcourier",
    TrackState.READY_FOR_PICKUP: "readyforpickup availableforpickup atlocker atpickuppoint",
    TrackState.DELIVERED: "delivered pod",
    TrackState.DELIVERY_FAILED: "deliveryfailed attempt failedattempt undeliverable exception failure refused",
    TrackState.DELIVERY_DELAYED: "deliverydelayed delayed delay",
    TrackState.ON_HOLD: "onhold hold customshold heldbycustoms",
    TrackState.RETURN_TO_SENDER: "returntosender returned returning rts",
    TrackState.CANCELLED: "cancelled canceled voided",
    TrackState.UNKNOWN: "unknown",
}
_STATES = {name: state for state, names in _CALLED.items() for name in (*names.split(), state.replace("_", ""))}


def state_of(code: str) -> TrackState:
    """The state a carrier's code means."""
    return _STATES.get(re.sub("[^a-z0-9]", "", code.lower()), TrackState.UNKNOWN)


def next_look(state: TrackState, began: datetime, now: datetime, faults: int = 0) -> datetime | None:
    """When to ask for the parcel again; None when there is nothing more to learn. After faults in a row, ever later."""
    if state in ENDS or now - began > ASK_FOR:
        return None
    return now + min(_PAUSES.get(state, _PAUSE) * 2 ** min(faults, 6), MOST_PAUSE)


def shown_place(place: str) -> str:
    """A place that may be told to whoever has the address: not one with a house number in it."""
    return "" if any(character.isdigit() for character in place) else place


_MAC_BYTES = 12


def public_key(parcel_id: uuid.UUID, secret: str) -> str:
    """The unguessable part of a parcel's public address: its id under a keyed hash, 38 characters for an address."""
    return base64.urlsafe_b64encode(parcel_id.bytes + _mac(parcel_id, secret)).decode().rstrip("=")


def parcel_of_key(key: str, secret: str) -> uuid.UUID | None:
    """The parcel of a public address; None for anything we did not make."""
    if not re.fullmatch("[0-9A-Za-z_-]{38}", key):
        return None
    try:
        content = base64.urlsafe_b64decode(key + "==")
    except binascii.Error:
        return None
    parcel_id = uuid.UUID(bytes=content[:16])
    fits = hmac.compare_digest(content[16:], _mac(parcel_id, secret))
    return parcel_id if fits and public_key(parcel_id, secret) == key else None


def _mac(parcel_id: uuid.UUID, secret: str) -> bytes:
    return hmac.new(secret.encode(), b"tracking page " + parcel_id.bytes, hashlib.sha256).digest()[:_MAC_BYTES]
