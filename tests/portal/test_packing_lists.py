"""A packing list from a file, from the upload to the cartons of a booking: whose it is, what is told, what is refused."""

from __future__ import annotations

import io
import re
import zipfile
from html import unescape
from typing import Any

import pytest
from openpyxl import load_workbook

from tests.life import said
from tests.portal.test_pages import booking_form, text_of
from wms.core.ids import new_id
from wms.inbound import service as inbound
from wms.platform import sheets
from wms.platform.database import transaction
from wms.platform.tables import write_table

HEAD = ("C/NO.", "SKU", "QTY/CTN", "L(CM)", "W(CM)", "H(CM)", "G.W.(KG)", "Pallet", "Batch")
GOOD = (
    ("1-10", "MUG-450-BLUE", "24", "60", "40", "40", "8.2", "1", "B1"), ("11", "MUG-450-BLUE", "6", "", "", "", "", "1", ""),
    ("", "LAMP-DESK-W", "2", "", "", "", "", "", ""), ("TOTAL", "", "248", "", "", "", "", "", ""),
)  # fmt: skip
NEW = "/portal/bookings/new"


def sent(content: bytes, name: str = "list.csv", **fields: str) -> dict[str, Any]:
    return {"command_id": str(new_id()), **fields, "file": (io.BytesIO(content), name)}


def sheet(*rows: tuple[str, ...]) -> bytes:
    return sheets.write_workbook("x", HEAD, rows, empty_rows=3)


def carried(page: Any) -> str:
    found = re.search(r'name="packing" value="([^"]*)"', page.get_data(as_text=True))
    assert found is not None
    return unescape(found[1])


def cartons(life: Any, booking: str) -> Any:
    return life.ask(
        "SELECT string_agg(concat_ws('/', c.number, c.declared_weight_g, c.pallet, p.sku, l.declared), ' ' ORDER BY c.number,"
        " l.position) FROM carton c JOIN carton_line l ON l.carton_id = c.id JOIN product p ON p.id = l.product_id"
        " WHERE c.booking_id = :b",
        b=booking,
    )


MEANT = (
    " ".join(f"{number}/8200/1/MUG-450-BLUE/24" for number in range(1, 11)) + " 11/1/MUG-450-BLUE/6 11/1/LAMP-DESK-W/2"
)  # fmt: skip


def test_cartons_are_looked_at_shown_and_replaced_when_the_seller_says_so(cast: Any, client: Any, life: Any) -> None:
    seller, key = cast.sign_in(client, cast.acme_person), str(life.draft.id)
    page = f"/portal/bookings/{key}/packing-list"
    before = cartons(life, key)
    assert page in text_of(seller.get(f"/portal/bookings/{key}"))
    assert "Look through the file" in text_of(seller.get(page))
    wrong = seller.post(page, data=sent(sheet(*GOOD[:3], ("12", "NO-SUCH", "x", "", "", "", "", "9", "")), "list.xlsx"))
    shown = unescape(wrong.get_data(as_text=True))
    assert (wrong.status_code, 'name="packing"' in shown) == (422, False)
    for told in (
        "Nothing was changed.",
        "QTY/CTN",
        "Type a whole number.",
        "There is no product with the SKU NO-SUCH.",
        "2 is next",
    ):
        assert told in shown, told
    looked = seller.post(page, data=sent(sheet(*GOOD), "list.xlsx"))
    shown = text_of(looked)
    for told in (
        "82.000 kg",
        "0.960 m³",
        "(10 of 11 cartons)",
        "Lines without goods, sums for one, that are not read: 5",
        "B1</span> · ",
    ):
        assert told in shown, told
    assert cartons(life, key) == before  # nobody has said so yet
    form = {"command_id": str(new_id()), "version": "1", "packing": carried(looked), "packing_name": "list.xlsx"}
    stale = seller.post(f"{page}/replace", data={**form, "command_id": str(new_id()), "version": "7"})
    assert said(life.app, stale) == ["It was changed since you read it. Read it again."]
    assert cartons(life, key) == before
    done = seller.post(f"{page}/replace", data=form)
    assert (said(life.app, done), cartons(life, key)) == (["The cartons were replaced."], MEANT)
    seller.post(f"{page}/replace", data=form)  # a double click
    assert life.ask("SELECT version FROM booking WHERE id = :b", b=key) == 2
    kept = life.ask(
        "SELECT string_agg(DISTINCT a.batch || '/' || a.quantity, ' ') FROM announced_lot a"
        " JOIN carton_line l ON l.id = a.carton_line_id WHERE l.booking_id = :b",
        b=key,
    )
    assert kept == "B1/24"
    assert "B1</span> · " in text_of(seller.get(f"/portal/bookings/{key}"))
    for text in ("", "[", "[" * 5000, '[{"number":1,"lines":[]}]', '{"a":1,"a":2}', "7"):
        broken = seller.post(f"{page}/replace", data={**form, "command_id": str(new_id()), "packing": text})
        assert said(life.app, broken) == ["The cartons of the file did not come through. Choose the file again."], text
    assert cartons(life, key) == MEANT


