"""The seller's pages: who sees them, what they show, in both languages."""

from __future__ import annotations

import re
import zipfile
from html import unescape
from io import BytesIO

import pypdfium2
import pytest

from tests.life import said
from wms.core.ids import new_id
from wms.platform import outbox

LISTS = (
    "/", "/portal/orders", "/portal/bookings", "/portal/stock", "/portal/products", "/portal/returns",
    "/portal/orders/new", "/portal/bookings/new", "/portal/products/new", "/portal/returns/new", "/portal/labels",
)  # fmt: skip


def text_of(answer) -> str:
    assert answer.status_code == 200, answer.get_data(as_text=True)[:400]
    return unescape(answer.get_data(as_text=True))


def details(cast, life) -> list[str]:
    mug = cast.ACME.products["MUG-450-BLUE"]
    return [
        f"/portal/orders/{life.shipped.id}", f"/portal/bookings/{life.booking.id}", f"/portal/products/{mug}",
        f"/portal/stock/{mug}", f"/portal/stock/{mug}/ledger", f"/portal/returns/{life.returned.id}",
    ]  # fmt: skip


def test_nobody_is_led_to_the_login(client):
    for path in LISTS:
        answer = client.get(path)
        assert (answer.status_code, answer.headers["Location"][:6]) == (302, "/login"), path


def test_a_seller_sees_every_page_of_theirs(cast, client, life):
    seller = cast.sign_in(client, cast.acme_person)
    for path in (*LISTS, *details(cast, life)):
        assert seller.get(path).status_code == 200, path


def test_another_seller_finds_nothing_of_it(cast, client, life):
    rival = cast.sign_in(client, cast.rival_person)
    for path in details(cast, life):
        assert rival.get(path).status_code == 404, path
    for path in ("/portal/orders", "/portal/bookings", "/portal/returns"):
        shown = text_of(rival.get(path))
        assert "SOACME" not in shown
        assert "INACME" not in shown
        assert "RTACME" not in shown


def test_who_sees_one_warehouse_sees_no_stock_of_another(cast, client, life):
    """All stock of this life is in DE1, the clerk works in NGB1: in the list as on the product's page."""
    everywhere, elsewhere = (
        set(re.findall(r'class="number[^>]*>(-?[0-9,]+)<', text_of(cast.sign_in(client, who).get("/portal/products"))))
        for who in (cast.supervisor, cast.customs_clerk)
    )
    assert everywhere - {"0"}
    assert elsewhere == {"0"}


def test_staff_see_every_seller(cast, client, life):
    supervisor = cast.sign_in(client, cast.supervisor)
    for path in details(cast, life):
        assert supervisor.get(path).status_code == 200, path
    assert life.shipped.number in text_of(supervisor.get("/portal/orders"))


def test_a_receiver_may_not_write_orders(cast, client):
    receiver = cast.sign_in(client, cast.receiver, face="portal")
    assert receiver.get("/portal/orders/new").status_code == 403
    assert receiver.get("/portal/bookings/new").status_code == 403


def test_home_counts_what_there_is(cast, client, life):
    shown = text_of(cast.sign_in(client, cast.acme_person).get("/"))
    assert "Awaiting arrival" in shown
    assert "30 units on their way" in shown
    assert life.short.number in shown  # waits for stock
    assert life.booking.number in shown  # differs
    assert life.coming.number in shown


def test_pages_speak_chinese(cast, client, life):
    seller = cast.sign_in(client, cast.agency)
    assert seller.post("/language", data={"language": "zh-CN"}).status_code == 302
    assert "待到仓" in text_of(seller.get("/"))
    stock = text_of(seller.get("/portal/stock"))
    for bucket in ("冻结", "不合格", "待上架", "待出库", "可售", "在途", "缺货"):
        assert bucket in stock
    booking = text_of(seller.get(f"/portal/bookings/{life.booking.id}"))
    assert "少收 1" in booking
    assert "旅行杯 450毫升 蓝色" in booking
    assert "缺货" in text_of(seller.get(f"/portal/orders/{life.short.id}"))


