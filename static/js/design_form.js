// The form of one element: an input for each attribute, by what the vocabulary says about it.

/** An HTML element with properties and children. */
export function made(tag, properties = {}, ...children) {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children);
  return element;
}

const field = (label, control) => made("label", { className: "field" }, made("span", { className: "field-label", textContent: label }), control);

export function icon(name, base) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
  use.setAttribute("href", `${base}#${name}`);
  svg.append(use);
  return svg;
}

function numberInput(value, change, { least, most, whole, label = "" } = {}) {
  const input = made("input", { className: "input", type: "number", step: whole ? "1" : "0.1", inputMode: "decimal", value: value ?? "" });
  if (least !== undefined) input.min = least;
  if (most !== undefined) input.max = most;
  if (label) input.setAttribute("aria-label", label);
  input.addEventListener("input", () => change(input.value === "" ? undefined : Number(input.value)));
  return input;
}

/** Numbers side by side: a box of four, a point of two. */
function numbers(value, count, change, label) {
  const now = Array.from({ length: count }, (_, place) => value?.[place] ?? 0);
  const inputs = now.map((each, place) => numberInput(each, (given) => { now[place] = given ?? 0; change([...now]); }, { label: `${label} ${place + 1}` }));
  return made("span", { className: count === 4 ? "design-four" : "design-two" }, ...inputs);
}

function select(options, value, change) {
  const control = made("select", { className: "select" }, ...options.map(([name, text]) => made("option", { value: name, textContent: text })));
  if (value !== undefined && !options.some(([name]) => name === value)) control.append(made("option", { value, textContent: value }));
  control.value = value ?? options[0]?.[0] ?? "";
  control.addEventListener("change", () => change(control.value));
  return control;
}

const fieldOptions = (fields) => fields.map(({ name, example }) => [name, example ? `${name} — ${example}` : name]);

function valueInput(value, change, setup, fields) {
  const input = made("input", { className: "input", value: value ?? "", maxLength: 500, spellcheck: false });
  input.addEventListener("input", () => change(input.value));
  const insert = select([["", setup.texts.insert], ...fieldOptions(fields.filter((each) => !each.list))], "", (name) => {
    const at = input.selectionStart ?? input.value.length;
    input.value = `${input.value.slice(0, at)}{${name}}${input.value.slice(at)}`;
    insert.value = "";
    change(input.value);
  });
  insert.setAttribute("aria-label", setup.texts.insert);
  return made("span", { className: "design-value" }, input, insert);
}

function symbologyInput(value, change, setup, fields) {
  const saying = fields.filter((each) => each.name === "symbology").map((each) => [`{${each.name}}`, `{${each.name}} — ${each.example}`]);
  return select([...setup.symbologies.map((name) => [name, name]), ...saying], value, change);
}

/** What is tried when a code is too wide: up to four lines of kind and value. */
function fallbacks(value, change, setup, fields) {
  const now = structuredClone(value ?? []);
  const told = () => change(now.length ? structuredClone(now) : undefined);
  const lines = now.map((each, place) => made("div", { className: "design-value" },
    select(setup.symbologies.map((name) => [name, name]), each.symbology, (name) => { each.symbology = name; told(); }),
    valueInput(each.value, (text) => { each.value = text; told(); }, setup, fields),
    button(setup.texts.remove, () => { now.splice(place, 1); told(); })));
  if (now.length < 4) lines.push(button(setup.texts.add_fallback, () => { now.push({ symbology: "datamatrix", value: "{barcode}" }); told(); }));
  return made("div", { className: "stack-tight" }, ...lines);
}

function button(text, act) {
  const found = made("button", { type: "button", className: "button button-small", textContent: text });
  found.addEventListener("click", act);
  return found;
}

const asValues = (text) => text.split(/[,，]/).map((each) => each.trim()).filter(Boolean);

/** `change(name, value, again)`: an attribute got a value, undefined for its default; `again` asks for the form anew. */
export function formOf(element, setup, { fields, lists, pictures }, change) {
  const controls = [];
  for (const about of setup.words[element.type].attributes) {
    const value = element[about.name];
    const set = (given) => change(about.name, given);
    const label = about.label;
    const make = {
      box: () => field(label, numbers(value, 4, set, label)),
      point: () => field(label, numbers(value, 2, set, label)),
      number: () => field(label, numberInput(value ?? about.default, set, about)),
      choice: () => field(label, select(about.choices, value ?? about.default, set)),
      value: () => field(label, valueInput(value, set, setup, fields)),
      symbology: () => field(label, symbologyInput(value, set, setup, fields)),
      field: () => field(label, select(fieldOptions(element.type === "rows" ? lists : fields), value, set)),
      name: () => field(label, select(pictures.map((name) => [name, name]), value, set)),
      flag: () => {
        const box = made("input", { type: "checkbox", className: "checkbox", checked: value ?? about.default ?? false });
        box.addEventListener("change", () => set(box.checked));
        return made("label", { className: "check-line" }, box, made("span", { textContent: label }));
      },
      values: () => {
        const input = made("input", { className: "input", value: (value ?? []).join(", ") });
        input.addEventListener("input", () => { const given = asValues(input.value); set(given.length ? given : undefined); });
        return field(label, input);
      },
      fallbacks: () => made("div", { className: "field" }, made("span", { className: "field-label", textContent: label }),
        fallbacks(value, (given) => change(about.name, given, true), setup, fields)),
    }[about.type];
    if (make) controls.push(make());   // "elements" are the tree's
  }
  return controls;
}
