// Pages of figures: what is marked `data-fresh` is taken anew every few seconds, so that the page stays true while it is read.

const EVERY_MS = 5000;
const OFTEN_MS = 1500; // while something that moves is on the page: `data-often`

/** Whether the reader is at work inside: it must not change under their hand.
 * @param {Element} part */
const isUsed = (part) =>
  part.contains(document.activeElement) || part.matches(":hover:has([data-reading])") || holdsSelection(part);

/** @param {Element} part */
function holdsSelection(part) {
  const selection = getSelection();
  return !!selection && !selection.isCollapsed && !!selection.anchorNode && part.contains(selection.anchorNode);
}

/**
 * Put a part of a fresh page in place of ours, with what the reader opened left open and scrolled where it was.
 * @param {Element} ours @param {Element} fresh
 */
function replace(ours, fresh) {
  for (const open of ours.querySelectorAll("details[open][id]")) {
    fresh.querySelector(`#${CSS.escape(open.id)}`)?.setAttribute("open", "");
  }
  const at = [...ours.querySelectorAll("[role=region]")].map((region) => [region.scrollLeft, region.scrollTop]);
  ours.replaceWith(fresh);
  [...fresh.querySelectorAll("[role=region]")].forEach((region, number) => {
    const [left, top] = at[number] ?? [0, 0];
    region.scrollTo(left, top);
  });
}

/** Take the page anew and change the parts that say something else now. */
async function refresh() {
  const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
  if (!answer.ok || answer.redirected) return;
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  for (const ours of document.querySelectorAll("[data-fresh]")) {
    const fresh = page.getElementById(ours.id);
    if (fresh && !isUsed(ours)) replace(ours, document.adoptNode(fresh));
  }
  document.dispatchEvent(new CustomEvent("rendered"));
}

let busy = false;
let at = performance.now();
setInterval(() => {
  const wait = document.querySelector("[data-often]") ? OFTEN_MS : EVERY_MS;
  if (document.hidden || busy || performance.now() - at < wait) return;
  busy = true;
  at = performance.now();
  void refresh()
    .catch(() => {}) // the next time; the page says of when it is
    .finally(() => (busy = false));
}, 500);
