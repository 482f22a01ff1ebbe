// Bringing a part of the page up to date in place: what did not change stays the same element, so that focus, selection, scrolling and
// what the reader opened are left alone.

/** @param {Node} node */
const keyOf = (node) => (node instanceof Element ? node.id || node.getAttribute("data-key") || "" : "");

/**
 * Make `ours` like `fresh`, element by element: by id or `data-key`, else by order. What the reader opened or chose stays, and so does
 * what was loaded later where the fresh one only has a place for it.
 * @param {Element} ours @param {Element} fresh
 */
export function morph(ours, fresh) {
  if (fresh.classList.contains("lazy") && ours.hasAttribute("data-loaded")) return;
  if (fresh.classList.contains("chunk") && ours.classList.contains("chunk") && !shown(fresh)) return;
  if (fresh.tagName === "CANVAS") return; // what is drawn on it is its script's
  if (fresh.tagName === "TIME" && ours.getAttribute("datetime") === fresh.getAttribute("datetime")) return;
  attributes(ours, fresh);
  children(ours, fresh);
}

/** @param {Element} chunk */
const shown = (chunk) => chunk.classList.contains("shown");
// What our own scripts note on elements, which no fresh page has.
const OWN = new Set(["style", "data-touched", "data-loaded", "data-local"]);

/** @param {Element} ours @param {Element} fresh */
function attributes(ours, fresh) {
  const readers = ours.tagName === "DETAILS" ? "open" : ours.tagName === "INPUT" ? "checked" : "";
  for (const { name, value } of fresh.attributes) {
    if (name !== readers && ours.getAttribute(name) !== value) ours.setAttribute(name, value);
  }
  for (const { name } of [...ours.attributes]) {
    if (name !== readers && !OWN.has(name) && !fresh.hasAttribute(name)) ours.removeAttribute(name);
  }
}

/** @param {Element} ours @param {Element} fresh */
function children(ours, fresh) {
  /** @type {Map<string, Element>} */
  const keyed = new Map();
  for (const child of ours.children) if (keyOf(child)) keyed.set(keyOf(child), child);
  let at = ours.firstChild;
  for (const wanted of [...fresh.childNodes]) {
    const found = keyOf(wanted) ? keyed.get(keyOf(wanted)) : undefined;
    const mine = found ?? (at && same(at, wanted) ? at : null);
    if (!mine) {
      ours.insertBefore(document.importNode(wanted, true), at);
      continue;
    }
    if (mine !== at) ours.insertBefore(mine, at);
    else at = at.nextSibling;
    if (mine instanceof Element) morph(mine, /** @type {Element} */ (wanted));
    else if (mine.nodeValue !== wanted.nodeValue) mine.nodeValue = wanted.nodeValue;
  }
  while (at) {
    const next = at.nextSibling;
    at.remove();
    at = next;
  }
}

/** Whether a node without a key can become another. @param {ChildNode} ours @param {Node} fresh */
function same(ours, fresh) {
  if (ours.nodeType !== fresh.nodeType || keyOf(ours)) return false;
  return !(ours instanceof Element) || ours.tagName === /** @type {Element} */ (fresh).tagName;
}
