"""The bench on the tablet: the box suggested and another taken, several parcels, a closed one opened again."""

from __future__ import annotations

import re
from datetime import date, time

import pytest
from sqlalchemy import text

from tests.floor.worker import CABLE, CODES, MUG, Tablet, totes, tracking_numbers
from tests.outbound.stage import BIN2, Stage
from wms.core.ids import new_id
from wms.facility.models import HandlingUnit
from wms.facility.packaging import service as catalogue
from wms.outbound.extras.models import OrderExtra
from wms.outbound.models import Order
from wms.outbound.rules import FOR_BUYERS
from wms.outbound.service import packing
from wms.platform.database import session

BAG_L, BOX_M = "C-BAG-L", "C-BOX-M"


@pytest.fixture
def stage(cast, db_session) -> Stage:
    return Stage(cast)


@pytest.fixture
def bench(stage: Stage) -> Order:
    stage.stock(MUG, 2)
    stage.stock(CABLE, 4, BIN2)
    order = stage.order({MUG: 2, CABLE: 4})
    stage.wave(order)
    stage.pick_all(order)
    return order


@pytest.fixture
def tablet(cast, client, bench) -> Tablet:
    """At the bench with the order's tote open."""
    made = Tablet(cast.sign_in(client, cast.receiver))
    made.start("pack")
    made.scan(tote_of(bench))
    return made


def tote_of(order: Order) -> str:
    session().expire_all()
    return session().get_one(HandlingUnit, session().get_one(Order, order.id).tote_id).barcode


def code_of(start: str) -> str:
    """The whole label of a packaging in DE1."""
    found = text("SELECT p.barcode FROM packaging p JOIN warehouse w ON w.id = p.warehouse_id WHERE w.code = 'DE1'"
                 " AND p.barcode LIKE :start")  # fmt: skip
    return str(session().execute(found, {"start": f"{start}-%"}).scalar_one())


def packaging() -> list[tuple[str | None, str | None]]:
    """(used, planned) of each parcel by code."""
    rows = session().execute(
        text("SELECT u.code, k.code FROM parcel p LEFT JOIN packaging u ON u.id = p.packaging_id"
             " LEFT JOIN packaging k ON k.id = p.planned_packaging_id ORDER BY p.n")
    )  # fmt: skip
    return [tuple(row) for row in rows]  # type: ignore[misc]


def test_the_plan_is_shown_with_its_picture_and_used_unless_another_is_taken(tablet: Tablet) -> None:
    (box,) = tablet.seen["plan"]["boxes"]
    assert (box["code"], box["units"]) == ("BOX-M", 6)
    page = tablet.look()
    assert "Carton M" in page
    faces = re.findall(r'<polygon class="pack-(?:top|left|right) slot-(\d)" points="[-0-9, ]+">', page)
    assert {"1", "2"} == set(faces)
    assert len(faces) == 3 * sum(figure == "1" or figure == "2" for figure in faces[::3])
    assert "style=" not in page.split("<svg", 1)[1].split("</svg>", 1)[0]
    for sku in (MUG, MUG, CABLE, CABLE, CABLE, CABLE):
        tablet.scan(CODES[sku])
    assert tablet.seen["expected_g"] == 2 * 320 + 4 * 35 + 180
    tablet.scan("CMD-OK", weight_g=tablet.seen["expected_g"])
    tablet.scan(tracking_numbers()[0])
    assert packaging() == [("BOX-M", "BOX-M")]


def test_goods_of_a_product_that_is_out_of_use_are_packed_like_others(tablet: Tablet) -> None:
    """Its seller takes no new orders for it; this one was promised before."""
    session().execute(
        text("UPDATE product SET is_active = false WHERE sku IN (:mug, :cable)"), {"mug": MUG, "cable": CABLE}
    )
    session().commit()
    for sku in (MUG, MUG, CABLE, CABLE, CABLE, CABLE):
        assert tablet.scan(CODES[sku])["tone"] != "error", sku
    assert tablet.step == "weigh"


