"""Every state of a booking and a carton against every action; the booking's state as a function of its cartons."""

from __future__ import annotations

from itertools import combinations_with_replacement

import pytest

from wms.core.refusals import Refused
from wms.inbound.rules import DifferenceKind, booking_state, carton_barcode, differences, surplus
from wms.inbound.workflow import BOOKING, CARTON, EDITABLE, WORKABLE, BookingState, CartonState

BOOKING_MOVES = {
    ("draft", "submit"): "submitted", ("submitted", "depart"): "in_transit", ("draft", "cancel"): "cancelled",
    ("submitted", "cancel"): "cancelled", ("in_transit", "cancel"): "cancelled", ("submitted", "arrive"): "arrived",
    ("in_transit", "arrive"): "arrived", ("arrived", "arrive"): "arrived", ("arrived", "receive"): "receiving",
    ("receiving", "receive"): "receiving", ("received", "receive"): "receiving", ("putaway", "receive"): "receiving",
    ("completed", "receive"): "receiving", ("arrived", "close"): "received", ("receiving", "close"): "received",
    ("receiving", "stow"): "putaway", ("received", "stow"): "putaway", ("putaway", "stow"): "putaway",
    ("submitted", "complete"): "completed", ("in_transit", "complete"): "completed",
    ("arrived", "complete"): "completed", ("receiving", "complete"): "completed",
    ("received", "complete"): "completed", ("putaway", "complete"): "completed", ("completed", "arrive"): "arrived",
    ("putaway", "unstow"): "putaway", ("completed", "unstow"): "putaway", ("putaway", "unstow_all"): "received",
    ("completed", "unstow_all"): "received", ("receiving", "unreceive"): "arrived", ("received", "unreceive"): "arrived",
}  # fmt: skip
CARTON_MOVES = {
    ("declared", "arrive"): "arrived", ("missing", "arrive"): "arrived", ("arrived", "count"): "counting",
    ("counting", "count"): "counting", ("counting", "uncount"): "counting", ("arrived", "close"): "counted",
    ("counting", "close"): "counted", ("counted", "reopen"): "counting", ("counted", "stow"): "stowing",
    ("stowing", "stow"): "stowing", ("counted", "finish"): "stowed", ("stowing", "finish"): "stowed",
    ("stowing", "unstow"): "stowing", ("stowed", "unstow"): "stowing", ("declared", "lose"): "missing",
    ("stowing", "unstow_all"): "counted", ("stowed", "unstow_all"): "counted", ("arrived", "recount"): "counting",
    ("counting", "recount"): "counting", ("counted", "unreceive"): "arrived",
}  # fmt: skip


@pytest.mark.parametrize(
    ("table", "moves"), [(BOOKING, BOOKING_MOVES), (CARTON, CARTON_MOVES)], ids=["booking", "carton"]
)
def test_every_state_allows_exactly_its_actions(table, moves):
    for state in table.states:
        for action in table.moves:
            wanted = moves.get((state.value, action))
            if wanted is not None:
                assert table.apply(action, state) == wanted
                continue
            with pytest.raises(Refused) as refusal:
                table.apply(action, state)
            assert refusal.value.code == "not_allowed_now"
            assert refusal.value.params["state"] == state
            assert action not in refusal.value.params["possible"]
    assert {action for _, action in moves} == set(table.moves)


def test_only_a_cancelled_booking_is_final():
    assert BOOKING.final_states() == {"cancelled"}
    assert CARTON.final_states() == set()
    assert {"draft", "submitted", "in_transit"} == EDITABLE
    assert set(BookingState) - WORKABLE == {"draft", "cancelled"}


