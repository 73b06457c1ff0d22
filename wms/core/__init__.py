"""Tier 0, pure Python: no Flask, no SQLAlchemy, no input or output."""