@pytest.mark.parametrize("step", ["scan_product", "weigh"])
def test_another_box_is_taken_by_its_label(tablet: Tablet, step: str) -> None:
    if step == "weigh":
        for sku in (MUG, MUG, CABLE, CABLE, CABLE, CABLE):
            tablet.scan(CODES[sku])
    told = tablet.scan(code_of("C-BOX-L"))
    assert (told["code"], told["title"], tablet.step) == ("packaging_chosen", "It goes into Carton L.", step)
    page = tablet.look()
    assert "planned: Carton M" in page
    assert "<svg viewBox" not in page
    if step == "scan_product":
        for sku in (MUG, MUG, CABLE, CABLE, CABLE, CABLE):
            tablet.scan(CODES[sku])
    assert tablet.seen["expected_g"] == 2 * 320 + 4 * 35 + 410
    tablet.scan("CMD-OK", weight_g=tablet.seen["expected_g"])
    tablet.scan(tracking_numbers()[0])
    assert packaging() == [("BOX-L", "BOX-M")]


def test_a_box_of_another_seller_or_another_house_is_not_taken(cast, stage: Stage, tablet: Tablet) -> None:
    values = {"name": "Rival's box", "kind": "carton", "empty_g": 90, "max_g": 5000, "cost_minor": 0,
              "takes_dangerous": True, "is_active": True}  # fmt: skip
    values |= {f"{where}_{side}_mm": 300 for where in ("inner", "outer") for side in ("length", "width", "height")}
    rival = stage.do(catalogue.add_packaging, cast.admin, cast.overseas.id, "RIVAL", values, cast.RIVAL.id)
    assert tablet.scan(rival.barcode)["code"] == "packaging_foreign"
    assert tablet.scan(code_of("C-BOX-M").replace("C-", "C-NGB1-"))["code"] == "scan_unknown"
    stage.do(catalogue.edit_packaging, cast.admin, rival.id, None, {"is_active": False})
    assert tablet.scan(rival.barcode)["code"] == "scan_unknown"


def test_two_parcels_one_after_the_other(tablet: Tablet, bench: Order) -> None:
    assert "Box is full" not in tablet.look()
    assert tablet.scan("CMD-FULL")["code"] == "box_empty"
    for _ in range(2):
        tablet.scan(CODES[MUG])
    assert "Box is full" in tablet.look()
    assert tablet.scan("CMD-FULL")["code"] == "box_full"
    assert "Parcel 1 of 2" in tablet.look()
    tablet.scan(code_of(BAG_L))
    assert tablet.scan("CMD-OK", weight_g=2 * 320 + 24)["code"] == "weighed"
    first, second = tracking_numbers()
    assert tablet.scan(second)["code"] == "wrong_waybill"
    told = tablet.scan(first)
    assert (told["title"], tablet.step) == ("Parcel closed. Next box: 4 left.", "scan_product")
    assert [each["code"] for each in tablet.seen["plan"]["boxes"]] == ["BAG-S"]
    assert tablet.seen["packaging"] is None
    for _ in range(4):
        tablet.scan(CODES[CABLE])
    assert "Parcel 2 of 2" in tablet.look()
    tablet.scan("CMD-OK", weight_g=tablet.seen["expected_g"])
    assert (tablet.scan(second)["code"], tablet.step) == ("parcel_closed", "scan_tote")
    assert packaging() == [("BAG-L", "BOX-M"), ("BAG-S", "BAG-S")]
    tablet.start("handover")
    assert tablet.scan(first)["code"] == "parcel_loaded_more"
    assert tablet.scan(second)["code"] == "parcel_loaded"


