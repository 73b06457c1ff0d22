"""Pure decisions about products: which codes are good, and which say the same.

A seller's code is refused only when it is a *valid* code of ours; `T-SHIRT-01` is fine (DESIGN.md section 5).
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from wms.core.barcodes import is_own
from wms.core.checkdigits import gs1_check_digit, house_check, is_digits, is_valid_gtin
from wms.core.refusals import FieldError

GTIN: Final = "gtin"
SELLER: Final = "seller"
OWN: Final = "own"
SKU_MAX = 40
BARCODE_MAX = 80
MAX_SIZE_MM = 10_000
MAX_WEIGHT_G = 2_000_000

_SKU = re.compile(r"[A-Za-z0-9\-_#*/&+?.()@]+")
_BARCODE = re.compile(r"[\x21-\x7e]+")
_GTIN_LENGTHS = frozenset({8, 12, 13, 14})
_CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


@dataclass(frozen=True)
class Code:
    """A barcode as it was given. `kind` None: the form decides."""

    text: str
    kind: str | None = None
    quantity: int = 1
    level: str | None = None

    @property
    def decided_level(self) -> str:
        """A code of several units is a case, unless it is said to be something else."""
        return self.level or ("each" if self.quantity == 1 else "case")

    @property
    def decided_kind(self) -> str:
        """Digits of a GTIN's length are taken for a GTIN, so that a slip of the pen is found by its check digit. A
        seller with numbers of their own of that length says so (`seller`).
        """
        if self.kind is not None:
            return self.kind
        return GTIN if is_digits(self.text) and len(self.text) in _GTIN_LENGTHS else SELLER


def sku_faults(sku: str) -> list[FieldError]:
    if not _SKU.fullmatch(sku) or len(sku) > SKU_MAX:
        return [FieldError("/sku", "sku_form", {})]
    return [FieldError("/sku", "code_is_ours", {"code": sku})] if is_own(sku) else []


def barcode_faults(codes: list[Code], pointer: str = "/barcodes/{index}/barcode") -> list[FieldError]:
    """Every wrong barcode of a product, each at its place; equal ones are named once."""
    faults: list[FieldError] = []
    seen: set[str] = set()
    for index, code in enumerate(codes):
        if (code.level == "each") != (code.quantity == 1) and code.level is not None:
            place = pointer.format(index=index).removesuffix("/barcode")
            faults.append(FieldError(f"{place}/level", "level_quantity", {}))
        where = pointer.format(index=index)
        fault = _fault_of(code)
        if fault is None and not seen.isdisjoint(same_codes(code.text)):
            fault = ("barcode_twice", {"code": code.text})
        if fault is not None:
            faults.append(FieldError(where, *fault))
        seen.update(same_codes(code.text))
    return faults


def _fault_of(code: Code) -> tuple[str, dict[str, str]] | None:
    text = code.text
    if not _BARCODE.fullmatch(text) or len(text) > BARCODE_MAX:
        return "barcode_form", {}
    if is_own(text):
        return "code_is_ours", {"code": text}
    if code.decided_kind != GTIN or is_valid_gtin(text):
        return None
    if not is_digits(text) or len(text) not in _GTIN_LENGTHS:
        return "gtin_form", {}
    return "gtin_check_digit", {"code": text, "expected": gs1_check_digit(text[:-1])}


def same_codes(text: str) -> tuple[str, ...]:
    """All writings under which a scanner may send this code: a UPC-A is an EAN-13 with a nought before it, and both are
    GTIN-14 with noughts. Anything else is only itself.
    """
    if not (len(text) in {12, 13, 14} and is_valid_gtin(text)):
        return (text,)
    full = text.rjust(14, "0")
    writings = [full]
    while writings[-1].startswith("0") and len(writings[-1]) > 12:
        writings.append(writings[-1][1:])
    return tuple(writings)


def drawn_barcode(seller_code: str, product_id: uuid.UUID) -> str:
    """The warehouse's barcode for a product without one: `ACME-7K2M9QXT4`: 40 random bits of its id and a check
    character.
    """
    number = product_id.int & (1 << 40) - 1
    digits = "".join(_CROCKFORD[number >> shift & 31] for shift in range(35, -1, -5))
    return f"{seller_code}-{digits}{house_check(digits)}"


def customs_faults(
    value_minor: int | None, currency: str | None, unit: str | None, factor: object | None
) -> list[FieldError]:
    """Columns that mean something only together."""
    faults = []
    if (value_minor is None) != (currency is None):
        faults.append(FieldError("/declared_currency", "value_without_currency", {}))
    if (unit is None) != (factor is None):
        faults.append(FieldError("/customs_unit_factor", "unit_without_factor", {}))
    return faults


def all_writings(texts: Iterable[str]) -> set[str]:
    return {writing for text in texts for writing in same_codes(text)}
