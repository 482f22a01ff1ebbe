// Where cards and ribbons lie: four columns, Sources → Buses → Rules → Targets, each ending in what is lost there.
// Pure: nodes, edges and a size in, places out. The layers are given, so a general layout engine would solve a
// problem that we do not have.

/**
 * @typedef {import("./model.js").Node} Node
 * @typedef {import("./model.js").Edge} Edge
 *
 * @typedef {object} Card  One node, or the rest of a column in one.
 * @property {string} key @property {number} column @property {Node[]} members @property {boolean} grouped
 * @property {number} x @property {number} y @property {number} w @property {number} h
 *
 * @typedef {object} Ribbon  All edges between two cards.
 * @property {Card} from @property {Card} to @property {number[]} edges
 * @property {"across" | "beside" | "back"} way  to a later column; down the right of its own; back to a bus
 * @property {number} y1 @property {number} y2 @property {number} lane
 *
 * @typedef {{ width: number, height: number, cards: Card[], ribbons: Ribbon[], columns: { x: number, w: number }[] }} Layout
 */

export const COLUMNS = ["Sources", "Buses", "Rules", "Targets"];
/** At most this many cards a column: about 60 in all can be read. */
export const LIMITS = [14, 10, 22, 18];

const CARD = 44;
const GAP = 6;
const PITCH = 74;
const TOP = 44;
const SIDE = 20;
const RIGHT = 44; // room for the ways down to the dead letters
const LANE = 7;

/** @param {Node} node */
export function columnOf(node) {
  if (node.kind === "sink") return node.name === "dead" ? 3 : 2;
  return { source: 0, bus: 1, rule: 2, target: 3 }[node.kind];
}

/** What deserves a card of its own. @param {Node} node */
function score(node) {
  const trouble = node.state === "failing" ? 3000 : node.state === "retrying" ? 2000 : 0;
  return trouble + (node.kind === "sink" ? 9000 : 0) + Math.log2(1 + node.rate) + (node.state === "idle" ? -1 : 0);
}

/**
 * Choose each column's cards: everything while it fits, else the troubled and the busiest, and the rest in one.
 * @param {Iterable<Node>} nodes @param {number[]} limits @returns {Card[][]}
 */
function chosen(nodes, limits) {
  /** @type {Node[][]} */
  const columns = COLUMNS.map(() => []);
  for (const node of nodes) columns[columnOf(node)].push(node);
  return columns.map((column, index) => {
    const solo = new Set(column);
    if (column.length > limits[index]) {
      const ranked = [...column].sort((a, b) => score(b) - score(a) || a.i - b.i);
      for (const node of ranked.slice(limits[index] - 1)) solo.delete(node);
    }
    const cards = column.filter((node) => solo.has(node)).map((node) => card(node.key, index, [node], false));
    const rest = column.filter((node) => !solo.has(node));
    if (rest.length) cards.push(card(`rest:${index}`, index, rest, true));
    return cards;
  });
}

/** @param {string} key @param {number} column @param {Node[]} members @param {boolean} grouped @returns {Card} */
const card = (key, column, members, grouped) => ({ key, column, members, grouped, x: 0, y: 0, w: 0, h: CARD });

/** Sinks come last, the rest of a column just before them. @param {Card} card */
const floor = (card) => (card.members[0].kind === "sink" ? 2 : card.grouped ? 1 : 0);

/**
 * Lay out a graph. `previous` keeps the order that the reader knows; what is new is put beside its neighbours.
 * @param {Iterable<Node>} nodes @param {Iterable<Edge>} edges @param {{ width: number, height: number }} size
 * @param {Layout | null} [previous] @param {number[]} [limits] @returns {Layout}
 */
export function layout(nodes, edges, size, previous = null, limits = LIMITS) {
  const columns = chosen(nodes, limits);
  /** @type {Map<number, Card>} */
  const cardOf = new Map();
  for (const card of columns.flat()) for (const node of card.members) cardOf.set(node.i, card);
  const ribbons = joined(edges, cardOf);
  order(columns, ribbons, previous);
  const laidOut = place(columns, ribbons, size);
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
    if (known) {
      known.edges.push(edge.i);
      continue;
    }
    const way = to.column > from.column ? "across" : to.column === from.column ? "beside" : "back";
    ribbons.set(key, { from, to, edges: [edge.i], way, y1: 0, y2: 0, lane: 0 });
  }
  return [...ribbons.values()];
}

