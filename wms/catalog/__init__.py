"""Tier 1: products with their barcodes, declared and measured size and weight, control flags, customs data."""
