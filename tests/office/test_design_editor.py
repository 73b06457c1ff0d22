"""The editor of label designs in a real browser: a logo, a drag, a form, a save, a publication."""

from __future__ import annotations

from io import BytesIO

import pytest
from PIL import Image

from tests.floor.serving import served

pytestmark = pytest.mark.page
DATA = (
    "SELECT v.data FROM label_design_version v JOIN label_design d ON d.id = v.design_id"
    " WHERE d.kind = 'location' AND v.number = :number"
)


def logo() -> bytes:
    data = BytesIO()
    Image.new("L", (40, 40), 0).save(data, "PNG")
    return data.getvalue()


def test_an_operator_adds_a_logo_and_publishes_it(page, life):
    broken: list[str] = []
    page.on("pageerror", lambda error: broken.append(str(error)))
    page.on("console", lambda message: broken.append(message.text) if message.type == "error" else None)
    with served(life.app) as address:
        page.goto(f"{address}/office/designs/new?kind=location&size=100x60")
        page.fill("#login", "supervisor@demo")
        page.fill("#password", "supervisor-demo")
        page.get_by_role("button", name="Sign in").first.click()
        page.wait_for_selector("[data-design-findings] li")
        before = page.get_attribute("[data-design-picture]", "src")

        # A text of the template is changed by its form, and undone.
        page.locator("[data-design-tree] button", has_text="{code}").first.click()
        page.get_by_label("Shows").fill("BIN {code}")
        page.wait_for_function("before => document.querySelector('[data-design-picture]').src !== before", arg=before)
        page.get_by_role("button", name="Undo").click()
        assert page.get_by_label("Shows").input_value() != "BIN {code}"

        # Everything of the built-in label goes but its bar code; then there is room for a logo.
        page.locator(".design-raw summary").click()
        page.fill("[data-design-raw]", RAW)
        page.get_by_role("button", name="Take over").click()
        page.set_input_files(
            "[data-design-upload]", {"name": "Our Logo.png", "mimeType": "image/png", "buffer": logo()}
        )
        page.wait_for_selector("[data-design-findings] .tone-stop")
        page.locator("svg rect.chosen").scroll_into_view_if_needed()
        chosen = page.locator("svg rect.chosen").bounding_box()
        page.mouse.move(chosen["x"] + 8, chosen["y"] + 8)
        page.mouse.down()
        per_mm = page.locator("[data-design-picture]").bounding_box()["width"] / 100
        page.mouse.move(chosen["x"] + 8 + 10 * per_mm, chosen["y"] + 8 + 38 * per_mm, steps=4)
        page.mouse.up()
        page.wait_for_selector("[data-design-findings] .tone-ok")
        left, top = (float(page.locator(".design-four input").nth(place).input_value()) for place in (0, 1))
        assert (left, top) == pytest.approx((12, 40), abs=0.6)
        page.keyboard.press("ArrowRight")
        assert float(page.locator(".design-four input").first.input_value()) == pytest.approx(left + 0.5)

        page.fill("[name=note]", "our logo")
        with page.expect_navigation(wait_until="load"):  # before its scripts ran, a button asks nothing back
            page.get_by_role("button", name="Save a version").click()
        page.get_by_role("button", name="Publish version 1").click()
        page.locator("[data-confirm-go]").click()
        page.wait_for_selector("text=Version 1 is in force")
        assert "our logo" in page.locator("table").inner_text()
    stored = life.ask(DATA, number=1)
    assert [each["type"] for each in stored["elements"]] == ["code", "image"]
    assert list(stored["images"]) == ["our_logo"]
    assert broken == []


RAW = """{"kind": "location", "size": [100, 60], "margin_mm": 2,
          "elements": [{"type": "code", "box": [2, 2, 96, 30], "symbology": "code128", "value": "{barcode}"}]}"""
