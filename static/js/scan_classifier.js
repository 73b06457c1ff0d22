// Pure: which key strokes are a scan and which are typing. No DOM, no clock of its own; times come in with the strokes.

export const DEFAULTS = Object.freeze({
  prefix: "", suffix: ["Enter", "Tab"],
  maxGapMs: 60,      // a longer gap inside a word means a person
  avgGapMs: 35,      // scanners type a character every 10 to 30 ms
  minLen: 3, maxLen: 256,
  flushMs: 100,      // end of a scan when the scanner sends no suffix
  stallMs: 400,      // gap allowed inside a scan outside fields, once this scanner is known to send a suffix
  dupMs: 150, camCooldownMs: 1500,
});

const SHIFTED = { 1: "!", 2: "@", 3: "#", 4: "$", 5: "%", 6: "^", 7: "&", 8: "*", 9: "(", 0: ")" };
const NAMED = {
  Minus: "-_", Equal: "=+", BracketLeft: "[{", BracketRight: "]}", Backslash: "\\|", Semicolon: ";:", Quote: "'\"",
  Backquote: "`~", Comma: ",<", Period: ".>", Slash: "/?", Space: "  ",
  NumpadAdd: "++", NumpadSubtract: "--", NumpadMultiply: "**", NumpadDivide: "//", NumpadDecimal: "..",
};

/** The character a US keyboard gives for this physical key: what a scanner meant, whatever an input method made of it. */
export function characterOfCode(code, shift = false, capsLock = false) {
  let match = /^Key([A-Z])$/.exec(code);
  if (match) return shift !== capsLock ? match[1] : match[1].toLowerCase();
  match = /^Digit(\d)$/.exec(code);
  if (match) return shift ? SHIFTED[match[1]] : match[1];
  match = /^Numpad(\d)$/.exec(code);
  if (match) return match[1];
  return NAMED[code] ? NAMED[code][shift ? 1 : 0] : "";
}

/** The character of a keydown, or "" for a key that makes none. */
export function characterOf(event) {
  if (event.isComposing || event.key === "Process" || event.key === "Unidentified") {
    return characterOfCode(event.code, event.shiftKey, Boolean(event.getModifierState?.("CapsLock")));
  }
  return event.key.length === 1 ? event.key : "";
}

export class KeyBuffer {
  constructor(config = {}) {
    this.config = { ...DEFAULTS, ...config };
    this.suffixKnown = false;
    this.since = -Infinity;   // nobody heard a key before
    this.clear();
  }

  clear() { this.text = ""; this.first = 0; this.last = 0; }

  get prefixed() { return this.config.prefix !== "" && this.text.startsWith(this.config.prefix); }

  /** Adds a character. Answers true when it starts a new word, that is, when what came before was typing. */
  push(character, at, inField = false) {
    const gap = at - this.last;
    const allowed = this.suffixKnown && !inField ? this.config.stallMs : this.config.maxGapMs;
    const fresh = this.text === "" || (!this.prefixed && gap > allowed) || this.text.length >= this.config.maxLen;
    if (fresh) { this.text = ""; this.first = at; }
    this.text += character;
    this.last = at;
    return fresh;
  }

  /** It began so soon after somebody listened that keys before it may have been lost: not the whole of a code. */
  get torn() { return this.text !== "" && !this.prefixed && this.first - this.since <= this.config.maxGapMs; }

  /** A burst is running: the next key belongs to it even if it is Enter, Tab or Space. */
  running(at) { return this.text !== "" && (this.prefixed || at - this.last <= this.config.maxGapMs); }

  /** "SCAN" or "TYPED", for the characters so far. */
  kind() {
    if (this.prefixed) return this.text.length > this.config.prefix.length ? "SCAN" : "TYPED";
    const { length } = this.text;
    if (length < this.config.minLen) return "TYPED";
    return (this.last - this.first) / (length - 1) <= this.config.avgGapMs ? "SCAN" : "TYPED";
  }

  /** Ends the word at a suffix key or after silence. Answers the code without its prefix, or null for typing. */
  finish(bySuffix) {
    const scanned = this.kind() === "SCAN";
    const code = this.prefixed ? this.text.slice(this.config.prefix.length) : this.text;
    if (scanned && bySuffix) this.suffixKnown = true;
    this.clear();
    return scanned ? code : null;
  }
}

/** Ignores a hardware double trigger; another value, or the same one later, passes. */
export class DuplicateGuard {
  constructor(config = {}) { this.config = { ...DEFAULTS, ...config }; this.value = null; this.at = -Infinity; }

  passes(value, at, source) {
    const window = source === "camera" ? this.config.camCooldownMs : this.config.dupMs;
    const repeated = value === this.value && at - this.at < window;
    this.value = value;
    if (!repeated || source === "camera") this.at = at;   // the camera's clock runs from the last time the code was seen
    return !repeated;
  }
}
