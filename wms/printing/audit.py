"""What must hold of labels, bundles and prints."""

from __future__ import annotations

from wms.platform.auditing import Check
from wms.printing.designs import audit as designs

CHECKS = [
    *designs.CHECKS,
    Check(
        "a parcel, carton or bag has one valid label",
        "SELECT count(*) FROM label_document",
        "SELECT subject_kind, subject_id, kind, count(*) AS labels FROM label_document"
        " WHERE kind IN ('carton', 'waybill', 'bag') AND state IN ('requested', 'ready') GROUP BY 1, 2, 3 HAVING count(*) > 1",
    ),
    Check(
        "a ready label is a page of a file",
        "SELECT count(*) FROM label_document WHERE state = 'ready'",
        "SELECT d.id, d.page_index, b.state, b.pages FROM label_document d JOIN label_bundle b ON b.id = d.bundle_id"
        " WHERE d.state = 'ready' AND d.erased_at IS NULL AND b.state <> 'requested' AND (d.page_index IS NULL"
        " OR d.page_index + d.copies * d.sheets > b.pages OR b.state <> 'ready' OR b.file_id IS NULL)",
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
    Check(
        "a claimed job says whose claim it is",
        "SELECT count(*) FROM print_job WHERE state IN ('claimed', 'fetched')",
        "SELECT id, state FROM print_job WHERE state IN ('claimed', 'fetched')"
        " AND (claim_token IS NULL OR claimed_by IS NULL OR lease_until IS NULL OR printer_id IS NULL)",
    ),
    Check(
        "every print but the first of a waybill has a person's reason",
        "SELECT count(*) FROM print_job WHERE dup_policy = 'once'",
        "SELECT j.id FROM print_job j WHERE j.dup_policy = 'once' AND j.reason <> 'original'"
        " AND (j.reprint_reason IS NULL OR j.reason <> 'reprint')",
    ),
    Check(
        "no waybill was armed again after it was sent",
        "SELECT count(*) FROM print_event WHERE type = 'arm'",
        "SELECT a.job_id FROM print_event a JOIN print_job j ON j.id = a.job_id AND j.dup_policy = 'once'"
        " WHERE a.source = 'server' AND a.type = 'arm' AND EXISTS (SELECT 1 FROM print_event b WHERE b.job_id = a.job_id"
        " AND b.source = 'server' AND b.type = 'arm' AND b.seq < a.seq AND NOT EXISTS (SELECT 1 FROM print_event c"
        " WHERE c.job_id = a.job_id AND c.source = 'server' AND c.type = 'prove_unsent' AND c.seq BETWEEN b.seq AND a.seq))",
    ),
    Check(
        "a waybill is printed when it was scanned or a person said so",
        "SELECT count(*) FROM print_job WHERE dup_policy = 'once' AND state = 'printed'",
        "SELECT id, confirmed_by FROM print_job WHERE dup_policy = 'once' AND state = 'printed'"
        " AND (confirmed_by IS NULL OR confirmed_by NOT IN ('scan', 'human'))",
    ),
    Check(
        "labels, printers and benches are of one warehouse",
        "SELECT count(*) FROM print_job WHERE printer_id IS NOT NULL",
        "SELECT j.id FROM print_job j JOIN printer p ON p.id = j.printer_id JOIN label_document d ON d.id = j.document_id"
        " WHERE p.warehouse_id <> d.warehouse_id OR j.warehouse_id <> d.warehouse_id UNION ALL SELECT b.id"
        " FROM station_printer b JOIN station s ON s.id = b.station_id JOIN printer p ON p.id = b.printer_id"
        " LEFT JOIN printer f ON f.id = b.fallback_printer_id WHERE p.warehouse_id <> s.warehouse_id"
        " OR f.warehouse_id <> s.warehouse_id",
    ),
]
