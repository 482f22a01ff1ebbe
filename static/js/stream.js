// The stream: the newest events as rows of one height, of which only those in sight are in the document.
import { clock, count, duration, result } from "./figures.js";
import { Ring } from "./model.js";

/**
 * @typedef {import("./model.js").Row} Row
 * @typedef {import("./model.js").Gap} Gap
 * @typedef {import("./model.js").Item} Item
 * @typedef {[string, number, string, string, string, number | null, string, number, number, number | null, string]} SentRow
 * @typedef {[string, number | null, string, number, number, number | null]} SentChange
 * @typedef {{ rows: SentRow[], pos: string | null }} RowsSnap
 * @typedef {{ tot: [number, number, number], r?: SentRow[], u?: SentChange[], gap?: [string, string], pos?: string }} RowsPart
 * @typedef {{ link: HTMLAnchorElement, cells: HTMLElement[], gap: HTMLButtonElement, holder: HTMLLIElement }} Line
 */

const HEIGHT = 28;
const HEAD = 27; // the headings stay on top of the rows
const SPARE = 4; // lines drawn above and below what is in sight
const CELLS = ["time", "type", "source", "rules", "result", "ms"];

export class Stream {
  /** @param {HTMLElement} panel @param {(held: boolean) => void} onHold */
  constructor(panel, onHold) {
    this.ring = new Ring();
    this.onHold = onHold;
    this.bus = panel.dataset.bus ?? "";
    this.scroller = part(panel, ".stream-rows");
    this.list = part(panel, ".stream-rows ol");
    this.banner = part(panel, ".stream-banner");
    this.empty = part(panel, ".stream-empty");
    this.pause = part(panel, ".stream-pause");
    /** @type {Line[]} */
    this.lines = [];
    /** @type {string | null} */
    this.position = null; // of the newest event that we know of
    this.due = 0;
    this.list.replaceChildren();
    this.scroller.addEventListener("scroll", () => this.#scrolled(), { passive: true });
    this.pause.addEventListener("click", () => (this.ring.held ? this.resume() : this.hold()));
    this.banner.addEventListener("click", () => this.resume());
    new ResizeObserver(() => this.#soon()).observe(this.scroller);
    document.addEventListener("visibilitychange", () => this.#soon());
    document.addEventListener("selectionchange", () => {
      const selection = getSelection();
      if (selection && !selection.isCollapsed && this.list.contains(selection.anchorNode)) this.hold();
    });
    addEventListener("keydown", (event) => this.#key(event));
  }

  /** The newest rows as they are now; what lies between them and ours is a gap. @param {RowsSnap} snap */
  snap(snap) {
    const rows = snap.rows.map(read);
    const oldest = rows[0];
    const joins = !oldest || rows.some((row) => this.ring.rows.has(row.id));
    const gap = this.position && !joins ? { after: this.position, before: oldest.pos, count: null, loading: false } : null;
    for (const row of rows) Object.assign(this.ring.rows.get(row.id) ?? {}, row);
    this.ring.add(rows, gap);
    this.position = snap.pos ?? this.position;
    this.#soon();
  }

  /** @param {RowsPart} news @returns {Row[]} the rows that are new */
  part(news) {
    const rows = (news.r ?? []).map(read);
    const [seen, failed, missing] = news.tot;
    const gap = news.gap && missing ? { after: news.gap[0], before: news.gap[1], count: missing, loading: false } : null;
    this.ring.add(rows, gap);
    for (const [id, matched, state, delivered, of, ms] of news.u ?? []) {
      const row = this.ring.rows.get(id);
      if (row) Object.assign(row, { matched, state, delivered, of, ms });
    }
    if (this.ring.held) {
      this.ring.missed += seen;
      this.ring.missedFailed += failed;
    }
    this.position = news.pos ?? this.position;
    this.#soon();
    return rows;
  }

  hold() {
    if (this.ring.held) return;
    this.ring.hold();
    this.onHold(true);
    this.#soon();
  }

  resume() {
    this.ring.follow();
    this.scroller.scrollTop = 0;
    this.onHold(false);
    this.#soon();
  }

  #scrolled() {
    if (!this.ring.held && this.scroller.scrollTop > HEIGHT / 2) this.hold();
    this.#soon();
  }

  #soon() {
    if (this.due) return;
    this.due = requestAnimationFrame(() => {
      this.due = 0;
      this.#write();
    });
  }

  #write() {
    const { ring } = this;
    const inSight = Math.ceil(this.scroller.clientHeight / HEIGHT) + 2 * SPARE;
    const first = Math.max(0, Math.floor(this.scroller.scrollTop / HEIGHT) - SPARE);
    this.list.style.height = `${ring.length * HEIGHT}px`;
    while (this.lines.length < Math.min(inSight, ring.length)) this.#line();
    this.lines.forEach((line, index) => {
      // A line keeps its place in the document for the rows it shows, so that focus and selection stay on them.
      const number = first + ((index - first) % this.lines.length + this.lines.length) % this.lines.length;
      const item = ring.line(number);
      line.holder.hidden = !item;
      if (!item) return;
      line.holder.dataset.line = String(number);
      line.holder.style.transform = `translateY(${number * HEIGHT}px)`;
      show(line, item);
    });
    this.empty.hidden = ring.items.length > 0;
    this.banner.hidden = !ring.held;
    if (ring.held) {
      const failed = ring.missedFailed ? ` (${count(ring.missedFailed)} failed)` : "";
      setText(this.banner, `❚❚ paused · ${count(ring.missed)} new${failed} — resume`);
    }
    setText(this.pause, ring.held ? "▶ Follow" : "❚❚ Pause");
    this.pause.setAttribute("aria-pressed", String(ring.held));
  }

  #line() {
    const holder = document.createElement("li");
    const link = document.createElement("a");
    link.className = "row";
    const cells = CELLS.map((name) => {
      const cell = document.createElement("span");
      cell.className = name;
      return cell;
    });
    link.append(...cells);
    const gap = document.createElement("button");
    gap.type = "button";
    gap.className = "gap";
    gap.addEventListener("click", () => {
      const item = this.ring.line(Number(holder.dataset.line));
      if (item?.gap) void this.#load(item.gap);
    });
    holder.append(link, gap);
    this.list.append(holder);
    this.lines.push({ holder, link, cells, gap });
  }

