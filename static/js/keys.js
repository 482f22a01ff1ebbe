// The keyboard, one for all pages: modules bind keys to what they do, and single keys can be switched off (WCAG 2.1.4).
// Every page loads it, so that going to another page, the theme and the list of keys work everywhere.

/**
 * @typedef {object} Binding
 * @property {string} keys  as KeyboardEvent.key says them, in a row: "j", "ArrowDown", "g l"
 * @property {(event: KeyboardEvent) => void} run
 * @property {() => boolean} when  whether it means anything now; the latest that does is taken
 */

const OFF = "off";
const STORED = "single-keys";
const SEQUENCE_MS = 1500; // how long a first key waits for its second
const WRITING = "input, textarea, select, [contenteditable=''], [contenteditable='true']";
const PAGES = { f: "Flow", e: "Events", r: "Rules", t: "Targets", b: "Buses", s: "Sources", d: "Dead letters" };

/** @type {Binding[]} */
const bindings = [];
let before = "";
let beforeAt = 0;

/**
 * Do something when keys are pressed outside of fields.
 * @param {string} keys several ways to say it are separated by a comma and a blank: "j, ArrowDown"
 * @param {(event: KeyboardEvent) => void} run @param {() => boolean} [when]
 */
export function bind(keys, run, when = () => true) {
  for (const one of keys.split(", ")) bindings.push({ keys: one === "Space" ? " " : one, run, when });
}

/** Whether keys of one character do something. */
export const singleKeys = () => localStorage.getItem(STORED) !== OFF;

/** @param {boolean} on */
export function switchSingleKeys(on) {
  if (on) localStorage.removeItem(STORED);
  else localStorage.setItem(STORED, OFF);
  document.dispatchEvent(new CustomEvent("single-keys"));
}

/**
 * The binding that a key means, if any; exported for its tests.
 * @param {Binding[]} all @param {string} first the key before, if it is recent @param {string} key
 * @returns {Binding | undefined}
 */
export function meant(all, first, key) {
  const last = (/** @type {string} */ keys) => all.findLast((one) => one.keys === keys && one.when());
  return (first && last(`${first} ${key}`)) || last(key);
}

/** @param {KeyboardEvent} event */
function pressed(event) {
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
  const target = event.target instanceof Element ? event.target : document.body;
  if (target.closest(WRITING) || target.closest("dialog[open]")) return;
  const single = event.key.length === 1;
  if (single && !singleKeys()) return;
  if ((event.key === " " || event.key === "Enter") && target.closest("button, summary, a[href], [role=switch]")) return;
  const first = event.timeStamp - beforeAt < SEQUENCE_MS ? before : "";
  const found = meant(bindings, first, event.key);
  before = single && !found ? event.key : "";
  beforeAt = event.timeStamp;
  if (!found) return;
  event.preventDefault();
  found.run(event);
}

/** @param {string} name */
function goTo(name) {
  for (const link of document.querySelectorAll(".pages a")) {
    if (link instanceof HTMLAnchorElement && link.textContent?.trim() === name) link.click();
  }
}

/** The list of keys over the page; the server's own page of them, so that there is one. */
async function help() {
  const sheet = document.createElement("dialog");
  sheet.className = "keys-sheet";
  sheet.setAttribute("aria-labelledby", "keys-title");
  const answer = await fetch("/help/keys", { headers: { Accept: "text/html" } });
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const list = page.getElementById("keys");
  if (!answer.ok || !list) {
    location.assign("/help/keys");
    return;
  }
  const close = document.createElement("button");
  close.type = "button";
  close.className = "button small keys-close";
  close.textContent = "Close";
  close.addEventListener("click", () => sheet.close());
  sheet.append(list, close);
  sheet.addEventListener("click", (event) => event.target === sheet && sheet.close());
  sheet.addEventListener("close", () => sheet.remove());
  document.body.append(sheet);
  showSwitch(sheet);
  sheet.showModal();
}

/** @param {ParentNode} within */
function showSwitch(within) {
  const button = within.querySelector("#single-keys");
  if (!(button instanceof HTMLElement)) return;
  const say = () => {
    button.setAttribute("aria-checked", String(singleKeys()));
    button.textContent = singleKeys() ? "● on" : "○ off";
  };
  button.closest("[hidden]")?.removeAttribute("hidden");
  button.addEventListener("click", () => switchSingleKeys(!singleKeys()));
  document.addEventListener("single-keys", say);
  say();
}

if (typeof document !== "undefined") {
  addEventListener("keydown", pressed);
  for (const [key, name] of Object.entries(PAGES)) bind(`g ${key}`, () => goTo(name));
  bind("t", () => document.getElementById("theme-switch")?.click());
  bind("?", () => void help());
  showSwitch(document);
}
