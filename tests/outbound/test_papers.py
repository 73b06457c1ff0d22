"""What a pallet's label and a packing slip say: what stands there, what was ordered, and nobody's name."""

from __future__ import annotations

import uuid

import pytest
from sqlalchemy import select

from labels import LabelRefused, PackingSlip, PalletLabel
from tests.outbound.stage import LAMP, MUG, RED, Stage
from tests.outbound.test_whole import container
from wms.core import clock
from wms.core.ids import new_id
from wms.facility.models import HandlingUnitKind
from wms.outbound.packing_slips import SIZES, packing_slips, request_packing_slip
from wms.platform.database import session
from wms.printing.models import LabelDocument
from wms.printing.unit_labels import unit_labels


def said(*unit_ids: uuid.UUID) -> list[PalletLabel | LabelRefused]:
    documents = [
        LabelDocument(subject_id=each, width_mm=100.0, height_mm=150.0, created_at=clock.now()) for each in unit_ids
    ]
    return unit_labels(documents)  # type: ignore[return-value]


def test_a_pallet_says_what_stands_on_it_and_in_its_cartons(stage: Stage) -> None:
    pallet = container(stage, "PAL-1", {}, kind=HandlingUnitKind.PALLET)
    (empty,) = said(pallet.id)
    assert isinstance(empty, PalletLabel)
    assert (empty.contents, empty.cartons, empty.owner, empty.booking) == ("", "", "", "PAL-1")
    carton = container(stage, "BOX-1", {MUG: 6}, parent=pallet)
    container(stage, "BOX-2", {MUG: 4}, parent=pallet)
    full, one = said(pallet.id, carton.id)
    assert isinstance(full, PalletLabel) and isinstance(one, PalletLabel)
    assert (full.contents, full.cartons) == (f"{MUG} × 10", "2")
    assert (one.contents, one.cartons) == (f"{MUG} × 6", "")
    assert full.owner.startswith("ACME ") and full.gross_weight.endswith(" kg")
    container(stage, "BOX-3", {LAMP: 1}, parent=pallet)
    (mixed,) = said(pallet.id)
    assert isinstance(mixed, PalletLabel) and mixed.contents == "2 SKU × 11"


def test_a_tote_and_what_is_gone_have_no_pallets_label(stage: Stage) -> None:
    gone = container(stage, "BOX-9", {})
    session().refresh(gone)
    gone.state = "gone"
    session().flush()
    assert [isinstance(each, LabelRefused) for each in said(gone.id, new_id())] == [True, True]


@pytest.mark.parametrize("size", SIZES)
def test_a_packing_slip_says_what_was_ordered_and_not_by_whom(stage: Stage, size: str) -> None:
    order = stage.order({MUG: 2, RED: 1})
    bundle = stage.do(request_packing_slip, stage.cast.acme, order.id, size)
    document = session().scalars(select(LabelDocument).where(LabelDocument.bundle_id == bundle)).one()
    assert (document.barcode, document.owner_id) == (order.number, order.owner_id)
    (slip,) = packing_slips([document])
    assert isinstance(slip, PackingSlip)
    assert [(line.sku, line.quantity) for line in slip.lines] == [(MUG, "2"), (RED, "1")]
    assert (slip.total, slip.order_number) == ("3", order.number)
    assert all(line.name and line.second_name for line in slip.lines), "in both languages"
    for private in ("Schmidt", "Berlin", "Invaliden", "10115"):
        assert private not in str(slip)


def test_another_sellers_order_has_no_slip(stage: Stage) -> None:
    order = stage.order({MUG: 1})
    assert stage.refused(request_packing_slip, stage.cast.rival, order.id).code == "not_found"
    assert isinstance(packing_slips([LabelDocument(subject_id=new_id())])[0], LabelRefused)
