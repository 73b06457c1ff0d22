"""Which template draws a label: its seller's published design, else the house's, else the one built in.

A label that is drawn again (its file was lost, or a neighbour's data had to go) is drawn as it was the first time.
"""

from __future__ import annotations

import base64
import uuid
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from labels import Label, LabelRefused, Template, read_template
from labels.kinds import kind_of
from wms.platform.database import session
from wms.printing.designs.models import LabelDesign, LabelDesignVersion, LabelPicture

if TYPE_CHECKING:
    from wms.printing.models import LabelDocument

Place = tuple[str, float, float, uuid.UUID | None]  # kind, width and height in mm, seller


def versions_for(
    documents: Sequence[LabelDocument], contents: Sequence[Label | LabelRefused]
) -> list[uuid.UUID | None]:
    """The design version that draws each document, None for the built-in template. One look at the designs.

    What a document says decides its kind: a waybill across a border is one with a customs form.
    """
    kinds = [None if isinstance(each, LabelRefused) else kind_of(each).name for each in contents]
    published = _published({kind for kind in kinds if kind is not None})
    return [
        document.design_version_id
        if document.page_index is not None or kind is None
        else published.get(_place(kind, document, document.owner_id), published.get(_place(kind, document, None)))
        for document, kind in zip(documents, kinds, strict=True)
    ]


def _place(kind: str, document: LabelDocument, owner_id: uuid.UUID | None) -> Place:
    return kind, document.width_mm, document.height_mm, owner_id


def house_templates(kinds: Iterable[str], owner_id: uuid.UUID | None = None) -> list[Template]:
    """The house's published designs of these kinds, for what is drawn without a document: cards, papers that name a person.
    `owner_id`: the seller whose own go before them.
    """
    published = _published(kinds)
    chosen = {place[:3]: version for place, version in published.items() if place[3] is None}
    if owner_id is not None:
        chosen |= {place[:3]: version for place, version in published.items() if place[3] == owner_id}
    return [template_of(version) for version in chosen.values()]


def _published(kinds: Iterable[str]) -> dict[Place, uuid.UUID]:
    rows = session().execute(
        select(
            LabelDesign.kind, LabelDesign.width_mm, LabelDesign.height_mm, LabelDesign.owner_id, LabelDesignVersion.id
        )
        .join(LabelDesignVersion, LabelDesignVersion.design_id == LabelDesign.id)
        .where(LabelDesignVersion.number == LabelDesign.published, LabelDesign.kind.in_(set(kinds)))
    )
    return {(row.kind, row.width_mm, row.height_mm, row.owner_id): row.id for row in rows}


@lru_cache(maxsize=64)
def template_of(version_id: uuid.UUID) -> Template:
    """The template of a version; versions never change, so a process reads each once.

    Raises LabelRefused with the first fault of a version that can no longer be read.
    """
    version = session().get_one(LabelDesignVersion, version_id)
    template, findings = read_template(with_pictures(version.data))
    if template is None:
        raise LabelRefused(findings[0].code, {**findings[0].params, "field": findings[0].at})
    return template


def with_pictures(data: Mapping[str, Any]) -> dict[str, Any]:
    """Stored data as `labels` reads it: pictures in Base64 in the place of their names in the store."""
    names: Mapping[str, str] = data.get("images", {})
    if not names:
        return dict(data)
    rows = session().execute(
        select(LabelPicture.sha256, LabelPicture.content).where(LabelPicture.sha256.in_(names.values()))
    )
    found = {row.sha256: base64.b64encode(row.content).decode("ascii") for row in rows}
    return {**data, "images": {name: found[sha256] for name, sha256 in names.items()}}
