"""Use cases of designs: save, restore, publish, withdraw.

A draft may be wrong, so that work can be kept; it must only be readable, with pictures that are safe. Published is
only what has no fault at any resolution of ours.
"""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy.dialects.postgresql import insert

from labels import Finding, LabelRefused, Size, Template, check_template, read_template, template_data
from labels.images import check_image
from labels.media import SUPPORTED_DPI
from wms.core import clock
from wms.core.actor import Actor
from wms.core.ids import new_id
from wms.core.refusals import FieldError, Refused, invalid_fields, not_found
from wms.platform.database import session
from wms.platform.events import record
from wms.platform.locks import Rank, lock_one
from wms.printing.designs import queries
from wms.printing.designs.choice import with_pictures
from wms.printing.designs.events import DesignPublished
from wms.printing.designs.models import LabelDesign, LabelDesignVersion, LabelPicture
from wms.printing.words import PREFIX

MOST_NAMED = 20  # faults named in one refusal; the editor shows all of them beside the preview


@dataclass(frozen=True)
class Place:
    """What a design is for. `owner_id` None: every seller without a design of their own."""

    kind: str
    size: Size
    owner_id: uuid.UUID | None = None


def save(actor: Actor, place: Place, data: Mapping[str, Any], base: int, note: str | None = None) -> LabelDesignVersion:
    """A new version, made from version `base` (0: from the built-in template, for a place without a design).

    `data` is a template as `labels.template_data` writes it. Refuses `invalid_input` for what cannot be read and for
    pictures that are unsafe, `design_elsewhere` for another kind or size, `design_changed` when somebody saved since.
    """
    _require_offered(place)
    template, findings = read_template(dict(data))
    findings += _picture_faults(template)
    if template is None or findings:
        raise invalid_fields([fault(each) for each in findings[:MOST_NAMED]])
    if template.kind != place.kind or template.size != place.size:
        raise Refused("design_elsewhere", {"kind": place.kind, "size": place.size.name})
    stored = template_data(template)
    if template.images:
        stored["images"] = {name: _keep_picture(content) for name, content in template.images}
    design = _locked_at(place)
    if design.newest != base:
        raise Refused("design_changed", {"number": design.newest}, next_step="open_again")
    return _add_version(actor, design, stored, note)


def restore(actor: Actor, design_id: uuid.UUID, number: int) -> LabelDesignVersion:
    """An old version again, as the newest one; publishing it is another step."""
    design = _locked(design_id)
    old = queries.load_version(design.id, number)
    return _add_version(actor, design, old.data, None, restored_from=number)


def publish(actor: Actor, design_id: uuid.UUID, number: int) -> LabelDesignVersion:
    """Labels that are made from now on are drawn with this version. Refuses `design_has_faults`, naming them."""
    design = _locked(design_id)
    version = queries.load_version(design.id, number)
    template, findings = read_template(with_pictures(version.data))
    faults = findings if template is None else faults_of(template)
    if faults:
        errors = [fault(each).as_data() for each in faults[:MOST_NAMED]]
        raise Refused("design_has_faults", {"count": len(faults)}, errors=errors, next_step="correct")
    design.published = number
    version.published_at, version.published_by = clock.now(), actor.id
    session().flush()
    _announce(actor, design, number)
    return version


def withdraw(actor: Actor, design_id: uuid.UUID) -> LabelDesign:
    """The built-in template (or the house's design, where it was a seller's) is in force again."""
    design = _locked(design_id)
    if design.published is None:
        raise Refused("design_not_published")
    design.published = None
    session().flush()
    _announce(actor, design, 0)
    return design


def faults_of(template: Template) -> list[Finding]:
    """What stops a template from being used, on a printer of any resolution."""
    found: dict[tuple[str, str], Finding] = {}
    for dpi in SUPPORTED_DPI:
        for finding in check_template(template, dpi=dpi):
            if finding.severity == "error":
                found.setdefault((finding.code, finding.at), finding)
    return list(found.values())


def fault(finding: Finding) -> FieldError:
    """A finding as the error of a field: `elements[3].box` → /elements/3/box."""
    steps = finding.at.replace("[", ".").replace("]", "").split(".")
    return FieldError("/" + "/".join(steps), PREFIX + finding.code, finding.params)


def _require_offered(place: Place) -> None:
    if place.size not in queries.offered_sizes(place.kind):
        raise not_found("label size")
    if place.owner_id is not None and place.kind not in queries.SELLERS_KINDS:
        raise Refused("design_of_house_only")


def _picture_faults(template: Template | None) -> list[Finding]:
    found = []
    for name, content in template.images if template is not None else ():
        try:
            check_image(content)
        except LabelRefused as refusal:
            found.append(Finding(refusal.code, f"images.{name}", refusal.params))
    return found


def _keep_picture(content: bytes) -> str:
    """Store a picture that was checked; the same one once. Returns its name in the store."""
    sha256 = hashlib.sha256(content).hexdigest()
    values = {"sha256": sha256, "content": content, "created_at": clock.now()}
    session().execute(insert(LabelPicture).values(values).on_conflict_do_nothing())
    return sha256


def _locked_at(place: Place) -> LabelDesign:
    """The design of a place under lock, made when there is none; two people at once make one."""
    values = {
        "id": new_id(), "kind": place.kind, "width_mm": place.size.width_mm, "height_mm": place.size.height_mm,
        "owner_id": place.owner_id, "newest": 0, "created_at": clock.now(),
    }  # fmt: skip
    session().execute(insert(LabelDesign).values(values).on_conflict_do_nothing())
    size_mm = (place.size.width_mm, place.size.height_mm)
    found = queries.design_at(place.kind, size_mm, place.owner_id)
    if found is None:
        raise not_found("design")
    return _locked(found.id)


def _locked(design_id: uuid.UUID) -> LabelDesign:
    design = lock_one(Rank.DOCUMENT, LabelDesign, design_id)
    if design is None:
        raise not_found("design")
    return design


def _add_version(
    actor: Actor, design: LabelDesign, data: dict[str, Any], note: str | None, *, restored_from: int | None = None
) -> LabelDesignVersion:
    """The next version of a design that is locked."""
    design.newest += 1
    version = LabelDesignVersion(
        id=new_id(), design_id=design.id, number=design.newest, data=data, note=(note or "").strip()[:120] or None,
        restored_from=restored_from, made_by=actor.id, made_at=clock.now(),
    )  # fmt: skip
    session().add(version)
    session().flush()
    return version


def _announce(actor: Actor, design: LabelDesign, number: int) -> None:
    record(
        DesignPublished(
            subject_id=design.id, warehouse_id=None, owner_id=design.owner_id, number=number, by=str(actor.id)
        )
    )


def kinds_of(findings: Sequence[Finding]) -> tuple[int, int]:
    """How many errors and warnings."""
    errors = sum(finding.severity == "error" for finding in findings)
    return errors, len(findings) - errors
