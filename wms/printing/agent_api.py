"""`/agent/v1`: what print agents ask (reference: printing.md, section 3). A poll each second is their heartbeat.

A claim's fencing token is what makes a request here happen once: asked again with the same token, it is answered again.
A refusal is a problem with its code; the agent acts on the code, and shows the sentence in its log.
"""

from __future__ import annotations

import hashlib
import uuid
from typing import Any

from flask import Blueprint, Response, g, jsonify, request
from marshmallow import Schema

from wms.platform.access import AUTHENTICATED, actor, public, requires
from wms.platform.database import transaction
from wms.platform.limits import client_address, limiter
from wms.platform.problems import answer_limit
from wms.platform.schemas import load_or_refuse
from wms.printing import queries, service
from wms.printing.agent import VERSION
from wms.printing.agent_wheel import NAME, wheel
from wms.printing.models import Printer
from wms.printing.schemas import ClaimIn, EnrolIn, PollIn, TellIn
from wms.printing.service.claims import Claim

blueprint = Blueprint("print_agents", __name__, url_prefix="/agent/v1")
program = Blueprint("print_agent_program", __name__, url_prefix="/agent")
BLUEPRINTS = [blueprint, program]
POLL_SECONDS = 1
_ENROL, _POLL, _CLAIM, _TELL = EnrolIn(), PollIn(), ClaimIn(), TellIn()


def _body(schema: Schema) -> dict[str, Any]:
    """The loaded JSON body, or a refusal naming every wrong field."""
    loaded: dict[str, Any] = load_or_refuse(schema, request.get_json())
    return loaded


@program.get(f"/{NAME}")
@public
def install() -> Response:
    """The program itself, for pip. It holds no secret."""
    response = Response(wheel(), mimetype="application/zip")
    response.headers["Content-Disposition"] = f'attachment; filename="{NAME}"'
    return response


@blueprint.post("/enrolments")
@public
def enrol() -> Response:
    """A one-time code for a token, which is in this answer and nowhere else. Tries are counted as logins are."""
    body = _body(_ENROL)
    standings = limiter().charge((limiter().logins, client_address()))
    g.standings = [*g.standings, *standings]
    over = next((each for each in standings if each.refused), None)
    if over is not None:
        return answer_limit(over.policy.name, over.seconds)
    with transaction():
        issued = service.enrol(body["code"], body["host"], body["version"])
    return jsonify(agent_id=str(issued.id), token=issued.text)


@blueprint.post("/poll")
@requires(AUTHENTICATED)
def poll() -> Response:
    """I am here, and so are my printers; what is there to print? Answers the printers as they are set up, offers, and
    what must not come out any more of the jobs that the printers have taken.
    """
    body = _body(_POLL)
    told = [service.Told(each["id"], each["state"], each["reasons"]) for each in body["printers"]]
    with transaction():
        service.note_poll(actor().id, body["host"], body["version"], body["pending"], told)
        offers = service.offers(actor().id)
        unwanted = service.unwanted(actor().id, body["printing"])
        printers = [_printer(each) for each in queries.printers_of_agent(actor().id)]
    found = [{"job_id": str(job_id), "printer_id": str(printer_id)} for job_id, printer_id in offers]
    return jsonify(
        poll_seconds=POLL_SECONDS, version=VERSION, printers=printers, offers=found,
        unwanted=[str(each) for each in unwanted],
    )  # fmt: skip


def _printer(printer: Printer) -> dict[str, Any]:
    names = ("name", "backend", "uri", "language", "dpi", "width_mm", "height_mm")
    return {"id": str(printer.id), **{name: getattr(printer, name) for name in names}}


@blueprint.post("/jobs/<uuid:job_id>/claim")
@requires(AUTHENTICATED)
def claim(job_id: uuid.UUID) -> Response:
    with transaction():
        found = service.claim(actor().id, job_id)
        answer = _claim(found)
    return jsonify(answer)


def _claim(found: Claim) -> dict[str, Any]:
    job, document = found.job, found.document
    return {
        "claim_token": job.claim_token, "lease_until": job.lease_until, "next_seq": found.next_seq,
        "expires_at": job.expires_at, "kind": document.kind, "width_mm": document.width_mm,
        "height_mm": document.height_mm, "pages": job.copies, "once": job.dup_policy == "once",
    }  # fmt: skip


@blueprint.post("/jobs/<uuid:job_id>/document")
@requires(AUTHENTICATED)
def document(job_id: uuid.UUID) -> Response:
    """The file, with its SHA-256 in `X-Content-SHA256`: cut out, moved by the printer's offset, a reprint marked."""
    body = _body(_CLAIM)
    with transaction():
        found = service.fetch(actor().id, job_id, body["claim_token"])
        offset, dpi = (found.printer.offset_x_mm, found.printer.offset_y_mm), found.printer.dpi
    made = service.print_pdf(found.job, offset, dpi)
    response = Response(made.pdf, mimetype="application/pdf")
    response.headers["X-Content-SHA256"] = hashlib.sha256(made.pdf).hexdigest()
    return response


@blueprint.post("/jobs/<uuid:job_id>/arm")
@requires(AUTHENTICATED)
def arm(job_id: uuid.UUID) -> Response:
    """May I send it now? After a yes the label counts as sent."""
    body = _body(_CLAIM)
    with transaction():
        job = service.arm_claimed(actor().id, job_id, body["claim_token"])
        state = job.state
    return jsonify(state=state)


@blueprint.post("/jobs/<uuid:job_id>/events")
@requires(AUTHENTICATED)
def tell(job_id: uuid.UUID) -> Response:
    """What became of it. Each word once, by its number."""
    body = _body(_TELL)
    words = [service.Word(each["seq"], each["type"], each["detail"]) for each in body["words"]]
    with transaction():
        job = service.tell(actor().id, job_id, body["claim_token"], words)
        state = job.state
    return jsonify(state=state)
