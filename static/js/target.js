// The page of a target: its parts are kept current, attempts are narrowed in place, and a test shows its result.
import { brush } from "./heat.js";

const NOW_MS = 2000; // how it stands
const LATELY_MS = 15_000; // what happened: of minutes, so that more often says no more

const page = document.getElementById("target");
const address = page?.dataset.address || "";
const hold = document.getElementById("hold-updates");
let held = false;

/**
 * Put the parts of a fresh page in place of ours, where they differ. What the reader uses stays: a part with the
 * focus in it, or an opened twin, which is opened again.
 * @param {string} text of a page or of some parts @param {string[]} [only] the names of the parts
 */
function take(text, only) {
  const fresh = new DOMParser().parseFromString(text, "text/html");
  for (const part of fresh.querySelectorAll("[data-live]")) {
    const name = part.getAttribute("data-live") || "";
    const ours = page?.querySelector(`[data-live="${name}"]`);
    if (!ours || (only && !only.includes(name)) || ours.contains(document.activeElement)) continue;
    if (ours.contains(getSelection()?.anchorNode || null) && !getSelection()?.isCollapsed) continue;
    const opened = ours.querySelector("details")?.open;
    if (part.hasAttribute("hidden")) part.removeAttribute("hidden");
    if (ours.innerHTML === part.innerHTML) continue;
    ours.replaceWith(part);
    const details = part.querySelector("details");
    if (details && opened) details.open = true;
  }
  document.dispatchEvent(new CustomEvent("rendered"));
  brush(narrow);
}

/** @param {string} path beneath the target's address */
async function refresh(path) {
  if (document.hidden || held) return;
  const answer = await fetch(`${address}/${path}`, { headers: { Accept: "text/html" } });
  if (answer.redirected) location.reload(); // signed out
  else if (answer.ok) take(await answer.text());
}

/** Keep a part current, however long an answer takes. @param {string} path @param {number} every */
function keep(path, every) {
  setTimeout(async () => {
    await refresh(path + (path === "lately" ? location.search : "")).catch(() => {});
    keep(path, every);
  }, every);
}

/**
 * Show other attempts; the address tells which, so that it can be kept and gone back to.
 * @param {string} query @param {boolean} [isBack]
 */
async function narrow(query, isBack = false) {
  const answer = await fetch(`${address}/lately${query}`, { headers: { Accept: "text/html" } }).catch(() => null);
  if (!answer?.ok || answer.redirected) {
    location.assign(`${address}${query}#attempts`);
    return;
  }
  if (!isBack) history.pushState(null, "", `${address}${query}`);
  const text = await answer.text();
  if (document.activeElement instanceof HTMLElement && document.activeElement.closest("#attempts")) document.activeElement.blur();
  take(text, ["attempts"]);
  if (!isBack) document.getElementById("attempts")?.scrollIntoView({ block: "nearest" });
}

/** @param {SubmitEvent} event */
async function test(event) {
  const form = event.target;
  if (!(form instanceof HTMLFormElement) || form.id !== "test-form") return;
  event.preventDefault();
  const button = form.querySelector("button");
  const place = document.getElementById("tested");
  if (!button || !place) return;
  button.disabled = true;
  button.textContent = "Testing…";
  try {
    const answer = await fetch(form.action, { method: "POST", body: new FormData(form), headers: { Accept: "text/html" } });
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").getElementById("tested");
    if (!answer.ok || !fresh) throw new Error(`HTTP ${answer.status}`);
    place.replaceChildren(...fresh.childNodes);
  } catch (error) {
    place.textContent = `✕ The test could not be made: ${error instanceof Error ? error.message : error}`;
  } finally {
    button.disabled = false;
    button.textContent = "Test";
  }
}

if (page && hold) {
  hold.hidden = false;
  hold.addEventListener("click", () => {
    held = !held;
    hold.setAttribute("aria-pressed", String(held));
    hold.textContent = held ? "▶ Go on" : "❚❚ Hold updates";
  });
  page.addEventListener("submit", (event) => void test(event));
  page.addEventListener("click", (event) => {
    const link = event.target instanceof Element ? event.target.closest("a[data-narrow]") : null;
    if (!(link instanceof HTMLAnchorElement) || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    void narrow(link.search);
  });
  addEventListener("popstate", () => void narrow(location.search, true));
  brush(narrow);
  keep("now", NOW_MS);
  keep("lately", LATELY_MS);
}
