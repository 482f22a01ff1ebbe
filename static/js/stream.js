// The stream: the newest events, followed or held. Counts are exact; what is not listed is a gap that can be loaded.
import { count, moment } from "./figures.js";
import { Lines } from "./lines.js";
import { hasFailed, readRow, Ring } from "./ring.js";

/**
 * @typedef {import("./ring.js").Row} Row
 * @typedef {import("./ring.js").Gap} Gap
 * @typedef {import("./ring.js").SentRow} SentRow
 * @typedef {{ rows: SentRow[], pos: string | null }} RowsSnap
 * @typedef {{ tot: [number, number, number], r?: SentRow[], u?: import("./ring.js").SentChange[],
 *   gap?: [string, string], pos?: string, sampled?: number }} RowsPart
 * @typedef {{ rows: SentRow[], more: boolean, next?: string | null, looked?: string }} Loaded
 * @typedef {"follow" | "held" | "below"} Mode  below: newer rows come in above what is read, which stays where it is
 * @typedef {{ q: string, bus: string, from: string, to: string }} Asked
 */

const NOTED_EVERY = 1000; // ms

export class Stream {
  /**
   * @param {HTMLElement} panel
   * @param {{ onMode: (mode: Mode) => void, onOpen: (row: Row) => void, onChange: (id: string) => void,
   *   onWrong: (message: string, at: number | null) => void, payload: (row: Row) => string }} tell
   */
  constructor(panel, tell) {
    this.tell = tell;
    this.ring = new Ring();
    /** @type {Asked} */
    this.asked = { q: "", bus: panel.dataset.bus ?? "", from: panel.dataset.from ?? "", to: panel.dataset.to ?? "" };
    /** @type {Mode} */
    this.mode = "follow";
    this.byScrolling = false; // whether scrolling held it, so that scrolling back lets it go
    this.scroller = part(panel, ".stream-rows");
    this.banner = part(panel, ".stream-banner");
    this.note = part(panel, ".stream-said");
    this.empty = part(panel, ".stream-empty");
    this.pause = part(panel, ".stream-pause");
    /** @type {string | null} */
    this.position = null; // of the newest event that we know of
    this.waiting = true; // for the first answer to what is asked
    this.due = 0;
    this.lastTop = 0;
    this.sum = { seen: 0, missing: 0, sampled: 1, since: 0 };
    this.lines = new Lines(this.scroller, part(panel, ".stream-rows .stream-list"), {
      payload: tell.payload,
      row: (id) => this.ring.get(id),
    });
    this.scroller.addEventListener("scroll", () => this.#scrolled(), { passive: true });
    this.scroller.addEventListener("click", (event) => this.#clicked(event));
    this.pause.addEventListener("click", () => this.toggle());
    this.banner.addEventListener("click", () => (this.mode === "below" ? this.newest() : this.resume()));
    new ResizeObserver(() => this.measure()).observe(this.scroller);
    document.addEventListener("visibilitychange", () => this.soon());
    document.addEventListener("selectionchange", () => {
      const selection = getSelection();
      if (selection && !selection.isCollapsed && this.lines.list.contains(selection.anchorNode)) this.hold();
    });
    setInterval(() => this.#noted(), NOTED_EVERY);
  }

  /** Begin with what the server rendered. @param {{ rows: SentRow[], pos: string | null, older: Partial<Gap> | null }} start */
  begin({ rows, pos, older }) {
    this.ring.add(rows.map(readRow), null);
    this.ring.older = older && { after: null, before: null, count: null, loading: false, why: "older", ...older };
    this.position = pos;
    this.waiting = false;
    this.measure();
  }

  /** Ask for something else: everything listed so far goes. @param {Partial<Asked>} asked */
  ask(asked) {
    Object.assign(this.asked, asked);
    this.ring = new Ring();
    this.position = null;
    this.waiting = true;
    this.lines.current = 0;
    this.sum = { seen: 0, missing: 0, sampled: 1, since: performance.now() };
    this.scroller.scrollTop = this.lastTop = 0;
    this.#set("follow");
  }

  /** Take the first answer to what is asked. @param {Loaded} loaded */
  began(loaded) {
    this.#noted();
    /** @type {Gap} */
    const everything = { after: null, before: null, count: null, loading: false, why: "older" };
    this.ring.older = everything;
    this.#fill(everything, loaded);
    this.waiting = false;
    this.soon();
  }

  /** The newest rows as they are now; what lies between them and ours is a gap. @param {RowsSnap} snap */
  snap(snap) {
    const rows = snap.rows.map(readRow);
    const oldest = rows.at(0);
    const { ring } = this;
    const joins = !oldest || rows.some((row) => ring.has(row.id));
    if (!ring.size && !ring.older && oldest && (rows.length >= 50 || this.asked.q)) {
      ring.older = { after: null, before: oldest.pos, count: null, loading: false, why: "older" };
    }
    // By a filter an older event may have come to pass while we were away: then everything since our oldest is asked.
    const after = this.asked.q ? (ring.oldest?.pos ?? this.position) : this.position;
    /** @type {Gap | null} */
    const gap = after && !joins ? { after, before: oldest.pos, count: null, loading: false, why: "away" } : null;
    for (const row of rows) this.#changed([row.id, row.matched, row.state, row.delivered, row.of, row.ms, row.lost, row.tries]);
    this.#came(ring.add(rows, gap));
    this.position = snap.pos ?? this.position;
    this.waiting = false;
    this.soon();
  }

  /** @param {RowsPart} news */
  part(news) {
    const [seen, failed, missing] = news.tot;
    const { ring } = this;
    /** @type {Gap | null} */
    const gap = news.gap && missing ? { after: news.gap[0], before: news.gap[1], count: missing, loading: false } : null;
    this.#came(ring.add((news.r ?? []).map(readRow), gap));
    for (const change of news.u ?? []) this.#changed(change);
    if (ring.held) {
      ring.missed += seen;
      ring.missedFailed += failed;
    }
    this.sum.seen += seen;
    this.sum.missing += missing;
    this.sum.sampled = Math.max(this.sum.sampled, news.sampled ?? 1);
    this.position = news.pos ?? this.position;
    this.soon();
  }

  /** @param {import("./ring.js").SentChange} change */
  #changed(change) {
    if (this.ring.change(change)) this.tell.onChange(change[0]);
  }

  /** Lines came on top: what is read stays where it is. @param {number} many */
  #came(many) {
    if (this.mode !== "below" || !many) return;
    this.lines.current += many;
    this.lastTop = this.scroller.scrollTop + many * this.lines.height;
    this.lines.list.style.height = `${this.ring.length * this.lines.height}px`;
    this.scroller.scrollTop = this.lastTop;
  }

  /** @param {boolean} [byScrolling] */
  hold(byScrolling = false) {
    if (this.mode === "held") return;
    this.ring.hold();
    this.byScrolling = byScrolling;
    this.#set("held");
  }

  /** Let in what came meanwhile; what is read stays where it is. */
  resume() {
    if (this.mode !== "held") return;
    const away = this.scroller.scrollTop > this.lines.height / 2;
    const more = this.ring.follow();
    this.#set(away ? "below" : "follow");
    this.#came(more);
  }

  /** Jump to the newest, and follow. */
  newest() {
    this.ring.follow();
    this.lines.current = 0;
    this.scroller.scrollTop = this.lastTop = 0;
    this.#set("follow");
  }

  toggle() {
    if (this.mode === "held") this.resume();
    else this.hold();
  }

  /** @param {Mode} mode */
  #set(mode) {
    this.mode = mode;
    this.tell.onMode(mode);
    this.soon();
  }

