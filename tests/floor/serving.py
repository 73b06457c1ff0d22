"""The application on a real port, and a worker's tablet as a browser with a scanner."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from werkzeug.serving import make_server

from wms.platform import outbox

if TYPE_CHECKING:
    from flask import Flask
    from playwright.sync_api import Page

# What a keyboard wedge does: every key a few milliseconds after the one before, then Enter.
# The keys bear the keyboard's own times, as a device's do: a machine that is busy meanwhile tears no scan.
WEDGE = """(code) => {
  const begun = performance.now();
  [...code, "Enter"].forEach((key, place) => {
    const event = new KeyboardEvent("keydown", {key, bubbles: true, cancelable: true});
    Object.defineProperty(event, "timeStamp", {value: begun + 2 * place});
    document.activeElement.dispatchEvent(event);
  });
}"""

# What sticks out of a panel that does not scroll, or out of the screen: pairs of class names.
STICKS_OUT = """() => {
  const found = [];
  const unseen = ".visually-hidden, details:not([open]) > :not(summary), svg";
  const hidden = (each) => each.closest(unseen) || !each.getClientRects().length;
  for (const panel of document.querySelectorAll(".panel, .armed, .band, .work-head")) {
    if (hidden(panel) || getComputedStyle(panel).overflowY !== "visible") continue;
    const frame = panel.getBoundingClientRect();
    for (const each of panel.querySelectorAll("*")) {
      if (hidden(each)) continue;
      const box = each.getBoundingClientRect();
      if (box.bottom > frame.bottom + 2 || box.right > frame.right + 2 || box.left < frame.left - 2 || box.top < frame.top - 2) {
        found.push(`${each.className || each.tagName} of ${panel.className}`);
        break;
      }
    }
  }
  const boxOf = (each) => {
    const range = document.createRange();
    range.selectNodeContents(each);
    return range.getBoundingClientRect();
  };
  for (const amount of document.querySelectorAll(".amount")) {   // its words stand beside its figure, never over it
    if (hidden(amount)) continue;
    const figures = [...amount.querySelectorAll("[data-quantity], .unit")];
    for (const words of amount.querySelectorAll(".panel-label, .amount-note")) for (const figure of figures) {
      const [one, two] = [boxOf(words), boxOf(figure)];
      const wide = Math.min(one.right, two.right) - Math.max(one.left, two.left);
      const high = Math.min(one.bottom, two.bottom) - Math.max(one.top, two.top);
      if (wide > 2 && high > 6) found.push(`${words.innerText} over ${figure.innerText}`);
    }
  }
  if (document.documentElement.scrollWidth > window.innerWidth) found.push("the page is wider than the screen");
  return found;
}"""
TORN_MS = 80  # a scan that begins sooner after the page listens counts as half of one
SMALL_TABLET = {"width": 1024, "height": 768}


@contextmanager
def served(app: Flask) -> Iterator[str]:
    """The address of the application, served by threads of this process."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def run_jobs(app: Flask) -> None:
    """Every job that waits, as the worker would: also those that jobs add."""
    with app.app_context():
        while due := outbox.due_jobs(age_seconds=0):
            done = [outbox.perform(job_id) for job_id, _ in due]
            assert all(done)


class Screen:
    """A page of the floor with a scanner in front of it."""

    def __init__(self, page: Page, address: str, shots: Path | None = None) -> None:
        self.page, self.address, self.shots = page, address, shots

    def shot(self, name: str) -> None:
        """A picture in both orientations, when somebody asked for pictures."""
        if self.shots is None:
            return
        language = self.page.get_attribute("html", "lang")
        for width, height in ((800, 1280), (1280, 800)):
            self.page.set_viewport_size({"width": width, "height": height})
            self.page.screenshot(path=self.shots / f"{name}.{language}.{width}.png")

    def log_in(self, badge: str, pin: str, bench: str) -> None:
        self.page.goto(f"{self.address}/floor/badge")
        self.page.fill("#badge", badge)
        self.page.fill("#pin", pin)
        self.page.click("button[type=submit]")
        self.page.wait_for_url("**/floor/station")
        self.page.fill("#barcode", bench)
        self.page.press("#barcode", "Enter")
        self.page.wait_for_url("**/floor/")

    def open(self, kind: str) -> None:
        self.page.goto(f"{self.address}/floor/")
        self.page.click(f"button.tile[value={kind}], a.tile[href$='/work/{kind}']")
        self.page.wait_for_selector("[data-screen][data-task-id]")
        self.page.wait_for_load_state()  # floor.js listens from here on
        self.page.wait_for_timeout(TORN_MS)

    @property
    def step(self) -> str:
        return str(self.page.get_attribute("[data-screen]", "data-state"))

    @property
    def band(self) -> str:
        return self.page.inner_text("#floor-band .band-title")

    @property
    def place(self) -> str:
        """The code of the bin the screen sends to."""
        return str(self.page.get_attribute(".place-code", "data-code"))

    def after(self, act: Callable[[], Any]) -> str:
        """What the band says after something else than a scan or a command."""
        return self._answered(act)

    def _answered(self, act: Callable[[], Any]) -> str:
        """Do it, and wait for the band: `floor.js` shows it last, after the screen that follows."""
        self.page.evaluate("document.getElementById('floor-band').replaceChildren()")
        act()
        self.page.wait_for_selector("#floor-band .band")
        self._fits()
        return self.band

    def _fits(self) -> None:
        """On a small tablet, too, nothing of the screen sticks out of where it belongs."""
        usual = self.page.viewport_size
        self.page.set_viewport_size(SMALL_TABLET)  # type: ignore[arg-type]
        sticking = self.page.evaluate(STICKS_OUT)
        self.page.set_viewport_size(usual)  # type: ignore[arg-type]
        assert sticking == [], f"{self.step}, {self.band}: {sticking}"

    def scan(self, code: str) -> str:
        """Scan as a wedge does; answers what the band says."""
        return self._answered(lambda: self.page.evaluate(WEDGE, code))

    def tap(self, command: str) -> str:
        return self._answered(lambda: self.page.click(f"[data-screen] [data-command='{command}']"))

    def undo(self) -> str:
        """Tap what the band offers beside its words."""
        button = self.page.locator("#floor-band [data-command='CMD-UNDO']")
        before = self.step
        button.click()
        self.page.wait_for_function(
            "step => document.querySelector('[data-screen]').dataset.state !== step", arg=before
        )
        return self.band

    def key_in(self, digits: str, *, done: bool = False) -> None:
        for digit in digits:
            self.page.click(f"[data-key='{digit}']")
        if done:
            self._answered(lambda: self.page.click("[data-key='done']"))
