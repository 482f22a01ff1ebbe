// The lines of a stream: as many as are in sight, used again and again for whatever rows come there. Only cells whose
// text changed are written.
import { count, duration, listed, moment, result, ruleCount } from "./figures.js";

/**
 * @typedef {import("./ring.js").Ring} Ring
 * @typedef {import("./ring.js").Row} Row
 * @typedef {import("./ring.js").Gap} Gap
 * @typedef {{ line: HTMLElement, link: HTMLAnchorElement, cells: Record<string, HTMLElement>, gap: HTMLButtonElement,
 *   number: number, id: string }} Line
 */

const SPARE = 4; // lines drawn above and below what is in sight
export const CELLS = ["time", "type", "source", "key", "rules", "result", "ms", "payload"];

export class Lines {
  /**
   * @param {HTMLElement} scroller @param {HTMLElement} list
   * @param {{ payload: (row: Row) => string, row: (id: string) => Row | null }} tell
   */
  constructor(scroller, list, tell) {
    this.scroller = scroller;
    this.list = list;
    this.tell = tell;
    /** @type {Line[]} */
    this.lines = [];
    this.height = 26;
    this.midnight = 0;
    this.open = ""; // id of the event whose summary is open
    /** @type {Set<string>} */
    this.pinned = new Set();
    this.current = 0; // the line that Tab comes to
    list.replaceChildren();
    // Told only when asked for: writing it for every row would cost more than the rows.
    list.addEventListener("pointerover", (event) => {
      const line = this.#lineAt(event.target);
      const row = line && tell.row(line.id);
      if (line && row) line.line.title = `${row.type} from ${row.source} on ${row.bus}, accepted ${moment(row.at)}`;
    });
  }

  /** How high a line is, after the size of text or rows changed. */
  measure() {
    this.height = Number.parseFloat(getComputedStyle(this.list).lineHeight) || 26;
    for (const line of this.lines) line.number = -1;
    this.head = this.list.offsetTop;
  }

  /** The line at the top of what is in sight. */
  get first() {
    return Math.floor(this.scroller.scrollTop / this.height);
  }

  /** @param {Pick<Ring, "length" | "line">} ring */
  draw(ring) {
    const { length } = ring;
    this.midnight = new Date().setHours(0, 0, 0, 0);
    const inSight = Math.ceil(this.scroller.clientHeight / this.height) + 2 * SPARE;
    const first = Math.max(0, Math.min(this.first, length - 1) - SPARE);
    const height = `${length * this.height}px`;
    if (this.list.style.height !== height) this.list.style.height = height;
    while (this.lines.length < Math.min(inSight, length)) this.#line();
    const many = this.lines.length;
    // Counted from the oldest, so that a line keeps its row, and with it focus and selection, when newer ones come.
    const lowest = length - first - many;
    this.lines.forEach((line, index) => {
      const fromOldest = lowest + ((((index - lowest) % many) + many) % many);
      const number = length - 1 - fromOldest;
      const item = ring.line(number);
      line.line.hidden = !item;
      if (!item) return;
      if (line.number !== number) {
        line.number = number;
        line.line.style.transform = `translateY(${number * this.height}px)`;
        line.line.ariaRowIndex = String(number + 2);
      }
      if (item.row) this.#show(line, item.row);
      else this.#showGap(line, item.gap);
    });
    this.list.parentElement?.setAttribute("aria-rowcount", String(length + 1));
  }

  /** Bring a line into sight. @param {number} number */
  reveal(number) {
    const top = number * this.height;
    const { scrollTop, clientHeight } = this.scroller;
    const room = clientHeight - (this.head ?? 0) - this.height;
    if (top < scrollTop) this.scroller.scrollTop = top;
    else if (top > scrollTop + room) this.scroller.scrollTop = top - room;
  }

  /** Bring a line into sight and focus it; nothing else moves. @param {Ring} ring @param {number} number */
  focus(ring, number) {
    this.current = number;
    this.reveal(number);
    this.draw(ring);
    const found = this.lines.find((one) => !one.line.hidden && one.number === number);
    if (found) (found.gap.hidden ? found.link : found.gap).focus({ preventScroll: true });
  }

