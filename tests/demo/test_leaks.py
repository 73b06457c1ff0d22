"""After a whole demonstration: secrets lie nowhere, what names a person lies where it must and is forgotten when asked.

The system is the real one (supervisor, web, workers, engines) with its limits on and its log as talkative as it gets; on top
of the demo's own people it is given passwords right and wrong, a made key, a temporary password, a badge, an ID number.
"""

from __future__ import annotations

import base64
import re
import subprocess
import tempfile
import urllib.parse
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from config import Config
from tests.demo import places
from tests.demo.places import Needles
from tests.engines import dispose
from wms.core import clock
from wms.core.ids import new_id
from wms.demo import wholesale
from wms.demo.__main__ import OWN_BOOK, _free_port, processes
from wms.demo.client import Line, SellerSystem
from wms.demo.kinds import TRANSFER
from wms.demo.orderbook import read_order_book
from wms.demo.plan import Plan
from wms.demo.replay import replay
from wms.demo.stage import PIN, Stage, set_stage
from wms.identity import totp
from wms.platform.database import session, transaction
from wms.platform.engines import Engines, running_engines
from wms.platform.files import store
from wms.schedule import erase_due
from wms.seed import PEOPLE, badge_of, demo_key

FORM = {"Content-Type": "application/x-www-form-urlencoded"}
BUYER = {"name": "Zoltan Quixote", "phone": "+36 1 555 0199", "email": "zoltan@quixote.example", "city": "Kecskemet",
         "address1": "Rakoczi Road 77", "address2": "Door Seventeen", "postcode": "H-60001", "company": "Quixote Works",
         "address3": "Behind the Windmill", "district": "Mancha Heights",
         "country": "HU", "id_number": "11010519491231002X"}  # fmt: skip
WRONG = {
    "password": "a-wrong-password-of-hers",
    "secret": "another-wrong-secret",
    "key": "wms_live_00000000_" + "k" * 43,
}
CHOSEN = "violet pallets sleep late"


@dataclass
class Played:
    """The running system after the play, and what was told to it."""

    stage: Stage
    config: Config
    engines: Engines
    told: Path
    plan: Plan
    result: dict[str, Any]
    secrets: dict[str, str] = field(default_factory=dict)

    def people(self, orders: set[str] | None = None) -> Needles:
        """What names the buyers of these orders (None: of all)."""
        texts = {*BUYER.values()} - {"HU"} if orders is None else set()
        for order, body in self.plan.orders():
            buyer = body.get("consignee")  # nobody buys a transfer
            if buyer is not None and (orders is None or order.invoice in orders):
                texts |= {buyer["phone"], buyer["email"]} | (
                    {buyer["name"], buyer["address1"]} if orders is None else set()
                )
        return Needles(texts)

    def dump(self, without: str | None = None) -> bytes:
        return places.dump(self.engines, self.config.database_url, without=without)

    def files(self) -> dict[str, bytes]:
        return places.stored(Path(self.config.files_root))


@pytest.fixture(scope="module")
def played() -> Iterator[Played]:
    with tempfile.TemporaryDirectory(prefix="wms-test-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        base = Config.from_environ({"WMS_ENV": "test", "WMS_INSTANCE": str(folder / "instance"), "WMS_SEED_DEMO": "0",
                                    "WMS_LOG_LEVEL": "DEBUG", "WMS_LOG_JSON": "1", "PORT": str(_free_port())})  # fmt: skip
        with running_engines(base.instance_path, base.engine_account) as engines:
            config = base.with_engines(engines.postgres.url(), engines.valkey.url())
            book = read_order_book(OWN_BOOK)
            stage = set_stage(config, 2, len(book.products))
            told = folder / "told.log"
            with told.open("wb") as log, processes(config, log):
                result = replay(stage, book, 2)
                found = Played(stage, config, engines, told, Plan(book), result)
                found.secrets = {**_told_before(stage), **_use_doors(stage), **_order_and_stumble(stage)}
                yield found
            dispose(stage.app)


