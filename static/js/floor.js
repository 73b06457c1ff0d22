// The tablet's client: scans go to the server one by one, the server's screens come back as HTML.
import { Asking } from "./floor_ask.js";
import { deviceId, setClock } from "./ids.js";
import { ScanCapture } from "./scan.js";
import { asksAgain, ScanQueue } from "./scan_queue.js";
import { Signals } from "./signals.js";

const TIMEOUT_MS = 5000;
const BUSY_AFTER_MS = 400;
const BAND_ICONS = { ok: "check", next: "check-double", done: "check-double", warn: "alert", error: "stop", offline: "offline" };

const place = document.querySelector("[data-floor]");
const bandPlace = document.getElementById("floor-band");
const words = document.getElementById("floor-words")?.dataset ?? {};
const typedEntry = document.getElementById("typed-entry");
const signals = new Signals();

let quantityForNextScan = null;

const screenNow = () => place.querySelector("[data-screen]");

// ---------- result band ----------

function button(label, command, iconName) {
  const element = document.createElement("button");
  element.type = "button";
  element.className = "button";
  element.dataset.command = command;
  if (iconName) {
    const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    svg.setAttribute("class", "icon");
    svg.setAttribute("aria-hidden", "true");
    const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
    use.setAttribute("href", `${place.dataset.icons}#${iconName}`);
    svg.append(use);
    element.append(svg);
  }
  element.append(label);
  return element;
}

function showBand({ tone, title, detail = "", code = "", actions = [] }, undo = null) {
  const band = document.getElementById("band-template").content.firstElementChild.cloneNode(true);
  band.dataset.tone = tone;
  band.dataset.flash = String(tone === "next" || tone === "done");
  band.querySelector("[data-band-icon]").setAttribute("href", `${place.dataset.icons}#${BAND_ICONS[tone] ?? "info"}`);
  band.querySelector(".band-title").textContent = title ?? "";
  band.querySelector(".band-detail").textContent = detail ?? "";
  band.querySelector(".band-code").textContent = tone === "error" || tone === "warn" ? code ?? "" : "";
  const row = band.querySelector(".band-actions");
  for (const action of actions ?? []) row.append(button(action.label, action.command ?? action.code));
  if (undo) row.append(button(undo.label || words.undo, "CMD-UNDO", "undo"));
  if (tone === "error" && row.children.length === 0) {
    const ok = button(words.ok, "");
    ok.dataset.dismissBand = "";
    row.append(ok);
  }
  bandPlace.replaceChildren(band);
}

// ---------- screen ----------

async function showScreen(next, taskId) {
  let html = next?.html;
  const id = next?.task_id || taskId || screenNow()?.dataset.taskId;
  if (!html && id) {
    const answer = await fetch(place.dataset.screenUrl.replace("TASK", encodeURIComponent(id)), { headers: { Accept: "text/html", "HX-Request": "true" }, credentials: "same-origin" }).catch(() => null);
    if (answer?.ok) html = await answer.text();
  }
  if (html) {
    const parsed = new DOMParser().parseFromString(html, "text/html");
    place.replaceChildren(...parsed.body.childNodes);
    window.htmx?.process(place);
  }
  const screen = screenNow();
  if (screen && next?.step_token) screen.dataset.stepToken = next.step_token;
  if (screen && next?.state) screen.dataset.state = next.state;
  if (screen && next?.task_id) screen.dataset.taskId = next.task_id;
  quantityForNextScan = null;
  asking.show();
  capture.reportArmed();
}

// ---------- sending ----------

function body(item) {
  const { scan, task_id, step_token } = item;
  const message = { task_id, step_token, scan_id: scan.scan_id, device_id: deviceId(), device_seq: scan.dev_seq, raw: scan.raw, source: scan.source, scanned_at: scan.t_wall };
  if (scan.quantity !== undefined) message.quantity = scan.quantity;
  for (const name of ["weight_g", "batch", "made_on", "expires_on", "serial"]) if (scan[name] !== undefined) message[name] = scan[name];
  return message;
}

