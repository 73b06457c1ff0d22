// A part of a page that stays true: <div data-poll="/address" data-poll-seconds="5" data-poll-etag='"…"'>.
// It is asked for again while the page is looked at, and replaced only when its ETag has changed. A neighbour
// [data-poll-lost] is shown while the server does not answer.

const ANSWER_MS = 10000;

async function ask(part) {
  const headers = { "If-None-Match": part.dataset.pollEtag ?? "", "X-Poll": "1" };   // no use of the login: nobody asked
  const answer = await fetch(part.dataset.poll, { headers, cache: "no-store", signal: AbortSignal.timeout(ANSWER_MS) });
  if (answer.redirected) { location.reload(); return; }   // the login has ended
  if (answer.status === 304) return;
  if (!answer.ok) throw new Error(String(answer.status));
  const text = await answer.text();
  if (part.contains(document.activeElement) || document.querySelector("dialog[open]")) return;   // not under somebody's hand
  part.replaceChildren(...new DOMParser().parseFromString(text, "text/html").body.childNodes);
  part.dataset.pollEtag = answer.headers.get("ETag") ?? "";
}

async function look(part) {
  if (document.hidden || part.dataset.polling) return;
  part.dataset.polling = "true";
  const lost = document.querySelector("[data-poll-lost]");
  try {
    await ask(part);
    if (lost) lost.hidden = true;
  } catch {
    if (lost) lost.hidden = false;
  } finally {
    delete part.dataset.polling;
  }
}

for (const part of document.querySelectorAll("[data-poll]")) {
  setInterval(look, Number(part.dataset.pollSeconds) * 1000, part);
  document.addEventListener("visibilitychange", () => look(part));
}
