"""Use cases of inbound, one file per noun. What other features call is named here."""

from wms.inbound.service.appointments import cancel_appointment, make_appointment, set_dock_hours
from wms.inbound.service.arrivals import (
    Arrived,
    arrive_booking,
    arrive_carton,
    count_cartons,
    mark_missing,
    measure_carton,
)
from wms.inbound.service.attaching import attach
from wms.inbound.service.bookings import (
    booking_to_pack,
    cancel,
    check_cartons,
    create_booking,
    edit_booking,
    mark_in_transit,
    place_to_pack,
    submit,
)
from wms.inbound.service.closing import Closed, close_carton, finish_carton, reopen_carton
from wms.inbound.service.counted import CountDraft, Counted, LineNow
from wms.inbound.service.counting import count, count_many
from wms.inbound.service.deciding import decide, decide_due, terms_of
from wms.inbound.service.inspecting import end_plan, inspect, make_plan
from wms.inbound.service.labelling import request_carton_label_set, request_carton_labels
from wms.inbound.service.loading import hold_counts, load_booking_to_edit
from wms.inbound.service.measuring import measure_product
from wms.inbound.service.pallets import PalletReceived, receive_pallet, undo_pallet
from wms.inbound.service.serving import ask_for_carton
from wms.inbound.service.settling import CarriedOut, carry_out
from wms.inbound.service.stowing import Stowed, put_away, suggest_place, undo_put_away
from wms.inbound.service.tallying import holds_product, is_blind, is_noted
from wms.inbound.service.terms import choose_counting, set_counting, set_terms
from wms.inbound.service.undoing import uncount
from wms.inbound.service.unknown import (
    claim_arrival,
    photograph_arrival,
    refuse_claim,
    register_arrival,
    settle_arrival,
)
from wms.inbound.service.whole import (
    CountedWhole,
    StowedWhole,
    check_movable,
    check_unopened,
    count_as_declared,
    move_carton,
    put_away_all,
    put_away_unopened,
    suggest_unopened,
    undo_move_carton,
)

__all__ = [
    "Arrived",
    "CarriedOut",
    "Closed",
    "CountDraft",
    "Counted",
    "CountedWhole",
    "LineNow",
    "PalletReceived",
    "Stowed",
    "StowedWhole",
    "arrive_booking",
    "arrive_carton",
    "ask_for_carton",
    "attach",
    "booking_to_pack",
    "cancel",
    "cancel_appointment",
    "carry_out",
    "check_cartons",
    "check_movable",
    "check_unopened",
    "choose_counting",
    "claim_arrival",
    "close_carton",
    "count",
    "count_as_declared",
    "count_cartons",
    "count_many",
    "create_booking",
    "decide",
    "decide_due",
    "edit_booking",
    "end_plan",
    "finish_carton",
    "hold_counts",
    "holds_product",
    "inspect",
    "is_blind",
    "is_noted",
    "load_booking_to_edit",
    "make_appointment",
    "make_plan",
    "mark_in_transit",
    "mark_missing",
    "measure_carton",
    "measure_product",
    "move_carton",
    "photograph_arrival",
    "place_to_pack",
    "put_away",
    "put_away_all",
    "put_away_unopened",
    "receive_pallet",
    "refuse_claim",
    "register_arrival",
    "reopen_carton",
    "request_carton_label_set",
    "request_carton_labels",
    "set_counting",
    "set_dock_hours",
    "set_terms",
    "settle_arrival",
    "submit",
    "suggest_place",
    "suggest_unopened",
    "terms_of",
    "uncount",
    "undo_move_carton",
    "undo_pallet",
    "undo_put_away",
]
