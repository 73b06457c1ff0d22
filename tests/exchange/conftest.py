"""The stage of outbound, for files that become its orders."""

from tests.outbound.conftest import books, stage

__all__ = ["books", "stage"]