  /** Load what a gap hides: its newest rows; older ones stay behind a smaller gap. @param {Gap} gap */
  async #load(gap) {
    if (gap.loading) return;
    gap.loading = true;
    this.hold();
    this.#soon();
    try {
      const query = new URLSearchParams({ after: gap.after, before: gap.before, ...(this.bus ? { bus: this.bus } : {}) });
      const answer = await fetch(`/flow/rows?${query}`, { headers: { Accept: "application/json" } });
      if (!answer.ok) throw new Error(`HTTP ${answer.status}`);
      /** @type {{ rows: SentRow[], more: boolean }} */
      const { rows: sent, more } = await answer.json();
      const rows = sent.map(read).filter((row) => !this.ring.rows.has(row.id));
      const left = gap.count === null ? null : Math.max(0, gap.count - rows.length);
      const rest = more && sent.length ? { after: gap.after, before: sent[0][10], count: left, loading: false } : null;
      this.ring.fill(gap, rows, rest);
    } catch {
      gap.loading = false;
    }
    this.#soon();
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const target = event.target instanceof Element ? event.target : document.body;
    if (target.closest("input, textarea, select, [contenteditable]")) return;
    if (event.key === " " && !target.closest("button, summary")) {
      event.preventDefault();
      if (this.ring.held) this.resume();
      else this.hold();
    } else if (event.key === "." && this.ring.held) {
      this.resume();
    } else if (event.key === "j" || event.key === "k") {
      event.preventDefault();
      this.#step(event.key === "j" ? 1 : -1);
    }
  }

  /** @param {number} by */
  #step(by) {
    this.hold();
    const active = document.activeElement?.closest("li");
    const at = active && this.list.contains(active) ? Number(active.dataset.line) + by : 0;
    const line = Math.max(0, Math.min(this.ring.length - 1, at));
    const top = line * HEIGHT;
    const { scrollTop, clientHeight } = this.scroller;
    if (top < scrollTop) this.scroller.scrollTop = top;
    else if (top + HEIGHT + HEAD > scrollTop + clientHeight) this.scroller.scrollTop = top + HEIGHT + HEAD - clientHeight;
    this.#write();
    const found = this.lines.find((one) => !one.holder.hidden && one.holder.dataset.line === String(line));
    (found?.gap.hidden ? found.link : found?.gap)?.focus({ preventScroll: true });
  }
}

/** @param {SentRow} sent @returns {Row} */
function read([id, at, bus, source, type, matched, state, delivered, of, ms, pos]) {
  return { id, at, bus, source, type, matched, state, delivered, of, ms, pos };
}

/** @param {Line} line @param {Item} item */
function show(line, item) {
  line.link.hidden = !item.row;
  line.gap.hidden = !item.gap;
  if (item.gap) {
    const events = item.gap.count === null ? "events while away" : `${count(item.gap.count)} events counted, not listed`;
    setText(line.gap, item.gap.loading ? "⋯ loading" : `⋯ ${events} — load`);
    return;
  }
  const { row } = item;
  const says = result(row.state, row.delivered, row.of);
  const rules = !row.matched ? "" : row.matched === 1 ? "1 rule" : `${count(row.matched)} rules`;
  const texts = [clock(row.at), row.type, row.source, rules, `${says.glyph} ${says.word}`, row.ms === null ? "" : duration(row.ms)];
  texts.forEach((text, index) => setText(line.cells[index], text));
  line.cells[4].dataset.tone = says.tone;
  const href = `/events/${row.id}`;
  if (line.link.getAttribute("href") !== href) {
    line.link.href = href;
    line.link.title = `${row.type} from ${row.source} on ${row.bus}`;
  }
}

/** @param {HTMLElement} element @param {string} text */
function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/** @param {HTMLElement} within @param {string} selector @returns {HTMLElement} */
function part(within, selector) {
  const found = within.querySelector(selector);
  if (!(found instanceof HTMLElement)) throw new Error(`the page has no ${selector}`);
  return found;
}
