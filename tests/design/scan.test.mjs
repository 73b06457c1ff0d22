// The pure parts of the scan client: what is a scan, the line of scans, and ids.
import assert from "node:assert/strict";
import test from "node:test";

import { dayOf, KeptBatch, nameOf } from "../../static/js/floor_ask.js";
import { deviceId, nextDeviceSequence, serverNow, setClock, uuid7 } from "../../static/js/ids.js";
import { DuplicateGuard, KeyBuffer, characterOf, characterOfCode } from "../../static/js/scan_classifier.js";
import { asksAgain, ScanQueue } from "../../static/js/scan_queue.js";

function type(buffer, text, gap, { from = 1000, inField = false } = {}) {
  let at = from;
  for (const character of text) { buffer.push(character, at, inField); at += gap; }
  return at - gap;
}

test("a scanner's burst is a scan, a person's typing is not", () => {
  const buffer = new KeyBuffer();
  type(buffer, "L-A-03-12-2-K", 12);
  assert.equal(buffer.finish(true), "L-A-03-12-2-K");
  type(buffer, "hello", 55);
  assert.equal(buffer.finish(true), null);
  type(buffer, "ab", 5);
  assert.equal(buffer.finish(true), null, "too short");
});

test("typing before a scan does not stain it", () => {
  const buffer = new KeyBuffer();
  const last = type(buffer, "no", 150, { inField: true });
  assert.equal(buffer.push("6", last + 400, true), true, "a new word starts");
  type(buffer, "971234568831", 10, { from: last + 410, inField: true });
  assert.equal(buffer.finish(true), "6971234568831");
});

test("a prefix makes it certain, whatever the speed", () => {
  const buffer = new KeyBuffer({ prefix: "~" });
  type(buffer, "~T-0418", 120);
  assert.equal(buffer.finish(true), "T-0418");
});

test("what was running when the page began to listen is half a code", () => {
  const buffer = new KeyBuffer();
  buffer.since = 1000;
  type(buffer, "71234568831", 12, { from: 1008 });
  assert.equal(buffer.torn, true);
  buffer.finish(true);
  assert.equal(buffer.torn, false, "told once");
  type(buffer, "6971234568831", 12, { from: 1300 });
  assert.equal(buffer.torn, false, "the next one is whole");
  assert.equal(buffer.finish(true), "6971234568831");
  const prefixed = new KeyBuffer({ prefix: "~" });
  prefixed.since = 1000;
  type(prefixed, "~T-0418", 12, { from: 1008 });
  assert.equal(prefixed.torn, false, "its beginning was heard");
});

test("a pause of a Bluetooth scanner does not cut the code once its suffix is known", () => {
  const buffer = new KeyBuffer();
  type(buffer, "first", 10);
  assert.equal(buffer.finish(true), "first");
  const last = type(buffer, "6971234", 8, { from: 5000 });
  type(buffer, "568831", 8, { from: last + 200 });
  assert.equal(buffer.finish(true), "6971234568831");
});

test("a lone Enter or a late one ends nothing", () => {
  const buffer = new KeyBuffer();
  assert.equal(buffer.running(10), false);
  const last = type(buffer, "abc", 10);
  assert.equal(buffer.running(last + 20), true);
  assert.equal(buffer.running(last + 500), false);
});

test("an input method is bypassed by the physical key", () => {
  assert.equal(characterOf({ key: "Process", code: "KeyA", shiftKey: true }), "A");
  assert.equal(characterOf({ key: "a", isComposing: true, code: "Digit7", shiftKey: false }), "7");
  assert.equal(characterOf({ key: "Process", code: "Minus", shiftKey: true }), "_");
  assert.equal(characterOf({ key: "é", code: "Digit2", shiftKey: false }), "é");
  assert.equal(characterOf({ key: "ArrowLeft", code: "ArrowLeft", shiftKey: false }), "");
  assert.equal(characterOfCode("KeyB", false, true), "B");
  assert.equal(characterOfCode("Slash", false), "/");
});

test("a double trigger is ignored, the next real scan of the same code is not", () => {
  const guard = new DuplicateGuard();
  assert.equal(guard.passes("A", 0, "wedge"), true);
  assert.equal(guard.passes("A", 90, "wedge"), false);
  assert.equal(guard.passes("A", 160, "wedge"), true);
  assert.equal(guard.passes("B", 170, "wedge"), true);
  assert.equal(guard.passes("C", 1000, "camera"), true);
  assert.equal(guard.passes("C", 2000, "camera"), false);
  assert.equal(guard.passes("C", 3000, "camera"), false, "still in the frame");
  assert.equal(guard.passes("C", 4600, "camera"), true);
});