def test_nobody_else_and_not_after_it_came(cast: Any, client: Any, life: Any) -> None:
    page = f"/portal/bookings/{life.draft.id}/packing-list"
    form = {
        "command_id": str(new_id()),
        "version": "1",
        "packing": '[{"number":1,"lines":[{"sku":"LAMP-DESK-W","quantity":1}]}]',
    }
    before = cartons(life, str(life.draft.id))
    rival, packer = cast.sign_in(client, cast.rival_person), cast.sign_in(client, cast.receiver)
    for someone, code in ((rival, 404), (packer, 403)):
        assert someone.get(page).status_code == code
        assert someone.post(page, data=sent(sheet(*GOOD), "a.xlsx")).status_code == code
        assert someone.post(f"{page}/replace", data=form).status_code == code
    assert [
        packer.get(f"/portal/bookings/packing-list/{each}").status_code for each in ("template.csv", "columns")
    ] == [403, 403]
    assert cartons(life, str(life.draft.id)) == before
    seller = cast.sign_in(client, cast.acme_person)
    with life.app.app_context(), transaction():
        inbound.arrive_booking(cast.receiver, life.coming.id)
    late = f"/portal/bookings/{life.coming.id}"
    assert "packing-list" not in text_of(seller.get(late))
    for answer in (
        seller.get(f"{late}/packing-list"), seller.post(f"{late}/packing-list", data=sent(sheet(*GOOD), "a.xlsx")),
        seller.post(f"{late}/packing-list/replace", data={**form, "command_id": str(new_id())}),
    ):  # fmt: skip
        assert (answer.headers["Location"], len(said(life.app, answer))) == (late, 1)


def test_a_new_booking_takes_its_cartons_from_a_file(cast: Any, client: Any, life: Any) -> None:
    seller = cast.sign_in(client, cast.acme_person)
    header = {key: text for key, text in booking_form(reference="PL-1").items() if not key.startswith("cartons")}
    content = write_table(HEAD, GOOD)
    for fields, told in (({"warehouse": ""}, "Required."), ({"warehouse": "XX"}, "There is no such warehouse.")):
        answer = seller.post(NEW, data=sent(content, **{**header, **fields, "action": "look"}))
        assert (answer.status_code, told in unescape(answer.get_data(as_text=True))) == (422, True)
    wrong = seller.post(NEW, data=sent(content.replace(b"LAMP-DESK-W", b"NO-SUCH"), **{**header, "action": "look"}))
    assert (wrong.status_code, "NO-SUCH" in wrong.get_data(as_text=True), b'value="PL-1"' in wrong.data) == (
        422,
        True,
        True,
    )
    looked = seller.post(NEW, data=sent(content, **{**header, "action": "look"}))
    shown = text_of(looked)
    assert ("82.000 kg" in shown, 'value="PL-1"' in shown, "cartons.0.count" in shown) == (True, True, False)
    form = {**header, "command_id": str(new_id()), "packing": carried(looked), "packing_name": "list.csv"}
    assert "cartons.0.count" in text_of(seller.post(NEW, data={**form, "action": "by_hand"}))
    refused = seller.post(
        NEW, data={**form, "packing": form["packing"].replace("LAMP-DESK-W", "NO-SUCH"), "action": "submit"}
    )
    assert refused.status_code == 422
    assert "Carton 11: There is no product with the SKU NO-SUCH." in unescape(refused.get_data(as_text=True))
    made = seller.post(NEW, data={**form, "command_id": str(new_id()), "action": "submit"})
    assert made.status_code == 302
    assert cartons(life, made.headers["Location"].rsplit("/", 1)[1]) == MEANT


