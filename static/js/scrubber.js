// The scrubber: bars of what was accepted and what failed, marks above them, and a needle that pointer and keys move.
import { count, rate } from "./figures.js";

/**
 * @typedef {[number, number]} Bar  events accepted, attempts that failed
 * @typedef {[number, string, string]} Mark  second, kind (change, opened, closed), text
 * @typedef {{ since: number, step: number, first: number, bars: Bar[], marks: Mark[] }} Sent
 */

export const BARS = 240;
const HEIGHT = 48; // of the drawing, in its own units; a bar is one wide
const LEAST = 1.5; // a bar that is not empty is seen
const TOLD = 4; // marks of one bar that are told by name
const SVG = "http://www.w3.org/2000/svg";
/** @type {Record<string, { glyph: string, d: string }>} */
const MARKS = {
  change: { glyph: "◆", d: "M0-4 3.5 0 0 4-3.5 0Z" },
  opened: { glyph: "▲", d: "M0-4 4 3.5H-4Z" },
  closed: { glyph: "▽", d: "M0 4-4-3.5H4Z" },
};

/** @param {number} bar @param {number} low @param {number} tall */
const block = (bar, low, tall) => (tall ? `M${bar + 0.1} ${+(HEIGHT - low).toPrecision(4)}v${-tall}h.8v${tall}z` : "");

/**
 * The drawing, as eventhub/dashboard/scrubber/bars.py makes it: accepted, and what failed on top.
 * @param {Bar[]} bars @returns {[string, string]}
 */
export function paths(bars) {
  const peak = Math.max(1, ...bars.map(([accepted, failed]) => accepted + failed));
  const tall = (/** @type {number} */ one) =>
    one ? +Math.max(LEAST, ((HEIGHT - LEAST) * one) / peak).toPrecision(4) : 0;
  const good = bars.map(([accepted], bar) => block(bar, 0, tall(accepted)));
  const lost = bars.map(([accepted, failed], bar) => block(bar, tall(accepted), tall(failed)));
  return [good.join(""), lost.join("")];
}

/** A bar in words. @param {Bar} bar */
export function told([accepted, failed]) {
  const events = `${count(accepted)} ${accepted === 1 ? "event" : "events"}`;
  return failed ? `${events}, ${count(failed)} failed ${failed === 1 ? "attempt" : "attempts"}` : events;
}

/** @param {number} value */
const two = (value) => String(value).padStart(2, "0");

/**
 * A second on the reader's clock, with its day where the span is longer than an hour.
 * @param {number} second @param {boolean} [withDay]
 */
export function clockOf(second, withDay = false) {
  const at = new Date(second * 1000);
  const time = `${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`;
  return withDay ? `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())} ${time}` : time;
}

/** Bars that start elsewhere, as far as they are the same. @param {Sent} old @param {Sent} sent @returns {Bar[]} */
export function merged(old, sent) {
  if (sent.first === 0) return sent.bars;
  return [...old.bars.slice(0, sent.first), ...sent.bars];
}

