"""The work itself: taken by one person, reported as it goes, shown by proofs, and finished.

Where the book changes, each report posts its part of the conversion: nothing is made twice, and what was made counts even
when somebody else goes on with it.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from sqlalchemy import func, select

from wms.added_services.models import AddedService, ProofKind, ServiceProof, ServiceRequest
from wms.added_services.service import (
    announce_done,
    apply,
    conversion_of,
    load_to_manage,
    load_to_work,
    release,
)
from wms.added_services.workflow import RequestState
from wms.core import clock
from wms.core.actor import Actor
from wms.core.permissions import Permission
from wms.core.refusals import Refused, invalid
from wms.inventory.converting import service as converting
from wms.inventory.converting.service import Made
from wms.platform import files
from wms.platform.database import session
from wms.platform.files import Kept

MOST_PROOFS = 60
MOST_GRAMS = 10_000_000
MISSING = {kind.value: f"proof_missing_{kind}" for kind in ProofKind}


@dataclass(frozen=True)
class Report:
    """So much was done. The rest is for services that change the book: see `wms.inventory.converting.service.Made`."""

    quantity: int
    location_id: uuid.UUID | None = None
    lots: Mapping[uuid.UUID, tuple[str | None, date | None]] = field(default_factory=dict)
    consumed: Mapping[uuid.UUID, Sequence[str]] = field(default_factory=dict)
    yielded: Mapping[uuid.UUID, Sequence[str]] = field(default_factory=dict)


def take(actor: Actor, request_id: uuid.UUID) -> ServiceRequest:
    """Begin with it, or go on with one's own. Refuses `service_taken`."""
    found = load_to_work(actor, request_id)
    if found.state == RequestState.WORKING:
        if found.worker_id == actor.id:
            return found
        raise Refused("service_taken", {})
    apply(found, "take")
    found.worker_id, found.begun_at = actor.id, found.begun_at or clock.now()
    session().flush()
    return found


def put_back(actor: Actor, request_id: uuid.UUID) -> ServiceRequest:
    """Leave it for somebody else; a supervisor may take it off anybody."""
    found = load_to_work(actor, request_id)
    if not actor.may(Permission.SERVICES_MANAGE):
        _check_worker(actor, found)
    apply(found, "put_back")
    found.worker_id = None
    session().flush()
    return found


def report(actor: Actor, request_id: uuid.UUID, made: Report) -> ServiceRequest:
    """So much more is done. Refuses what is beyond the quantity asked for, and what the conversion refuses."""
    found = _own(actor, request_id)
    left = found.quantity - found.done
    apply(found, "report")
    if not 1 <= made.quantity <= left:
        raise invalid("/quantity", "not_between", min=1, max=left)
    found.done += made.quantity
    _add(actor, found, ProofKind.COUNT, value=made.quantity)
    conversion = conversion_of(found)
    if conversion is not None:
        part = Made(made.quantity, made.location_id, made.lots, made.consumed, made.yielded)
        converting.carry_out(actor, conversion, part)
    session().flush()
    return found


def add_photo(actor: Actor, request_id: uuid.UUID, kept: Kept, name: str) -> ServiceProof:
    """A photo of what was done; its bytes lie in the store already. Refuses `too_many_proofs`."""
    found = _own(actor, request_id)
    return _add(actor, found, ProofKind.PHOTO, file_id=files.name_file(kept), name=name)


def add_weight(actor: Actor, request_id: uuid.UUID, weight_g: int) -> ServiceProof:
    """What the scale said."""
    found = _own(actor, request_id)
    if not 1 <= weight_g <= MOST_GRAMS:
        raise invalid("/weight_g", "not_between", min=1, max=MOST_GRAMS)
    return _add(actor, found, ProofKind.WEIGHT, value=weight_g)


def finish(actor: Actor, request_id: uuid.UUID, answer: str = "") -> ServiceRequest:
    """It is done. Refuses `nothing_done`, `proof_missing_…` (by kind), and `service_less` where less was done than
    asked for and nobody says why. Goods kept for what was not done are free again.
    """
    found = _own(actor, request_id)
    if not found.done:
        raise Refused("nothing_done", {})
    lacking = missing_proofs(found)
    if lacking:
        raise Refused(MISSING[lacking[0]], {"kinds": lacking})
    if found.done < found.quantity and not answer.strip():
        raise Refused("service_less", {"done": found.done, "quantity": found.quantity})
    apply(found, "finish")
    found.answer, found.ended_at = answer.strip() or found.answer, clock.now()
    session().flush()
    announce_done(found)
    release(found)
    return found


def missing_proofs(found: ServiceRequest) -> list[str]:
    """The kinds of proof that its service asks for and that are not there."""
    wanted = session().get_one(AddedService, found.service_id).proofs
    rows = select(ServiceProof.kind).where(ServiceProof.request_id == found.id).distinct()
    return sorted(set(wanted) - set(session().scalars(rows)))


def _own(actor: Actor, request_id: uuid.UUID) -> ServiceRequest:
    found = load_to_work(actor, request_id)
    _check_worker(actor, found)
    return found


def _check_worker(actor: Actor, found: ServiceRequest) -> None:
    if found.state != RequestState.WORKING or found.worker_id != actor.id:
        raise Refused("service_not_yours", {})


def _add(
    actor: Actor, found: ServiceRequest, kind: ProofKind, *, file_id: uuid.UUID | None = None, name: str = "",
    value: int | None = None,
) -> ServiceProof:  # fmt: skip
    kept = session().scalar(select(func.count()).where(ServiceProof.request_id == found.id)) or 0
    if kept >= MOST_PROOFS and kind is not ProofKind.COUNT:
        raise Refused("too_many_proofs", {"most": MOST_PROOFS})
    proof = ServiceProof(
        request_id=found.id, kind=kind.value, file_id=file_id, name=name, value=value, added_by=actor.id,
        added_at=clock.now(),
    )  # fmt: skip
    session().add(proof)
    session().flush()
    return proof


__all__ = ["Report", "add_photo", "add_weight", "finish", "load_to_manage", "put_back", "report", "take"]
