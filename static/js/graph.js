// The graph's cards: buttons over the canvases, their figures, the path in focus, and the keyboard.
import { condition, count, duration, lost, rate } from "./figures.js";
import { COLUMNS, layout, pathOf } from "./layout.js";
import { Ribbons } from "./ribbons.js";

/**
 * @typedef {import("./layout.js").Card} Card
 * @typedef {import("./layout.js").Layout} Layout
 * @typedef {import("./model.js").Flow} Flow
 * @typedef {import("./model.js").Node} Node
 * @typedef {{ button: HTMLButtonElement, name: HTMLElement, rate: HTMLElement, state: HTMLElement, aside: HTMLElement,
 *   fill: HTMLElement }} Face
 */

const REGROUP_MS = 10_000;
const POINTED_MS = 150; // how long the pointer stays on a card before the rest is dimmed

export class Graph {
  /** @param {HTMLElement} pane @param {HTMLElement} board @param {Flow} flow */
  constructor(pane, board, flow) {
    this.pane = pane;
    this.board = board;
    this.flow = flow;
    const [still, moving] = board.querySelectorAll("canvas");
    this.ribbons = new Ribbons(still, moving, flow);
    this.titles = COLUMNS.map((title) => made("h2", "column-title overline", title));
    board.append(...this.titles);
    /** @type {Layout | null} */
    this.layout = null;
    /** @type {Map<string, Face>} */
    this.faces = new Map();
    /** @type {string | null} */
    this.focused = null; // the key of the card whose path is kept
    this.pinned = false;
    this.groupedAt = 0;
    /** @type {string | null} */
    this.pointed = null; // the key of the card under a pointer that was moved there
    this.pointing = 0;
    this.lastAt = { x: Number.NaN, y: Number.NaN };
    new ResizeObserver(() => this.arrange()).observe(pane);
    board.addEventListener("keydown", (event) => this.#key(event));
    board.addEventListener("pointermove", (event) => this.#moved(event));
    board.addEventListener("pointerleave", () => this.#point(null));
    board.addEventListener("focusin", ({ target }) => {
      if (target instanceof Element && target.matches(":focus-visible")) this.#show(cardAt(target));
    });
    board.addEventListener("focusout", () => !this.pinned && this.focus(null));
    board.addEventListener("click", (event) => this.#click(event.target));
  }

  /** Lay everything out anew: the graph changed, or its room. */
  arrange() {
    const width = this.pane.clientWidth;
    const height = this.pane.clientHeight;
    if (width < 300 || height < 100) return; // hidden, or replaced by the list
    this.layout = layout(this.flow.nodes.values(), this.flow.edges.values(), { width, height }, this.layout);
    this.groupedAt = performance.now();
    this.board.style.height = `${this.layout.height}px`;
    this.#places(this.layout);
    this.ribbons.place(this.layout);
    if (this.focused) this.focus(this.focused);
    this.show();
  }

  /** Write the figures: at most a few times a second. */
  show() {
    if (!this.layout) return;
    const grouped = this.layout.cards.some((card) => card.grouped);
    const busy = this.board.matches(":hover, :focus-within");
    // Who has a card of its own may change with the rates, but nothing moves under the reader.
    if (grouped && !busy && performance.now() - this.groupedAt > REGROUP_MS) {
      this.arrange();
      return;
    }
    for (const card of this.layout.cards) {
      const face = this.faces.get(card.key);
      if (face) write(face, card);
    }
    this.ribbons.draw();
  }

  /** @param {Layout} placed */
  #places(placed) {
    const gone = new Set(this.faces.keys());
    placed.cards.forEach((card, index) => {
      gone.delete(card.key);
      const face = this.faces.get(card.key) ?? this.#face(card);
      const { style } = face.button;
      style.transform = `translate(${card.x}px, ${card.y}px)`;
      style.width = `${card.w}px`;
      style.height = `${card.h}px`;
      face.button.tabIndex = index === 0 ? 0 : -1;
    });
    for (const key of gone) {
      this.faces.get(key)?.button.remove();
      this.faces.delete(key);
    }
    this.titles.forEach((title, index) => {
      title.style.transform = `translate(${placed.columns[index].x}px, 0)`;
      const members = placed.cards.filter((card) => card.column === index).flatMap((card) => card.members);
      const number = members.filter((node) => node.kind !== "sink").length;
      setText(title, number ? `${COLUMNS[index]} ${count(number)}` : COLUMNS[index]);
    });
  }

  /** @param {Card} card @returns {Face} */
  #face(card) {
    const button = made("button", "card-node", "");
    button.type = "button";
    button.dataset.key = card.key;
    button.dataset.kind = card.members[0].kind;
    button.classList.toggle("grouped", card.grouped);
    const face = {
      button,
      name: made("span", "name", ""),
      state: made("span", "state", ""),
      rate: made("span", "rate", ""),
      aside: made("span", "aside", ""),
      fill: made("span", "fill", ""),
    };
    const above = made("span", "line", "");
    above.append(face.name, face.state);
    const below = made("span", "line", "");
    below.append(face.rate, face.aside);
    button.append(above, below, face.fill);
    this.board.append(button);
    this.faces.set(card.key, face);
    return face;
  }

  /** Keep one card's path and dim the rest; null shows everything. @param {string | null} key */
  focus(key) {
    const card = key && this.layout?.cards.find((one) => one.key === key);
    this.focused = card ? card.key : null;
    if (!card || !this.layout) {
      for (const face of this.faces.values()) face.button.classList.remove("dim", "chosen");
      this.ribbons.keep(null);
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
  }

  /**
   * Follow a pointer that the reader moves. Cards also come to lie under a pointer at rest, when something beside the
   * graph goes away: browsers report that like a movement, but it is no question about a card.
   * @param {PointerEvent} event
   */
  #moved(event) {
    const { screenX: x, screenY: y } = event;
    const moved = x !== this.lastAt.x || y !== this.lastAt.y;
    const known = !Number.isNaN(this.lastAt.x);
    this.lastAt = { x, y };
    if (moved && (known || event.movementX || event.movementY)) this.#point(cardAt(event.target));
  }

  /** @param {string | null} key */
  #point(key) {
    if (key === this.pointed) return;
    this.pointed = key;
    clearTimeout(this.pointing);
    this.pointing = window.setTimeout(() => this.#show(key), POINTED_MS);
  }

  /** @param {string | null} key */
  #show(key) {
    if (!this.pinned && key !== this.focused) this.focus(key);
  }

  /** A click keeps the path until the next one; a second opens what the card stands for. @param {EventTarget | null} target */
  #click(target) {
    const key = cardAt(target);
    clearTimeout(this.pointing);
    if (key === null) {
      this.pinned = false;
      this.focus(null);
      return;
    }
    const card = this.layout?.cards.find((one) => one.key === key);
    if (this.pinned && this.focused === key) {
      const url = card && !card.grouped ? card.members[0].url : null;
      if (url) location.assign(url);
      this.pinned = false;
      this.focus(null);
      return;
    }
    this.pinned = true;
    this.focus(key);
  }

