"""The ways in which people and programs ask for the actions of the workflows over HTTP.

A *way* builds a document up to the moment before the action, by services, and returns the request that asks for it. A
way that can build several states names them. `ELSEWHERE` says of every other action who does it; together they are all
there are, so that a new action without either fails a test. Those of goods that come in are in `ways_in.py`, those of
what people find and decide in `ways_decided.py`, those of what is worked on behind the orders in `ways_worked.py`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

from flask.testing import FlaskClient
from sqlalchemy import select, update
from werkzeug.test import TestResponse

from tests.cast import Caller, Cast
from tests.floor.worker import CODES, Tablet, announce
from tests.outbound.stage import MUG, Stage
from wms.core import clock
from wms.core.ids import new_id
from wms.facility.models import HandlingUnit, Warehouse
from wms.inbound.models import Carton
from wms.outbound.models import Interception, Order, OrderException
from wms.outbound.service import interceptions, order_holds, picking
from wms.platform.database import session
from wms.printing import service as printing
from wms.printing.models import LabelDocument, PrintJob
from wms.shipping.models import Parcel, Shipment

Action = tuple[str, str]  # of a workflow, an action
Send = Callable[[str], TestResponse]  # under this command id


@dataclass
class Ask:
    """A request in hand. `documents`: the row that each of its actions is for; `send` takes the command's id."""

    documents: dict[Action, Any]
    send: Send


class Way(NamedTuple):
    """`states`: those of the first document that it can build, with the one it builds unasked first."""

    name: str
    actions: tuple[Action, ...]
    states: tuple[str, ...]
    build: Callable[[Scene, str], Ask]


WAYS: list[Way] = []

# Who does what nobody asks for over HTTP.
ELSEWHERE: dict[Action, str] = {
    ("order", "lose_stock"): "the job after a loss",
    ("wave", "finish"): "the job after the last walk",
    ("batch", "reopen"): "the job that finds other stock",
    ("pick_task", "take_up"): "the job after customs' word",
    ("shipment", "await"): "the job after a wave's release",
    ("label_document", "render"): "the worker",
    ("label_document", "refuse"): "the worker",
    ("label_document", "supersede"): "a further parcel, which changes how many there are",
    ("label_bundle", "render"): "the worker",
    ("label_bundle", "fail"): "the worker",
    ("label_bundle", "render_again"): "the job that erases",
    ("print_job", "claim"): "an agent",
    ("print_job", "fetch"): "an agent",
    ("print_job", "requeue"): "an agent",
    ("print_job", "sent"): "an agent",
    ("print_job", "prove_unsent"): "an agent",
    ("print_job", "lose_sight"): "the schedule",
    ("print_job", "expire"): "the schedule",
    ("print_job", "retry"): "the schedule",
    ("order_import", "check"): "the job that looks through the file",
    ("order_import", "fail"): "the job that looks through the file",
    ("order_import", "finish"): "the job that makes the last order",
    ("carrier_task", "ask"): "the job that asks",
    ("carrier_task", "finish"): "the job that asks",
    ("carrier_task", "postpone"): "the job that asks",
    ("carrier_task", "refuse"): "the job that asks",
    ("carrier_task", "give_up"): "the job that asks",
    ("collection", "refuse"): "the job that asks",
    ("collection", "agree"): "the job that asks",
    ("carrier_quote", "want"): "the job that prepares waybills",
    ("carrier_quote", "quote"): "the job that asks",
    ("carrier_quote", "refuse"): "the job that asks",
    ("carrier_quote", "miss"): "the schedule",
}

# The newest: asked for by pages and screens of their own and tried in the files that are named; not yet over HTTP in
# every state.
FOR_ITSELF = {
    "tests/outbound/test_bags.py": [("bag", each) for each in ("close", "drop", "load", "reopen")],
}
TRIED: set[Action] = {action for actions in FOR_ITSELF.values() for action in actions}


def way(*actions: Action, states: str) -> Callable[[Callable[[Scene, str], Ask]], Callable[[Scene, str], Ask]]:
    def named(build: Callable[[Scene, str], Ask]) -> Callable[[Scene, str], Ask]:
        WAYS.append(Way(build.__name__, actions, tuple(states.split()), build))
        return build

    return named


