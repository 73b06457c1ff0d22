"""A walk on paper: what its list says, and that the tablet takes the walk by the code on it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from labels import LabelRefused
from tests.floor.test_contract import receive_and_stow
from tests.floor.worker import CODES, MUG, house_carrier, order, totes
from wms.core import clock
from wms.core.refusals import Refused
from wms.outbound.models import PickBatch
from wms.outbound.pick_lists import CAPTIONS, pick_lists, request_pick_list
from wms.outbound.service import picking, waves
from wms.platform.database import commit, session, transaction
from wms.printing.models import LabelDocument

WALKS = 3


@pytest.fixture
def walks(cast, client, tablet) -> list[PickBatch]:
    """Walks of a wave of one order each, which nobody has taken."""
    receive_and_stow(cast, tablet, {MUG: 20})
    service = house_carrier()
    for number in range(WALKS):
        order(cast.api(client), {MUG: 2 + number}, service, reference=f"LIST-{number}")
        with transaction():
            waves.release_wave(cast.supervisor, cast.overseas.id)
    return list(session().scalars(select(PickBatch).order_by(PickBatch.created_at, PickBatch.id)))


def listed(cast: Any, batch: PickBatch) -> tuple[LabelDocument, Any]:
    with transaction():
        bundle = request_pick_list(cast.supervisor, batch.id)
    document = session().scalars(select(LabelDocument).where(LabelDocument.bundle_id == bundle)).one()
    return document, pick_lists([document])[0]


def test_it_names_what_is_left_and_no_buyer(cast, walks):
    document, content = listed(cast, walks[1])
    assert document.barcode == content.barcode == content.number == f"{content.wave}-1"
    (line,) = content.lines
    assert (line.sku, line.quantity, line.slot) == (MUG, "3", "1")
    assert line.location and content.captions == CAPTIONS
    assert "Schmidt" not in str(content)


def test_its_code_takes_that_very_walk(cast, tablet, walks):
    document, _ = listed(cast, walks[2])
    tablet.start("pick")
    assert tablet.scan(document.barcode)["code"] == "walk_taken"
    assert tablet.seen["quantity"] == 4, "not the oldest one, which OK would take"
    session().expire_all()
    assert session().get_one(PickBatch, walks[2].id).picker_id == cast.receiver.id


def test_a_walk_of_somebody_else_is_not_taken_until_their_lease_ends(cast, tablet, walks):
    document, _ = listed(cast, walks[0])
    with transaction():
        picking.take_this(cast.picker, walks[0].id)
    tablet.start("pick")
    assert tablet.scan(document.barcode)["code"] == "batch_taken"
    assert tablet.step == "begin"
    session().execute(update(PickBatch).values(lease_until=clock.now() - timedelta(seconds=1)))
    commit()
    assert tablet.scan(document.barcode)["code"] == "walk_taken"


def test_a_walk_that_is_done_has_no_list_and_is_not_taken(cast, tablet, walks):
    document, _ = listed(cast, walks[0])
    tablet.start("pick")
    tablet.scan(document.barcode)
    tablet.scan(totes(cast.overseas.id)[0])
    tablet.scan(tablet.seen["location_barcode"])
    for _ in range(2):
        tablet.scan(CODES[MUG])
    session().expire_all()
    assert isinstance(pick_lists([document])[0], LabelRefused)
    with pytest.raises(Refused) as caught:
        request_pick_list(cast.supervisor, walks[0].id)
    assert caught.value.code == "walk_picked"
    assert session().get_one(PickBatch, walks[0].id).state == "done"
    assert tablet.scan(document.barcode)["code"] == "walk_picked"


def test_another_code_that_ends_in_a_number_is_no_walk(cast, tablet, walks):
    document, _ = listed(cast, walks[0])
    tablet.start("pick")
    for wrong in (f"{document.barcode}9", document.barcode.rsplit("-", 1)[0], "MUG-1"):
        assert tablet.scan(wrong)["code"] != "walk_taken", wrong
    assert tablet.step == "begin"


def test_a_seller_and_another_house_get_none(cast, walks):
    for actor in (cast.acme, cast.customs_clerk):
        with pytest.raises(Refused), transaction():
            request_pick_list(actor, walks[0].id)


def test_who_has_a_walk_in_hand_gets_no_second_one(cast, client, tablet, walks):
    """From another tablet too; the walk they have is scanned again, or goes on with Start."""
    numbers = [listed(cast, walk)[0].barcode for walk in walks[:2]]
    tablet.start("pick")
    assert tablet.scan(numbers[0])["code"] == "walk_taken"
    commit()
    with transaction(), pytest.raises(Refused, match="other_walk"):
        picking.take_this(cast.receiver, walks[1].id)
    with transaction():
        assert picking.take_this(cast.receiver, walks[0].id).id == walks[0].id
    with transaction():
        assert picking.take_this(cast.picker, walks[1].id).id == walks[1].id
    assert sorted(str(each.picker_id) for each in session().scalars(select(PickBatch)) if each.picker_id) == sorted(
        [str(cast.receiver.id), str(cast.picker.id)]
    )
