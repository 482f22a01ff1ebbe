// The stream with what belongs to it: filter, summary of a row, pinned rows, keys; and its state in the address.
import { asked, note } from "./address.js";
import { FilterBox } from "./filterbox.js";
import { bind } from "./keys.js";
import { Lines } from "./lines.js";
import { readRow } from "./ring.js";
import { part, Stream } from "./stream.js";
import { withTerm } from "./tokens.js";

/**
 * @typedef {import("./ring.js").Row} Row
 * @typedef {import("./link.js").Link} Link
 * @typedef {import("./stream.js").Mode} Mode
 * @typedef {import("./peek.js").Peek} Peek
 * @typedef {import("./previews.js").Previews} Previews
 */

const MOST_PINS = 5;
const ROOMY = "roomy-rows";

export class Panel {
  /** @param {HTMLElement} panel @param {(mode: Mode) => void} onMode */
  constructor(panel, onMode) {
    this.panel = panel;
    /** @type {Link | null} */
    this.link = null;
    this.number = 0;
    this.turn = 0; // of asking by HTTP: only the latest answer counts
    this.onNews = () => {};
    this.live = true;
    // Both are loaded when a reader first asks for them: most only watch.
    /** @type {Previews | null} */
    this.previews = null;
    /** @type {Peek | null} */
    this.peek = null;
    this.stream = new Stream(panel, {
      onMode,
      onOpen: (row) => this.open(row),
      onChange: (id) => this.#changed(id),
      onWrong: (message, at) => this.box.refuse(message, at),
      payload: (row) => this.previews?.text(row.id) ?? "",
    });
    this.box = new FilterBox(/** @type {HTMLFormElement} */ (part(panel, "form.filter")), (q) => void this.filter(q, true));
    /** @type {Map<string, Row>} */
    this.pins = new Map();
    this.pinList = part(panel, ".stream-pins");
    this.pinLines = new Lines(this.pinList, part(panel, ".stream-pins .stream-list"), {
      payload: (row) => this.previews?.text(row.id) ?? "",
      row: (id) => this.pins.get(id) ?? null,
    });
    this.pinList.addEventListener("click", (event) => this.#pinClicked(event));
    this.#begin();
    this.#options();
    this.#keys();
    part(panel, ".peek").addEventListener("click", (event) => {
      if (event.target instanceof Element && event.target.closest("[data-do=pin]")) this.pin();
    });
    addEventListener("popstate", () => {
      const q = asked("q");
      if (q === this.stream.asked.q) return;
      this.box.set(q);
      void this.filter(q, false);
    });
  }

  #begin() {
    const text = document.getElementById("stream-start")?.textContent;
    if (!text) return;
    const { pinned, ...start } = JSON.parse(text);
    this.stream.asked.q = this.box.value;
    this.stream.begin(start);
    for (const row of pinned.map(readRow)) this.pins.set(row.id, row);
    this.#showPins();
    const open = asked("open");
    if (open) void this.#peekAt(open);
  }

  /** Follow by the socket. @param {Link} link @param {number} number of the subscription @param {() => void} [onNews] */
  watch(link, number, onNews = () => {}) {
    [this.link, this.number, this.onNews] = [link, number, onNews];
    this.#subscribe();
  }

