"""Lorries that the office orders: no two for one order whatever the carrier does, every state and what may be done in it."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import delete, select, text, update

from tests.carrier_server import TOKEN, CarrierSimulator, running_carrier
from tests.cast import Cast
from tests.floor.test_docks import second_dock
from tests.outbound.stage import Stage
from wms.core import clock
from wms.core.actor import Actor
from wms.core.ids import new_id
from wms.core.refusals import Refused
from wms.facility.models import LocationKind
from wms.facility.queries import system_location
from wms.platform import outbox
from wms.platform.database import session, transaction
from wms.shipping import collection_queries, queries
from wms.shipping import service as shipping
from wms.shipping.carriers.http import CAPABILITIES
from wms.shipping.models import CarrierTask, Collection, CollectionState, Manifest, Parcel, Service, Shipment
from wms.shipping.service import collections, tasks
from wms.shipping.service.collections import Wish
from wms.shipping.service.tasks import CALL_OFF_TOPIC, COLLECT_TOPIC
from wms.shipping.workflow import COLLECTION


class Office:
    """A carrier that sends lorries, and somebody who orders them. The clock stands at eight in the morning."""

    def __init__(self, cast: Cast, running: CarrierSimulator, hand: list[datetime]) -> None:
        self.cast, self.carrier, self.hand = cast, running, hand
        self.actor, self.house = cast.supervisor, cast.overseas
        with transaction():
            made = shipping.create_carrier(cast.admin, "SIM", "Sim", kind="http", capabilities=CAPABILITIES)
            shipping.connect_carrier(cast.admin, made.id, running.url, TOKEN)
            self.carrier_id = made.id
        self.wish = Wish(hand[0].date(), time(14), time(17), 12, 1, 0, 84_000)

    def do(self, use_case: Callable[..., Any], *arguments: Any, **more: Any) -> Any:
        with transaction():
            return use_case(*arguments, **more)

    def refused(self, use_case: Callable[..., Any], *arguments: Any, **more: Any) -> str:
        with pytest.raises(Refused) as caught, transaction():
            use_case(*arguments, **more)
        refusal = caught.value
        return refusal.errors[0]["code"] if refusal.errors else refusal.code

    def order(self, **changed: Any) -> uuid.UUID:
        wish = replace(self.wish, **changed)
        made = self.do(collections.order_collection, self.actor, self.house.id, self.carrier_id, wish)
        return made.id

    def now(self, key: uuid.UUID) -> Collection:
        session().expire_all()
        return session().get_one(Collection, key)

    def turn(self, topic: str = COLLECT_TOPIC) -> list[str]:
        rows = (
            session().execute(text("SELECT id FROM outbox_job WHERE state = 'new' AND topic = :t"), {"t": topic}).all()
        )
        session().rollback()
        return ["done" if outbox.perform(row.id) else "later" for row in rows]

    def later(self, seconds: int = tasks.ASKING_SECONDS + 1) -> None:
        self.hand[0] += timedelta(seconds=seconds)

    def task(self, key: uuid.UUID, action: str = "collect") -> CarrierTask:
        session().expire_all()
        statement = select(CarrierTask).where(CarrierTask.collection_id == key, CarrierTask.action == action)
        return session().scalars(statement.order_by(CarrierTask.created_at.desc())).one()


@pytest.fixture
def office(cast: Cast, db_session: Any) -> Iterator[Office]:
    hand = [datetime.now(ZoneInfo("Europe/Berlin")).replace(hour=8, minute=0, second=0, microsecond=0)]
    former = clock.use(lambda: hand[0])
    with running_carrier() as running:
        yield Office(cast, running, hand)
    clock.use(former)


def test_a_lorry_is_ordered_after_the_commit_and_confirmed(office: Office):
    key = office.order()
    found = office.now(key)
    assert (found.state, found.number[:5], office.carrier.calls) == ("wanted", "CLSIM", []), (
        "nothing is asked inside it"
    )
    assert office.turn() == ["done"]
    found = office.now(key)
    assert (found.state, found.carrier_reference) == ("confirmed", "lorry-1")
    assert (found.agreed_from, found.agreed_to, office.task(key).state) == (time(14), time(17), "done")
    assert office.carrier.bodies[0]["reference"] == str(key)
    assert office.turn() == []


@pytest.mark.parametrize("mood", ["lost", "cut_off", "busy", "hang_up", "html"])
def test_the_second_try_looks_before_it_orders(office: Office, mood: str):
    office.carrier.mood(mood)
    key = office.order()
    assert office.turn() == ["later"]
    assert (office.now(key).state, office.task(key).state) == ("wanted", "waiting")
    assert office.turn() == ["done"]
    assert office.now(key).state == "confirmed"
    assert len(office.carrier.coming) == 1, "one lorry"
    assert office.carrier.calls[1][0] == "GET"


@pytest.mark.parametrize("ordered", [True, False])
def test_a_worker_that_dies_over_it_is_followed_by_one_that_looks_first(office: Office, ordered: bool):
    key = office.order()
    with transaction():
        begun = tasks.begin(office.task(key).id)
    assert begun is not None
    if ordered:
        office.carrier.send_lorry({"reference": str(key), "ready_at": "14:00", "close_at": "17:00"})
    assert office.turn() == ["later"], "the first may still be asking"
    office.later()
    assert office.turn() == ["done"]
    assert (office.now(key).state, len(office.carrier.coming)) == ("confirmed", 1)


@pytest.mark.parametrize(("mood", "code"), [("refusal", "carrier_says_no"), ("not_found", "carrier_cannot")])
def test_a_no_is_an_answer(office: Office, mood: str, code: str):
    office.carrier.mood(mood)
    key = office.order()
    assert office.turn() == ["done"]
    found = office.now(key)
    assert (found.state, found.fault, office.task(key).state) == ("refused", code, "dropped")
    (row,) = collection_queries.collections_page(office.actor)
    assert (row.fault, row.stands) == (code, False)
    assert office.order() != key, "another may be ordered for that time"


@pytest.mark.parametrize(
    ("mood", "fault"),
    [("list", "carrier_wrong_shape"), ("forbidden", "carrier_credentials"), ("redirect", "carrier_redirects"),
     ("other_parcel", "carrier_other_lorry")],
)  # fmt: skip
def test_what_trying_again_does_not_mend_waits_for_a_person(office: Office, mood: str, fault: str):
    office.carrier.mood(mood)
    key = office.order()
    assert office.turn() == ["done"]
    task = office.task(key)
    assert (office.now(key).state, task.state, task.fault) == ("wanted", "refused", fault)
    (row,) = collection_queries.collections_page(office.actor)
    assert (row.fault, row.stands) == (fault, True)
    assert [each.number for each in queries.open_tasks(office.actor)] == [office.now(key).number]
    office.do(shipping.ask_again, office.actor, task.id)
    assert office.turn() == ["done"]
    assert (office.now(key).state, len(office.carrier.coming)) == ("confirmed", 1)


def test_a_carrier_that_stays_away_is_given_up_and_a_person_may_have_its_word(office: Office):
    office.carrier.mood("busy", times=tasks.MOST_ATTEMPTS)
    key = office.order()
    for _ in range(tasks.MOST_ATTEMPTS):
        office.turn()
    assert (office.task(key).state, office.now(key).state) == ("failed", "wanted")
    assert office.refused(collections.confirm_by_hand, office.actor, key, "two words") == "carrier_reference_wrong"
    office.do(collections.confirm_by_hand, office.actor, key, " PU-77 ")
    assert (office.now(key).state, office.now(key).carrier_reference) == ("confirmed", "PU-77")
    assert office.task(key).state == "dropped"


def test_called_off_before_anybody_asked_nobody_is_told(office: Office):
    key = office.order()
    office.do(collections.call_off, office.actor, key)
    office.do(collections.call_off, office.actor, key)
    assert (office.now(key).state, office.turn(), office.turn(CALL_OFF_TOPIC)) == ("called_off", ["done"], [])
    assert office.carrier.calls == []


@pytest.mark.parametrize("mood", ["well", "lost", "busy"])
def test_a_lorry_that_comes_is_called_off(office: Office, mood: str):
    key = office.order()
    office.turn()
    office.do(collections.call_off, office.actor, key)
    assert office.now(key).state == "calling_off"
    if mood in ("lost", "busy"):
        office.carrier.mood(mood)
        assert office.turn(CALL_OFF_TOPIC) == ["later"]
    assert office.turn(CALL_OFF_TOPIC) == ["done"]
    assert (office.now(key).state, office.carrier.coming) == ("called_off", [])


@pytest.mark.parametrize("ordered", [True, False])
def test_called_off_while_it_is_asked_for_waits_and_looks(office: Office, ordered: bool):
    """The worker that asked is dead, or slow: what it ordered is found by our reference."""
    key = office.order()
    with transaction():
        tasks.begin(office.task(key).id)
    office.do(collections.call_off, office.actor, key)
    if ordered:
        office.carrier.send_lorry({"reference": str(key), "ready_at": "14:00", "close_at": "17:00"})
    assert office.turn(CALL_OFF_TOPIC) == ["later"]
    office.later()
    assert office.turn(CALL_OFF_TOPIC) == ["done"]
    assert (office.now(key).state, office.carrier.coming) == ("called_off", [])


def test_an_answer_that_comes_after_it_was_called_off_names_the_lorry(office: Office, monkeypatch: pytest.MonkeyPatch):
    key = office.order()
    asked = collections._ordered

    def called_off_meanwhile(*arguments: Any) -> Any:
        said = asked(*arguments)
        office.do(collections.call_off, office.actor, key)
        return said

    monkeypatch.setattr(collections, "_ordered", called_off_meanwhile)
    assert office.turn() == ["done"]
    assert (office.now(key).state, office.task(key, "call_off").carrier_reference) == ("calling_off", "lorry-1")
    office.later()
    assert office.turn(CALL_OFF_TOPIC) == ["done"]
    assert (office.now(key).state, office.carrier.coming) == ("called_off", [])
    assert all(verb != "GET" for verb, _ in office.carrier.calls), "its name is known"


def test_a_carrier_that_does_not_let_itself_be_called_off_comes(office: Office):
    key = office.order()
    office.turn()
    office.carrier.mood("refusal")
    office.do(collections.call_off, office.actor, key)
    assert office.turn(CALL_OFF_TOPIC) == ["done"]
    found = office.now(key)
    assert (found.state, found.fault, office.task(key, "call_off").state) == ("confirmed", "carrier_says_no", "dropped")
    office.do(collections.call_off, office.actor, key)
    assert office.turn(CALL_OFF_TOPIC) == ["done"], "asked once more"
    assert office.now(key).state == "called_off"


def test_what_may_not_be_ordered(office: Office):
    day = office.wish.day
    for changed, code in (
        ({"day": day - timedelta(days=1)}, "collection_day"), ({"day": day + timedelta(days=61)}, "collection_day"),
        ({"ready_at": time(17)}, "collection_window"), ({"ready_at": time(6), "close_at": time(8)}, "collection_over"),
        ({"parcels": 0, "bags": 0}, "collection_nothing"), ({"dock_id": uuid.UUID(int=7)}, "no_such_dock"),
    ):  # fmt: skip
        wish = replace(office.wish, **changed)
        assert (
            office.refused(collections.order_collection, office.actor, office.house.id, office.carrier_id, wish) == code
        )
    for person in (office.cast.acme, office.cast.customs_clerk):
        if person.is_staff and person.sees_warehouse(office.house.id):
            continue
        ask = (collections.order_collection, person, office.house.id, office.carrier_id, office.wish)
        assert office.refused(*ask) == "not_found"
    assert session().scalars(select(Collection.id)).all() == []


@pytest.mark.parametrize(
    ("kind", "can"), [("house", True), ("file", True), ("own", True), ("http", False), ("karrio", False)]
)
def test_who_takes_no_orders_for_lorries_says_so(office: Office, kind: str, can: bool):
    with transaction():
        made = shipping.create_carrier(
            office.cast.admin, "OTHER", "Other", kind=kind, capabilities=replace(CAPABILITIES, can_collect=can)
        )
    ask = (collections.order_collection, office.actor, office.house.id, made.id, office.wish)
    assert office.refused(*ask) == "carrier_does_not_collect"
    assert made.id not in {each.id for each in collection_queries.carriers_that_collect()}


def test_two_for_one_time_are_refused_and_others_are_not(office: Office):
    key = office.order()
    number = office.now(key).number
    for changed in ({}, {"ready_at": time(16), "close_at": time(19)}, {"ready_at": time(10), "close_at": time(14, 1)}):
        wish = replace(office.wish, **changed)
        with pytest.raises(Refused) as caught, transaction():
            collections.order_collection(office.actor, office.house.id, office.carrier_id, wish)
        assert (caught.value.code, caught.value.params) == ("collection_twice", {"number": number})
    office.order(ready_at=time(10), close_at=time(14))
    office.order(day=office.wish.day + timedelta(days=1))
    office.order(dock_id=second_dock(office.cast).id)
    office.do(collections.call_off, office.actor, key)
    office.order()


def test_a_load_that_leaves_was_taken_by_the_lorry_of_its_dock(office: Office):
    first, second = system_location(office.house.id, LocationKind.DOCK).id, second_dock(office.cast).id
    keys = {dock: office.order(dock_id=dock) for dock in (first, second)} | {None: office.order()}
    tomorrow = office.order(day=office.wish.day + timedelta(days=1), dock_id=first)
    office.turn()
    taken = []
    for dock in (first, first, None):
        load = office.do(shipping.open_manifest, office.actor, office.house.id, office.carrier_id, dock).id
        office.do(shipping.close_manifest, office.actor, load)
        taken += [key for key in (*keys.values(), tomorrow) if office.now(key).manifest_id == load]
    assert taken == [keys[first], keys[None]], "its own dock's, then the one of no dock; nobody comes twice"
    assert [office.now(key).state for key in (keys[second], tomorrow)] == ["confirmed", "confirmed"]
    assert session().scalars(select(Manifest.state)).all() == ["closed"] * 3


# Every state, and what may be done in it


@pytest.mark.parametrize("state", [each.value for each in CollectionState])
def test_every_state_and_what_may_be_done_then(office: Office, state: str):
    acts: dict[str, Callable[[uuid.UUID], Any]] = {
        "call_off": lambda key: collections.call_off(office.actor, key),
        "confirm": lambda key: collections.confirm_by_hand(office.actor, key, "PU-1"),
        "keep": lambda key: collections.keep_collection(office.actor, key),
        "collect": lambda key: collections.end_collection(office.actor, key, came=True),
        "miss": lambda key: collections.end_collection(office.actor, key, came=False),
    }
    already = {("call_off", "calling_off"), ("call_off", "called_off")}  # said again: nothing changes
    for action, act in acts.items():
        key = office.order()
        with transaction():
            session().execute(delete(CarrierTask))
            session().execute(
                update(Collection).where(Collection.id == key).values(state=state, carrier_reference="lorry-9")
            )
        if (action, state) in already:
            office.do(act, key)
            assert office.now(key).state == state
        elif COLLECTION.permitted(action, state):
            office.do(act, key)
            assert office.now(key).state == COLLECTION.apply(action, state).value
        else:
            assert office.refused(act, key) == "not_allowed_now"
            assert office.now(key).state == state
        with transaction():
            session().execute(delete(CarrierTask))
            session().execute(delete(Collection))


def test_others_do_not_see_them(office: Office):
    key = office.order()
    for act in (collections.call_off, collections.keep_collection):
        assert office.refused(act, office.cast.acme, key) == "not_found"
    with pytest.raises(Refused):
        collection_queries.collections_page(office.cast.acme)
    assert office.refused(collections.call_off, office.actor, uuid.UUID(int=1)) == "not_found"


def closed_parcel(stage: Stage, owner: Actor, carrier_id: uuid.UUID, **more: Any) -> Parcel:
    """A parcel of a seller that stands ready for a carrier; `more`: on a load."""
    house, seller = stage.cast.overseas.id, next(iter(owner.seller_ids or ()))
    service = session().scalars(select(Service).where(Service.carrier_id == carrier_id)).first()
    if service is None:
        service = shipping.add_service(stage.cast.admin, carrier_id, "SIM-STD", "Sim")
    shipment = Shipment(
        warehouse_id=house, owner_id=seller, carrier_id=carrier_id, service_id=service.id, subject_kind="order",
        subject_id=new_id(), state="handed_over" if more else "labelled", created_at=clock.now(),
        handed_over_at=more.get("handed_over_at"),
    )  # fmt: skip
    session().add(shipment)
    session().flush()
    number = f"1ZSIM{str(shipment.id.int)[-8:]}"
    made = Parcel(
        shipment_id=shipment.id, warehouse_id=house, owner_id=seller, carrier_id=carrier_id, n=1, weight_g=500,
        tracking_number=number, client_reference=f"{shipment.id}/1", created_at=clock.now(), closed_at=clock.now(),
        **{"state": "closed", **more},
    )  # fmt: skip
    session().add(made)
    session().flush()
    return made


def test_the_api_tells_a_seller_of_lorries_that_take_its_parcels(office: Office, client: Any) -> None:
    """As long as it is to come those that stand ready, afterwards those that it took; nothing of others, nothing it weighs."""
    stage, cast = Stage(office.cast), office.cast
    api, rival = cast.api(client), cast.api(client, "RIVAL")
    key = office.order()
    path = f"/api/v1/collections/{key}"
    assert (api.get("/api/v1/collections").json["data"], api.get(path).status_code) == ([], 404), (
        "nothing of theirs waits"
    )
    with transaction():
        mine = closed_parcel(stage, cast.acme, office.carrier_id).tracking_number
    office.turn()
    shown = api.get(path).json
    assert {name: shown[name] for name in ("state", "warehouse", "carrier", "dock", "ready_at", "agreed_to", "manifest")} == {
        "state": "confirmed", "warehouse": "DE1", "carrier": "SIM", "dock": None, "ready_at": "14:00", "agreed_to": "17:00",
        "manifest": None,
    }  # fmt: skip
    assert [each["tracking_number"] for each in shown["parcels"]] == [mine]
    assert not {"weight_g", "bags", "remark", "carrier_reference", "facts"} & shown.keys(), "what others send with it"
    assert (rival.get("/api/v1/collections").json["data"], rival.get(path).status_code) == ([], 404)
    listed = "/api/v1/collections"
    for query, many in (({}, 1), ({"state": "confirmed"}, 1), ({"state": "missed"}, 0), ({"day": shown["day"]}, 1),
                        ({"day": "2020-01-01"}, 0)):  # fmt: skip
        assert len(api.get(listed, query_string=query).json["data"]) == many, query
    with transaction():
        load = Manifest(warehouse_id=cast.overseas.id, carrier_id=office.carrier_id, number="MFSIM-1", state="closed",
                        created_at=clock.now(), closed_at=clock.now())  # fmt: skip
        session().add(load)
        session().flush()
        gone = {"state": "handed_over", "manifest_id": load.id, "handed_over_at": clock.now()}
        theirs = closed_parcel(stage, cast.rival, office.carrier_id, **gone).tracking_number
        office.now(key).state = CollectionState.COLLECTED.value
        session().get_one(Collection, key).manifest_id = load.id
    assert api.get(path).status_code == 404, "it left without anything of theirs"
    seen = rival.get(path).json
    assert (seen["manifest"], [each["tracking_number"] for each in seen["parcels"]]) == ("MFSIM-1", [theirs])
    office.later(31 * 86400)
    assert rival.get(listed).json["data"] == [], "of 30 days"


def test_a_lorry_to_come_finds_what_is_on_the_open_load_at_its_dock(office: Office, client: Any) -> None:
    """Each parcel once; of the load at another dock, and of one that left, nothing."""
    stage, cast = Stage(office.cast), office.cast
    first, second = system_location(office.house.id, LocationKind.DOCK).id, second_dock(cast).id
    wanted = {None: office.order(), first: office.order(dock_id=first), second: office.order(dock_id=second)}
    on = {}
    with transaction():
        on["yard"] = closed_parcel(stage, cast.acme, office.carrier_id).tracking_number
        closed_parcel(stage, cast.rival, office.carrier_id)
        for name, dock, state in (("first", first, "open"), ("second", second, "open"), ("gone", first, "closed")):
            load = Manifest(warehouse_id=cast.overseas.id, carrier_id=office.carrier_id, dock_id=dock, number=f"MF-{name}",
                            state=state, created_at=clock.now())  # fmt: skip
            session().add(load)
            session().flush()
            loaded = {"state": "handed_over", "manifest_id": load.id, "handed_over_at": clock.now()}
            on[name] = closed_parcel(stage, cast.acme, office.carrier_id, **loaded).tracking_number
    told = {each["id"]: each["parcels"] for each in cast.api(client).get("/api/v1/collections").json["data"]}
    for dock, names in ((None, ("yard", "first", "second")), (first, ("yard", "first")), (second, ("yard", "second"))):
        found = [each["tracking_number"] for each in told[str(wanted[dock])]]
        assert found == sorted(on[name] for name in names), dock


@pytest.mark.parametrize(
    "query", [{"state": "soon"}, {"day": "2026-02-30"}, {"limit": "0"}, {"cursor": "x"}, {"place": "x"}]
)
def test_wrong_questions_for_lorries_are_told_at_their_field(
    cast: Cast, db_session: Any, client: Any, query: dict[str, str]
):
    answer = cast.api(client).get("/api/v1/collections", query_string=query)
    assert answer.status_code == 422
    assert [each["pointer"] for each in answer.json["errors"]] == [f"/query/{next(iter(query))}"]


def test_pages_of_lorries_follow_each_other(office: Office, client: Any) -> None:
    api = office.cast.api(client)
    with transaction():
        closed_parcel(Stage(office.cast), office.cast.acme, office.carrier_id)
    keys = [str(office.order(ready_at=time(hour), close_at=time(hour + 1))) for hour in (9, 11, 13)]
    seen, cursor = [], ""
    for _ in range(3):
        page = api.get(f"/api/v1/collections?limit=1{cursor}").json
        seen += [each["id"] for each in page["data"]]
        cursor = f"&cursor={page['next_cursor']}"
    assert (seen, page["next_cursor"]) == (keys, None)
