"""Refusals are values: a code, its parameters, and what to do next. Words are made at the edge.

A use case either returns its result or stops with ``Refused``. ``Refused`` is raised so that a rule deep in a
use case can stop it without every caller in between having to pass a union along; the command boundary
(`wms.platform.commands`) turns it into the stored answer (docs/decisions/001-refusals.md).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class RefusalKind(StrEnum):
    """Decides the HTTP status of a refusal (DESIGN.md section 5, status codes)."""

    BUSINESS = "business"  # 409: the request is well formed, the world says no
    INVALID = "invalid"  # 422: the input breaks a rule
    NOT_FOUND = "not_found"  # 404: not there, or not yours; the two are never told apart
    STALE = "stale"  # 412: the document changed since it was read


class Refused(Exception):
    """A business answer, not a fault.

    `code` is stable and documented for clients; `params` fill the translated sentence; `next_step` is the code of
    what the reader can do; `errors` lists single fields: ``{"pointer", "code", "params"}``.
    """

    def __init__(
        self,
        code: str,
        params: Mapping[str, Any] | None = None,
        *,
        kind: RefusalKind = RefusalKind.BUSINESS,
        next_step: str | None = None,
        errors: list[dict[str, Any]] | None = None,
    ) -> None:
        super().__init__(code)
        self.code = code
        self.params = dict(params or {})
        self.kind = kind
        self.next_step = next_step
        self.errors = errors or []
        self.replayed = False

    def as_data(self) -> dict[str, Any]:
        """The JSON form that is stored with the command and read back on replay."""
        return {
            "code": self.code,
            "params": self.params,
            "kind": self.kind.value,
            "next_step": self.next_step,
            "errors": self.errors,
        }

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> Refused:
        return cls(
            data["code"],
            data["params"],
            kind=RefusalKind(data["kind"]),
            next_step=data["next_step"],
            errors=data["errors"],
        )


@dataclass(frozen=True)
class FieldError:
    """One wrong field: a JSON pointer (`/lines/2/sku`), a code and its parameters."""

    pointer: str
    code: str
    params: Mapping[str, Any]

    def as_data(self) -> dict[str, Any]:
        return {"pointer": self.pointer, "code": self.code, "params": dict(self.params)}


def not_found(what: str) -> Refused:
    """404 for a record that does not exist or belongs to somebody else."""
    return Refused("not_found", {"what": what}, kind=RefusalKind.NOT_FOUND)


def invalid(pointer: str, code: str, **params: Any) -> Refused:
    """422 for one field."""
    error = FieldError(pointer, code, params).as_data()
    return Refused("invalid_input", {}, kind=RefusalKind.INVALID, errors=[error])


def invalid_fields(errors: list[FieldError]) -> Refused:
    """422 naming every wrong field at once."""
    return Refused("invalid_input", {}, kind=RefusalKind.INVALID, errors=[e.as_data() for e in errors])
