"""The tablet's pages."""

from __future__ import annotations

from wms.floor import station

BLUEPRINTS = [station.blueprint]
