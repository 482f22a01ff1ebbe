// The sheet beside a card or a ribbon in question: what it is, its figures, where from and where to, and what can
// be done. It can be pointed at, and Esc closes it. The graph tells a screen reader the same as the card's description.
import { count, duration, rate } from "./figures.js";
import { made, setText, told } from "./card.js";

/**
 * @typedef {import("./groups.js").Card} Card
 * @typedef {import("./layout.js").Layout} Layout
 * @typedef {import("./layout.js").Ribbon} Ribbon
 * @typedef {import("./ribbons.js").Ribbons} Ribbons
 * @typedef {{ text: string, href?: string, act?: () => void }} Action
 */

const AWAY = 8; // px between it and what it is of

export class Tip {
  /** @param {HTMLElement} board @param {Ribbons} ribbons */
  constructor(board, ribbons) {
    this.board = board;
    this.ribbons = ribbons;
    this.sheet = made("div", "tip", "");
    this.sheet.hidden = true;
    this.title = made("strong", "", "");
    this.state = made("span", "state", "");
    this.figures = made("p", "figures-line", "");
    this.ways = made("ul", "", "");
    this.actions = made("p", "actions", "");
    const head = made("p", "title", "");
    head.append(this.title, this.state);
    this.sheet.append(head, this.figures, this.ways, this.actions);
    board.append(this.sheet);
    /** @type {string | null} */
    this.of = null;
  }

  /** @param {Card} card @param {Layout} layout @param {Action[]} actions */
  card(card, layout, actions) {
    const { state, figures, ways } = told(card, layout.ribbons, (ribbon) => this.ribbons.counted(ribbon));
    const node = card.members[0];
    const where = !card.grouped && node.address ? `${node.target_kind} ${node.address}` : "";
    this.#write(card.key, card.label, state, [figures, where].filter(Boolean).join(" · "), ways, actions);
    const tone = this.board.querySelector(`[data-key="${CSS.escape(card.key)}"]`)?.getAttribute("data-tone");
    this.sheet.dataset.tone = tone ?? "ok";
    const { offsetWidth: w, offsetHeight: h } = this.sheet;
    const below = card.y + card.h + AWAY;
    const y = below + h > this.#bottom(layout) ? card.y - h - AWAY : below;
    this.#put(Math.min(card.x, layout.width - w - AWAY), Math.max(AWAY, y));
  }

  /** @param {Ribbon} ribbon @param {Layout} layout @param {number} x @param {number} y */
  ribbon(ribbon, layout, x, y) {
    const { count: total, failed } = this.ribbons.counted(ribbon);
    const { kind, p50, p99 } = ribbon.to.members[0];
    const times = ribbon.to.grouped || p50 === null || kind === "bus" ? "" : `p50 ${duration(p50)} · p99 ${duration(p99)}`;
    const trouble = failed ? `✕ ${count(failed)} failed` : "";
    const figures = [rate(total / 60, total), `${count(total)} in the last minute`, times].filter(Boolean).join(" · ");
    this.#write(`${ribbon.from.key}>${ribbon.to.key}`, `${ribbon.from.label} → ${ribbon.to.label}`, trouble, figures, [], []);
    this.sheet.dataset.tone = failed ? "bad" : "ok";
    const { offsetWidth: w, offsetHeight: h } = this.sheet;
    const below = y + 2 * AWAY;
    this.#put(Math.max(AWAY, Math.min(x + AWAY, layout.width - w - AWAY)), below + h > this.#bottom(layout) ? y - h - AWAY : below);
  }

  hide() {
    this.sheet.hidden = true;
    this.of = null;
  }

  /** @param {Layout} layout */
  #bottom(layout) {
    const pane = this.board.parentElement;
    return pane ? Math.min(layout.height, pane.scrollTop + pane.clientHeight) : layout.height;
  }

  /** @param {number} x @param {number} y */
  #put(x, y) {
    this.sheet.style.transform = `translate(${Math.round(x)}px, ${Math.round(y)}px)`;
  }

  /** @param {string} of @param {string} title @param {string} state @param {string} figures @param {string[]} ways @param {Action[]} actions */
  #write(of, title, state, figures, ways, actions) {
    setText(this.title, title);
    setText(this.state, state);
    setText(this.figures, figures);
    const text = ways.join("\n");
    if (this.ways.dataset.text !== text) {
      this.ways.dataset.text = text;
      this.ways.replaceChildren(...ways.map((way) => made("li", "", way)));
    }
    this.ways.hidden = !ways.length;
    if (this.of !== of) {
      this.actions.replaceChildren(...actions.map(control));
      this.actions.hidden = !actions.length;
    }
    this.of = of;
    this.sheet.hidden = false;
  }
}

/** @param {Action} action */
function control({ text, href, act }) {
  if (href) {
    const link = made("a", "", text);
    link.href = href;
    return link;
  }
  const button = made("button", "link", text);
  button.type = "button";
  // The graph counts as left only when the pointer leaves it: what was asked for happens first.
  button.addEventListener("click", () => act?.());
  return button;
}
