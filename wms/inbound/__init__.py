"""Inbound (入库): pre-stock bookings, arrival, receiving, putaway, and the register of unidentified arrivals."""