def test_a_booking_shows_declared_counted_and_differences(cast, client, life):
    shown = text_of(cast.sign_in(client, cast.acme_person).get(f"/portal/bookings/{life.booking.id}"))
    assert "Missing 1" in shown
    assert "Damaged 1" in shown
    assert "2 differences" in shown
    assert "B-INACME" in shown


def test_an_order_shows_its_way_and_parcel(cast, client, life):
    shown = text_of(cast.sign_in(client, cast.acme_person).get(f"/portal/orders/{life.shipped.id}"))
    assert "Handed over" in shown
    assert "HC" in shown
    assert "Anna Schmidt" in shown


@pytest.mark.parametrize("named", ["number", "reference"])
def test_the_search_leads_to_the_one_order(cast, client, life, named):
    seller = cast.sign_in(client, cast.acme_person)
    answer = seller.get("/portal/search", query_string={"q": getattr(life.shipped, named)})
    assert answer.headers["Location"] == f"/portal/orders/{life.shipped.id}"


def test_lists_filter_by_tab_and_search(cast, client, life):
    seller = cast.sign_in(client, cast.acme_person)
    short = text_of(seller.get("/portal/orders?tab=short"))
    assert life.short.number in short
    assert life.shipped.number not in short
    found = text_of(seller.get("/portal/orders?q=shop-3"))
    assert life.promised.number in found
    assert life.short.number not in found


def booking_form(**changes: str) -> dict[str, str]:
    form = {
        "command_id": str(new_id()), "warehouse": "DE1", "reference": "PO-9", "transport": "sea", "action": "submit",
        "cartons.0.count": "3", "cartons.0.weight_g": "8200", "cartons.0.lines.0.sku": "MUG-450-BLUE",
        "cartons.0.lines.0.quantity": "24", "cartons.1.count": "1", "cartons.1.lines.0.sku": "LAMP-DESK-W",
        "cartons.1.lines.0.quantity": "4",
    }  # fmt: skip
    return form | changes


def test_a_seller_books_cartons(cast, client, life):
    seller = cast.sign_in(client, cast.acme_person)
    form = booking_form()
    made = seller.post("/portal/bookings/new", data=form)
    assert made.status_code == 302
    shown = text_of(seller.get(made.headers["Location"]))
    assert "4 of 4" in shown
    assert "Submitted" in shown
    again = seller.post("/portal/bookings/new", data=form)  # a double click
    assert again.headers["Location"] == made.headers["Location"]


def test_a_wrong_booking_keeps_what_was_typed(cast, client, life):
    seller = cast.sign_in(client, cast.acme_person)
    answer = seller.post(
        "/portal/bookings/new", data=booking_form(**{"reference": "PO-8", "cartons.1.lines.0.sku": "NO-SUCH"})
    )
    shown = unescape(answer.get_data(as_text=True))
    assert answer.status_code == 422
    assert "There is no product with the SKU NO-SUCH." in shown
    assert 'id="cartons.1.lines.0.sku-error"' in shown  # at the group it was typed in, not at carton 4
    assert 'value="PO-8"' in shown
    assert life.ask("SELECT count(*) FROM booking WHERE reference = 'PO-8'") == 0


@pytest.mark.parametrize("typed", ["", "0", "-2", "1O", "2.5", "501"])
def test_a_number_of_cartons_that_is_none_is_told_at_its_field(typed, cast, client, life):
    seller = cast.sign_in(client, cast.acme_person)
    answer = seller.post(
        "/portal/bookings/new", data=booking_form(**{"reference": f"PO-COUNT-{typed}", "cartons.1.count": typed})
    )
    assert answer.status_code == 422
    assert 'id="cartons.1.count-error"' in answer.get_data(as_text=True)
    assert life.ask("SELECT count(*) FROM booking WHERE reference = :r", r=f"PO-COUNT-{typed}") == 0


