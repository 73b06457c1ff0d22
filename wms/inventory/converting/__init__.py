"""Conversions: goods become other goods by a recipe (relabel, kit, lot correction, change of owner, grade)."""
