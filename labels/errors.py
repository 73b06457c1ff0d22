"""The one exception of this package."""

from __future__ import annotations

from collections.abc import Mapping

Param = str | int | float


class LabelRefused(Exception):
    """A label, or a part of it, that will not be printed.

    `code` is a stable snake_case reason and `params` its facts; words are made at the edge of the
    system, in the reader's language. `params["field"]` names the content field wherever one is at
    fault, and `params["label"]` the 0-based place in the bundle once a bundle is being rendered.
    """

    def __init__(self, code: str, params: Mapping[str, Param] | None = None) -> None:
        self.code = code
        self.params: dict[str, Param] = dict(params or {})
        super().__init__(code, self.params)

    def __str__(self) -> str:
        facts = ", ".join(f"{name}={value!r}" for name, value in sorted(self.params.items()))
        return f"{self.code} ({facts})" if facts else self.code

    def within(self, **params: Param) -> LabelRefused:
        """The same refusal with more facts; facts already there win."""
        return LabelRefused(self.code, {**params, **self.params})
