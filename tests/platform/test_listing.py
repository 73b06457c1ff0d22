"""Lists newest first: the same documents in the same order as sorting all of them gives, whoever asks for whatever."""

from __future__ import annotations

import itertools
import random
import uuid
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import insert

from tests.cast import Cast
from wms.core.actor import Actor
from wms.core.ids import new_id
from wms.inbound.models import Booking
from wms.inbound.queries import BOOKINGS
from wms.inbound.workflow import BookingState
from wms.platform import listing
from wms.platform.listing import Listing

STATES = [state.value for state in BookingState]
OWN = {"draft": "draft", "submitted": "submitted", "in_transit": "in_transit", "cancelled": "cancelled"}
FIRST = datetime(2026, 3, 1, tzinfo=UTC)
DOCUMENTS = 60


@pytest.fixture
def bookings(cast: Cast, db_session) -> list[Booking]:
    """Of both sellers in both warehouses, in every state, many at the same moment."""
    draw = random.Random(5)
    owners, houses = [cast.ACME.id, cast.RIVAL.id], [cast.overseas.id, cast.bonded.id]
    rows = [
        {
            "id": new_id(), "number": f"IN{draw.choice(['AB', 'ab', 'XY'])}-{place:03}", "owner_id": draw.choice(owners),
            "warehouse_id": draw.choice(houses), "reference": f"{draw.choice(['PO', 'po', 'Bestellung_%'])}-{place}",
            "transport": "sea_fcl", "state": (state := STATES[place % len(STATES)]),
            "own_state": OWN.get(state, "submitted"), "carton_count": 1, "version": 1, "remark": "",
            "created_at": FIRST + timedelta(minutes=draw.randrange(20)),
            "updated_at": FIRST + timedelta(minutes=draw.randrange(60)),
            "tracking_number": f"TR-{place}" if place % 3 == 0 else None,
        }
        for place in range(DOCUMENTS)
    ]  # fmt: skip
    db_session.execute(insert(Booking), rows)
    return [row for row in db_session.query(Booking) if row.id in {each["id"] for each in rows}]


def sorted_by_hand(rows: Sequence[Booking], actor: Actor) -> list[Booking]:
    seen = [row for row in rows if actor.sees_seller(row.owner_id) and actor.sees_warehouse(row.warehouse_id)]
    return sorted(seen, key=lambda row: (row.created_at, row.id), reverse=True)


def readers(cast: Cast) -> list[Actor]:
    one = frozenset({cast.bonded.id})
    return [cast.acme, cast.agency, cast.admin, cast.customs_clerk, replace(cast.acme, warehouse_ids=one),
            replace(cast.acme, seller_ids=frozenset())]  # fmt: skip


def paged(found: Listing, actor: Actor, rows: Sequence[Booking], size: int, **asked: object) -> list[uuid.UUID]:
    """All pages one after the other."""
    by_id = {row.id: row for row in rows}
    ids: list[uuid.UUID] = []
    after = None
    while page := found.page(actor, after=after, limit=size, **asked):  # type: ignore[arg-type]
        ids += page
        after = (by_id[page[-1]].created_at, page[-1])
    return ids


STATE_SETS: list[tuple[str, ...]] = [
    (),
    *((state,) for state in STATES),
    ("submitted", "in_transit"),
    ("completed", "draft"),
]


def test_every_reader_sees_theirs_in_order_in_every_state_page_by_page(cast: Cast, bookings: list[Booking]) -> None:
    for actor, states, size in itertools.product(readers(cast), STATE_SETS, (3, 100)):
        wanted = [row.id for row in sorted_by_hand(bookings, actor) if not states or row.state in states]
        assert paged(BOOKINGS, actor, bookings, size, states=states) == wanted, (actor.name, states, size)


SEARCHES = ("inab", "INAB-0", "po", "PO-1", "Bestellung_%", "TR-3", "tr-3", "nothing", "%", "_", "IN")


@pytest.mark.parametrize("most_named", [0, 3, 1000], ids=["all by walking", "some by name", "all by name"])
def test_a_search_finds_what_begins_so_or_is_called_so(
    cast: Cast, bookings: list[Booking], most_named: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listing, "MOST_NAMED", most_named)
    listing._begun.cache_clear()
    for actor, search, states in itertools.product(readers(cast), SEARCHES, ((), ("draft",))):
        wanted = [
            row.id
            for row in sorted_by_hand(bookings, actor)
            if (not states or row.state in states)
            and (
                row.number.lower().startswith(search.lower())
                or row.reference.lower().startswith(search.lower())
                or row.tracking_number == search
            )
        ]
        assert paged(BOOKINGS, actor, bookings, 4, search=search, states=states) == wanted, (actor.name, search)
    listing._begun.cache_clear()


@pytest.mark.parametrize("knows", [False, True])
def test_what_changed_since(cast: Cast, bookings: list[Booking], knows: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listing.clock, "now", lambda: FIRST + timedelta(minutes=60))
    found = replace(BOOKINGS, knows_changes=knows)
    for actor, minutes in itertools.product(readers(cast), (0, 30, 59, 61)):
        since = FIRST + timedelta(minutes=minutes)
        wanted = [row.id for row in sorted_by_hand(bookings, actor) if row.updated_at >= since]
        assert paged(found, actor, bookings, 4, updated_since=since) == wanted
        long_ago = paged(found, actor, bookings, 100, updated_since=FIRST - timedelta(days=90))
        assert long_ago == [row.id for row in sorted_by_hand(bookings, actor)]


def test_one_warehouse_or_one_reference(cast: Cast, bookings: list[Booking]) -> None:
    for actor in readers(cast):
        rows = sorted_by_hand(bookings, actor)
        here = [row.id for row in rows if row.warehouse_id == cast.overseas.id]
        assert paged(BOOKINGS, actor, bookings, 4, warehouse="DE1") == here
        assert paged(BOOKINGS, actor, bookings, 4, warehouse_id=cast.overseas.id) == here
        for row in bookings[:5]:
            so = [each.id for each in rows if each.reference == row.reference]
            assert BOOKINGS.page(actor, reference=row.reference, limit=9) == so


def test_only_names_of_states_get_into_a_statement(cast: Cast, db_session) -> None:
    with pytest.raises(ValueError, match="no name of a state"):
        BOOKINGS.page(cast.acme, states=("draft') OR true --",), limit=1)
