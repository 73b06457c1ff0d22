"""An independent reader of Code 128 bar patterns (ISO/IEC 15417).

It shares no table and no logic with the library that draws the bars, so that a wrong symbol is
noticed before it leaves. The widths below are those of the standard's table of symbol characters.
"""

from __future__ import annotations

# Bar, space, bar, space, bar, space: widths in modules, eleven together, for values 0 to 105.
_WIDTHS = """
    212222 222122 222221 121223 121322 131222 122213 122312 132212 221213 221312 231212 112232 122132 122231
    113222 123122 123221 223211 221132 221231 213212 223112 312131 311222 321122 321221 312212 322112 322211
    212123 212321 232121 111323 131123 131321 112313 132113 132311 211313 231113 231311 112133 112331 132131
    113123 113321 133121 313121 211331 231131 213113 213311 213131 311123 311321 331121 312113 312311 332111
    314111 221411 431111 111224 111422 121124 121421 141122 141221 112214 112412 122114 122411 142112 142211
    241211 221114 413111 241112 134111 111242 121142 121241 114212 124112 124211 411212 421112 421211 212141
    214121 412121 111143 111341 131141 114113 114311 411113 411311 113141 114131 311141 411131 211412 211214
    211232
""".split()  # noqa: SIM905  a table is read as a table
_STOP_WIDTHS = "2331112"

_SHIFT, _TO_C, _TO_B, _TO_A, _FNC1 = 98, 99, 100, 101, 102
_STARTS = {103: "A", 104: "B", 105: "C"}
_SYMBOL_MODULES = 11

# Stands for Function 1 in the text that comes back; it is no character of Code 128 itself.
FNC1 = "\u00f1"


class UnreadableBarsError(Exception):
    """The modules are no valid Code 128 symbol."""


def _modules(widths: str) -> str:
    return "".join("10"[place % 2] * int(width) for place, width in enumerate(widths))


_VALUE_OF = {_modules(widths): value for value, widths in enumerate(_WIDTHS)}
_STOP = _modules(_STOP_WIDTHS)


def read_code128(modules: str) -> str:
    """The text of a symbol given as '1' for a dark and '0' for a light module, without quiet zone.

    Function 1 comes back as `FNC1`. Raises UnreadableBarsError.
    """
    values = _values(modules)
    if len(values) < 3 or values[0] not in _STARTS:
        raise UnreadableBarsError("no start character")
    weighted = sum(place * value for place, value in enumerate(values[:-1])) + values[0]
    if weighted % 103 != values[-1]:
        raise UnreadableBarsError("wrong check character")
    return _text(_STARTS[values[0]], values[1:-1])


def _values(modules: str) -> list[int]:
    if not modules.endswith(_STOP):
        raise UnreadableBarsError("no stop character")
    body = modules[: -len(_STOP)]
    if len(body) % _SYMBOL_MODULES:
        raise UnreadableBarsError("broken length")
    try:
        return [_VALUE_OF[body[at : at + _SYMBOL_MODULES]] for at in range(0, len(body), _SYMBOL_MODULES)]
    except KeyError as unknown:
        raise UnreadableBarsError("unknown pattern") from unknown


def _text(code_set: str, values: list[int]) -> str:
    read: list[str] = []
    shifted = False
    for value in values:
        using = {"A": "B", "B": "A"}[code_set] if shifted else code_set
        shifted = False
        if value == _FNC1:
            read.append(FNC1)
        elif using == "C":
            code_set = {_TO_A: "A", _TO_B: "B"}.get(value, "C")
            if value < 100:
                read.append(f"{value:02d}")
        elif value == _SHIFT:
            shifted = True
        elif value < 96:
            read.append(chr(value - 64 if using == "A" and value >= 64 else value + 32))
        else:
            code_set = _switch(using, value)
    return "".join(read)


def _switch(using: str, value: int) -> str:
    """The code set after a control value; functions 2, 3 and 4 are never ours."""
    if value == _TO_C:
        return "C"
    if value == _TO_B and using == "A":
        return "B"
    if value == _TO_A and using == "B":
        return "A"
    raise UnreadableBarsError("unexpected function character")
