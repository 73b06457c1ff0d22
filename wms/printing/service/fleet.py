"""Agents and printers: made and tied to benches in the office, enrolled by a code, seen with every poll."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select

from wms.core import clock
from wms.core.actor import Actor
from wms.core.permissions import Permission
from wms.core.refusals import Refused, invalid, not_found
from wms.facility.models import Station
from wms.facility.queries import load_warehouse, station_by_id
from wms.platform.database import session
from wms.platform.locks import Rank, lock, lock_one
from wms.platform.statements import Statement
from wms.printing import rules
from wms.printing.models import KINDS, Backend, PrintAgent, Printer, PrinterState, PrintJob, StationPrinter
from wms.printing.service.prints import note
from wms.printing.workflow import PRINT_JOB


@dataclass(frozen=True)
class Issued:
    """A secret that is shown once: a code for a person, a token for a program. It is in no table and no answer."""

    id: uuid.UUID
    text: str


@dataclass(frozen=True)
class PrinterDraft:
    """A printer as somebody sets it up. Lengths in mm; offsets to the right and down."""

    agent_id: uuid.UUID
    name: str
    backend: str
    uri: str
    language: str = "zpl"
    dpi: int = 203
    width_mm: float = 100.0
    height_mm: float = 150.0
    offset_x_mm: float = 0.0
    offset_y_mm: float = 0.0


def add_agent(actor: Actor, warehouse_id: uuid.UUID, name: str) -> Issued:
    """A new agent and the code that enrols it, good for half an hour. Refuses `agent_name_taken`."""
    _require_builder(actor, warehouse_id)
    _refuse_taken(PrintAgent, "agent_name_taken", warehouse_id, name)
    agent = PrintAgent(warehouse_id=warehouse_id, name=name, pending=0, created_at=clock.now())
    session().add(agent)
    return _issue_code(agent)


def renew_code(actor: Actor, agent_id: uuid.UUID) -> Issued:
    """A code for an agent that is set up anew. Its token works until the code is used, unless it was revoked."""
    return _issue_code(load_agent_to_edit(actor, agent_id))


def _issue_code(agent: PrintAgent) -> Issued:
    code = rules.new_code()
    agent.code_hash, agent.code_expires_at = rules.hash_secret(code), clock.now() + rules.CODE_LIVES
    session().flush()
    return Issued(agent.id, code)


def enrol(code: str, host: str, version: str) -> Issued:
    """The token of the agent whose code this is. A code works once. Refuses `code_unknown` for any that is not live."""
    query = select(PrintAgent.id).where(PrintAgent.code_hash == rules.hash_secret(code))
    agent_id = session().scalar(query)
    agent = lock_one(Rank.DOCUMENT, PrintAgent, agent_id) if agent_id else None
    if agent is None or agent.code_hash != rules.hash_secret(code):
        raise Refused("code_unknown")
    if agent.code_expires_at is None or agent.code_expires_at <= clock.now():
        raise Refused("code_unknown")
    token = rules.new_token()
    agent.token_hash, agent.code_hash, agent.code_expires_at = rules.hash_secret(token), None, None
    agent.host, agent.version, agent.enrolled_at, agent.revoked_at = host, version, clock.now(), None
    session().flush()
    return Issued(agent.id, token)


def revoke_agent(actor: Actor, agent_id: uuid.UUID) -> PrintAgent:
    """Its token stops working with the commit of this call; what it had claimed and not armed waits again."""
    agent = load_agent_to_edit(actor, agent_id)
    agent.token_hash = agent.code_hash = agent.code_expires_at = None
    agent.revoked_at = agent.revoked_at or clock.now()
    sources = PRINT_JOB.moves["redirect"].sources - {"queued", "expired"}
    held = select(PrintJob.id).where(PrintJob.claimed_by == agent.id, PrintJob.state.in_(sources))
    for job in lock(Rank.DOCUMENT, PrintJob, session().scalars(held)):
        if PRINT_JOB.permitted("requeue", job.state):
            job.state, job.claimed_by, job.lease_until = PRINT_JOB.apply("requeue", job.state).value, None, None
            note(job, "requeue", "agent_revoked")
    session().flush()
    return agent


def save_printer(actor: Actor, draft: PrinterDraft, printer_id: uuid.UUID | None = None) -> Printer:
    """Set a printer up, or change it. Refuses `printer_name_taken`, and fields that are wrong.

    A changed medium leaves the benches that print other sizes there: they are refused `media_differs` until re-bound.
    """
    agent = load_agent_to_edit(actor, draft.agent_id)
    if not rules.is_address(draft.backend, draft.uri):
        raise invalid("/uri", "printer_address")
    if draft.backend == Backend.RAW and draft.language == "pdf":
        raise invalid("/language", "printer_language")
    printer = load_printer_to_edit(actor, printer_id) if printer_id else None
    _refuse_taken(Printer, "printer_name_taken", agent.warehouse_id, draft.name, printer_id)
    if printer is None:
        printer = Printer(
            warehouse_id=agent.warehouse_id, state=PrinterState.UNSEEN.value, reasons="", created_at=clock.now()
        )
        session().add(printer)
    elif printer.warehouse_id != agent.warehouse_id:
        raise not_found("agent")
    elif (printer.uri, printer.backend, printer.agent_id) != (draft.uri, draft.backend, draft.agent_id):
        printer.state, printer.reasons, printer.seen_at = PrinterState.UNSEEN.value, "", None
    for name, value in vars(draft).items():
        setattr(printer, name, value)
    session().flush()
    return printer


def pause_printer(actor: Actor, printer_id: uuid.UUID, *, paused: bool) -> Printer:
    """A paused printer is offered nothing; what waits for it may expire."""
    printer = load_printer_to_edit(actor, printer_id)
    printer.paused_at = (printer.paused_at or clock.now()) if paused else None
    session().flush()
    return printer


def bind_station(
    actor: Actor, station_id: uuid.UUID, kind: str, printer_id: uuid.UUID, fallback_id: uuid.UUID | None = None
) -> StationPrinter:
    """From now on the bench prints labels of this kind and the printer's medium there.

    Refuses `media_differs` for a fallback with another medium, and `same_printer`.
    """
    station = _load_station(actor, station_id)
    printer, fallback = session().get(Printer, printer_id), session().get(Printer, fallback_id or printer_id)
    if kind not in KINDS:
        raise invalid("/kind", "invalid")
    if printer is None or fallback is None or {printer.warehouse_id, fallback.warehouse_id} != {station.warehouse_id}:
        raise not_found("printer")
    if fallback_id == printer_id:
        raise invalid("/fallback", "same_printer")
    medium = (printer.width_mm, printer.height_mm)
    if not rules.fits(medium, (fallback.width_mm, fallback.height_mm)):
        raise Refused("media_differs", {"printer": fallback.name})
    query = select(StationPrinter).where(
        StationPrinter.station_id == station.id, StationPrinter.kind == kind,
        StationPrinter.width_mm == medium[0], StationPrinter.height_mm == medium[1],
    )  # fmt: skip
    binding = session().scalar(query)
    if binding is None:
        binding = StationPrinter(station_id=station.id, kind=kind, width_mm=medium[0], height_mm=medium[1])
        session().add(binding)
    binding.printer_id, binding.fallback_printer_id = printer.id, fallback_id
    session().flush()
    return binding


def unbind_station(actor: Actor, binding_id: uuid.UUID) -> None:
    """The bench prints this kind in its browser again. Twice changes nothing more."""
    binding = session().get(StationPrinter, binding_id)
    if binding is None:
        raise not_found("binding")
    _load_station(actor, binding.station_id)
    session().delete(binding)
    session().flush()


# At most every other second for what has not changed, and without waiting for the disk: a lost beat is told again.
_DO_NOT_WAIT = Statement("SET LOCAL synchronous_commit = off")
_SEEN = Statement(
    "UPDATE print_agent SET seen_at = :now, version = :version, host = :host, pending = :pending"
    " WHERE id = :agent AND (seen_at IS NULL OR seen_at < :before OR pending <> :pending OR version <> :version)"
)
_STATES = Statement(
    "UPDATE printer p SET state = k.state, reasons = k.reasons, seen_at = :now"
    " FROM unnest(CAST(:ids AS uuid[]), CAST(:states AS text[]), CAST(:reasons AS text[])) AS k(id, state, reasons)"
    " WHERE p.id = k.id AND p.agent_id = :agent"
    " AND (p.seen_at IS NULL OR p.seen_at < :before OR p.state <> k.state OR p.reasons <> k.reasons)"
)


@dataclass(frozen=True)
class Told:
    """What an agent says of one of its printers."""

    printer_id: uuid.UUID
    state: str
    reasons: str


def note_poll(agent_id: uuid.UUID, host: str, version: str, pending: int, told: Sequence[Told]) -> None:
    """The heartbeat: the agent was there, and so are its printers, as it says. Others' printers are left alone."""
    now = clock.now()
    moment = {"agent": agent_id, "now": now, "before": now - rules.LOST_AFTER / 8}
    _DO_NOT_WAIT.run()
    _SEEN.run({**moment, "host": host, "version": version, "pending": pending})
    if told:
        ids, states, reasons = zip(*((each.printer_id, each.state, each.reasons) for each in told), strict=True)
        _STATES.run({**moment, "ids": list(ids), "states": list(states), "reasons": list(reasons)})


