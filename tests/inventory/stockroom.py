"""The stockroom of the ledger's machine: what its steps are made with, and how model and database are compared."""

from __future__ import annotations

import copy
import uuid
from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from hypothesis.stateful import RuleBasedStateMachine
from sqlalchemy import text

from tests.inventory.model import ZONES, Item, Key, Kind, Model, Move, Says
from tests.inventory.world import House, isolated, make_house, make_lot, make_product, make_seller
from wms.core import clock
from wms.core.actor import SYSTEM
from wms.core.ids import new_id
from wms.core.refusals import Refused
from wms.inventory import ledger, permits, queries
from wms.inventory.audit import CHECKS
from wms.inventory.converting.rules import Recipe
from wms.inventory.ledger import PostingDraft
from wms.inventory.rules import MoveDraft, Reason, Stock
from wms.inventory.service import Subject
from wms.platform.auditing import run_checks
from wms.platform.commands import Command, execute
from wms.platform.database import session

UNITS = {"T1": "tote", "T2": "tote", "put_back": "tote", "P1": "gate", "C1": "storage"}
SUBJECT = Subject("test", None)

# All checks in one statement, which PostgreSQL plans once; the machine runs it after every step.
_ANY_VIOLATION = text(
    " UNION ALL ".join(f"SELECT {n} WHERE EXISTS ({check.violations})" for n, check in enumerate(CHECKS))
)


class Goods(NamedTuple):
    """A product's ids: a refusal forgets the objects of the session."""

    id: uuid.UUID
    owner_id: uuid.UUID


