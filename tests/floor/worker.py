"""A worker's tablet over HTTP, and the goods that tests of the floor begin with."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from typing import Any

from sqlalchemy import select, text
from werkzeug.test import TestResponse

from tests.cast import Caller, Cast
from wms.core.actor import SYSTEM
from wms.core.barcodes import OwnCode, format_own
from wms.core.ids import new_id
from wms.inbound import service as inbound
from wms.inbound.models import Carton
from wms.inbound.rules import BookingDraft, CartonDraft, LineDraft
from wms.outbound.models import Wave
from wms.outbound.service import waybills
from wms.platform.database import commit, session
from wms.shipping import service as shipping

MUG, CABLE = "MUG-450-BLUE", "CABLE-USBC-1M"
CODES = {MUG: f"ACME:{MUG}", CABLE: f"ACME:{CABLE}"}


class Tablet:
    """Remembers the task and the step it saw, as `floor.js` does."""

    def __init__(self, caller: Caller, warehouse: str = "DE1") -> None:
        self.caller, self.warehouse = caller, warehouse
        bench = "P01" if warehouse == "DE1" else f"{warehouse}-P01"  # the first warehouse prints no prefix
        assert caller.post("/floor/station", data={"barcode": format_own(OwnCode.STATION, bench)}).status_code == 302
        self.next: dict[str, Any] = {}

    def start(self, kind: str) -> dict[str, Any]:
        answer = self.caller.post("/floor/v1/tasks", {"kind": kind, "warehouse": self.warehouse}, key=str(new_id()))
        assert answer.status_code == 200, answer.get_data(as_text=True)
        self.next = answer.get_json()["next"]
        self.look()
        return self.next

    def look(self) -> str:
        """The page of the step, and that the fragment `floor.js` fetches shows the same step."""
        page = self.caller.get(f"/floor/tasks/{self.next['task_id']}/screen")
        assert page.status_code == 200, page.get_data(as_text=True)
        shown = page.get_data(as_text=True)
        assert f'data-step-token="{self.next["step_token"]}" data-state="{self.next["state"]}"' in shown
        whole = self.caller.get(f"/floor/work/{self.next['kind']}")
        assert whole.status_code == 200, whole.get_data(as_text=True)
        assert f'data-step-token="{self.next["step_token"]}"' in whole.get_data(as_text=True)
        for product in products_in(self.seen):
            assert product["picture"] is None or f'src="{product["picture"]}"' in shown or product["sku"] not in shown
        return shown

    def body(self, raw: str, **more: Any) -> dict[str, Any]:
        return {
            "task_id": self.next["task_id"], "step_token": self.next["step_token"], "scan_id": str(new_id()),
            "raw": raw, **more,
        }  # fmt: skip

    def send(self, body: dict[str, Any]) -> TestResponse:
        return self.caller.post("/floor/v1/scans", body, key=body["scan_id"])

    def scan(self, raw: str, **more: Any) -> dict[str, Any]:
        """One scan; answers the feedback, and keeps the step that follows."""
        answer = self.send(self.body(raw, **more))
        assert answer.status_code == 200, answer.get_data(as_text=True)
        self.next = answer.get_json()["next"]
        self.look()
        feedback: dict[str, Any] = answer.get_json()["feedback"]
        return feedback

    @property
    def step(self) -> str:
        return str(self.next["state"])

    @property
    def seen(self) -> dict[str, Any]:
        data: dict[str, Any] = self.next["data"]
        return data


def products_in(shown: Any) -> Iterator[dict[str, Any]]:
    """Every product that a screen names; each says where its picture is had."""
    if isinstance(shown, list):
        for each in shown:
            yield from products_in(each)
    elif isinstance(shown, dict):
        if shown.get("sku") is not None and "name_en" in shown:
            yield shown
        for each in shown.values():
            yield from products_in(each)


def announce(cast: Cast, *cartons: dict[str, int], warehouse: str = "DE1") -> list[str]:
    """A submitted booking of ACME; returns the labels of its cartons."""
    made = [
        CartonDraft(number, [LineDraft(sku, quantity) for sku, quantity in lines.items()])
        for number, lines in enumerate(cartons, start=1)
    ]
    booking = inbound.create_booking(cast.acme, BookingDraft(warehouse=warehouse, cartons=made), submitted=True)
    commit()
    query = select(Carton.barcode).where(Carton.booking_id == booking.id).order_by(Carton.number)
    return list(session().scalars(query))


def house_carrier() -> str:
    """The code of a service that draws its waybill numbers itself."""
    found = shipping.ensure_house_carrier(SYSTEM)
    commit()
    return str(found.code)


def order(api: Caller, lines: dict[str, int], service: str, reference: str = "SHOP-1", warehouse: str = "DE1") -> str:
    """An order of ACME over its API; returns its number."""
    body = {
        "reference": reference, "warehouse": warehouse, "service": service,
        "consignee": {"name": "Anna Schmidt", "country": "DE", "city": "Berlin", "postcode": "10115",
                      "address1": "Invalidenstraße 117", "phone": "+49 30 1234567"},
        "lines": [{"sku": sku, "quantity": quantity} for sku, quantity in lines.items()],
    }  # fmt: skip
    answer = api.post("/api/v1/orders", body)
    assert answer.status_code == 201, answer.get_data(as_text=True)
    return str(answer.get_json()["number"])


def prepare_waybills() -> None:
    """What the job after a wave's release does."""
    for wave_id in session().scalars(select(Wave.id)).all():
        waybills.prepare_wave(wave_id)
    commit()


def totes(warehouse_id: uuid.UUID) -> list[str]:
    """The labels of a warehouse's empty totes."""
    query = text("SELECT barcode FROM handling_unit WHERE warehouse_id = :w AND kind = 'tote' AND subject_id IS NULL"
                 " ORDER BY code")  # fmt: skip
    return list(session().execute(query, {"w": warehouse_id}).scalars())


def tracking_numbers() -> list[str]:
    return list(session().execute(text("SELECT tracking_number FROM parcel ORDER BY id")).scalars())
