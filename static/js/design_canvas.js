// Places of the elements over the picture: choose by a tap, move and resize by dragging, nudge with the arrow keys.

import { boxOf, elementAt, moved, resized, walk } from "./design_paths.js";

const SVG = "http://www.w3.org/2000/svg";
const STEP_MM = 0.5;
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
const snapped = (mm, fine) => (fine ? Math.round(mm * 10) / 10 : Math.round(mm / STEP_MM) * STEP_MM);

export class Canvas {
  /** `host`: {data, chosen, wrong: Set of places, choose(at), patch(at, changes, isDone), remove()} */
  constructor(overlay, size, host) {
    this.overlay = overlay;
    this.size = size;
    this.host = host;
    this.drag = null;
    overlay.setAttribute("viewBox", `0 0 ${size.width} ${size.height}`);
    overlay.setAttribute("preserveAspectRatio", "none");
    overlay.addEventListener("pointerdown", (event) => this.begin(event));
    overlay.addEventListener("pointermove", (event) => this.follow(event));
    for (const name of ["pointerup", "pointercancel"]) overlay.addEventListener(name, () => this.end());
    overlay.addEventListener("keydown", (event) => this.key(event));
  }

  draw() {
    const { data, chosen, wrong } = this.host;
    const shapes = [];
    for (const { at, element, corner } of walk(data.elements)) {
      const box = boxOf(element);
      if (!box) continue;
      const [left, top] = [box[0] + corner[0], box[1] + corner[1]];
      shapes.push({ at, area: box[2] * box[3], rect: this.rect(left, top, box[2], box[3], at, [at === chosen && "chosen", wrong.has(at) && "wrong"]) });
      if (at === chosen) this.handle = this.rect(left + box[2] - this.mm(5), top + box[3] - this.mm(5), this.mm(10), this.mm(10), at, ["handle"]);
    }
    shapes.sort((one, other) => other.area - one.area);   // small ones on top, so that they can be caught
    const isShown = shapes.some((each) => each.at === chosen);
    this.overlay.replaceChildren(...shapes.map((each) => each.rect), ...(isShown ? [this.handle] : []));
  }

  rect(x, y, width, height, at, classes) {
    const rect = document.createElementNS(SVG, "rect");
    for (const [name, value] of Object.entries({ x, y, width: Math.max(width, 0.1), height: Math.max(height, 0.1) })) rect.setAttribute(name, value);
    rect.setAttribute("class", classes.filter(Boolean).join(" "));
    rect.dataset.at = at;
    return rect;
  }

  /** So many pixels of the screen in mm of the label. */
  mm(pixels) { return pixels * this.size.width / Math.max(1, this.overlay.clientWidth || this.overlay.getBoundingClientRect().width); }

  begin(event) {
    const rect = event.target.closest("rect");
    if (!rect) { this.host.choose(""); return; }
    const { at } = rect.dataset;
    const isHandle = rect.classList.contains("handle");
    this.host.choose(at);
    this.overlay.focus({ preventScroll: true });
    this.overlay.setPointerCapture(event.pointerId);
    this.drag = { at, isHandle, x: event.clientX, y: event.clientY, before: structuredClone(elementAt(this.host.data, at)), changed: false };
  }

  follow(event) {
    if (!this.drag) return;
    const right = snapped(this.mm(event.clientX - this.drag.x), event.altKey);
    const down = snapped(this.mm(event.clientY - this.drag.y), event.altKey);
    if (!right && !down && !this.drag.changed) return;
    this.drag.changed = true;
    this.host.patch(this.drag.at, (this.drag.isHandle ? resized : moved)(this.drag.before, right, down), false);
  }

  end() {
    const { drag } = this;
    this.drag = null;
    if (drag?.changed) this.host.patch(drag.at, {}, true);
  }

  key(event) {
    const { chosen, data } = this.host;
    const element = chosen && elementAt(data, chosen);
    if (!element) return;
    if (event.key === "Delete") { event.preventDefault(); this.host.remove(); return; }
    const way = ARROWS[event.key];
    if (!way || !boxOf(element)) return;
    event.preventDefault();
    const step = event.altKey ? 0.1 : STEP_MM;
    this.host.patch(chosen, (event.shiftKey ? resized : moved)(element, way[0] * step, way[1] * step), true);
  }
}
