"""Invariants of services: what was reported is what was posted, and nothing is done without its proofs."""

from __future__ import annotations

from wms.platform.auditing import Check

CHECKS = [
    Check(
        "a service that changes the book is as far as its conversion",
        "SELECT count(*) FROM service_request WHERE conversion_id IS NOT NULL",
        "SELECT r.id, r.state, r.done, c.state AS conversion, c.done AS converted FROM service_request r"
        " JOIN conversion c ON c.id = r.conversion_id WHERE r.done <> c.done OR c.subject_id IS DISTINCT FROM r.id"
        " OR (r.state IN ('done', 'cancelled', 'rejected') AND c.state IN ('offered', 'open', 'short'))",
    ),
    Check(
        "a conversion that belongs to a service is known to it",
        "SELECT count(*) FROM conversion WHERE subject_kind = 'service_request'",
        "SELECT c.id FROM conversion c LEFT JOIN service_request r ON r.id = c.subject_id AND r.conversion_id = c.id"
        " WHERE c.subject_kind = 'service_request' AND r.id IS NULL",
    ),
    Check(
        "a service is as far as was counted",
        "SELECT count(*) FROM service_request",
        "SELECT r.id, r.done, coalesce(p.q, 0) AS counted FROM service_request r LEFT JOIN (SELECT request_id,"
        " sum(value) AS q FROM service_proof WHERE kind = 'count' GROUP BY 1) p ON p.request_id = r.id"
        " WHERE r.done <> coalesce(p.q, 0)",
    ),
    Check(
        "a service that was done is announced once",
        "SELECT count(*) FROM service_request WHERE state = 'done'",
        "SELECT r.id, count(e.id) AS told FROM service_request r LEFT JOIN event e ON e.subject_kind = 'service_request'"
        " AND e.subject_id = r.id AND e.name = 'service.done' GROUP BY r.id, r.state"
        " HAVING count(e.id) <> CASE r.state WHEN 'done' THEN 1 ELSE 0 END",
    ),
]
