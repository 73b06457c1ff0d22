"""Everything runs twice at once: real connections, real commits, a database of the tests' own."""

# mypy: disable-error-code="misc, arg-type, list-item, union-attr"
# A lambda binds what the loop has now by a default argument, and mypy cannot type that.

from __future__ import annotations

import random
import threading
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import text

from tests.inventory.conftest import assert_books_balance
from tests.inventory.world import (
    TEST,
    World,
    allocated,
    amounts,
    balance,
    draft_of,
    make_lot,
    make_world,
    move,
    summary,
)
from wms.core import clock
from wms.core.actor import SYSTEM
from wms.core.ids import new_id
from wms.core.refusals import Refused
from wms.inventory import holds, sellable, service
from wms.inventory import waiting as lookout
from wms.inventory.allocations import allocate, release_allocation, reserve
from wms.inventory.models import HoldScope
from wms.inventory.promises import Pin, promise, release
from wms.inventory.rules import MoveDraft, Reason
from wms.platform import commands, outbox
from wms.platform.commands import Command, Outcome, execute
from wms.platform.database import session


class Crowd:
    """Several clients at once, each with a connection of its own. `retries` counts commands that were run again."""

    def __init__(self, app: Flask) -> None:
        self.app = app
        self.retries: list[int] = []

    def run(self, jobs: list[Callable[[], Any]]) -> list[Outcome]:
        """Each job once, all at the same moment; their outcomes in the jobs' order."""
        gate = threading.Barrier(len(jobs))

        def client(job: Callable[[], Any]) -> Outcome:
            with self.app.app_context():
                gate.wait()
                return self.command(job)

        with ThreadPoolExecutor(len(jobs)) as pool:
            return [each.result() for each in [pool.submit(client, job) for job in jobs]]

    def work(self, clients: int, task: Callable[[int], None]) -> None:
        """`task(number)` in each of the clients; what they raise comes out."""

        def client(number: int) -> None:
            with self.app.app_context():
                task(number)

        with ThreadPoolExecutor(clients) as pool:
            for each in [pool.submit(client, number) for number in range(clients)]:
                each.result()

    def command(self, job: Callable[[], Any], key: str | None = None) -> Outcome:
        attempts = 0

        def counted() -> Any:
            nonlocal attempts
            attempts += 1
            return job()

        outcome = execute(Command(key or str(new_id()), "crowd", "job", None), counted, lambda answer: answer)
        self.retries.append(max(0, attempts - 1))
        return outcome


@pytest.fixture
def crowd(fresh_app: Flask) -> Iterator[Crowd]:
    fresh_app.config["SQLALCHEMY_ENGINE_OPTIONS"]["pool_size"] = 12
    found = Crowd(fresh_app)
    with fresh_app.app_context():
        yield found
        session().rollback()
        assert_books_balance()
        session().rollback()
    assert max(found.retries, default=0) <= commands.ATTEMPTS - 1


@pytest.fixture
def busy(crowd: Crowd) -> World:
    world = make_world()
    session().commit()
    return world


def refused(outcomes: list[Outcome]) -> list[str]:
    return [each.code for each in outcomes if isinstance(each, Refused)]


@pytest.mark.parametrize("kind", ["overseas", "bonded", "pinned"])
def test_two_clients_at_the_last_unit_one_wins_200_times(crowd: Crowd, busy: World, kind: str):
    house, product = (busy.bonded, busy.bonded_product) if kind == "bonded" else (busy.overseas, busy.product)
    stock = house.stocked(product, 1)
    pin = Pin(location_id=stock.location_id) if kind == "pinned" else None
    drafts = [[draft_of(house, product, 1, pin) for _ in range(2)] for _ in range(200)]
    for pair in drafts:
        jobs = [lambda draft=draft: [str(each.subject_id) for each in promise([draft])] for draft in pair]
        outcomes = crowd.run(jobs)
        assert refused(outcomes) == ["stock_short"]
        assert summary(house, product) == (1, 1)
        release("demand", [draft.subject_id for draft in pair])
        session().commit()