async function send(item) {
  const busy = setTimeout(() => setBusy(true), BUSY_AFTER_MS);
  try {
    const answer = await fetch(place.dataset.scanUrl, {
      method: "POST", credentials: "same-origin", signal: AbortSignal.timeout(TIMEOUT_MS),
      headers: { "Content-Type": "application/json", Accept: "application/json", "Idempotency-Key": item.scan.scan_id, "X-CSRF-Token": document.querySelector("meta[name=csrf-token]")?.content ?? "" },
      body: JSON.stringify(body(item)),
    });
    setClock(Date.parse(answer.headers.get("Date")));
    const content = await answer.json().catch(() => ({}));
    if (asksAgain(answer.status, content.code)) return { again: true };
    return { answer: { status: answer.status, content } };
  } catch {
    return { again: true };
  } finally {
    clearTimeout(busy);
    setBusy(false);
  }
}

async function onAnswer(item, { status, content }) {
  if (status === 401) {
    leaving = true;
    location.assign(place.dataset.badgeUrl);
    return;
  }
  if (status === 200) {
    const feedback = content.feedback ?? {};
    const tone = feedback.tone ?? (content.ok ? "ok" : "error");
    await showScreen(content.next, item.task_id);
    showBand({ ...feedback, tone }, content.undo);
    signals.play(tone);
    if (feedback.ask) asking.about(feedback.ask, item.scan, feedback.title, feedback.params?.announced);
    return;
  }
  if (status === 409 && content.current) {   // what the person saw is no longer so
    await showScreen(content.current, item.task_id);
    showBand({ tone: "warn", title: words.staleTitle, detail: content.detail, code: content.code ?? "GEN-STALE" });
    signals.play("warn");
    return;
  }
  const faults = (content.errors ?? []).map((each) => each.message).join(" ");
  const refused = status === 423 ? words.takenTitle : words.refusedTitle;
  showBand({ tone: "error", title: faults || refused, detail: faults ? refused : content.detail ?? content.title, code: content.code ?? String(status) });
  signals.play("error");
}

const queue = new ScanQueue({ send, onAnswer, onChange: showQueue });

let shownOffline = false;
function showQueue({ items, offline }) {
  const state = document.getElementById("queue-state");
  const name = offline || !navigator.onLine ? "offline" : items.length > 1 ? "queued" : "online";
  state.dataset.queueState = name;
  state.classList.toggle("state-ok", name === "online");
  state.classList.toggle("state-off", name !== "online");
  state.querySelector("[data-queue-icon]").setAttribute("href", `${place.dataset.icons}#${name === "offline" ? "offline" : name === "queued" ? "sync" : "online"}`);
  const kept = items.length > 0 && name !== "online" ? `, ${words.saved.replace("{n}", items.length)}` : "";
  state.querySelector("[data-queue-text]").textContent = { online: words.online, queued: words.sending, offline: words.offline }[name] + kept;
  if (offline && !shownOffline) {
    showBand({ tone: "offline", title: words.offlineTitle, detail: words.offlineDetail });
    signals.play("offline");
  }
  shownOffline = offline;
}

function setBusy(on) {
  const armed = place.querySelector("[data-armed]");
  if (armed) armed.dataset.busy = String(on);
}

// ---------- scans ----------

function onScan(scan) {
  if (asking.takes(scan)) return;
  const screen = screenNow();
  const form = screen?.querySelector("form[data-scan-form]");
  if (form) {   // badge and station: a plain form, as there is no task yet
    for (const name of ["raw", "scan_id", "source"]) if (form.elements[name]) form.elements[name].value = scan[name];
    if (form.elements.device_id) form.elements.device_id.value = deviceId();
    signals.play("tick");
    form.requestSubmit();
    return;
  }
  if (quantityForNextScan !== null && scan.quantity === undefined && !scan.raw.startsWith("CMD-")) scan.quantity = quantityForNextScan;
  if (scan.serial === undefined) Object.assign(scan, asking.kept.of(scan.raw));
  const taken = queue.add({ scan, task_id: screen?.dataset.taskId || null, step_token: screen?.dataset.stepToken || null });
  if (taken) { signals.play("tick"); return; }
  showBand({ tone: "error", title: words.slowTitle, detail: words.slowDetail, code: "GEN-SLOW" });
  signals.play("error");
}

/** Half a code may be another's: nothing is sent. */
function onTorn() {
  showBand({ tone: "warn", title: words.tornTitle, detail: words.tornDetail, code: "GEN-TORN" });
  signals.play("warn");
}