@pytest.mark.parametrize(
    ("own", "cartons", "state"),
    [
        ("draft", ["declared"], "draft"),
        ("submitted", ["declared", "declared"], "submitted"),
        ("in_transit", ["declared"], "in_transit"),
        ("cancelled", ["declared"], "cancelled"),
        ("in_transit", ["declared", "missing"], "in_transit"),
        ("in_transit", ["arrived", "declared"], "arrived"),
        ("submitted", ["arrived", "missing"], "arrived"),
        ("submitted", ["counting", "declared"], "receiving"),
        ("submitted", ["stowed", "declared"], "receiving"),
        ("submitted", ["stowed", "arrived"], "receiving"),
        ("submitted", ["counted", "counted"], "received"),
        ("submitted", ["counted", "missing"], "received"),
        ("submitted", ["counted", "stowing"], "putaway"),
        ("submitted", ["counted", "stowed"], "putaway"),
        ("submitted", ["stowing", "stowed", "missing"], "putaway"),
        ("submitted", ["stowed", "stowed"], "completed"),
        ("submitted", ["stowed", "missing"], "completed"),
        ("in_transit", ["missing", "missing"], "completed"),
    ],
)
def test_the_booking_is_what_its_cartons_are(own, cartons, state):
    assert booking_state(own, cartons) == state


def test_every_step_of_a_carton_is_a_step_of_the_booking_s_table():
    """From any mixture of three cartons, one carton's move leads the booking along its table, or nowhere."""
    steps = {
        (source, BOOKING.moves[action].target) for action in BOOKING.moves for source in BOOKING.moves[action].sources
    }
    # taken back: a count opened again, goods put back into their carton, a lost carton found, a submitted one lost
    steps |= {("received", "receiving"), ("completed", "putaway"), ("putaway", "received"), ("completed", "received")}
    for own in ("submitted", "in_transit"):
        for cartons in combinations_with_replacement(CartonState, 3):
            before = booking_state(own, cartons)
            for action in CARTON.moves:
                for index, state in enumerate(cartons):
                    if not CARTON.permitted(action, state):
                        continue
                    after = booking_state(own, [*cartons[:index], CARTON.apply(action, state), *cartons[index + 1 :]])
                    assert after == before or (before, after) in steps | {("completed", "arrived")}, (cartons, action)


@pytest.mark.parametrize(
    ("declared", "received", "damaged", "on_booking", "closed", "found"),
    [
        (10, 10, 0, True, True, {}),
        (10, 7, 0, True, False, {}),
        (10, 7, 0, True, True, {"short": 3}),
        (10, 0, 0, True, True, {"short": 10}),
        (10, 12, 0, True, False, {"over": 2}),
        (0, 2, 0, True, False, {"over": 2}),
        (0, 2, 0, False, False, {"wrong": 2}),
        (10, 9, 4, True, True, {"short": 1, "damaged": 4}),
        (0, 3, 3, False, True, {"wrong": 3, "damaged": 3}),
    ],
)
def test_differences_of_a_line(declared, received, damaged, on_booking, closed, found):
    got = differences(declared=declared, received=received, damaged=damaged, on_booking=on_booking, closed=closed)
    assert got == {DifferenceKind(kind): quantity for kind, quantity in found.items()}


@pytest.mark.parametrize(
    ("declared", "before", "quantity", "beyond"),
    [(10, 0, 10, 0), (10, 8, 5, 3), (10, 10, 4, 4), (10, 12, 4, 4), (0, 0, 1, 1)],
)
def test_surplus_is_what_goes_beyond_the_declaration(declared, before, quantity, beyond):
    assert surplus(declared, before, quantity) == beyond


def test_a_carton_s_label_names_booking_and_number():
    assert carton_barcode("INACME-261124-0001", 3).startswith("B-INACME-261124-0001-3-")


def test_whatever_a_carton_does_leads_a_booking_along_its_table() -> None:
    """The state that is read off the cartons never jumps: each move of a carton, beside every other two, is an arrow."""
    arrows = {(source, move.target) for move in BOOKING.moves.values() for source in move.sources}
    jumps = set()
    for own in (BookingState.SUBMITTED, BookingState.IN_TRANSIT):
        for others in (others for many in range(3) for others in combinations_with_replacement(CartonState, many)):
            for move in CARTON.moves.values():
                after = booking_state(own, [move.target, *others])
                for before in (booking_state(own, [source, *others]) for source in move.sources):
                    if before is not after and (before, after) not in arrows:
                        jumps.add((before.value, after.value))
    assert jumps == set()
