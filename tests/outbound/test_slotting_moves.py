"""Moves of the slotting list as work of the floor: asked for, carried out on the tablet, dropped where bins changed."""

from __future__ import annotations

import html
import re
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, text, update

from tests.floor.worker import CODES, Tablet
from tests.outbound.stage import BIN1, BIN2, BIN3, CABLE, LAMP, MUG, Stage
from tests.outbound.test_concurrency import at_once
from tests.outbound.test_destruction import given_up
from wms.core import clock
from wms.core.ids import new_id
from wms.inventory import holds
from wms.inventory import service as inventory
from wms.inventory.putaway.models import FixedBin
from wms.inventory.relocating import queries, service
from wms.inventory.relocating.models import MoveTask
from wms.inventory.relocating.service import Wanted
from wms.platform.database import commit, session


def wanted(stage: Stage, *moves: tuple[str, str, str, str | None]) -> list[Wanted]:
    house, products = stage.cast.overseas, stage.cast.ACME.products
    return [
        Wanted(
            number, products[sku], house.locations[origin], house.locations[target], partner and products[partner], 7.5
        )
        for number, (sku, origin, target, partner) in enumerate(moves, 1)
    ]


def asked(stage: Stage, *moves: tuple[str, str, str, str | None]) -> list[MoveTask]:
    return stage.do(service.ask_for, stage.cast.supervisor, stage.cast.overseas.id, wanted(stage, *moves))


def stands(stage: Stage) -> dict[str, dict[str, int]]:
    """Bin → SKU → units."""
    commit()
    found: dict[str, dict[str, int]] = {}
    rows = session().execute(
        text("SELECT l.code, p.sku, sum(b.on_hand)::int FROM balance b JOIN location l ON l.id = b.location_id JOIN product p"
             " ON p.id = b.product_id WHERE b.on_hand > 0 AND l.kind = 'storage' GROUP BY 1, 2")
    )  # fmt: skip
    for code, sku, units in rows:
        found.setdefault(code, {})[sku] = units
    session().rollback()
    return found


@pytest.fixture
def two(stage: Stage) -> Stage:
    stage.stock(MUG, 6, BIN1)
    stage.stock(CABLE, 9, BIN2)
    return stage


def tablet_of(stage: Stage, client: Any, who: str = "receiver") -> Tablet:
    tablet = Tablet(stage.cast.sign_in(client, getattr(stage.cast, who)))
    tablet.start("move")
    return tablet


def test_an_exchange_is_carried_out_and_posted_once_both_ways(two: Stage, client: Any) -> None:
    asked(two, (MUG, BIN1, BIN2, CABLE))
    labels = two.cast.overseas.labels
    tablet = tablet_of(two, client)
    assert "moves asked for" in tablet.look()
    assert (tablet.scan("CMD-OK")["code"], tablet.step) == ("move_begun", "move_from")
    assert tablet.scan(labels[BIN2])["code"] == "wrong_location"
    tablet.scan(labels[BIN1])
    assert tablet.scan(CODES[CABLE])["code"] == "wrong_item"
    assert (tablet.scan(CODES[MUG])["code"], tablet.seen["quantity"], tablet.step) == ("face_in_hand", 6, "move_to")
    assert two.free(MUG) == (6, 0)  # it sells on; only its bin is kept
    commit()
    assert tablet.scan(labels[BIN3])["tone"] == "error"
    assert (tablet.scan(labels[BIN2])["code"], tablet.step) == ("move_take_out", "move_partner")
    tablet.scan(CODES[CABLE])
    assert (tablet.seen["quantity"], tablet.seen["target"], tablet.step) == (9, BIN1, "move_home")
    told = tablet.scan(labels[BIN1])
    assert (told["code"], told["title"], tablet.step) == ("move_made", "Moved: 15.", "scan_location")
    assert stands(two) == {BIN2: {MUG: 6}, BIN1: {CABLE: 9}}
    assert queries.done(two.cast.overseas.id, 1)._asdict() == {"moves": 1, "metres": 7.5}
    assert tablet.scan("CMD-OK")["code"] == "nothing_to_move"


def test_a_chain_is_made_in_its_order(two: Stage, client: Any) -> None:
    """The second builds on the first: nobody gets it before."""
    first, second = asked(two, (MUG, BIN1, BIN2, CABLE), (CABLE, BIN1, BIN3, None))
    house, who = two.cast.overseas.id, two.cast
    assert two.do(service.take_next, who.receiver, house).id == first.id
    assert two.do(service.take_next, who.picker, house) is None
    for bin_id, product in ((first.origin_id, first.product_id), (first.target_id, first.partner_id)):
        two.do(service.hold, who.receiver, first.id, bin_id, product)
    two.do(service.finish, who.receiver, first.id)
    assert two.do(service.take_next, who.picker, house).id == second.id
    assert two.refused(service.finish, who.picker, second.id).code == "nothing_there"
    two.do(service.hold, who.picker, second.id, second.origin_id, second.product_id)
    two.do(service.finish, who.picker, second.id)
    assert stands(two) == {BIN2: {MUG: 6}, BIN3: {CABLE: 9}}


