"""Tier 2: the stock ledger, the only writer of stock tables; promises, allocations, holds, permits."""