  #scrolled() {
    const top = this.scroller.scrollTop;
    const away = top > this.lines.height / 2;
    if (top !== this.lastTop) {
      if (this.mode === "follow" && away) this.hold(true);
      else if (!away && (this.mode === "below" || (this.mode === "held" && this.byScrolling))) this.newest();
    }
    this.lastTop = top;
    this.soon();
  }

  /** Draw with the next frame. */
  soon() {
    if (this.due || document.hidden) return;
    this.due = requestAnimationFrame(() => {
      this.due = 0;
      this.#write();
    });
  }

  /** Text, rows or the panel have another size. */
  measure() {
    this.lines.measure();
    // The summary takes room from the rows: the one that it is of stays in sight.
    const open = this.lines.open && this.mode === "held" ? this.ring.lineOf(this.lines.open) : -1;
    if (open >= 0) this.lines.reveal(open);
    this.soon();
  }

  #write() {
    const { ring, mode } = this;
    this.lines.draw(ring);
    const nothing = ring.size === 0 && !ring.older;
    this.empty.hidden = !nothing;
    if (nothing) setText(this.empty, this.#whyEmpty());
    this.banner.hidden = mode === "follow";
    this.note.hidden = !this.banner.hidden;
    if (mode === "held") {
      const failed = ring.missedFailed ? ` (${count(ring.missedFailed)} failed)` : "";
      setText(this.banner, `❚❚ paused · ${count(ring.missed)} new${failed} — resume`);
    } else if (mode === "below") {
      setText(this.banner, `↑ ${count(this.lines.first)} newer above — newest`);
    }
    setText(this.pause, mode === "held" ? "▶ Follow" : "❚❚ Pause");
    this.pause.setAttribute("aria-pressed", String(mode === "held"));
    const { older } = ring;
    const atEnd = this.scroller.scrollTop + this.scroller.clientHeight > (ring.length - 1) * this.lines.height;
    if (older && atEnd && !older.loading && !older.looked && older.why === "older") void this.load(older);
  }

  #whyEmpty() {
    if (this.waiting) return "Looking …";
    if (this.asked.q) return "No event passes this filter.";
    if (this.asked.from || this.asked.to) return "No event was accepted then.";
    return "No event yet. The newest will stand on top.";
  }

  #noted() {
    const { seen, missing, sampled, since } = this.sum;
    const now = performance.now();
    this.sum = { seen: 0, missing: 0, sampled: 1, since: now };
    if (this.note.hidden) return;
    const { to } = this.asked;
    if (to) {
      const at = Date.parse(to);
      setText(this.note, `up to ${Number.isNaN(at) ? to : moment(at).slice(0, 19)} · results as they are known now`);
      return;
    }
    if (!seen) {
      setText(this.note, "newest first · none in the last second");
      return;
    }
    const seconds = Math.max(1, (now - since) / 1000);
    const rate = (/** @type {number} */ many) => `${count(Math.max(1, Math.round(many / seconds)))}/s`;
    const about = sampled > 1 ? "≈ " : "";
    const rest = missing ? ` · ${rate(missing)} counted, not listed` : "";
    const sample = sampled > 1 ? ` · each ${sampled}th asked` : "";
    setText(this.note, `${about}${rate(seen)}${this.asked.q ? " pass" : ""} · newest first${rest}${sample}`);
  }

  /** @param {MouseEvent} event */
  #clicked(event) {
    const item = this.lines.at(event.target, this.ring);
    if (!item) return;
    if (item.gap) {
      if (item.gap !== this.ring.older) this.hold();
      void this.load(item.gap);
      return;
    }
    const selection = getSelection();
    if (event.button || event.ctrlKey || event.metaKey || event.shiftKey || (selection && !selection.isCollapsed)) return;
    const byLink = event.target instanceof Element && event.target.closest("a");
    // Once more on what is open leads to its page.
    if (byLink && this.lines.open === item.row.id) return;
    event.preventDefault();
    this.lines.current = this.lines.numberAt(event.target);
    this.hold();
    this.tell.onOpen(item.row);
  }

  /** Load what a gap hides: its newest rows; older ones stay behind a smaller gap. @param {Gap} gap */
  async load(gap) {
    if (gap.loading) return;
    gap.loading = true;
    this.soon();
    const { asked } = this;
    const wanted = { ...asked, after: gap.after, before: gap.before, cursor: gap.cursor };
    const query = new URLSearchParams();
    for (const [name, value] of Object.entries(wanted)) if (value) query.set(name, value);
    const { q } = asked;
    try {
      const answer = await fetch(`/flow/rows?${query}`, { headers: { Accept: "application/json" } });
      if (q !== this.asked.q) return;
      if (answer.status === 400) {
        const { error, at } = await answer.json();
        this.ring.older = null;
        this.waiting = false;
        this.tell.onWrong(error, at);
        this.soon();
        return;
      }
      if (!answer.ok) throw new Error(`HTTP ${answer.status}`);
      this.#fill(gap, await answer.json());
    } catch {
      gap.loading = false;
      gap.why = "wrong";
      gap.count = null;
    }
    this.waiting = false;
    this.soon();
  }

  /** @param {Gap} gap @param {Loaded} loaded */
  #fill(gap, { rows: sent, more, next, looked }) {
    const rows = sent.map(readRow);
    const fresh = rows.filter((row) => !this.ring.has(row.id)).length;
    const count = gap.count === null ? null : Math.max(0, gap.count - fresh);
    // A search goes on from where it was, a plain list from its oldest row.
    const place = next ? { cursor: next } : { before: rows.at(0)?.pos ?? gap.before };
    const rest = more ? { ...gap, ...place, count, loading: false, looked: looked ?? "" } : null;
    if (rest?.why === "wrong") rest.why = gap === this.ring.older ? "older" : "away";
    this.ring.fill(gap, rows, rest);
    this.position ??= this.ring.newest?.pos ?? null;
  }

  /** Go some lines down; what is read is held. @param {number} by */
  step(by) {
    this.hold();
    const { focused } = this.lines;
    const at = focused < 0 ? this.lines.current : focused + by;
    this.lines.focus(this.ring, Math.max(0, Math.min(this.ring.length - 1, at)));
    return this.row;
  }

  /** Go to the next failure below, and from the last to the first. Returns it, or null. */
  nextFailure() {
    const { ring, lines } = this;
    this.hold();
    const from = lines.focused < 0 ? -1 : lines.focused;
    for (let turn = 1; turn <= ring.length; turn += 1) {
      const number = (from + turn) % ring.length;
      const row = ring.line(number)?.row;
      if (!row || !hasFailed(row)) continue;
      lines.focus(ring, number);
      return row;
    }
    return null;
  }

  /** The row that keys are about: focused, or open. @returns {Row | null} */
  get row() {
    const { focused } = this.lines;
    if (focused >= 0) return this.ring.line(focused)?.row ?? null;
    return this.lines.open ? this.ring.get(this.lines.open) : null;
  }
}

/** @param {HTMLElement} element @param {string} text */
function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/** @param {HTMLElement} within @param {string} selector @returns {HTMLElement} */
export function part(within, selector) {
  const found = within.querySelector(selector);
  if (!(found instanceof HTMLElement)) throw new Error(`the page has no ${selector}`);
  return found;
}
