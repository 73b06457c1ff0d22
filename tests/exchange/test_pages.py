"""The pages of files of orders, on a database of the test's own."""

from __future__ import annotations

import csv
import io
from html import unescape
from typing import Any

from tests.exchange.test_imports import ANNA, sheet
from tests.outbound.stage import MUG
from tests.portal.conftest import client, life
from tests.portal.test_pages import make_labels, text_of
from wms.core.ids import new_id

__all__ = ["client", "life"]
PAGE = "/portal/order-imports"


def test_a_file_goes_from_its_upload_to_its_orders_before_nobody_elses_eyes(cast: Any, client: Any, life: Any) -> None:
    seller, rival = (cast.sign_in(client, who) for who in (cast.acme_person, cast.rival_person))
    content = sheet(["F-1", MUG, "1", *ANNA], ["F-2", MUG, "x", *ANNA], ["=F", "x", "y", *ANNA])

    def upload(file: bytes, name: str) -> Any:
        form = {
            "command_id": str(new_id()),
            "warehouse": "DE1",
            "service": "HOUSE-STD",
            "file": (io.BytesIO(file), name),
        }
        return seller.post(PAGE, data=form)

    where = upload(content, "o.csv").headers["Location"]
    first = seller.get(f"{where}/now")
    assert seller.get(f"{where}/now", headers={"If-None-Match": first.headers["ETag"]}).status_code == 304
    make_labels(life)
    shown = unescape(seller.get(where).get_data(as_text=True))
    assert "Make 1 order" in shown
    table = list(csv.reader(io.StringIO(seller.get(f"{where}/findings.csv").get_data().decode("utf-8-sig"))))
    assert [row[:2] for row in table] == [["Row", "Column"], ["3", "quantity"], ["4", "quantity"]]
    assert [rival.get(where + end).status_code for end in ("", "/now", "/findings.csv")] == [404, 404, 404]
    assert [
        rival.post(f"{where}/{end}", data={"command_id": str(new_id())}).status_code for end in ("create", "drop")
    ] == [404, 404]
    assert seller.post(f"{where}/create", data={"command_id": str(new_id())}).status_code == 302
    make_labels(life)
    assert life.ask("SELECT count(*) FROM outbound_order WHERE reference LIKE '%F%-1'") == 1
    agency = cast.sign_in(client, cast.agency)
    agency.post("/language", data={"language": "zh-CN"})
    assert "已创建订单" in text_of(agency.get(where))
    assert "bubble_bag · eco_bag" in text_of(seller.get(f"{PAGE}/columns"))
    for path in ("", "/columns", "/template.xlsx", "/template.csv"):
        assert seller.get(PAGE + path).status_code == 200
        assert cast.sign_in(client, cast.receiver).get(PAGE + path).status_code == 403
    bad = upload(b"PK\x03\x04x", "a.xlsx")
    assert (bad.status_code, "damaged" in bad.get_data(as_text=True)) == (422, True)
