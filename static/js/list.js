// The list twin of the graph: the same things as a table that sorts, for small screens and whoever prefers it. It
// stands in the document behind the graph all the time; a screen reader reads it there.
import { asked, note } from "./address.js";
import { condition, count, duration, lost, rate } from "./figures.js";
import { setText } from "./card.js";
import { troubled } from "./groups.js";

/** @typedef {import("./model.js").Node} Node */

const MOST_ROWS = 100; // until all are asked for
const UNSEEN_EVERY = 5000; // ms between writing the figures while it is behind the graph
const KINDS = ["source", "bus", "rule", "target", "sink"];
/** The busiest first, in powers of two: rows that are about as busy do not change places under the reader. @param {Node} node */
const busy = (node) => Math.ceil(Math.log2(1 + node.minute));
/** @type {Record<string, (node: Node) => number | string>} */
const SORTS = {
  kind: (node) => KINDS.indexOf(node.kind),
  name: (node) => node.label.toLowerCase(),
  rate: (node) => -busy(node),
  p50: (node) => -(node.p50 ?? -1),
  p99: (node) => -(node.p99 ?? -1),
  waiting: (node) => -(node.backlog ?? -1),
  state: (node) => (troubled(node) ? 0 : ["retrying", "slow", "paused"].includes(node.state) ? 1 : node.state === "idle" ? 3 : 2),
};

export class NodeTable {
  /** @param {HTMLElement} section @param {() => Node[]} nodes */
  constructor(section, nodes) {
    this.section = section;
    this.nodes = nodes;
    this.body = /** @type {HTMLElement} */ (section.querySelector("tbody"));
    this.more = /** @type {HTMLButtonElement} */ (section.querySelector(".more-nodes"));
    this.sort = asked("sort");
    this.all = false;
    this.writtenAt = 0;
    /** @type {Node[]} */
    this.order = [];
    this.more.addEventListener("click", () => {
      this.all = true;
      this.show({ anew: true });
    });
    section.querySelector("thead")?.addEventListener("click", (event) => {
      const link = event.target instanceof Element ? event.target.closest("a[data-sort]") : null;
      if (!(link instanceof HTMLElement)) return;
      event.preventDefault();
      const name = link.dataset.sort ?? "";
      this.sort = this.sort === name ? `-${name}` : name;
      note({ sort: this.sort });
      this.show({ anew: true });
    });
  }

  /** @param {{ anew?: boolean }} [how] anew: order the rows even under the pointer, because the reader asked for it */
  show({ anew = false } = {}) {
    const now = performance.now();
    const isSeen = document.body.classList.contains("as-list");
    if (!anew && !isSeen && now - this.writtenAt < UNSEEN_EVERY) return;
    this.writtenAt = now;
    const nodes = this.nodes();
    const read = isSeen && this.body.matches(":hover, :focus-within") && !anew;
    const known = new Map(nodes.map((node) => [node.key, node]));
    const kept = read && nodes.length === this.order.length && this.order.every((node) => known.has(node.key));
    this.order = kept ? this.order.map((node) => known.get(node.key) ?? node) : this.#sorted(nodes);
    const shown = this.all ? this.order : this.order.slice(0, MOST_ROWS);
    while (this.body.children.length > shown.length) this.body.lastElementChild?.remove();
    shown.forEach((node, index) => write(this.body.children[index] ?? this.body.appendChild(emptyRow()), node, isSeen));
    this.more.hidden = shown.length === this.order.length;
    setText(this.more, `Show all ${count(this.order.length)}`);
    this.more.tabIndex = isSeen ? 0 : -1;
    for (const link of /** @type {NodeListOf<HTMLElement>} */ (this.section.querySelectorAll("thead a[data-sort]"))) {
      link.tabIndex = isSeen ? 0 : -1;
      const name = link.getAttribute("data-sort");
      const way = this.sort === name ? "ascending" : this.sort === `-${name}` ? "descending" : null;
      if (way) link.closest("th")?.setAttribute("aria-sort", way);
      else link.closest("th")?.removeAttribute("aria-sort");
    }
  }

  /** @param {Node[]} nodes */
  #sorted(nodes) {
    const down = this.sort.startsWith("-");
    const by = SORTS[down ? this.sort.slice(1) : this.sort];
    const usual = (/** @type {Node} */ a, /** @type {Node} */ b) =>
      KINDS.indexOf(a.kind) - KINDS.indexOf(b.kind) || busy(b) - busy(a) || a.label.localeCompare(b.label);
    if (!by) return [...nodes].sort(usual);
    const sign = down ? -1 : 1;
    return [...nodes].sort((a, b) => {
      const [left, right] = [by(a), by(b)];
      return left === right ? usual(a, b) : left < right ? -sign : sign;
    });
  }
}

/** @param {Element} row @param {Node} node @param {boolean} isSeen */
function write(row, node, isSeen) {
  const says = node.kind === "sink" ? lost(node.name, node.minute) : condition(node.state);
  const waiting = node.backlog === null ? "–" : node.oldest === null ? count(node.backlog) : `${count(node.backlog)} · ${duration(node.oldest)}`;
  const texts = [node.kind, rate(node.rate, node.minute), duration(node.p50), duration(node.p99), waiting];
  [0, 2, 3, 4, 5].forEach((cell, index) => {
    const there = row.children[cell];
    if (there instanceof HTMLElement) setText(there, texts[index]);
  });
  const [name, state] = [row.children[1].firstElementChild, row.children[6]];
  if (name instanceof HTMLAnchorElement) {
    setText(name, node.label);
    if (node.url && name.getAttribute("href") !== node.url) name.href = node.url;
    if (!node.url) name.removeAttribute("href");
    // Behind the graph nobody sees where the focus would be.
    if (isSeen) name.removeAttribute("tabindex");
    else name.tabIndex = -1;
  }
  if (state instanceof HTMLElement) {
    setText(state, `${says.glyph || "✓"} ${says.word || "ok"}`.replace("✓ idle", "idle").replace("✓ none", "none"));
    state.dataset.tone = says.tone;
  }
}

function emptyRow() {
  const row = document.createElement("tr");
  for (let at = 0; at < 7; at += 1) row.append(document.createElement("td"));
  row.children[1].append(document.createElement("a"));
  [2, 3, 4, 5].forEach((at) => row.children[at].classList.add("number"));
  return row;
}