/** @param {Card[][]} columns @param {Ribbon[]} ribbons @param {Layout | null} previous */
function order(columns, ribbons, previous) {
  const known = new Map(previous?.cards.map((card) => [card.key, card.y]));
  const neighbours = new Map(columns.flat().map((card) => [card, /** @type {Card[]} */ ([])]));
  for (const ribbon of ribbons) {
    if (ribbon.way !== "across") continue;
    neighbours.get(ribbon.from)?.push(ribbon.to);
    neighbours.get(ribbon.to)?.push(ribbon.from);
  }
  const at = new Map();
  for (const column of columns) column.forEach((card, index) => at.set(card, (index + 0.5) / column.length));
  const height = Math.max(1, previous?.height ?? 1);
  const sweeps = known.size ? 1 : 8;
  for (let sweep = 0; sweep < sweeps; sweep += 1) {
    for (const column of sweep % 2 ? [...columns].reverse() : columns) {
      const wish = new Map(
        column.map((card) => {
          const kept = known.get(card.key);
          if (kept !== undefined) return [card, kept / height];
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

/** @param {Card[][]} columns @param {Ribbon[]} ribbons @param {{ width: number, height: number }} size @returns {Layout} */
function place(columns, ribbons, size) {
  const inner = size.width - SIDE - RIGHT;
  const w = Math.round(Math.min(240, Math.max(96, (inner - 3 * Math.max(36, inner * 0.085)) / 4)));
  const gap = (inner - 4 * w) / 3;
  const back = ribbons.filter((ribbon) => ribbon.way === "back");
  const bottom = back.length ? 14 + LANE * Math.min(back.length, 8) : 16;
  const longest = Math.max(1, ...columns.map((column) => column.length));
  const height = Math.max(size.height, TOP + longest * (CARD + GAP) + bottom);
  columns.forEach((column, index) => {
    const room = height - TOP - bottom;
    const pitch = Math.min(PITCH, Math.max(CARD + GAP, room / Math.max(1, column.length)));
    const start = TOP + (room - pitch * column.length) / 2 + (pitch - CARD) / 2;
    column.forEach((card, row) => {
      card.x = Math.round(SIDE + index * (w + gap));
      card.y = Math.round(start + row * pitch);
      card.w = w;
    });
  });
  back.forEach((ribbon, index) => (ribbon.lane = height - 8 - LANE * (index % 8)));
  const places = columns.map((_, index) => ({ x: Math.round(SIDE + index * (w + gap)), w }));
  return { width: size.width, height, cards: columns.flat(), ribbons, columns: places };
}

/** Spread the ends of a card's ribbons over its side, in the order of where they lead. @param {Ribbon[]} ribbons */
function ports(ribbons) {
  /** @type {Map<string, { ribbon: Ribbon, side: "y1" | "y2", card: Card, other: number }[]>} */
  const sides = new Map();
  /** @param {string} key @param {{ ribbon: Ribbon, side: "y1" | "y2", card: Card, other: number }} end */
  const add = (key, end) => sides.set(key, [...(sides.get(key) ?? []), end]);
  for (const ribbon of ribbons) {
    const { from, to, way } = ribbon;
    add(`${from.key} right`, { ribbon, side: "y1", card: from, other: way === "across" ? to.y : 1e6 });
    add(`${to.key} ${way === "beside" ? "right" : "left"}`, { ribbon, side: "y2", card: to, other: way === "back" ? 1e6 : from.y });
  }
  for (const ends of sides.values()) {
    ends.sort((a, b) => a.other - b.other);
    const step = Math.min(9, (CARD - 16) / Math.max(1, ends.length - 1));
    ends.forEach(({ ribbon, side, card }, index) => {
      ribbon[side] = card.y + CARD / 2 + (index - (ends.length - 1) / 2) * step;
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
        if (ribbon[near] !== card || ribbon.way === "back") continue;
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
