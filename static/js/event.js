// The page of one event: kept current while the event is in flight, and given what it leaves out as it is opened or comes into view.
import { followHead, showLink } from "./head.js";
import { bind } from "./keys.js";
import { Link, liveAddress } from "./link.js";
import { morph } from "./morph.js";
import { newsOf } from "./news.js";

const POLL_MS = 2000; // while the socket is away
const REFRESH_EACH_MS = 400; // an event with hundreds of deliveries changes with every tick
const SAID_EACH_MS = 2000; // the status line says no more than a reader can hear

const journey = () => document.getElementById("journey");

/** @param {string} address */
async function fetched(address) {
  const answer = await fetch(address, { headers: { Accept: "text/html" } });
  return answer.ok ? new DOMParser().parseFromString(await answer.text(), "text/html") : null;
}

// -- what is opened: loaded then, and told in the address -----------------------------------------------------------------

/** Put what belongs there in a place that was left for later. @param {Element} place */
async function load(place) {
  const address = place.getAttribute("data-src");
  if (!address || place.hasAttribute("data-loaded")) return;
  place.setAttribute("data-loaded", "");
  const page = await fetched(address).catch(() => null);
  if (!page) {
    place.removeAttribute("data-loaded"); // its link still leads there
    return;
  }
  place.replaceChildren(...page.body.childNodes);
  document.dispatchEvent(new CustomEvent("rendered"));
}

/** @param {HTMLDetailsElement} opened */
function note(opened) {
  const address = new URL(location.href);
  const name = opened.dataset.attempt ? "attempt" : opened.classList.contains("leg") ? "delivery" : "";
  const value = opened.dataset.attempt || opened.dataset.key;
  if (!name || !value) return;
  const others = address.searchParams.getAll(name).filter((one) => one !== value);
  address.searchParams.delete(name);
  for (const one of opened.open ? [...others, value].slice(-20) : others) address.searchParams.append(name, one);
  if (address.href !== location.href) history.replaceState(history.state, "", address);
}

document.addEventListener(
  "toggle",
  (event) => {
    const opened = event.target;
    if (!(opened instanceof HTMLDetailsElement) || !journey()?.contains(opened)) return;
    if (opened.open) {
      const place = opened.querySelector(":scope > .lazy, :scope > .attempt-body > .lazy");
      if (place) void load(place);
    }
    if (opened.dataset.touched) note(opened);
  },
  true,
);
// Only what the reader toggles goes into the address, not what the page opens by itself.
document.addEventListener("click", (event) => {
  const summary = event.target instanceof Element ? event.target.closest("summary") : null;
  if (summary?.parentElement instanceof HTMLDetailsElement) summary.parentElement.dataset.touched = "yes";
});

/** Open what the address's fragment names. */
function openNamed() {
  const named = location.hash ? document.getElementById(location.hash.slice(1)) : null;
  for (let at = named; at; at = at.parentElement) if (at instanceof HTMLDetailsElement) at.open = true;
  named?.scrollIntoView({ block: "nearest" });
}
addEventListener("hashchange", openNamed);
openNamed();

document.addEventListener("change", (event) => {
  const tab = event.target;
  if (!(tab instanceof HTMLInputElement) || tab.name !== "payload") return;
  const address = new URL(location.href);
  address.searchParams.set("show", tab.value);
  history.replaceState(history.state, "", address);
});

// -- the keyboard -----------------------------------------------------------------------------------------------------------

/** The rows that can be seen: of deliveries, and of attempts in those that are open. */
const shownRows = () =>
  /** @type {HTMLElement[]} */ ([...document.querySelectorAll(".leg > summary, .attempt > summary")]).filter((row) => row.offsetParent);

/** Go to the next row that passes, or to the one before. @param {1 | -1} step @param {(row: HTMLElement) => boolean} [passes] */
function go(step, passes = () => true) {
  const rows = shownRows();
  const at = rows.findIndex((row) => row === document.activeElement);
  const start = at < 0 && step < 0 ? rows.length : at;
  const order = step > 0 ? rows.slice(start + 1) : rows.slice(0, start).reverse();
  order.find(passes)?.focus();
}

/** @param {string} selector */
const press = (selector) => /** @type {HTMLElement | null} */ (document.querySelector(selector))?.click();

// Arrows scroll the page, unless a row has the focus.
const inRows = () => Boolean(document.activeElement?.closest(".lanes"));
for (const [letter, arrow, step] of /** @type {[string, string, 1 | -1][]} */ ([["j", "ArrowDown", 1], ["k", "ArrowUp", -1]])) {
  bind(letter, () => go(step));
  bind(arrow, (event) => (event.preventDefault(), go(step)), inRows);
}
bind("n", () => go(1, (row) => Boolean(row.querySelector("[data-tone=bad], [data-tone=warn]"))));
bind("c", () => press("[data-copy=event-link]"));
bind("e", () => press("a[href^='/rules/new']"));