def test_too_many_cartons_in_all_is_told(cast, client, life):
    seller = cast.sign_in(client, cast.acme_person)
    form = booking_form(**{"cartons.0.count": "400", "cartons.1.count": "101"})
    answer = seller.post("/portal/bookings/new", data=form)
    assert answer.status_code == 422
    assert "Too many: at most 500." in unescape(answer.get_data(as_text=True))


def test_cartons_are_typed_onto_their_pallets(cast, client, life):
    seller = cast.sign_in(client, cast.acme_person)
    form = booking_form(**{"reference": "PO-PALLETS", "cartons.0.pallet": "1", "cartons.1.pallet": "3"})
    answer = seller.post("/portal/bookings/new", data=form)
    shown = unescape(answer.get_data(as_text=True))
    assert 'id="cartons.1.pallet-error"' in shown
    assert "Pallets count from 1 without a gap; 2 is next." in shown
    made = seller.post("/portal/bookings/new", data={**form, "cartons.1.pallet": "2", "command_id": str(new_id())})
    assert made.status_code == 302
    assert (
        life.ask(
            "SELECT string_agg(concat_ws('/', c.number, c.pallet), ' ' ORDER BY c.number) FROM carton c"
            " JOIN booking b ON b.id = c.booking_id WHERE b.reference = 'PO-PALLETS'"
        )
        == "1/1 2/1 3/1 4/2"
    )


def test_more_cartons_is_a_form_with_more(cast, client, life):
    seller = cast.sign_in(client, cast.acme_person)
    shown = text_of(seller.post("/portal/bookings/new", data=booking_form(action="add_carton")))
    assert 'name="cartons.2.count"' in shown
    shown = text_of(seller.post("/portal/bookings/new", data=booking_form(action="add_line.1")))
    assert 'name="cartons.1.lines.1.sku"' in shown


def test_a_booking_goes_its_own_steps(cast, client, life):
    seller = cast.sign_in(client, cast.acme_person)
    address = f"/portal/bookings/{life.draft.id}"
    seller.post(f"{address}/submit", data={"command_id": str(new_id()), "version": "1"})
    assert "Submitted" in text_of(seller.get(address))
    stale = seller.post(f"{address}/cancel", data={"command_id": str(new_id()), "version": "1"})
    assert said(life.app, stale) == ["It was changed since you read it. Read it again."]
    assert life.ask("SELECT state FROM booking WHERE id = :id", id=life.draft.id) == "submitted"


def order_form(**changes: str) -> dict[str, str]:
    form = {
        "command_id": str(new_id()), "warehouse": "DE1", "service": "HOUSE-STD", "reference": "SHOP-9",
        "currency": "EUR", "consignee.name": "Ben", "consignee.country": "de", "consignee.city": "Bonn",
        "consignee.address1": "Am Hof 1", "lines.0.sku": "MUG-450-BLUE", "lines.0.quantity": "2",
        "lines.0.unit_value": "12.90", "action": "create",
    }  # fmt: skip
    return form | changes


def test_a_seller_sends_and_cancels_an_order(cast, client, life):
    seller = cast.sign_in(client, cast.acme_person)
    made = seller.post("/portal/orders/new", data=order_form())
    address = made.headers["Location"]
    shown = text_of(seller.get(address))
    assert "Stock reserved" in shown
    assert "12.90 EUR" in shown
    stale = {"command_id": str(new_id()), "version": "99", "reason": "duplicate"}
    seller.post(f"{address}/cancel", data=stale)
    assert "This order is cancelled." not in text_of(seller.get(address))
    seller.post(f"{address}/cancel", data={**stale, "command_id": str(new_id()), "version": "1"})
    assert "This order is cancelled." in text_of(seller.get(address))