def test_a_full_box_goes_on_when_there_is_still_room(tablet: Tablet) -> None:
    tablet.scan(CODES[MUG])
    tablet.scan("CMD-FULL")
    assert (tablet.scan("CMD-UNDO")["code"], tablet.step) == ("box_goes_on", "scan_product")
    assert "Parcel 1 of" not in tablet.look()
    assert [line["verified"] for line in tablet.seen["lines"]] == [0, 1]  # cables, mugs: nothing was taken back
    assert tablet.scan("CMD-UNDO")["code"] == "check_undone"


def test_a_closed_parcel_is_opened_with_its_label(tablet: Tablet, bench: Order, cast) -> None:
    for sku in (MUG, MUG, CABLE, CABLE, CABLE, CABLE):
        tablet.scan(CODES[sku])
    tablet.scan("CMD-OK", weight_g=tablet.seen["expected_g"])
    (number,) = tracking_numbers()
    assert tablet.step == "scan_waybill"
    tablet.scan("CMD-BACK")
    assert tablet.scan(number)["code"] == "parcel_open"
    tablet.scan(tote_of(bench))
    tablet.scan("CMD-OK", weight_g=tablet.seen["expected_g"])
    tablet.scan(number)
    assert (tablet.scan(number)["code"], tablet.step) == ("parcel_to_reopen", "reopen_tote")
    assert number in tablet.look()
    told = tablet.scan(totes(cast.overseas.id)[0])
    assert (told["code"], tablet.step) == ("parcel_reopened", "weigh")
    assert tablet.scan("CMD-UNDO")["code"] == "check_undone"
    tablet.scan(CODES[CABLE])
    tablet.scan("CMD-OK", weight_g=tablet.seen["expected_g"])
    assert tablet.scan(number)["code"] == "parcel_closed"


def test_without_a_size_the_screen_says_so(cast, client, stage: Stage, bench: Order) -> None:
    session().execute(
        text("UPDATE product SET declared_length_mm = 1, declared_width_mm = 1, declared_height_mm = 1 WHERE sku = :s"),
        {"s": CABLE},
    )
    tablet = Tablet(cast.sign_in(client, cast.picker))
    tablet.start("pack")
    tablet.scan(tote_of(bench))
    assert tablet.seen["plan"]["why"] == {"code": "no_size", "sku": CABLE}
    page = tablet.look()
    assert f"{CABLE} 没有尺寸，无法推荐包材。" in page
    assert "请选择" in page
    session().execute(
        text(
            "UPDATE product SET measured_length_mm = 120, measured_width_mm = 80, measured_height_mm = 20 WHERE sku = :s"
        ),
        {"s": CABLE},
    )
    tablet.scan("CMD-BACK")
    tablet.scan(tote_of(bench))
    assert [each["code"] for each in tablet.seen["plan"]["boxes"]] == ["BOX-M"]


def test_the_fast_lane_takes_two_scans_a_parcel(cast, client, stage: Stage) -> None:
    stage.stock(MUG, 2)
    stage.stock(CABLE, 2, BIN2)
    orders = [stage.order({sku: 1}) for sku in (MUG, CABLE)]
    stage.wave(*orders)
    stage.jobs("printing.render_bundle")
    tablet = Tablet(cast.sign_in(client, cast.receiver))
    tablet.start("pick")
    tablet.scan("CMD-OK")
    assert tablet.step == "scan_tote"
    tote = totes(cast.overseas.id)[0]
    assert tablet.scan("CMD-MIXED")["code"] == "lane_next_tote"
    assert tablet.scan(tote)["title"] == "2 orders of one piece go in here."
    while tablet.step == "scan_location":
        wanted = tablet.seen
        tablet.scan(wanted["location_barcode"])
        tablet.scan(CODES[wanted["sku"]])
    tablet.start("lane")
    assert "Take any item from the lane" in tablet.look()
    assert tablet.scan("ACME:LAMP-DESK-W")["code"] == "lane_empty"
    for sku in (MUG, CABLE):
        told = tablet.scan(CODES[sku])
        assert (told["code"], tablet.step) == ("lane_label", "scan_waybill")
        assert "Print the label" in tablet.look()
        if sku == MUG:
            assert tablet.scan("CMD-UNDO")["code"] == "lane_given_back"
            tablet.scan(CODES[sku])
        assert tablet.scan("HC00000000000")["tone"] == "error"
        assert (tablet.scan(tablet.seen["tracking_number"])["code"], tablet.step) == ("parcel_closed", "scan_item")
    assert tote in totes(cast.overseas.id)
    assert [stage.state(order) for order in orders] == ["packed", "packed"]


