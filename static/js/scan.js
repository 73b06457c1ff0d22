// ScanCapture: one listener for the whole document. It never depends on one input having the focus.
import { DEFAULTS, DuplicateGuard, KeyBuffer, characterOf } from "./scan_classifier.js";
import { nextDeviceSequence, uuid7 } from "./ids.js";

const MODIFIERS = new Set(["Shift", "Control", "Alt", "AltGraph", "Meta", "CapsLock", "NumLock", "Fn", "Dead"]);
const FIELD_TYPES = new Set(["text", "search", "tel", "url", "email", "password", "number", ""]);

function editable(element) {
  if (!element) return false;
  if (element.isContentEditable || element.tagName === "TEXTAREA") return true;
  return element.tagName === "INPUT" && FIELD_TYPES.has(element.type) && !element.readOnly;
}

export class ScanCapture {
  /** onScan(scan): scan is {scan_id, raw, source, dev_seq, t_wall, t_mono}. onTorn(): a scan whose beginning was not heard,
   *  because it came while the page was loading. onFirst(): once, after the first scan: opening the audio device earlier
   *  would stall the keys of that scan. */
  constructor({ onScan, onTorn = () => {}, onType = () => {}, onFirst = () => {}, onArmed = () => {}, config = {}, root = document } = {}) {
    this.config = { ...DEFAULTS, ...config };
    this.buffer = new KeyBuffer(this.config);
    this.guard = new DuplicateGuard(this.config);
    Object.assign(this, { onScan, onTorn, onType, onFirst, onArmed, root, touched: null, timer: 0, used: false });
  }

  start() {
    this.stopper = new AbortController();
    this.buffer.since = performance.now();
    const { signal } = this.stopper;
    const capture = { capture: true, signal };
    this.root.addEventListener("keydown", (event) => this.keydown(event), capture);
    this.root.addEventListener("paste", (event) => this.paste(event), capture);
    this.root.addEventListener("click", (event) => this.afterClick(event), { signal });
    this.root.addEventListener("focusin", () => this.reportArmed(), { signal });
    this.root.addEventListener("focusout", () => setTimeout(() => this.reportArmed()), { signal });
    window.addEventListener("focus", () => this.reportArmed(), { signal });
    window.addEventListener("blur", () => this.reportArmed(), { signal });
    this.root.addEventListener("pointerdown", (event) => this.press(event), { signal });
    this.reportArmed();
    return this;
  }

  stop() { this.stopper?.abort(); clearTimeout(this.timer); }

  /** Armed: a scan now goes to the task. Not armed: the window is behind, or a person is typing in a field. */
  get armed() { return document.hasFocus() && !editable(document.activeElement); }

  reportArmed() { this.onArmed(this.armed); }

  keydown(event) {
    if (MODIFIERS.has(event.key) || event.ctrlKey || event.altKey || event.metaKey) return;
    const at = event.timeStamp || performance.now();
    const inField = editable(event.target);
    if (this.config.suffix.includes(event.key)) { this.suffix(event, at); return; }
    const character = characterOf(event);
    if (!character) {
      if (this.buffer.running(at)) { event.preventDefault(); event.stopPropagation(); }
      return;
    }
    const burst = this.buffer.running(at);
    if (this.buffer.push(character, at, inField)) this.remember(event.target, inField);
    // outside a field nothing may react to a character of a burst: Space would press the focused button
    if (!inField && (burst || character !== " ")) { event.preventDefault(); event.stopPropagation(); }
    clearTimeout(this.timer);
    if (!this.buffer.suffixKnown) this.timer = setTimeout(() => this.end(false), this.config.flushMs);
  }

  suffix(event, at) {
    clearTimeout(this.timer);
    const running = this.buffer.running(at) || (this.buffer.suffixKnown && this.buffer.text !== "" && at - this.buffer.last <= this.config.stallMs);
    if (!running) { this.buffer.clear(); this.touched = null; return; }   // a person's Enter
    if (this.end(true)) { event.preventDefault(); event.stopPropagation(); }
  }

  /** Ends the word; answers whether it was a scan. */
  end(bySuffix) {
    const { torn } = this.buffer;
    const code = this.buffer.finish(bySuffix);
    const { touched } = this;
    this.touched = null;
    if (code === null) return false;
    if (touched?.element.isConnected) {
      touched.element.value = touched.value;
      touched.element.dispatchEvent(new Event("input", { bubbles: true }));
    }
    if (torn) this.onTorn();
    else this.emit(code, "wedge");
    return true;
  }

  /** The field a burst may be running into: its value is put back if the burst is a scan. */
  remember(element, inField) {
    this.touched = inField && "value" in element ? { element, value: element.value } : null;
  }

  /** Scanners in clipboard mode. A field marked data-plain-paste keeps its paste. */
  paste(event) {
    if (event.target.closest?.("[data-plain-paste], dialog[open]")) return;
    const text = event.clipboardData?.getData("text") ?? "";
    const code = text.replace(/[\r\n\t]+$/, "");
    if (!code || code.length > this.config.maxLen || /[\r\n]/.test(code)) return;
    event.preventDefault();
    event.stopPropagation();
    this.emit(code, "paste");
  }

  /** Also the entrance for the camera, the typed-entry form and buttons. */
  emit(raw, source, extra = {}) {
    const t_mono = performance.now();
    if (source !== "typed" && source !== "button" && !this.guard.passes(raw, t_mono, source)) return null;
    const scan = { scan_id: uuid7(), raw, source, dev_seq: nextDeviceSequence(), t_wall: new Date().toISOString(), t_mono, ...extra };
    if (!this.used) { this.used = true; this.onFirst(); }
    this.onScan(scan);
    return scan;
  }

  /** A focused button would take the Enter of the next scan as a press. */
  afterClick(event) {
    const pressed = event.target.closest?.("button, a, summary, [role='button']");
    if (pressed && event.detail > 0) pressed.blur();   // detail 0: pressed by keyboard, whose user needs the focus
  }

  /** Long press on the armed band opens typing; there is a button for it too. */
  press(event) {
    const band = event.target.closest?.("[data-armed]");
    if (!band || !band.querySelector("[data-type-code]") || event.target.closest("button")) return;
    const timer = setTimeout(() => this.onType(), 600);
    const end = new AbortController();
    for (const name of ["pointerup", "pointercancel", "pointermove"]) {
      band.addEventListener(name, (move) => {
        if (name === "pointermove" && Math.hypot(move.movementX, move.movementY) < 6) return;
        clearTimeout(timer);
        end.abort();
      }, { signal: end.signal });
    }
  }
}