def test_a_line_may_name_a_batch_or_a_quality(cast, client, life):
    seller = cast.sign_in(client, cast.acme_person)
    page = text_of(seller.get("/portal/orders/new"))
    assert 'id="lines.2.batch"' in page and '<option value="damaged">Damaged</option>' in page
    named = {"lines.0.batch": "L-2026", "lines.0.condition": "damaged", "kind": "return_to_seller"}
    made = seller.post("/portal/orders/new", data=order_form(**named))
    key = made.headers["Location"].rpartition("/")[2]
    line = life.ask("SELECT batch || ' ' || condition FROM order_line WHERE order_id = CAST(:id AS uuid)", id=key)
    assert line == "L-2026 damaged"
    shown = text_of(seller.get(made.headers["Location"]))
    assert "L-2026" in shown and "Damaged" in shown
    wrong = seller.post(
        "/portal/orders/new", data=order_form(**{"lines.0.condition": "wet", "lines.0.batch": "B" * 41})
    )
    assert wrong.status_code == 422
    assert all(
        f'id="lines.0.{name}-error"' in unescape(wrong.get_data(as_text=True)) for name in ("batch", "condition")
    )


def test_every_wrong_field_of_an_order_is_named(cast, client, life):
    seller = cast.sign_in(client, cast.acme_person)
    wrong = {"lines.0.sku": "NO-SUCH", "lines.0.quantity": "many", "consignee.city": "", "consignee.country": "Germany"}
    answer = seller.post("/portal/orders/new", data=order_form(**wrong))
    shown = unescape(answer.get_data(as_text=True))
    assert answer.status_code == 422
    for name in ("lines.0.quantity", "consignee.city", "consignee.country"):
        assert f'id="{name}-error"' in shown
    assert 'value="Am Hof 1"' in shown


def test_a_seller_creates_a_product_once(cast, client, life):
    seller = cast.sign_in(client, cast.acme_person)
    form = {
        "command_id": str(new_id()), "sku": "HAT-1", "name_en": "Hat", "name_zh": "帽子", "declared_weight_g": "90",
        "declared_length_mm": "200", "declared_width_mm": "200", "declared_height_mm": "80", "serial_control": "none",
        "declared_value": "4.5", "declared_currency": "USD", "cargo_attributes": "textile",
    }  # fmt: skip
    made = seller.post("/portal/products/new", data=form)
    shown = text_of(seller.get(made.headers["Location"]))
    assert "4.50 USD" in shown
    taken = seller.post("/portal/products/new", data={**form, "command_id": str(new_id())})
    assert taken.status_code == 422
    assert "There is already a product with the SKU HAT-1." in taken.get_data(as_text=True)


def test_a_return_is_announced_against_what_was_shipped(cast, client, life):
    seller = cast.sign_in(client, cast.acme_person)
    shown = text_of(seller.get(f"/portal/returns/new?order={life.shipped.reference}"))
    assert "LAMP-DESK-W" in shown
    form = {
        "command_id": str(new_id()), "order": life.shipped.number, "reason": "damaged", "action": "announce",
        "lines.0.sku": "LAMP-DESK-W", "lines.0.quantity": "2",
    }  # fmt: skip
    refused = seller.post("/portal/returns/new", data=form)
    assert refused.status_code == 422
    assert "Only 1 can still come back." in refused.get_data(as_text=True)
    made = seller.post("/portal/returns/new", data={**form, "command_id": str(new_id()), "lines.0.quantity": "1"})
    assert "LAMP-DESK-W" in text_of(seller.get(made.headers["Location"]))


def make_labels(life) -> None:
    """What the label worker does."""
    with life.app.app_context():
        for job_id, _topic in outbox.due_jobs(age_seconds=-60):
            outbox.perform(job_id)


