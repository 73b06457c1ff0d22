"""The ledger against a plain model (`model.py`): random work in an overseas and a bonded warehouse, replays included.

After every step the model and the database agree on every balance, claim, promise, summary, book line and bucket, and
every check of the audit holds. WMS_MACHINE_EXAMPLES and WMS_MACHINE_STEPS make the run longer.
"""

from __future__ import annotations

import os
import uuid
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import initialize, precondition, rule, run_state_machine_as_test
from sqlalchemy import text

from tests.inventory.model import Key, Kind, Model, Move, Permit, Says, fresh
from tests.inventory.stockroom import SUBJECT, Stockroom
from tests.inventory.world import balance
from wms.core.actor import SYSTEM
from wms.core.ids import new_id
from wms.core.refusals import Refused
from wms.inventory import allocations, holds, ledger, permits, promises, sellable, service
from wms.inventory.converting.rules import RecipeKind, one_to_one
from wms.inventory.ledger import PostingDraft
from wms.inventory.models import Condition, HoldScope
from wms.inventory.promises import Pin, PromiseDraft
from wms.inventory.rules import Reason
from wms.inventory.summaries import together
from wms.platform.commands import Command, Done, execute
from wms.platform.database import session

EXAMPLES = int(os.environ.get("WMS_MACHINE_EXAMPLES", "12"))
STEPS = int(os.environ.get("WMS_MACHINE_STEPS", "30"))

quantities = st.integers(1, 12)
picks = st.integers(0, 10_000)  # which of the things there are
places = st.sampled_from(["storage", "bin2"])


