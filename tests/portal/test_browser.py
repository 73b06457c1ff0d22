"""One walk through a real browser: a seller signs in, books a carton, and sees it."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
from werkzeug.serving import make_server

pytestmark = pytest.mark.page


@pytest.fixture
def address(life) -> Iterator[str]:
    server = make_server("127.0.0.1", 0, life.app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()


def test_a_seller_books_a_carton_and_sees_it(page, address, life):
    broken: list[str] = []
    page.on("pageerror", lambda error: broken.append(str(error)))
    page.on("console", lambda message: broken.append(message.text) if "Content Security" in message.text else None)
    page.goto(f"{address}/portal/bookings/new")
    page.fill("#login", "acme@demo")
    page.fill("#password", "acme-demo")
    page.get_by_role("button", name="Sign in").first.click()
    page.get_by_label("Warehouse", exact=True).select_option("DE1")
    page.get_by_label("Your reference").fill("PO-77")
    page.locator('[name="cartons.0.lines.0.sku"]').fill("MUG-450-BLUE")
    page.locator('[name="cartons.0.lines.0.quantity"]').fill("24")
    page.get_by_role("button", name="Submit the booking").click()
    assert page.locator("h1").inner_text().startswith("INACME-")
    assert "Submitted" in page.locator(".page-title").inner_text()
    page.get_by_role("link", name="Inbound").first.click()
    assert "PO-77" in page.locator("table").inner_text()
    page.locator("details.desk-only summary").click()
    page.get_by_role("button", name="简体中文").first.click()
    assert page.locator("h1").inner_text() == "入库"
    assert broken == []
