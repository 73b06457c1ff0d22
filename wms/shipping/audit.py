"""What must hold of shipments, parcels and numbers."""

from __future__ import annotations

from wms.platform.auditing import Check

CHECKS = [
    Check(
        "a tracking number is one parcel's",
        "SELECT count(*) FROM parcel WHERE tracking_number IS NOT NULL",
        "SELECT carrier_id, tracking_number, count(*) AS parcels FROM parcel WHERE tracking_number IS NOT NULL"
        " GROUP BY 1, 2 HAVING count(*) > 1",
    ),
    Check(
        "a parcel agrees with its shipment",
        "SELECT count(*) FROM parcel",
        "SELECT p.id, p.state, s.state AS shipment_state FROM parcel p JOIN shipment s ON s.id = p.shipment_id"
        " WHERE p.owner_id <> s.owner_id OR p.warehouse_id <> s.warehouse_id OR p.carrier_id <> s.carrier_id"
        " OR (s.state = 'voided' AND p.state <> 'voided')"
        " OR (s.state = 'handed_over' AND p.state NOT IN ('handed_over', 'voided'))"
        " OR (p.state = 'handed_over' AND s.state NOT IN ('labelled', 'handed_over'))"
        " OR (s.state = 'labelled' AND p.state <> 'voided' AND p.tracking_number IS NULL)",
    ),
    Check(
        "a shipment is gone when all its parcels are",
        "SELECT count(*) FROM shipment",
        "SELECT s.id, s.state FROM shipment s WHERE s.state <> 'voided' AND (s.state = 'handed_over') <> ("
        " EXISTS (SELECT 1 FROM parcel p WHERE p.shipment_id = s.id AND p.state = 'handed_over')"
        " AND NOT EXISTS (SELECT 1 FROM parcel p WHERE p.shipment_id = s.id"
        "  AND p.state NOT IN ('handed_over', 'voided')))",
    ),
    Check(
        "a subject has one live shipment",
        "SELECT count(*) FROM shipment",
        "SELECT subject_kind, subject_id, count(*) AS shipments FROM shipment WHERE state <> 'voided'"
        " GROUP BY 1, 2 HAVING count(*) > 1",
    ),
    Check(
        "a manifest carries its own carrier's and warehouse's parcels",
        "SELECT count(*) FROM parcel WHERE manifest_id IS NOT NULL",
        "SELECT p.id FROM parcel p JOIN manifest m ON m.id = p.manifest_id WHERE m.carrier_id <> p.carrier_id"
        " OR m.warehouse_id <> p.warehouse_id OR p.state <> 'handed_over'",
    ),
    Check(
        "a bag holds its own service's parcels, and leaves with them",
        "SELECT count(*) FROM parcel WHERE bag_id IS NOT NULL",
        "SELECT p.id, b.number, b.state FROM parcel p JOIN bag b ON b.id = p.bag_id JOIN shipment s ON s.id = p.shipment_id"
        " WHERE b.warehouse_id <> p.warehouse_id OR b.carrier_id <> p.carrier_id OR b.service_id <> s.service_id"
        " OR b.state = 'dropped' OR (b.state = 'loaded') <> (p.state = 'handed_over')"
        " OR b.manifest_id IS DISTINCT FROM p.manifest_id",
    ),
    Check(
        "a bag that is not given up holds something",
        "SELECT count(*) FROM bag",
        "SELECT b.id, b.number FROM bag b WHERE b.state <> 'dropped'"
        " AND NOT EXISTS (SELECT 1 FROM parcel p WHERE p.bag_id = b.id)",
    ),
    Check(
        "what a parcel costs is the sum of its lines, and it has left",
        "SELECT count(*) FROM parcel_rate",
        "SELECT r.parcel_id, r.total_minor FROM parcel_rate r JOIN parcel p ON p.id = r.parcel_id WHERE p.state <> 'handed_over'"
        " OR r.total_minor <> r.base_minor + (SELECT coalesce(sum((x ->> 1)::bigint), 0)"
        "  FROM jsonb_array_elements(r.surcharges) x)",
    ),
    Check(
        "what a carrier charged is of a waybill, and its lines are in it",
        "SELECT count(*) FROM parcel_cost",
        "SELECT c.parcel_id, c.total_minor FROM parcel_cost c JOIN parcel p ON p.id = c.parcel_id"
        " WHERE p.tracking_number IS NULL"
        " OR c.total_minor < (SELECT coalesce(sum((x ->> 1)::bigint), 0) FROM jsonb_array_elements(c.surcharges) x)",
    ),
    Check(
        "a void waybill of a remote carrier goes back to it",
        "SELECT count(*) FROM parcel WHERE carrier_reference IS NOT NULL AND state = 'voided'",
        "SELECT p.id, p.carrier_reference FROM parcel p JOIN carrier c ON c.id = p.carrier_id"
        " WHERE p.state = 'voided' AND p.carrier_reference IS NOT NULL AND c.capabilities ->> 'can_void' = 'true'"
        " AND NOT EXISTS (SELECT 1 FROM carrier_task t WHERE t.parcel_id = p.id AND t.action = 'void')",
    ),
    Check(
        "what a remote carrier is asked to do agrees with the parcel",
        "SELECT count(*) FROM carrier_task WHERE parcel_id IS NOT NULL",
        "SELECT t.id, t.action, t.state, p.state AS parcel_state FROM carrier_task t JOIN parcel p ON p.id = t.parcel_id"
        " WHERE t.carrier_id <> p.carrier_id OR t.client_reference <> p.client_reference"
        " OR (t.action = 'void' AND p.state <> 'voided')"
        " OR (t.action = 'create' AND t.state = 'done' AND p.tracking_number IS NULL)"
        " OR (t.action = 'create' AND t.state NOT IN ('done', 'dropped')"
        "  AND (p.state = 'voided' OR p.tracking_number IS NOT NULL))",
    ),
    Check(
        "what a carrier is asked of a lorry agrees with the order for it",
        "SELECT count(*) FROM carrier_task WHERE collection_id IS NOT NULL",
        "SELECT t.id, t.action, t.state, c.state AS collection_state FROM carrier_task t JOIN collection c"
        " ON c.id = t.collection_id WHERE t.carrier_id <> c.carrier_id OR t.client_reference <> c.id::text"
        " OR (t.action = 'collect' AND t.state NOT IN ('done', 'dropped') AND c.state <> 'wanted')"
        " OR (t.action = 'call_off' AND t.state NOT IN ('done', 'dropped') AND c.state <> 'calling_off')",
    ),
    Check(
        "a load was taken by a lorry of its carrier",
        "SELECT count(*) FROM collection WHERE manifest_id IS NOT NULL",
        "SELECT c.id, c.number FROM collection c JOIN manifest m ON m.id = c.manifest_id"
        " WHERE m.carrier_id <> c.carrier_id OR m.warehouse_id <> c.warehouse_id OR m.state <> 'closed'",
    ),
]
