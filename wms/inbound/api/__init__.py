"""The JSON surface of inbound, one file per noun."""

from wms.inbound.api import appointments, bookings, differences, files, measurements

BLUEPRINTS = [bookings.blueprint, differences.blueprint, files.blueprint, appointments.blueprint,
              measurements.blueprint]  # fmt: skip