class Stockroom(RuleBasedStateMachine):
    """`self.model` is the oracle; ids of the database are kept beside its numbers."""

    app: Any = None

    def __init__(self) -> None:
        super().__init__()
        self._world = isolated(self.app)
        self._world.__enter__()
        # In both zones it is day: seconds pass with every step, a midnight only where the machine says so.
        self.moment = datetime.combine(datetime.now(UTC).date(), time(23), UTC)
        self._former_clock = clock.use(lambda: self.moment)
        self.done: list[tuple[Command, Any]] = []
        self.unchecked = False

    def teardown(self) -> None:
        clock.use(self._former_clock)
        self._world.__exit__(None, None, None)

    def furnish(self) -> None:
        sellers = [make_seller(), make_seller()]
        self.houses: dict[str, House] = {name: make_house(name, zone) for name, zone in ZONES.items()}
        made = {
            "plain": make_product(sellers[0]),
            "dated": make_product(sellers[0], expiry_controlled=True),
            "kit": make_product(sellers[0]),
            "mine": make_product(sellers[0], customs_item_number="1"),
            "theirs": make_product(sellers[1], customs_item_number="1"),
        }
        self.products = {name: Goods(each.id, each.owner_id) for name, each in made.items()}
        today = {house: self.moment.astimezone(ZoneInfo(zone)).date() for house, zone in ZONES.items()}
        ends = {"soon": today["overseas"] + timedelta(days=1), "late": today["overseas"] + timedelta(days=2)}
        self.last_end = ends["late"]
        self.lots = {name: make_lot(made["dated"], day) for name, day in ends.items()}
        self.items = {}
        for number in ("1", "2"):
            self.moment += timedelta(seconds=1)
            self.items[number] = permits.book_item(self.houses["bonded"].id, number)
        self.units = {
            (house, unit): self.houses[house].unit("tote", place) for house in ZONES for unit, place in UNITS.items()
        }
        for house in ZONES:
            session().execute(
                text("UPDATE handling_unit SET subject_kind = 'put_back' WHERE id = :id"),
                {"id": self.units[house, "put_back"]},
            )
        session().commit()
        self.kinds = [
            Kind("overseas", "plain", None, None, None), Kind("overseas", "dated", "soon", ends["soon"], None),
            Kind("overseas", "dated", "late", ends["late"], None), Kind("bonded", "mine", None, None, "1"),
            Kind("bonded", "mine", None, None, "2"), Kind("bonded", "theirs", None, None, "1"),
        ]  # fmt: skip
        self.model = Model(self.moment, today)
        for number in ("1", "2"):
            self.model.items[number] = Item()
        self.promise_ids: list[uuid.UUID] = []
        self.allocation_ids: list[uuid.UUID] = []
        self.permit_ids: list[uuid.UUID] = []
        self.posting_ids: list[uuid.UUID | None] = []
        self.hold_ids: list[uuid.UUID] = []
        self.subjects: dict[str, uuid.UUID] = {}

    # -- how a step is made --------------------------------------------------------------------------------------

    def stock(self, key: Key) -> Stock:
        house, product = self.houses[key.kind.house], self.products[key.kind.product]
        return Stock(
            house.id, product.owner_id, product.id, house.at(key.place),
            None if key.kind.lot is None else self.lots[key.kind.lot],
            None if key.kind.item is None else self.items[key.kind.item],
            None if key.unit is None else self.units[key.kind.house, key.unit], key.condition, key.status,
        )  # fmt: skip

    def draft(self, move: Move) -> MoveDraft:
        return MoveDraft(
            self.stock(move.source) if isinstance(move.source, Key) else move.source,
            self.stock(move.target) if isinstance(move.target, Key) else move.target,
            move.quantity,
            None if move.allocation is None else self.allocation_ids[move.allocation],
            None if move.permit is None else self.permit_ids[move.permit],
        )

    def command(self, foretell: Callable[[Model], Any], use_case: Callable[[], Any]) -> Any:
        """Run the same on both; both refuse with the same code, or both answer. Returns (model's, ledger's) answer."""
        self.moment += timedelta(seconds=1)
        expected = copy.deepcopy(self.model)
        expected.now = self.moment
        code, told = None, None
        try:
            told = foretell(expected)
        except Says as says:
            code = says.code
        key = str(new_id()) if len(self.done) % 2 else f"command-{len(self.done)}"
        self.agree()  # steps that make several commands are looked at after each
        command = Command(key, "machine", "step", {"number": len(self.done)})
        outcome = execute(command, use_case, lambda answer: answer)
        self.done.append((command, outcome))
        if isinstance(outcome, Refused):
            assert outcome.code == code, (outcome.code, code)
            self.unchecked = True
            return None
        assert code is None, f"the model refuses with {code}"
        self.model = expected
        self.unchecked = True
        return told, outcome.answer

    def post(
        self, reason: Reason, moves: list[Move], settles: dict[int, int] | None = None, recipe: Recipe | None = None
    ) -> Any:
        def use_case() -> Any:
            settled = {self.promise_ids[number]: quantity for number, quantity in (settles or {}).items()}
            drafts = [self.draft(move) for move in moves]
            posted = ledger.post(SYSTEM, PostingDraft(reason, "test", None, drafts, recipe, settles=settled))
            return str(posted.posting_id), [(str(each.allocation_id), each.quantity) for each in posted.broken]

        answers = self.command(lambda model: model.post(reason.value, moves, settles), use_case)
        if answers is not None:
            broken, (posting_id, really_broken) = answers
            self.posting_ids.append(uuid.UUID(posting_id))
            named = [(str(self.allocation_ids[number]), quantity) for number, quantity in broken]
            assert sorted(named) == sorted(really_broken)
        return answers

    def filled(self, *wanted: str, unit: bool | None = None) -> list[Key]:
        """Rows with goods, at these places."""
        return [
            key for key, row in self.model.rows.items()
            if row.on_hand and (not wanted or key.place in wanted) and (unit is None or (key.unit is not None) is unit)
        ]  # fmt: skip

    def settling(self, kind: Kind, quantity: int) -> dict[int, int]:
        """The promises whose picked goods these may be: what they still claim on the book beyond what is open."""
        found: dict[int, int] = {}
        for number, each in enumerate(self.model.promises):
            picked = min(each.book - each.open, quantity)
            if each.pool[:2] == (kind.house, kind.product) and each.pool[3] == kind.item and picked > 0:
                found[number] = picked
                quantity -= picked
        return found

    # -- after every step ----------------------------------------------------------------------------------------

    def check_invariants(self, *arguments: Any, **more: Any) -> None:
        super().check_invariants(*arguments, **more)
        if hasattr(self, "hold_ids"):
            self.agree()

    def agree(self) -> None:
        if not self.unchecked:
            return  # nothing has changed since
        self.unchecked = False
        self.rows_agree()
        self.claims_agree()
        self.books_agree()
        self.buckets_agree()
        if session().execute(_ANY_VIOLATION, {"now": clock.now()}).all():
            result = run_checks(CHECKS)
            raise AssertionError({each["name"]: each["violations"] for each in result["checks"] if each["violations"]})
        session().rollback()

    def rows_agree(self) -> None:
        rows = session().execute(
            text("SELECT warehouse_id, owner_id, product_id, location_id, lot_id, book_item_id, handling_unit_id,"
                 " condition, customs_status, on_hand, allocated, is_sellable, held_by > 0 AS held, oldest_at"
                 " FROM balance WHERE on_hand > 0 OR allocated > 0")
        )  # fmt: skip
        real = {Stock(*row[:9]): tuple(row[9:]) for row in rows}
        model = {
            self.stock(key): (row.on_hand, self.model.allocated(key), self.model.sells(key), self.model.is_held(key),
                              row.oldest)
            for key, row in self.model.rows.items() if row.on_hand
        }  # fmt: skip
        assert real == model

    def claims_agree(self) -> None:
        found = session().execute(text("SELECT id, open_quantity FROM allocation WHERE open_quantity > 0"))
        assert {row.id: row.open_quantity for row in found} == {
            self.allocation_ids[n]: each.open for n, each in enumerate(self.model.allocations) if each.open
        }
        found = session().execute(text("SELECT id, open_quantity, book_quantity FROM promise"))
        assert {row.id: (row.open_quantity, row.book_quantity) for row in found} == {
            self.promise_ids[n]: (each.open, each.book) for n, each in enumerate(self.model.promises)
        }

    def books_agree(self) -> None:
        found = session().execute(
            text("SELECT warehouse_id, product_id, customs_status, book_item_id, sellable, promised FROM summary"
                 " WHERE sellable > 0 OR promised > 0")
        )  # fmt: skip
        assert {tuple(row[:4]): tuple(row[4:]) for row in found} == {
            (self.houses[house].id, self.products[product].id, status, None if item is None else self.items[item]): both
            for (house, product, status, item), both in self.model.summaries().items() if any(both)
        }  # fmt: skip
        found = session().execute(text("SELECT id, booked, unbooked, promised, booked_at IS NOT NULL FROM book_item"))
        assert {row.id: tuple(row[1:]) for row in found} == {
            self.items[n]: (item.booked, item.unbooked, self.model.book_claims(n), item.ever_booked)
            for n, item in self.model.items.items()
        }
        found = session().execute(text("SELECT id, used FROM permit"))
        assert {row.id: row.used for row in found} == {
            self.permit_ids[n]: each.used for n, each in enumerate(self.model.permits)
        }

    def buckets_agree(self) -> None:
        lines, after = queries.stock_lines(queries.Scope(), limit=200)
        assert after is None
        names = {each.id: name for name, each in self.products.items()}
        houses = {each.id: name for name, each in self.houses.items()}
        for line in lines:
            house, product = houses[line.warehouse_id], names[line.product_id]
            assert {bucket.value: n for bucket, n in line.buckets.items()} == self.model.buckets(house, product)
            assert sum(line.buckets.values()) == line.on_hand
