"""Invariants of outbound: steps in order, states that agree with the work, no claim without an owner."""

from __future__ import annotations

from wms.platform.auditing import Check

CHECKS = [
    Check(
        "an order counts its open holds and knows of the request to stop it",
        "SELECT count(*) FROM outbound_order WHERE state NOT IN ('shipped', 'cancelled')",
        "SELECT o.id, o.holds, o.interception FROM outbound_order o WHERE o.holds <> (SELECT count(*) FROM order_hold h"
        " WHERE h.order_id = o.id AND h.state = 'open') OR (o.interception = 'requested') <> EXISTS (SELECT 1"
        "  FROM interception i WHERE i.order_id = o.id AND i.state = 'requested')"
        " OR (o.state = 'cancelled' AND (o.holds > 0 OR o.interception = 'requested'))",
    ),
    Check(
        "work waits exactly while its order is stopped",
        "SELECT count(*) FROM pick_task WHERE state IN ('open', 'held')",
        "SELECT t.id, t.state, o.holds, o.interception FROM pick_task t JOIN outbound_order o ON o.id = t.order_id"
        " WHERE t.state IN ('open', 'held')"
        " AND (t.state = 'held') <> (o.holds > 0 OR o.interception = 'requested')",
    ),
    Check(
        "an order that is being stopped stands where it stood",
        "SELECT count(*) FROM interception WHERE state = 'requested'",
        "SELECT i.id, i.resume_state, o.state FROM interception i JOIN outbound_order o ON o.id = i.order_id"
        " WHERE i.state = 'requested' AND o.state <> i.resume_state",
    ),
    Check(
        "shipped ≤ verified ≤ picked ≤ demanded",
        "SELECT count(*) FROM demand",
        "SELECT id, quantity, picked, verified, shipped FROM demand WHERE NOT (shipped <= verified AND"
        " verified <= picked AND picked <= quantity)",
    ),
    Check(
        "an order's demands add up to its lines",
        "SELECT count(*) FROM order_line",
        "SELECT l.id, l.quantity, sum(d.quantity) AS demanded FROM order_line l LEFT JOIN demand d"
        " ON d.order_line_id = l.id GROUP BY l.id HAVING l.quantity <> coalesce(sum(d.quantity), 0)",
    ),
    Check(
        "what is promised and what was picked make up the demand of orders in work",
        "SELECT count(*) FROM demand",
        "SELECT d.id, d.quantity, d.picked, p.open_quantity FROM demand d"
        " JOIN outbound_order o ON o.id = d.order_id LEFT JOIN promise p ON p.id = d.promise_id"
        " WHERE o.state IN ('promised', 'awaiting_customs', 'waved', 'picking', 'picked')"
        " AND d.quantity <> d.picked + coalesce(p.open_quantity, 0)",
    ),
    Check(
        "nothing is promised to orders that do not wait for it",
        "SELECT count(*) FROM promise WHERE subject_kind = 'demand'",
        "SELECT p.id, o.state FROM promise p LEFT JOIN demand d ON d.id = p.subject_id"
        " LEFT JOIN outbound_order o ON o.id = d.order_id WHERE p.subject_kind = 'demand' AND p.open_quantity > 0"
        " AND (o.id IS NULL OR o.state IN ('short', 'cancelled', 'shipped', 'packed'))",
    ),
    Check(
        "picked units of an order lie in its tote or parcel",
        "SELECT count(*) FROM outbound_order WHERE state IN ('picking', 'picked', 'packed')",
        "SELECT o.id, sum(d.picked - d.shipped) AS picked, x.held, y.unsorted FROM outbound_order o"
        " JOIN demand d ON d.order_id = o.id"
        " CROSS JOIN LATERAL (SELECT coalesce(sum(b.on_hand), 0) AS held FROM balance b JOIN handling_unit h"
        "  ON h.id = b.handling_unit_id WHERE h.subject_id = o.id AND h.subject_kind = 'order') x"
        " CROSS JOIN LATERAL (SELECT coalesce(sum(t.picked - t.sorted), 0) AS unsorted FROM pick_task t JOIN pick_batch w"
        "  ON w.id = t.batch_id WHERE t.order_id = o.id AND w.wall IS NOT NULL) y"
        " WHERE o.state IN ('picking', 'picked', 'packed') AND NOT EXISTS (SELECT 1 FROM handling_unit u"
        "  WHERE u.id = o.tote_id AND u.subject_kind = 'lane') GROUP BY o.id, x.held, y.unsorted"
        " HAVING sum(d.picked - d.shipped) <> x.held + y.unsorted",
    ),
    Check(
        "a tote of an order's own is bound to it, and one that is bound serves it",
        "SELECT count(*) FROM handling_unit WHERE kind = 'tote' AND subject_kind = 'order'",
        "SELECT o.id, o.tote_id, o.state FROM outbound_order o JOIN handling_unit u ON u.id = o.tote_id WHERE o.state IN"
        " ('waved', 'picking', 'picked') AND u.subject_kind IS DISTINCT FROM 'lane' AND u.subject_id IS DISTINCT FROM o.id"
        " UNION ALL SELECT u.subject_id, u.id, o.state FROM handling_unit u LEFT JOIN outbound_order o ON o.id = u.subject_id"
        " WHERE u.kind = 'tote' AND u.subject_kind = 'order' AND (o.id IS NULL OR o.tote_id IS NULL"
        "  OR o.state NOT IN ('waved', 'picking', 'picked'))",
    ),
    Check(
        "a tote for damaged goods holds what reports put into it, and nothing good",
        "SELECT count(*) FROM handling_unit WHERE subject_kind = 'damage'",
        "SELECT h.id, x.reported, y.held, y.good FROM handling_unit h CROSS JOIN LATERAL (SELECT coalesce(sum(quantity), 0)"
        "  AS reported FROM pick_damage d WHERE d.tote_id = h.id) x CROSS JOIN LATERAL (SELECT coalesce(sum(on_hand), 0)"
        "  AS held, coalesce(sum(on_hand) FILTER (WHERE condition <> 'damaged'), 0) AS good FROM balance b"
        "  WHERE b.handling_unit_id = h.id) y WHERE (h.subject_kind = 'damage' OR x.reported > 0)"
        " AND (h.subject_kind IS DISTINCT FROM 'damage' OR x.reported = 0 OR x.reported <> y.held OR y.good > 0)",
    ),
    Check(
        "what was picked together lies in totes of its walk until it is sorted",
        "SELECT count(*) FROM pick_batch WHERE wall IS NOT NULL",
        "SELECT b.id, x.unsorted, y.held FROM pick_batch b CROSS JOIN LATERAL (SELECT coalesce(sum(t.picked - t.sorted), 0)"
        "  AS unsorted FROM pick_task t WHERE t.batch_id = b.id) x CROSS JOIN LATERAL (SELECT coalesce(sum(r.on_hand), 0)"
        "  AS held FROM balance r JOIN handling_unit h ON h.id = r.handling_unit_id WHERE h.subject_kind = 'batch'"
        "  AND h.subject_id = b.id) y WHERE b.wall IS NOT NULL AND x.unsorted <> y.held",
    ),
    Check(
        "no order is picked while its goods wait to be sorted",
        "SELECT count(*) FROM outbound_order WHERE state IN ('picked', 'packed', 'shipped')",
        "SELECT o.id FROM outbound_order o JOIN pick_task t ON t.order_id = o.id JOIN pick_batch b ON b.id = t.batch_id"
        " WHERE o.state IN ('picked', 'packed', 'shipped') AND b.wall IS NOT NULL AND t.picked > t.sorted",
    ),
    Check(
        "a lane's container holds what was picked into it for its orders",
        "SELECT count(*) FROM handling_unit WHERE subject_kind = 'lane'",
        "SELECT u.id, coalesce(o.picked, 0) AS picked, coalesce(b.held, 0) AS held FROM handling_unit u LEFT JOIN (SELECT"
        "  o.tote_id, sum(d.picked) AS picked FROM outbound_order o JOIN demand d ON d.order_id = o.id"
        "  WHERE o.state IN ('waved', 'picking', 'picked', 'cancelled') GROUP BY 1) o ON o.tote_id = u.id LEFT JOIN (SELECT"
        "  handling_unit_id, sum(on_hand) AS held FROM balance GROUP BY 1) b ON b.handling_unit_id = u.id"
        " WHERE u.subject_kind = 'lane' AND coalesce(o.picked, 0) <> coalesce(b.held, 0)",
    ),
    Check(
        "a walk of the fast lane is of single pieces, and what it picked lies in a container that its order names",
        "SELECT count(*) FROM pick_batch WHERE is_lane",
        "SELECT t.id, t.quantity, o.number, o.state, o.tote_id FROM pick_batch b JOIN pick_task t ON t.batch_id = b.id"
        " JOIN outbound_order o ON o.id = t.order_id WHERE b.is_lane AND (t.quantity <> 1 OR b.wall IS NOT NULL"
        "  OR (o.state = 'picked' AND o.tote_id IS NULL) OR (t.picked = 1 AND o.state IN ('waved', 'picking')))",
    ),
    Check(
        "what was checked into a closed parcel lies in it",
        "SELECT count(*) FROM parcel WHERE state = 'closed'",
        "SELECT p.id, v.checked, coalesce(b.held, 0) AS held FROM parcel p JOIN (SELECT parcel_id, sum(quantity) AS checked"
        "  FROM verification WHERE parcel_id IS NOT NULL GROUP BY 1) v ON v.parcel_id = p.id LEFT JOIN (SELECT"
        "  handling_unit_id, sum(on_hand) AS held FROM balance WHERE handling_unit_id IS NOT NULL GROUP BY 1) b"
        "  ON b.handling_unit_id = p.handling_unit_id WHERE p.state = 'closed' AND v.checked <> coalesce(b.held, 0)",
    ),
    Check(
        "units are checked into a parcel of their own order that is closed",
        "SELECT count(*) FROM verification WHERE parcel_id IS NOT NULL",
        "SELECT v.id, v.parcel_id FROM verification v JOIN demand d ON d.id = v.demand_id JOIN parcel p"
        " ON p.id = v.parcel_id JOIN shipment s ON s.id = p.shipment_id WHERE p.state = 'open'"
        " OR s.subject_kind <> 'order' OR s.subject_id <> d.order_id",
    ),
    Check(
        "a parcel of an order that is packed or gone is closed",
        "SELECT count(*) FROM parcel WHERE state = 'open'",
        "SELECT p.id, o.state FROM parcel p JOIN shipment s ON s.id = p.shipment_id AND s.subject_kind = 'order'"
        " JOIN outbound_order o ON o.id = s.subject_id WHERE p.state = 'open' AND o.state IN ('packed', 'shipped')",
    ),
    Check(
        "a shipped order left completely and once",
        "SELECT count(*) FROM outbound_order WHERE state = 'shipped'",
        "SELECT o.id FROM outbound_order o JOIN demand d ON d.order_id = o.id WHERE o.state = 'shipped'"
        " GROUP BY o.id HAVING sum(d.quantity) <> sum(d.shipped) OR sum(d.shipped) <> (SELECT"
        "  coalesce(sum(m.quantity), 0) FROM stock_posting p JOIN stock_move m ON m.posting_id = p.id"
        "  WHERE p.subject_kind = 'order' AND p.subject_id = o.id AND p.reason IN ('ship', 'scrap') AND m.to_party IS NOT NULL"
        "  AND NOT EXISTS (SELECT 1 FROM stock_posting r WHERE r.reverses_id = p.id))",
    ),
    Check(
        "what was destroyed was destroyed before a witness",
        "SELECT count(*) FROM outbound_order WHERE kind = 'destruction' AND state = 'shipped'",
        "SELECT o.id, x.units FROM outbound_order o LEFT JOIN destruction x ON x.order_id = o.id WHERE o.kind = 'destruction'"
        " AND o.state = 'shipped' AND x.units IS DISTINCT FROM (SELECT sum(m.quantity) FROM stock_posting p"
        "  JOIN stock_move m ON m.posting_id = p.id WHERE p.subject_kind = 'order' AND p.subject_id = o.id"
        "  AND m.to_party = 'scrap')",
    ),
    Check(
        "a pick-up is collected exactly when its last parcel was handed out, and by nobody else's gate",
        "SELECT count(*) FROM pick_up",
        "SELECT o.id, o.state, u.collected_at FROM outbound_order o FULL JOIN pick_up u ON u.order_id = o.id"
        " WHERE (o.kind = 'pick_up') <> (u.order_id IS NOT NULL)"
        " OR (u.order_id IS NOT NULL AND (o.state = 'shipped') <> (u.collected_at IS NOT NULL))"
        " OR (o.state = 'packed' AND u.order_id IS NOT NULL AND u.ready_at IS NULL)",
    ),
    Check(
        "an order to Amazon has its shipment, and left with its new labels on",
        "SELECT count(*) FROM fba_order",
        "SELECT o.id, o.state, f.shipment_id FROM outbound_order o FULL JOIN fba_order f ON f.order_id = o.id"
        " WHERE (o.kind = 'fba') <> (f.order_id IS NOT NULL) OR (o.state IN ('packed', 'shipped') AND EXISTS (SELECT 1"
        "  FROM order_line l JOIN fba_line x ON x.order_line_id = l.id WHERE l.order_id = o.id AND NOT EXISTS (SELECT 1"
        "   FROM service_request r WHERE r.subject_kind = 'order_line' AND r.subject_id = l.id AND r.state = 'done')))",
    ),
    Check(
        "every bonded parcel that left was released",
        "SELECT count(*) FROM outbound_order WHERE customs_state <> 'none'",
        "SELECT id, customs_state FROM outbound_order WHERE state = 'shipped' AND customs_state NOT IN"
        " ('none', 'released')",
    ),
    Check(
        "a short order is remembered for when stock comes",
        "SELECT count(*) FROM outbound_order WHERE state = 'short'",
        "SELECT o.id FROM outbound_order o WHERE o.state = 'short' AND NOT EXISTS (SELECT 1 FROM awaited_stock a"
        " WHERE a.subject_kind = 'order' AND a.subject_id = o.id)",
    ),
    Check(
        "an open stop stands on an open claim",
        "SELECT count(*) FROM pick_task WHERE state = 'open'",
        "SELECT t.id, t.quantity, t.picked, a.open_quantity FROM pick_task t JOIN allocation a"
        " ON a.id = t.allocation_id WHERE t.state = 'open' AND a.open_quantity > t.quantity - t.picked",
    ),
    Check(
        "postings of orders have their order",
        "SELECT count(*) FROM stock_posting WHERE subject_kind = 'order'",
        "SELECT p.id, p.subject_id FROM stock_posting p LEFT JOIN outbound_order o ON o.id = p.subject_id"
        " WHERE p.subject_kind = 'order' AND o.id IS NULL",
    ),
]
