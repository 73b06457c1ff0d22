"""Adjustments in the office: asked for on a row, approved by another, taken back."""

from __future__ import annotations

from tests.life import said
from tests.office.test_counts import stocked
from tests.office.test_pages import form, text_of
from tests.refused_forms import refused
from wms.inventory.adjusting.models import Adjustment
from wms.inventory.models import Balance
from wms.platform.database import session

__all__ = ["stocked"]


def test_asked_for_approved_and_taken_back(cast, client, life, stocked):
    boss, other = cast.sign_in(client, cast.supervisor), cast.sign_in(client, cast.admin)
    with life.app.app_context():
        before = session().get_one(Balance, stocked.id).on_hand
        session().get_one(Balance, stocked.id)
    assert "Adjust" in text_of(boss.get(f"/office/stock/{stocked.id}"))
    address = f"/office/adjustments/rows/{stocked.id}"
    told = said(life.app, boss.post(address, data=form(units=-1, reason="other", note="water")))
    assert told[0].startswith(("Adjusted", "It is worth"))
    for typed, field, words in (
        ({"units": "-1", "reason": "other", "note": ""}, "note", "Say in a note what the other reason is."),
        ({"units": "", "reason": "lost", "note": "under the rack"}, "units", "Required."),
        ({"units": "-99999", "reason": "lost", "note": "all"}, "units", "99999"),
    ):
        told = refused(boss.post(address, data=form(to_condition="", **typed)), address, field, **typed)
        assert words in told[0]
        assert told[1:] == ["Nothing was saved. Please correct the marked fields."]
    with life.app.app_context():
        made = session().query(Adjustment).one()
        made_id, state = made.id, made.state
    page = text_of(boss.get("/office/adjustments"))
    assert "water" in page
    if state == "requested":
        assert said(life.app, other.post(f"/office/adjustments/{made_id}/approve", data=form())) == ["Decided."]
    assert said(life.app, other.post(f"/office/adjustments/{made_id}/reverse", data=form())) == ["Decided."]
    with life.app.app_context():
        assert session().get_one(Balance, stocked.id).on_hand == before
    assert cast.sign_in(client, cast.receiver).get("/office/adjustments").status_code == 403
