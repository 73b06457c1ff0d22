"""The floor: scanning scenarios and the tablet app."""
