"""A carrier that works with files: a table out, numbers in, and every row that does not fit is told."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from tests.outbound.stage import MUG, Stage
from wms.outbound.models import Order
from wms.outbound.service import carrier_files
from wms.platform.database import session, transaction
from wms.platform.tables import read_table
from wms.printing.models import LabelDocument
from wms.shipping import service as shipping
from wms.shipping.carriers import FILE, FILE_CAPABILITIES
from wms.shipping.models import Carrier, CarrierTask, Parcel, Shipment

NUMBERS = ["1Z5R89390357567127", "1Z879E930346834440"]


@pytest.fixture
def carrier(stage: Stage) -> Carrier:
    stage.stock(MUG, 10)
    with transaction():
        made = shipping.create_carrier(
            stage.cast.admin, "POST", "Post", kind=FILE, capabilities=FILE_CAPABILITIES, number_format="ups"
        )
        shipping.add_service(stage.cast.admin, made.id, "POST-STD", "Post")
    return made


def ordered(stage: Stage, **more) -> tuple[Order, Parcel]:
    order = stage.order({MUG: 1}, service="POST-STD", **more)
    stage.wave(order)
    stage.jobs()
    return order, parcel_of(order)


def parcel_of(order: Order) -> Parcel:
    session().expire_all()
    return session().scalars(select(Parcel).join(Shipment).where(Shipment.subject_id == order.id)).one()


def written(stage: Stage, carrier: Carrier) -> bytes:
    content: bytes = stage.do(carrier_files.parcels_table, stage.cast.supervisor, carrier.id, stage.cast.overseas.id)
    return content


def table(stage: Stage, carrier: Carrier) -> list[dict[str, str]]:
    return read_table(written(stage, carrier), carrier_files.COLUMNS, 100)


def take(stage: Stage, carrier: Carrier, *rows: tuple[str, str]) -> list[str]:
    given = [{"reference": reference, "tracking_number": number} for reference, number in rows]
    said = stage.do(carrier_files.take_numbers, stage.cast.supervisor, carrier.id, stage.cast.overseas.id, given)
    return [each.outcome for each in said]


def test_the_file_goes_its_whole_way(stage: Stage, carrier: Carrier):
    order, parcel = ordered(stage)
    assert parcel.tracking_number is None
    (row,) = table(stage, carrier)
    assert (row["reference"], row["name"], row["country"], row["service"]) == (
        parcel.client_reference, "Anna Schmidt", "DE", "POST-STD",
    )  # fmt: skip
    assert row["phone"] == "+49 30 1234567"
    assert table(stage, carrier) == [row], "asked again it is the same"
    assert take(stage, carrier, (parcel.client_reference, NUMBERS[0].lower())) == ["taken"]
    assert take(stage, carrier, (parcel.client_reference, NUMBERS[0])) == ["already"], "the same file again"
    parcel = parcel_of(order)
    assert parcel.tracking_number == NUMBERS[0]
    assert session().get_one(Shipment, parcel.shipment_id).state == "labelled"
    document = session().scalars(select(LabelDocument).where(LabelDocument.subject_id == parcel.id)).one()
    assert (document.state, document.barcode) == ("requested", NUMBERS[0])
    assert session().scalars(select(CarrierTask.state)).one() == "done"
    stage.pick_all(order)
    stage.hand_over(stage.pack(order))
    assert stage.state(order) == "shipped"


def test_every_row_that_does_not_fit_is_told_and_the_others_count(stage: Stage, carrier: Carrier):
    parcels = [ordered(stage)[1].client_reference for _ in range(6)]
    voided, gone = ordered(stage)
    stage.cancel(voided)
    assert take(stage, carrier, (parcels[5], NUMBERS[1])) == ["taken"]
    said = take(
        stage, carrier,
        (parcels[0], NUMBERS[0]), (parcels[1], "1Z5R89390357567128"), ("nobody/1", "1Z1"), (parcels[2], "=1+1"),
        (parcels[3], "1ZAAAAAA0000000001"), (parcels[3], "1ZAAAAAA0000000002"), (parcels[4], NUMBERS[1]),
        (parcels[5], NUMBERS[0] + "0"), (gone.client_reference, "1ZAAAAAA0000000003"),
    )  # fmt: skip
    assert said == [
        "taken",
        "doubtful",
        "unknown",
        "no_number",
        "twice",
        "twice",
        "number_taken",
        "has_another",
        "voided",
    ]
    assert take(stage, carrier, (parcels[2], NUMBERS[0]), (parcels[4], NUMBERS[0])) == ["twice", "twice"]


def test_a_cancelled_parcel_leaves_the_table(stage: Stage, carrier: Carrier):
    order, _ = ordered(stage)
    _, kept = ordered(stage)
    stage.cancel(order)
    assert [row["reference"] for row in table(stage, carrier)] == [kept.client_reference]


def test_a_cell_that_a_spreadsheet_would_run_is_text(stage: Stage, carrier: Carrier):
    ordered(stage, consignee={"name": "=HYPERLINK(1)"})
    assert b",'=HYPERLINK(1)," in written(stage, carrier)
    assert table(stage, carrier)[0]["name"] == "=HYPERLINK(1)", "and is what it was when the file comes back"


def test_only_people_of_the_warehouse_and_only_such_carriers(stage: Stage, carrier: Carrier):
    house = session().scalars(select(Carrier).where(Carrier.code == "HOUSE")).one()
    for person, each in ((stage.cast.customs_clerk, carrier), (stage.cast.acme, carrier), (stage.cast.admin, house)):
        for use_case in (carrier_files.parcels_table, carrier_files.take_numbers):
            more = ([],) if use_case is carrier_files.take_numbers else ()
            assert stage.refused(use_case, person, each.id, stage.cast.overseas.id, *more).code == "not_found"
