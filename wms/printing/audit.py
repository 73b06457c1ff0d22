"""What must hold of labels, bundles and prints."""

from __future__ import annotations

from wms.platform.auditing import Check
from wms.printing.designs import audit as designs

CHECKS = [
    *designs.CHECKS,
    Check(
        "a parcel or carton has one valid label",
        "SELECT count(*) FROM label_document",
        "SELECT subject_kind, subject_id, kind, count(*) AS labels FROM label_document"
        " WHERE kind IN ('carton', 'waybill') AND state IN ('requested', 'ready') GROUP BY 1, 2, 3 HAVING count(*) > 1",
    ),
    Check(
        "a ready label is a page of a file",
        "SELECT count(*) FROM label_document WHERE state = 'ready'",
        "SELECT d.id, d.page_index, b.state, b.pages FROM label_document d JOIN label_bundle b ON b.id = d.bundle_id"
        " WHERE d.state = 'ready' AND d.erased_at IS NULL AND b.state <> 'requested' AND (d.page_index IS NULL"
        " OR d.page_index + d.copies > b.pages OR b.state <> 'ready' OR b.file_id IS NULL)",
    ),
    Check(
        "a settled bundle has no label left to make",
        "SELECT count(*) FROM label_bundle",
        "SELECT d.id FROM label_document d JOIN label_bundle b ON b.id = d.bundle_id"
        " WHERE d.state = 'requested' AND b.state <> 'requested' AND d.erased_at IS NULL",
    ),
    Check(
        "a bundle that waits has its job",
        "SELECT count(*) FROM label_bundle WHERE state = 'requested'",
        "SELECT b.id FROM label_bundle b WHERE b.state = 'requested' AND NOT EXISTS (SELECT 1 FROM outbox_job j"
        " WHERE j.dedupe_key = 'printing.render_bundle:' || b.id || ':' || b.revision)",
    ),
    Check(
        "a bundle was made once for each rendering",
        "SELECT count(*) FROM event WHERE name = 'printing.bundle_ready'",
        "SELECT subject_id AS bundle, data ->> 'revision' AS revision, count(*) AS times FROM event"
        " WHERE name = 'printing.bundle_ready' GROUP BY 1, 2 HAVING count(*) > 1",
    ),
    Check(
        "erased labels have no file",
        "SELECT count(*) FROM label_bundle WHERE erased_at IS NOT NULL",
        "SELECT id FROM label_bundle WHERE erased_at IS NOT NULL AND file_id IS NOT NULL",
    ),
    Check(
        "a label has one original print",
        "SELECT count(*) FROM print_job",
        "SELECT document_id, count(*) AS originals FROM print_job WHERE reason = 'original' GROUP BY 1"
        " HAVING count(*) > 1",
    ),
    Check(
        "no void label waits to be printed",
        "SELECT count(*) FROM print_job",
        "SELECT j.id FROM print_job j JOIN label_document d ON d.id = j.document_id"
        " WHERE d.state IN ('voided', 'superseded') AND j.state IN ('queued', 'claimed', 'fetched')",
    ),
]
