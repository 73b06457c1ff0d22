"""The readers under Atheris, guided by the lines that an input reaches: `make fuzz-readers SECONDS=600`.

Not collected by pytest, and Atheris is no requirement: it is built for Linux only. Bytes go in as they come; what must
hold of the answer is what `test_readers` holds Hypothesis to.

    python -m tests.abuse.fuzz gs1 -max_total_time=600
"""

from __future__ import annotations

import sys

import atheris

with atheris.instrument_imports(include=["wms.core.barcodes", "wms.core.gs1", "wms.core.checkdigits", "wms.demo"]):
    from tests.abuse import test_readers as readers
    from wms.core.barcodes import BarcodeError, parse_gs1
    from wms.demo.orderbook import OrderBookError, read_order_book

HEADER = ";".join(readers.HEADER).encode() + b"\n"


def scan(data: bytes) -> None:
    readers.test_a_scan_is_clean_or_refused_by_a_code.hypothesis.inner_test(data.decode("utf-8", "surrogateescape"))


def gs1(data: bytes) -> None:
    found = parse_gs1(data.decode("latin-1"), year=2026)
    if isinstance(found, BarcodeError):
        assert found.code == "scan_too_long" or found.code.startswith("gs1_")
    else:
        assert all(ai in readers._FORMATS for ai in found.values)


def order_book(data: bytes) -> None:
    """Half of the inputs under the right header: without it nothing past the header is reached."""
    for book in (data, HEADER + data):
        try:
            readers.checked(read_order_book(book))
        except OrderBookError as error:
            assert error.code in readers.BOOK_REFUSALS  # noqa: PT017


TARGETS = {"scan": scan, "gs1": gs1, "order_book": order_book}

if __name__ == "__main__":
    target = TARGETS[sys.argv.pop(1)]  # the other arguments are libFuzzer's
    atheris.Setup(sys.argv, target)
    atheris.Fuzz()