def load_agent_to_edit(actor: Actor, agent_id: uuid.UUID) -> PrintAgent:
    """Under lock; 404 outside the actor's scope."""
    agent = lock_one(Rank.DOCUMENT, PrintAgent, agent_id)
    if agent is None or not _may_build(actor, agent.warehouse_id):
        raise not_found("agent")
    return agent


def load_printer_to_edit(actor: Actor, printer_id: uuid.UUID) -> Printer:
    """Under lock; 404 outside the actor's scope."""
    printer = lock_one(Rank.DOCUMENT, Printer, printer_id)
    if printer is None or not _may_build(actor, printer.warehouse_id):
        raise not_found("printer")
    return printer


def _load_station(actor: Actor, station_id: uuid.UUID) -> Station:
    station = station_by_id(station_id)
    if station is None or not _may_build(actor, station.warehouse_id):
        raise not_found("station")
    return station


def _require_builder(actor: Actor, warehouse_id: uuid.UUID) -> None:
    load_warehouse(actor, warehouse_id)
    if not _may_build(actor, warehouse_id):
        raise not_found("warehouse")


def _may_build(actor: Actor, warehouse_id: uuid.UUID) -> bool:
    return actor.is_staff and actor.may(Permission.FACILITY_WRITE) and actor.sees_warehouse(warehouse_id)


def _refuse_taken(
    model: type[PrintAgent] | type[Printer],
    refusal: str,
    warehouse_id: uuid.UUID,
    name: str,
    but: uuid.UUID | None = None,
) -> None:
    taken = session().scalar(select(model.id).where(model.warehouse_id == warehouse_id, model.name == name))
    if taken is not None and taken != but:
        raise Refused(refusal, {"name": name})
