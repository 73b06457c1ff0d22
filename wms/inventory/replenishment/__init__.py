"""Replenishment: pick faces filled from reserve, by minimum and maximum and by what is promised and has no bin yet."""