class Scene(Stage):
    """The floor of the outbound tests, and everybody who can send requests."""

    def __init__(self, cast: Cast, client: FlaskClient) -> None:
        super().__init__(cast)
        self.client = client
        self.api = cast.api(client)

    def person(self, name: str) -> Caller:
        return self.cast.sign_in(self.client, getattr(self.cast, name))

    def tablet(self, kind: str, *scans: str, **more: Any) -> Tablet:
        """A tablet of the picker in that work, after these scans; `more` goes with the last of them."""
        tablet = Tablet(self.person("picker"))
        tablet.start(kind)
        for number, raw in enumerate(scans, 1):
            told = tablet.scan(raw, **(more if number == len(scans) else {}))
            assert told["tone"] != "error", told
        return tablet

    def mine(self, model: Any, condition: Any) -> Any:
        session().expire_all()
        return session().scalars(select(model).where(condition)).one()

    def order_at(self, state: str) -> Order:
        """An order of two mugs that got that far."""
        if state == "awaiting_customs":
            return self._at_customs()
        if state != "short":
            self.stock(MUG, 10)
        order = self.order({MUG: 2})
        if state in {"waved", "picking", "picked", "packed", "shipped"}:
            self.wave(order)
        if state == "picking":
            self.take()
            self.tote(order)
            self.do(picking.pick, self.cast.picker, self.tasks(order)[0].id, 1)
        if state in {"picked", "packed", "shipped"}:
            self.pick_all(order)
        if state in {"packed", "shipped"}:
            number = self.pack(order)
        if state == "shipped":
            self.hand_over(number)
        if state == "cancelled":
            self.cancel(order)
        assert self.state(order) == state
        return order

    def _at_customs(self) -> Order:
        house = self.cast.bonded.id
        self.do(
            lambda: session().execute(update(Warehouse).where(Warehouse.id == house).values(before_release="nothing"))
        )
        self.stock(MUG, 10, house=self.cast.bonded)
        order = self.bonded_order({MUG: 2})
        assert self.state(order) == "awaiting_customs"
        return order

    def tote_code(self, order: Order) -> str:
        session().expire_all()
        return session().get_one(HandlingUnit, session().get_one(Order, order.id).tote_id).barcode

    def waybill(self, order: Order) -> tuple[Shipment, Parcel, LabelDocument]:
        parcel = self.parcel(order)
        document = self.mine(LabelDocument, LabelDocument.subject_id == parcel.id)
        return session().get_one(Shipment, parcel.shipment_id), parcel, document

    def carton(self, quantity: int = 3, others: int = 0) -> Carton:
        """A carton of mugs that was announced, with as many others in its booking."""
        labels = announce(self.cast, *[{MUG: quantity}] * (1 + others))
        found: Carton = self.mine(Carton, Carton.barcode == labels[0])
        return found


def api(scene: Scene, path: str, body: dict[str, Any], model: Any = None, key: Any = None) -> Send:
    """A seller's system; with `model` and `key` it names the version, as one does that has just looked."""

    def send(command_id: str) -> TestResponse:
        version = None
        if model is not None:
            session().expire_all()
            version = session().get_one(model, key).version
            session().commit()
        return scene.api.send("POST", path, body, key=command_id, match=version)

    return send


def form(person: Caller, path: str, **fields: Any) -> Send:
    return lambda command_id: person.post(path, data={"command_id": command_id, **fields})


def scan(tablet: Tablet, raw: str) -> Send:
    """A scan of the step that the tablet shows."""
    return lambda command_id: tablet.send({**tablet.body(raw), "scan_id": command_id})


# --- orders


@way(("order", "promise"), states="short")
def order_created(scene: Scene, _state: str) -> Ask:
    scene.stock(MUG, 10)
    body = {"reference": "NEW", "warehouse": "DE1", "service": "HOUSE-STD", "lines": [{"sku": MUG, "quantity": 1}],
            "consignee": {"name": "A", "country": "DE", "city": "B", "postcode": "1", "address1": "C"}}  # fmt: skip
    return Ask({("order", "promise"): None}, api(scene, "/api/v1/orders", body))


@way(("order", "declare"), states="promised")
def bonded_order_created(scene: Scene, _state: str) -> Ask:
    scene.cancel(scene.order_at("awaiting_customs"))
    body = {"reference": "NEW", "warehouse": "NGB1", "service": "HOUSE-STD", "lines": [{"sku": MUG, "quantity": 1}],
            "consignee": {"name": "A", "country": "CN", "city": "杭州", "address1": "C", "phone": "13800000000",
                          "id_number": "11010519491231002X"}}  # fmt: skip
    return Ask({("order", "declare"): None}, api(scene, "/api/v1/orders", body))


