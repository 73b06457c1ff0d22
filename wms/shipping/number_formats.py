"""What carriers' numbers look like, for a warning: a number that fails is doubtful, never refused.

Several formats are look-alikes of equal length, and carriers change theirs without notice; so a number is judged by the
format its own carrier names, and by no other. Pure. Sources: `wms.core.checkdigits` names them; carriers' published
formats (UPS 1Z, FedEx, DHL, USPS IMpb, Canada Post, Purolator, DPD), UPU S10, GS1.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from wms.core import checkdigits


def _gs1(pattern: str) -> Callable[[str], bool]:
    """Digits of this shape that end with a GS1 check digit."""
    return lambda number: bool(re.fullmatch(pattern, number)) and number[-1] == checkdigits.gs1_check_digit(number[:-1])


def _shape(pattern: str) -> Callable[[str], bool]:
    return lambda number: bool(re.fullmatch(pattern, number))


def _ups(number: str) -> bool:
    return bool(re.fullmatch("1Z[0-9A-Z]{16}", number)) and number[-1] == checkdigits.ups_1z_check_digit(number[2:-1])


def _ontrac(number: str) -> bool:
    """C or D and 14 digits; the letter counts as 4 or 5, the digits as UPS's do: odd places ×1, even ×2."""
    if not re.fullmatch("[CD][0-9]{14}", number):
        return False
    digits = {"C": "4", "D": "5"}[number[0]] + number[1:]
    total = sum(int(digit) * (1 + place % 2) for place, digit in enumerate(digits[:-1]))
    return digits[-1] == str(-total % 10)


_CANADA_POST = _gs1("[0-9]{16}")
_USPS = _gs1("9[1-5][0-9]{20}|9[1-5][0-9]{24}|[0-9]{20}")


def _usps(number: str) -> bool:
    """IMpb of 22 or 26 digits, with or without `420` and the ZIP code before it; the old one of 20 with 91 left out; S10
    abroad.
    """
    if number.endswith("US"):
        return checkdigits.is_valid_s10(number)
    routed = re.fullmatch("420(?:[0-9]{9}|[0-9]{5})(9[1-5][0-9]{20}(?:[0-9]{4})?)", number)
    return _USPS(routed[1] if routed else number) or (len(number) == 20 and _USPS("91" + number))


def _fedex(number: str) -> bool:
    """Express 12, Ground 15, Ground 96 of 22, and the 34 of a bar code, whose last 14 are the tracking number."""
    if not checkdigits.is_digits(number):
        return False
    if len(number) == 12:
        return number[-1] == checkdigits.fedex_express_check_digit(number[:-1])
    if len(number) == 22:
        return number.startswith("96") and number[-1] == checkdigits.gs1_check_digit(number[7:-1])
    if len(number) == 34:
        total = sum(int(digit) * (1, 7, 3)[place % 3] for place, digit in enumerate(number[-14:-1]))
        return number[-1] == str(total % 11 % 10)
    return len(number) == 15 and number[-1] == checkdigits.gs1_check_digit(number[:-1])


def _dhl(number: str) -> bool:
    """An Express number with its remainder, or a piece, which has no check."""
    if re.fullmatch("(JJD|JD|JVGL)[0-9]{9,18}", number):
        return True
    return bool(re.fullmatch("[0-9]{10,11}", number)) and number[-1] == checkdigits.mod7_check_digit(number[:-1])


def _purolator(number: str) -> bool:
    return bool(re.fullmatch("[0-5][0-9]{11}", number)) and number[-1] == checkdigits.luhn_check_digit(number[:-1])


def _dpd(number: str) -> bool:
    """14 digits or 28 characters with the check character behind them, or without it, as carriers also send them."""
    if re.fullmatch("[0-9]{14}", number):
        return True
    return bool(re.fullmatch("[0-9]{14}[0-9A-Z]|[0-9A-Z]{28}", number)) and checkdigits.is_valid_mod37_36(number)


FORMATS: dict[str, Callable[[str], bool]] = {
    "s10": checkdigits.is_valid_s10,
    "ups": _ups,
    "usps": _usps,
    "fedex": _fedex,
    "dhl_express": _dhl,
    "dpd": _dpd,
    "canada_post": lambda number: checkdigits.is_valid_s10(number) if number.endswith("CA") else _CANADA_POST(number),
    "purolator": _purolator,
    "sscc": lambda number: checkdigits.is_valid_sscc(number.removeprefix("00") if len(number) == 20 else number),
    "sf": _shape("SF[0-9]{13}|[0-9]{12}"),
    "yunexpress": _shape("YT[0-9]{16}"),
    "4px": _shape("4PX[0-9]{13}CN"),
    "gofo": _shape("GFUS[0-9]{14}"),
    "amazon": _shape("TB[ACM][0-9]{12}"),
    "ontrac": _ontrac,
    "china_post": lambda number: (
        bool(re.fullmatch("[0-9]{13}", number)) or (number.endswith("CN") and checkdigits.is_valid_s10(number))
    ),
    "yanwen": _shape("[A-Z]{2}[0-9]{9}[A-Z]{2}|[0-9]{8,20}"),
}


def is_doubtful(number_format: str | None, number: str) -> bool:
    """Whether a number does not look like one of its carrier's. False where nothing is known of them."""
    test = FORMATS.get(number_format or "")
    return test is not None and not test(number)
