"""The wire contract of a scan: one effect, the same answer again, and words for everything that can go wrong."""

from __future__ import annotations

import re

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from tests.floor.worker import (
    CABLE,
    CODES,
    MUG,
    Tablet,
    announce,
    house_carrier,
    order,
    prepare_waybills,
    totes,
    tracking_numbers,
)
from tests.outbound.stage import BIN1, Stage
from wms.catalog.models import ProductBarcode
from wms.core import clock
from wms.core.barcodes import SCANNER_TEST
from wms.core.ids import new_id
from wms.core.refusals import Refused
from wms.floor import errors
from wms.floor.resolver import Kind, Scope, resolve
from wms.floor.words import advice, sentence
from wms.platform.database import session


def receive_and_stow(cast, tablet: Tablet, lines: dict[str, int]) -> None:
    (label,) = announce(cast, lines)
    tablet.start("receive")
    assert tablet.scan(label)["code"] == "carton_opened"
    for sku, quantity in lines.items():
        assert tablet.scan(CODES[sku], quantity=quantity)["tone"] == "ok"
    assert tablet.scan("CMD-OK")["code"] == "carton_closed"
    tablet.start("putaway")
    assert tablet.scan(label)["code"] == "source_taken"
    for sku in lines:
        assert tablet.scan(CODES[sku])["code"] == "item_in_hand"
        assert tablet.seen["location"] in cast.overseas.labels
        assert tablet.scan(cast.overseas.labels[tablet.seen["location"]])["code"] == "item_stowed"
    assert tablet.step == "scan_carton"


def test_one_order_goes_from_the_dock_to_the_load(cast, client, tablet):
    receive_and_stow(cast, tablet, {MUG: 10, CABLE: 4})
    service = house_carrier()
    order(cast.api(client), {MUG: 2, CABLE: 1}, service)
    tablet.start("pick")
    assert tablet.scan("CMD-OK")["code"] == "walks_planned"
    prepare_waybills()
    assert tablet.scan("CMD-OK")["title"] == "Orders 1, stops 2."
    assert tablet.step == "scan_tote"
    tote = totes(cast.overseas.id)[0]
    assert tablet.scan(tote)["code"] == "tote_bound"
    while tablet.step == "scan_location":
        wanted = tablet.seen
        assert tablet.scan(wanted["location_barcode"])["code"] == "bin_right"
        assert tablet.scan(CODES[wanted["sku"]], quantity=wanted["quantity"])["code"] in ("stop_done", "walk_done")
    assert tablet.step == "begin"
    tablet.start("pack")
    assert tablet.scan(tote)["title"] == "To check: 3."
    for sku in (MUG, MUG, CABLE):
        feedback = tablet.scan(CODES[sku])
    assert (feedback["code"], tablet.step) == ("all_checked", "weigh")
    assert tablet.scan("CMD-OK", weight_g=5)["code"] == "weight_off"
    boss = Tablet(cast.sign_in(client, cast.supervisor))
    boss.start("pack")
    boss.scan(tote)
    assert [boss.scan("CMD-OK", weight_g=5)["code"] for _ in range(2)] == ["weight_confirm", "weighed"]
    assert tablet.scan("CMD-OK", weight_g=tablet.seen["expected_g"])["code"] == "weighed"
    number = tracking_numbers()[0]
    assert tablet.scan(number)["code"] == "parcel_closed"
    tablet.start("handover")
    assert tablet.scan(number)["code"] == "parcel_loaded"
    assert tablet.scan(number)["code"] == "parcel_already"


def test_the_same_scan_again_gives_the_same_answer_and_one_effect(cast, client, db_session, tablet):
    (label,) = announce(cast, {MUG: 10})
    tablet.start("receive")
    tablet.scan(label)
    body = tablet.body(CODES[MUG])
    first, second = tablet.send(body), tablet.send(body)
    assert first.json["feedback"] == second.json["feedback"]
    assert first.json["feedback"]["title"] == "1 of 10 counted."
    assert (first.headers.get("Idempotent-Replay"), second.headers["Idempotent-Replay"]) == (None, "true")
    assert counted() == 1


def test_a_refused_scan_again_is_refused_again(cast, client, tablet):
    tablet.start("receive")
    body = tablet.body("NOBODY-KNOWS-8831")
    first, second = tablet.send(body), tablet.send(body)
    assert first.json["feedback"] == second.json["feedback"]
    assert first.json["feedback"]["code"] == "scan_unknown"
    assert second.headers["Idempotent-Replay"] == "true"


