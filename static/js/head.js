// The header's figures and link state, on every page alike: rendered by the server, kept current where there is a socket.
import { count, duration, rate } from "./figures.js";

/**
 * @typedef {{ in: number, out: number, p50: number | null, p99: number | null, backlog: number,
 *   oldest: number | null, failing: number, in60: number, out60: number, open: number }} Head
 */

/** Show figures. @param {Head} head */
export function showHead(head) {
  say("figure-in", rate(head.in, head.in60));
  say("figure-out", rate(head.out, head.out60));
  say("figure-p50", duration(head.p50));
  say("figure-p99", duration(head.p99));
  say("figure-backlog", count(head.backlog));
  const text = trouble(head);
  const shown = say("figure-failing", text && `▲ ${text}`);
  if (shown) shown.hidden = !text;
}

/** What is wrong with targets; empty if nothing is. @param {Pick<Head, "failing" | "open">} head */
export function trouble({ failing, open }) {
  const many = (/** @type {number} */ of) => `${count(of)} ${of === 1 ? "target" : "targets"}`;
  const others = failing - open;
  if (!open) return others > 0 ? `${many(others)} failing` : "";
  return others > 0 ? `${many(open)} open, ${count(others)} failing` : `${many(open)} open`;
}

/**
 * Keep the header of a page without a graph current over the page's socket.
 * @param {import("./link.js").Link} link @param {number} id a number of the link's that is not in use
 */
export function followHead(link, id) {
  link.subscribe(id, {
    ask: { ch: "head" },
    snap: (snap) => showHead(snap.head),
    part: (part) => showHead(part.head),
  });
}

/** @type {ReturnType<typeof setInterval> | undefined} */
let counting; // down to the next try

/**
 * Say how the link stands, and with it of when the page is.
 * @param {import("./link.js").LinkState} link @param {{ state: string, text: string }} [instead] what the page is while
 *   the link is live: paused, or of the past, which it is always
 */
export function showLink({ state, ms, seconds }, instead) {
  clearInterval(counting);
  document.body.classList.toggle("dated", state !== "live");
  if (instead && (state === "live" || instead.state === "past")) {
    tell(instead.state, instead.text);
  } else if (state === "live") {
    tell(state, ms && ms < 5000 ? `● live ${ms} ms` : "● live");
  } else if (state === "closed") {
    tell(state, "○ not live: no permission");
  } else if (state === "away") {
    let left = seconds;
    const again = () => tell(state, left > 0 ? `◌ reconnecting ${left--} s` : "◌ reconnecting");
    again();
    counting = setInterval(again, 1000);
  }
}

/** @param {string} state @param {string} text */
function tell(state, text) {
  const shown = say("link-state", text);
  if (shown) shown.className = `link-state ${state}`;
}

/** @param {string} id @param {string} text @returns {HTMLElement | null} null where a page has no header */
function say(id, text) {
  const element = document.getElementById(id);
  if (element && element.textContent !== text) element.textContent = text;
  return element;
}
