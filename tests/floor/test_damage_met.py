"""A tote of damaged goods, where it meets what happens to them before they are brought."""

from __future__ import annotations
