// Where cards and ribbons lie: four columns, Sources → Buses → Rules → Targets, each ending in what is lost there.
// Pure: cards, edges and a size in, places out. The layers are given, so a general layout engine would solve a
// problem that we do not have.

/**
 * @typedef {import("./model.js").Edge} Edge
 * @typedef {import("./groups.js").Card} Card
 *
 * @typedef {object} Ribbon  All edges between two cards.
 * @property {Card} from @property {Card} to @property {number[]} edges
 * @property {"across" | "beside" | "arc"} way  to a later column; down the right of its own; bus to bus, on the left
 * @property {number} y1 @property {number} y2 @property {number} weight
 *
 * @typedef {{ width: number, height: number, scale?: number }} Size  `scale`: how large text is, 1 at 16 px
 * @typedef {object} Layout
 * @property {number} width @property {number} height @property {Card[]} cards @property {Ribbon[]} ribbons
 * @property {number} undrawn  ribbons that were left out @property {{ x: number, w: number }[]} columns
 */

const MOST_RIBBONS = 150;
const CARD = 44;
const LOW_CARD = 38; // while that saves scrolling
const GAP = 4;
const PITCH = 74;
const TOP = 40;
const BOTTOM = 16;
const SIDE = 20;
const RIGHT = 34; // room for the ways down to the dead letters
const NARROWEST = 118;

/** How many cards a column has room for. @param {Size} size */
export const fitting = ({ height, scale = 1 }) => Math.floor((height - TOP * scale - BOTTOM) / (LOW_CARD * scale + GAP));

/** Sinks come last, what is idle or left before them, groups before that. @param {Card} card */
const floor = ({ members, grouped, key }) => (members[0].kind === "sink" ? 3 : !grouped ? 0 : /^(idle|rest|others):/.test(key) ? 2 : 1);

/**
 * Lay out a graph. `known` keeps the order that the reader knows (see `remember`); what is new is put beside its
 * neighbours.
 * @param {Card[][]} columns @param {Iterable<Edge>} edges @param {Size} size
 * @param {Map<string, number>} [known] @returns {Layout}
 */
export function layout(columns, edges, size, known = new Map()) {
  /** @type {Map<number, Card>} */
  const cardOf = new Map();
  for (const card of columns.flat()) for (const node of card.members) cardOf.set(node.i, card);
  const joins = joined(edges, cardOf);
  order(columns, joins, known);
  const ribbons = joins.length > MOST_RIBBONS ? joins.sort((a, b) => b.weight - a.weight).slice(0, MOST_RIBBONS) : joins;
  const laidOut = { ...place(columns, size), ribbons, undrawn: joins.length - ribbons.length };
  ports(ribbons);
  return laidOut;
}

/** @param {Iterable<Edge>} edges @param {Map<number, Card>} cardOf @returns {Ribbon[]} */
function joined(edges, cardOf) {
  /** @type {Map<string, Ribbon>} */
  const ribbons = new Map();
  for (const edge of edges) {
    const from = cardOf.get(edge.from);
    const to = cardOf.get(edge.to);
    if (!from || !to) continue;
    const key = `${from.key}>${to.key}`;
    const known = ribbons.get(key);
    const weight = edge.count + 1000 * edge.failed;
    if (known) {
      known.edges.push(edge.i);
      known.weight += weight;
      continue;
    }
    const way = to.column !== from.column ? "across" : to.column === 1 ? "arc" : "beside";
    ribbons.set(key, { from, to, edges: [edge.i], way, y1: 0, y2: 0, weight });
  }
  return [...ribbons.values()];
}

/**
 * Note where cards stand, from 0 (top) to 1, in `known`: also those that are not shown for a while keep their place.
 * @param {Layout} layout @param {Map<string, number>} [known]
 */
export function remember({ cards, height }, known = new Map()) {
  for (const card of cards) known.set(card.key, (card.y + card.h / 2) / height);
  return known;
}