async function unlockSound() {
  const on = await signals.unlock();
  const ask = document.querySelector("[data-sound-unlock]");
  if (ask) ask.hidden = on;
}

function openTyping() {
  if (!typedEntry || !place.querySelector("[data-type-code]")) return;   // only with the permission to type
  typedEntry.querySelector("form").reset();
  typedEntry.showModal();
  typedEntry.querySelector("input").focus();
}

const capture = new ScanCapture({
  onScan, onTorn, onType: openTyping, onFirst: unlockSound,
  onArmed: (on) => { for (const band of place.querySelectorAll("[data-armed]")) band.dataset.armed = String(on); },
});

/** The code that was refused, once more, with what its label does not say. */
function again(scan, more) {
  capture.emit(scan.raw, "button", { ...more, ...(scan.quantity === undefined ? {} : { quantity: scan.quantity }) });
}

const asking = new Asking({
  batch: document.getElementById("ask-batch"), serial: document.getElementById("ask-serial"), again,
  step: () => `${screenNow()?.dataset.taskId} ${screenNow()?.dataset.state}`,
});

// ---------- taps ----------

/** A key that takes over a number was pressed without one: nothing is sent, and what is wanted is said. */
function onNothingTyped(isWeight) {
  showBand({ tone: "warn", title: words.noAmountTitle, detail: isWeight ? words.noWeightDetail : words.noAmountDetail, code: "GEN-NOTHING" });
  signals.play("warn");
}

function keypad(pad, key) {
  const output = pad.querySelector("[data-keypad-value]");
  const value = output.textContent.trim();
  const set = (text) => {
    output.textContent = text;
    if (!("keypadWeight" in pad.dataset)) quantityForNextScan = text === "" ? null : Number(text);   // with a key to set it, too: nobody counts one of five
  };
  if (key === "back") set(value.slice(0, -1));
  else if (key === "clear") set("");
  else if (key === "plus") set(String(Number(value || "0") + 1));
  else if (key === "done") {
    const number = Number(value), isWeight = "keypadWeight" in pad.dataset;
    if (number <= 0) onNothingTyped(isWeight);
    else if (isWeight) capture.emit("CMD-OK", "button", { weight_g: number });
    else capture.emit(`CMD-QTY-${number}`, "button", { quantity: number });
  } else if (value.length < 6) set(value === "0" ? key : value + key);
}

function onTap(event) {
  const pressed = event.target.closest("button, [data-armed]");
  if (!pressed) return;
  if ("typeCode" in pressed.dataset) openTyping();
  else if ("askBatch" in pressed.dataset) asking.ofItself();
  else if ("soundUnlock" in pressed.dataset) unlockSound();
  else if ("dismissBand" in pressed.dataset) bandPlace.replaceChildren();
  else if (pressed.dataset.command) capture.emit(pressed.dataset.command, "button");
  else if (pressed.dataset.key) keypad(pressed.closest("[data-keypad]"), pressed.dataset.key);
  else if (pressed.dataset.armed === "false") document.activeElement?.blur();
}

// ---------- a screen that waits for something made elsewhere (a label) asks again ----------

function refresh() {
  const every = Number(place.querySelector("[data-refresh]")?.dataset.refresh ?? 0);
  if (every > 0 && !document.hidden && queue.items.length === 0 && !queue.working) showScreen(null, null);
  setTimeout(refresh, every || 3000);
}

let leaving = false;

if (place) {
  setClock(Number(place.dataset.serverTime));
  capture.start();
  refresh();
  document.addEventListener("click", onTap);
  document.addEventListener("pointerdown", unlockSound, { once: true });
  typedEntry?.querySelector("[data-typed-form]").addEventListener("submit", (event) => {
    event.preventDefault();
    const raw = new FormData(event.target).get("raw").trim();
    typedEntry.close();
    if (raw) capture.emit(raw, "typed");
  });
  window.addEventListener("online", () => { queue.hurry(); showQueue(queue); });
  window.addEventListener("offline", () => showQueue(queue));
  document.addEventListener("visibilitychange", () => { if (!document.hidden) queue.hurry(); });
  window.addEventListener("beforeunload", (event) => { if (queue.items.length > 0 && !leaving) event.preventDefault(); });
}
