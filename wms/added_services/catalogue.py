"""The operator's catalogue of services: defined and changed by the office, never deleted."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field

from sqlalchemy import select

from wms.added_services.models import AddedService, Effect, ProofKind, Unit, Work
from wms.core import clock
from wms.core.actor import Actor
from wms.core.permissions import Permission
from wms.core.refusals import invalid, not_found
from wms.platform.database import session
from wms.platform.http import check_version
from wms.platform.locks import Rank, claim
from wms.platform.statements import Statement


@dataclass(frozen=True)
class ServiceDraft:
    """An entry as the office writes it. `code` is kept for ever: charges name it."""

    code: str
    name_en: str
    name_zh: str
    work: str
    unit: str = Unit.UNIT.value
    effect: str = Effect.NONE.value
    about_en: str = ""
    about_zh: str = ""
    proofs: Sequence[str] = field(default_factory=tuple)
    asks_first: bool = True
    for_differences: bool = False
    is_active: bool = True


# One catalogue, changed by few: who changes it waits for the other.
_ALONE = Statement("SELECT pg_advisory_xact_lock(hashtextextended('service catalogue', 21))")


def define_service(actor: Actor, draft: ServiceDraft) -> AddedService:
    """A new entry. Refuses at its field a code that is taken, and a second one that follows from differences."""
    _begin(actor)
    if session().scalar(select(AddedService.id).where(AddedService.code == draft.code)) is not None:
        raise invalid("/code", "added_service_code_taken")
    made = AddedService(code=draft.code, version=0)
    return _write(actor, made, draft)


def change_service(actor: Actor, service_id: uuid.UUID, draft: ServiceDraft, version: int) -> AddedService:
    """The entry as it is from now on; its code and effect stay. What is asked for already goes on as it is."""
    _begin(actor)
    found = session().get(AddedService, service_id, populate_existing=True)
    if found is None:
        raise not_found("service")
    check_version(found.version, version)
    return _write(actor, found, draft)


def _begin(actor: Actor) -> None:
    if not (actor.is_staff and actor.may(Permission.SERVICES_MANAGE)):
        raise not_found("service")
    claim(Rank.DOCUMENT)
    _ALONE.run({})


def _write(actor: Actor, service: AddedService, draft: ServiceDraft) -> AddedService:
    for name, known in (("work", Work), ("unit", Unit), ("effect", Effect)):
        if getattr(draft, name) not in set(known):
            raise invalid(f"/{name}", "invalid")
    if set(draft.proofs) - set(ProofKind):
        raise invalid("/proofs", "invalid")
    is_new = service.version == 0
    effect = draft.effect if is_new else service.effect
    if draft.for_differences and effect != Effect.NONE:
        raise invalid("/effect", "invalid")  # the difference itself converts its goods
    other = service_for_differences()
    if draft.for_differences and draft.is_active and other is not None and other.code != service.code:
        raise invalid("/for_differences", "service_for_differences_taken")
    for name in ("name_en", "name_zh", "about_en", "about_zh", "work", "unit", "asks_first", "for_differences",
                 "is_active"):  # fmt: skip
        setattr(service, name, getattr(draft, name))
    service.effect = effect
    service.proofs = sorted(set(draft.proofs))
    service.version += 1
    service.changed_by, service.changed_at = actor.id, clock.now()
    session().add(service)
    session().flush()
    return service


def services(*, active: bool = True) -> Sequence[AddedService]:
    """The catalogue, by kind of work and code."""
    statement = select(AddedService).order_by(AddedService.work, AddedService.code)
    if active:
        statement = statement.where(AddedService.is_active)
    return session().scalars(statement.execution_options(populate_existing=True)).all()


def service_by_code(code: str) -> AddedService:
    """An active one. Refuses at its field."""
    found = session().scalar(select(AddedService).where(AddedService.code == code, AddedService.is_active))
    if found is None:
        raise invalid("/service", "added_service_unknown")
    return found


def service_for_differences() -> AddedService | None:
    """The one that follows from the decision to relabel goods that differ."""
    return session().scalar(select(AddedService).where(AddedService.for_differences, AddedService.is_active))
