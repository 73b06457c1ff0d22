"""Twelve states whatever carriers say, when to ask again, and addresses that nobody can make but us."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from wms.shipping.pages import state_labels
from wms.shipping.tracking import (
    ASK_FOR,
    ENDS,
    MOST_PAUSE,
    TrackState,
    next_look,
    parcel_of_key,
    public_key,
    shown_place,
    state_of,
)

NOW = datetime(2026, 11, 29, 5, 0, tzinfo=UTC)
PARCEL = uuid.UUID("01a225a6-2e00-7388-b5f6-ae39e01d1864")


def test_there_are_twelve_states_and_each_has_words():
    assert len(TrackState) == 12
    assert set(state_labels["tracking"]) == {state.value for state in TrackState}


@pytest.mark.parametrize("state", TrackState)
def test_a_state_is_known_by_its_own_name_however_it_is_written(state: TrackState):
    for written in (
        state.value,
        state.value.upper(),
        state.value.replace("_", "-"),
        state.value.title().replace("_", ""),
    ):
        assert state_of(written) is state


@pytest.mark.parametrize(
    ("code", "state"),
    [("PICKUP", "picked_up"), ("Departed", "in_transit"), ("OFD", "out_for_delivery"), ("POD", "delivered"),
     ("failed-attempt", "delivery_failed"), ("RTS", "return_to_sender"), ("Customs Hold", "on_hold"),
     ("", "unknown"), ("X99", "unknown"), ("已签收", "unknown")],
)  # fmt: skip
def test_what_carriers_call_them(code: str, state: str):
    assert state_of(code).value == state


@pytest.mark.parametrize("state", TrackState)
def test_a_parcel_is_asked_for_until_there_is_no_more_to_learn(state: TrackState):
    look = next_look(state, NOW, NOW)
    if state in ENDS:
        assert look is None
        return
    assert look is not None and NOW < look <= NOW + MOST_PAUSE
    pauses = [next_look(state, NOW, NOW, faults) for faults in range(40)]
    assert all(early <= late for early, late in pairwise(pauses)) and pauses[-1] == NOW + MOST_PAUSE
    assert next_look(state, NOW - ASK_FOR - timedelta(seconds=1), NOW) is None


def test_a_place_with_a_house_number_is_not_told():
    assert [shown_place(each) for each in ("Köln", "Invalidenstraße 117", "", "Packstation 22")] == ["Köln", "", "", ""]


def test_an_address_opens_its_parcel_only():
    key = public_key(PARCEL, "secret")
    assert len(key) == 38
    assert parcel_of_key(key, "secret") == PARCEL
    assert parcel_of_key(key, "another") is None
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    others = {f"{key[:place]}{letter}{key[place + 1 :]}" for place in range(38) for letter in alphabet} - {key}
    assert [each for each in others if parcel_of_key(each, "secret") is not None] == []


@pytest.mark.parametrize(
    "key", ["", "A", "A" * 37, "A" * 38, "A" * 39, "=" * 38, "é" * 38, "../" * 12 + "xx", "A" * 5000]
)
def test_what_is_no_address(key: str):
    assert parcel_of_key(key, "secret") is None