  #subscribe() {
    const { link, number, stream } = this;
    if (!link) return;
    if (!this.live) {
      link.unsubscribe(number);
      return;
    }
    const { q, bus } = stream.asked;
    link.subscribe(number, {
      ask: { ch: "rows", ...(bus ? { bus } : {}), ...(q ? { q } : {}) },
      snap: (snap) => {
        stream.snap(snap);
        this.onNews();
      },
      part: (news) => {
        stream.part(news);
        this.onNews();
      },
      refused: (error) => {
        // Another filter may still be subscribed under this number.
        link.unsubscribe(number);
        this.box.refuse(error.msg, error.at);
      },
    });
  }

  /** Follow, or list only what there is. @param {boolean} live */
  setLive(live) {
    if (this.live === live) return;
    this.live = live;
    this.#subscribe();
  }

  /**
   * List the past: the newest events of then, or if there is a filter, those that pass it.
   * @param {import("./ring.js").SentRow[]} rows oldest first @param {number} at seconds since 1970
   */
  async showPast(rows, at) {
    const { asked } = this.stream;
    asked.to = new Date(1000 * at).toISOString();
    this.live = false;
    if (asked.q) {
      await this.filter(asked.q, false);
      return;
    }
    this.turn += 1;
    this.stream.ask({});
    this.stream.began({ rows, more: rows.length > 0 });
    this.#subscribe();
  }

  /** Follow the present again. */
  showLive() {
    this.stream.asked.to = "";
    this.live = true;
    return this.filter(this.stream.asked.q, false);
  }

  /** List what passes another filter, if it is one. @param {string} q @param {boolean} remember as a step of the browser's history */
  async filter(q, remember) {
    const { stream } = this;
    const turn = (this.turn += 1);
    this.panel.setAttribute("aria-busy", "true");
    const query = new URLSearchParams(Object.entries({ ...stream.asked, q }).filter(([, value]) => value));
    try {
      const answer = await fetch(`/flow/rows?${query}`, { headers: { Accept: "application/json" } });
      if (turn !== this.turn) return; // another one was asked meanwhile
      if (answer.status === 400) {
        const { error, at } = await answer.json();
        this.box.refuse(error, at);
        return;
      }
      if (!answer.ok) throw new Error(`HTTP ${answer.status}`);
      const loaded = await answer.json();
      if (turn !== this.turn) return;
      this.box.accept();
      stream.ask({ q });
      stream.began(loaded);
      this.#subscribe();
      this.panel.classList.toggle("filtered", q !== "");
      if (remember) note({ q }, { step: true });
    } catch {
      this.box.refuse("the server is away: try again", null);
    } finally {
      if (turn === this.turn) this.panel.removeAttribute("aria-busy");
    }
  }

  /** @param {Row} row */
  open(row) {
    void this.#peekAt(row.id);
    note({ open: row.id });
  }

  /** @param {string} id */
  async #peekAt(id) {
    const { lines } = this.stream;
    lines.open = id;
    this.stream.soon();
    try {
      const peek = await this.#summary();
      if (lines.open === id) await peek.open(id);
    } catch {
      if (lines.open === id) this.#closed();
      this.say("the summary could not be loaded: the server is away");
    }
  }

  /** What shows the summary of a row. */
  async #summary() {
    const { Peek } = await import("./peek.js");
    return (this.peek ??= new Peek(part(this.panel, ".peek"), {
      onTerm: (term, excluded) => this.box.use(withTerm(this.box.value, term, excluded)),
      onClose: () => this.#closed(),
      onPin: () => this.#showPin(),
    }));
  }

  #showPin() {
    if (this.peek) this.peek.showPin(this.pins.has(this.peek.id));
  }

  #closed() {
    this.stream.lines.open = "";
    note({ open: "" });
    this.stream.soon();
  }

  /** @param {string} id */
  #changed(id) {
    if (id === this.peek?.id) this.peek.refresh();
    const row = this.pins.has(id) && this.stream.ring.get(id);
    if (!row) return;
    this.pins.set(id, row);
    this.#showPins();
  }

  /** Pin the row that is open or focused, or let it go. */
  pin() {
    const row = this.stream.row ?? (this.peek?.isOpen ? (this.pins.get(this.peek.id) ?? null) : null);
    if (!row) return;
    if (!this.pins.delete(row.id)) this.pins.set(row.id, row);
    while (this.pins.size > MOST_PINS) this.pins.delete([...this.pins.keys()][0]);
    this.#showPins();
    this.#showPin();
    note({ pin: [...this.pins.keys()].join(",") });
  }

  #showPins() {
    const rows = [...this.pins.values()].sort((a, b) => b.at - a.at);
    this.pinList.hidden = rows.length === 0;
    this.stream.lines.pinned = new Set(this.pins.keys());
    this.pinLines.measure();
    this.pinLines.draw({ length: rows.length, line: (number) => (rows[number] ? { row: rows[number] } : undefined) });
    this.stream.soon();
  }

  /** @param {MouseEvent} event */
  #pinClicked(event) {
    if (event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
    const rows = [...this.pins.values()].sort((a, b) => b.at - a.at);
    const target = event.target;
    if (!(target instanceof Element) || !target.closest(".row")) return;
    const row = rows[this.pinLines.numberAt(target)];
    if (!row || row.id === this.peek?.id) return;
    event.preventDefault();
    this.open(row);
  }

  #options() {
    const roomy = this.panel.querySelector("[data-option=roomy]");
    if (roomy instanceof HTMLInputElement) {
      roomy.checked = localStorage.getItem(ROOMY) === "1";
      const show = () => {
        this.panel.classList.toggle("roomy", roomy.checked);
        this.stream.measure();
        this.#showPins();
      };
      roomy.addEventListener("change", () => {
        localStorage.setItem(ROOMY, roomy.checked ? "1" : "0");
        show();
      });
      show();
    }
    const payload = this.panel.querySelector("[data-option=payload]");
    if (payload instanceof HTMLInputElement) {
      const show = async () => {
        this.panel.classList.toggle("with-payload", payload.checked);
        if (payload.checked && !this.previews) {
          const loaded = await import("./previews.js").catch(() => null);
          if (loaded) this.previews ??= new loaded.Previews(() => this.stream.soon());
          else this.say("previews could not be loaded: the server is away");
        }
        if (this.previews) this.previews.on = payload.checked;
        this.stream.soon();
      };
      payload.addEventListener("change", () => {
        note({ payload: payload.checked ? "1" : "" });
        void show();
      });
      void show();
    }
  }

  #keys() {
    const { stream, box } = this;
    const inSight = () => this.panel.offsetParent !== null && stream.scroller.clientHeight > 0;
    const onRows = () => inSight() && (stream.lines.focused >= 0 || document.activeElement === document.body);
    const onRow = () => inSight() && stream.row !== null;
    const step = (/** @type {number} */ by) => this.#follow(stream.step(by));
    bind("/", () => box.focus(), inSight);
    bind("Space", () => stream.toggle(), inSight);
    bind(".", () => stream.newest(), inSight);
    bind("j", () => step(1), inSight);
    bind("k", () => step(-1), inSight);
    bind("ArrowDown", () => step(1), onRows);
    bind("ArrowUp", () => step(-1), onRows);
    bind("n", () => this.#follow(stream.nextFailure()), inSight);
    bind("x", () => this.pin(), onRow);
    bind("c", () => void this.#copy(), onRow);
    bind("e", () => location.assign(`/rules/new?from=event:${stream.row?.id}`), () => onRow() && "mayAddRules" in this.panel.dataset);
    bind("Escape", () => this.peek?.close(), () => this.peek?.isOpen === true);
  }

  /** The open summary goes with the rows that one steps to. @param {Row | null} row */
  #follow(row) {
    if (row && this.peek?.isOpen && row.id !== this.peek.id) this.open(row);
  }

  async #copy() {
    const id = this.stream.row?.id;
    if (!id) return;
    try {
      await navigator.clipboard.writeText(id);
      this.say("id copied");
    } catch {
      this.say(`the browser does not let us copy; the id is ${id}`);
    }
  }

  /** Say something for a moment, to everybody. @param {string} text */
  say(text) {
    const said = document.getElementById("said");
    const shown = this.panel.querySelector(".stream-flash");
    if (said) said.textContent = text;
    if (!(shown instanceof HTMLElement)) return;
    shown.textContent = text;
    shown.hidden = false;
    setTimeout(() => (shown.hidden = true), 2500);
  }
}
