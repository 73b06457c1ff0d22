"""What must hold of designs."""

from __future__ import annotations

from wms.platform.auditing import Check

CHECKS = [
    Check(
        "a design counts its versions",
        "SELECT count(*) FROM label_design",
        "SELECT d.id, d.newest, d.published, count(v.id) AS versions FROM label_design d LEFT JOIN label_design_version v"
        " ON v.design_id = d.id GROUP BY d.id HAVING count(v.id) <> d.newest OR max(v.number) <> d.newest"
        " OR NOT coalesce(d.published BETWEEN 1 AND d.newest, true)",
    ),
    Check(
        "a label was drawn by a design of its kind and size, its seller's or the house's",
        "SELECT count(*) FROM label_document WHERE design_version_id IS NOT NULL",
        "SELECT l.id, l.kind, v.design_id FROM label_document l JOIN label_design_version v ON v.id = l.design_version_id"
        " JOIN label_design d ON d.id = v.design_id WHERE (d.kind <> l.kind AND (l.kind, d.kind) NOT IN"
        " (('waybill', 'waybill-customs'), ('printer', 'printer-test'))) OR d.width_mm <> l.width_mm"
        " OR d.height_mm <> l.height_mm OR d.owner_id <> l.owner_id OR v.published_at IS NULL",
    ),
    Check(
        "the pictures of designs are kept",
        "SELECT count(*) FROM label_design_version WHERE data ? 'images'",
        "SELECT v.id, i.value AS sha256 FROM label_design_version v, jsonb_each_text(v.data -> 'images') i"
        " WHERE v.data ? 'images' AND NOT EXISTS (SELECT 1 FROM label_picture p WHERE p.sha256 = i.value)",
    ),
]
