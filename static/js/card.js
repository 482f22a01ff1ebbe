// One card of the graph: a button with name, rate, state, and p99 or backlog; and what it says in a sentence.
import { condition, count, duration, lost, rate } from "./figures.js";
import { many, resting, size, troubled } from "./groups.js";

/**
 * @typedef {import("./groups.js").Card} Card
 * @typedef {import("./layout.js").Ribbon} Ribbon
 * @typedef {import("./model.js").Node} Node
 * @typedef {ReturnType<typeof condition>} Said
 * @typedef {{ button: HTMLButtonElement, name: HTMLElement, rate: HTMLElement, state: HTMLElement, aside: HTMLElement,
 *   fill: HTMLElement }} Face
 */

const ROOMY = 190; // px of a card that has room for how long the oldest waits; its sheet says so in any case
const WORST = ["failing", "open", "half-open", "retrying", "slow", "paused"];

/** @param {Card} card @returns {Face} */
export function face(card) {
  const button = made("button", "card-node", "");
  button.type = "button";
  button.dataset.key = card.key;
  button.dataset.kind = card.members[0].kind;
  button.classList.toggle("grouped", card.grouped || Boolean(card.members[0].count));
  const parts = {
    button,
    name: made("span", "name", ""),
    state: made("span", "state", ""),
    rate: made("span", "rate", ""),
    aside: made("span", "aside", ""),
    fill: made("span", "fill", ""),
  };
  const above = made("span", "line", "");
  above.append(parts.name, parts.state);
  const below = made("span", "line", "");
  below.append(parts.rate, parts.aside);
  button.append(above, below, parts.fill);
  return parts;
}

/** Several nodes as one, or the one. @param {Card} card */
export function summed({ members, grouped }) {
  const sum = (/** @type {(node: Node) => number | null} */ of) => members.reduce((total, node) => total + (of(node) ?? 0), 0);
  const backlog = members.some((node) => node.backlog !== null) ? sum((node) => node.backlog) : null;
  const oldest = members.reduce((/** @type {number | null} */ most, { oldest }) => (oldest === null ? most : Math.max(most ?? 0, oldest)), null);
  const worst = WORST.find((state) => members.some((node) => node.state === state));
  const state = !grouped ? members[0].state : (worst ?? (members.every((node) => node.state === "idle") ? "idle" : "ok"));
  return { rate: sum((node) => node.rate), minute: sum((node) => node.minute), failed: sum((node) => node.failed), backlog, oldest, state };
}

/** The state of a card as glyph, word and tone. @param {Card} card @param {ReturnType<typeof summed>} sums @returns {Said} */
function saysOf(card, sums) {
  const node = card.members[0];
  if (node.kind === "sink") return lost(node.name, sums.minute);
  const says = condition(sums.state);
  const failing = card.grouped ? card.members.filter(troubled).length : 0;
  return failing ? { ...says, word: `${failing} failing` } : says;
}

/** Write a card's figures: only what changed. @param {Face} face @param {Card} card @param {number} now ms since 1970 */
export function write(face, card, now) {
  const node = card.members[0];
  const sums = summed(card);
  const says = saysOf(card, sums);
  const idle = !sums.minute && sums.state === "idle";
  const number = card.grouped ? size(card.members) : (node.count ?? 0);
  const told = number && card.label.endsWith("*") ? `${card.label} · ${card.w < ROOMY ? count(number) : many(node.kind, number)}` : card.label;
  setText(face.name, told);
  setText(face.rate, idle ? says.word || "idle" : rate(sums.rate, sums.minute));
  const retries = sums.state === "retrying" && sums.failed ? `${says.glyph} ${count(sums.failed)}` : "";
  setText(face.state, retries || (says.glyph && node.kind !== "sink" ? `${says.glyph} ${says.word}` : says.glyph));
  setText(face.aside, aside(card, sums));
  const { button } = face;
  set(button, "tone", says.tone);
  set(button, "state", sums.state);
  button.classList.toggle("idle", idle);
  button.classList.toggle("resting", card.members.every((one) => resting(one, now)));
  // Log scale: 10, 100, 1,000, 10,000 waiting fill a quarter each.
  const width = sums.backlog ? `${Math.min(100, 25 * Math.log10(1 + sums.backlog) + 4)}%` : "0";
  if (face.fill.style.width !== width) face.fill.style.width = width;
}

/** What stands on the right of a card. @param {Card} card @param {ReturnType<typeof summed>} sums */
function aside({ members: [node], grouped, w }, { backlog, oldest }) {
  const waits = oldest !== null && oldest >= 1000 && w >= ROOMY ? ` · ${duration(oldest)}` : "";
  if (backlog && (backlog > 1 || node.kind === "bus" || (oldest ?? 0) >= 1000)) return `${count(backlog)} waiting${waits}`;
  if (grouped || node.kind === "sink" || node.kind === "bus") return "";
  if (node.kind === "target" && node.target_kind === "bus") return `→ ${node.address}`;
  return node.p99 === null || node.kind === "source" ? "" : `p99 ${duration(node.p99)}`;
}

/**
 * What a card says in words, for whoever does not see it: "fraud-check: failing; 96/s; from orders 96/s; to …".
 * @param {Card} card @param {Ribbon[]} ribbons @param {(ribbon: Ribbon) => { count: number, failed: number }} counted
 * @returns {{ state: string, figures: string, ways: string[] }}
 */
export function told(card, ribbons, counted) {
  const node = card.members[0];
  const sums = summed(card);
  const says = saysOf(card, sums);
  const figures = [rate(sums.rate, sums.minute)];
  if (!card.grouped && node.p50 !== null) figures.push(`p50 ${duration(node.p50)}`, `p99 ${duration(node.p99)}`);
  const oldest = sums.oldest === null ? "" : `, the oldest for ${duration(sums.oldest)}`;
  if (sums.backlog) figures.push(`${count(sums.backlog)} waiting${oldest}`);
  const way = (/** @type {"from" | "to"} */ end) => (/** @type {Ribbon} */ ribbon) => {
    const { count: total, failed } = counted(ribbon);
    const trouble = !failed ? "" : failed * 2 >= total ? ", failing" : `, ${count(failed)} failed`;
    return `${end} ${ribbon[end].label} ${rate(total / 60, total)}${trouble}`;
  };
  const heaviest = (/** @type {"from" | "to"} */ near) =>
    ribbons
      .filter((ribbon) => ribbon[near] === card && (counted(ribbon).count || ribbon.to.members[0].kind !== "sink"))
      .sort((a, b) => counted(b).count - counted(a).count);
  const ways = [];
  for (const [near, far] of /** @type {const} */ ([["to", "from"], ["from", "to"]])) {
    const found = heaviest(near);
    ways.push(...found.slice(0, 4).map(way(far)));
    if (found.length > 4) ways.push(`${far} ${count(found.length - 4)} more`);
  }
  return { state: `${says.glyph} ${says.word}`.trim() || "✓ ok", figures: figures.join(" · "), ways };
}

/**
 * @template {keyof HTMLElementTagNameMap} K
 * @param {K} tag @param {string} className @param {string} text @returns {HTMLElementTagNameMap[K]}
 */
export function made(tag, className, text) {
  const element = document.createElement(tag);
  element.className = className;
  element.textContent = text;
  return element;
}

/** @param {HTMLElement} element @param {string} text */
export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/** @param {HTMLElement} element @param {string} name @param {string} value */
function set(element, name, value) {
  if (element.dataset[name] !== value) element.dataset[name] = value;
}