@pytest.mark.parametrize(("moves", "code"), [
    ([(MUG, BIN1, BIN2, None)], "move_changed"), ([(MUG, BIN1, BIN3, CABLE)], "move_changed"),
    ([(LAMP, BIN1, BIN3, None)], "move_changed"), ([(CABLE, BIN1, BIN3, None)], "move_changed"),
    ([(MUG, BIN1, BIN3, None), (MUG, BIN1, BIN3, None)], "move_changed"),
])  # fmt: skip
def test_what_is_not_so_is_refused_and_nothing_is_made(two: Stage, moves: list[Any], code: str) -> None:
    refusal = two.refused(service.ask_for, two.cast.supervisor, two.cast.overseas.id, wanted(two, *moves))
    assert refusal.code == code
    assert session().scalars(select(MoveTask)).all() == []


def test_bins_that_are_kept_frozen_or_closed_are_refused(two: Stage) -> None:
    house = two.cast.overseas

    def again() -> str:
        return two.refused(service.ask_for, two.cast.supervisor, house.id, wanted(two, (MUG, BIN1, BIN3, None))).code

    session().execute(text("UPDATE location SET is_active = false WHERE code = :code"), {"code": BIN3})
    commit()
    assert again() == "location_closed"
    session().execute(text("UPDATE location SET is_active = true"))
    fixed = FixedBin(location_id=house.locations[BIN3], product_id=two.cast.ACME.products[MUG], warehouse_id=house.id,
                     created_at=clock.now())  # fmt: skip
    session().add(fixed)
    commit()
    assert again() == "move_kept"
    session().delete(fixed)
    commit()
    row = (
        session().scalars(select(inventory.Balance).where(inventory.Balance.location_id == house.locations[BIN1])).one()
    )
    two.do(holds.doubt, two.cast.supervisor, house.id, row.id)
    assert again() == "move_held"


def test_not_twice_and_not_across_what_waits(two: Stage) -> None:
    (made,) = asked(two, (MUG, BIN1, BIN2, CABLE))
    for moves in ([(MUG, BIN1, BIN2, CABLE)], [(CABLE, BIN2, BIN3, None)]):
        refusal = two.refused(service.ask_for, two.cast.supervisor, two.cast.overseas.id, wanted(two, *moves))
        assert (refusal.code, refusal.params["number"]) == ("move_waiting", 1)
    two.do(service.cancel, two.cast.supervisor, made.id)
    assert asked(two, (MUG, BIN1, BIN2, CABLE))


def test_two_supervisors_at_once_make_it_once(cast: Any, fresh_app: Flask) -> None:
    with fresh_app.app_context():
        stage = Stage(cast)
        stage.stock(MUG, 6, BIN1)
        commit()
        told = at_once(fresh_app, *(lambda: len(asked(stage, (MUG, BIN1, BIN3, None))) for _ in range(2)))
        assert sorted(str(getattr(each, "code", each)) for each in told) == ["1", "move_waiting"]


def test_a_move_whose_bins_changed_is_dropped_when_its_turn_comes(two: Stage) -> None:
    asked(two, (MUG, BIN1, BIN2, CABLE), (CABLE, BIN1, BIN3, None))
    two.stock(LAMP, 1, BIN2)
    assert two.do(service.take_next, two.cast.receiver, two.cast.overseas.id) is None
    assert set(session().scalars(select(MoveTask.state))) == {"cancelled"}


def test_what_orders_have_claimed_stays_for_its_pickers(two: Stage) -> None:
    (made,) = asked(two, (MUG, BIN1, BIN3, None))
    order = two.order({MUG: 2})
    two.wave(order)
    two.do(service.take_next, two.cast.receiver, two.cast.overseas.id)
    assert two.do(service.hold, two.cast.receiver, made.id, made.origin_id, made.product_id) == 4
    assert two.do(service.hold, two.cast.receiver, made.id, made.origin_id, made.product_id) == 4
    late = two.order({MUG: 4})
    assert two.refused(two.wave, late).code == "nothing_to_wave"  # its bin is in somebody's hands
    two.do(service.finish, two.cast.receiver, made.id)
    two.wave(late)
    two.pick_all(order)
    two.pick_all(late)
    assert stands(two) == {BIN2: {CABLE: 9}}


