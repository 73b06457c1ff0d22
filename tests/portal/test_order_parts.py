"""An order in parts on its page: the others with their warehouse and state, and cancelled with it where that is asked for."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import text

from tests.life import LAMP, MUG, Life, order, said
from tests.outbound.conftest import assert_books_balance
from tests.portal.test_pages import text_of
from wms.core.ids import new_id
from wms.outbound.models import Order
from wms.platform.database import session, transaction

_ELSEWHERE = text("UPDATE outbound_order SET warehouse_id = :warehouse WHERE id = :id")
_ONLY_HERE = text("UPDATE staff_role SET warehouse_id = :warehouse WHERE user_id = :user")
STATES = "SELECT state FROM outbound_order WHERE id = :id"


@pytest.fixture
def parts(cast: Any, life: Life) -> list[tuple[Any, str]]:
    """An order in three parts, linked as a routed one is: id and number of each."""
    with life.app.app_context(), transaction():
        made = [
            order(cast, reference, lines)
            for reference, lines in (("P", [(MUG, 1)]), ("P-W2", [(LAMP, 1)]), ("P-W3", [(MUG, 2)]))
        ]
        for each in made[1:]:
            session().get_one(Order, each.id).back_order_of = made[0].id
        return [(each.id, each.number) for each in made]


@pytest.fixture
def seller(cast: Any, client: Any, life: Life) -> Any:
    return cast.sign_in(client, cast.acme_person)


def sent(**more: str) -> dict[str, str]:
    return {"command_id": str(new_id()), "version": "1", "reason": "buyer_cancelled", **more}


def states(life: Life, parts: list[tuple[Any, str]]) -> list[str]:
    return [life.ask(STATES, id=key) for key, _ in parts]


def test_each_part_tells_of_the_others(life: Life, seller: Any, parts: list[tuple[Any, str]]) -> None:
    for key, _ in parts:
        page = text_of(seller.get(f"/portal/orders/{key}"))
        assert "Its other parts" in page
        assert all(number in page for _, number in parts)
    assert "Its other parts" not in text_of(seller.get(f"/portal/orders/{life.promised.id}"))


def test_the_rest_of_a_part_from_another_warehouse_is_a_part_too(
    cast: Any, life: Life, seller: Any, parts: list[tuple[Any, str]]
) -> None:
    """What a routed part lacks waits as a back order of that part, not of the first one (`back_orders`)."""
    with life.app.app_context(), transaction():
        rest = order(cast, "P-W2-B1", [(LAMP, 1)])
        session().get_one(Order, rest.id).back_order_of = parts[1][0]
        every = [*parts, (rest.id, rest.number)]
    for key, own in every:
        page = text_of(seller.get(f"/portal/orders/{key}"))
        assert [number for _, number in every if number not in page] == [], own
    told = said(life.app, seller.post(f"/portal/orders/{every[-1][0]}/cancel", data=sent(parts="1")))
    assert told == ["The order is cancelled.", "3 other parts are cancelled too."]
    assert states(life, every) == ["cancelled"] * 4


def test_no_part_of_another_seller_is_told(cast: Any, client: Any, life: Life, parts: list[tuple[Any, str]]) -> None:
    rival = cast.sign_in(client, cast.rival_person)
    assert rival.get(f"/portal/orders/{parts[0][0]}").status_code == 404


def test_one_part_is_cancelled_alone(life: Life, seller: Any, parts: list[tuple[Any, str]]) -> None:
    seller.post(f"/portal/orders/{parts[1][0]}/cancel", data=sent())
    assert states(life, parts) == ["promised", "cancelled", "promised"]


@pytest.mark.parametrize("place", [0, 2])
def test_all_parts_are_cancelled_from_any_of_them(
    life: Life, seller: Any, parts: list[tuple[Any, str]], place: int
) -> None:
    form, path = sent(parts="1"), f"/portal/orders/{parts[place][0]}"
    told = said(life.app, seller.post(f"{path}/cancel", data=form))
    assert told == ["The order is cancelled.", "2 other parts are cancelled too."]
    seller.post(f"{path}/cancel", data=form)  # sent twice it is one cancellation
    assert states(life, parts) == ["cancelled"] * 3
    assert life.ask("SELECT count(*) FROM event WHERE name = 'order.cancelled'") == 3
    with life.app.app_context():
        assert_books_balance()


def test_a_part_in_a_warehouse_that_is_not_mine_is_told_and_not_touched(
    cast: Any, client: Any, life: Life, parts: list[tuple[Any, str]]
) -> None:
    with life.app.app_context(), transaction():
        session().execute(_ELSEWHERE, {"id": parts[2][0], "warehouse": cast.bonded.id})
        session().execute(_ONLY_HERE, {"user": cast.supervisor.id, "warehouse": cast.overseas.id})
    lead = cast.sign_in(client, cast.supervisor)
    path = f"/portal/orders/{parts[0][0]}"
    page = lead.get(path).get_data(as_text=True)
    assert f"/portal/orders/{parts[1][0]}" in page and f"/portal/orders/{parts[2][0]}" not in page
    assert parts[2][1] in text_of(lead.get(path)) and f"Without it they are sent: {parts[1][1]}." in page
    told = said(life.app, lead.post(f"{path}/cancel", data=sent(parts="1")))
    assert told == ["The order is cancelled.", "1 other part is cancelled too."]
    assert states(life, parts) == ["cancelled", "cancelled", "promised"]


def test_a_part_that_left_stays_and_nothing_is_said_of_it(
    cast: Any, life: Life, seller: Any, parts: list[tuple[Any, str]]
) -> None:
    with life.app.app_context(), transaction():
        session().execute(text("UPDATE outbound_order SET state = 'shipped' WHERE id = :id"), {"id": parts[1][0]})
    page = text_of(seller.get(f"/portal/orders/{parts[0][0]}"))
    assert f"Without it they are sent: {parts[2][1]}." in page
    seller.post(f"/portal/orders/{parts[0][0]}/cancel", data=sent(parts="1"))
    assert states(life, parts) == ["cancelled", "shipped", "cancelled"]


def test_a_stale_part_cancels_none(life: Life, seller: Any, parts: list[tuple[Any, str]]) -> None:
    seller.post(f"/portal/orders/{parts[0][0]}/cancel", data=sent(parts="1", version="9"))
    assert states(life, parts) == ["promised"] * 3
