"""The demo's supervisor at a browser: what no tablet and no API can do is done on the office's pages, as people do it."""

from __future__ import annotations

import html
import re
import urllib.parse
from collections.abc import Iterable
from typing import Any

from wms.core.ids import new_id
from wms.demo.client import DemoError, Line, SellerSystem
from wms.demo.stage import WALL, WALL_SLOTS, WAREHOUSE, Stage
from wms.seed import PEOPLE

LOGIN = "supervisor@demo"
CART_ORDERS = 48
LANE_ORDERS = 96
SEVERAL = ("single_line", "multi_line")
OTHERS = "b2b"  # whatever does not go to a buyer by a carrier
_TOKEN = re.compile(r'name="csrf-token"\s+content="([^"]+)"')
_COUNTED = re.compile(r'<tr data-state="(\w+)"><td class="main"><a href="(/office/counts/bins/[0-9a-f-]{36})">')
_LOAD = re.compile(r'action="(/office/manifests/[0-9a-f-]{36}/close)"')
_FORM = {"Content-Type": "application/x-www-form-urlencoded"}


class Office:
    """One login of the supervisor, and the forms that they send."""

    def __init__(self, stage: Stage, seller: SellerSystem) -> None:
        self.line = Line(stage.host, stage.port)
        secret = next(person.password for person in PEOPLE if person.login == LOGIN)
        status, headers, body = self._send("/login", [("login", LOGIN), ("password", secret)])
        if status != 302:
            raise DemoError(f"the supervisor did not get in: {status} {body[:200]!r}")
        self.line.headers["Cookie"] = headers["Set-Cookie"].split(";")[0]
        found = _TOKEN.search(self.page("/office/"))
        if found is None:
            raise DemoError("no anti-forgery token on the office's page")
        self.line.headers["X-CSRF-Token"] = html.unescape(found[1])
        places = seller.get("/api/v1/warehouses")["data"]
        self.house = next(each["id"] for each in places if each["code"] == WAREHOUSE)

    def page(self, path: str) -> str:
        status, _, body = self.line.send("GET", path, None, {})
        if status != 200:
            raise DemoError(f"GET {path}: {status}")
        return body.decode()

    def _send(self, path: str, fields: Iterable[tuple[str, str]]) -> tuple[int, Any, bytes]:
        typed = [("command_id", str(new_id())), *fields]
        return self.line.send("POST", path, urllib.parse.urlencode(typed).encode(), _FORM)

    def press(self, path: str, *fields: tuple[str, str]) -> str | None:
        """Send a form; where it leads to, None when it was refused at a field."""
        status, headers, body = self._send(path, fields)
        if status == 422:
            return None
        if status not in (302, 303):
            raise DemoError(f"POST {path}: {status} {body[:300]!r}")
        return str(headers["Location"])

    # -- waves -------------------------------------------------------------------------------------------------------

    def release(self, kinds: Iterable[str], limit: int, wall: str = "") -> bool:
        """Plan a wave of these orders, look at it, release exactly that; False when no order is ready. Walks for a put wall
        are parted by zone.
        """
        chosen = [("kinds", kind) for kind in kinds] + ([("by_zone", "1")] if wall else [])
        plan = self.press(
            "/office/waves/plans", ("warehouse", self.house), ("limit", str(limit)), ("wall", wall), *chosen
        )
        while plan is not None and "/plans/" in plan:
            self.page(plan)
            led_to = self.press(plan)
            if led_to != plan:
                return True
            plan = self.press(f"{plan}/again")  # it has changed since
        return False

    def release_waves(self) -> bool:
        """One wave for the fast lane, one for the put wall, one of carts with a tote for each order, of whatever kind."""
        lane = self.release(["single_unit"], LANE_ORDERS)
        wall = self.release(SEVERAL, WALL_SLOTS, WALL)
        return self.release([*SEVERAL, OTHERS], CART_ORDERS) or wall or lane

    # -- pick faces and counts ---------------------------------------------------------------------------------------

    def set_faces(self, lines: Iterable[str]) -> None:
        """Pick faces as lines `bin;seller;sku;minimum;maximum`."""
        if self.press(f"/office/replenishment/{self.house}/list", ("lines", "\n".join(lines))) is None:
            raise DemoError("the pick faces were refused")

    def fill_faces(self) -> None:
        self.press(f"/office/replenishment/{self.house}/plan")

    def count(self, how: str, what: str = "", most: int = 10) -> bool:
        """Plan a count; False when nothing is to be counted (any more)."""
        fields = (("how", how), ("what", what), ("most", str(most)))
        return self.press(f"/office/counts/{self.house}/plan", *fields) is not None

    def decide_counts(self) -> int:
        """Approve what two people counted alike; returns how many bins are still to be counted or decided on."""
        rows = _COUNTED.findall(self.page(f"/office/counts?warehouse={WAREHOUSE}"))
        for state, path in rows:
            if state == "review":
                self.press(f"{path}/approve")
        return len(rows)

    def trucks_leave(self) -> int:
        """Every driver signs; returns how many loads there were."""
        loads = sorted(set(_LOAD.findall(self.page("/office/manifests"))))
        for path in loads:
            self.press(path)
        return len(loads)

    def give_up(self, booking_id: str, carton_id: str) -> None:
        """A carton that never came."""
        self.press(f"/office/arrivals/bookings/{booking_id}/cartons/{carton_id}/missing")
