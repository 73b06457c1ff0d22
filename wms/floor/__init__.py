"""Tier 5: scan-first work. One file per scanning scenario, one barcode resolver, one wire contract."""