  /** Up and down in the column, left and right along the strongest ribbon. @param {KeyboardEvent} event */
  #key(event) {
    const active = document.activeElement;
    const placed = this.layout;
    const card = placed?.cards.find((one) => active instanceof HTMLElement && one.key === active.dataset.key);
    if (!placed || !card) return;
    if (event.key === "Escape") {
      this.pinned = false;
      this.focus(null);
      return;
    }
    const column = placed.cards.filter((one) => one.column === card.column).sort((a, b) => a.y - b.y);
    const strength = (/** @type {import("./layout.js").Ribbon} */ ribbon) =>
      ribbon.edges.reduce((sum, edge) => sum + (this.flow.edges.get(edge)?.count ?? 0), 0);
    const along = (/** @type {"from" | "to"} */ near, /** @type {"from" | "to"} */ far) =>
      placed.ribbons.filter((one) => one[near] === card).sort((a, b) => strength(b) - strength(a))[0]?.[far];
    /** @type {Record<string, () => Card | undefined>} */
    const moves = {
      ArrowDown: () => column[column.indexOf(card) + 1],
      ArrowUp: () => column[column.indexOf(card) - 1],
      ArrowRight: () => along("from", "to"),
      ArrowLeft: () => along("to", "from"),
      Home: () => column[0],
      End: () => column[column.length - 1],
    };
    const move = moves[event.key];
    if (!move) return;
    event.preventDefault();
    const next = move();
    const face = next && this.faces.get(next.key);
    if (!face) return;
    for (const one of this.faces.values()) one.button.tabIndex = -1;
    face.button.tabIndex = 0;
    face.button.focus();
  }
}

/** @param {EventTarget | null} target @returns {string | null} the key of the card that it belongs to */
function cardAt(target) {
  const button = target instanceof Element ? target.closest("button.card-node") : null;
  return button instanceof HTMLElement ? (button.dataset.key ?? null) : null;
}

/** @param {Face} face @param {Card} card */
function write(face, card) {
  const node = card.members[0];
  const total = card.members.reduce((sum, member) => sum + member.rate, 0);
  const minute = card.members.reduce((sum, member) => sum + member.minute, 0);
  const worst = ["failing", "retrying", "paused"].find((state) => card.members.some((member) => member.state === state));
  const idle = !minute && card.members.every((member) => member.state === "idle");
  const state = card.grouped ? (worst ?? (idle ? "idle" : "ok")) : node.state;
  const says = node.kind === "sink" ? lost(node.name, minute) : condition(state);
  const what = { source: "sources", bus: "buses", rule: "rules", target: "targets", sink: "" }[node.kind];
  setText(face.name, card.grouped ? `+${count(card.members.length)} ${what}` : node.label);
  setText(face.rate, idle && !card.grouped ? says.word : rate(total, minute));
  setText(face.state, says.glyph && node.kind !== "sink" ? `${says.glyph} ${says.word}` : says.glyph);
  setText(face.aside, card.grouped ? "" : aside(node));
  const { button } = face;
  button.dataset.tone = says.tone;
  button.classList.toggle("idle", idle);
  button.title = card.grouped ? "The quietest ones, together" : [node.label, node.address].filter(Boolean).join(" · ");
  // Log scale: 1, 10, 100, 1,000 waiting fill a quarter each.
  const waiting = !card.grouped ? (node.backlog ?? 0) : 0;
  face.fill.style.width = waiting ? `${Math.min(100, 25 * Math.log10(1 + waiting) + 4)}%` : "0";
}

/** What stands on the right of a card. @param {Node} node */
function aside(node) {
  if (node.backlog && (node.backlog > 1 || node.kind === "bus")) return `waiting ${count(node.backlog)}`;
  if (node.kind !== "target") return "";
  return node.p99 === null ? "" : `p99 ${duration(node.p99)}`;
}

/**
 * @template {keyof HTMLElementTagNameMap} K
 * @param {K} tag @param {string} className @param {string} text @returns {HTMLElementTagNameMap[K]}
 */
function made(tag, className, text) {
  const element = document.createElement(tag);
  element.className = className;
  element.textContent = text;
  return element;
}

/** Write only what changed. @param {HTMLElement} element @param {string} text */
function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}
