"""A label that was seen is printed: what a bench says each time a waybill is scanned back, in two round trips."""

from __future__ import annotations

import uuid
from typing import Any

from wms.core import clock
from wms.core.actor import Actor
from wms.core.ids import new_id
from wms.core.refusals import Refused
from wms.platform.locks import Rank, claim
from wms.platform.statements import Statement, pipelined
from wms.printing import queries, rules
from wms.printing.models import KINDS, PrintState
from wms.printing.service.prints import ORIGINAL, REPRINT
from wms.printing.workflow import PRINT_JOB

_NEWEST = (
    "(SELECT id FROM label_document WHERE kind = :kind AND subject_kind = :subject_kind AND subject_id = :subject"
    " ORDER BY version DESC LIMIT 1)"
)
_HOLD_DOCUMENT = Statement(
    f"SELECT id, kind, state, owner_id, warehouse_id, copies FROM label_document WHERE id = {_NEWEST} FOR NO KEY UPDATE"
)
# Behind the document's lock: where no print is known now, there is none.
_HOLD_LAST_PRINT = Statement(
    "SELECT id, state, station_id FROM print_job WHERE id = (SELECT id FROM print_job"
    f" WHERE document_id = {_NEWEST} ORDER BY created_at DESC, id DESC LIMIT 1) FOR NO KEY UPDATE"
)
_NOTED = (
    "INSERT INTO print_event (job_id, source, seq, type, detail, at) SELECT :job, 'server', before.seq + new.number,"
    " new.type, new.detail, :now FROM (SELECT coalesce(max(seq), 0) AS seq FROM print_event WHERE job_id = :job) before,"
    " (VALUES {}) AS new(number, type, detail)"
)
_CONFIRM = Statement(
    "WITH seen AS (UPDATE print_job SET state = :state, confirmed_by = :by, printed_at = :now WHERE id = :job) "
    + _NOTED.format("(1, 'confirm', CAST(:by AS text))")
)
_RECORD = Statement(
    "WITH seen AS (INSERT INTO print_job (id, document_id, warehouse_id, station_id, copies, reason, reprint_reason,"
    " requested_by, dup_policy, state, expires_at, attempts, confirmed_by, printed_at, created_at) VALUES (:job, :document,"
    " :warehouse, :station, :copies, :reason, :why, :actor, :policy, :state, :expires, 0, :by, :now, :now)) "
    + _NOTED.format("(1, 'requested', CAST(:why AS text)), (2, 'confirm', CAST(:by AS text))")
)


def confirm_printed(actor: Actor, subject_kind: str, subject_id: uuid.UUID, kind: str, by: str = "scan") -> None:
    """The label was seen: its newest print is *printed*. Without a print on record (a bundle printed as a file) the
    original is recorded now. Again changes nothing. What was seen is true whatever the file does meanwhile: only a
    label that must not be used is refused (`no_label`, `label_voided`, `label_superseded`).
    """
    subject = {"kind": kind, "subject_kind": subject_kind, "subject": subject_id}
    claim(Rank.DOCUMENT)
    with pipelined():
        held, printed = _HOLD_DOCUMENT.send(subject), _HOLD_LAST_PRINT.send(subject)
    document, last = held.first(), printed.first()
    if document is None or not queries.sees(actor, document):
        raise Refused("no_label", {})
    queries.require_usable(document)
    if last is None:
        _record(actor, document, None, None, by)
    elif PRINT_JOB.permitted("confirm", last.state):
        state = PRINT_JOB.apply("confirm", last.state).value
        _CONFIRM.run({"job": last.id, "state": state, "by": by, "now": clock.now()})
    elif last.state != PrintState.PRINTED.value:
        _record(actor, document, last.station_id, "seen", by)


def _record(actor: Actor, document: Any, station_id: uuid.UUID | None, why: str | None, by: str) -> None:
    """A print nobody asked for, and that came out: the original, or one more of a label whose print has ended."""
    now = clock.now()
    values = {
        "job": new_id(), "document": document.id, "warehouse": document.warehouse_id, "station": station_id,
        "copies": document.copies, "reason": ORIGINAL if why is None else REPRINT, "why": why, "actor": actor.id,
        "policy": "once" if KINDS[document.kind].once else "retry_ok", "by": by, "now": now,
        "state": PRINT_JOB.apply("confirm", PRINT_JOB.initial.value).value, "expires": now + rules.EXPIRES,
    }  # fmt: skip
    _RECORD.run(values)