@way(("order", "cancel"), states="promised short awaiting_customs waved picking picked packed shipped cancelled")
def order_cancelled_by_api(scene: Scene, state: str) -> Ask:
    order = scene.order_at(state)
    send = api(scene, f"/api/v1/orders/{order.id}/cancel", {}, Order, order.id)
    return Ask({("order", "cancel"): order.id}, send)


@way(("order", "cancel"), states="promised picking shipped cancelled")
def order_cancelled_on_its_page(scene: Scene, state: str) -> Ask:
    order = scene.order_at(state)
    send = form(scene.person("acme_person"), f"/portal/orders/{order.id}/cancel", reason="buyer_cancelled",
                version=order.version)  # fmt: skip
    return Ask({("order", "cancel"): order.id}, send)


@way(("order", "cancel"), states="picking waved shipped")
def order_given_up_by_the_supervisor(scene: Scene, state: str) -> Ask:
    order = scene.order_at(state)
    found = OrderException(id=new_id(), warehouse_id=order.warehouse_id, order_id=order.id, kind="short_at_pick",
                           created_at=clock.now())  # fmt: skip
    scene.do(lambda: session().add(found))
    send = form(scene.person("supervisor"), f"/office/exceptions/{found.id}", decision="cancel")
    return Ask({("order", "cancel"): order.id}, send)


@way(
    ("order", "cancel"), ("pick_task", "cancel"), ("batch", "finish"), ("shipment", "void"), ("parcel", "void"),
    ("label_document", "void"), ("print_job", "void"), states="waved",
)  # fmt: skip
def order_cancelled_with_its_papers(scene: Scene, state: str) -> Ask:
    order = scene.order_at(state)
    scene.jobs("printing.render_bundle")
    shipment, parcel, document = scene.waybill(order)
    job = scene.do(printing.request_print, scene.cast.supervisor, document.id)
    (task,) = scene.tasks(order)
    return Ask(
        {
            ("order", "cancel"): order.id, ("pick_task", "cancel"): task.id, ("batch", "finish"): task.batch_id,
            ("shipment", "void"): shipment.id, ("parcel", "void"): parcel.id,
            ("label_document", "void"): document.id, ("print_job", "void"): job.id,
        },
        api(scene, f"/api/v1/orders/{order.id}/cancel", {}, Order, order.id),
    )  # fmt: skip


@way(("order", "cancel"), ("parcel", "void"), ("shipment", "void"), states="packed")
def packed_order_cancelled(scene: Scene, state: str) -> Ask:
    order = scene.order_at(state)
    shipment, parcel, _ = scene.waybill(order)
    send = api(scene, f"/api/v1/orders/{order.id}/cancel", {}, Order, order.id)
    return Ask({("order", "cancel"): order.id, ("parcel", "void"): parcel.id, ("shipment", "void"): shipment.id}, send)


@way(("order", "release_customs"), states="awaiting_customs")
def order_released_by_the_clerk(scene: Scene, state: str) -> Ask:
    order = scene.order_at(state)
    send = form(scene.person("customs_clerk"), f"/office/customs/{order.id}/release", document="CEB-1")
    return Ask({("order", "release_customs"): order.id}, send)


@way(("order", "wave"), states="promised short awaiting_customs waved picking picked packed shipped cancelled")
def wave_released_by_the_supervisor(scene: Scene, state: str) -> Ask:
    order = scene.order_at(state)
    send = form(scene.person("supervisor"), "/office/waves", warehouse=str(order.warehouse_id), limit="10")
    return Ask({("order", "wave"): order.id}, send)


@way(("order", "wave"), states="promised")
def wave_released_at_the_tablet(scene: Scene, state: str) -> Ask:
    order = scene.order_at(state)
    return Ask({("order", "wave"): order.id}, scan(scene.tablet("pick"), "CMD-OK"))


# --- holds and interceptions


@way(("order_hold", "end"), states="open")
def hold_ended_by_its_seller(scene: Scene, _state: str) -> Ask:
    order = scene.order_at("promised")
    found = scene.do(order_holds.place_hold, scene.cast.acme, order.id, "address")
    send = api(scene, f"/api/v1/orders/{order.id}/holds/{found.id}/end", {})
    return Ask({("order_hold", "end"): found.id}, send)


