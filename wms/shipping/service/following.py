"""Following parcels of remote carriers: whose turn it is, asking outside any transaction, keeping what is new."""

from __future__ import annotations

import hashlib
import uuid

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from wms.core import clock
from wms.core.ids import new_id
from wms.platform.database import end_reading, session
from wms.platform.outbox import add_job
from wms.shipping.carriers.interface import Capabilities, CarrierFault, TrackedEvent
from wms.shipping.models import Carrier, Parcel, ParcelState, ParcelTracking, TrackingEvent
from wms.shipping.service import tasks
from wms.shipping.tracking import TrackState, next_look, state_of

TRACK_TOPIC = "shipping.track"
AT_ONCE = 200


def begin_following(parcel: Parcel) -> None:
    """From now on the carrier is asked for the way of this parcel, where it can tell. Again is fine."""
    if not Capabilities.from_data(session().get_one(Carrier, parcel.carrier_id).capabilities).can_track:
        return
    now = clock.now()
    values = {
        "parcel_id": parcel.id, "state": TrackState.PENDING.value, "began_at": now, "faults": 0,
        "next_at": next_look(TrackState.PENDING, now, now),
    }  # fmt: skip
    session().execute(insert(ParcelTracking).values(values).on_conflict_do_nothing())


def ask_for_due() -> int:
    """Jobs for the parcels whose turn it is, the longest waiting first; returns how many."""
    now = clock.now()
    due = session().scalars(
        select(ParcelTracking)
        .where(ParcelTracking.next_at <= now)
        .order_by(ParcelTracking.next_at)
        .limit(AT_ONCE)
        .with_for_update(skip_locked=True)
    )
    count = 0
    for each in due:
        turn = each.next_at.timestamp() if each.next_at else 0
        add_job(
            TRACK_TOPIC, {"parcel_id": str(each.parcel_id)}, dedupe_key=f"{TRACK_TOPIC}:{each.parcel_id}:{turn:.0f}"
        )
        # Should the job be lost, its turn comes again.
        each.next_at = next_look(TrackState.UNKNOWN, each.began_at, now)
        count += 1
    session().flush()
    return count


def follow(parcel_id: uuid.UUID) -> None:
    """Ask for one parcel and keep what is new. A fault is noted, and its turn comes later; nothing is raised."""
    known = session().get(ParcelTracking, parcel_id)
    parcel = session().get(Parcel, parcel_id)
    if known is None or parcel is None or parcel.tracking_number is None or parcel.state == ParcelState.VOIDED.value:
        if known is not None:
            known.next_at = None
        return
    number = parcel.tracking_number
    connection = tasks.connect(parcel.carrier_id)
    end_reading()
    answer = connection if isinstance(connection, CarrierFault) else connection.track(number)
    known = session().get_one(ParcelTracking, parcel_id, with_for_update=True)
    now = clock.now()
    if isinstance(answer, CarrierFault):
        known.fault, known.faults = answer.code[:40], known.faults + 1
    else:
        known.fault, known.faults = None, 0
        _keep(parcel_id, answer)
        known.state = _now_at(answer).value if answer else known.state
    known.asked_at = now
    known.next_at = next_look(TrackState(known.state), known.began_at, now, known.faults)
    session().flush()


def _now_at(events: list[TrackedEvent]) -> TrackState:
    """The state of the last event that says one; of equal times the one told last."""
    told = [each for each in events if state_of(each.code) is not TrackState.UNKNOWN]
    last = max(reversed(told), key=lambda each: each.happened_at, default=None)
    return TrackState.UNKNOWN if last is None else state_of(last.code)


def _keep(parcel_id: uuid.UUID, events: list[TrackedEvent]) -> None:
    """Events that were told before are kept once. The carrier's own sentence is not: it may name a person."""
    now = clock.now()
    rows = [
        {
            "id": new_id(), "parcel_id": parcel_id, "state": state_of(each.code).value, "code": each.code,
            "place": each.place, "happened_at": each.happened_at, "told_at": now, "fingerprint": _fingerprint(each),
        }
        for each in events
    ]  # fmt: skip
    if rows:
        session().execute(insert(TrackingEvent).on_conflict_do_nothing(), rows)


def _fingerprint(event: TrackedEvent) -> bytes:
    told = f"{event.code}\n{event.happened_at.isoformat()}\n{event.place}"
    return hashlib.sha256(told.encode()).digest()[:16]
