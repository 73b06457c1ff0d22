// Places in a design: "elements[3].elements[0]" as the server's findings write them, and what stands there.

const STEP = /(elements|otherwise)\[(\d+)\]/g;

/** [["elements", 3], ["elements", 0]] */
export function stepsOf(at) {
  return [...at.matchAll(STEP)].map(([, list, place]) => [list, Number(place)]);
}

export function elementAt(data, at) {
  let here = data;
  for (const [list, place] of stepsOf(at)) here = here?.[list]?.[place];
  return here === data ? undefined : here;
}

/** The list that holds an element, and its place there. */
export function homeOf(data, at) {
  const steps = stepsOf(at);
  const [list, place] = steps.pop();
  let here = data;
  for (const [name, number] of steps) here = here[name][number];
  return { list: here[list], place, before: at.slice(0, at.lastIndexOf(`${list}[`)) + list };
}

/** The element's own place of a finding: "elements[3].box" → "elements[3]". */
export function ownerOf(at) {
  const found = at.match(/^((?:\.?(?:elements|otherwise)\[\d+\])+)/);
  return found ? found[1] : "";
}

/** Every element with its place, where its corner is measured from (mm), and the list of entries it stands in. */
export function* walk(elements, before = "elements", corner = [0, 0], entries = "") {
  for (const [place, element] of (elements ?? []).entries()) {
    const at = `${before}[${place}]`;
    yield { at, element, corner, entries };
    if (element.type === "condition") {
      yield* walk(element.elements, `${at}.elements`, corner, entries);
      yield* walk(element.otherwise, `${at}.otherwise`, corner, entries);
    } else if (element.type === "rows" && Array.isArray(element.box)) {
      yield* walk(element.elements, `${at}.elements`, [corner[0] + element.box[0], corner[1] + element.box[1]], element.field);
    }
  }
}

/** Left, top, width, height in mm from the element's own corner; null for what has no place of its own. */
export function boxOf(element) {
  if (element.type === "line") {
    const [[x1, y1], [x2, y2]] = [element.start ?? [0, 0], element.end ?? [0, 0]];
    const half = Math.max(element.thickness_mm ?? 0.3, 1.5) / 2;   // thin lines can still be caught
    return [Math.min(x1, x2) - half, Math.min(y1, y2) - half, Math.abs(x2 - x1) + 2 * half, Math.abs(y2 - y1) + 2 * half];
  }
  return Array.isArray(element.box) && element.box.every(Number.isFinite) ? element.box : null;
}

const tenth = (number) => Math.round(number * 10) / 10;

/** The element moved by so many mm. */
export function moved(element, right, down) {
  if (element.type === "line") {
    const by = ([x, y]) => [tenth(x + right), tenth(y + down)];
    return { start: by(element.start), end: by(element.end) };
  }
  const [left, top, width, height] = element.box;
  return { box: [tenth(left + right), tenth(top + down), width, height] };
}

/** The element with its lower right corner moved; a line keeps its direction. */
export function resized(element, right, down) {
  if (element.type === "line") {
    const level = element.start[1] === element.end[1];
    const [x, y] = element.end;
    return { end: level ? [tenth(x + right), y] : [x, tenth(y + down)] };
  }
  const [left, top, width, height] = element.box;
  return { box: [left, top, Math.max(0.5, tenth(width + right)), Math.max(0.5, tenth(height + down))] };
}
