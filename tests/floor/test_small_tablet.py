"""What must stay in sight on a tablet of ten inches, whatever stands around it."""

from __future__ import annotations

import pytest
from sqlalchemy import update

from tests.floor.serving import SMALL_TABLET
from tests.floor.test_pages import ROSA, tablet
from tests.floor.worker import CODES, MUG, announce
from tests.inbound.dock import service
from wms.core.actor import SYSTEM
from wms.facility.models import Location
from wms.inventory.replenishment import faces, planning
from wms.inventory.rules import Stock
from wms.inventory.service import Subject, receive
from wms.platform.database import commit, session

__all__ = ["tablet"]
pytestmark = pytest.mark.page
# Whether the number is inside the list that scrolls, as it stands.
IN_SIGHT = """() => {
  const list = document.querySelector(".item-lines").getBoundingClientRect();
  const number = document.querySelector(".current-item .figure b").getBoundingClientRect();
  return number.top >= list.top && number.bottom <= list.bottom + 1;
}"""


def a_walk_to_a_face(cast) -> str:
    """Thirty mugs in reserve, a face for twenty. The bin to take them from."""
    source, face = "A-01-01-1", cast.overseas.locations["A-02-01-1"]
    target = Stock(cast.overseas.id, cast.ACME.id, cast.ACME.products[MUG], cast.overseas.locations[source])
    receive(SYSTEM, target, 30, Subject("test", None))
    commit()
    session().execute(update(Location).where(Location.id == face).values(kind="pick_face"))
    faces.set_face(cast.supervisor, face, cast.ACME.products[MUG], 5, 20)
    commit()
    planning.plan(cast.overseas.id)
    commit()
    return source


def test_beside_a_message_of_two_lines_no_words_stand_over_others(cast, fresh_app, tablet):
    """A pick face is filled; more is taken up than is kept for it. `Screen.scan` looks at the small tablet, too."""
    with fresh_app.app_context():
        bin_code = a_walk_to_a_face(cast)
    screen = tablet(ROSA)
    screen.open("replenish")
    screen.tap("CMD-OK")
    screen.scan(cast.overseas.labels[bin_code])
    screen.key_in("99")
    assert screen.scan(CODES[MUG]).startswith("Only ")


@pytest.mark.parametrize("counting", ["guided", "blind"])
def test_what_was_counted_is_seen(cast, fresh_app, tablet, counting: str) -> None:
    """Under a message, beside the button for a first measure, and in a second count."""
    with fresh_app.app_context():
        service.set_counting(cast.supervisor, cast.overseas.id, counting)
        (carton,) = announce(cast, {MUG: 5})
    screen = tablet(ROSA)
    screen.page.set_viewport_size(SMALL_TABLET)
    screen.open("receive")
    screen.scan(carton)
    screen.scan(CODES[MUG])
    assert screen.page.evaluate(IN_SIGHT)
    if counting == "blind":
        screen.tap("CMD-OK")
        assert "from the beginning" in screen.page.inner_text(".item-lines")
        screen.scan(CODES[MUG])
        assert screen.page.evaluate(IN_SIGHT)


def test_a_key_that_takes_over_a_number_says_that_there_is_none(cast, fresh_app, tablet) -> None:
    """Nothing or 0 is no quantity: what is wanted is said, and the count stays as it is."""
    with fresh_app.app_context():
        (carton,) = announce(cast, {MUG: 5})
    screen = tablet(ROSA)
    screen.open("receive")
    screen.scan(carton)
    screen.scan(CODES[MUG])
    for digits in ("", "0"):
        screen.key_in(digits, done=True)
        assert screen.band == "A number is wanted."
        assert "at least 1" in screen.page.inner_text("#floor-band")
        assert screen.page.inner_text(".current-item .figure b") == "1"
    screen.key_in("4", done=True)
    assert screen.band == "Next scan counts 4."