def test_carton_labels_are_waited_for_and_replaced_in_another_size(cast, client, life):
    seller = cast.sign_in(client, cast.acme_person)

    def ask(size: str) -> str:
        form = {"command_id": str(new_id()), "size": size}
        return seller.post(f"/portal/bookings/{life.coming.id}/labels", data=form).headers["Location"]

    where = ask("100x150")
    shown = text_of(seller.get(where))
    assert "The labels are being made" in shown
    assert "0 of 2" in shown
    assert life.coming.number in shown
    waiting = seller.get(f"{where}/now")
    assert seller.get(f"{where}/now", headers={"If-None-Match": waiting.headers["ETag"]}).status_code == 304
    assert seller.get(f"{where}.zip").status_code == 409
    make_labels(life)
    changed = seller.get(f"{where}/now", headers={"If-None-Match": waiting.headers["ETag"]})
    assert "All labels are made" in text_of(changed)
    again = text_of(seller.get(ask("100x150")))
    assert "All labels are made" in again, "a carton keeps its label"
    smaller = ask("100x100")
    make_labels(life)
    link = re.search(r"/labels/bundles/[0-9a-f-]+\.pdf", text_of(seller.get(smaller)))
    assert link is not None
    document = pypdfium2.PdfDocument(seller.get(link[0]).data)
    assert [round(side / 72 * 25.4) for side in document[0].get_size()] == [100, 100]
    document.close()


def labels_form(**more: object) -> dict[str, str]:
    given = {"command_id": new_id(), "warehouse": "DE1", "size": "50x30", "action": "make", **more}
    return {name: str(value) for name, value in given.items()}


def test_a_large_batch_of_product_labels_comes_in_files_with_their_progress(cast, client, life):
    seller = cast.sign_in(client, cast.acme_person)
    assert "At most 5,000 labels at once." in text_of(seller.get("/portal/labels"))
    lines = {
        "lines.0.sku": "LAMP-DESK-W",
        "lines.0.quantity": 150,
        "lines.1.sku": "MUG-450-BLUE",
        "lines.1.quantity": 60,
    }
    where = seller.post("/portal/labels", data=labels_form(**lines)).headers["Location"]
    assert "0 of 210" in text_of(seller.get(where))
    make_labels(life)
    shown = text_of(seller.get(where))
    assert shown.count("Open the file") == 3
    packed = zipfile.ZipFile(BytesIO(seller.get(f"{where}.zip").data))
    assert packed.namelist() == ["labels-01.pdf", "labels-02.pdf", "labels-03.pdf"]
    documents = [pypdfium2.PdfDocument(packed.read(name)) for name in packed.namelist()]
    assert sum(map(len, documents)) == 210
    for document in documents:
        document.close()
    rival = cast.sign_in(client, cast.rival_person)
    assert [rival.get(where + end).status_code for end in ("", "/now", ".zip")] == [404, 404, 404]


def test_wrong_label_requests_are_refused_with_the_reason(cast, client, life):
    seller = cast.sign_in(client, cast.acme_person)
    before = life.ask("SELECT count(*) FROM label_bundle")
    mug = {"lines.0.sku": "MUG-450-BLUE"}
    for lines, words in (
        ({**mug, "lines.0.quantity": 10_000}, "At most 5000."), ({**mug, "lines.0.quantity": -3}, "At least 1."),
        ({**mug, "lines.0.quantity": 4_000, "lines.1.sku": "LAMP-DESK-W", "lines.1.quantity": 4_000},
         "At most 5000 labels in one request."),
        ({"lines.0.sku": "NOBODY-KNOWS", "lines.0.quantity": 1}, "No product with this SKU."),
        ({**mug, "lines.0.quantity": 1, "size": "9x9"}, "One of:"), ({}, "Too few: at least 1."),
    ):  # fmt: skip
        answer = seller.post("/portal/labels", data=labels_form(**lines))
        assert answer.status_code == 422, lines
        assert words in unescape(answer.get_data(as_text=True)), lines
    assert life.ask("SELECT count(*) FROM label_bundle") == before
    more = text_of(seller.post("/portal/labels", data=labels_form(**mug, action="more")))
    assert 'value="MUG-450-BLUE"' in more