def _told_before(stage: Stage) -> dict[str, str]:
    """What the cast and the crew have."""
    badges = {f"badge of {each.login}": badge_of(each) for each in PEOPLE if each.badge}
    crew = {f"badge {number}": badge for number, badge in enumerate(stage.badges)}
    keys = {code: demo_key(code).rpartition("_")[2] for code in ("ACME", "RIVAL")}
    passwords = {each.login: each.password for each in PEOPLE}
    return {**badges, **crew, **keys, **passwords, "PIN of the crew": PIN}


class Browser:
    """A person at a browser: cookie and token as pages give them."""

    def __init__(self, stage: Stage, login: str, password: str) -> None:
        self.line = Line(stage.host, stage.port)
        self.post("/login", {"login": login, "password": WRONG["password"]})
        status, headers, _ = self.post("/login", {"login": login, "password": password})
        assert status == 302
        self.take(headers)

    def take(self, headers) -> None:
        """The login's cookie, and the token of its pages."""
        self.line.headers["Cookie"] = headers["Set-Cookie"].split(";")[0]
        page = self.get("/account")
        self.token = re.search(r'name="csrf-token" content="(\w+)"', page)[1]
        self.cookie = self.line.headers["Cookie"].partition("=")[2]

    def get(self, path: str) -> str:
        return self.line.send("GET", path, None, {})[2].decode()

    def post(self, path: str, fields: dict[str, str]):
        typed = {"csrf_token": getattr(self, "token", ""), "command_id": str(new_id()), **fields}
        return self.line.send("POST", path, urllib.parse.urlencode(typed).encode(), FORM)


def _use_doors(stage: Stage) -> dict[str, str]:
    """Keys, passwords, badges and PINs through the pages; returns every secret that came or went."""
    admin = Browser(stage, "admin@demo", "admin-demo")
    secrets = {"admin's cookie": admin.cookie, "admin's token": admin.token, **WRONG}
    admin.post("/confirm", {"secret": WRONG["secret"]})
    admin.take(admin.post("/confirm", {"secret": "admin-demo"})[1])
    secrets |= {"admin's second cookie": admin.cookie}
    page = admin.post("/keys", {"seller": "ACME", "name": "ERP", "scopes": "orders.read"})[2].decode()
    secrets["a made key"] = re.search(r"wms_live_\w{8}_(\w{43})", page)[1]
    person = re.search(r'href="/people/([0-9a-f-]{36})">Rosa Receiver', admin.get("/people"))[1]
    page = admin.post(f"/people/{person}/password", {})[2].decode()
    secrets["a temporary password"] = temporary = re.search(r">((?:[2-9a-z]{4}-){3}[2-9a-z]{4})<", page)[1]
    page = admin.post(f"/people/{person}/badge", {"pin": "836194"})[2].decode()
    secrets |= {"a made badge": re.search(r"U-[0-9A-F]{32}-\w", page)[0], "a typed PIN": "836194"}
    page = admin.post(f"/people/{person}/pin", {})[2].decode()
    secrets["a made PIN"] = re.search(r">(\d{6})<", page)[1]
    receiver = Browser(stage, "receiver@demo", temporary)
    form = {"current": temporary, "password": CHOSEN, "again": CHOSEN}
    receiver.take(receiver.post("/account/password", form)[1])
    secrets |= _two_steps(stage, receiver)
    for browser in (admin, receiver):
        browser.line.close()
    return {**secrets, "a chosen password": CHOSEN, "receiver's cookie": receiver.cookie}


def _two_steps(stage: Stage, receiver: Browser) -> dict[str, str]:
    """Two-step sign-in switched on and used, once wrongly and once with a recovery code."""
    page = receiver.post("/account/second-step", {})[2].decode()
    shown = re.search(r">((?:[A-Z2-7]{4} ?){8})<", page)[1]
    secret = shown.replace(" ", "")
    first = totp.code_of(secret, totp.step_at(clock.now()))
    _, headers, body = receiver.post("/account/second-step/confirm", {"code": first})
    receiver.line.headers["Cookie"] = headers["Set-Cookie"].split(";")[0]
    recovery = re.findall(r"\d(?:-[2-9a-z]{4}){3}", body.decode())
    assert len(recovery) == 10
    again = Line(stage.host, stage.port)
    form = urllib.parse.urlencode({"login": "receiver@demo", "password": CHOSEN}).encode()
    cookies = again.send("POST", "/login", form, FORM)[1].get_all("Set-Cookie")
    held = next(each.split(";")[0] for each in cookies if "_step=" in each)
    again.headers["Cookie"] = held
    for code, status in ((first, 422), (recovery[0], 302)):
        answer = again.send("POST", "/login/code", urllib.parse.urlencode({"code": code}).encode(), FORM)
        assert answer[0] == status
    again.close()
    whole = base64.b32decode(secret).hex()
    return {"the app's key": secret, "as shown": shown, "as bytes": whole, "a step": held.partition("=")[2],
            **{f"recovery code {number}": code for number, code in enumerate(recovery)},
            **{f"recovery code {number}, bare": code[2:].replace("-", "") for number, code in enumerate(recovery)}}  # fmt: skip


