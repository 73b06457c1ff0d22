"""What must stay in sight on a tablet of ten inches, whatever stands around it."""

from __future__ import annotations

import pytest

from tests.floor.serving import SMALL_TABLET
from tests.floor.test_pages import ROSA, tablet
from tests.floor.worker import CODES, MUG, announce
from tests.inbound.dock import service

__all__ = ["tablet"]
pytestmark = pytest.mark.page
# Whether the number is inside the list that scrolls, as it stands.
IN_SIGHT = """() => {
  const list = document.querySelector(".item-lines").getBoundingClientRect();
  const number = document.querySelector(".current-item .figure b").getBoundingClientRect();
  return number.top >= list.top && number.bottom <= list.bottom + 1;
}"""


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