def test_the_same_scan_id_with_another_body_is_refused_and_changes_nothing(cast, client, tablet):
    (label,) = announce(cast, {MUG: 10})
    tablet.start("receive")
    tablet.scan(label)
    body = tablet.body(CODES[MUG])
    assert tablet.send(body).status_code == 200
    answer = tablet.send({**body, "quantity": 5})
    assert (answer.status_code, answer.json["code"]) == (422, "command_id_reused")
    assert counted() == 1


def test_a_stale_step_is_409_with_the_step_that_is_now(cast, client, tablet):
    (label,) = announce(cast, {MUG: 10})
    tablet.start("receive")
    tablet.scan(label)
    late = tablet.body(CODES[MUG])
    tablet.scan(CODES[MUG])
    answer = tablet.send(late)
    assert (answer.status_code, answer.json["code"]) == (409, "stale_step")
    assert answer.json["current"]["step_token"] == tablet.next["step_token"]
    assert answer.json["current"]["state"] == "scan_product"
    assert counted() == 1


def test_a_batch_stops_at_a_refusal_unless_told_otherwise(cast, client, tablet):
    (label,) = announce(cast, {MUG: 10})
    tablet.start("receive")
    tablet.scan(label)
    for stop, accepted in ((True, [True, False]), (False, [True, False, True])):
        scans = [{**tablet.body(raw), "step_token": None} for raw in (CODES[MUG], "NOBODY-KNOWS-8831", CODES[MUG])]
        answer = tablet.caller.post("/floor/v1/scans/batch", {"scans": scans, "stop_at_refusal": stop})
        assert answer.status_code == 200
        assert [result["ok"] for result in answer.json["results"]] == accepted
        assert answer.json["next"]["state"] == "scan_product"
    assert counted() == 3


def test_nobody_sees_or_moves_the_task_of_another(cast, client, tablet):
    (label,) = announce(cast, {MUG: 10})
    tablet.start("receive")
    tablet.scan(label)
    stranger = Tablet(cast.sign_in(client, cast.picker))
    stranger.next = tablet.next
    body = stranger.body(CODES[MUG])
    assert stranger.send(body).status_code == 404
    for path in (f"/floor/v1/tasks/{tablet.next['task_id']}", f"/floor/tasks/{tablet.next['task_id']}/screen"):
        assert stranger.caller.get(path).status_code == 404
    assert counted() == 0


@pytest.mark.parametrize(
    ("person", "wrong_kind", "what_now", "unknown"),
    [
        ("receiver", "That is a bin.", "Scan the item's barcode.", "Unknown code …8831. Scan again or ask lead."),
        ("picker", "这是库位码。", "请扫商品条码。", "条码 …8831 未登记。请重扫或找组长。"),
    ],
)
def test_wrong_codes_are_worded_in_the_readers_language(cast, client, person, wrong_kind, what_now, unknown):
    tablet = Tablet(cast.sign_in(client, getattr(cast, person)))
    (label,) = announce(cast, {MUG: 10})
    tablet.start("receive")
    tablet.scan(label)
    feedback = tablet.scan(cast.overseas.labels["A-01-01-1"])
    assert (feedback["title"], feedback["detail"], feedback["tone"]) == (wrong_kind, what_now, "error")
    assert tablet.scan("NOBODY-KNOWS-8831")["title"] == unknown
    assert tablet.step == "scan_product"


def test_a_task_is_resumed_and_survives_a_reload(cast, client, tablet):
    (label,) = announce(cast, {MUG: 10})
    tablet.start("receive")
    tablet.scan(label)
    before = dict(tablet.next)
    assert tablet.start("receive") == before
    assert "MUG-450-BLUE" in tablet.look()


def test_scanned_on_the_task_home_a_carton_opens_its_work(cast, client, tablet):
    (label,) = announce(cast, {MUG: 10})
    answer = tablet.caller.post("/floor/find", data={"command_id": str(new_id()), "raw": label})
    assert (answer.status_code, answer.headers["Location"]) == (303, "/floor/work/receive")
    tablet.start("receive")
    assert tablet.step == "scan_product"
    page = tablet.caller.post("/floor/find", data={"command_id": str(new_id()), "raw": "NOBODY-8831"})
    assert "Unknown code …8831." in page.get_data(as_text=True)


