"""What every list of the portal has: tabs by state, a search, pages by cursor. The address holds it all."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from flask import request, url_for


@dataclass(frozen=True)
class ListView:
    """The state of a list as its address has it."""

    endpoint: str
    tab: str
    search: str | None
    cursor: str | None

    @classmethod
    def of_request(cls, tabs: Mapping[str, Any]) -> ListView:
        tab = request.args.get("tab", "all")
        search = request.args.get("q", "").strip()[:80] or None
        return cls(str(request.endpoint), tab if tab in tabs else "all", search, request.args.get("cursor") or None)

    def address(self, **changes: Any) -> str:
        wanted = {"tab": self.tab if self.tab != "all" else None, "q": self.search, **changes}
        return url_for(self.endpoint, **{name: value for name, value in wanted.items() if value})

    def tabs(
        self,
        words: Mapping[str, Any],
        states: Mapping[str, tuple[str, ...]],
        counts: Mapping[str, int],
        ends: Collection[str],
    ) -> list[dict[str, Any]]:
        """The tabs; one with nothing but open states has its count."""
        return [
            {
                "label": words[name],
                "href": self.address(tab=name if name != "all" else None),
                "active": name == self.tab,
                "count": None
                if not within or not set(within).isdisjoint(ends)
                else sum(counts.get(state, 0) for state in within),
            }
            for name, within in states.items()
        ]

    def paging(self, next_cursor: str | None) -> dict[str, str]:
        """Addresses for the pagination macro; `back` leads to the first page."""
        return {
            "next_url": self.address(cursor=next_cursor) if next_cursor else "",
            "back_url": self.address() if self.cursor else "",
        }