def exploding() -> bytes:
    """A workbook whose XML declares an entity."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(sheet(*GOOD))) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            said = b'<!DOCTYPE x [<!ENTITY a "b">]>' if name == "xl/workbook.xml" else b""
            new.writestr(name, said + old.read(name))
    return out.getvalue()


@pytest.mark.parametrize(("content", "name", "told"), [
    (b"", "a.csv", "The file is empty."), (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"x" * 99, "a.xls", "A workbook of an old kind"),
    (exploding(), "a.xlsx", "Not a file of the kinds taken here"), (b"PK\x03\x04x", "a.xlsx", "damaged"),
    (b"%PDF-1.4", "a.pdf", "Not a file of the kinds"), (b"a\x00b", "a.csv", "no table in text form"),
    (write_table(HEAD[:1], [("1",)]), "a.csv", "The table needs one column “sku”."),
    (write_table(HEAD, []), "a.csv", "There is no row"),
    (write_table(HEAD, [GOOD[1]] * 5001), "a.csv", "At most 5000 rows"),
], ids=["empty", "old", "entity", "broken", "pdf", "bytes", "no columns", "no rows", "too long"])  # fmt: skip
def test_a_file_that_is_none_is_refused_and_nothing_of_it_is_kept(
    cast: Any, client: Any, life: Any, content: bytes, name: str, told: str
) -> None:
    seller = cast.sign_in(client, cast.acme_person)
    kept = life.ask("SELECT count(*) FROM stored_file")
    for page, fields in (
        (f"/portal/bookings/{life.draft.id}/packing-list", {}),
        (NEW, {"warehouse": "DE1", "action": "look"}),
    ):
        answer = seller.post(page, data=sent(content, name, **fields))
        assert (answer.status_code, told in unescape(answer.get_data(as_text=True))) == (422, True), page
    assert life.ask("SELECT count(*) FROM stored_file") == kept


def test_the_template_is_a_packing_list_in_both_languages_and_both_kinds(cast: Any, client: Any, life: Any) -> None:
    seller = cast.sign_in(client, cast.acme_person)
    headings = set()
    for language in ("en", "zh-CN"):
        seller.post("/language", data={"language": language})
        for kind in ("csv", "xlsx"):
            content = seller.get(f"/portal/bookings/packing-list/template.{kind}").get_data()
            rows = sheets.read_sheet(content, 100)
            headings.add(rows[0].cells[0])
            seller.post("/language", data={"language": "en"})
            shown = unescape(
                seller.post(f"/portal/bookings/{life.draft.id}/packing-list", data=sent(content, f"t.{kind}")).get_data(
                    as_text=True
                )
            )
            assert re.findall(r'data-label="Column">([^<]*)', shown) == [rows[0].cells[3]] * 3, (
                shown
            )  # the example's SKUs are nobody's
            seller.post("/language", data={"language": language})
        assert "QTY/CTN".lower() in text_of(seller.get("/portal/bookings/packing-list/columns"))
    assert headings == {"carton_no", "箱号"}
    book = load_workbook(io.BytesIO(seller.get("/portal/bookings/packing-list/template.xlsx").get_data()))
    assert (book.active["A2"].value, book.active["A2"].number_format) == ("1-10", "@")  # never a date
