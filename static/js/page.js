// Small behaviours of every page, all by data attributes. Without script the pages still work: forms post, menus are <details>.

const dialogOf = (element) => element.closest("dialog");

function openDialog(id) { document.getElementById(id)?.showModal(); }

// ---------- confirm before a form is sent ----------

let waiting = null;   // {form, submitter}

function askFirst(event) {
  const form = event.target;
  const asked = event.submitter?.dataset.confirm ? event.submitter : form;   // one of several buttons, or the form
  if (!asked.dataset.confirm || "confirmed" in form.dataset) return;
  const dialog = document.getElementById("confirm");
  if (!dialog) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  waiting = { form, submitter: event.submitter };
  dialog.querySelector("[data-confirm-text]").textContent = asked.dataset.confirm;
  const go = dialog.querySelector("[data-confirm-go]");
  go.textContent = asked.dataset.confirmLabel || go.dataset.defaultLabel;
  dialog.showModal();
}

function confirmed() {
  document.getElementById("confirm").close();
  const { form, submitter } = waiting;
  waiting = null;
  form.dataset.confirmed = "";
  form.requestSubmit(submitter ?? undefined);
  delete form.dataset.confirmed;
}

// ---------- copy ----------

async function copy(button) {
  await navigator.clipboard.writeText(button.dataset.copy);
  const status = document.getElementById("page-status");
  if (status) status.textContent = button.dataset.copied ?? "";
  const use = button.querySelector("use");
  const before = use?.getAttribute("href");
  if (!use || before.endsWith("#check")) return;
  use.setAttribute("href", before.replace(/#.*/, "#check"));
  setTimeout(() => use.setAttribute("href", before), 1500);
}

// ---------- rows and the bar of actions on them ----------

function showSelection(scope) {
  const boxes = [...scope.querySelectorAll("[data-row-select]")];
  const chosen = boxes.filter((box) => box.checked).length;
  const all = scope.querySelector("[data-select-all]");
  if (all) { all.checked = chosen > 0 && chosen === boxes.length; all.indeterminate = chosen > 0 && chosen < boxes.length; }
  const bar = scope.querySelector("[data-bulk-bar]");
  if (!bar) return;
  bar.hidden = chosen === 0;
  bar.querySelector("[data-bulk-count]").textContent = String(chosen);
}

function select(element, on) {
  const scope = element.closest("[data-selection], form, main") ?? document;
  if (on !== undefined) for (const box of scope.querySelectorAll("[data-row-select]")) box.checked = on;
  showSelection(scope);
}

// ---------- wiring ----------

document.addEventListener("click", (event) => {
  const target = event.target.closest("[data-open-dialog], [data-close-dialog], [data-confirm-go], [data-copy], [data-select-none]");
  for (const menu of document.querySelectorAll("details[data-menu][open]")) if (!menu.contains(event.target)) menu.open = false;
  if (event.target.tagName === "DIALOG" && event.target.id !== "confirm") { event.target.close(); return; }   // the backdrop
  if (!target) return;
  if (target.dataset.openDialog) openDialog(target.dataset.openDialog);
  else if ("closeDialog" in target.dataset) dialogOf(target)?.close();
  else if ("confirmGo" in target.dataset) confirmed();
  else if ("copy" in target.dataset) copy(target);
  else if ("selectNone" in target.dataset) select(target, false);
});

document.addEventListener("change", (event) => {
  const { target } = event;
  if ("selectAll" in target.dataset) select(target, target.checked);
  else if ("rowSelect" in target.dataset) select(target);
  else if (target.form?.matches("[data-auto-submit]") && target.type !== "search") target.form.requestSubmit();
});

function free(form, button) {
  delete form.dataset.sent;
  delete button.dataset.busy;
  button.removeAttribute("aria-disabled");
}

document.addEventListener("submit", askFirst, true);
document.addEventListener("submit", (event) => {   // one click, one post
  const { submitter, target } = event;
  if (event.defaultPrevented || target.method !== "post" || !submitter) return;
  setTimeout(() => { submitter.dataset.busy = "true"; submitter.setAttribute("aria-disabled", "true"); });
  target.dataset.sent = "";
  setTimeout(() => free(target, submitter), 5000);   // a download leaves the page where it is
});
document.addEventListener("submit", (event) => { if ("sent" in event.target.dataset) event.preventDefault(); }, true);
window.addEventListener("pageshow", () => {   // back from the next page: usable again
  for (const form of document.querySelectorAll("form[data-sent]")) delete form.dataset.sent;
  for (const button of document.querySelectorAll("[data-busy='true']")) { delete button.dataset.busy; button.removeAttribute("aria-disabled"); }
});

document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") for (const menu of document.querySelectorAll("details[data-menu][open]")) { menu.open = false; menu.querySelector("summary").focus(); }
  if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest("input, textarea, select, [contenteditable]")) return;
  const field = document.querySelector(`[data-shortcut="${CSS.escape(event.key)}"]`);
  if (field) { event.preventDefault(); field.focus(); }
});

// htmx sends its own requests: give them the token too
document.addEventListener("htmx:configRequest", (event) => {
  event.detail.headers["X-CSRF-Token"] = document.querySelector("meta[name=csrf-token]")?.content ?? "";
});

// a form that was refused stands open, and its first wrong field is gone to
for (const dialog of document.querySelectorAll("dialog[open]")) { dialog.removeAttribute("open"); dialog.showModal(); }
document.querySelector("[data-focus-first], main [aria-invalid='true']")?.focus();
