"""What a field may name of somebody: by its name, for every field there is, so that a new one is put into one of these lists.

`NAMES_NOTHING` say something of the request itself, or choose from what is the house's and everybody sees.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tests.abuse.test_fields import bodies
from tests.abuse.world import World
from tests.outbound.stage import body
from wms.core.ids import new_id

ONLY_ACMES, NOBODYS = "ONLY-ACMES-1", "ONLY-NOBODYS"

_NUMBERS = """
    age_check amount amount_minor cartons cod.amount count declared_height_mm declared_length_mm declared_value
    declared_value_minor declared_weight_g declared_width_mm height_mm length_mm minutes number outbound_days pallet position
    priority quantity unit_value unit_value_minor units value value_minor weight_g width_mm customs_unit_factor
"""
_DAYS = """
    day expected_on expires_on from made_on min_expires_on moment ordered_at start starts_at until updated_since within_days
"""
_CHOICES = """
    action cargo_attributes condition count_blind currency customs_unit dangerous_class declared_currency decision deviating
    documents expiry_controlled fill kind level liftgate lot_controlled may_split open origin_country pack_photo pack_slip
    packing platform prefer reason rotation serial_control signature size skip soon state tab temperature transport which
    zones
"""
_WORDS_OF_THEIR_OWN = """
    address1 address2 address3 city company contents content country customs_item_number customs_name_en customs_name_zh district
    email eori file hs_code id_number ioss name name_en name_zh note packing_remark phone postcode products remark vat_id
"""
_OF_AMAZON = "centre fnsku reference_id shipment_id"
# `tracking_numbers` of labels that a seller brings are one in the whole carrier: two parcels of one number cannot be told
# apart at the gate, so a second is refused whosever the first is. `code` of an arrival: who knows its label may claim it.
# `to_seller`: goods are offered to a seller by the code that one has from him; an offer to nobody would tie them up.
_OF_EVERYBODY = """
    code command_id cursor dock DE1 NGB1 house limit location product q service to_seller to_warehouse tracking_numbers version
    warehouse warehouse_id
"""
NAMES_NOTHING = set(f"{_NUMBERS} {_DAYS} {_CHOICES} {_WORDS_OF_THEIR_OWN} {_OF_AMAZON} {_OF_EVERYBODY}".split())


@dataclass(frozen=True)
class Named:
    """What is ACME's, and what is nobody's, in the same form."""

    acmes: str
    nobodys: str


def named_by_fields(world: World, document: dict[str, Any]) -> dict[str, Named]:
    """ACME's things, made here where the world has none; by the last part of the field's name."""
    ask, life, ids = world.life.ask, world.life, world.ids
    _tell(world, document)
    words = {
        "air_waybill": ("999-12345675", "999-12345686"), "barcode": ("6910000000020", "6910000007777"),
        "batch": ("ACMES-LOT-1", "NOBODYS-LT-1"), "container_number": ("CSQU3054383", "CSQU3054402"),
        "container": (ask("SELECT barcode FROM carton ORDER BY id LIMIT 1"), "G-NOBODYS0001-0"),
        "order": (life.shipped.number, life.shipped.number[:-4] + "9999"),
        "reference": ("ACMES-REF-1", "NOBODYS-RF-1"), "reference_box_no": ("ACMES-BOX-1", "NOBODYS-BX-1"),
        "seller": ("ACME", "NOBO"), "serial_numbers": ("ACMES-SN-1", "NOBODYS-S-1"), "sku": (ONLY_ACMES, NOBODYS),
        "tracking_number": ("ACMES-TRACK-1", "NOBODYS-TRK-1"),
    }  # fmt: skip
    found = {name: Named(*pair) for name, pair in words.items()}
    found |= {name: Named(ids[name], str(new_id())) for name in ("booking_id", "order_id", "product_id", "bundle_id")}
    found["shop_id"] = Named(ask("SELECT id::text FROM shop WHERE seller_id = :s LIMIT 1", s=world.cast.ACME.id),
                             str(new_id()))  # fmt: skip
    return found | dict.fromkeys(("to_sku", "relabel_to"), found["sku"])


def _tell(world: World, document: dict[str, Any]) -> None:
    """A product of ACME's alone, bookings by air and by sea and an order with every word of a seller's own."""
    examples = {(path, method): example for path, method, _, example in bodies(document)}
    product = {**examples["/api/v1/products", "POST"], "sku": ONLY_ACMES, "lot_controlled": True, "serial_control": "full",
               "barcodes": []}  # fmt: skip
    lots = [{"quantity": 1, "batch": "ACMES-LOT-1", "serial_numbers": ["ACMES-SN-1"]}]
    carton = {
        "number": 1,
        "reference_box_no": "ACMES-BOX-1",
        "lines": [{"sku": ONLY_ACMES, "quantity": 1, "lots": lots}],
    }
    by_air = {"warehouse": "DE1", "reference": "ACMES-REF-1", "transport": "air", "air_waybill": "999-12345675",
              "tracking_number": "ACMES-TRACK-1", "cartons": [carton]}  # fmt: skip
    by_sea = {"warehouse": "DE1", "reference": "ACMES-REF-2", "transport": "sea", "container_number": "CSQU3054383",
              "cartons": [{"number": 1, "lines": [{"sku": "MUG-450-BLUE", "quantity": 1}]}]}  # fmt: skip
    order = body({ONLY_ACMES: 1}, reference="ACMES-REF-1")
    acme = world.cast.api(world.client)
    for path, told in (("products", product), ("bookings", by_air), ("bookings", by_sea), ("orders", order)):
        answer = acme.post(f"/api/v1/{path}", told)
        assert answer.status_code == 201, answer.text


def last(steps: tuple[Any, ...]) -> str:
    """What a field is called, wherever it stands: of an entry of a list, what the list is called."""
    return next(str(step) for step in reversed(steps) if not isinstance(step, int))