@way(("order_hold", "end"), ("pick_task", "resume"), ("wave", "reopen"), states="open")
def hold_ended_on_the_orders_page(scene: Scene, _state: str) -> Ask:
    order = scene.order_at("waved")
    found = scene.do(order_holds.place_hold, scene.cast.supervisor, order.id, "stock_check")
    scene.jobs()  # its wave is done without it
    send = form(scene.person("supervisor"), f"/portal/orders/{order.id}/holds/{found.id}/end")
    return Ask(
        {
            ("order_hold", "end"): found.id, ("pick_task", "resume"): scene.tasks(order)[0].id,
            ("wave", "reopen"): order.wave_id,
        }, send,
    )  # fmt: skip


@way(("pick_task", "hold"), states="open")
def order_held_by_its_seller(scene: Scene, _state: str) -> Ask:
    order = scene.order_at("waved")
    send = api(scene, f"/api/v1/orders/{order.id}/holds", {"reason": "payment"})
    return Ask({("pick_task", "hold"): scene.tasks(order)[0].id}, send)


def intercepted(scene: Scene, state: str) -> tuple[Order, Interception]:
    order = scene.order_at(state)
    return order, scene.do(interceptions.request_interception, scene.cast.acme, order.id, "buyer_cancelled")


@way(("interception", "accept"), ("order", "cancel"), states="requested")
def interception_accepted_in_the_office(scene: Scene, _state: str) -> Ask:
    order, found = intercepted(scene, "packed")
    send = form(scene.person("supervisor"), f"/office/interceptions/{found.id}/accept")
    return Ask({("interception", "accept"): found.id, ("order", "cancel"): order.id}, send)


@way(("interception", "refuse"), states="requested")
def interception_refused_in_the_office(scene: Scene, _state: str) -> Ask:
    _, found = intercepted(scene, "picking")
    send = form(scene.person("supervisor"), f"/office/interceptions/{found.id}/refuse", why="not_found")
    return Ask({("interception", "refuse"): found.id}, send)


@way(("interception", "withdraw"), states="requested")
def interception_withdrawn(scene: Scene, _state: str) -> Ask:
    order, found = intercepted(scene, "picked")
    send = api(scene, f"/api/v1/orders/{order.id}/intercept/withdraw", {})
    return Ask({("interception", "withdraw"): found.id}, send)


@way(("order", "take_off"), ("shipment", "take_off"), ("parcel", "take_off"), states="shipped")
def parcel_scanned_back_from_the_load(scene: Scene, _state: str) -> Ask:
    """One of two: with the last one the order would be cancelled in the same breath."""
    scene.stock(MUG, 10)
    order, numbers = scene.packed_in_two({MUG: 2})
    for number in numbers:
        scene.hand_over(number)
    scene.do(interceptions.request_interception, scene.cast.acme, order.id, "buyer_cancelled")
    parcel = scene.mine(Parcel, Parcel.tracking_number == numbers[0])
    return Ask(
        {
            ("order", "take_off"): order.id, ("shipment", "take_off"): parcel.shipment_id,
            ("parcel", "take_off"): parcel.id,
        },
        scan(scene.tablet("putback"), numbers[0]),
    )  # fmt: skip


@way(("order", "destroy"), states="picked")
def destruction_recorded(scene: Scene, _state: str) -> Ask:
    scene.stock(MUG, 10)
    order = scene.order({MUG: 2}, kind="destruction")
    scene.wave(order)
    scene.pick_all(order)
    send = form(scene.person("supervisor"), f"/office/destructions/{order.id}", witness="Max Meier")
    return Ask({("order", "destroy"): order.id}, send)


# --- walks


@way(("batch", "take"), states="open picking")
def walk_taken(scene: Scene, state: str) -> Ask:
    order = scene.order_at("waved")
    batch_id = scene.tasks(order)[0].batch_id
    if state == "picking":
        scene.take()
    return Ask({("batch", "take"): batch_id}, scan(scene.tablet("pick"), "CMD-OK"))


def at_the_bin(scene: Scene, order: Order) -> Tablet:
    tote = session().get_one(HandlingUnit, scene.totes()[0]).barcode
    tablet = scene.tablet("pick", "CMD-OK", tote)
    assert tablet.scan(tablet.seen["location_barcode"])["code"] == "bin_right"
    return tablet


@way(("order", "start_picking"), states="waved")
def first_unit_picked(scene: Scene, state: str) -> Ask:
    order = scene.order_at(state)
    return Ask({("order", "start_picking"): order.id}, scan(at_the_bin(scene, order), CODES[MUG]))