@pytest.mark.parametrize("kind", ["overseas", "bonded"])
def test_eight_clients_promise_exactly_the_last_thousand(crowd: Crowd, busy: World, kind: str):
    house, product = (busy.bonded, busy.bonded_product) if kind == "bonded" else (busy.overseas, busy.product)
    house.stocked(product, 1000)
    drafts = {number: draft_of(house, product, 1) for number in range(8)}

    def client(number: int) -> None:
        dice = random.Random(number)
        size = 40
        while size:
            quantity = dice.randint(1, size)
            draft = replace(drafts[number], quantity=quantity, subject_id=new_id())
            if isinstance(crowd.command(lambda draft=draft: promise([draft]) and None), Refused):
                size = quantity - 1

    crowd.work(8, client)
    assert summary(house, product) == (1000, 1000)


def test_promises_and_releases_do_not_refuse_what_is_there(crowd: Crowd, busy: World):
    """8 clients hold at most 8 x 5 of 40 units: nobody may ever be refused, however the rows change under them."""
    busy.overseas.stocked(busy.product, 40)
    base = draft_of(busy.overseas, busy.product, 5)

    def client(number: int) -> None:
        for _ in range(40):
            draft = replace(base, subject_id=new_id(), quantity=random.Random(number).randint(1, 5))
            assert not isinstance(crowd.command(lambda draft=draft: promise([draft]) and None), Refused)
            crowd.command(lambda draft=draft: release("demand", [draft.subject_id]) and None)

    crowd.work(8, client)
    assert summary(busy.overseas, busy.product) == (40, 0)


def test_a_hot_row_under_picks_counts_moves_and_holds(crowd: Crowd, busy: World):
    stock = busy.overseas.stocked(busy.product, 400)
    key = balance(stock).id
    targets = [busy.overseas.goods(busy.product, place) for place in ("bin2", "storage3")]
    totes = [busy.overseas.goods(busy.product, "tote", unit=busy.overseas.unit()) for _ in range(2)]
    base = draft_of(busy.overseas, busy.product, 3)
    warehouse = busy.overseas.id

    def pick(tote):
        draft = replace(base, subject_id=new_id())
        crowd.command(lambda: promise([draft]) and None)
        crowd.command(lambda: allocate(warehouse, "demand", [draft.subject_id]) and None)
        found = session().execute(
            text("SELECT a.id, b.location_id FROM allocation a JOIN balance b ON b.id = a.balance_id"
                 " WHERE a.subject_id = :id AND a.open_quantity > 0"), {"id": draft.subject_id}
        ).all()  # fmt: skip
        session().rollback()
        for row in found:
            source = replace(stock, location_id=row.location_id)
            crowd.command(
                lambda source=source, row=row: move(source, tote, 1, Reason.PICK, allocation_id=row.id) and None
            )
        crowd.command(lambda: release("demand", [draft.subject_id]) and None)

    def client(number: int) -> None:
        dice = random.Random(number)
        for _ in range(25):
            if number < 2:
                pick(totes[number])
            elif number == 2:
                crowd.command(lambda: service.count(SYSTEM, stock, dice.randint(200, 500), TEST) and None)
            elif number == 3:
                hold = crowd.command(lambda: str(holds.doubt(SYSTEM, warehouse, key).id))
                crowd.command(lambda hold=hold: holds.end_hold(SYSTEM, warehouse, uuid.UUID(hold.answer)) and None)
            elif number == 4:
                there = targets[dice.randint(0, 1)]
                crowd.command(lambda there=there: move(stock, there, dice.randint(1, 9)) and None)
                crowd.command(lambda there=there: move(there, stock, dice.randint(1, 9)) and None)
            else:
                crowd.command(lambda: str(reserve(warehouse, key, 2, "move", "task", new_id())))

    crowd.work(6, client)


