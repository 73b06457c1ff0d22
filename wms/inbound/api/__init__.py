"""The JSON surface of inbound, one file per noun."""

from wms.inbound.api import appointments, arrivals, bookings, differences, files, measurements

BLUEPRINTS = [bookings.blueprint, differences.blueprint, files.blueprint, appointments.blueprint,
              measurements.blueprint, arrivals.blueprint]  # fmt: skip
