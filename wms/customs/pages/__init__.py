"""The clerk's pages: the book, processing in bond, and what is unaccounted."""

from __future__ import annotations

from wms.customs.pages import desk, unaccounted

BLUEPRINTS = [desk.blueprint, unaccounted.blueprint]
