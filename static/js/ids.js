// UUIDv7 made by the client, and the device's name and counter. Only ids and counters are kept in localStorage.

export function uuid7(now = Date.now(), random = (bytes) => crypto.getRandomValues(bytes)) {
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
