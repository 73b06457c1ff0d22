"""Agents and their jobs: enrolling, claiming, arming, and a kill at every step (reference: printing.md, section 3)."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from sqlalchemy import delete, select

from tests.cast import Cast
from tests.printing.agents import Bench, Fuse, Killed
from tests.printing.conftest import Desk
from tests.printing.simulator import IppPrinter, Mechanism, RawPrinter, running
from wms.core import clock
from wms.core.actor import SYSTEM
from wms.core.refusals import Refused
from wms.platform.database import session, transaction
from wms.printing import queries
from wms.printing import service as printing
from wms.printing.agent.server import Denied
from wms.printing.agent.work import name_of
from wms.printing.models import LabelDocument, PrintEvent, PrintJob

PRINTERS: dict[str, Callable[[], Mechanism | None]] = {
    "zpl": lambda: RawPrinter("zpl"),
    "ipp": IppPrinter,
    "ipp without Create-Job": lambda: IppPrinter(creates=False),
    "file": lambda: None,
}


@pytest.fixture
def bench(desk: Desk, cast: Cast, fresh_client: FlaskClient, tmp_path: Path):
    return Bench(cast, fresh_client, tmp_path, None)


def send(bench: Bench, document: LabelDocument) -> PrintJob:
    """The bench asks for a label."""
    with transaction():
        return printing.print_label(SYSTEM, document.id, bench.station_id)


def job_of(job: PrintJob) -> PrintJob:
    with transaction():
        return session().get_one(PrintJob, job.id, populate_existing=True)


def prints_of(document: LabelDocument) -> list[PrintJob]:
    """As they are now: requests have sessions of their own."""
    with transaction():
        session().expire_all()
        return list(queries.jobs_of(document.id))


def states(document: LabelDocument) -> list[str]:
    return [each.state for each in prints_of(document)]


def sheets_of(bench: Bench, document: LabelDocument) -> int:
    """How many sheets came out of a label, whichever print they are of."""
    names = {name_of(str(each.id)) for each in prints_of(document)}
    if bench.printer is None:
        return sum((bench.folder / "printed" / "out" / f"{name}.pdf").exists() for name in names)
    return sum(bench.printer.counted()[name] for name in names)


def scan(document: LabelDocument) -> None:
    with transaction():
        printing.confirm_printed(SYSTEM, "parcel", document.subject_id, "waybill")


def test_a_label_goes_through_the_agent_to_its_printer(bench: Bench, desk: Desk):
    document = desk.ready()
    bench.settled()
    job = send(bench, document)
    assert (job.state, job.printer_id) == ("queued", bench.printer_id)
    bench.settled()
    assert states(document) == ["dispatched"]
    assert sheets_of(bench, document) == 1
    with transaction():
        told = session().execute(
            select(PrintEvent.source, PrintEvent.type).where(PrintEvent.job_id == job.id).order_by(PrintEvent.at)
        )
        assert [tuple(each) for each in told] == [
            ("server", "requested"), ("server", "claim"), ("server", "fetch"), ("server", "arm"), ("agent", "sent"),
            ("server", "sent"), ("agent", "completed"),
        ]  # fmt: skip
    scan(document)
    assert (job_of(job).state, job_of(job).confirmed_by) == ("printed", "scan")


@pytest.mark.parametrize("kind", PRINTERS)
def test_killed_at_any_step_no_waybill_comes_out_twice_and_none_is_lost(
    kind: str, desk: Desk, cast: Cast, fresh_client: FlaskClient, tmp_path: Path
):
    """After each step of one label: the journal's, the questions, the printer's. Then the program starts again, and a
    person does what people do: scan what came out, say so when nothing did.
    """
    printer = PRINTERS[kind]()
    (bundle,) = desk.request(*(desk.draft() for _ in range(30)))
    desk.work()
    documents = iter(desk.documents(bundle))
    with running(*([printer] if printer else [])):
        bench = Bench(cast, fresh_client, tmp_path, printer)
        bench.settled(2)
        at = 0
        while True:
            at += 1
            document, fuse = next(documents), Fuse(at)
            bench.start(fuse)
            asked, killed = send(bench, document), False
            try:
                bench.settled(2)
            except Killed:
                killed = True
            bench.start()
            words = _live_on(bench, document, printer)
            assert sheets_of(bench, document) == 1 + words - _unprinted(bench, document), (at, states(document))
            assert words <= 1
            assert job_of(asked).state in ("printed", "cancelled")
            assert states(document)[-1] == "printed"
            if not killed:
                break
    assert at >= 12  # claim, begin, document, prepare, arming, arm, dispatching, send, settle, tell, heard, and nothing


def _live_on(bench: Bench, document: LabelDocument, printer: Mechanism | None) -> int:
    """Time passes, the agent runs, and the packer scans or says that nothing came; how often they said so."""
    words = 0
    for _ in range(6):
        bench.settled(2)
        with transaction():
            printing.age_prints(clock.now())
        last = prints_of(document)[-1]
        if last.state in ("queued", "claimed", "fetched", "dispatching"):
            _minutes_pass()
            continue
        while printer is not None and not printer.is_idle:
            time.sleep(0.002)
        if sheets_of(bench, document):
            scan(document)
            return words
        with transaction():
            printing.report_lost(SYSTEM, last.id)
        words += 1
    raise AssertionError(states(document))


def _minutes_pass() -> None:
    """Claims lapse and sight is lost, but nothing expires yet."""
    with transaction():
        printing.age_prints(clock.now() + timedelta(minutes=2))


def _unprinted(bench: Bench, document: LabelDocument) -> int:
    """How many prints of a label brought no sheet."""
    names = [name_of(str(each.id)) for each in prints_of(document)]
    if bench.printer is None:
        return sum(not (bench.folder / "printed" / "out" / f"{name}.pdf").exists() for name in names)
    return sum(bench.printer.counted()[name] == 0 for name in names)


def test_a_code_enrols_once_and_in_time(bench: Bench, cast: Cast):
    with transaction():
        code = printing.add_agent(cast.supervisor, cast.overseas.id, "second")
    server = bench.server
    first = server.enrol(code.text.lower().replace("-", " "), "bench", "1.0.0")  # as people type
    assert first.startswith("wpa_")
    for wrong in (code.text, "AAAAA-AAAAA", "x"):
        with pytest.raises(Denied) as caught:
            server.enrol(wrong, "bench", "1.0.0")
        assert caught.value.code == "code_unknown"
    with transaction():
        late = printing.renew_code(cast.supervisor, code.id)
    now = clock.now()
    former = clock.use(lambda: now + timedelta(minutes=31))
    try:
        with pytest.raises(Denied):
            server.enrol(late.text, "bench", "1.0.0")
    finally:
        clock.use(former)
    assert bench.ask("/poll", {"host": "b", "version": "1"}, first).status_code == 200  # still the first token


def test_a_revoked_token_is_refused_and_its_claims_wait_again(bench: Bench, desk: Desk, cast: Cast):
    document = desk.ready()
    bench.settled()
    job = send(bench, document)
    token = bench.ask(f"/jobs/{job.id}/claim", {}).json["claim_token"]
    assert job_of(job).state == "claimed"
    with transaction():
        printing.revoke_agent(cast.supervisor, bench.agent_id)
    assert (job_of(job).state, job_of(job).claimed_by) == ("queued", None)
    for path, body in (("/poll", {"host": "b", "version": "1"}), (f"/jobs/{job.id}/claim", {}),
                       (f"/jobs/{job.id}/arm", {"claim_token": token})):  # fmt: skip
        answer = bench.ask(path, body)
        assert (answer.status_code, answer.json["code"]) == (401, "not_authenticated")
    with pytest.raises(Denied):
        bench.round()
    assert job_of(job).state == "queued"


def test_a_stale_fencing_token_changes_nothing(bench: Bench, desk: Desk):
    document = desk.ready()
    bench.settled()
    job = send(bench, document)
    old = bench.ask(f"/jobs/{job.id}/claim", {}).json["claim_token"]
    new = bench.ask(f"/jobs/{job.id}/claim", {}).json["claim_token"]
    assert new > old
    word = {"words": [{"seq": 1, "type": "sent", "detail": "7"}]}
    for path, body in (("document", {}), ("arm", {}), ("events", word)):
        answer = bench.ask(f"/jobs/{job.id}/{path}", {"claim_token": old, **body})
        assert (answer.status_code, answer.json["code"]) == (409, "claim_lost"), path
    assert job_of(job).state == "claimed"
    assert bench.ask(f"/jobs/{job.id}/document", {"claim_token": new}).status_code == 200
    assert bench.ask(f"/jobs/{job.id}/arm", {"claim_token": new}).json == {"state": "dispatching"}
    assert bench.ask(f"/jobs/{job.id}/arm", {"claim_token": new}).json == {
        "state": "dispatching"
    }  # its answer got lost
    for _ in range(2):
        assert bench.ask(f"/jobs/{job.id}/events", {"claim_token": new, **word}).json == {"state": "dispatched"}
    assert bench.ask(f"/jobs/{job.id}/claim", {}).json["code"] == "claim_lost"


def test_a_job_of_anothers_printer_does_not_exist(bench: Bench, desk: Desk, cast: Cast, fresh_client, tmp_path):
    """Another agent, another warehouse: neither the job nor its label is there for them."""
    document = desk.ready()
    bench.settled()
    job = send(bench, document)
    token = bench.ask(f"/jobs/{job.id}/claim", {}).json["claim_token"]
    with transaction():
        code = printing.add_agent(cast.admin, cast.bonded.id, "elsewhere")
    other = bench.server.enrol(code.text, "x", "1")
    for path, body in (("claim", {}), ("document", {"claim_token": token}), ("arm", {"claim_token": token}),
                       ("events", {"claim_token": token, "words": [{"seq": 1, "type": "sent"}]})):  # fmt: skip
        assert bench.ask(f"/jobs/{job.id}/{path}", body, other).status_code == 404, path
        assert bench.ask(f"/jobs/{uuid.uuid4()}/{path}", body).status_code == 404, path
    assert bench.ask("/poll", {"host": "b", "version": "1"}, other).json["offers"] == []
    told = {"host": "b", "version": "1", "printers": [{"id": str(bench.printer_id), "state": "stopped"}]}
    assert bench.ask("/poll", told, other).status_code == 200
    with transaction():
        assert queries.load_printer(SYSTEM, bench.printer_id).state == "ready"  # not theirs to tell
    assert job_of(job).state == "claimed"


@pytest.mark.parametrize(
    ("path", "body", "pointer"),
    [
        ("/poll", {"host": "b"}, "/version"),
        ("/poll", {"host": "b", "version": "1", "pending": -1}, "/pending"),
        ("/poll", {"host": "b", "version": "1", "printers": [{"id": "x", "state": "ready"}]}, "/printers/0/id"),
        ("/poll", {"host": "b\u0000", "version": "1"}, "/host"),
        ("/poll", {"host": "b", "version": "1", "printers": [{"id": str(uuid.uuid4()), "state": "on fire"}]},
         "/printers/0/state"),
        ("/jobs/{job}/arm", {}, "/claim_token"),
        ("/jobs/{job}/arm", {"claim_token": 2**63}, "/claim_token"),
        ("/jobs/{job}/arm", {"claim_token": "7"}, "/claim_token"),
        ("/jobs/{job}/events", {"claim_token": 1, "words": []}, "/words"),
        ("/jobs/{job}/events", {"claim_token": 1, "words": [{"seq": 0, "type": "sent"}]}, "/words/0/seq"),
        ("/jobs/{job}/events", {"claim_token": 1, "words": [{"seq": 1, "type": "burnt"}]}, "/words/0/type"),
    ],
)  # fmt: skip
def test_faulty_words_of_an_agent_name_their_fields(bench: Bench, path, body, pointer):
    answer = bench.ask(path.replace("{job}", str(uuid.uuid4())), body)
    assert (answer.status_code, answer.json["errors"][0]["pointer"]) == (422, pointer)


def test_what_became_void_or_old_is_not_armed(bench: Bench, desk: Desk):
    bench.settled()
    void, old = (send(bench, desk.ready()) for _ in range(2))
    tokens = {}
    for job in (void, old):
        tokens[job.id] = {"claim_token": bench.ask(f"/jobs/{job.id}/claim", {}).json["claim_token"]}
        assert bench.ask(f"/jobs/{job.id}/document", tokens[job.id]).status_code == 200
    with transaction():
        document = session().get_one(LabelDocument, void.document_id)
        printing.void_documents("parcel", [document.subject_id])
        session().get_one(PrintJob, old.id).expires_at = clock.now() - timedelta(seconds=1)
    assert bench.ask(f"/jobs/{void.id}/arm", tokens[void.id]).json["code"] == "label_voided"
    assert bench.ask(f"/jobs/{old.id}/arm", tokens[old.id]).json["code"] == "print_expired"
    assert (job_of(void).state, job_of(old).state) == ("voided", "fetched")
    with transaction():
        printing.age_prints(clock.now())
    assert job_of(old).state == "expired"


def test_a_label_that_became_void_while_it_was_sent_does_not_wait_again(bench: Bench, desk: Desk):
    bench.settled()
    job = send(bench, desk.ready())
    token = {"claim_token": bench.ask(f"/jobs/{job.id}/claim", {}).json["claim_token"]}
    for step in ("document", "arm"):
        bench.ask(f"/jobs/{job.id}/{step}", token)
    with transaction():
        printing.void_documents("parcel", [session().get_one(LabelDocument, job.document_id).subject_id])
    answer = bench.ask(f"/jobs/{job.id}/events", {**token, "words": [{"seq": 1, "type": "unsent", "detail": "off"}]})
    assert answer.json == {"state": "voided"}


def test_a_machine_that_printed_it_before_owns_up_to_a_server_that_forgot(bench: Bench, desk: Desk):
    """A restored backup: the job waits again there; the journal here knows better, and a person is asked."""
    document = desk.ready()
    bench.settled()
    job = send(bench, document)
    bench.settled()
    with transaction():
        again = session().get_one(PrintJob, job.id, populate_existing=True)
        again.state, again.claimed_by, again.claim_token = "queued", None, None
        session().execute(delete(PrintEvent).where(PrintEvent.job_id == job.id))
    bench.settled()
    assert states(document) == ["unknown"]
    assert sheets_of(bench, document) == 1
    scan(document)


def test_a_label_goes_to_the_other_printer_and_the_older_claim_lapses(
    bench: Bench, desk: Desk, cast: Cast, fresh_client: FlaskClient, tmp_path: Path
):
    (tmp_path / "two").mkdir()
    other = Bench(cast, fresh_client, tmp_path / "two", None)  # the bench's printer from now on
    document = desk.ready()
    for each in (bench, other):
        each.settled()
    with transaction():
        printing.bind_station(cast.supervisor, bench.station_id, "waybill", bench.printer_id, other.printer_id)
    job = send(bench, document)
    assert job.printer_id == bench.printer_id
    token = {"claim_token": bench.ask(f"/jobs/{job.id}/claim", {}).json["claim_token"]}
    bench.ask(f"/jobs/{job.id}/document", token)
    with transaction():
        fallback = queries.fallback_of(job_of(job))
        assert fallback is not None
        assert fallback.id == other.printer_id
        printing.redirect(cast.picker, job.id, fallback.id)
    assert bench.ask(f"/jobs/{job.id}/arm", token).status_code == 404  # not this agent's any more
    other.settled()
    assert (sheets_of(bench, document), sheets_of(other, document), states(document)) == (0, 1, ["dispatched"])


def test_without_an_agent_the_browser_prints(bench: Bench, desk: Desk):
    document = desk.ready()
    job = send(bench, document)  # it has not asked yet: nobody knows whether it is there
    assert (job.printer_id, job.state) == (None, "dispatching")
    bench.settled()
    now = clock.now()
    former = clock.use(lambda: now + timedelta(seconds=16))
    try:
        assert send(bench, desk.ready()).printer_id is None  # it has not been heard for 16 seconds
    finally:
        clock.use(former)


def test_a_batch_stops_at_the_jam_and_goes_on_behind_it(bench: Bench, desk: Desk):
    (bundle,) = desk.request(*(desk.draft() for _ in range(5)))
    desk.work()
    documents = desk.documents(bundle)
    bench.settled()
    with transaction():
        made = printing.print_bundle(SYSTEM, bundle, bench.station_id)
    assert [job.batch_seq for job in made] == [1, 2, 3, 4, 5]
    bench.settled(2)  # a round is a label
    token = {"claim_token": bench.ask(f"/jobs/{made[2].id}/claim", {}).json["claim_token"]}
    assert bench.ask(f"/jobs/{made[3].id}/claim", {}).status_code == 200  # by hand; the offers keep the order
    bench.ask(f"/jobs/{made[2].id}/document", token)
    bench.ask(f"/jobs/{made[2].id}/arm", token)
    bench.ask(f"/jobs/{made[2].id}/events", {**token, "words": [{"seq": 1, "type": "lost", "detail": "jam"}]})
    _minutes_pass()
    bench.settled()
    assert [states(each)[-1] for each in documents] == ["dispatched", "dispatched", "unknown", "queued", "queued"]
    with transaction():
        again = printing.report_lost(SYSTEM, made[2].id)
        assert (again.batch_id, again.batch_seq) == (made[2].batch_id, 3)
    now = clock.now()
    with transaction():
        printing.age_prints(now + timedelta(minutes=20))  # nobody came to the printer
    assert [states(each)[-1] for each in documents[2:]] == ["expired"] * 3
    with transaction():
        assert made[0].batch_id is not None
        jobs = printing.resume_batch(SYSTEM, made[0].batch_id)
    assert [job.state for job in jobs] == ["dispatched", "dispatched", "cancelled", "queued", "queued", "queued"]
    for _ in range(4):
        bench.settled(2)
    assert [states(each)[-1] for each in documents] == ["dispatched"] * 5
    assert [sheets_of(bench, each) for each in documents] == [1] * 5


def test_no_label_is_sent_again_while_it_is_being_sent(bench: Bench, desk: Desk, cast: Cast):
    document = desk.ready()
    bench.settled()
    job = send(bench, document)
    token = {"claim_token": bench.ask(f"/jobs/{job.id}/claim", {}).json["claim_token"]}
    for step in ("document", "arm"):
        bench.ask(f"/jobs/{job.id}/{step}", token)
    for use_case in (lambda: printing.report_lost(cast.picker, job.id),
                     lambda: printing.cancel_print(cast.supervisor, job.id, "no"),
                     lambda: printing.redirect(cast.picker, job.id, None),
                     lambda: printing.print_label(cast.picker, document.id, bench.station_id)):  # fmt: skip
        with pytest.raises(Refused) as caught, transaction():
            use_case()
        assert caught.value.code in ("still_sending", "sent_before")
    assert states(document) == ["dispatching"]


def test_what_may_come_out_twice_is_sent_again_a_few_times_by_itself(
    desk: Desk, cast: Cast, fresh_client: FlaskClient, tmp_path: Path
):
    from wms.printing.models import LabelKind
    from wms.printing.service import DocumentDraft

    bench = Bench(cast, fresh_client, tmp_path, None, width_mm=100.0, height_mm=60.0)
    location = next(iter(cast.overseas.locations.values()))
    document = desk.ready(DocumentDraft(LabelKind.LOCATION, "location", location))
    bench.settled()
    with transaction():
        printing.bind_station(cast.supervisor, bench.station_id, "location", bench.printer_id)
    job = send(bench, document)
    for attempt in range(3):
        claimed = bench.ask(f"/jobs/{job.id}/claim", {})
        token = {"claim_token": claimed.json["claim_token"]}
        for step in ("document", "arm"):
            assert bench.ask(f"/jobs/{job.id}/{step}", token).status_code == 200
        word = {"seq": claimed.json["next_seq"], "type": "lost", "detail": "jam"}
        assert bench.ask(f"/jobs/{job.id}/events", {**token, "words": [word]}).json == {"state": "unknown"}
        with transaction():
            printing.age_prints(clock.now())
        assert job_of(job).state == ("queued" if attempt < 2 else "unknown")
