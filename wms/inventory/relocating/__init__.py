"""Moves that were asked for: what stands in one bin goes to another, and what stood there comes back."""