def _order_and_stumble(stage: Stage) -> dict[str, str]:
    """An order with everything that can be known of a buyer, and the same refused in every way."""
    seller = SellerSystem(stage.host, stage.port, stage.key)
    sku = seller.get("/api/v1/products?limit=1")["data"][0]["sku"]
    body = {"reference": "LEAK-1", "warehouse": "DE1", "service": "HOUSE-STD", "consignee": BUYER,
            "lines": [{"sku": sku, "quantity": 1}]}  # fmt: skip
    seller.must_post("/api/v1/orders", body)
    assert seller.post("/api/v1/orders", body)[0] == 409
    assert (
        seller.post("/api/v1/orders", {**body, "reference": "LEAK-2", "consignee": {**BUYER, "id_number": "1"}})[0]
        == 422
    )
    assert seller.post("/api/v1/orders", {**body, "reference": BUYER["name"], "unknown": BUYER["phone"]})[0] == 422
    stranger = SellerSystem(stage.host, stage.port, WRONG["key"])
    assert stranger.post("/api/v1/orders", body)[0] == 401
    for each in (seller, stranger):
        each.line.close()
    with stage.app.app_context(), pytest.raises(Exception, match="unique"), transaction():
        session().connection().exec_driver_sql(
            "INSERT INTO consignee (order_id, name, country) SELECT order_id, name, country FROM consignee"
        )
    return {}


def test_the_day_had_everything(played: Played) -> None:
    """What is printed at the end; otherwise finding nothing below would say little."""
    result = played.result
    assert (result["ledger_drift"], result["lost_jobs"], result["bins_wrong"]) == (0, 0, 0)
    assert (result["orders_in"], result["orders_shipped"], result["orders_short"], result["intercepted"]) == (
        34,
        30,
        3,
        1,
    )
    assert sum(result["units_verified"].values()) == result["units_shipped"] + result["units_stopped"]
    assert result["parcels"] >= result["orders_shipped"]
    assert result["labels_verified"] == result["parcels"] + result["parcels_stopped"] + result["bags"]
    assert (result["pick_ups"], result["fba_orders"], result["transfers"]) == (1, 1, 1)
    assert all(result[name] for name in ("zone_walks", "bags", "trucks", "units_relabelled", "units_transferred"))
    ways = [result[f"orders_by_{way}"] for way in ("wall", "lane", "cart")]
    assert sum(ways) == 31
    assert all(ways)
    assert 0 < result["metres_walked"] <= result["metres_bin_order"]
    assert 0 < result["carton_litres"] < result["carton_litres_one_size"]
    closed = wholesale.CARTONS
    assert (result["cartons_closed"], result["cartons_whole"]) == (len(closed), 1)
    assert result["cartons_counted"] >= sum(
        wholesale.COUNTED in each for each in closed[1:]
    )  # and those of the morning
    assert result["units_whole"] == sum(closed[0].values())
    met = ("waves", "walks", "products_with_lots", "cartons_lost", "cartons_differing", "differences_settled",
           "units_damaged", "bins_counted", "bins_differing", "faces_filled", "units_replenished", "units_vanished",
           "parcels_a_person_hour", "metres_as_orders_came")  # fmt: skip
    assert [name for name in met if not result[name]] == []


