"""Transfers between warehouses (调拨): what one sends, another receives, and the two tie up (decision 074)."""
