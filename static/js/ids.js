// UUIDv7 made by the client, and the device's name and counter. Only ids and counters are kept in localStorage.

let told = null;   // the server's time, and our steady clock at that moment

/** A device's own clock may be off by years after its battery ran flat: ids carry the server's time, in ms. */
export function setClock(serverTime, steady = performance.now()) {
  if (Number.isFinite(serverTime) && serverTime > 0) told = { serverTime, steady };
}

export function serverNow(steady = performance.now()) {
  return told === null ? Date.now() : Math.round(told.serverTime + steady - told.steady);
}

export function uuid7(now = serverNow(), random = (bytes) => crypto.getRandomValues(bytes)) {
  const bytes = random(new Uint8Array(16));
  let rest = now;
  for (let i = 5; i >= 0; i -= 1) { bytes[i] = rest % 256; rest = Math.floor(rest / 256); }
  bytes[6] = 0x70 | (bytes[6] & 0x0f);
  bytes[8] = 0x80 | (bytes[8] & 0x3f);
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}

export function deviceId(store = localStorage) {
  let id = store.getItem("wms.device_id");
  if (!id) { id = uuid7(); store.setItem("wms.device_id", id); }
  return id;
}

export function nextDeviceSequence(store = localStorage) {
  const next = Number(store.getItem("wms.device_seq") || "0") + 1;
  store.setItem("wms.device_seq", String(next));
  return next;
}
