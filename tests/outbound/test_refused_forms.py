"""Refused forms about orders: what was typed stays, at the field stands why."""

from __future__ import annotations

import io

from tests.outbound.stage import MUG, Stage
from tests.outbound.test_own_labels import OTHER, UPS, own
from tests.platform.test_uploads import PDF
from tests.refused_forms import refused
from wms.core.ids import new_id

__all__ = ["own"]
SAVED = "Nothing was saved. Please correct the marked fields."


def form(**fields: str) -> dict[str, str]:
    return {"command_id": str(new_id()), **fields}


def test_who_saw_a_destruction_stays_typed(stage: Stage, client):
    stage.stock(MUG, 10)
    order = stage.order({MUG: 2}, kind="destruction")
    stage.wave(order)
    stage.pick_all(order)
    boss, address = stage.cast.sign_in(client, stage.cast.supervisor), f"/office/destructions/{order.id}"
    answer = boss.post(address, data=form(witness=" ", note="certificate 4711"))
    assert refused(answer, address, "witness", note="certificate 4711") == ["Required.", SAVED]
    done = boss.post(address, data=form(witness="Max Meier", note="certificate 4711"))
    assert done.headers["Location"] == "/office/destructions"
    late = boss.post(address, data=form(witness="Max Meier", note="again"))
    assert (late.status_code, late.headers["Location"]) == (303, "/office/destructions"), "no form of it stands there"


def test_numbers_of_labels_stay_typed(own: Stage, client):
    order = own.order({MUG: 1}, service="OWN-UPS")
    seller, address = own.cast.sign_in(client, own.cast.acme_person), f"/portal/orders/{order.id}/labels"
    typed = f"{UPS}\r\n{OTHER}"
    for file, field in ((b"", "label_file"), (PDF, "label_file"), (b"no paper", "label_file")):
        data = form(tracking_numbers=typed) | {"label_file": (io.BytesIO(file), "labels.pdf" if file else "")}
        told = refused(seller.post(address, data=data), address, field, tracking_numbers=typed)
        assert told, field
    wrong = "1z 5r!"
    data = form(tracking_numbers=wrong) | {"label_file": (io.BytesIO(PDF), "labels.pdf")}
    refused(seller.post(address, data=data), address, "tracking_numbers", tracking_numbers=wrong)
