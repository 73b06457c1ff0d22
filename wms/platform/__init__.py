"""Tier 0: the glue to Flask, SQLAlchemy and RQ that every feature stands on."""