def test_the_lane_s_command_leads_into_no_dead_end(cast, client, stage: Stage) -> None:
    """Without single pieces it says so at once; BACK takes it back; single pieces that went meanwhile let the tote be asked
    for again.
    """
    stage.stock(MUG, 5)
    several = stage.order({MUG: 2})
    stage.wave(several)
    tablet = Tablet(cast.sign_in(client, cast.receiver))
    tablet.start("pick")
    tablet.scan("CMD-OK")
    told = tablet.scan("CMD-MIXED")
    assert (told["code"], told["tone"], tablet.step) == ("no_singles", "error", "scan_tote")
    assert tablet.scan(totes(cast.overseas.id)[0])["code"] == "tote_bound"
    tablet.scan(tablet.seen["location_barcode"])
    for _ in range(2):
        tablet.scan(CODES[MUG])
    single = stage.order({MUG: 1})
    stage.wave(single)
    tablet.start("pick")
    tablet.scan("CMD-OK")
    tablet.scan("CMD-MIXED")
    assert (tablet.scan("CMD-BACK")["code"], tablet.step) == ("step_back", "scan_tote")
    tablet.scan("CMD-MIXED")
    session().execute(text("UPDATE product SET pack_photo = true WHERE sku = :sku"), {"sku": MUG})
    session().commit()
    tote = totes(cast.overseas.id)[0]
    assert (tablet.scan(tote)["code"], tablet.step) == ("no_singles", "scan_tote")
    assert tablet.scan(tote)["code"] == "tote_bound"


def test_a_lane_s_container_scanned_at_home_opens_the_lane(cast, client, stage: Stage) -> None:
    session().execute(text("UPDATE handling_unit SET subject_kind = 'lane', subject_id = id WHERE kind = 'tote'"))
    (tote, *_) = session().execute(
        text("SELECT barcode FROM handling_unit WHERE kind = 'tote' AND warehouse_id = :w ORDER BY code"),
        {"w": cast.overseas.id},
    ).scalars()  # fmt: skip
    tablet = Tablet(cast.sign_in(client, cast.receiver))
    answer = tablet.caller.post("/floor/find", data={"raw": tote, "command_id": str(new_id())})
    assert answer.headers["Location"].endswith("/floor/work/lane")


@pytest.mark.parametrize("kind", ["dropship", "b2b", "fba", "return_to_seller", "transfer"])
def test_leaflets_go_to_buyers(cast, client, stage: Stage, bench: Order, kind: str) -> None:
    stage.do(catalogue.add_insert, cast.admin, cast.overseas.id, "Summer flyer", None, None)
    session().execute(text("UPDATE outbound_order SET kind = :kind WHERE id = :id"), {"kind": kind, "id": bench.id})
    assert packing.plan_boxes(bench.id)["inserts"] == (["Summer flyer"] if kind in FOR_BUYERS else [])
    session().rollback()


