"""The office's pages of carriers: what waits and why, setting one up, files out and in; who may what, in both languages."""

from __future__ import annotations

import io
import uuid
from collections.abc import Iterator

import pytest
from sqlalchemy import select, text, update

from tests.carrier_server import TOKEN, CarrierSimulator, running_carrier
from tests.cast import Cast
from tests.life import MUG, Life
from wms.core.ids import new_id
from wms.outbound.schemas import OrderIn
from wms.outbound.service import intake, waves
from wms.platform import outbox
from wms.platform.database import session, transaction
from wms.shipping.models import Carrier, NumberRange

PAGE = "/office/carriers"


@pytest.fixture
def carrier() -> Iterator[CarrierSimulator]:
    with running_carrier() as running:
        yield running


def send(person, path: str, **fields):
    return person.post(path, data={"command_id": str(new_id()), **fields})


def set_up(admin, code: str, kind: str, service: str, **more: str) -> str:
    """A carrier with a service, as an administrator types it; its page's path."""
    made = send(admin, PAGE, code=code, name=f"Carrier {code}", kind=kind, **more)
    assert made.status_code == 302
    path = made.headers["Location"]
    assert send(admin, f"{path}/services", code=service, name=service, warehouse="DE1").status_code == 302
    return path


def order_with(life: Life, cast: Cast, service: str) -> str:
    """An order in a wave, and the jobs it set going; its parcel's reference."""
    body = {"reference": str(new_id())[-12:], "warehouse": "DE1", "service": service,
            "consignee": {"name": "Anna Schmidt", "country": "DE", "city": "Berlin", "postcode": "10115",
                          "address1": "Invalidenstraße 117"},
            "lines": [{"sku": MUG, "quantity": 1}]}  # fmt: skip
    with life.app.app_context():
        with transaction():
            order_id = intake.create_order(cast.acme, OrderIn().load(body)).id
        with transaction():
            waves.release_wave(cast.supervisor, cast.overseas.id, order_ids=[order_id])
        jobs(life)
    return life.ask(
        "SELECT p.client_reference FROM parcel p JOIN shipment s ON s.id = p.shipment_id WHERE s.subject_id = :o",
        o=order_id,
    )


def jobs(life: Life) -> None:
    from sqlalchemy import text

    for topic in ("outbound.prepare_waybills", "outbound.ask_for_waybill"):
        found = text("SELECT id FROM outbox_job WHERE state = 'new' AND topic = :t ORDER BY sequence")
        rows = session().execute(found, {"t": topic}).all()
        session().rollback()
        for row in rows:
            outbox.perform(row.id)


def test_a_network_carrier_from_its_setting_up_to_a_mended_fault(life: Life, cast: Cast, client, carrier):
    admin = cast.sign_in(client, cast.admin)
    path = set_up(admin, "SIM", "http", "EXPRESS", number_format="ups")
    wrong = send(admin, f"{path}/account", base_url="http://carrier.example", token=TOKEN)
    assert wrong.status_code == 409 and "Give an https address" in wrong.get_data(as_text=True)
    assert TOKEN not in wrong.get_data(as_text=True), "a token is never shown, not even to who has just typed it"
    assert send(admin, f"{path}/account", base_url=carrier.url, token=TOKEN).status_code == 302
    page = admin.get(path).get_data(as_text=True)
    assert carrier.url in page and TOKEN not in page
    carrier.mood("broken_label")
    order_with(life, cast, "EXPRESS")
    supervisor = cast.sign_in(client, cast.supervisor)
    page = supervisor.get(PAGE).get_data(as_text=True)
    assert "The carrier&#39;s label cannot be used: the PDF is damaged." in page
    task = life.ask("SELECT id FROM carrier_task WHERE state = 'refused'")
    assert send(supervisor, f"{PAGE}/tasks/{task}").status_code == 302
    with life.app.app_context():
        jobs(life)
    assert life.ask("SELECT state FROM carrier_task") == "done"
    assert "No carrier owes us anything" in supervisor.get(PAGE).get_data(as_text=True)
    send(supervisor, f"{PAGE}/tasks/{task}")
    assert life.ask("SELECT rounds FROM carrier_task") == 2, "done is done"
    assert TOKEN not in str(life.ask("SELECT string_agg(c::text, '') FROM command c"))