def test_who_went_home_keeps_nothing(two: Stage) -> None:
    (made,) = asked(two, (MUG, BIN1, BIN3, None))
    house, who = two.cast.overseas.id, two.cast
    two.do(service.take_next, who.receiver, house)
    two.do(service.hold, who.receiver, made.id, made.origin_id, made.product_id)
    lapsed = clock.now() - timedelta(minutes=1)
    session().execute(update(MoveTask).values(lease_until=lapsed))
    commit()
    assert two.do(service.take_next, who.picker, house).id == made.id
    assert two.refused(service.finish, who.receiver, made.id).code == "move_gone"
    two.do(service.hold, who.picker, made.id, made.origin_id, made.product_id)
    session().execute(update(MoveTask).values(lease_until=lapsed))
    commit()
    two.do(service.let_go_expired)
    assert session().execute(text("SELECT state, (SELECT sum(open_quantity) FROM allocation) FROM move_task")).one() == (
        "open", 0,
    )  # fmt: skip


@pytest.mark.parametrize("ended", [service.finish, service.put_back, service.cancel])
def test_who_needs_a_bin_at_once_is_told_when_a_move_lets_goods_go(two: Stage, ended: Any) -> None:
    (made,) = asked(two, (MUG, BIN1, BIN2, CABLE))
    two.do(service.take_next, two.cast.receiver, two.cast.overseas.id)
    two.do(service.hold, two.cast.receiver, made.id, made.origin_id, made.product_id)
    two.do(service.hold, two.cast.receiver, made.id, made.target_id, made.partner_id)
    orders = [given_up(two, {sku: 2}) for sku in (MUG, CABLE)]
    two.jobs()
    assert [two.state(each) for each in orders] == ["short", "short"]
    two.do(ended, two.cast.supervisor if ended is service.cancel else two.cast.receiver, made.id)
    two.jobs()
    assert [two.state(each) for each in orders] == ["promised", "promised"]


def test_left_for_later_all_stays(two: Stage, client: Any) -> None:
    asked(two, (MUG, BIN1, BIN3, None), (CABLE, BIN2, "A-02-02-1", None))
    tablet = tablet_of(two, client)
    tablet.scan("CMD-OK")
    assert tablet.seen["sku"] == MUG
    assert tablet.scan("CMD-SKIP")["code"] == "move_left"
    tablet.scan("CMD-OK")
    assert tablet.seen["sku"] == CABLE
    tablet.scan(two.cast.overseas.labels[BIN2])
    tablet.scan(CODES[CABLE])
    assert tablet.scan("CMD-SHORT")["code"] == "command_not_here"
    assert (tablet.scan("CMD-BACK")["code"], tablet.step) == ("move_given_up", "scan_location")
    assert stands(two) == {BIN1: {MUG: 6}, BIN2: {CABLE: 9}}
    tablet.scan("CMD-OK")
    commit()
    session().execute(update(MoveTask).where(MoveTask.state == "moving").values(worker_id=two.cast.picker.id))
    commit()
    tablet.scan(two.cast.overseas.labels[tablet.seen["location"]])
    told = tablet.scan(CODES[tablet.seen["sku"]])
    assert (told["code"], tablet.step) == ("move_lost", "scan_location")


def test_the_page_asks_for_what_is_ticked(two: Stage, cast: Any, client: Any) -> None:
    for _ in range(2):
        order = two.order({CABLE: 1})
        two.wave(order)
        two.pick_all(order)
    supervisor = cast.sign_in(client, cast.supervisor)
    page = "/office/slotting?warehouse=DE1&days=28&most=5"
    shown = supervisor.get(page).get_data(as_text=True)
    lines = [html.unescape(each) for each in re.findall(r'name="move" value="([^"]+)"', shown)]
    assert lines
    post = f"/office/slotting/{cast.overseas.id}/moves?warehouse=DE1&days=28&most=5"
    send = lambda moves: supervisor.post(post, data={"command_id": str(new_id()), "move": moves})  # noqa: E731
    assert send([]).status_code == 422
    assert send([lines[0] + "x"]).status_code == 422
    assert send([lines[0]]).status_code == 302
    after = supervisor.get(page).get_data(as_text=True)
    assert "Moves on the tablets" in after
    assert "move_waiting" not in send([lines[0]]).get_data(as_text=True)
    made = session().scalars(select(MoveTask)).one()
    assert made.saves_m > 0
    commit()
    drop = f"/office/slotting/{cast.overseas.id}/moves/{made.id}/cancel"
    assert supervisor.post(drop, data={"command_id": str(new_id())}).status_code == 302
    assert cast.sign_in(client, cast.picker).post(drop, data={"command_id": str(new_id())}).status_code == 403