def test_postings_with_rows_in_opposite_orders_do_not_deadlock(crowd: Crowd, busy: World):
    ends = [busy.overseas.stocked(busy.product, 500, place) for place in ("storage", "bin2", "storage3", "bulk")]

    def client(number: int) -> None:
        dice = random.Random(number)
        for _ in range(40):
            order = dice.sample(ends, 4)
            moves = [MoveDraft(order[0], order[1], 1), MoveDraft(order[2], order[3], 1)]
            outcome = crowd.command(lambda moves=moves: service._post(SYSTEM, Reason.MOVE, TEST, moves) and None)
            assert not isinstance(outcome, Refused)

    crowd.work(8, client)
    assert max(crowd.retries) == 0
    assert sum(amounts(end)[0] for end in ends) == 2000


def test_new_rows_made_at_once_are_one_row(crowd: Crowd, busy: World):
    dock = busy.overseas.goods(busy.product, "dock")
    targets = [busy.overseas.goods(busy.product, "bin2"), busy.overseas.goods(busy.product, "bulk")]
    session().commit()
    for _ in range(10):
        jobs = [
            lambda order=order: service.receive_many(SYSTEM, [(stock, 1) for stock in order], TEST) and None
            for order in ([dock, *targets], [*reversed(targets), dock]) * 3
        ]
        assert refused(crowd.run(jobs)) == []
        lot = make_lot(busy.product, batch=str(new_id())[:30])
        dock, *targets = [replace(each, lot_id=lot) for each in (dock, *targets)]
    assert session().execute(text("SELECT count(*), sum(on_hand) FROM balance")).one() == (30, 180)


def test_the_same_command_five_times_in_parallel_has_one_effect(crowd: Crowd, busy: World):
    dock = busy.overseas.goods(busy.product, "dock")
    for number in range(20):
        key = str(new_id()) if number % 2 else f"key-{number}"
        answers: list[Outcome] = []

        def client(_: int, key: str = key, answers: list[Outcome] = answers) -> None:
            answers.append(crowd.command(lambda: str(service.receive(SYSTEM, dock, 1, TEST).posting_id), key))

        crowd.work(5, client)
        assert len({each.answer for each in answers}) == 1
        assert sorted(each.replayed for each in answers) == [False, True, True, True, True]
    assert amounts(dock) == (20, 0)


def test_an_allocation_never_outlives_a_release(crowd: Crowd, busy: World):
    busy.overseas.stocked(busy.product, 50)
    for _ in range(40):
        drafts = [draft_of(busy.overseas, busy.product, 2) for _ in range(2)]
        promise(drafts)
        session().commit()
        ids = [draft.subject_id for draft in drafts]
        house = busy.overseas.id
        crowd.run(
            [lambda ids=ids: release("demand", ids) and None]
            + [lambda ids=ids, house=house: allocate(house, "demand", ids) and None] * 2
        )  # fmt: skip
        assert session().execute(text("SELECT coalesce(sum(open_quantity), 0) FROM allocation")).scalar() == 0
        session().rollback()


def test_two_waves_allocate_a_demand_once(crowd: Crowd, busy: World):
    for place in ("storage", "bin2"):
        busy.overseas.stocked(busy.product, 50, place)
    for _ in range(20):
        draft = draft_of(busy.overseas, busy.product, 2)
        promise([draft])
        session().commit()
        crowd.run([lambda draft=draft: allocate(draft.warehouse_id, "demand", [draft.subject_id]) and None] * 4)
        query = text("SELECT sum(open_quantity) FROM allocation WHERE subject_id = :id")
        assert session().execute(query, {"id": draft.subject_id}).scalar() == 2
        session().rollback()