// -- rows of a long journey: loaded near the window, dropped far from it ----------------------------------------------------

const seen = new IntersectionObserver(
  (entries) => {
    for (const { target, isIntersecting } of entries) {
      if (isIntersecting) void show(/** @type {HTMLElement} */ (target));
      else drop(/** @type {HTMLElement} */ (target));
    }
  },
  { rootMargin: "1200px 0px" },
);

/** @param {HTMLElement} chunk */
async function show(chunk) {
  if (chunk.classList.contains("shown")) return;
  chunk.classList.add("shown");
  const page = await fetched(chunk.dataset.src || "").catch(() => null);
  const fresh = page?.querySelector(".chunk.shown") ?? page?.body;
  if (!fresh) {
    chunk.classList.remove("shown");
    return;
  }
  chunk.replaceChildren(...fresh.childNodes);
  chunk.style.height = "";
  document.dispatchEvent(new CustomEvent("rendered"));
}

/** Give up the rows of a chunk that is out of sight, and keep their room; not while one of them is opened. @param {HTMLElement} chunk */
function drop(chunk) {
  if (!chunk.classList.contains("shown") || chunk.querySelector("details[open]") || chunk.contains(document.activeElement)) return;
  chunk.style.height = `${chunk.getBoundingClientRect().height}px`;
  chunk.replaceChildren();
  chunk.classList.remove("shown");
}

/** Watch the chunks of a page that has more than one; a row's height stands in for those that are not there yet. */
function watchChunks() {
  const chunks = [.../** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll(".chunk"))];
  if (chunks.length < 2) return;
  const row = document.querySelector(".leg > summary")?.getBoundingClientRect().height || 34;
  for (const chunk of chunks) {
    if (!chunk.classList.contains("shown") && !chunk.style.height) {
      chunk.style.height = `${row * Number(chunk.dataset.rows || 100)}px`;
    }
    seen.observe(chunk);
  }
}
watchChunks();

const map = document.getElementById("minimap");
if (map instanceof HTMLCanvasElement) void import("./minimap.js").then(({ minimap }) => minimap(map));

// -- while it is in flight -----------------------------------------------------------------------------------------------------

let busy = false;
let again = false;
let live = false;

/** Take the page anew and bring ours up to date in place. */
async function refresh() {
  again = busy;
  if (busy) return;
  busy = true;
  const began = performance.now();
  try {
    const page = await fetched(location.href);
    const fresh = page?.getElementById("journey");
    const ours = journey();
    if (!fresh || !ours) return;
    morph(ours, fresh);
    document.dispatchEvent(new CustomEvent("rendered"));
  } finally {
    const rest = Math.max(0, REFRESH_EACH_MS - (performance.now() - began));
    setTimeout(() => {
      busy = false;
      if (again) void refresh().catch(() => {});
    }, rest);
  }
}

/** @type {import("./news.js").Summary | null} */
let known = null;
/** @type {string[]} */
let waiting = [];

/** @param {import("./news.js").Summary} summary */
function take(summary) {
  const nameOf = (/** @type {number} */ id) => document.querySelector(`#delivery-${id} .lane-name`)?.textContent?.trim() || "";
  const said = newsOf(known, summary, nameOf);
  known = summary;
  if (said) say(said);
  void refresh().catch(() => {});
}

/** @param {string} text */
function say(text) {
  const line = document.getElementById("news");
  if (!line) return;
  waiting.push(text);
  if (waiting.length > 1) return;
  const next = () => {
    line.textContent = waiting[waiting.length - 1] ?? "";
    setTimeout(() => {
      waiting = waiting.slice(1).slice(-1);
      if (waiting.length) next();
    }, SAID_EACH_MS);
  };
  next();
}

const id = journey()?.dataset.event;
if (id && journey()?.hasAttribute("data-in-flight")) {
  const link = new Link(liveAddress(), (state) => {
    live = state.state === "live";
    showLink(state);
  });
  link.subscribe(1, { ask: { ch: "event", ev: id }, snap: ({ ev }) => take(ev), part: ({ ev }) => take(ev) });
  followHead(link, 2);
  link.open();
  const poll = setInterval(() => {
    if (!journey()?.hasAttribute("data-in-flight")) clearInterval(poll);
    else if (!live && !document.hidden) void refresh().catch(() => {});
  }, POLL_MS);
}
