"""Tier 0, pure Python: numbers in, plans out. Walks, batches, cartons, and which product belongs where.

Nothing here knows an order, a database or a clock's date: `wms.outbound` turns its records into these problems and the
plans into tasks. `python -m wms.planning route|batch|carton|slotting` does the same with JSON (`docs/planning.md`).
Sources of the methods stand in the module that uses them; why these and no others: `docs/decisions/060-planning.md`.
"""