def test_the_buckets_lead_to_their_rows(cast, client, life):
    seller = cast.sign_in(client, cast.acme_person)
    lamp = cast.ACME.products["LAMP-DESK-W"]
    bad = text_of(seller.get(f"/portal/stock/{lamp}?bucket=unqualified"))
    assert "Damaged" in bad
    reserved = text_of(seller.get(f"/portal/stock/{lamp}?bucket=outbound"))
    assert life.promised.number in reserved
    ledger = text_of(seller.get(f"/portal/stock/{lamp}/ledger"))
    assert "Received" in ledger
    assert "Shipped" in ledger
    assert f'href="/portal/bookings/{life.booking.id}"' in ledger  # what was received and put away leads to its booking
    assert ">–</td></tr>" not in ledger


def test_the_api_reference_shows_every_operation(client):
    shown = text_of(client.get("/api/"))
    assert "/api/v1/orders/{order_id}/cancel" in shown
    assert "Idempotency-Key: $(uuidgen)" in shown
    assert "<script>" not in shown


def test_codes_of_cases_are_added_on_the_page_and_removed(cast, client, life):
    seller = cast.sign_in(client, cast.acme_person)
    mug = cast.ACME.products["MUG-450-BLUE"]
    page = f"/portal/products/{mug}"

    def add(**typed: str):
        return seller.post(f"{page}/barcodes", data={"command_id": str(new_id()), "level": "case"} | typed)

    for typed, field in (
        ({"barcode": "MUG-CASE"}, "level"), ({"barcode": "", "quantity": "24"}, "barcode"),
        ({"barcode": "MUG-CASE", "quantity": "1"}, "level"), ({"barcode": "4006381333930", "quantity": "24"}, "barcode"),
        ({"barcode": "MUG-CASE", "quantity": "24", "level": "crate"}, "level"),
    ):  # fmt: skip
        wrong = add(**typed)
        assert (wrong.status_code, field) == (422, field)
        errors = re.findall(r'id="(\w+)-error"', wrong.get_data(as_text=True))
        assert errors == [field], typed
    assert add(barcode="MUG-PALLET", quantity="480", level="pallet").status_code == 302
    shown = text_of(seller.get(page))
    assert "MUG-PALLET" in shown and "480" in shown
    codes = "SELECT level || ':' || quantity FROM product_barcode WHERE barcode = 'MUG-PALLET'"
    assert life.ask(codes) == "pallet:480"
    key = life.ask("SELECT id FROM product_barcode WHERE barcode = 'MUG-PALLET'")
    rival = cast.sign_in(client, cast.rival_person)
    for path in (f"{page}/barcodes", f"{page}/barcodes/{key}/remove"):
        assert (
            rival.post(path, data={"command_id": str(new_id()), "barcode": "X-9", "level": "case"}).status_code == 404
        )
    seller = cast.sign_in(client, cast.acme_person)
    seller.post(f"{page}/barcodes/{key}/remove", data={"command_id": str(new_id())})
    assert life.ask("SELECT count(*) FROM product_barcode WHERE barcode = 'MUG-PALLET'") == 0


def changed_form(version: int, **values: str) -> dict[str, str]:
    base = {"command_id": str(new_id()), "version": str(version), "name_en": "Cup", "name_zh": "杯", "declared_weight_g": "400",
            "declared_length_mm": "100", "declared_width_mm": "90", "declared_height_mm": "80", "serial_control": "none",
            "temperature": "ambient", "is_active": "1"}  # fmt: skip
    return {name: value for name, value in {**base, **values}.items() if value != "-"}


