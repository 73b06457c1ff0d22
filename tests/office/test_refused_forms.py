"""Forms of the office that share their page with others: what was typed stays, and only the refused one is marked."""

from __future__ import annotations

from tests.life import MUG
from tests.office.test_pages import form
from tests.refused_forms import forms_of, refused

SAVED = "Nothing was saved. Please correct the marked fields."


def values_of(answer, address: str) -> dict[str, str]:
    """What stands in the form of this address."""
    found, _alerts = forms_of(answer)
    return next(each.values for each in found if each.action.partition("?")[0] == address)


def test_a_products_own_bin_leaves_the_form_of_the_bin_alone(cast, client, life):
    boss = cast.sign_in(client, cast.supervisor)
    address = f"/office/places/bin/{cast.overseas.locations['A-01-01-1']}"
    boss.post(address, data=form(max_units=40, velocity_class="A", mixes_products="1", is_active="1"))
    before = values_of(boss.get(address), address)
    answer = boss.post(f"{address}/own", data=form(seller="ACME", sku="NONE-SUCH"))
    told = refused(answer, f"{address}/own", "sku", seller="ACME", sku="NONE-SUCH")
    assert ("NONE-SUCH" in told[0], told[1:]) == (True, [SAVED])
    kept = values_of(answer, address)
    assert kept | {"command_id": ""} == before | {"command_id": ""}, "and the bin's own limits stand there as they are"
    assert kept["max_units"] == "40"
    assert kept["command_id"] != before["command_id"]


def test_a_wall_of_a_taken_name_leaves_the_rates_alone(cast, client, life):
    admin, page, walls = (
        cast.sign_in(client, cast.admin),
        "/office/waves/settings/DE1",
        "/office/waves/settings/DE1/walls",
    )
    assert admin.post(walls, data=form(wall="W9", slots=12)).status_code == 302
    rates = values_of(admin.get(page), page)
    for typed, field in (({"wall": "W9", "slots": "7"}, "wall"), ({"wall": "W8", "slots": "700"}, "slots")):
        answer = admin.post(walls, data=form(**typed))
        refused(answer, walls, field, **typed)
        assert values_of(answer, page) | {"command_id": ""} == rates | {"command_id": ""}
    refused(admin.post(page, data=form(**rates | {"cart_totes": "0"})), page, "cart_totes", cart_totes="0")


def test_a_hold_keeps_what_was_chosen_from_another_form_of_the_row(cast, client, life):
    """The three forms of a row have fields of one name: none takes what another was sent."""
    boss = cast.sign_in(client, cast.supervisor)
    row = life.ask("SELECT id FROM balance WHERE product_id = :p LIMIT 1", p=cast.ACME.products[MUG])
    adjust, hold = f"/office/adjustments/rows/{row}", f"/office/stock/{row}/hold"
    before = values_of(boss.get(f"/office/stock/{row}"), hold)
    answer = boss.post(adjust, data=form(units="x", reason="other", note="wet", to_condition=""))
    refused(answer, adjust, "units", units="x", reason="other", note="wet")
    assert values_of(answer, hold) | {"command_id": ""} == before | {"command_id": ""}