export class Scrubber {
  /** @param {HTMLElement} section @param {Sent} sent @param {(at: number | null) => void} go */
  constructor(section, sent, go) {
    this.section = section;
    this.go = go;
    this.sent = sent;
    /** @type {number | null} */
    this.at = null; // the second that is shown; null is now
    this.track = part("scrub-track");
    this.tip = part("scrub-tip");
    this.hovered = section.querySelector(".scrub-bars")?.insertBefore(document.createElementNS(SVG, "rect"), part("scrub-ahead"));
    this.hovered?.setAttribute("class", "hovered");
    this.track.tabIndex = 0;
    this.track.setAttribute("role", "slider");
    this.track.setAttribute("aria-label", "Moment shown");
    this.track.setAttribute("aria-valuemin", "0");
    this.track.setAttribute("aria-valuemax", String(BARS));
    this.track.querySelector(".scrub-bars")?.setAttribute("aria-hidden", "true");
    this.track.querySelector(".scrub-bars")?.removeAttribute("role");
    this.track.addEventListener("pointerdown", (event) => this.#drag(event));
    this.track.addEventListener("pointermove", (event) => this.#point(event));
    this.track.addEventListener("pointerleave", () => this.#tell(null));
    this.track.addEventListener("blur", () => this.#tell(null));
    this.track.addEventListener("keydown", (event) => this.#key(event));
    this.#draw();
  }

  /** The last bar that is over, at the second `now`. */
  get latest() {
    return Math.min(BARS, Math.floor((Date.now() / 1000 - this.sent.since) / this.sent.step)) - 1;
  }

  /** The bar that leads to what is shown; one more than the latest is now. */
  get bar() {
    if (this.at === null) return this.latest + 1;
    return Math.min(BARS - 1, Math.max(0, Math.floor((this.at - 1 - this.sent.since) / this.sent.step)));
  }

  /** Take bars that grew, and marks. @param {Sent} sent */
  take(sent) {
    this.sent = { ...sent, first: 0, bars: merged(this.sent, sent) };
    this.#draw();
    this.show(this.at);
  }

  /** Show that a moment is shown. @param {number | null} at */
  show(at) {
    this.at = at;
    const { since, step, bars } = this.sent;
    const x = at === null ? BARS : Math.min(BARS, Math.max(0, (at - since) / step));
    for (const name of ["x1", "x2"]) part("scrub-needle").setAttribute(name, String(x));
    part("scrub-ahead").setAttribute("x", String(x));
    const bar = Math.min(this.bar, BARS - 1);
    const marks = this.marksOf(bar).map(([, , text]) => text);
    const moment = at === null ? "live" : clockOf(at, step > 60);
    this.track.setAttribute("aria-valuenow", String(at === null ? BARS : bar + 1));
    this.track.setAttribute("aria-valuetext", [moment, told(bars[bar]), ...marks.slice(0, TOLD)].join(", "));
    if (at === null) part("scrub-live").setAttribute("aria-current", "true");
    else part("scrub-live").removeAttribute("aria-current");
  }

  /** Move by bars; after the last one it is now. @param {number} by */
  step(by) {
    this.move(this.bar + by);
  }

  /** Show the moment at which a bar ends. @param {number} bar */
  move(bar) {
    const { since, step } = this.sent;
    const at = bar > this.latest ? null : since + (Math.max(0, bar) + 1) * step;
    if (at !== this.at) this.go(at);
  }

  /** @param {number} bar @returns {Mark[]} */
  marksOf(bar) {
    const from = this.sent.since + bar * this.sent.step;
    return this.sent.marks.filter(([at]) => at >= from && at < from + this.sent.step);
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const by = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1, PageDown: -10, PageUp: 10 }[event.key];
    if (by) this.step(by);
    else if (event.key === "Home") this.move(0);
    else if (event.key === "End") this.move(BARS);
    else return;
    event.preventDefault();
    this.#tell(Math.min(this.bar, BARS - 1));
  }

  /** @param {PointerEvent} event */
  #drag(event) {
    if (event.button) return;
    this.track.setPointerCapture(event.pointerId);
    this.#point(event, true);
  }

  /** @param {PointerEvent} event @param {boolean} [pressed] */
  #point(event, pressed = event.buttons === 1 && this.track.hasPointerCapture(event.pointerId)) {
    const { left, width } = this.track.getBoundingClientRect();
    const bar = Math.min(BARS - 1, Math.max(0, Math.floor(((event.clientX - left) / width) * BARS)));
    if (pressed) this.move(bar);
    this.#tell(bar);
  }

  /** Tell of a bar beside it; null hides that. @param {number | null} bar */
  #tell(bar) {
    this.tip.hidden = bar === null;
    this.hovered?.setAttribute("width", bar === null ? "0" : "1");
    if (bar === null) return;
    const { since, step, bars } = this.sent;
    const from = since + bar * step;
    const [accepted, failed] = bars[bar];
    const marks = this.marksOf(bar);
    const withDay = step > 60;
    const lines = [line("b", `${clockOf(from, withDay)} – ${clockOf(from + step)}`), line("span", told([accepted, 0]))];
    if (failed) lines.push(line("span", `✕ ${count(failed)} failed ${failed === 1 ? "attempt" : "attempts"}`, "bad"));
    for (const [, kind, text] of marks.slice(0, TOLD)) lines.push(line("span", `${MARKS[kind].glyph} ${text}`, "mark"));
    if (marks.length > TOLD) lines.push(line("span", `and ${marks.length - TOLD} more changes`, "mark"));
    this.tip.replaceChildren(...lines);
    this.hovered?.setAttribute("x", String(bar));
    this.hovered?.setAttribute("height", String(HEIGHT));
    const { clientWidth } = this.track;
    const left = ((bar + 0.5) / BARS) * clientWidth - this.tip.offsetWidth / 2;
    this.tip.style.left = `${Math.max(0, Math.min(clientWidth - this.tip.offsetWidth, left))}px`;
  }

  #draw() {
    const { bars, step, since, marks } = this.sent;
    const [good, lost] = paths(bars);
    part("scrub-good").setAttribute("d", good);
    part("scrub-lost").setAttribute("d", lost);
    const most = Math.max(...bars.map(([accepted]) => accepted));
    part("scrub-peak").textContent = rate(most / step, Math.ceil((most * 60) / step));
    part("scrub-marks").replaceChildren(
      ...marks.map(([at, kind]) => {
        const place = document.createElementNS(SVG, "svg");
        place.setAttribute("x", `${(100 * (at - since)) / (BARS * step)}%`);
        place.setAttribute("y", "5");
        place.setAttribute("overflow", "visible");
        const shape = place.appendChild(document.createElementNS(SVG, "path"));
        shape.setAttribute("class", kind);
        shape.setAttribute("d", MARKS[kind].d);
        return place;
      }),
    );
  }
}

/** @param {string} name @param {string} text @param {string} [kind] */
function line(name, text, kind = "") {
  const element = document.createElement(name);
  element.textContent = text;
  element.className = kind;
  return element;
}

/** @param {string} id @returns {HTMLElement} */
function part(id) {
  const found = document.getElementById(id);
  if (!found) throw new Error(`the page has no #${id}`);
  return found;
}
