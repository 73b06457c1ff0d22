"""What is wrong with a template, said before it prints: for the editor's list beside the preview.

Form is judged by `template_data`; here stands what would be printed: fields that do not exist, modules
below two dots, ink outside the printable area, overlaps, broken quiet zones, codes without room.
Sample contents decide what can only be known with contents: the built-in ones, or those given.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from labels.barcodes import encode
from labels.content import Label
from labels.content.rules import EntriesRule, PartRule, TextRule
from labels.errors import LabelRefused
from labels.fields import field_names, field_rule
from labels.geometry import Box, within
from labels.images import check_image
from labels.inks import MOST_INKS, collisions, inks, on_paper
from labels.kinds import KINDS
from labels.media import POINTS_PER_MM, Resolution
from labels.placement import FEWEST_DOTS_PER_MODULE, DotBox, place_in_dots
from labels.plan import Entry, condition_met
from labels.samples import samples_of
from labels.template_data import Finding, read_template
from labels.textfit import fit
from labels.typeface import CAP_HEIGHT_EM, as_set, missing_glyphs
from labels.values import compiled, fields_in, pieces, plain
from labels.vocabulary import Code, Condition, Element, Image, Line, Rectangle, Rows, Template, Text


def check_template_data(
    data: object, *, dpi: int = 203, contents: Sequence[Label] | None = None
) -> tuple[Template | None, list[Finding]]:
    """A template from JSON data with everything that is wrong with it; None when its form is.

    A template with an `error` among its findings must not be used.
    """
    template, findings = read_template(data)
    if template is not None:
        findings = check_template(template, dpi=dpi, contents=contents)
    return template, findings


def check_template(template: Template, *, dpi: int = 203, contents: Sequence[Label] | None = None) -> list[Finding]:
    """What is wrong with a template on a printer of this resolution, errors first. Raises LabelRefused("bad_dpi")."""
    kind = KINDS.get(template.kind)
    if kind is None:
        return [Finding("unknown_kind", "kind", {"kind": template.kind, "offered": ", ".join(KINDS)})]
    given = samples_of(template.kind, template.size) if contents is None else tuple(contents)
    walk = _Walk(template, Resolution(dpi))
    walk.images()
    for place, element in enumerate(template.elements):
        walk.element(element, f"elements[{place}]", kind.content, given, None)
    if not any(finding.severity == "error" for finding in walk.findings):
        walk.collisions()
    return sorted(walk.findings, key=lambda finding: finding.severity)


# Nobody reads more, and a design of nonsense must not take the editor's time.
MOST_FINDINGS = 200
# For a person's eye; everything else must be put right.
_WARNINGS = frozenset({"line_below_one_dot", "text_cut", "falls_back"})


class _Walk:
    """Goes through a template, collecting findings."""

    def __init__(self, template: Template, resolution: Resolution) -> None:
        self.findings: list[Finding] = []
        self._said: set[tuple[object, ...]] = set()
        self._template = template
        self._resolution = resolution
        self._images = {name for name, _ in template.images}

    def _found(self, code: str, at: str, **params: str | int | float) -> None:
        self._add(Finding(code, at, params, "warning" if code in _WARNINGS else "error"))

    def _add(self, finding: Finding) -> None:
        said = (finding.code, finding.at, tuple(finding.params.items()))
        if said not in self._said and len(self._said) < MOST_FINDINGS:
            self._said.add(said)
            self.findings.append(finding)

    def images(self) -> None:
        for name, data in self._template.images:
            try:
                check_image(data)
            except LabelRefused as refusal:
                self._found(refusal.code, f"images.{name}", **refusal.params)

    def element(self, element: Element, at: str, content: type[Any], contents: Sequence[Any], cell: Box | None) -> None:
        """Judge one element; `contents` are those under which it is printed, `cell` the one it stands in."""
        if isinstance(element, Condition):
            self._condition(element, at, content, contents, cell)
            return
        self._place(element, at, cell)
        if isinstance(element, Text):
            self._text(element, at, content, contents)
        elif isinstance(element, Code):
            self._code(element, at, content, contents)
        elif isinstance(element, Rows):
            self._rows(element, at, content, contents)
        elif isinstance(element, Image) and element.image not in self._images:
            self._found("unknown_image", at, image=element.image)

    def _place(self, element: Element, at: str, cell: Box | None) -> None:
        """On the page, in the printable area, in the cell; not thinner than a dot."""
        if isinstance(element, Line) and element.start[0] != element.end[0] and element.start[1] != element.end[1]:
            self._found("oblique_line", at)
            return
        thickness = getattr(element, "thickness_mm", None)
        filled = isinstance(element, Rectangle) and element.filled
        if thickness is not None and not filled and thickness < self._resolution.dot_mm * 0.8:
            self._found("line_below_one_dot", at, thickness_mm=thickness, dot_mm=round(self._resolution.dot_mm, 3))
        box = _along(element) if isinstance(element, Line) else element.box  # type: ignore[union-attr]
        if cell is not None:
            if not within(box, Box(0, 0, cell.width, cell.height), 0.3):
                self._found(
                    "outside_cell", at, cell_width_mm=round(cell.width, 2), cell_height_mm=round(cell.height, 2)
                )
            return
        size = self._template.size
        if not within(box, Box(0, 0, size.width_mm, size.height_mm)):
            self._found("outside_page", at, width_mm=size.width_mm, height_mm=size.height_mm)
        elif not isinstance(element, Code) and not within(box, self._template.printable, 0.06):
            # The quiet zones of a code may be margin; whether its bars are is judged with contents.
            self._found("outside_printable", at, margin_mm=self._template.margin_mm)

    def _known(self, value: str, at: str, content: type[Any], *, lists: bool) -> bool:
        """Whether the fields of a value exist and can be shown."""
        right = True
        for name in fields_in(value):
            rule = field_rule(content, name, in_rows=not issubclass(content, Label))
            if rule is None:
                self._found("unknown_field", at, field=name, offered=", ".join(field_names(content)))
                right = False
            elif isinstance(rule, EntriesRule | PartRule) or (
                not lists and isinstance(rule, TextRule) and rule.most_entries > 1
            ):
                self._found("not_a_text_field", at, field=name)
                right = False
        for is_field, literal in pieces(value):
            if not is_field:
                right = self._drawable(literal, at) and right
        return right

    def _drawable(self, literal: str, at: str) -> bool:
        for position, character in missing_glyphs(literal):
            self._found("missing_glyph", at, position=position, character=character)
        return not missing_glyphs(literal)

    def _text(self, text: Text, at: str, content: type[Any], contents: Sequence[Any]) -> None:
        if text.smallest_pt > text.largest_pt:
            self._found("sizes_crossed", at, largest_pt=text.largest_pt, smallest_pt=text.smallest_pt)
            return
        if text.smallest_pt * CAP_HEIGHT_EM > text.box.height * POINTS_PER_MM + 0.05:
            self._found("text_taller_than_box", at, smallest_pt=text.smallest_pt, height_mm=text.box.height)
        if not self._known(text.value, f"{at}.value", content, lists=True):
            return
        for each in contents:
            shown = compiled(text.value)(each)
            paragraphs = tuple(line for line in ((shown,) if isinstance(shown, str) else shown) if line.strip())
            if paragraphs and self._is_cut(text, paragraphs):
                code = "text_does_not_fit" if text.overflow == "refuse" else "text_cut"
                self._found(code, at, content=plain(shown)[:80])
                return

    def _is_cut(self, text: Text, paragraphs: tuple[str, ...]) -> bool:
        return fit(
            tuple(map(as_set, paragraphs)),
            text.box.width * POINTS_PER_MM,
            text.box.height * POINTS_PER_MM,
            largest_pt=text.largest_pt,
            smallest_pt=text.smallest_pt,
            most_lines=text.lines,
        ).cut

    def _code(self, code: Code, at: str, content: type[Any], contents: Sequence[Any]) -> None:
        values = [code.symbology, code.value, *(each.value for each in code.fallbacks)]
        known = [self._known(value, f"{at}.value", content, lists=False) for value in values]
        if not all(known):
            return
        least_mm = FEWEST_DOTS_PER_MODULE * self._resolution.dot_mm
        if code.preferred_mm is not None and code.preferred_mm < least_mm * 0.99:
            self._found(
                "module_below_two_dots", f"{at}.preferred_mm", module_mm=code.preferred_mm, least_mm=round(least_mm, 3)
            )
        wrong = [refused for refused in (self._try_code(code, at, each) for each in contents) if refused is not None]
        for reason, params in wrong:
            # What only a few contents suffer is refused when they come; a code that none fits is a mistake.
            self._add(Finding(reason, at, params, "error" if len(wrong) == len(contents) else "warning"))

    def _try_code(self, code: Code, at: str, content: Any) -> tuple[str, dict[str, str | int | float]] | None:
        """Place the symbol of one content; why it cannot be printed, or None."""
        box = DotBox.inside(code.box, self._resolution)
        symbology, value = plain(compiled(code.symbology)(content)), plain(compiled(code.value)(content))
        fallbacks = [(each.symbology, plain(compiled(each.value)(content))) for each in code.fallbacks]
        try:
            placed = place_in_dots(symbology, value, box, self._resolution, code.preferred_mm, fallbacks)
        except LabelRefused as refusal:
            return self._why(refusal, symbology, value, box), {**refusal.params, "content": value}
        if (placed.symbol.symbology, placed.symbol.content) != (symbology, value):
            self._found("falls_back", at, content=value, symbology=placed.symbol.symbology)
        quiet = placed.symbol.quiet_left * placed.dots_per_module * self._resolution.dot_mm
        whole = placed.box(self._resolution.dot_mm, 0, 0)
        dark = whole.inset(quiet, quiet if placed.symbol.is_matrix else 0)
        if not within(dark, self._template.printable, 0.1):
            return "outside_printable", {"margin_mm": self._template.margin_mm}
        return None

    def _why(self, refusal: LabelRefused, symbology: str, value: str, box: DotBox) -> str:
        """Whether a code without room would have had some with modules below two dots."""
        if refusal.code != "code_does_not_fit":
            return refusal.code
        symbol = encode(symbology, value)
        modules = symbol.quiet_left + symbol.width + symbol.quiet_right
        if (box.right - box.left) / modules < FEWEST_DOTS_PER_MODULE:
            return "module_below_two_dots"
        return refusal.code

    def _condition(
        self, condition: Condition, at: str, content: type[Any], contents: Sequence[Any], cell: Box | None
    ) -> None:
        if field_rule(content, condition.field) is None:
            self._found("unknown_field", f"{at}.field", field=condition.field, offered=", ".join(field_names(content)))
            return
        met = condition_met(condition)
        yes = [each for each in contents if met(each)]
        no = [each for each in contents if not met(each)]
        for number, each in enumerate(condition.elements):
            self.element(each, f"{at}.elements[{number}]", content, yes, cell)
        for number, each in enumerate(condition.otherwise):
            self.element(each, f"{at}.otherwise[{number}]", content, no, cell)

    def _rows(self, rows: Rows, at: str, content: type[Any], contents: Sequence[Any]) -> None:
        rule = field_rule(content, rows.field)
        if not isinstance(rule, EntriesRule):
            code = "unknown_field" if rule is None else "not_a_list_field"
            self._found(code, f"{at}.field", field=rows.field)
            return
        if rows.row_mm > rows.box.height + 0.01:
            self._found("row_taller_than_box", at, row_mm=rows.row_mm, height_mm=rows.box.height)
            return
        listed = [entry for each in contents for entry in getattr(each, rows.field)]
        entries = [Entry(entry, place + 1) for place, entry in enumerate(listed)]
        for number, each in enumerate(rows.elements):
            self.element(each, f"{at}.elements[{number}]", rule.entry, entries, rows.cell(0))

    def collisions(self) -> None:
        """What lies on what it must not lie on; asked once the rest is right."""
        printed = inks(self._template)
        if len(printed) > MOST_INKS:
            self._found("too_many_elements", "elements", limit=MOST_INKS)
            return
        for reason, later, earlier in collisions(printed):
            self._found(reason, later.at, other=earlier.at)
            if len(self._said) == MOST_FINDINGS:
                return
        for ink in on_paper(printed):
            self._found("white_on_paper", ink.at)


def _along(line: Line) -> Box:
    """A line's own course: half of its thickness may stand over an edge it is drawn on."""
    (x1, y1), (x2, y2) = line.start, line.end
    return Box(min(x1, x2), min(y1, y2), abs(x2 - x1), abs(y2 - y1))
