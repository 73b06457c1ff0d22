"""Reads of inbound, always within the actor's sellers and warehouses; one file per noun."""

from wms.inbound.queries.appointments import appointment_of, dock_calendar, dock_hours, offered_times
from wms.inbound.queries.arrivals import (
    arrival_photo,
    arrivals_by_code,
    arrivals_register,
    bookings_on_lorry,
    unidentified_arrivals,
)
from wms.inbound.queries.bookings import (
    BOOKINGS,
    CartonCard,
    DockStock,
    booking_detail,
    bookings_page,
    carton_by_barcode,
    carton_by_id,
    carton_lines,
    cartons_by_code,
    cartons_in_work,
    dock_stock,
    load_booking,
    receipts_page,
)
from wms.inbound.queries.differences import (
    booking_of_difference,
    countings,
    differences_page,
    open_differences,
    sellers_with_terms,
)
from wms.inbound.queries.files import file_content, files_of_booking
from wms.inbound.queries.inspections import inspections, sampling_plans
from wms.inbound.queries.measurements import measurements_page

__all__ = [
    "BOOKINGS",
    "CartonCard",
    "DockStock",
    "appointment_of",
    "arrival_photo",
    "arrivals_by_code",
    "arrivals_register",
    "booking_detail",
    "booking_of_difference",
    "bookings_on_lorry",
    "bookings_page",
    "carton_by_barcode",
    "carton_by_id",
    "carton_lines",
    "cartons_by_code",
    "cartons_in_work",
    "countings",
    "differences_page",
    "dock_calendar",
    "dock_hours",
    "dock_stock",
    "file_content",
    "files_of_booking",
    "inspections",
    "load_booking",
    "measurements_page",
    "offered_times",
    "open_differences",
    "receipts_page",
    "sampling_plans",
    "sellers_with_terms",
    "unidentified_arrivals",
]
