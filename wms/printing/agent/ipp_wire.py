"""IPP on the wire (RFC 8010): what this program says and understands of it, no more."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

CONTENT_TYPE = "application/ipp"
PRINT_JOB, CREATE_JOB, SEND_DOCUMENT, CANCEL_JOB = 0x0002, 0x0005, 0x0006, 0x0008
GET_JOB_ATTRIBUTES, GET_JOBS, GET_PRINTER_ATTRIBUTES = 0x0009, 0x000A, 0x000B
OPERATION, JOB, END, PRINTER = 0x01, 0x02, 0x03, 0x04  # groups
INTEGER, BOOLEAN, ENUM, NAME, TEXT = 0x21, 0x22, 0x23, 0x42, 0x41
KEYWORD, URI, CHARSET, LANGUAGE, MIME = 0x44, 0x45, 0x47, 0x48, 0x49
_NUMBERS = {INTEGER, ENUM}
_MOST = 64 * 1024  # of one value


class WrongIpp(ValueError):
    """These bytes are no IPP message."""


@dataclass
class Message:
    """`code`: an operation asked, or a status answered. A group is (tag, name → list of values)."""

    code: int
    request_id: int = 1
    groups: list[tuple[int, dict[str, list[Any]]]] = field(default_factory=list)
    data: bytes = b""

    def value(self, name: str, tag: int | None = None) -> Any:
        """The first value of an attribute, in the first group that has it; None without."""
        return next(iter(self.values(name, tag)), None)

    def values(self, name: str, tag: int | None = None) -> list[Any]:
        for each, attributes in self.groups:
            if tag in (None, each) and name in attributes:
                return attributes[name]
        return []

    def of_tag(self, tag: int) -> Iterator[dict[str, list[Any]]]:
        return (attributes for each, attributes in self.groups if each == tag)


@dataclass(frozen=True)
class Attribute:
    """One attribute to be sent, with the tag of its values."""

    name: str
    tag: int
    values: tuple[Any, ...]


def ask(operation: int, uri: str, *more: Attribute, job: tuple[Attribute, ...] = (), data: bytes = b"") -> bytes:
    """A request for the printer at `uri`: operation attributes in the order that RFC 8011 wants, then the job's."""
    first = [
        Attribute("attributes-charset", CHARSET, ("utf-8",)),
        Attribute("attributes-natural-language", LANGUAGE, ("en",)),
        Attribute("printer-uri", URI, (uri,)),
    ]
    body = struct.pack(">BBHI", 1, 1, operation, 1) + _group(OPERATION, [*first, *more])
    if job:
        body += _group(JOB, list(job))
    return body + bytes([END]) + data


def answer(status: int, groups: list[tuple[int, list[Attribute]]], request_id: int = 1) -> bytes:
    """An answer, for those who play a printer."""
    body = struct.pack(">BBHI", 1, 1, status, request_id)
    return body + b"".join(_group(tag, attributes) for tag, attributes in groups) + bytes([END])


def _group(tag: int, attributes: list[Attribute]) -> bytes:
    parts = [bytes([tag])]
    for attribute in attributes:
        name = attribute.name.encode()
        for value in attribute.values:
            content = _written(attribute.tag, value)
            parts.append(
                struct.pack(">BH", attribute.tag, len(name)) + name + struct.pack(">H", len(content)) + content
            )
            name = b""
    return b"".join(parts)


def _written(tag: int, value: Any) -> bytes:
    if tag in _NUMBERS:
        return struct.pack(">i", value)
    if tag == BOOLEAN:
        return bytes([bool(value)])
    return str(value).encode()


def read(content: bytes) -> Message:
    """A message from its bytes; what follows its attributes is `data`. Collections are skipped. Raises WrongIpp."""
    try:
        _, _, code, request_id = struct.unpack_from(">BBHI", content)
        message, place, name, depth = Message(code, request_id), 8, "", 0
        while (tag := content[place]) != END:
            place += 1
            if tag < 0x10:
                message.groups.append((tag, {}))
                continue
            found, place = _bytes(content, place)
            value, place = _bytes(content, place)
            depth += (tag == 0x34) - (tag == 0x37)
            if depth or tag == 0x37 or tag == 0x4A:
                continue
            name = found.decode() or name
            message.groups[-1][1].setdefault(name, []).append(_value(tag, value))
    except (struct.error, IndexError, UnicodeDecodeError) as fault:
        raise WrongIpp(str(fault)) from fault
    message.data = content[place + 1 :]
    return message


def _bytes(content: bytes, place: int) -> tuple[bytes, int]:
    (length,) = struct.unpack_from(">H", content, place)
    end = place + 2 + length
    if length > _MOST or end > len(content):
        raise IndexError("a value goes beyond the end")
    return content[place + 2 : end], end


def _value(tag: int, value: bytes) -> Any:
    if tag in _NUMBERS:
        return int(struct.unpack(">i", value)[0])
    if tag == BOOLEAN:
        return value != b"\0"
    return value if tag < 0x40 else value.decode("utf-8", "replace")
