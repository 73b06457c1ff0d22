"""Tier 1: sites, warehouses, zones, locations, stations, handling units."""
