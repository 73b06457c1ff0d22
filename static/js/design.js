// The editor of a label design. The design is JSON in the words of the label library; the server draws it and says what is
// wrong with it after every change. Nothing is stored before "Save a version" is pressed.

import { Canvas } from "./design_canvas.js";
import { formOf, icon, made } from "./design_form.js";
import { elementAt, homeOf, ownerOf, walk } from "./design_paths.js";

const WAIT_MS = 250;
const PX_PER_MM = 96 / 25.4;
const LARGEST_PICTURE = 1_000_000;
const MOST_PICTURES = 4;
const MOST_UNDONE = 100;
const find = (name) => document.querySelector(`[data-design-${name}]`);

class Editor {
  constructor(root) {
    this.setup = JSON.parse(root.dataset.setup);
    this.data = this.setup.data;
    this.size = { width: Number(root.dataset.width), height: Number(root.dataset.height) };
    this.chosen = "";
    this.wrong = new Set();
    this.past = [];
    this.saved = this.text();
    this.icons = document.querySelector("use").getAttribute("href").replace(/#.*/, "");
    this.canvas = new Canvas(find("overlay"), this.size, this);
    this.word = find("word");
    this.word.append(...Object.entries(this.setup.words).map(([name, { name: text }]) => made("option", { value: name, textContent: text })));
    this.wire();
    this.show();
    this.look();
  }

  text() { return JSON.stringify(this.data); }

  // ---------- changes ----------

  /** Remember how it was, then change it. */
  change(act) {
    this.past = [...this.past.slice(1 - MOST_UNDONE), this.text()];
    act();
    this.show();
    this.later();
  }

  patch(at, changes, isDone) {
    const element = elementAt(this.data, at);
    if (!this.before) this.before = this.text();
    Object.assign(element, changes);
    if (!isDone) { this.canvas.draw(); this.later(); return; }
    if (this.before !== this.text()) this.past = [...this.past.slice(1 - MOST_UNDONE), this.before];
    this.before = null;
    this.show();
    this.later();
  }

  set(name, value, again) {
    const element = elementAt(this.data, this.chosen);
    this.past = [...this.past.slice(1 - MOST_UNDONE), this.text()];
    if (value === undefined) delete element[name];
    else element[name] = value;
    if (again) this.show();
    else { this.tree(); this.canvas.draw(); this.buttons(); }
    this.later();
  }

  undo() {
    const before = this.past.pop();
    if (before === undefined) return;
    this.data = JSON.parse(before);
    if (this.chosen && !elementAt(this.data, this.chosen)) this.chosen = "";
    this.show();
    this.later();
  }

  /** A new element behind the chosen one, or inside it where it holds others (`branch`: elements or otherwise). */
  add(branch = "elements") {
    const element = this.fresh(this.word.value);
    this.change(() => {
      const holder = this.chosen && elementAt(this.data, this.chosen);
      if (holder && (holder.type === "condition" || holder.type === "rows")) {
        holder[branch] = [...(holder[branch] ?? []), element];
        this.chosen += `.${branch}[${holder[branch].length - 1}]`;
      } else if (this.chosen) {
        const home = homeOf(this.data, this.chosen);
        home.list.splice(home.place + 1, 0, element);
        this.chosen = `${home.before}[${home.place + 1}]`;
      } else {
        this.data.elements.push(element);
        this.chosen = `elements[${this.data.elements.length - 1}]`;
      }
    });
  }

  fresh(type) {
    const { fields } = this.setup;
    const first = fields.find((each) => !each.list)?.name ?? "";
    const barcode = fields.find((each) => /barcode|number/.test(each.name))?.name ?? first;
    const edge = this.data.margin_mm ?? 2;
    const width = Math.min(30, this.size.width - 2 * edge);
    return {
      text: { type, box: [edge, edge, width, 5], value: `{${first}}`, largest_pt: 10, smallest_pt: 6 },
      code: { type, box: [edge, edge, this.size.width - 2 * edge, 14], symbology: "code128", value: `{${barcode}}` },
      line: { type, start: [edge, edge], end: [edge + width, edge] },
      box: { type, box: [edge, edge, width, 8] },
      image: { type, box: [edge, edge, Math.min(15, width), 10], image: this.pictures()[0] ?? "logo" },
      condition: { type, field: first, elements: [] },
      rows: { type, field: Object.keys(this.setup.lists)[0] ?? first, box: [edge, edge, width, 20], row_mm: 5, elements: [] },
    }[type];
  }

  remove() {
    if (!this.chosen) return;
    this.change(() => {
      const { list, place } = homeOf(this.data, this.chosen);
      list.splice(place, 1);
      this.chosen = "";
    });
  }

  shift(way) {
    const { list, place, before } = homeOf(this.data, this.chosen);
    if (way === "remove") { this.remove(); return; }
    const target = way === "up" ? place - 1 : place + 1;
    if (way !== "copy" && (target < 0 || target >= list.length)) return;
    this.change(() => {
      if (way === "copy") list.splice(place + 1, 0, structuredClone(list[place]));
      else [list[place], list[target]] = [list[target], list[place]];
      this.chosen = `${before}[${target}]`;
    });
  }

  // ---------- what is shown ----------

  choose(at) {
    if (at === this.chosen) return;
    this.chosen = at;
    this.show();
  }

  show() {
    this.tree();
    this.form();
    this.canvas.draw();
    this.showPictures();
    this.buttons();
    const raw = find("raw");
    if (document.activeElement !== raw) raw.value = JSON.stringify({ ...this.data, images: undefined }, null, 2);
  }

  buttons() {
    find("undo").disabled = this.past.length === 0;
    find("moves").hidden = !this.chosen;
  }

  tree() {
    const listOf = (elements, before) => made("ol", {}, ...elements.map((element, place) => this.line(element, `${before}[${place}]`, listOf)));
    find("tree").replaceChildren(...listOf(this.data.elements ?? [], "elements").childNodes);
  }

  line(element, at, listOf) {
    const about = element.value ?? element.field ?? element.image ?? (element.box ?? [...(element.start ?? []), ...(element.end ?? [])]).map((each) => Math.round(each * 10) / 10).join(" · ");
    const row = made("button", { type: "button" }, this.setup.words[element.type]?.name ?? String(element.type), made("small", { textContent: about }));
    row.dataset.at = at;
    if (at === this.chosen) row.setAttribute("aria-current", "true");
    if (this.wrong.has(at)) row.classList.add("wrong");
    const item = made("li", {}, row);
    if (Array.isArray(element.elements)) item.append(listOf(element.elements, `${at}.elements`));
    if (element.otherwise?.length) {
      const words = this.setup.words.condition.attributes.find((each) => each.name === "otherwise").label;
      item.append(made("div", { className: "branch", textContent: words }), listOf(element.otherwise, `${at}.otherwise`));
    }
    return item;
  }

  form() {
    const host = find("form");
    const element = this.chosen && elementAt(this.data, this.chosen);
    if (!element || !this.setup.words[element.type]) {
      const edge = made("input", { className: "input", type: "number", min: 0, max: 20, step: 0.5, value: this.data.margin_mm ?? 2 });
      edge.addEventListener("input", () => { this.past.push(this.text()); this.data.margin_mm = Number(edge.value); this.buttons(); this.later(); });
      host.replaceChildren(made("p", { className: "muted", textContent: this.setup.texts.nothing_selected }),
        made("label", { className: "field" }, made("span", { className: "field-label", textContent: this.setup.texts.edge }), edge));
      return;
    }
    const inside = [...walk(this.data.elements)].find((each) => each.at === this.chosen)?.entries;
    const fields = inside ? this.setup.lists[inside] ?? [] : this.setup.fields;
    const lists = this.setup.fields.filter((each) => each.list);
    host.replaceChildren(...formOf(element, this.setup, { fields, lists, pictures: this.pictures() }, (...given) => this.set(...given)));
    if (element.type !== "condition") return;
    const more = made("button", { type: "button", className: "button button-small", textContent: this.setup.texts.add_otherwise });
    more.addEventListener("click", () => this.add("otherwise"));
    host.append(more);
  }

  pictures() { return Object.keys(this.data.images ?? {}); }

  showPictures() {
    find("pictures").replaceChildren(...this.pictures().map((name) => {
      const remove = made("button", { type: "button", className: "button button-small push", textContent: this.setup.texts.remove });
      remove.addEventListener("click", () => this.change(() => {
        delete this.data.images[name];
        if (!this.pictures().length) delete this.data.images;
      }));
      return made("li", {}, made("img", { src: `data:image/png;base64,${this.data.images[name]}`, alt: "" }), made("span", { textContent: name }), remove);
    }));
  }

  // ---------- the server's eye ----------

  later() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.look(), WAIT_MS);
    find("status").textContent = this.setup.texts.drawing;
  }

  async look() {
    const turn = this.turn = (this.turn ?? 0) + 1;
    const headers = { "Content-Type": "application/json", "X-CSRF-Token": document.querySelector("meta[name=csrf-token]").content };
    const body = JSON.stringify({ data: this.data, sample: Number(find("sample").value), dpi: Number(find("dpi").value) });
    let answer;
    try {
      const response = await fetch(this.setup.preview, { method: "POST", headers, body });
      if (!response.ok) throw new Error(String(response.status));
      answer = await response.json();
    } catch {
      if (turn === this.turn) find("status").textContent = this.setup.texts.lost;
      return;
    }
    if (turn === this.turn) this.told(answer);   // a later look is under way: its answer counts
  }

  told({ picture, findings, more }) {
    if (picture) find("picture").src = picture;
    find("paper").classList.toggle("stale", !picture);
    this.wrong = new Set(findings.filter((each) => each.severity === "error").map((each) => ownerOf(each.at)));
    find("status").textContent = [picture ? "" : this.setup.texts.stale, more ? `${this.setup.texts.more} ${more}` : ""].filter(Boolean).join(" · ");
    find("findings").replaceChildren(...(findings.length ? findings.map((each) => this.finding(each)) : [this.clean()]));
    this.tree();
    this.canvas.draw();
    this.zoom();
  }

  /** An element in words, by the place that a finding names. */
  nameOf(at) {
    const element = ownerOf(at) && elementAt(this.data, ownerOf(at));
    if (!element) return at || this.setup.texts.label;
    return `${this.setup.words[element.type]?.name ?? ""} ${element.value ?? element.field ?? element.image ?? ""}`.trim();
  }

  finding({ at, severity, text, other }) {
    const owner = ownerOf(at);
    const element = owner && elementAt(this.data, owner);
    const name = this.nameOf(at);
    const tone = severity === "error" ? "stop" : "warn";
    const row = made("button", { type: "button", className: `tone-${tone}` }, icon(`mark-${tone}`, this.icons), made("span", {}, made("b", { textContent: `${name}: ` }), other ? `${text} (${this.nameOf(other)})` : text));
    row.addEventListener("click", () => this.choose(element ? owner : ""));
    return made("li", {}, row);
  }

  clean() {
    return made("li", { className: "tone-ok row" }, icon("mark-ok", this.icons), this.setup.texts.clean);
  }

  zoom() {
    const wanted = find("zoom").value;
    const room = find("wrap").clientWidth - 40;
    const scale = wanted === "fit" ? Math.min(room / (this.size.width * PX_PER_MM), 4) : Number(wanted);
    const picture = find("picture");
    picture.width = Math.round(this.size.width * PX_PER_MM * scale);
    picture.height = Math.round(this.size.height * PX_PER_MM * scale);
    this.canvas.draw();
  }

  // ---------- wiring ----------

  wire() {
    find("add").addEventListener("click", () => this.add());
    find("undo").addEventListener("click", () => this.undo());
    find("tree").addEventListener("click", (event) => { const row = event.target.closest("button"); if (row) this.choose(row.dataset.at); });
    find("moves").addEventListener("click", (event) => { const way = event.target.closest("button")?.dataset.designMove; if (way) this.shift(way); });
    for (const name of ["sample", "dpi"]) find(name).addEventListener("change", () => this.look());
    find("zoom").addEventListener("change", () => this.zoom());
    window.addEventListener("resize", () => this.zoom());
    find("frames").addEventListener("change", (event) => find("overlay").classList.toggle("quiet", !event.target.checked));
    find("upload").addEventListener("change", (event) => this.upload(event.target));
    find("apply").addEventListener("click", () => this.takeOver());
    find("save").addEventListener("submit", () => { find("data").value = this.text(); this.saved = this.text(); });
    document.addEventListener("keydown", (event) => {
      if ((event.ctrlKey || event.metaKey) && event.key === "z" && !event.target.closest("input, textarea")) { event.preventDefault(); this.undo(); }
    });
    window.addEventListener("beforeunload", (event) => { if (this.saved !== this.text()) event.preventDefault(); });
  }

  takeOver() {
    const wrong = find("raw-error");
    let given;
    try { given = JSON.parse(find("raw").value); } catch { given = null; }
    const usable = given && typeof given === "object" && Array.isArray(given.elements);
    wrong.hidden = Boolean(usable);
    wrong.textContent = this.setup.texts.raw_broken;
    if (!usable) return;
    this.chosen = "";
    this.change(() => { this.data = this.data.images ? { ...given, images: this.data.images } : given; });
  }

  /** The server judges the file; here is only said early what it would refuse. */
  async upload(input) {
    const [file] = input.files;
    input.value = "";
    if (!file) return;
    const wrong = find("upload-error");
    const reason = this.pictures().length >= MOST_PICTURES ? "too_many_pictures" : file.type !== "image/png" || file.size > LARGEST_PICTURE ? "not_png" : "";
    wrong.hidden = !reason;
    wrong.textContent = reason ? this.setup.texts[reason] : "";
    if (reason) return;
    const url = await new Promise((resolve) => { const reader = new FileReader(); reader.onload = () => resolve(reader.result); reader.readAsDataURL(file); });
    const base = file.name.replace(/\.png$/i, "").toLowerCase().replace(/[^a-z0-9_]+/g, "_").replace(/^[^a-z]+/, "").slice(0, 24) || "logo";
    let name = base;
    for (let number = 2; this.pictures().includes(name); number += 1) name = `${base}_${number}`;
    this.change(() => {
      this.data.images = { ...this.data.images, [name]: url.slice(url.indexOf(",") + 1) };
      this.data.elements.push({ ...this.fresh("image"), image: name });
      this.chosen = `elements[${this.data.elements.length - 1}]`;
    });
  }
}

const root = document.querySelector("[data-design]");
if (root) new Editor(root);