def test_a_row_being_made_does_not_escape_a_hold_or_a_first_booking(crowd: Crowd, busy: World):
    for _ in range(25):
        lot = make_lot(busy.product, batch=str(new_id())[:30])
        stock = busy.overseas.goods(busy.product, lot=lot)
        key, house = str(lot), busy.overseas.id
        crowd.run(
            [lambda stock=stock: service.receive(SYSTEM, stock, 1, TEST) and None,
             lambda key=key, house=house: str(holds.place_hold(SYSTEM, house, HoldScope.LOT, key, "look").id)]
        )  # fmt: skip
        assert balance(stock).held_by == 1
        session().rollback()
    for number in range(25):
        busy.bonded_product.customs_item_number = f"N{number}"
        session().commit()
        dock, bin_ = (busy.bonded.goods(busy.bonded_product, place) for place in ("dock", "storage"))
        service.receive(SYSTEM, dock, 2, TEST)
        session().commit()
        outcomes = crowd.run(
            [lambda dock=dock, bin_=bin_: move(dock, bin_, 1, Reason.PUTAWAY) and None,
             lambda dock=dock: sellable.book(dock.book_item_id, 1),
             lambda dock=dock: sellable.book(dock.book_item_id, 1)]
        )  # fmt: skip
        assert refused(outcomes) == []
        assert balance(bin_).is_sellable
        session().rollback()


def interleave(app: Flask, first: Callable[[], Any], second: Callable[[], Any]) -> Any:
    """`second` starts while `first` is done but not committed, waits for it, and goes on after its commit."""
    result: list[Any] = []

    def later() -> None:
        with app.app_context():
            result.append(execute(Command(str(new_id()), "crowd", "second", None), second, lambda answer: answer))

    first()
    thread = threading.Thread(target=later)
    thread.start()
    waiting = text(
        "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
    )
    with app.app_context():
        for _ in range(300):
            if session().execute(waiting).scalar():
                break
            session().rollback()
            thread.join(0.01)
        else:
            raise AssertionError("the second client did not wait for the first")
        session().rollback()
    session().commit()
    thread.join()
    return result[0]


def test_a_decision_is_made_on_the_row_as_it_is_after_the_wait(crowd: Crowd, busy: World):
    """READ COMMITTED: a statement that waited must decide on the new version of the row, both ways."""
    app, house, product = crowd.app, busy.overseas, busy.product
    stock = house.stocked(product, 5)
    key = balance(stock).id
    drafts = [draft_of(house, product, 5) for _ in range(4)]
    session().rollback()
    # gone while we waited: refused
    outcome = interleave(app, lambda: promise([drafts[0]]), lambda: promise([drafts[1]]) and None)
    assert outcome.code == "stock_short"
    # given back while we waited: granted, although the statement began when nothing was free
    outcome = interleave(app, lambda: release("demand", [drafts[0].subject_id]), lambda: promise([drafts[2]]) and None)
    assert not isinstance(outcome, Refused)
    claim = allocated(house, drafts[2].subject_id)[0]
    # a bin claimed and given back, the same
    reserved = lambda: str(reserve(house.id, key, 5, "move", "task", new_id()))  # noqa: E731
    outcome = interleave(app, lambda: release_allocation(claim.allocation_id), reserved)
    assert outcome.answer != "None"
    outcome = interleave(
        app, lambda: release_allocation(uuid.UUID(outcome.answer)),
        lambda: move(stock, "scrap", 5, Reason.SCRAP) and None,
    )  # fmt: skip
    assert not isinstance(outcome, Refused)
    # the quantity that is written is the new one less ours, not the one that was read before
    other = house.stocked(product, 10, "bin2")
    outcome = interleave(
        app, lambda: move(other, "adjustment", 4, Reason.LOSS),
        lambda: move(other, "adjustment", 4, Reason.LOSS) and None,
    )  # fmt: skip
    assert amounts(other) == (2, 0)
    outcome = interleave(
        app, lambda: move(other, "adjustment", 1, Reason.LOSS),
        lambda: move(other, "adjustment", 2, Reason.LOSS) and None,
    )  # fmt: skip
    assert (outcome.code, outcome.params) == ("not_enough_stock", {"on_hand": 1, "wanted": 2})
    outcome = interleave(
        app, lambda: move(other, "adjustment", 1, Reason.LOSS),
        lambda: service.count(SYSTEM, other, 7, TEST) and None,
    )  # fmt: skip
    assert amounts(other) == (7, 0)