test("ids carry the server's time, whatever the device's clock says", () => {
  const ours = Date.now;
  Date.now = () => 0;   // a flat battery
  try {
    setClock(NaN);
    assert.equal(serverNow(), 0, "nobody has told yet");
    setClock(1764000000000, 500);
    assert.equal(serverNow(2500), 1764000002000);
    setClock(Date.parse("Mon, 24 Nov 2025 16:00:00 GMT"));
    assert.ok(uuid7().startsWith("019ab6"));
  } finally {
    Date.now = ours;
    setClock(Date.now());
  }
});

test("ids are UUIDv7 in the order of time, the counter survives", () => {
  assert.match(uuid7(), /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  assert.ok(uuid7(1000) < uuid7(2000));
  assert.ok(uuid7(1764000000000).startsWith("019ab6"));
  const map = new Map();
  const store = { getItem: (k) => map.get(k) ?? null, setItem: (k, v) => map.set(k, v) };
  assert.equal(deviceId(store), deviceId(store));
  assert.deepEqual([nextDeviceSequence(store), nextDeviceSequence(store)], [1, 2]);
});

test("one in flight, in order, the same item again until it is answered", async () => {
  const sent = [];
  const answered = [];
  const waits = [];
  let fail = 4;
  const queue = new ScanQueue({
    send: async (item) => { sent.push(item); fail -= 1; return fail >= 0 ? { again: true } : { answer: `ok ${item}` }; },
    onAnswer: (item, answer) => answered.push(answer),
    wait: async (ms) => { waits.push(ms); },
  });
  queue.add("a");
  queue.add("b");
  await new Promise((done) => setTimeout(done, 20));
  assert.deepEqual(sent, ["a", "a", "a", "a", "a", "b"]);
  assert.deepEqual(answered, ["ok a", "ok b"]);
  assert.deepEqual(waits, [500, 1000, 2000, 5000]);
  assert.equal(queue.items.length, 0);
});

test("what was not begun is sent again; a refusal is an answer", () => {
  const again = [[500], [502], [503], [429, "too_many_requests"], [409, "busy"]];
  const answers = [[200], [401], [404, "not_found"], [409, "stale_step"], [409, undefined], [422, "invalid_input"], [423]];
  assert.deepEqual(again.map(([status, code]) => asksAgain(status, code)), again.map(() => true));
  assert.deepEqual(answers.map(([status, code]) => asksAgain(status, code)), answers.map(() => false));
});

test("five may wait behind the one in flight; a sixth is refused, not lost in silence", () => {
  const queue = new ScanQueue({ send: () => new Promise(() => {}), onAnswer: () => {} });
  assert.deepEqual([1, 2, 3, 4, 5, 6, 7].map((n) => queue.add(n)), [true, true, true, true, true, true, false]);
});

test("a day is read as people copy it from a label", () => {
  for (const typed of ["20270531", "2027-05-31", "2027.5.31", " 2027/05/31 ", "2027年5月31日", "２０２７０５３１", "31.05.2027", "31.5.2027"]) assert.equal(dayOf(typed), "2027-05-31", typed);
  assert.deepEqual([dayOf("202702", true), dayOf("2028-2", true), dayOf("2027-12", true), dayOf("2027-12"), dayOf("05.2027", true)], ["2027-02-28", "2028-02-29", "2027-12-31", "2027-12-01", "2027-05-31"]);
  assert.equal(dayOf("  "), "");
  for (const typed of ["31052027", "05/2027", "20270532", "2027-13", "20270229", "202705310", "soon", "270531"]) assert.equal(dayOf(typed), null, typed);
});

test("what was typed of a batch goes with its own code, at its own step", () => {
  const kept = new KeptBatch();
  assert.deepEqual(kept.of("A"), {});
  kept.keep({ batch: "B1" }, "A", "task scan_product");
  assert.deepEqual([kept.of("A"), kept.of("B"), kept.of("CMD-OK")], [{ batch: "B1" }, {}, {}]);
  kept.at("task scan_product");
  assert.deepEqual(kept.of("A"), { batch: "B1" });
  kept.at("task scan_carton");
  assert.deepEqual(kept.of("A"), {}, "another carton may be of another batch");
  kept.keep({ batch: "B2" }, null, "task scan_product");
  assert.deepEqual([kept.of("CMD-QTY-6"), kept.of("B"), kept.of("A")], [{}, { batch: "B2" }, {}], "of the next code that is scanned");
});

test("an announced batch is named as its label says it", () => {
  assert.equal(nameOf({ batch: "B7", made_on: "2026-01-01", expires_on: "2028-01-31" }), "B7 · 2028-01-31");
  assert.equal(nameOf({ batch: null, made_on: "2026-01-01", expires_on: null }), "2026-01-01");
});
