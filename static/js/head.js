// The header's figures, on every page alike: the server renders them, a page with a socket keeps them current.
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

/** @param {string} id @param {string} text @returns {HTMLElement | null} null where a page has no header */
function say(id, text) {
  const element = document.getElementById(id);
  if (element && element.textContent !== text) element.textContent = text;
  return element;
}
