"""What wms.planning reaches, beside answers of other programs and of long runs of its own."""
