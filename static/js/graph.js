// The graph: cards over the canvases, which of them are shown, and the path in question.
import { asked, note } from "./address.js";
import { face, made, setText, told, write } from "./card.js";
import { Dots } from "./dots.js";
import { count } from "./figures.js";
import { choose, COLUMNS, pathKeys, size, troubled } from "./groups.js";
import { fitting, layout, pathOf, remember } from "./layout.js";
import { moved, typedTo } from "./moves.js";
import { Ribbons } from "./ribbons.js";

/**
 * @typedef {import("./card.js").Face} Face
 * @typedef {import("./groups.js").Card} Card
 * @typedef {import("./groups.js").Opened} Opened
 * @typedef {import("./layout.js").Layout} Layout
 * @typedef {import("./model.js").Flow} Flow
 * @typedef {import("./model.js").Node} Node
 * @typedef {import("./tip.js").Tip} Tip
 */

const REGROUP_MS = 10_000; // who has a card of its own may change with the rates, but not more often
const POINTED_MS = 150; // how long the pointer stays on a card before the rest is dimmed
const PARKED_MS = 30_000; // a pointer that rested so long reads nothing
const TYPED_MS = 700;

export class Graph {
  /** @param {HTMLElement} pane @param {HTMLElement} board @param {Flow} flow @param {() => void} onView what is shown changed */
  constructor(pane, board, flow, onView) {
    this.pane = pane;
    this.board = board;
    this.flow = flow;
    this.onView = onView;
    const [still, moving] = board.querySelectorAll("canvas");
    this.ribbons = new Ribbons(still, moving, flow);
    this.dots = new Dots(moving, flow, this.ribbons);
    this.titles = COLUMNS.map((title) => made("h2", "column-title overline", title));
    this.says = made("span", "unseen", "");
    this.says.id = "card-says";
    board.append(...this.titles, this.says);
    /** @type {Tip | null} */
    this.tip = null; // loaded when something is first pointed at
    /** @type {((tip: Tip) => void) | null} */
    this.telling = null; // what it is to say, once it is there
    /** @type {Layout | null} */
    this.layout = null;
    /** @type {Map<string, number>} */
    this.places = new Map();
    /** @type {Map<string, Face>} */
    this.faces = new Map();
    /** @type {Opened | null} */
    this.opened = null;
    this.only = asked("focus"); // the key of what alone is shown, with its path
    this.find = asked("find"); // what names must hold
    this.wanted = asked("group"); // a group to open as soon as there is one
    /** @type {string | null} */
    this.near = null; // the key of the card whose path is kept
    this.pinned = false;
    this.groupedAt = 0;
    /** @type {string | null} */
    this.pointed = null; // the key of the card or ribbon under a pointer that was moved there
    this.pointing = 0;
    this.pointedAt = 0;
    this.lastAt = { x: Number.NaN, y: Number.NaN };
    this.typed = { text: "", at: 0 };
    this.wentAt = -TYPED_MS;
    new ResizeObserver(() => this.arrange()).observe(pane);
    board.addEventListener("keydown", (event) => this.#key(event));
    board.addEventListener("pointermove", (event) => this.#moved(event));
    board.addEventListener("pointerleave", () => this.#point(null));
    board.addEventListener("focusin", ({ target }) => this.#focused(target));
    board.addEventListener("focusout", ({ relatedTarget }) => {
      if (!this.pinned && !(relatedTarget instanceof Element && board.contains(relatedTarget))) this.keep(null);
    });
    board.addEventListener("click", (event) => this.#click(event));
    addEventListener("popstate", () => {
      this.only = asked("focus");
      this.find = asked("find");
      this.wanted = asked("group");
      this.opened = null;
      this.#changed({});
    });
  }

  /** The nodes that are to be seen: all, those of a path, or those by whose name one looks, with their paths. */
  nodes() {
    const { nodes, edges } = this.flow;
    let shown = [...nodes.values()];
    if (this.only) {
      // By keys: a snap of the socket numbers nodes anew.
      const members = this.layout?.cards.find((card) => card.key === this.only)?.members.map((node) => node.key);
      const starts = shown.filter((node) => (members ?? [this.only]).includes(node.key));
      if (starts.length) {
        const path = pathKeys(starts, edges.values(), nodes);
        shown = shown.filter((node) => path.has(node.key));
      }
    }
    if (this.find) {
      const wanted = this.find.toLowerCase();
      const named = shown.filter((node) => node.label.toLowerCase().includes(wanted));
      const path = pathKeys(named, edges.values(), nodes);
      shown = shown.filter((node) => path.has(node.key));
    }
    return shown;
  }

  /** Lay everything out anew: the graph changed, or its room, or what is to be seen. */
  arrange() {
    const room = { width: this.pane.clientWidth, height: this.pane.clientHeight, scale: textScale() };
    if (room.width < 250 || room.height < 100) return; // hidden, or replaced by the list
    const shown = this.nodes();
    const alone = new Set(this.layout?.cards.filter((card) => !card.grouped).map((card) => card.key));
    const choice = { alone, pinned: this.only || (this.pinned ? this.near : null), fitting: fitting(room), now: Date.now() };
    if (this.wanted && (!this.opened || this.wanted.startsWith("rules:"))) this.#openWanted(choose(shown, choice).flat());
    this.layout = layout(choose(shown, { ...choice, opened: this.opened }), this.flow.edges.values(), room, this.places);
    if (!this.only && !this.find) remember(this.layout, this.places);
    this.groupedAt = performance.now();
    this.board.style.height = `${this.layout.height}px`;
    this.board.style.width = `${this.layout.width}px`;
    this.#places(this.layout);
    this.ribbons.place(this.layout);
    this.dots.place(this.layout);
    if (this.near) this.keep(this.near);
    this.show();
  }

  /** Write the figures: at most a few times a second. */
  show() {
    if (!this.layout) return;
    const { cards } = this.layout;
    const hides = cards.some((card) => card.grouped && card.members.some(troubled));
    // What fails gets a card at once, and others may take turns; but nothing moves under the reader.
    if ((hides || performance.now() - this.groupedAt > REGROUP_MS) && !this.#read() && performance.now() - this.groupedAt > 1000) {
      this.arrange();
      return;
    }
    const now = Date.now();
    for (const card of cards) {
      const shown = this.faces.get(card.key);
      if (shown) write(shown, card, now);
    }
    this.ribbons.draw();
    const { tip } = this;
    const near = tip?.of && cards.find((card) => card.key === tip.of);
    if (tip && near) tip.card(near, this.layout, this.#actions(near));
  }

  /** Whether somebody reads the graph: points at it, or has the focus in it. */
  #read() {
    if (this.board.querySelector(":focus-visible")) return true;
    return this.board.matches(":hover") && performance.now() - this.pointedAt < PARKED_MS;
  }

  /** @param {Layout} placed */
  #places(placed) {
    const gone = new Set(this.faces.keys());
    const held = placed.cards.find((card) => this.faces.get(card.key)?.button.tabIndex === 0) ?? placed.cards[0];
    for (const card of placed.cards) {
      gone.delete(card.key);
      let shown = this.faces.get(card.key);
      if (!shown) {
        shown = face(card);
        this.faces.set(card.key, shown);
        this.board.append(shown.button);
      }
      const { style } = shown.button;
      style.transform = `translate(${card.x}px, ${card.y}px)`;
      style.width = `${card.w}px`;
      style.height = `${card.h}px`;
      shown.button.tabIndex = card === held ? 0 : -1;
    }
    for (const key of gone) {
      this.faces.get(key)?.button.remove();
      this.faces.delete(key);
    }
    this.titles.forEach((title, index) => {
      title.style.transform = `translate(${placed.columns[index].x}px, 0)`;
      const cards = placed.cards.filter((card) => card.column === index && card.members[0].kind !== "sink");
      const number = size(cards.flatMap((card) => card.members));
      const groups = cards.filter((card) => card.grouped || card.members[0].count).length;
      const grouped = groups ? ` · ${groups} ${groups === 1 ? "group" : "groups"}` : "";
      setText(title, number ? `${COLUMNS[index]} ${count(number)}${grouped}` : COLUMNS[index]);
    });
  }

  /** Keep one card's path and dim the rest; null shows everything. @param {string | null} key */
  keep(key) {
    const card = key && this.layout?.cards.find((one) => one.key === key);
    this.near = card ? card.key : null;
    if (!card || !this.layout) {
      for (const { button } of this.faces.values()) button.classList.remove("dim", "chosen");
      this.ribbons.keep(null);
      this.#hush();
      this.pinned = false;
      return;
    }
    const path = pathOf(card, this.layout.ribbons);
    for (const other of this.layout.cards) {
      const classes = this.faces.get(other.key)?.button.classList;
      classes?.toggle("dim", !path.cards.has(other));
      classes?.toggle("chosen", this.pinned && other === card);
    }
    this.ribbons.keep(path.ribbons);
    void this.#tell((tip) => this.layout && tip.card(card, this.layout, this.#actions(card)));
  }

  /** Say something in the sheet beside what it is of. @param {(tip: Tip) => void} say */
  async #tell(say) {
    this.telling = say;
    if (!this.tip) {
      const loaded = await import("./tip.js").catch(() => null); // null: the server is away, as the header says
      if (!loaded) return;
      this.tip ??= new loaded.Tip(this.board, this.ribbons);
    }
    if (this.telling === say) say(this.tip); // nothing else came into question meanwhile
  }

  #hush() {
    this.telling = null;
    this.tip?.hide();
  }

  /** @param {Card} card @returns {import("./tip.js").Action[]} */
  #actions(card) {
    const node = card.members[0];
    const isGroup = card.grouped || node.count;
    /** @type {import("./tip.js").Action[]} */
    const opens = isGroup
      ? [{ text: "Open the group", act: () => this.open(card) }]
      : node.url
        ? [{ text: "Open its page", href: node.url }]
        : [];
    if (node.kind === "bus" && node.url && !new URLSearchParams(location.search).has("bus")) {
      opens.push({ text: "This bus only", href: `/flow?bus=${encodeURIComponent(node.name)}` });
    }
    const only = { text: this.only === card.key ? "Show all paths" : "Only this path", act: () => this.focus(card.key) };
    return [...opens, only];
  }

  /** Show only a card's path, or everything again. @param {string | null} key null: of the card in question */
  focus(key) {
    const active = document.activeElement instanceof HTMLElement ? cardAt(document.activeElement) : null;
    const wanted = key ?? (this.only || active || this.near || "");
    if (!wanted) return;
    this.only = this.only === wanted ? "" : wanted;
    this.#changed({ focus: this.only });
  }

  /** Show only what has these letters in its name. @param {string} text */
  search(text) {
    this.find = text.trim();
    note({ find: this.find });
    this.#changed(null);
  }

  /** Put a group's members in its place. @param {Card} card */
  open(card) {
    if (card.members[0].kind === "source" && card.members[0].count) return; // the server keeps those together
    this.wanted = card.key;
    this.opened = null;
    this.#openWanted(this.layout?.cards ?? []);
    this.#changed({ group: card.key });
  }

  /** @param {Card[]} cards */
  #openWanted(cards) {
    const card = cards.find((one) => one.key === this.wanted);
    const [, bus, pattern] = /^rules:(\d+):(.*)$/.exec(this.wanted) ?? [];
    const members = pattern
      ? [...this.flow.nodes.values()].filter((node) => node.kind === "rule" && node.bus === Number(bus) && begins(node.name, pattern))
      : (card?.members ?? []);
    if (!members.length) return;
    const label = pattern ?? card?.label ?? "";
    this.opened = { key: this.wanted, column: card?.column ?? 2, label, members: new Set(members.map((node) => node.key)) };
  }

