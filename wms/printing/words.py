"""What is wrong with a label or a design, in words: every code of the `labels` package and of our label sources.

The package speaks codes; a label that was refused keeps its code, its field and the numbers of the reason. Codes stand
under `label.` among the refusals of the system, because some words mean less elsewhere (`too_long`, `unknown_field`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from wms.platform.i18n import N_, refusal_texts

PREFIX = "label."

# Why a label cannot be printed as it is given.
_CONTENT = {
    "bad_characters": N_("has characters that this bar code cannot hold"),
    "bad_choice": N_("is none of the values allowed"),
    "bad_count": N_("is no whole number from 1 to %(limit)s"),
    "bad_element_data": N_("has GS1 data that its identifier does not allow"),
    "bad_element_string": N_("is no GS1 text: identifiers stand in brackets"),
    "bad_entry": N_("is no list of the right entries"),
    "bad_number_of_total": N_("counts further than its total (%(number)s of %(total)s)"),
    "barcode_differs": N_("the bar code would say something else than was promised"),
    "customs_values": N_("a value for customs is missing, or they are of several currencies"),
    "carriers_own": N_("the carrier draws this label: ask it for the waybill again"),
    "code_does_not_fit": N_(
        "the bar code needs %(needed_width_mm)s mm and has %(box_width_mm)s × %(box_height_mm)s mm"
    ),
    "control_character": N_("has a control character at place %(position)s (counted from 0)"),
    "empty": N_("is empty"),
    "gone": N_("what it was for is no longer there"),
    "missing_field": N_("is missing"),
    "missing_glyph": N_("has a character at place %(position)s (counted from 0) that the font cannot draw"),
    "no_barcode": N_("the product has no such bar code for one unit"),
    "no_source": N_("nobody says what this kind of label shows"),
    "not_digits": N_("must be %(length)s digits"),
    "not_text": N_("is no text"),
    "sellers_own": N_("the seller brings this label: ask for its file again"),
    "source_gone": N_("what it was for is no longer there"),
    "symbol_not_readable": N_("the bar code cannot be read back"),
    "text_does_not_fit": N_("the text does not fit and must not be cut"),
    "too_long": N_("is too long: at most %(limit)s"),
    "too_many_entries": N_("has too many entries: at most %(limit)s"),
    "unknown_identifier": N_("has a GS1 identifier that does not exist"),
    "wrong_check_digit": N_("has a wrong check digit"),
}
# What is wrong with what was asked for.
_REQUEST = {
    "bad_dpi": N_("is no resolution that is offered: 203, 300 or 600 dpi"),
    "bad_size": N_("is no length from 20 to 300 mm"),
    "bad_start": N_("the first label must stand in one of the sheet's places, 0 to %(limit)s"),
    "input_too_large": N_("is too large: at most %(limit)s bytes"),
    "no_labels": N_("there is no label in it"),
    "no_such_page": N_("the file has only %(pages)s pages"),
    "size_not_offered": N_("this kind of label has no such size"),
    "too_many_pages": N_("a file holds at most %(limit)s pages"),
    "unknown_kind": N_("there is no such kind of label"),
    "unknown_label": N_("there is no such kind of label"),
    "unknown_symbology": N_("there is no such kind of bar code"),
}
# What the form of a design breaks.
_FORM = {
    "bad_box": N_("a place is four numbers: left, top, width, height"),
    "bad_braces": N_("a field's name stands in braces, like {sku}; write {{ for a brace itself"),
    "bad_fallbacks": N_("at most four other bar codes, each with its kind and its value"),
    "bad_field": N_("is no field's name"),
    "bad_images": N_("at most %(limit)s pictures"),
    "bad_name": N_("is no name: small letters, digits and _"),
    "bad_point": N_("a point is two numbers: from the left, from the top"),
    "bad_value": N_("is empty or longer than %(limit)s characters"),
    "bad_values": N_("must be 1 to 50 short values"),
    "missing_attribute": N_("is missing"),
    "not_a_list": N_("must be a list"),
    "not_a_number": N_("must be a number"),
    "not_a_whole_number": N_("must be a whole number"),
    "not_an_object": N_("must be an object"),
    "not_true_or_false": N_("must be yes or no"),
    "out_of_range": N_("must be from %(least)s to %(most)s"),
    "too_deep": N_("is nested deeper than %(limit)s"),
    "too_many_elements": N_("has more than %(limit)s elements"),
    "unknown_attribute": N_("is no attribute of this element"),
    "unknown_choice": N_("is none of the words allowed"),
    "unknown_word": N_("is no kind of element"),
}
# What a design would print wrongly.
_PRINTED = {
    "covered": N_("is painted over by a later area"),
    "falls_back": N_("for some contents another bar code is printed, because this one is too wide"),
    "line_below_one_dot": N_("is thinner than one dot of the printer (%(dot_mm)s mm)"),
    "module_below_two_dots": N_("the bars would be thinner than two dots of the printer: scanners would not read them"),
    "not_a_list_field": N_("is no field that holds a list"),
    "not_a_text_field": N_("holds a list and cannot stand in a text or bar code"),
    "oblique_line": N_("must be level or upright"),
    "outside_cell": N_("lies outside its row (%(cell_width_mm)s × %(cell_height_mm)s mm)"),
    "outside_page": N_("lies outside the label (%(width_mm)s × %(height_mm)s mm)"),
    "outside_printable": N_("lies in the white edge of %(margin_mm)s mm that printers cannot reach"),
    "overlap": N_("overlaps another element"),
    "quiet_zone": N_("disturbs the white space that a bar code needs around it"),
    "row_taller_than_box": N_("a row is taller than its place"),
    "same_colour": N_("has the colour of the area behind it and cannot be seen"),
    "sizes_crossed": N_("the smallest size of type is larger than the largest"),
    "text_cut": N_("some contents are too long and would be cut with “…”"),
    "text_taller_than_box": N_("the smallest type is taller than its place"),
    "unknown_field": N_("there is no such field on this label"),
    "unknown_image": N_("there is no such picture in this design"),
    "white_on_paper": N_("is white on white paper and cannot be seen"),
}
# Files from outside: pictures, and labels that others made.
_FILES = {
    "image_broken": N_("the picture is damaged"),
    "image_not_png": N_("the picture is no PNG file; save the logo as PNG"),
    "image_too_large": N_("the picture is too large: at most 1 MB and 4,000 × 4,000 dots, 8 million in all"),
    "number_on_no_page": N_("there are more tracking numbers than pages"),
    "page_not_readable": N_("no bar code on page %(page)s can be read"),
    "page_of_another": N_("no bar code on page %(page)s says the tracking number it would have to"),
    "not_a_pdf": N_("the file is no PDF"),
    "pdf_broken": N_("the PDF is damaged"),
    "pdf_encrypted": N_("the PDF is locked with a password"),
    "pdf_takes_too_long": N_("the PDF takes too long to open"),
    "pdf_too_demanding": N_("the PDF needs too much memory or time"),
    "pdf_too_large": N_("the PDF is larger than %(limit)s bytes"),
    "wrong_pages": N_("the PDF has %(pages)s pages instead of %(expected)s"),
    "wrong_size": N_("page %(page)s measures %(width_mm)s × %(height_mm)s mm, which is not the label's size"),
}
CODES = {**_CONTENT, **_REQUEST, **_FORM, **_PRINTED, **_FILES}
TEXTS = {PREFIX + code: text for code, text in CODES.items()}


def sentence(code: str, params: Mapping[str, Any]) -> str:
    """The reader's words for a code of the package; raises KeyError for none of ours, which a test excludes."""
    return refusal_texts.translate(PREFIX + code, params)


def numbers_of(params: Mapping[str, Any]) -> dict[str, int | float]:
    """The numbers of a reason: all of it that may be stored, since a text can be a person's."""
    return {name: value for name, value in params.items() if isinstance(value, int | float) and name != "label"}