def test_the_search_can_find(played: Played) -> None:
    """Each place has what it must have: otherwise finding nothing there would prove nothing."""
    assert b'"route": "/login"' in places.logs(played.engines, played.told)
    assert b"duplicate key value" in places.logs(played.engines, played.told)
    assert b"900101" in played.dump(without="consignee")
    assert {"Customer 70011", BUYER["phone"]} <= played.people().found_in(played.dump())
    queue = places.valkey(played.engines)
    assert b"limit:account:" in queue
    assert b"wms.worker.run_outbox_job" in queue
    assert any("Customer 70011" in played.people().found_in(content) for content in played.files().values())
    assert Needles(["päss word"]).found_in(b'{"a": "p\\xe4ss word"}') == {"päss word"}
    assert Needles(["a secret of ours"]).found_in(b"\t\\x" + b"a secret of ours".hex().encode()) == {"a secret of ours"}


def test_no_secret_lies_anywhere(played: Played) -> None:
    needles = Needles(played.secrets.values())
    searched = {"logs": places.logs(played.engines, played.told), "dump": played.dump(), "valkey": places.valkey(played.engines),
                **played.files()}  # fmt: skip
    assert {place: found for place, content in searched.items() if (found := needles.found_in(content))} == {}


def test_what_names_a_person_lies_in_one_table_and_on_their_labels(played: Played) -> None:
    needles = played.people()
    searched = {"logs": places.logs(played.engines, played.told), "dump": played.dump(without="consignee"),
                "valkey": places.valkey(played.engines)}  # fmt: skip
    assert {place: found for place, content in searched.items() if (found := needles.found_in(content))} == {}
    assert BUYER["id_number"] not in needles.found_in(played.dump())  # sealed even there
    with played.stage.app.app_context():
        rows = session().connection().exec_driver_sql("SELECT sha256 FROM stored_file WHERE erase_on IS NOT NULL")
        dated = {row[0] for row in rows}
    named = {name for name, content in played.files().items() if needles.found_in(content)}
    assert named
    assert named <= dated


def test_one_person_is_forgotten_and_the_others_are_not(played: Played) -> None:
    with played.stage.app.app_context():
        shipped = session().connection().exec_driver_sql(
            "SELECT id, reference FROM outbound_order WHERE state = 'shipped' ORDER BY id"
        ).all()  # fmt: skip
    moved = {invoice for invoice, way in played.plan.ways.items() if way == TRANSFER}  # nobody buys these
    moved.add(wholesale.REFERENCE)  # a shop does
    (order_id, invoice), *rest = [row for row in shipped if row[1] not in moved]
    others = {reference for _, reference in rest}
    forgotten, kept = played.people({invoice}), played.people(others)
    assert len(forgotten.found_in(played.dump())) == 2
    with played.stage.app.app_context():
        result = played.stage.app.test_cli_runner().invoke(args=["erase", "--order", str(order_id)])
    assert result.exit_code == 0, result.output
    _drain(played.stage)
    after = played.dump()
    assert forgotten.found_in(after) == set()
    assert len(kept.found_in(after)) == 2 * len(others)
    assert invoice.encode() in after  # the order stays, and every fact of stock with it
    assert [name for name, content in played.files().items() if forgotten.found_in(content)] == []


def test_when_their_date_has_come_all_are_forgotten(played: Played) -> None:
    """By the schedule, as it will run; orders that never ended keep their buyer until they do."""
    with played.stage.app.app_context():
        rows = session().connection().exec_driver_sql(
            "SELECT reference FROM outbound_order WHERE state IN ('shipped', 'cancelled')"
        )  # fmt: skip
        ended = {row[0] for row in rows}
    needles = played.people(ended)
    assert needles.found_in(played.dump())
    late = clock.now() + timedelta(days=400)
    former = clock.use(lambda: late)
    try:
        with played.stage.app.app_context(), transaction():
            erase_due()
    finally:
        clock.use(former)
    assert needles.found_in(played.dump()) == set()
    everybody = played.people()
    assert [name for name, content in played.files().items() if everybody.found_in(content)] == []
    with played.stage.app.app_context():
        assert store().root.exists()
    assert played.stage.audit_violations() == 0


def _drain(stage: Stage) -> None:
    """Let the worker draw the bundle again, without the person."""
    for _ in range(200):
        if not stage.open_jobs():
            return
        subprocess.run(["sleep", "0.1"], check=True)
    pytest.fail("the worker did not finish")
