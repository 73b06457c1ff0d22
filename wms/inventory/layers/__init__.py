"""Layers: how old the goods are and where they came from, followed behind the ledger (decision 037)."""