def test_a_file_carrier_out_and_in(life: Life, cast: Cast, client):
    path = set_up(cast.sign_in(client, cast.admin), "POST", "file", "POST-STD", number_format="s10")
    reference = order_with(life, cast, "POST-STD")
    supervisor = cast.sign_in(client, cast.supervisor)
    table = supervisor.get(f"{path}/parcels/DE1")
    assert (table.mimetype, table.headers["Cache-Control"]) == ("text/csv", "no-store")
    assert reference in table.get_data(as_text=True) and "Anna Schmidt" in table.get_data(as_text=True)
    numbers = f"reference,tracking_number\n{reference},RR123456784CN\nnobody/1,RR123456785CN\n"

    def upload(content: bytes):
        return send(supervisor, f"{path}/numbers", warehouse="DE1", file=(io.BytesIO(content), "numbers.csv"))

    said = upload(numbers.encode()).get_data(as_text=True)
    for words in ("1 number taken.", "does not look like this carrier", "No parcel has this reference here"):
        assert words in said
    assert "Was there already" in upload(numbers.encode()).get_data(as_text=True)
    for content, words in (
        (b"PK\x03\x04\x00", "This is no table"),
        (b"a,b\n1,2\n", "needs one column"),
        (b"", "needs one column"),
    ):
        answer = upload(content)
        assert answer.status_code == 422 and words in answer.get_data(as_text=True)
    assert life.ask("SELECT tracking_number FROM parcel WHERE client_reference = :r", r=reference) == "RR123456784CN"
    order = life.ask("SELECT s.subject_id FROM shipment s JOIN parcel p ON p.shipment_id = s.id WHERE p.client_reference = :r",
                     r=reference)  # fmt: skip
    marked = "The number does not look like this carrier"
    assert marked in supervisor.get(f"/portal/orders/{order}").get_data(as_text=True)
    assert marked not in cast.sign_in(client, cast.acme_person).get(f"/portal/orders/{order}").get_data(as_text=True)


def test_rates_out_and_in_and_a_rule(life: Life, cast: Cast, client):
    supervisor = cast.sign_in(client, cast.supervisor)
    service = life.ask("SELECT id FROM service WHERE code = 'HOUSE-STD'")
    path = f"{PAGE}/rates/{service}"
    example = supervisor.get(f"{path}/table").data

    def upload(content: bytes):
        return send(supervisor, f"{path}/table", file=(io.BytesIO(content), "rates.csv"))

    wrong = upload(example.replace(b"4.20", b"4.2O"))
    assert (
        wrong.status_code == 422
        and "Row 10, column amount: “4.2O” cannot be read. Write it as 4.20." in wrong.get_data(as_text=True)
    )
    assert life.ask("SELECT count(*) FROM rate_table") == 0
    assert upload(example).status_code == 302
    assert supervisor.get(f"{path}/table").data == example, "what went in comes out"
    assert send(supervisor, f"{path}/rule", rule="cheapest", candidates="house-std", seller="ACME").status_code == 302
    page = supervisor.get(path).get_data(as_text=True)
    assert "12 rows" in page and "The cheapest" in page and "ACME" in page
    refused = send(supervisor, f"{path}/rule", rule="cheapest", candidates="NOBODY")
    assert refused.status_code == 409 and "There is none called: NOBODY" in refused.get_data(as_text=True)
    order_with(life, cast, "HOUSE-STD")
    order = life.ask("SELECT subject_id FROM shipment WHERE choice IS NOT NULL")
    page = supervisor.get(f"/portal/orders/{order}").get_data(as_text=True)
    assert "Chosen by rule" in page and "HOUSE-STD: " in page
    assert "Chosen by rule" not in cast.sign_in(client, cast.acme_person).get(f"/portal/orders/{order}").get_data(
        as_text=True
    )
    for name in ("picker", "customs_clerk", "acme_person"):
        person = cast.sign_in(client, getattr(cast, name))
        assert person.get(path).status_code == 403
        assert send(person, f"{path}/rule", rule="cheapest", candidates="HOUSE-STD").status_code == 403


def test_only_an_administrator_sets_carriers_up(life: Life, cast: Cast, client):
    path = set_up(cast.sign_in(client, cast.admin), "SIM", "http", "EXPRESS")
    for name in ("supervisor", "picker", "customs_clerk", "acme_person"):
        person = cast.sign_in(client, getattr(cast, name))
        for address in (PAGE, f"{path}/account", f"{path}/services"):
            assert (
                send(
                    person, address, code="X", name="X", kind="http", base_url="https://a.example", token=TOKEN
                ).status_code
                == 403
            )
        may_look = name == "supervisor"
        for address in (PAGE, path):
            assert person.get(address).status_code == (200 if may_look else 403)
    page = cast.sign_in(client, cast.supervisor).get(path).get_data(as_text=True)
    assert "New service" not in page and "How it is reached" not in page