def test_a_row_that_grew_while_we_waited_is_not_judged_by_its_old_size(crowd: Crowd, busy: World):
    """PostgreSQL checks the new row before it notices that it was built on an old version."""
    app, house, product = crowd.app, busy.overseas, busy.product
    small, big = house.stocked(product, 2), house.stocked(product, 400, "bin2")
    key = balance(small).id
    session().rollback()

    def grow() -> None:
        move(big, small, 398)
        reserve(house.id, key, 100, "move", "task", new_id())

    outcome = interleave(app, grow, lambda: str(reserve(house.id, key, 5, "move", "task", new_id())))
    assert outcome.answer != "None"
    assert amounts(small) == (400, 105)


def test_a_pick_rereads_its_claim_after_the_wait(crowd: Crowd, busy: World):
    app, house, product = crowd.app, busy.overseas, busy.product
    stock = house.stocked(product, 5)
    tote = house.goods(product, "tote", unit=house.unit())
    draft = draft_of(house, product, 5)
    promise([draft])
    session().commit()
    claim = allocated(house, draft.subject_id)[0]
    outcome = interleave(
        app, lambda: move(stock, "adjustment", 3, Reason.LOSS),
        lambda: move(stock, tote, 5, Reason.PICK, allocation_id=claim.allocation_id) and None,
    )  # fmt: skip
    assert outcome.code == "allocation_changed"
    outcome = interleave(
        app, lambda: release("demand", [draft.subject_id]),
        lambda: move(stock, tote, 1, Reason.PICK, allocation_id=claim.allocation_id) and None,
    )  # fmt: skip
    assert outcome.code == "allocation_changed"
    assert amounts(stock) == (2, 0)


def test_who_begins_to_wait_while_goods_are_let_go_is_told(crowd: Crowd, busy: World):
    """The two have no lock in common: a wait that is not committed yet is not seen by who lets go. Asked behind the commit it
    is, whichever of them commits first; and one that is still open then has looked at nothing yet that is not free by now.
    """
    house_id, owner_id, product_id = busy.overseas.id, busy.product.owner_id, busy.product.id  # rows are one session's
    subjects = [new_id() for _ in range(20)]

    def begin(subject: uuid.UUID) -> None:
        what = (house_id, owner_id, [product_id], "order", subject, clock.now())
        lookout.wait_for_stock(*what, at_pick=True)

    def let_go() -> list[uuid.UUID]:
        """By another client, from its beginning to its commit; the jobs that it left."""
        lookout.announce_let_go(house_id, [product_id])
        session().flush()
        return []

    def told() -> int:
        """Every job that waits is done; how often somebody was told since the last time."""
        events = "SELECT count(*) FROM event WHERE name = 'stock.awaited_came' AND warehouse_id = :w"
        before = session().execute(text(events), {"w": house_id}).scalar_one()
        todo = text("SELECT id FROM outbox_job WHERE state = 'new' AND topic = :topic ORDER BY sequence")
        jobs = session().execute(todo, {"topic": lookout.LET_GO_TOPIC}).scalars().all()
        session().rollback()
        assert all(outbox.perform(job) for job in jobs)
        after = session().execute(text(events), {"w": house_id}).scalar_one()
        session().rollback()
        return int(after) - int(before)

    begin(subjects[0])  # open, while another client lets go and commits: it waits for nobody
    assert crowd.run([let_go]) and session().in_transaction()
    session().commit()
    assert told() == 1
    lookout.stop_waiting("order", subjects[0])
    session().commit()
    for subject in subjects[1:]:  # both at once, whoever is first
        crowd.run([lambda subject=subject: begin(subject) and None, let_go])
        assert told() == 1
        lookout.stop_waiting("order", subject)
        session().commit()
    crowd.run([let_go])
    assert told() == 0  # nobody waits