@pytest.mark.parametrize(
    ("owner", "country", "shown"),
    [(None, None, True), ("ACME", "DE", True), ("RIVAL", None, False), ("ACME", "FR", False), (None, "FR", False)],
)
def test_what_goes_in_besides_is_said_for_the_first_parcel(
    cast, client, stage: Stage, bench: Order, owner, country, shown
) -> None:
    owner_id = None if owner is None else getattr(cast, owner).id
    made = stage.do(catalogue.add_insert, cast.admin, cast.overseas.id, "Summer flyer", owner_id, country)
    tablet = Tablet(cast.sign_in(client, cast.receiver))
    tablet.start("pack")
    tablet.scan(tote_of(bench))
    assert ("Put in: Summer flyer" in tablet.look()) is shown
    tablet.scan(CODES[MUG])
    told = tablet.scan("CMD-FULL")["code"]
    assert (told, tablet.step) == (("box_inserts_first", "inserts") if shown else ("box_full", "weigh"))
    if shown:  # who packs says that it is in
        assert tablet.scan("CMD-UNDO")["code"] == "box_goes_on"
        tablet.scan("CMD-FULL")
        assert tablet.scan(CODES[MUG])["tone"] == "error"
        assert tablet.scan("CMD-OK")["code"] == "inserts_in"
    tablet.scan("CMD-OK", weight_g=tablet.seen["expected_g"])
    tablet.scan(tracking_numbers()[0])
    assert tablet.seen["plan"]["inserts"] == []
    stage.do(catalogue.end_insert, cast.admin, made.id)


def test_what_ships_in_its_own_carton_is_a_parcel_each(cast, client, stage: Stage) -> None:
    session().execute(text("UPDATE product SET cargo_attributes = '{own_carton}' WHERE sku = :sku"), {"sku": MUG})
    stage.stock(MUG, 2)
    order = stage.order({MUG: 2})
    stage.wave(order)
    stage.pick_all(order)
    tablet = Tablet(cast.sign_in(client, cast.receiver))
    tablet.start("pack")
    tablet.scan(tote_of(order))
    assert [each["kind"] for each in tablet.seen["plan"]["boxes"]] == ["own", "own"]
    assert "Its own carton" in tablet.look()
    tablet.scan(CODES[MUG])
    tablet.scan("CMD-FULL")
    assert (tablet.seen["low_g"] <= 320 <= tablet.seen["high_g"], tablet.step) == (True, "weigh")
    tablet.scan("CMD-OK", weight_g=320)
    assert tablet.scan(tracking_numbers()[0])["code"] == "box_closed"
    assert len(tablet.seen["plan"]["boxes"]) == 1
    tablet.scan(CODES[MUG])
    tablet.scan("CMD-OK", weight_g=320)
    assert tablet.scan(tracking_numbers()[1])["code"] == "parcel_closed"
    assert packaging() == [(None, None), (None, None)]


@pytest.mark.parametrize(
    ("person", "money", "words"),
    [("receiver", "COD 49.90 EUR", ["At the door", "18 or older", "Tail lift", "2026-12-24 10:00–12:30"]),
     ("picker", "代收 49.90 EUR", ["派送要求", "18", "尾板", "2026-12-24 10:00–12:30"])],
)  # fmt: skip
def test_the_bench_tells_what_is_done_at_the_door(
    cast, client, bench: Order, person: str, money: str, words: list[str]
) -> None:
    """Money with the first box only; the rest with every one. In the language of who packs."""
    said = {
        "cod_minor": 4990,
        "cod_currency": "EUR",
        "age_check": 18,
        "liftgate": True,
        "deliver_on": date(2026, 12, 24),
    }
    session().add(OrderExtra(order_id=bench.id, packing=[], deliver_from=time(10), deliver_until=time(12, 30), **said))
    session().flush()
    tablet = Tablet(cast.sign_in(client, getattr(cast, person)))
    tablet.start("pack")
    tablet.scan(tote_of(bench))
    for sku in (MUG, MUG):
        assert [word for word in (money, *words) if word not in tablet.look()] == []
        tablet.scan(CODES[sku])
    tablet.scan("CMD-FULL")
    tablet.scan(code_of(BAG_L))
    tablet.scan("CMD-OK", weight_g=2 * 320 + 24)
    assert money in tablet.look()
    tablet.scan(tracking_numbers()[0])
    second = tablet.look()
    assert ("49.90" in second, [word for word in words if word not in second]) == (False, [])