  /** The line that has the focus, or -1. */
  get focused() {
    const active = document.activeElement;
    return active && this.list.contains(active) ? (this.lines.find((one) => one.line.contains(active))?.number ?? -1) : -1;
  }

  #line() {
    const line = document.createElement("div");
    line.className = "row";
    line.role = "row";
    /** @type {Record<string, HTMLElement>} */
    const cells = {};
    for (const name of CELLS) {
      const cell = document.createElement("span");
      cell.className = name;
      cell.role = "cell";
      cells[name] = cell;
      line.append(cell);
    }
    const link = document.createElement("a");
    cells.type.append(link);
    const gap = document.createElement("button");
    gap.type = "button";
    gap.className = "gap";
    gap.hidden = true;
    const holder = document.createElement("span");
    holder.role = "cell";
    holder.className = "gap-cell";
    holder.append(gap);
    line.append(holder);
    this.list.append(line);
    this.lines.push({ line, link, cells, gap, number: -1, id: "" });
  }

  /** @param {Line} line @param {Row} row */
  #show(line, row) {
    const { cells, link } = line;
    if (!line.gap.hidden || line.id === "") {
      line.gap.hidden = true;
      line.line.classList.remove("is-gap");
    }
    if (line.id !== row.id) {
      line.id = row.id;
      link.href = `/events/${row.id}`;
      setText(link, row.type);
      setText(cells.time, listed(row.at, this.midnight));
      setText(cells.source, row.source);
      setText(cells.key, row.key ?? "");
    }
    const says = result(row.state, row.delivered, row.of, { tries: row.tries, settled: row.ms !== null });
    setText(cells.rules, ruleCount(row.matched, row.lost, row.ms !== null));
    setText(cells.result, `${says.glyph} ${says.word}`);
    if (cells.result.dataset.tone !== says.tone) cells.result.dataset.tone = says.tone;
    setText(cells.ms, row.ms === null ? "" : duration(row.ms));
    setText(cells.payload, this.tell.payload(row));
    const isOpen = row.id === this.open;
    if (isOpen !== line.line.hasAttribute("aria-current")) {
      if (isOpen) line.line.setAttribute("aria-current", "true");
      else line.line.removeAttribute("aria-current");
    }
    line.line.classList.toggle("pinned", this.pinned.has(row.id));
    const tabIndex = line.number === this.current ? 0 : -1;
    if (link.tabIndex !== tabIndex) link.tabIndex = tabIndex;
  }

  /** @param {Line} line @param {Gap} gap */
  #showGap(line, gap) {
    line.id = "";
    line.gap.hidden = false;
    line.line.classList.add("is-gap");
    line.line.classList.remove("pinned");
    line.line.removeAttribute("aria-current");
    line.gap.tabIndex = line.number === this.current ? 0 : -1;
    line.gap.disabled = gap.loading;
    setText(line.gap, gapText(gap));
  }

  /** On which line an element is, or -1. @param {EventTarget | null} target */
  numberAt(target) {
    return this.#lineAt(target)?.number ?? -1;
  }

  /** @param {EventTarget | null} target */
  #lineAt(target) {
    return target instanceof Element ? this.lines.find((one) => one.line.contains(target)) : undefined;
  }

  /** What a click or a key on the lines is about. @param {EventTarget | null} target @param {Ring} ring */
  at(target, ring) {
    const line = this.#lineAt(target);
    return line && ring.line(line.number);
  }
}

/** What a gap says. @param {Gap} gap */
export function gapText(gap) {
  if (gap.loading) return "⋯ loading";
  if (gap.looked) return `⋯ ${gap.looked} — go on`;
  const of = { away: "events while away", older: "older events", wrong: "events could not be loaded" };
  const events = gap.count === null ? of[gap.why ?? "away"] : `${count(gap.count)} ${gap.count === 1 ? "event" : "events"} counted, not listed`;
  return `⋯ ${events} — ${gap.why === "wrong" ? "try again" : "load"}`;
}

/** @param {HTMLElement} element @param {string} text */
function setText(element, text) {
  const { firstChild } = element;
  if (firstChild instanceof Text) {
    if (firstChild.data !== text) firstChild.data = text;
  } else if (text) {
    element.textContent = text;
  }
}