@pytest.mark.parametrize(
    ("fields", "words"),
    [({"code": "sim", "name": "S", "kind": "http"}, "Not in the expected form"), ({"code": "SIM", "kind": "http"}, "Required"),
     ({"code": "SIM", "name": "S", "kind": "fax"}, "One of"), ({"code": "HOUSE", "name": "S", "kind": "http"}, "already a carrier"),
     ({"code": "SIM", "name": "S", "kind": "http", "number_format": "x"}, "One of")],
)  # fmt: skip
def test_a_wrong_carrier_is_told_at_its_field(life: Life, cast: Cast, client, fields, words: str):
    answer = send(cast.sign_in(client, cast.admin), PAGE, **fields)
    assert answer.status_code == 409 and words in answer.get_data(as_text=True)
    assert life.ask("SELECT count(*) FROM carrier") == 1


def test_ranges_of_numbers_are_shown_added_and_warned_of(cast: Cast, client, life: Life):
    """One that is nearly used up stands on the board until another is added."""
    admin = cast.sign_in(client, cast.admin)
    with life.app.app_context():
        path = f"{PAGE}/{session().scalars(select(Carrier.id).where(Carrier.code == 'HOUSE')).one()}"
    warning = "HOUSE: {left} waybill numbers are left"
    assert "waybill numbers are left" not in admin.get("/office/").text
    with life.app.app_context(), transaction():
        taken = session().execute(text("SELECT next_value - 1 FROM counter WHERE name LIKE 'waybill:%'")).scalar_one()
        session().execute(update(NumberRange).values(last_serial=taken + 399, low_water=400))
    assert warning.format(left=400) in admin.get("/office/").text
    asked = {"scheme": "s10", "prefix": "RR", "first_serial": "0", "last_serial": "499", "low_water": "100"}
    refused = send(admin, f"{path}/ranges", **asked)
    assert (refused.status_code, "S10 numbers end with a country" in refused.text) == (409, True)
    assert send(admin, f"{path}/ranges", **asked, country="CN").status_code == 302
    shown = admin.get(path).text
    assert "RR000000005CN" in shown
    assert ">500<" in shown
    assert "waybill numbers are left" not in admin.get("/office/").text  # 900 are left together
    supervisor = cast.sign_in(client, cast.supervisor)
    assert send(supervisor, f"{path}/ranges", **asked, country="CN").status_code == 403


def test_a_carrier_whose_label_comes_after_the_scale_is_set_up_so(cast: Cast, client, life: Life):
    admin = cast.sign_in(client, cast.admin)
    path = set_up(admin, "SCALE", "http", "AIR", label_at="scale")
    with life.app.app_context():
        made = session().get_one(Carrier, uuid.UUID(path.rsplit("/", 1)[1]))
        assert made.capabilities["needs_weight_before_label"] is True
    assert send(admin, PAGE, code="SCALE2", name="x", kind="http", label_at="whenever").status_code == 409


def test_an_order_says_what_its_carrier_charged_to_whom_it_may(life: Life, cast: Cast, client, carrier):
    """Staff see it, in both languages; the seller once the operator lets it, on the page and by API."""
    admin = cast.sign_in(client, cast.admin)
    path = set_up(admin, "SIM", "http", "EXPRESS")
    send(admin, f"{path}/account", base_url=carrier.url, token=TOKEN)
    carrier.charge = {"currency": "EUR", "total_minor": 489, "surcharges": [{"name": "Fuel", "minor": 39}]}
    shipment_id = order_with(life, cast, "EXPRESS").split("/")[0]
    page = f"/portal/orders/{life.ask('SELECT subject_id FROM shipment WHERE id = :s', s=shipment_id)}"

    def read(person, language: str = "en") -> str:
        reader = cast.sign_in(client, person)
        reader.post("/language", data={"language": language})
        return reader.get(page).get_data(as_text=True)

    def cost() -> dict | None:
        answer = cast.api(client, "ACME").get(f"/api/v1/shipments/{shipment_id}")
        assert answer.status_code == 200
        return answer.json["parcels"][0]["cost"]

    for words, language in (("What the carrier charges", "en"), ("承运商收费", "zh-CN")):
        told = read(cast.supervisor, language)
        assert words in told and "4.89" in told and "Fuel" in told
    assert (("4.89" in read(cast.acme_person)), cost()) == (False, None)
    where = f"/sellers/{cast.ACME.id}/costs"
    assert send(cast.sign_in(client, cast.admin), where, sees_carrier_costs="1").status_code == 302
    assert "4.89" in read(cast.acme_person)
    assert cost() == {"source": "waybill", "currency": "EUR", "total_minor": 489, "quoted_currency": None,
                      "quoted_minor": None, "more_minor": None}  # fmt: skip
    assert send(cast.sign_in(client, cast.admin), where).status_code == 302, "a box that is not ticked is not sent"
    assert (("4.89" in read(cast.acme_person)), cost()) == (False, None)
    assert send(cast.sign_in(client, cast.acme_person), where, sees_carrier_costs="1").status_code in {403, 404}
    assert cost() is None
