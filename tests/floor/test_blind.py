"""A carton counted blind on the tablet: nothing that goes there says what was announced."""

from __future__ import annotations

import json
import re
import uuid
from typing import Any

import pytest
from sqlalchemy import select

from tests.floor.worker import CABLE, CODES, MUG, Tablet, announce
from tests.inbound.dock import service
from wms.inbound.models import Carton
from wms.platform.database import session

IDS = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
MUGS, CABLES = 4711, 8293  # announced: numbers that nothing else on a screen has
RED_NAME = "MUG-450-RED"
CARDS = (
    "CMD-FULL",
    "CMD-DAMAGE",
    "CMD-NOLABEL",
    "CMD-MIXED",
    "CMD-QTY-5",
    "CMD-UNDO",
    "CMD-HELP",
    "CMD-SHORT",
    "CMD-EMPTY",
)


def carton_of(label: str) -> uuid.UUID:
    found: uuid.UUID = session().execute(select(Carton.id).where(Carton.barcode == label)).scalar_one()
    return found


@pytest.fixture
def label(cast, db_session) -> str:
    service.set_counting(cast.supervisor, cast.overseas.id, "blind")
    (found,) = announce(cast, {MUG: MUGS, CABLE: CABLES, RED_NAME: 3})
    return found


class Watched(Tablet):
    """A tablet all of whose answers are kept."""

    def __init__(self, caller: Any) -> None:
        self.got: list[str] = []
        super().__init__(caller)

    def send(self, body: dict[str, Any]) -> Any:
        answer = super().send(body)
        self.got.append(answer.get_data(as_text=True))
        return answer

    def look(self) -> str:
        shown = super().look()
        self.got.append(shown)
        for address in ("/floor/work/" + self.next["kind"], "/floor/v1/tasks/" + self.next["task_id"]):
            self.got.append(self.caller.get(address).get_data(as_text=True))
        return shown


def pages_of(app: Any, tablet: Watched, carton: uuid.UUID, product: uuid.UUID) -> dict[str, str]:
    """Every page of the floor that a GET opens, with this carton and this product where it wants one."""
    found = {}
    for rule in app.url_map.iter_rules():
        if not rule.rule.startswith("/floor") or "GET" not in rule.methods:
            continue
        values = dict.fromkeys(rule.arguments, carton) | {"kind": "receive", "product_id": product}
        values |= {"task_id": tablet.next["task_id"]}
        with app.test_request_context():
            address = app.url_map.bind("").build(rule.endpoint, {name: values[name] for name in rule.arguments})
        answer = tablet.caller.get(address)
        found[rule.rule] = answer.get_data(as_text=True)
        assert answer.status_code < 500
    return found


def test_no_screen_tells_what_was_announced(app, cast, client, label):
    tablet = Watched(cast.sign_in(client, cast.receiver))
    tablet.start("receive")
    assert tablet.scan(label)["code"] == "carton_opened"
    carton, mug, cable = carton_of(label), cast.ACME.products[MUG], cast.ACME.products[CABLE]
    assert (tablet.seen["blind"], tablet.seen["lines"], tablet.seen["left"]) == (True, [], None)
    told = tablet.scan(CODES[MUG], quantity=MUGS - 1)
    assert (told["code"], told["title"]) == ("count_tally", "4710 of it counted.")
    told = tablet.scan("CMD-FULL")
    assert (told["code"], told["title"]) == ("count_is_blind", "This carton is counted blind. Count what is in it.")
    for card in CARDS:
        tablet.scan(card)
    tablet.scan(CODES[MUG], quantity=7)
    assert tablet.scan("CMD-OK")["title"] == "Not what was announced. Count it all again."
    assert (tablet.step, tablet.seen["second"], tablet.seen["lines"]) == ("scan_product", True, [])
    assert "from the beginning" in tablet.look()
    tablet.scan(CODES[MUG], quantity=12)
    pages = pages_of(app, tablet, carton, mug)
    measured = tablet.caller.get(f"/floor/measures/{carton}/{mug}")
    assert measured.status_code == 200  # counted, though no line of the booking was written yet
    assert tablet.caller.get(f"/floor/measures/{carton}/{cable}").status_code == 404  # announced, and nobody saw it
    assert len(pages) > 15 and len(tablet.got) > 40
    for where, shown in [*pages.items(), *(("a scan", got) for got in tablet.got)]:
        for secret in (str(MUGS), str(CABLES), "4,711", "8,293", CABLE, RED_NAME, "declared", "Announced", "CMD-FULL"):
            assert secret not in IDS.sub("", shown), (where, secret)  # an id may happen to have these digits


def test_the_same_carton_guided_tells_all_of_it(cast, client, label):
    """That the numbers above would be seen."""
    service.set_counting(cast.supervisor, cast.overseas.id, "guided")
    tablet = Watched(cast.sign_in(client, cast.receiver))
    tablet.start("receive")
    tablet.scan(label)
    shown = tablet.look()
    for secret in (str(MUGS), str(CABLES), CABLE, RED_NAME, "CMD-FULL"):
        assert secret in shown
    assert "declared" in json.dumps(tablet.seen)


def test_as_announced_it_closes_at_once_and_otherwise_after_the_second_count(cast, client, db_session, tablet):
    service.set_counting(cast.supervisor, cast.overseas.id, "blind")
    first, second = announce(cast, {MUG: 5}, {MUG: 5})
    tablet.start("receive")
    for code in (first, CODES[MUG], "CMD-QTY-4", CODES[MUG]):
        tablet.scan(code)
    assert tablet.seen["lines"][0]["received"] == 5
    assert (tablet.scan("CMD-OK")["code"], tablet.step) == ("carton_closed", "scan_carton")
    for code in (second, "CMD-QTY-4", CODES[MUG]):
        tablet.scan(code)
    assert tablet.scan("CMD-OK")["code"] == "count_once_more"
    tablet.scan(CODES[MUG])
    assert tablet.scan("CMD-UNDO")["code"] == "count_undone"
    tablet.scan(CODES[MUG], quantity=4)
    told = tablet.scan("CMD-OK")
    assert (told["code"], told["title"]) == ("carton_closed_difference", "Closed. Differences: 1.")


def test_in_chinese(cast, client, label):
    tablet = Tablet(cast.sign_in(client, cast.picker))
    tablet.start("receive")
    tablet.scan(label)
    assert "盲收" in tablet.look()
    assert tablet.scan("CMD-OK")["title"] == "与预报不符，请全部重新清点一次。"
    assert "从头" in tablet.look()
