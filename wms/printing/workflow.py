"""The states of a label document, a bundle and a print job (reference: printing.md, section 2.2)."""

from __future__ import annotations

from wms.core.workflow import Workflow, move
from wms.printing.models import BundleState, DocumentState, PrintState

D, B, J = DocumentState, BundleState, PrintState

DOCUMENT = Workflow(
    "label_document",
    DocumentState,
    D.REQUESTED,
    {
        "render": move([D.REQUESTED, D.READY], D.READY),
        "refuse": move([D.REQUESTED, D.READY], D.REFUSED),
        "supersede": move([D.REQUESTED, D.READY, D.REFUSED], D.SUPERSEDED),
        "void": move([D.REQUESTED, D.READY, D.REFUSED, D.SUPERSEDED], D.VOIDED),
    },
)
BUNDLE = Workflow(
    "label_bundle",
    BundleState,
    B.REQUESTED,
    {
        "render": move(B.REQUESTED, B.READY),
        "fail": move(B.REQUESTED, B.FAILED),
        "render_again": move([B.READY, B.FAILED], B.REQUESTED),
    },
)
UNSENT = (J.QUEUED, J.CLAIMED, J.FETCHED, J.FAILED_SAFE, J.EXPIRED)
PRINT_JOB = Workflow(
    "print_job",
    PrintState,
    J.QUEUED,
    {
        "claim": move(J.QUEUED, J.CLAIMED),
        "fetch": move(J.CLAIMED, J.FETCHED),
        "requeue": move([J.CLAIMED, J.FETCHED, J.FAILED_SAFE], J.QUEUED),
        # A bench that prints from its browser arms the job in one step; an agent claims and fetches first.
        "arm": move([J.QUEUED, J.FETCHED], J.DISPATCHING),
        # An agent that was away may say later what came of it: it was sent, or surely not.
        "sent": move([J.DISPATCHING, J.UNKNOWN], J.DISPATCHED),
        "prove_unsent": move([J.DISPATCHING, J.UNKNOWN], J.FAILED_SAFE),
        "lose_sight": move([J.DISPATCHING, J.DISPATCHED], J.UNKNOWN),
        # Only for what may be printed twice (`dup_policy`), and only a few times.
        "retry": move(J.UNKNOWN, J.QUEUED),
        "confirm": move([J.QUEUED, J.CLAIMED, J.FETCHED, J.DISPATCHING, J.DISPATCHED, J.UNKNOWN, J.EXPIRED], J.PRINTED),
        "expire": move([J.QUEUED, J.CLAIMED, J.FETCHED, J.FAILED_SAFE], J.EXPIRED),
        "queue_again": move(J.EXPIRED, J.QUEUED),
        "redirect": move([J.QUEUED, J.CLAIMED, J.FETCHED, J.EXPIRED], J.QUEUED),
        "cancel": move([*UNSENT, J.DISPATCHING, J.DISPATCHED, J.UNKNOWN], J.CANCELLED),
        "void": move(UNSENT, J.VOIDED),
    },
)
WORKFLOWS = (DOCUMENT, BUNDLE, PRINT_JOB)