class Machine(Stockroom):
    """Every step that stock can take, each foretold by the model."""

    @initialize()
    def build(self) -> None:
        self.furnish()
        # Something of everything on the shelf and on order, so that every kind of work can begin at once.
        for which in range(len(self.kinds)):
            self.arrive(which, 9, "bin2" if which % 2 else "storage")
        self.arrive(0, 4, "bin2")
        for kind in (self.kinds[0], self.kinds[1], self.kinds[3]):
            self.promise([(kind.house, kind.product, 4, None, 0)])

    # -- goods come ----------------------------------------------------------------------------------------------

    @rule(which=picks, quantity=quantities, second=st.booleans())
    def receive(self, which: int, quantity: int, second: bool) -> None:
        kinds = [self.kinds[which % len(self.kinds)]]
        if second:
            kinds.append(self.kinds[(which + 1) % len(self.kinds)])
        moves = [Move("supplier", fresh(kind), quantity) for kind in kinds if kind.house == kinds[0].house]
        self.post(Reason.RECEIVE, moves)

    @rule(which=picks, quantity=quantities, place=places)
    def arrive(self, which: int, quantity: int, place: str) -> None:
        """Received, booked and put away at once, so that there is something to work with."""
        kind = self.kinds[which % len(self.kinds)]
        self.post(Reason.RECEIVE, [Move("supplier", fresh(kind), quantity)])
        if kind.item is not None:
            self.book(kind.item, quantity)
        self.post(Reason.PUTAWAY, [Move(fresh(kind), fresh(kind, place), quantity)])

    @rule(item=st.sampled_from(["1", "2"]), quantity=quantities)
    def book(self, item: str, quantity: int) -> None:
        self.command(lambda model: model.book(item, quantity), lambda: sellable.book(self.items[item], quantity))

    @rule(which=picks, quantity=st.integers(1, 4))
    def return_by_customer(self, which: int, quantity: int) -> None:
        key = fresh(self.kinds[which % len(self.kinds)], "returns")
        if key.is_bonded:
            key = key._replace(status="duty_paid_returned")
        self.post(Reason.RETURN, [Move("customer", key, quantity)])

    # -- goods move ----------------------------------------------------------------------------------------------

    @precondition(lambda self: self.filled("dock", "returns", "inspection"))
    @rule(which=picks, quantity=quantities, place=places)
    def put_away(self, which: int, quantity: int, place: str) -> None:
        keys = self.filled("dock", "returns", "inspection")
        key = keys[which % len(keys)]
        self.post(Reason.PUTAWAY, [Move(key, key.at(place, key.unit), quantity)])

    @precondition(lambda self: self.filled("storage", "bin2", "dock"))
    @rule(which=picks, quantity=quantities, place=st.sampled_from(["storage", "bin2", "inspection"]))
    def move(self, which: int, quantity: int, place: str) -> None:
        keys = [key for key in self.filled("storage", "bin2", "dock") if key.place != place]
        if keys:
            key = keys[which % len(keys)]
            self.post(Reason.MOVE, [Move(key, key.at(place, key.unit), quantity)])

    @precondition(lambda self: self.filled("storage", "bin2"))
    @rule(which=picks, quantity=quantities)
    def reserve_and_move(self, which: int, quantity: int) -> None:
        keys = self.filled("storage", "bin2")
        key = keys[which % len(keys)]

        def use_case() -> str | None:
            row = service.find_balance(self.stock(key))
            assert row is not None
            given = allocations.reserve(row.warehouse_id, row.id, quantity, "move", "task", new_id())
            return None if given is None else str(given)

        told, given = self.command(lambda model: model.reserve(key, quantity), use_case)
        assert told is (given is not None)
        if given is not None:
            self.allocation_ids.append(uuid.UUID(given))
            if which % 3:
                place = "bin2" if key.place == "storage" else "storage"
                number = len(self.allocation_ids) - 1
                self.post(Reason.MOVE, [Move(key, key.at(place, key.unit), max(1, quantity - 1), number)])

    @precondition(lambda self: any(each.open and each.promise is None for each in self.model.allocations))
    @rule(which=picks)
    def give_up_a_reservation(self, which: int) -> None:
        numbers = [n for n, each in enumerate(self.model.allocations) if each.open and each.promise is None]
        number = numbers[which % len(numbers)]

        def foretell(model: Model) -> int:
            left, model.allocations[number].open = model.allocations[number].open, 0
            return left

        told, freed = self.command(foretell, lambda: allocations.release_allocation(self.allocation_ids[number]))
        assert told == freed

    # -- orders --------------------------------------------------------------------------------------------------

    def promise(self, lines: list[tuple[str, str, int, dict[str, str] | None, int]]) -> None:
        drafts, foretold = [], []
        for house, product, quantity, pin, priority in lines:
            subject = f"D{len(self.subjects)}"
            self.subjects[subject] = new_id()
            foretold.append((subject, house, product, quantity, pin, priority))
            given = None
            if pin is not None:
                given = Pin(
                    lot_id=self.lots[pin["lot"]] if "lot" in pin else None,
                    location_id=self.houses[house].at(pin["place"]) if "place" in pin else None,
                    condition=pin.get("condition", "good"),
                )
            owner = self.products[product].owner_id
            drafts.append(
                PromiseDraft(
                    "demand", self.subjects[subject], self.houses[house].id, owner, self.products[product].id, quantity,
                    bonded=house == "bonded", pin=given, priority=priority,
                )
            )  # fmt: skip

        def use_case() -> Any:
            given = promises.promise(drafts)
            rows = session().execute(
                text("SELECT id, promise_id, quantity FROM allocation WHERE promise_id = ANY(:ids) ORDER BY id"),
                {"ids": [each.promise_id for each in given]},
            )
            claims = [(str(row.id), str(row.promise_id), row.quantity) for row in rows]
            return [(str(each.promise_id), each.quantity) for each in given], claims

        first_claim = len(self.model.allocations)
        answers = self.command(lambda model: model.promise(foretold), use_case)
        if answers is None:
            return
        numbers, (made, claims) = answers
        assert [self.model.promises[number].quantity for number in numbers] == [quantity for _, quantity in made]
        self.promise_ids += [uuid.UUID(key) for key, _ in made]
        own = self.model.allocations[first_claim:]
        assert [(str(self.promise_ids[each.promise]), each.open) for each in own if each.promise is not None] == [
            (promise, quantity) for _, promise, quantity in claims
        ]
        self.allocation_ids += [uuid.UUID(key) for key, _, _ in claims]

    @rule(lines=st.lists(st.tuples(picks, st.integers(1, 8)), min_size=1, max_size=3), priority=st.integers(0, 2))
    def promise_from_the_pool(self, lines: list[tuple[int, int]], priority: int) -> None:
        kinds = [self.kinds[which % len(self.kinds)] for which, _ in lines]
        self.promise(
            [(kind.house, kind.product, quantity, None, priority)
             for kind, (_, quantity) in zip(kinds, lines, strict=True) if kind.house == kinds[0].house]
        )  # fmt: skip

    @rule(works=st.lists(st.tuples(picks, st.booleans()), min_size=1, max_size=8))
    def work_on_orders(self, works: list[tuple[int, bool]]) -> None:
        """What a shift does all day: whatever order work there is, goods that are nearly out of the house first."""
        for which, latest_first in works:
            steps = []
            if self.filled("gate"):
                steps.append(lambda which=which: self.ship(which | 1, 12, "yes"))
            if self.filled("tote"):
                steps.append(lambda which=which: self.pack(which | 1, 12))
            if any(each.open and each.promise is not None for each in self.model.allocations):
                steps.append(lambda which=which: self.pick(which, which % 3, which % 5 == 0, "T1"))
            if self.open_subjects():
                steps.append(lambda which=which: self.allocate(("overseas", "bonded")[which % 2], True, which))
            if not steps:
                self.promise_from_the_pool([(which, 1 + which % 4)], 0)
            else:
                steps[0 if latest_first else which % len(steps)]()

    @precondition(lambda self: self.filled("storage", "bin2", "returns"))
    @rule(which=picks, quantity=st.integers(1, 8), more=st.booleans())
    def promise_pinned(self, which: int, quantity: int, more: bool) -> None:
        keys = [key for key in self.filled("storage", "bin2", "returns") if key.status != "duty_paid_returned"]
        if not keys:
            return
        key = keys[which % len(keys)]
        pin = {"condition": key.condition}
        if key.kind.lot is not None and which % 2:
            pin["lot"] = key.kind.lot
        else:
            pin["place"] = key.place
        lines: list[tuple[str, str, int, dict[str, str] | None, int]] = [
            (key.kind.house, key.kind.product, quantity, pin, 0)
        ]
        if more:
            lines.append((key.kind.house, key.kind.product, 1, None, 0))
        self.promise(lines)

    def open_subjects(self) -> list[str]:
        return sorted({each.subject for each in self.model.promises if each.open})

    @precondition(lambda self: self.open_subjects())
    @rule(which=picks)
    def cancel(self, which: int) -> None:
        subjects = self.open_subjects()
        subject = subjects[which % len(subjects)]
        told, given = self.command(
            lambda model: model.release(subject),
            lambda: sum(promises.release("demand", [self.subjects[subject]]).values()),
        )
        assert told == given

    @precondition(lambda self: self.open_subjects())
    @rule(house=st.sampled_from(["overseas", "bonded"]), everything=st.booleans(), which=picks)
    def allocate(self, house: str, everything: bool, which: int) -> None:
        subjects = self.open_subjects()
        if not everything:
            subjects = [subjects[which % len(subjects)]]

        def use_case() -> Any:
            result = allocations.allocate(self.houses[house].id, "demand", [self.subjects[name] for name in subjects])
            return (
                [(str(each.allocation_id), str(each.promise_id), each.balance_id, each.quantity)
                 for each in result.allocated],
                {str(key): quantity for key, quantity in result.missing.items()},
            )  # fmt: skip

        (made, missing), (claims, really_missing) = self.command(lambda m: m.allocate(house, subjects), use_case)
        rows = {key: balance(self.stock(key)) for _, key, _ in made}
        assert [(promise, balance, quantity) for _, promise, balance, quantity in claims] == [
            (str(self.promise_ids[number]), rows[key].id, quantity) for number, key, quantity in made
        ]
        assert really_missing == {str(self.subjects[name]): quantity for name, quantity in missing.items()}
        self.allocation_ids += [uuid.UUID(key) for key, _, _, _ in claims]

    @precondition(lambda self: any(each.open and each.promise is not None for each in self.model.allocations))
    @rule(which=picks, take=st.integers(0, 12), short=st.booleans(), tote=st.sampled_from(["T1", "T2"]))
    def pick(self, which: int, take: int, short: bool, tote: str) -> None:
        numbers = [n for n, each in enumerate(self.model.allocations) if each.open and each.promise is not None]
        number = numbers[which % len(numbers)]
        claim = self.model.allocations[number]
        quantity = take or claim.open
        moves = [Move(claim.key, claim.key.at("tote", tote), quantity, number)]
        if not short or quantity >= claim.open:
            self.post(Reason.PICK, moves)
            return

        def foretell(model: Model) -> None:
            model.post("pick", moves)
            model.place_hold("balance", claim.key, doubt=True)

        def use_case() -> Any:
            row = service.find_balance(self.stock(claim.key))
            assert row is not None
            with together():
                posted = ledger.post(SYSTEM, PostingDraft(Reason.PICK, "test", None, [self.draft(moves[0])]))
                hold = holds.doubt(SYSTEM, row.warehouse_id, row.id)
            return str(posted.posting_id), str(hold.id)

        answers = self.command(foretell, use_case)
        if answers is not None:
            self.posting_ids.append(uuid.UUID(answers[1][0]))
            self.hold_ids.append(uuid.UUID(answers[1][1]))

    @precondition(lambda self: self.filled("tote"))
    @rule(which=picks, quantity=quantities)
    def pack(self, which: int, quantity: int) -> None:
        keys = self.filled("tote")
        key = keys[which % len(keys)]
        quantity = min(quantity, self.model.on_hand(key)) if which % 4 else quantity
        self.post(Reason.PACK, [Move(key, key.at("gate", "P1"), quantity)])

    @precondition(lambda self: self.filled("gate"))
    @rule(
        which=picks, quantity=quantities, permitted=st.sampled_from(["yes", "yes", "yes", "no", "used", "other kind"])
    )
    def ship(self, which: int, quantity: int, permitted: str) -> None:
        keys = self.filled("gate")
        key = keys[which % len(keys)]
        quantity = min(quantity, self.model.on_hand(key)) if which % 4 else quantity
        permit = None
        if key.is_bonded and permitted != "no":
            kind = "release" if permitted != "other kind" else "destruction"
            permit = self.permit(key.kind, kind, quantity if permitted != "used" else max(1, quantity - 1))
        settles = self.settling(key.kind, quantity) if key.is_bonded else {}
        self.post(Reason.SHIP, [Move(key, "customer", quantity, permit=permit)], settles)

    def permit(self, kind: Kind, what: str, quantity: int) -> int:
        assert kind.item is not None
        item = kind.item
        answers = self.command(
            lambda model: model.permits.append(Permit(what, kind.house, kind.product, item, quantity)),
            lambda: str(
                permits.issue_permit(
                    warehouse_id=self.houses[kind.house].id, kind=what, document="D", subject_kind="test",
                    subject_id=new_id(), product_id=self.products[kind.product].id, book_item_id=self.items[item],
                    quantity=quantity,
                )
            ),
        )  # fmt: skip
        self.permit_ids.append(uuid.UUID(answers[1]))
        return len(self.permit_ids) - 1

    @precondition(lambda self: self.filled("tote", "gate"))
    @rule(which=picks, place=places, tote_first=st.booleans())
    def put_back(self, which: int, place: str, tote_first: bool) -> None:
        keys = self.filled("tote", "gate")
        key = keys[which % len(keys)]
        quantity = self.model.on_hand(key)
        if tote_first and key.unit != "put_back":
            self.post(Reason.MOVE, [Move(key, key.at("tote", "put_back"), quantity)])
            return
        settles = self.settling(key.kind, quantity) if key.is_bonded else {}
        self.post(Reason.PUT_BACK, [Move(key, key.at(place), quantity)], settles)

    # -- truth is always postable --------------------------------------------------------------------------------

    @precondition(lambda self: self.filled())
    @rule(which=picks, counted=st.integers(0, 15))
    def count(self, which: int, counted: int) -> None:
        keys = self.filled()
        key = keys[which % len(keys)]
        if key.place in {"tote", "gate", "packing"}:
            return

        def use_case() -> str | None:
            posted = service.count(SYSTEM, self.stock(key), counted, SUBJECT)
            return None if posted is None else str(posted.posting_id)

        answers = self.command(lambda model: model.count(key, counted), use_case)
        if answers is not None:
            assert answers[0] is (answers[1] is not None)
            if answers[1] is not None:
                self.posting_ids.append(uuid.UUID(answers[1]))

    @precondition(lambda self: self.filled())
    @rule(which=picks, quantity=quantities, what=st.sampled_from(["damage", "scrap", "loss"]))
    def lose(self, which: int, quantity: int, what: str) -> None:
        keys = [key for key in self.filled() if key.condition == "good"]
        if not keys:
            return
        key = keys[which % len(keys)]
        quantity = min(quantity, self.model.on_hand(key)) if which % 4 else quantity
        target: Key | str = key._replace(condition=Condition.DAMAGED.value)
        permit = None
        if what == "scrap":
            target = "scrap"
            permit = self.permit(key.kind, "destruction", quantity) if key.is_bonded and which % 3 else None
        elif what == "loss" and not key.is_bonded:
            target = "adjustment"
        reason = {"damage": Reason.DAMAGE, "scrap": Reason.SCRAP, "loss": Reason.LOSS}[what]
        self.post(reason, [Move(key, target, quantity, permit=permit)])

    @precondition(lambda self: self.posting_ids)
    @rule(which=picks)
    def reverse(self, which: int) -> None:
        number = len(self.posting_ids) - 1 - which % min(len(self.posting_ids), 12)
        posting_id = self.posting_ids[number]
        assert posting_id is not None
        first = self.model.postings[number].moves[0]
        end = first.source if isinstance(first.source, Key) else first.target
        assert isinstance(end, Key)
        answers = self.command(
            lambda model: model.reverse(number),
            lambda: str(ledger.reverse(SYSTEM, self.houses[end.kind.house].id, posting_id).posting_id),
        )
        if answers is not None:
            self.posting_ids.append(uuid.UUID(answers[1]))

    @precondition(lambda self: any(key.kind.product == "plain" for key in self.filled("storage", "bin2", "dock")))
    @rule(which=picks, quantity=quantities, wrong=st.integers(0, 3))
    def convert(self, which: int, quantity: int, wrong: int) -> None:
        keys = [key for key in self.filled("storage", "bin2", "dock") if key.kind.product == "plain"]
        key = keys[which % len(keys)]
        kit = key._replace(kind=key.kind._replace(product="kit"))
        moves = [Move(key, "conversion", quantity), Move("conversion", kit, quantity)]
        recipe = one_to_one(RecipeKind.RELABEL, self.stock(key).product_id, self.stock(kit).product_id)
        if wrong:
            self.post(Reason.CONVERT, moves, recipe=recipe)
            return

        def refuse(_: Model) -> None:
            raise Says("conversion_does_not_balance")

        consumed, yielded = [(self.stock(key), quantity)], [(self.stock(kit), quantity + 1)]
        self.command(refuse, lambda: service.convert(SYSTEM, consumed, yielded, SUBJECT, recipe))

    # -- holds and days ------------------------------------------------------------------------------------------

    @precondition(lambda self: self.filled())
    @rule(which=picks, scope=st.sampled_from(["location", "product", "lot", "handling_unit", "balance"]))
    def hold(self, which: int, scope: str) -> None:
        keys = self.filled()
        key = keys[which % len(keys)]
        if (scope == "lot" and key.kind.lot is None) or (scope == "handling_unit" and key.unit is None):
            scope = "location"
        if scope == "handling_unit" and key.unit in {"T1", "T2", "P1"}:
            scope = "balance"
        house, stock = key.kind.house, self.stock(key)
        what: object = {
            "location": (house, key.place), "product": (house, key.kind.product), "lot": key.kind.lot,
            "handling_unit": key.unit, "balance": key,
        }[scope]  # fmt: skip
        if scope == "handling_unit":
            what = key.unit

        def use_case() -> str:
            row = service.find_balance(stock)
            assert row is not None
            name = {"location": stock.location_id, "product": stock.product_id, "lot": stock.lot_id,
                    "handling_unit": stock.handling_unit_id, "balance": row.id}[scope]  # fmt: skip
            return str(holds.place_hold(SYSTEM, stock.warehouse_id, HoldScope(scope), str(name), "look").id)

        answers = self.command(lambda model: model.place_hold(scope, what), use_case)
        self.hold_ids.append(uuid.UUID(answers[1]))

    @precondition(lambda self: any(key.kind.house == "overseas" for key in self.filled("storage")))
    @rule(which=picks, quantity=quantities)
    def hold_a_part(self, which: int, quantity: int) -> None:
        keys = [key for key in self.filled("storage", unit=False) if key.kind.house == "overseas"]
        if not keys:
            return
        key = keys[which % len(keys)]

        def foretell(model: Model) -> None:
            model.post("hold", [Move(key, key.at(key.place, "C1"), quantity)])
            model.place_hold("handling_unit", "C1")

        def use_case() -> Any:
            unit = self.units["overseas", "C1"]
            hold = holds.hold_quantity(SYSTEM, self.stock(key), quantity, unit, "quarantine")
            posting = session().execute(
                text(
                    "SELECT id FROM stock_posting WHERE subject_kind = 'hold' ORDER BY created_at DESC, id DESC LIMIT 1"
                )
            )
            return str(hold.id), str(posting.scalar_one())

        answers = self.command(foretell, use_case)
        if answers is not None:
            self.hold_ids.append(uuid.UUID(answers[1][0]))
            self.posting_ids.append(uuid.UUID(answers[1][1]))

    @precondition(lambda self: self.model.holds)
    @rule(which=picks)
    def end_hold(self, which: int) -> None:
        numbers = sorted(self.model.holds)
        number = numbers[which % len(numbers)]
        hold_id = self.hold_ids[number]
        query = text("SELECT warehouse_id FROM stock_hold WHERE id = :id")
        house = session().execute(query, {"id": hold_id}).scalar_one()

        def foretell(model: Model) -> None:
            del model.holds[number]

        self.command(foretell, lambda: str(holds.end_hold(SYSTEM, house, hold_id).id))

    @rule(sure=st.integers(0, 3))
    def a_day_passes(self, sure: int) -> None:
        if sure or len(self.done) > 400 or self.model.today["overseas"] > self.last_end + timedelta(days=2):
            return  # commands are forgotten after thirty days; and little happens once all lots have expired
        self.moment += timedelta(days=1)
        self.model.next_day()
        self.unchecked = True
        sellable.expire()
        session().commit()

    # -- the same again ------------------------------------------------------------------------------------------

    @precondition(lambda self: self.done)
    @rule(which=picks, other_body=st.booleans())
    def replay(self, which: int, other_body: bool) -> None:
        command, outcome = self.done[which % len(self.done)]
        self.unchecked = True

        def must_not_run() -> None:
            raise AssertionError("the effect would happen twice")

        if other_body:
            changed = Command(command.id, command.scope, command.name, {"number": -1})
            again = execute(changed, must_not_run, lambda answer: answer)
            assert isinstance(again, Refused)
            assert again.code == "command_id_reused"
            return
        again = execute(command, must_not_run, lambda answer: answer)
        assert again.replayed
        if isinstance(outcome, Refused):
            assert isinstance(again, Refused)
            assert again.as_data() == outcome.as_data()
        else:
            assert isinstance(again, Done)
            assert again.answer == _as_json(outcome.answer)


def _as_json(answer: Any) -> Any:
    if isinstance(answer, (list, tuple)):
        return [_as_json(each) for each in answer]
    if isinstance(answer, dict):
        return {key: _as_json(value) for key, value in answer.items()}
    return answer


@pytest.mark.filterwarnings("ignore::hypothesis.errors.HypothesisWarning")
def test_the_ledger_agrees_with_the_model(app):
    Machine.app = app
    run_state_machine_as_test(
        Machine,
        settings=settings(
            max_examples=EXAMPLES, stateful_step_count=STEPS, deadline=None, print_blob=True,
            suppress_health_check=list(HealthCheck),
        ),
    )  # fmt: skip
