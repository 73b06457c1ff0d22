// What the code of goods does not say stands on them in print: a batch, days, a serial number. It is asked for and goes with the scan.

/** A day as people copy it from a label, as YYYY-MM-DD: 20270531, 2027-05-31, 2027.5.31, 31.05.2027; a month alone is its last day where goods
 *  expire (`last`), else its first. "" of nothing typed, null of what is no day. */
export function dayOf(typed, last = false) {
  const text = typed.trim().replace(/[０-９]/g, (digit) => String.fromCharCode(digit.charCodeAt(0) - 0xfee0));
  if (text === "") return "";
  const turned = text.replace(/^(?:(\d{1,2})\.)?(\d{1,2})\.(\d{4})$/, (_, day, month, year) => (day ? `${year}-${month}-${day}` : `${year}-${month}`));
  const found = /^(\d{4})(\d{2})(\d{2})?$/.exec(turned) ?? /^(\d{4})[-./年 ]+(\d{1,2})(?:[-./月 ]+(\d{1,2}))?[日月]?$/.exec(turned);
  if (!found) return null;
  const [year, month] = [Number(found[1]), Number(found[2])];
  if (month < 1 || month > 12) return null;
  const length = new Date(Date.UTC(year, month, 0)).getUTCDate();
  const day = found[3] === undefined ? (last ? length : 1) : Number(found[3]);
  if (day < 1 || day > length) return null;
  return [String(year), String(month).padStart(2, "0"), String(day).padStart(2, "0")].join("-");
}

/** What was typed of a batch, for the scans it is true of: those of one code, as long as the work stands at the step it was typed at. */
export class KeptBatch {
  constructor() { this.clear(); }

  clear() { this.values = null; this.raw = null; this.step = null; }

  /** `raw`: the code that it was asked for; null where nobody asked: then it is of the next code that is scanned. */
  keep(values, raw, step) { Object.assign(this, { values, raw, step }); }

  /** The step that is shown now: another one is another carton or bin, of which nothing was typed. */
  at(step) { if (this.values && step !== this.step) this.clear(); }

  of(raw) {
    if (!this.values || raw.startsWith("CMD-")) return {};
    this.raw ??= raw;
    return raw === this.raw ? this.values : {};
  }
}

const FIELDS = { batch: null, made_on: false, expires_on: true };   // of days: whether a month alone is its last day

/** A batch as a label says it: "B7 · 2028-01-31"; of one without expiry, the day it was made. */
export const nameOf = (lot) => [lot.batch, lot.expires_on ?? lot.made_on].filter(Boolean).join(" · ");

export class Asking {
  /** again(scan, more): send the same code once more with what was told. step(): the step that is shown. */
  constructor({ batch, serial, again, step, root = document }) {
    Object.assign(this, { batch, serial, again, step, root, kept: new KeptBatch(), refused: null });
    batch?.querySelector("form").addEventListener("submit", (event) => this.tellBatch(event));
    serial?.querySelector("form").addEventListener("submit", (event) => this.tellSerial(event));
    for (const field of batch?.querySelectorAll("input") ?? []) field.addEventListener("input", () => field.setCustomValidity(""));
  }

  /** A refusal says what it lacks: `batch` or `serial`; of a command, which means several goods, it cannot be told.
   *  offers: the batches that were announced, each one tap for whoever sees it printed so. */
  about(kind, scan, title, offers = []) {
    const dialog = { batch: this.batch, serial: this.serial }[kind];
    if (!dialog || scan.raw.startsWith("CMD-")) return;
    this.refused = scan;
    this.open(dialog, title);
    if (dialog === this.batch) this.offer(offers);
  }

  offer(lots) {
    const place = this.batch.querySelector("[data-offers]");
    place.hidden = lots.length === 0;
    place.querySelector("[data-offered]").replaceChildren(...lots.map((lot) => this.offered(lot)));
  }

  offered(lot) {
    const button = Object.assign(document.createElement("button"), { type: "button", className: "button", textContent: nameOf(lot) });
    button.addEventListener("click", () => {
      const form = this.batch.querySelector("form");
      for (const name of Object.keys(FIELDS)) form.elements[name].value = lot[name] ?? "";
      form.requestSubmit();
    });
    return button;
  }

  /** Nobody asked: the goods in front of the person are of another batch than the last ones, or than the book knows. */
  ofItself() {
    this.refused = null;
    if (!this.batch) return;
    this.open(this.batch, "");
    this.offer([]);
  }

  open(dialog, title) {
    dialog.querySelector("[data-why]").textContent = title;
    const form = dialog.querySelector("form");
    if (dialog === this.serial || !this.kept.values) form.reset();
    if (!dialog.open) dialog.showModal();
    form.querySelector("input").focus();
  }

  /** A scan while a number is asked for is that number; while a batch is, the label says more than what was being typed. */
  takes(scan) {
    if (this.serial?.open && !scan.raw.startsWith("CMD-")) {
      this.serial.querySelector("input").value = scan.raw;
      this.serial.querySelector("form").requestSubmit();
      return true;
    }
    for (const dialog of [this.batch, this.serial]) if (dialog?.open) dialog.close();
    return false;
  }

  tellSerial(event) {
    event.preventDefault();
    const number = new FormData(event.target).get("serial").trim();
    this.serial.close();
    if (number && this.refused) this.again(this.refused, { serial: number });
  }

  tellBatch(event) {
    event.preventDefault();
    const values = {};
    for (const [name, last] of Object.entries(FIELDS)) {
      const field = event.target.elements[name];
      const value = last === null ? field.value.trim() : dayOf(field.value, last);
      if (value === null) {
        field.setCustomValidity(event.target.dataset.noDay);
        field.reportValidity();
        return;
      }
      if (value) values[name] = value;
    }
    this.batch.close();
    const { refused } = this;
    if (Object.keys(values).length === 0) this.kept.clear();
    else this.kept.keep(values, refused?.raw ?? null, this.step());
    if (refused && this.kept.values) this.again(refused, {});
    this.show();
  }

  /** Beside the scan that is asked for stands what will go with it. */
  show() {
    this.kept.at(this.step());
    const place = this.root.querySelector("[data-kept-batch]");
    if (!place) return;
    place.textContent = Object.values(this.kept.values ?? {}).join(" · ");
    place.hidden = place.textContent === "";
  }
}