@way(("order", "finish_picking"), ("pick_task", "finish"), ("batch", "finish"), states="picking")
def last_unit_picked(scene: Scene, _state: str) -> Ask:
    order = scene.order_at("waved")
    tablet = at_the_bin(scene, order)
    assert tablet.scan(CODES[MUG])["code"] == "item_picked"
    (task,) = scene.tasks(order)
    return Ask(
        {("order", "finish_picking"): order.id, ("pick_task", "finish"): task.id, ("batch", "finish"): task.batch_id},
        scan(tablet, CODES[MUG]),
    )


@way(("pick_task", "report_short"), states="open")
def shortage_reported(scene: Scene, _state: str) -> Ask:
    order = scene.order_at("waved")
    tablet = at_the_bin(scene, order)
    assert tablet.scan("CMD-SHORT")["code"] == "short_confirm"
    return Ask({("pick_task", "report_short"): scene.tasks(order)[0].id}, scan(tablet, "CMD-SHORT"))


@way(("pick_task", "report_short"), states="open")
def all_of_the_bin_is_damaged(scene: Scene, _state: str) -> Ask:
    order = scene.order_at("waved")
    tablet = at_the_bin(scene, order)
    assert tablet.scan("CMD-DAMAGE")["code"] == "pick_damage_on"
    send = lambda command_id: tablet.send({**tablet.body(CODES[MUG], quantity=10), "scan_id": command_id})  # noqa: E731
    return Ask({("pick_task", "report_short"): scene.tasks(order)[0].id}, send)


# --- the bench, the gate and the printer


@way(("order", "pack"), ("parcel", "close"), ("print_job", "confirm"), states="picked")
def waybill_scanned_back(scene: Scene, state: str) -> Ask:
    order = scene.order_at(state)
    scene.jobs("printing.render_bundle")
    tablet = scene.tablet("pack", scene.tote_code(order), CODES[MUG], CODES[MUG])
    assert tablet.scan("CMD-OK", weight_g=tablet.seen["expected_g"])["code"] == "weighed"
    _, parcel, document = scene.waybill(order)
    job = scene.do(printing.request_print, scene.cast.supervisor, document.id)
    return Ask(
        {("order", "pack"): order.id, ("parcel", "close"): parcel.id, ("print_job", "confirm"): job.id},
        scan(tablet, str(parcel.tracking_number)),
    )


@way(("order", "unpack"), ("parcel", "reopen"), states="packed")
def parcel_opened_again(scene: Scene, state: str) -> Ask:
    order = scene.order_at(state)
    _, parcel, _ = scene.waybill(order)
    tablet = scene.tablet("pack", str(parcel.tracking_number))
    free = session().get_one(HandlingUnit, scene.totes()[0]).barcode
    return Ask({("order", "unpack"): order.id, ("parcel", "reopen"): parcel.id}, scan(tablet, free))


@way(("order", "ship"), ("parcel", "hand_over"), ("shipment", "hand_over"), states="packed")
def parcel_loaded(scene: Scene, state: str) -> Ask:
    order = scene.order_at(state)
    shipment, parcel, _ = scene.waybill(order)
    return Ask(
        {("order", "ship"): order.id, ("parcel", "hand_over"): parcel.id, ("shipment", "hand_over"): shipment.id},
        scan(scene.tablet("handover"), str(parcel.tracking_number)),
    )


def a_print(scene: Scene, *, armed: bool) -> tuple[LabelDocument, PrintJob]:
    order = scene.order_at("waved")
    scene.jobs("printing.render_bundle")
    _, _, document = scene.waybill(order)
    job = scene.do(printing.request_print, scene.cast.supervisor, document.id)
    if armed:
        scene.do(printing.arm, scene.cast.supervisor, job.id)
    return document, job


@way(("print_job", "arm"), ("print_job", "queue_again"), states="queued")
def waybill_printed(scene: Scene, _state: str) -> Ask:
    document, job = a_print(scene, armed=False)
    send = form(scene.person("picker"), f"/labels/documents/{document.id}/print")
    return Ask({("print_job", "arm"): job.id, ("print_job", "queue_again"): job.id}, send)


@way(("print_job", "cancel"), states="dispatching")
def print_reported_lost(scene: Scene, _state: str) -> Ask:
    _, job = a_print(scene, armed=True)
    return Ask({("print_job", "cancel"): job.id}, form(scene.person("picker"), f"/labels/prints/{job.id}/lost"))