/** @param {Card[][]} columns @param {Ribbon[]} ribbons @param {Map<string, number>} known */
function order(columns, ribbons, known) {
  const neighbours = new Map(columns.flat().map((card) => [card, /** @type {Card[]} */ ([])]));
  for (const ribbon of ribbons) {
    if (ribbon.way !== "across") continue;
    neighbours.get(ribbon.from)?.push(ribbon.to);
    neighbours.get(ribbon.to)?.push(ribbon.from);
  }
  const at = new Map();
  for (const column of columns) column.forEach((card, index) => at.set(card, (index + 0.5) / column.length));
  const sweeps = known.size ? 1 : 8;
  for (let sweep = 0; sweep < sweeps; sweep += 1) {
    for (const column of sweep % 2 ? [...columns].reverse() : columns) {
      const wish = new Map(
        column.map((card) => {
          const kept = known.get(card.key);
          if (kept !== undefined) return [card, kept];
          const near = neighbours.get(card) ?? [];
          const sum = near.reduce((total, other) => total + at.get(other), 0);
          return [card, near.length ? sum / near.length : at.get(card)];
        }),
      );
      column.sort((a, b) => floor(a) - floor(b) || (wish.get(a) ?? 0) - (wish.get(b) ?? 0));
      column.forEach((card, index) => at.set(card, (index + 0.5) / column.length));
    }
  }
}

/** @param {Card[][]} columns @param {Size} size */
function place(columns, { width: given, height: room, scale = 1 }) {
  const width = Math.max(given, 4 * NARROWEST * scale + SIDE + RIGHT + 3 * 36);
  const inner = width - SIDE - RIGHT;
  const w = Math.round(Math.min(260 * scale, Math.max(NARROWEST * scale, (inner - 3 * Math.max(36, inner * 0.085)) / 4)));
  const gap = (inner - 4 * w) / 3;
  const top = TOP * scale;
  const longest = Math.max(1, ...columns.map((column) => column.length));
  const h = Math.round(Math.max(LOW_CARD * scale, Math.min(CARD * scale, (room - top - BOTTOM) / longest - GAP)));
  const height = Math.max(room, top + longest * (h + GAP) + BOTTOM);
  const places = columns.map((_, index) => ({ x: Math.round(SIDE + index * (w + gap)), w }));
  columns.forEach((column, index) => {
    // A column that fits stands in the middle of what is seen first, however long another one is.
    const free = Math.max(room, top + column.length * (h + GAP) + BOTTOM) - top - BOTTOM;
    const pitch = Math.min(PITCH * scale, Math.max(h + GAP, free / Math.max(1, column.length)));
    const start = top + (free - pitch * column.length) / 2 + (pitch - h) / 2;
    column.forEach((card, row) => Object.assign(card, { ...places[index], h, y: Math.round(start + row * pitch) }));
  });
  return { width, height, cards: columns.flat(), columns: places };
}

/** Spread the ends of a card's ribbons over its side, in the order of where they lead. @param {Ribbon[]} ribbons */
function ports(ribbons) {
  /** @type {Map<string, { ribbon: Ribbon, side: "y1" | "y2", card: Card, other: number }[]>} */
  const sides = new Map();
  /** @param {string} key @param {{ ribbon: Ribbon, side: "y1" | "y2", card: Card, other: number }} end */
  const add = (key, end) => sides.set(key, [...(sides.get(key) ?? []), end]);
  for (const ribbon of ribbons) {
    const { from, to, way } = ribbon;
    add(`${from.key} ${way === "arc" ? "left" : "right"}`, { ribbon, side: "y1", card: from, other: way === "beside" ? 1e6 : to.y });
    add(`${to.key} ${way === "beside" ? "right" : "left"}`, { ribbon, side: "y2", card: to, other: from.y });
  }
  for (const ends of sides.values()) {
    ends.sort((a, b) => a.other - b.other);
    const step = Math.min(9, (ends[0].card.h - 16) / Math.max(1, ends.length - 1));
    ends.forEach(({ ribbon, side, card }, index) => {
      ribbon[side] = card.y + card.h / 2 + (index - (ends.length - 1) / 2) * step;
    });
  }
}

/**
 * All cards up- and downstream of one.
 * @param {Card} start @param {Ribbon[]} ribbons @returns {{ cards: Set<Card>, ribbons: Set<Ribbon> }}
 */
export function pathOf(start, ribbons) {
  const cards = new Set([start]);
  const path = new Set();
  for (const [near, far] of /** @type {["from" | "to", "from" | "to"][]} */ ([["from", "to"], ["to", "from"]])) {
    const reached = new Set([start]);
    const queue = [start];
    for (let card = queue.pop(); card; card = queue.pop()) {
      for (const ribbon of ribbons) {
        if (ribbon[near] !== card) continue;
        path.add(ribbon);
        if (reached.has(ribbon[far])) continue;
        reached.add(ribbon[far]);
        cards.add(ribbon[far]);
        queue.push(ribbon[far]);
      }
    }
  }
  return { cards, ribbons: path };
}
