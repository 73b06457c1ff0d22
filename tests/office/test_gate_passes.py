"""Gate passes: recorded by customs' clerk for a load of a bonded warehouse, printed for its driver without a buyer's name."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, text

from labels import GatePass
from tests.office.test_pages import form
from wms.core.ids import new_id
from wms.customs.models import GatePass as Pass
from wms.outbound.gate_passes import gate_passes
from wms.platform.database import session, transaction
from wms.printing.models import LabelDocument
from wms.shipping.models import Manifest

HERE = "/office/gate-passes"
GOOD = {
    "number": "2301hfd0042",
    "vehicle": "浙B·12345",
    "vehicle_weight_kg": "4200",
    "seal": "S-9",
    "valid_until": "2026-12-31",
}


@pytest.fixture
def load(life) -> uuid.UUID:
    """The load of the life's warehouse, which is a bonded one here."""
    with life.app.app_context(), transaction():
        session().execute(text("UPDATE warehouse SET kind = 'bonded', regime = '1210' WHERE code = 'DE1'"))
        found: uuid.UUID = session().execute(text("SELECT id FROM manifest")).scalar_one()
    return found


def passes(life) -> list[Any]:
    with life.app.app_context():
        return list(session().execute(select(Pass.number, Pass.vehicle, Pass.subject_id).order_by(Pass.created_at)))


def test_the_loads_of_other_warehouses_hide_none_of_a_bonded_one(cast, client, life, monkeypatch):
    """The newest load is of the life's warehouse, which is none that needs a pass here."""
    with life.app.app_context(), transaction():
        newest = session().scalars(select(Manifest)).one()
        session().add(Manifest(
            id=new_id(), warehouse_id=cast.bonded.id, carrier_id=newest.carrier_id, number="M-BONDED",
            state="closed", created_at=newest.created_at - timedelta(minutes=1),
        ))  # fmt: skip
    monkeypatch.setattr("wms.office.pages.gate_passes.SHOWN", 1)
    assert "M-BONDED" in cast.sign_in(client, cast.admin).get(HERE).text


def test_a_pass_is_recorded_shown_and_printed(cast, client, life, load):
    clerk = cast.sign_in(client, cast.admin)
    assert clerk.post(f"{HERE}/loads/{load}", data=form(**GOOD)).status_code == 303
    assert passes(life) == [("2301HFD0042", "浙B·12345", load)]
    shown = clerk.get(HERE).text
    assert "2301HFD0042" in shown and "2026-12-31" in shown
    pass_id = life.ask("SELECT id FROM gate_pass")
    for size in ("210x297", "148x210"):
        assert "/labels/bundles/" in clerk.post(f"{HERE}/{pass_id}/print", data=form(size=size)).headers["Location"]
    with life.app.app_context():
        document = session().scalars(select(LabelDocument).where(LabelDocument.kind == "gate-pass")).first()
        assert document is not None
        (paper,) = gate_passes([document])
    assert isinstance(paper, GatePass)
    assert (paper.barcode, paper.vehicle, paper.vehicle_weight, paper.seal) == (
        "2301HFD0042",
        "浙B·12345",
        "4200 kg",
        "S-9",
    )
    assert (len(paper.lines), paper.parcels) == (1, "1") and life.shipped.number in paper.lines[0].note
    for private in ("Schmidt", "Berlin", "10115"):
        assert private not in str(paper)


def test_a_second_pass_takes_the_place_of_the_first(cast, client, life, load):
    clerk = cast.sign_in(client, cast.admin)
    for number in ("A-1", "A-2"):
        clerk.post(f"{HERE}/loads/{load}", data=form(**GOOD | {"number": number}))
    shown = clerk.get(HERE).text
    assert "A-2" in shown and "A-1<" not in shown
    assert [each.number for each in passes(life)] == ["A-1", "A-2"], "both stay on record"


@pytest.mark.parametrize("wrong", [
    {"number": ""}, {"number": "X" * 25}, {"number": "A 1"}, {"number": "浙-1"}, {"vehicle": ""}, {"vehicle": "V" * 31},
    {"vehicle_weight_kg": "-1"}, {"vehicle_weight_kg": "heavy"}, {"valid_until": "tomorrow"}, {"container": "C" * 31},
], ids=str)  # fmt: skip
def test_what_is_typed_wrongly_is_refused_at_its_field(wrong, cast, client, life, load):
    clerk = cast.sign_in(client, cast.admin)
    answer = clerk.post(f"{HERE}/loads/{load}", data=form(**GOOD | wrong))
    assert answer.status_code == 422 and "data-invalid" in answer.text
    assert passes(life) == []


def test_the_same_number_twice_and_other_loads_are_refused(cast, client, life, load):
    clerk = cast.sign_in(client, cast.admin)
    command = form(**GOOD)
    for _ in range(2):  # sent twice is recorded once
        assert clerk.post(f"{HERE}/loads/{load}", data=command).status_code == 303
    again = clerk.post(f"{HERE}/loads/{load}", data=form(**GOOD))
    assert again.status_code == 422 and "2301HFD0042" in again.text
    assert clerk.post(f"{HERE}/loads/{new_id()}", data=form(**GOOD)).status_code == 404
    assert clerk.post(f"{HERE}/{new_id()}/print", data=form()).status_code == 404
    assert len(passes(life)) == 1


def test_a_free_warehouse_has_no_passes_and_only_customs_records_them(cast, client, life):
    free = life.ask("SELECT id FROM manifest")
    clerk = cast.sign_in(client, cast.admin)
    assert clerk.post(f"{HERE}/loads/{free}", data=form(**GOOD)).status_code == 422
    for person in (cast.picker, cast.acme_person):
        someone = cast.sign_in(client, person)
        assert someone.get(HERE).status_code == 403
        assert someone.post(f"{HERE}/loads/{free}", data=form(**GOOD)).status_code == 403
    assert passes(life) == []
