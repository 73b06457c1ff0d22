"""Commands of the operator: `flask …`."""

from __future__ import annotations

from flask import Flask


def register(app: Flask) -> None:
    """Add our commands to Flask's own."""
