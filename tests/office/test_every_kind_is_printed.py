"""Every built-in label has a button where its user looks for it, and what comes of it is that label.

A kind that is added to `labels` without one fails here. What is drawn is noted at the pen, so that it does not matter whether a
page makes a file, a job does, or a picture is in the page.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable
from html import unescape
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import text

from labels import KINDS, Label
from labels import bundle as drawing
from labels.kinds import kind_of
from tests.cast import Cast
from tests.life import MUG, Life, fresh, order, pack
from tests.office.test_pages import form
from wms.facility import service as building
from wms.facility.models import HandlingUnitKind
from wms.outbound.models import Order
from wms.outbound.service import bagging, sorting, waves
from wms.outbound.service.waybills import prepare_wave
from wms.platform import outbox
from wms.platform.database import session, transaction
from wms.printing import service as printing
from wms.printing.service import PrinterDraft
from wms.shipping import loads
from wms.shipping.models import BagKind

Pressed = Callable[[Cast, FlaskClient, Life], Any]
WAYS: dict[str, Pressed] = {}


def way(kind: str) -> Callable[[Pressed], Pressed]:
    def add(pressed: Pressed) -> Pressed:
        WAYS[kind] = pressed
        return pressed

    return add


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """The kinds of the labels that were drawn."""
    kinds: set[str] = set()
    plain = drawing._BundleWriter._drawn

    def noting(self: Any, label: Label, chosen: Any = None) -> Any:
        kinds.add(kind_of(label).name)
        return plain(self, label, chosen)

    monkeypatch.setattr(drawing._BundleWriter, "_drawn", noting)
    return kinds


def button(page: str, address: str) -> None:
    """The page has a form or a link that leads there."""
    assert address in unescape(page), f"no button leads to {address}"


def press(client: Any, shown_on: str, address: str, **fields: object) -> Any:
    """What a person does: the page is open, its button is pressed, the file is looked at."""
    button(client.get(shown_on).text, address)
    answer = client.post(address, data=form(**fields))
    assert answer.status_code in (200, 302, 303), (address, answer.text[:300])
    return answer


def boss(cast: Cast, client: FlaskClient) -> Any:
    return cast.sign_in(client, cast.admin)


def house(life: Life) -> Any:
    return life.ask("SELECT id FROM warehouse WHERE code = 'DE1'")


def of_house(kind: str, shown_on: str = "/office/warehouses/{house}") -> Pressed:
    def pressed(cast: Cast, client: FlaskClient, life: Life) -> Any:
        here = house(life)
        return press(boss(cast, client), shown_on.format(house=here), f"/office/warehouses/{here}/labels", kind=kind)

    return pressed


for _kind in ("station", "tote", "zone"):
    WAYS[_kind] = of_house(_kind)


@way("location")
def _(cast: Cast, client: FlaskClient, life: Life) -> Any:
    return press(boss(cast, client), "/office/bins?warehouse=DE1", f"/office/bins/{house(life)}/labels", zone="A")


@way("pallet")
def _(cast: Cast, client: FlaskClient, life: Life) -> Any:
    with life.app.app_context(), transaction():
        dock = cast.overseas.locations["A-01-01-1"]
        unit = building.create_handling_unit(
            cast.supervisor, cast.overseas.id, HandlingUnitKind.PALLET, "PAL1", dock
        ).id
    picker = cast.sign_in(client, cast.picker)
    picker.post(f"/floor/papers/units/{unit}", data=form())
    here = house(life)
    return press(
        boss(cast, client), f"/office/warehouses/{here}", f"/office/warehouses/{here}/labels", kind="pallet", of=unit
    )


@way("cart")
def _(cast: Cast, client: FlaskClient, life: Life) -> Any:
    here = f"/office/warehouses/{house(life)}"
    return press(boss(cast, client), here, f"{here}/units", kind="cart", count=1, prefix="C", totes=2)


@way("gate-pass")
def _(cast: Cast, client: FlaskClient, life: Life) -> Any:
    with life.app.app_context(), transaction():  # the load of a warehouse that is bonded from now on
        session().execute(text("UPDATE warehouse SET kind = 'bonded', regime = '1210' WHERE code = 'DE1'"))
    load = life.ask("SELECT id FROM manifest LIMIT 1")
    clerk, here = cast.sign_in(client, cast.admin), "/office/gate-passes"
    press(clerk, f"{here}/loads/{load}", f"{here}/loads/{load}", number="2301-HFD-0042", vehicle="浙B·12345")
    return press(clerk, here, f"{here}/{life.ask('SELECT id FROM gate_pass')}/print")


@way("put-wall")
def _(cast: Cast, client: FlaskClient, life: Life) -> Any:
    with life.app.app_context(), transaction():
        sorting.make_wall(cast.supervisor, cast.overseas.id, "W9", 4)
    address = f"/office/warehouses/{house(life)}/labels"
    return press(boss(cast, client), "/office/waves/settings/DE1", address, kind="put-wall", of="W9")


@way("pick-list")
def _(cast: Cast, client: FlaskClient, life: Life) -> Any:
    wave, walk = (
        life.ask(f"SELECT {column} FROM pick_batch WHERE state = 'open' LIMIT 1") for column in ("wave_id", "id")
    )
    return press(boss(cast, client), f"/office/waves/{wave}", f"/office/waves/walks/{walk}/list")


@way("packing-slip")
def _(cast: Cast, client: FlaskClient, life: Life) -> Any:
    here = f"/portal/orders/{life.shipped.id}"
    return press(boss(cast, client), here, f"{here}/packing-slip", size="210x297")


@way("return")
def _(cast: Cast, client: FlaskClient, life: Life) -> Any:
    here = f"/portal/returns/{life.returned.id}"
    return press(cast.sign_in(client, cast.acme_person), here, f"{here}/label", size="100x150")


@way("manifest")
def _(cast: Cast, client: FlaskClient, life: Life) -> Any:
    load = life.ask("SELECT id FROM manifest LIMIT 1")
    return press(boss(cast, client), "/office/manifests", f"/office/manifests/{load}/list")


@way("product")
def _(cast: Cast, client: FlaskClient, life: Life) -> Any:
    lines = {"lines.0.sku": MUG, "lines.0.quantity": "3"}
    fields = {"seller": "ACME", "warehouse": "DE1", "size": "60x40", **lines}
    return press(cast.sign_in(client, cast.acme_person), "/portal/labels", "/portal/labels", **fields)


@way("carton")
def _(cast: Cast, client: FlaskClient, life: Life) -> Any:
    here = f"/portal/bookings/{life.coming.id}"
    return press(cast.sign_in(client, cast.acme_person), here, f"{here}/labels", size="100x150")


@way("waybill")
def _(cast: Cast, client: FlaskClient, life: Life) -> Any:
    """Asked for by the wave, printed at the bench: `tests/floor` presses the button there."""
    with life.app.app_context(), transaction():
        prepare_wave(life.ask("SELECT wave_id FROM outbound_order WHERE id = :id", id=life.waved.id))


@way("waybill-customs")
def _(cast: Cast, client: FlaskClient, life: Life) -> Any:
    """The same label of an order that crosses a border."""
    with life.app.app_context(), transaction():
        buyer = {"name": "Urs Keller", "country": "CH", "city": "Bern", "postcode": "3011", "address1": "Marktgasse 1"}
        made = order(cast, "ABROAD", [(MUG, 1)], consignee=buyer, declaration={"contents": "goods"})
        wave = waves.release_wave(cast.supervisor, cast.overseas.id, order_ids=[made.id])
        fresh()
        prepare_wave(wave.id)


@way("bag")
def _(cast: Cast, client: FlaskClient, life: Life) -> Any:
    """Closed at the gate: `tests/floor/test_bags.py` presses the buttons there."""
    with life.app.app_context(), transaction():
        number = pack(cast, picked_alone(cast, life, "BAGGED"))
        bag = bagging.put_in(cast.picker, cast.overseas.id, number, None, BagKind.BAG).bag_id
        fresh()
        bagging.close(cast.picker, bag, sum(each.weight_g for each in loads.bag_parcels(bag)) + 150)


@way("fba-carton")
def _(cast: Cast, client: FlaskClient, life: Life) -> Any:
    amazon = {"shipment_id": "FBA1MMD8D0", "reference_id": "4XJ7K2QP", "centre": "DTM2"}
    with life.app.app_context(), transaction():
        made = picked_alone(cast, life, "AMAZON", kind="fba", fba=amazon)
        pack(cast, made)
        here = f"/portal/orders/{made.id}"
    person = cast.sign_in(client, cast.acme_person)
    button(person.get(here).text, f"{here}/fba-cartons.pdf")
    return person.get(f"{here}/fba-cartons.pdf")


def picked_alone(cast: Cast, life: Life, reference: str, **more: Any) -> Order:
    """An order, and no other walk waits before it."""
    session().execute(text("UPDATE pick_batch SET state = 'done' WHERE state = 'open'"))
    return order(cast, reference, [(MUG, 1)], **more)


@way("command")
def _(cast: Cast, client: FlaskClient, life: Life) -> Any:
    return cards(cast, client)


@way("self-test")
def _(cast: Cast, client: FlaskClient, life: Life) -> Any:
    return cards(cast, client)


def cards(cast: Cast, client: FlaskClient) -> Any:
    person = boss(cast, client)
    button(person.get("/office/warehouses").text, "/office/warehouses/cards.pdf")
    return person.get("/office/warehouses/cards.pdf")


@way("badge")
def _(cast: Cast, client: FlaskClient, life: Life) -> Any:
    person = boss(cast, client)
    address = f"/people/{cast.picker.id}/badge"
    page = press(person, f"/people/{cast.picker.id}", address).text
    card = re.search(r'href="data:application/pdf;base64,([^"]+)" download', unescape(page))
    assert card is not None and base64.b64decode(card[1]).startswith(b"%PDF")


@way("printer-test")
def _(cast: Cast, client: FlaskClient, life: Life) -> Any:
    with life.app.app_context(), transaction():
        agent = printing.add_agent(cast.supervisor, cast.overseas.id, "bench")
        draft = PrinterDraft(agent.id, "Labels", "raw", "socket://10.0.0.9:9100", width_mm=100.0, height_mm=150.0)
        printer = printing.save_printer(cast.supervisor, draft).id
    return press(boss(cast, client), f"/office/printers/{printer}", f"/office/printers/{printer}/test")


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_a_button_prints_it(kind: str, cast: Cast, client: FlaskClient, life: Life, drawn: set[str]) -> None:
    assert kind in WAYS, f"{kind}: no page and no flow prints it. Give it a button, and its way here"
    WAYS[kind](cast, client, life)
    with life.app.app_context():
        for job_id, _ in outbox.due_jobs(age_seconds=-60):
            outbox.perform(job_id)
    assert kind in drawn


def test_no_way_is_left_of_a_kind_that_is_gone() -> None:
    assert set(WAYS) <= set(KINDS)