def test_every_sentence_fits_its_band():
    """Line one within 45 characters; never the words that frighten (floor app, section 6.3)."""
    for code, words in {**errors.TEXTS, **errors.KIND_IS}.items():
        assert len(re.sub(r"%\(\w+\)s", "12", words)) <= 45, code
        assert not re.search(r"\b(error|invalid|exception)\b", words, re.IGNORECASE), code


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    raw=st.text(max_size=300),
    kinds=st.lists(st.sampled_from([kind for kind in Kind if kind is not Kind.COMMAND]), max_size=3),
)
@example(raw="]C10109501101530003171", kinds=[Kind.PRODUCT])
@example(raw="0" * 80, kinds=[Kind.PRODUCT])
@example(raw="\x00", kinds=[Kind.PRODUCT])
@example(raw="²³", kinds=[Kind.PRODUCT])
@example(raw="]C1\x1d", kinds=[])
def test_whatever_is_scanned_is_found_or_refused(cast, db_session, raw, kinds):
    refusal = None
    try:
        resolve(raw, Scope(cast.overseas.id), kinds)
    except Refused as refused:
        refusal = refused
    if refusal is not None:
        assert refusal.code in {"scan_unreadable", "scan_unknown", "scan_wrong_kind", "scan_ambiguous"}
        assert sentence(refusal.code, refusal.params)
        assert advice(refusal.code, refusal.params)


def counted() -> int:
    return int(session().execute(text("SELECT coalesce(sum(quantity), 0) FROM receipt")).scalar_one())


@pytest.mark.parametrize(
    ("typed", "code", "tone"),
    [(SCANNER_TEST, "scanner_well", "ok"), (SCANNER_TEST.swapcase(), "scanner_caps_lock", "error"),
     (SCANNER_TEST.replace("z", "y").replace("-", "ß"), "scanner_keyboard_layout", "error"),
     ("ＴＥＳＴ：" + SCANNER_TEST[5:], "scanner_input_method", "error")],
)  # fmt: skip
def test_the_self_test_card_tells_on_a_scanner_at_any_step(cast, client, tablet, typed, code, tone):
    (label,) = announce(cast, {MUG: 2})
    tablet.start("receive")
    tablet.scan(label)
    before = tablet.step, tablet.seen
    told = tablet.scan(typed)
    assert (told["code"], told["tone"]) == (code, tone)
    assert (tablet.step, tablet.seen) == before
    tablet.scan(CODES[MUG])  # and work goes on
    page = cast.sign_in(client, cast.receiver)
    page.post("/floor/station", data={"barcode": bench(cast)})
    home = page.post("/floor/find", data={"command_id": str(new_id()), "raw": typed})
    assert sentence(code, {}) in home.get_data(as_text=True)


def bench(cast) -> str:
    statement = text("SELECT barcode FROM station WHERE warehouse_id = :w ORDER BY code LIMIT 1")
    return str(session().execute(statement, {"w": cast.overseas.id}).scalar_one())


def test_a_code_means_the_product_in_use_unless_the_other_one_lies_there(cast, db_session):
    """Two sellers have the same EAN; one of them sells it no more."""
    mine, theirs = cast.ACME.products[MUG], cast.RIVAL.products[MUG]
    for owner, product in ((cast.ACME.id, mine), (cast.RIVAL.id, theirs)):
        db_session.add(ProductBarcode(id=new_id(), owner_id=owner, product_id=product, barcode="4006381333931", kind="gtin",
                                      quantity=1, created_at=clock.now()))  # fmt: skip
    db_session.flush()
    Stage(cast).stock(MUG, 3, BIN1)
    with pytest.raises(Refused) as raised:
        resolve("4006381333931", Scope(cast.overseas.id), [Kind.PRODUCT])
    assert raised.value.code == "scan_ambiguous"
    db_session.execute(text("UPDATE product SET is_active = false WHERE id = :id"), {"id": mine})
    here = Scope(cast.overseas.id, place_id=cast.overseas.locations[BIN1])
    assert resolve("4006381333931", Scope(cast.overseas.id), [Kind.PRODUCT]).id == theirs
    assert resolve("4006381333931", here, [Kind.PRODUCT]).id == mine
    db_session.execute(text("UPDATE product SET is_active = false WHERE id = :id"), {"id": theirs})
    assert resolve("4006381333931", Scope(cast.overseas.id, owner_id=cast.ACME.id), [Kind.PRODUCT]).id == mine


@pytest.mark.parametrize("told", ["00340434161094042557", "340434161094042557"])
@pytest.mark.parametrize(
    "read", ["00340434161094042557", "]C100340434161094042557", "(00)340434161094042557", "340434161094042557"]
)
def test_an_sscc_is_one_number_with_and_without_its_identifier(cast, db_session, told, read):
    """Carriers and factories write it in 18 digits or in 20 (DHL parcels, cartons of a booking); scanners send what they like."""
    (label,) = announce(cast, {MUG: 5})
    db_session.execute(text("UPDATE carton SET reference_box_no = :told WHERE barcode = :label"),
                       {"told": told, "label": label})  # fmt: skip
    assert resolve(read, Scope(cast.overseas.id), [Kind.CARTON]).code == label
