"""Reading a JSON value with its place in the document: whatever is wrong is named by field and rule."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import Any, Final

from wms.planning.budget import DEFAULT_CEILING_MS, Budget
from wms.planning.layout import UM_PER_M

MAX_BYTES: Final = 64_000_000
MAX_METRES: Final = 100_000
MAX_CEILING_MS: Final = 3_600_000
MAX_EFFORT: Final = 10_000
_MISSING: Final = object()


class InputError(Exception):
    """One wrong field: a JSON pointer, the rule it breaks (a stable code), and a sentence."""

    def __init__(self, field: str, rule: str, message: str) -> None:
        super().__init__(f"{field or '/'}: {message}")
        self.field, self.rule, self.message = field, rule, message

    def as_data(self) -> dict[str, Any]:
        return {"error": {"field": self.field, "rule": self.rule, "message": self.message}}


class Field:
    """A value and its JSON pointer. Readers raise `InputError`."""

    __slots__ = ("pointer", "value")

    def __init__(self, value: Any, pointer: str = "") -> None:
        self.value, self.pointer = value, pointer

    def wrong(self, rule: str, message: str) -> InputError:
        return InputError(self.pointer, rule, message)

    @property
    def is_object(self) -> bool:
        return isinstance(self.value, dict)

    @property
    def is_list(self) -> bool:
        return isinstance(self.value, list)

    def object(self) -> Field:
        if not self.is_object:
            raise self.wrong("object", "must be an object")
        return self

    def has(self, name: str) -> bool:
        """Whether an object has the field, with a value other than null."""
        return self.object().value.get(name) is not None

    def get(self, name: str, default: Any = _MISSING) -> Field:
        value = self.object().value.get(name)
        if value is None:
            if default is _MISSING:
                raise InputError(f"{self.pointer}/{name}", "required", "is required")
            value = default
        return Field(value, f"{self.pointer}/{name}")

    def items(self, at_most: int, at_least: int = 0) -> Iterator[Field]:
        if not self.is_list:
            raise self.wrong("list", "must be a list")
        if not at_least <= len(self.value) <= at_most:
            bounds = f"{at_least}" if at_least == at_most else f"{at_least} to {at_most}"
            message = f"must have {bounds} entries, has {len(self.value)}"
            raise self.wrong("too_many" if len(self.value) > at_most else "too_few", message)
        return (Field(value, f"{self.pointer}/{index}") for index, value in enumerate(self.value))

    def text(self) -> str:
        if not isinstance(self.value, str) or not 0 < len(self.value) <= 200:
            raise self.wrong("text", "must be a text of 1 to 200 characters")
        return self.value

    def name(self) -> str | int:
        """A text, or a whole number that names something."""
        if isinstance(self.value, int) and not isinstance(self.value, bool):
            return self.value
        return self.text()

    def truth(self) -> bool:
        if not isinstance(self.value, bool):
            raise self.wrong("boolean", "must be true or false")
        return self.value

    def number(self, at_least: float = 0, at_most: float = 1e15) -> float:
        if isinstance(self.value, bool) or not isinstance(self.value, int | float):
            raise self.wrong("number", "must be a number")
        # a whole number is finite, and may be too long to be asked whether it is
        if isinstance(self.value, float) and not math.isfinite(self.value):
            raise self.wrong("finite", "must be a finite number")
        if not at_least <= self.value <= at_most:
            raise self.wrong("range", f"must be from {at_least:.15g} to {at_most:.15g}")
        return self.value

    def positive(self, at_most: float = 1e15) -> float:
        found = self.number(at_most=at_most)
        if found == 0:
            raise self.wrong("positive", "must be more than zero")
        return found

    def whole(self, at_least: int = 0, at_most: int = 10**9) -> int:
        found = self.number(-math.inf, math.inf)
        if found != int(found):
            raise self.wrong("whole", "must be a whole number")
        if not at_least <= found <= at_most:
            raise self.wrong("range", f"must be from {at_least} to {at_most}")
        return int(found)

    def micrometres(self, *, zero: bool = False, negative: bool = False) -> int:
        """Metres, as whole µm; the decimal that was written, not its nearest binary fraction."""
        found = self.number(-MAX_METRES if negative else 0, MAX_METRES)
        um = int((Decimal(repr(found)) * UM_PER_M).to_integral_value())
        if um == 0 and not zero:
            raise self.wrong("positive", "must be more than zero")
        return um


def read_json(text: bytes) -> Field:
    """The document. NaN and Infinity are read, so that the field that holds one can be named."""
    if len(text) > MAX_BYTES:
        raise InputError("", "too_large", f"must be at most {MAX_BYTES} bytes")
    try:
        return Field(json.loads(text)).object()
    except RecursionError:
        raise InputError("", "too_deep", "is nested too deeply") from None
    except ValueError as fault:
        raise InputError("", "json", f"must be JSON: {fault}") from None


def check_unique(names: Iterable[Field], what: str) -> None:
    """Refuses the first name that another has too; `what`: of what kind, in a word."""
    seen: set[str | int] = set()
    for field in names:
        if field.name() in seen:
            raise field.wrong("unique", f"is used by another {what} too")
        seen.add(field.name())


def read_budget(problem: Field) -> Budget:
    """`time_budget_ms`, `seed`, `effort`: all may be absent."""
    return Budget(
        seed=problem.get("seed", 0).whole(-(10**15), 10**15),
        effort=problem.get("effort", 1).positive(MAX_EFFORT),
        ceiling_ms=problem.get("time_budget_ms", DEFAULT_CEILING_MS).positive(MAX_CEILING_MS),
    )


def metres(um: int) -> float:
    return um / UM_PER_M