  /** Fold an open group, leave a path, forget a name: the last that was chosen. */
  back() {
    if (this.pinned || this.near) this.keep(null);
    else if (this.find) this.search("");
    else if (this.only) this.focus(this.only);
    else if (this.opened) this.fold();
  }

  /** Fold the open group. */
  fold() {
    this.opened = null;
    this.wanted = "";
    this.#changed({ group: "" });
  }

  /** @param {Record<string, string> | null} values of the address, as a step; null: noted already */
  #changed(values) {
    const active = document.activeElement instanceof HTMLElement ? cardAt(document.activeElement) : null;
    if (values) note(values, { step: true });
    this.pinned = false;
    this.keep(null);
    this.arrange();
    this.onView();
    if (active && !this.faces.has(active)) this.#to(this.layout?.cards.find((card) => card.column === (this.opened?.column ?? 0)));
  }

  /**
   * Follow a pointer that the reader moves. Cards also come to lie under a pointer at rest, when something beside the
   * graph goes away: browsers report that like a movement, but it is no question about a card.
   * @param {PointerEvent} event
   */
  #moved(event) {
    const { screenX: x, screenY: y } = event;
    const has = x !== this.lastAt.x || y !== this.lastAt.y;
    const known = !Number.isNaN(this.lastAt.x);
    this.lastAt = { x, y };
    if (!has || !(known || event.movementX || event.movementY)) return;
    this.pointedAt = performance.now();
    if (event.target instanceof Element && this.tip?.sheet.contains(event.target)) {
      clearTimeout(this.pointing);
      this.pointed = this.tip?.of ?? null;
      return;
    }
    const key = cardAt(event.target);
    if (key) {
      this.#point(key);
      return;
    }
    const box = this.board.getBoundingClientRect();
    this.#point(null, { x: event.clientX - box.x, y: event.clientY - box.y });
  }

  /** @param {string | null} key @param {{ x: number, y: number } | null} [at] on the board, beside all cards */
  #point(key, at = null) {
    if (key === this.pointed && !at) return;
    this.pointed = key;
    clearTimeout(this.pointing);
    this.pointing = window.setTimeout(() => {
      if (!this.pinned && key !== this.near) this.keep(key);
      const ribbon = at && !this.pinned ? this.ribbons.under(at.x, at.y) : null;
      if (ribbon && at) void this.#tell((tip) => this.layout && tip.ribbon(ribbon, this.layout, at.x, at.y));
      else if (at && !this.near) this.#hush();
    }, POINTED_MS);
  }

  /** @param {EventTarget | null} target */
  #focused(target) {
    const card = this.layout?.cards.find((one) => one.key === cardAt(target));
    if (!card || !this.layout || !(target instanceof Element)) return;
    for (const { button } of this.faces.values()) button.removeAttribute("aria-describedby");
    const { state, figures, ways } = told(card, this.layout.ribbons, (ribbon) => this.ribbons.counted(ribbon));
    setText(this.says, `${card.label}: ${[state, figures, ...ways].join("; ")}`);
    target.setAttribute("aria-describedby", this.says.id);
    if (target.matches(":focus-visible") && !this.pinned) this.keep(card.key);
  }

  /** A click keeps the path; a second one, or Enter, opens what the card stands for. @param {MouseEvent} event */
  #click(event) {
    if (event.target instanceof Element && this.tip?.sheet.contains(event.target)) return;
    const card = this.layout?.cards.find((one) => one.key === cardAt(event.target));
    clearTimeout(this.pointing);
    if (!card) {
      this.keep(null);
      return;
    }
    if (card.grouped || card.members[0].count) {
      this.open(card);
      return;
    }
    const isKey = event.detail === 0;
    if (isKey || (this.pinned && this.near === card.key)) {
      if (card.members[0].url) location.assign(card.members[0].url);
      else this.keep(this.pinned ? null : card.key);
      return;
    }
    this.pinned = true;
    this.keep(card.key);
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const placed = this.layout;
    const card = placed?.cards.find((one) => one.key === cardAt(event.target));
    if (!placed || !card) return;
    const next = moved(event.key, card, placed, (ribbon) => this.ribbons.counted(ribbon).count);
    if (next !== null) {
      event.preventDefault();
      this.#to(next);
      return;
    }
    const goesOn = event.timeStamp - this.typed.at < TYPED_MS && this.typed.text !== "";
    const after = event.timeStamp - this.wentAt < TYPED_MS; // a key after g is one of the page
    this.wentAt = event.key === "g" && !goesOn ? event.timeStamp : -TYPED_MS;
    // f and g are keys of the page; within a word they are letters.
    if (after || !/^[\p{L}\p{N}]$/u.test(event.key) || (!goesOn && /^[fg]$/.test(event.key))) return;
    event.stopPropagation();
    this.typed = { text: goesOn ? this.typed.text + event.key : event.key, at: event.timeStamp };
    this.#to(typedTo(this.typed.text, card, placed));
  }

  /** @param {Card | undefined} card */
  #to(card) {
    const next = card && this.faces.get(card.key);
    if (!next) return;
    for (const { button } of this.faces.values()) button.tabIndex = -1;
    next.button.tabIndex = 0;
    next.button.focus();
  }
}

/** @param {EventTarget | null} target @returns {string | null} the key of the card that it belongs to */
function cardAt(target) {
  const button = target instanceof Element ? target.closest("button.card-node") : null;
  return button instanceof HTMLElement ? (button.dataset.key ?? null) : null;
}

/** @param {string} name @param {string} pattern "billing/*" */
const begins = (name, pattern) => name.startsWith(pattern.slice(0, -1));

/** How large the reader has text: 1 at 16 px. */
const textScale = () => (Number.parseFloat(getComputedStyle(document.documentElement).fontSize) || 16) / 16;
