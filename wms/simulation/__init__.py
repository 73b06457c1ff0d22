"""A whole warehouse in virtual time: `flask simulate --seed N --hours H` (docs/simulation.md)."""
