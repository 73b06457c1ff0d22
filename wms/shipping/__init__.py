"""Carriers, services, shipments, parcels, waybill numbers and manifests."""