def test_a_seller_changes_a_product(cast, client, life):
    """Of the version that was read; what is wrong stands at its field; what is left empty is nothing from now on."""
    key = cast.ACME.products["CABLE-USBC-1M"]
    seller = cast.sign_in(client, cast.acme_person)
    page = f"/portal/products/{key}/edit"
    assert page in text_of(seller.get(f"/portal/products/{key}"))
    shown = text_of(seller.get(page))
    version = life.ask("SELECT version FROM product WHERE id = :p", p=key)
    assert (f'name="version" value="{version}"' in shown, "CABLE-USBC-1M" in shown) == (True, True)
    wrong = seller.post(
        page, data=changed_form(version, name_en="", declared_weight_g="x", hs_code="12", declared_value="1")
    )
    shown = wrong.text
    for name in ("name_en", "declared_weight_g", "hs_code"):
        assert f'id="{name}-error"' in shown, name
    assert wrong.status_code == 422
    value = seller.post(page, data=changed_form(version, declared_value="12.50"))
    assert (value.status_code, 'id="declared_currency-error"' in value.text) == (422, True)
    done = seller.post(page, data=changed_form(version, declared_value="12.50", declared_currency="EUR", outbound_days="9",
                                               pack_photo="1"))  # fmt: skip
    assert said(life.app, done) == ["The product is changed."]
    now = life.ask("SELECT concat_ws('/', name_en, declared_weight_g, declared_value_minor, declared_currency, outbound_days,"
                   " pack_photo, version) FROM product WHERE id = :p", p=key)  # fmt: skip
    assert now == f"Cup/400/1250/EUR/9/t/{version + 1}"
    assert 'value="12.50"' in text_of(seller.get(page))
    stale = seller.post(page, data=changed_form(version, name_en="Late"))
    assert (stale.status_code, "It was changed since you read it." in unescape(stale.text)) == (422, True)
    assert said(life.app, seller.post(page, data=changed_form(version + 1))) == ["The product is changed."]
    emptied = "SELECT concat_ws('/', declared_value_minor, declared_currency, outbound_days, pack_photo) FROM product WHERE id = :p"
    assert life.ask(emptied, p=key) == "0/f"
    seller.post(page, data=changed_form(version + 2, is_active="-"))
    assert life.ask("SELECT is_active FROM product WHERE id = :p", p=key) is False


def test_a_form_offers_every_currency_and_keeps_the_one_that_is_there(cast, client, life):
    """A value in zloty came by API: a page that did not know them showed none, and asked for one."""
    key = cast.ACME.products["CABLE-USBC-1M"]
    seller = cast.sign_in(client, cast.acme_person)
    version = life.ask("SELECT version FROM product WHERE id = :p", p=key)
    priced = changed_form(version, declared_value="19.90", declared_currency="PLN")
    assert said(life.app, seller.post(f"/portal/products/{key}/edit", data=priced)) == ["The product is changed."]
    assert '<option value="PLN" selected>' in text_of(seller.get(f"/portal/products/{key}/edit"))
    assert '<option value="HUF"' in text_of(seller.get("/portal/orders/new"))


def test_what_is_in_stock_keeps_how_its_units_are_told_apart(cast, client, life):
    key = life.ask("SELECT product_id FROM balance WHERE owner_id = :o AND is_there LIMIT 1", o=cast.ACME.id)
    seller = cast.sign_in(client, cast.acme_person)
    version = life.ask("SELECT version FROM product WHERE id = :p", p=key)
    was = life.ask("SELECT serial_control FROM product WHERE id = :p", p=key)
    assert "Units are in stock" in text_of(seller.get(f"/portal/products/{key}/edit"))
    answer = seller.post(f"/portal/products/{key}/edit", data=changed_form(version, serial_control="full"))
    assert (answer.status_code, 'id="serial_control-error"' in answer.text) == (422, True)
    assert life.ask("SELECT serial_control FROM product WHERE id = :p", p=key) == was


def test_nobody_else_changes_a_product(cast, client, life):
    key = cast.ACME.products["CABLE-USBC-1M"]
    stranger = cast.sign_in(client, cast.rival_person)
    assert stranger.get(f"/portal/products/{key}/edit").status_code == 404
    assert stranger.post(f"/portal/products/{key}/edit", data=changed_form(1)).status_code == 404
