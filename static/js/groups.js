// Who gets a card and who shares one: at most some sixty cards can be read. Pure.
//
// While a column fits, everything in it stands alone, but for many that rest. Else what fails stands alone whatever
// it takes, then the busiest; the others share cards by the beginning of their names, by bus, or as the rest.
// Whoever stands alone already is preferred a little, so that equals do not take turns.

/**
 * @typedef {import("./model.js").Node} Node
 *
 * @typedef {object} Card  One node, or several in one.
 * @property {string} key @property {number} column @property {Node[]} members @property {boolean} grouped
 * @property {string} label @property {number} x @property {number} y @property {number} w @property {number} h
 *
 * @typedef {{ key: string, column: number, label: string, members: Set<string> }} Opened  a group, and its members' keys
 * @typedef {object} Choice
 * @property {number[]} [limits] @property {Opened | null} [opened] @property {Set<string>} [alone]  keys of cards
 * @property {string | null} [pinned] @property {number} [now]  ms since 1970
 * @property {number} [fitting]  how many cards a column has room for
 */

export const COLUMNS = ["Sources", "Buses", "Rules", "Targets"];
/** At most this many cards a column, as long as less is failing: sixty in all. */
export const LIMITS = [12, 9, 21, 18];
const LEAST = 11; // cards of a column that is grouped, however little room there is
const OPENED_LIMIT = 40; // of the column whose group is open: the others' cards are few then
const MOST_GROUPS = 8;
const RESTING_MS = 300_000;
const WORDS = { source: ["source", "sources"], bus: ["bus", "buses"], rule: ["rule", "rules"], target: ["target", "targets"] };

/** @param {Node["kind"]} kind @param {number} number @returns {string} "1 rule", "184 rules" */
export const many = (kind, number) =>
  kind === "sink" ? "" : `${number.toLocaleString("en")} ${WORDS[kind][number === 1 ? 0 : 1]}`;

/** @param {Node} node */
export function columnOf(node) {
  if (node.kind === "sink") return node.name === "dead" ? 3 : 2;
  return { source: 0, bus: 1, rule: 2, target: 3 }[node.kind];
}

/** What must never be hidden in a group. @param {Node} node */
export const troubled = (node) => ["failing", "open", "half-open"].includes(node.state);

/** Nothing came to it for five minutes. @param {Node} node @param {number} now */
export const resting = (node, now) => node.state === "idle" && now - node.activeAt > RESTING_MS;

/** @param {Node} node @param {Choice} choice */
function score(node, { alone, pinned }) {
  const trouble = troubled(node) ? 3 : ["retrying", "slow"].includes(node.state) ? 2 : 0;
  const wanted = (node.key === pinned ? 10 : 0) + (alone?.has(node.key) ? 1 : 0);
  return trouble + wanted + Math.log2(1 + Math.max(node.rate, node.minute / 60));
}

/**
 * Choose the cards of the four columns.
 * @param {Iterable<Node>} nodes @param {Choice} [choice] @returns {Card[][]}
 */
export function choose(nodes, choice = {}) {
  /** @type {Node[][]} */
  const columns = COLUMNS.map(() => []);
  for (const node of nodes) columns[columnOf(node)].push(node);
  return columns.map((column, index) => {
    const { opened } = choice;
    if (opened?.column !== index) return split(column, index, (choice.limits ?? LIMITS)[index], choice, "");
    const inside = column.filter((node) => opened.members.has(node.key));
    const others = column.filter((node) => !opened.members.has(node.key));
    const fixed = others.filter((node) => troubled(node) || node.kind === "sink");
    const folded = others.filter((node) => !fixed.includes(node));
    const cards = split(inside, index, OPENED_LIMIT, choice, opened.label.endsWith("*") ? opened.label.slice(0, -1) : "");
    cards.push(...fixed.map((node) => single(node, index)));
    if (folded.length) cards.push(group(`others:${index}`, index, folded, `+${size(folded).toLocaleString("en")} others`));
    return cards;
  });
}

/** How many things nodes stand for. @param {Node[]} nodes */
export const size = (nodes) => nodes.reduce((sum, node) => sum + (node.count ?? 1), 0);
/** "184 rules", "9 idle rules". @param {Node[]} nodes @param {string} [between] */
const of = (nodes, between = " ") => many(nodes[0].kind, size(nodes)).replace(" ", between);

/** @param {Node[]} nodes @param {number} column @param {number} limit @param {Choice} choice @param {string} within a prefix */
function split(nodes, column, limit, choice, within) {
  const now = choice.now ?? Date.now();
  const sinks = nodes.filter((node) => node.kind === "sink");
  const things = nodes.filter((node) => node.kind !== "sink");
  const rests = things.filter((node) => resting(node, now) && node.key !== choice.pinned);
  // Idle ones of an open group were asked for: they share a card again only if the others need the room.
  const isOpen = limit === OPENED_LIMIT;
  const crowd = isOpen ? limit : limit / 2;
  const folds = rests.length >= 3 && rests.length < (isOpen ? things.length : Infinity) && things.length > crowd;
  const awake = folds ? things.filter((node) => !rests.includes(node)) : things;
  const most = limit - sinks.length - (folds ? 1 : 0);
  // What must be grouped anyway is grouped so that it fits.
  const room = Math.min(limit, Math.max(LEAST, choice.fitting ?? limit)) - sinks.length - (folds ? 1 : 0);
  const cards = awake.length <= most ? awake.map((node) => single(node, column)) : crowded(awake, column, room, choice, within);
  if (folds) cards.push(group(`idle:${column}`, column, rests, `+${of(rests, " idle ")}`));
  return [...cards, ...sinks.map((node) => single(node, column))];
}

/** @param {Node[]} nodes @param {number} column @param {number} room @param {Choice} choice @param {string} within */
function crowded(nodes, column, room, choice, within) {
  const scores = new Map(nodes.map((node) => [node, score(node, choice)]));
  const ranked = [...nodes].sort(
    (a, b) => +troubled(b) - +troubled(a) || (scores.get(b) ?? 0) - (scores.get(a) ?? 0) || a.i - b.i,
  );
  const most = Math.min(MOST_GROUPS, Math.ceil(room / 3));
  const parted = (/** @type {number} */ groups) => {
    const alone = new Set(ranked.slice(0, Math.max(room - groups, ranked.filter(troubled).length)));
    const cards = nodes.filter((node) => alone.has(node)).map((node) => single(node, column));
    return { cards, shared: gathered(nodes.filter((node) => !alone.has(node)), column, groups, within) };
  };
  const first = parted(most);
  // Places that groups did not take are given to the next busiest.
  const { cards, shared } = first.shared.length < most ? parted(first.shared.length) : first;
  return [...cards, ...shared];
}

/**
 * At most so many cards for all of these: by the beginning of their names, by bus, and the rest.
 * @param {Node[]} nodes @param {number} column @param {number} most @param {string} within @returns {Card[]}
 */
function gathered(nodes, column, most, within) {
  /** @type {Card[]} */
  const cards = [];
  let left = nodes;
  for (const family of [
    (/** @type {Node} */ node) => prefixOf(node.name, within),
    (/** @type {Node} */ node) => (node.kind === "rule" && node.bus !== undefined ? `bus:${node.bus}` : null),
  ]) {
    const found = families(left, family);
    const room = most - cards.length;
    const isAll = found.length <= room && found.flatMap(([, members]) => members).length === left.length;
    for (const [name, members] of isAll ? found : found.slice(0, Math.max(0, room - 1))) {
      const label = name.startsWith("bus:") ? `+${of(members)}` : `${name}*`;
      const [only] = members;
      cards.push(members.length === 1 ? single(only, column) : group(`group:${column}:${name}`, column, members, label));
    }
    const placed = new Set(cards.flatMap(({ members }) => members));
    left = left.filter((node) => !placed.has(node));
  }
  if (left.length === 1) cards.push(single(left[0], column));
  else if (left.length) cards.push(group(`rest:${column}`, column, left, `+${of(left)}`));
  return cards;
}

/**
 * Families of two or more, the largest first; what the server keeps together is one by itself.
 * @param {Node[]} nodes @param {(node: Node) => string | null} family @returns {[string, Node[]][]}
 */
function families(nodes, family) {
  /** @type {Map<string, Node[]>} */
  const found = new Map();
  for (const node of nodes) {
    const name = family(node);
    if (name === null) continue;
    const members = found.get(name);
    if (members) members.push(node);
    else found.set(name, [node]);
  }
  const large = [...found].filter(([, members]) => size(members) > 1);
  return large.sort((a, b) => size(b[1]) - size(a[1]) || (a[0] < b[0] ? -1 : 1));
}

/** How a name begins, up to a separator: "billing/" of "billing/paid". @param {string} name @param {string} within */
export function prefixOf(name, within = "") {
  if (!name.startsWith(within)) return null;
  const found = /^[^/:._-]+[/:._-]/.exec(name.slice(within.length));
  return found ? within + found[0] : null;
}

/** @param {Node} node @param {number} column @returns {Card} */
const single = (node, column) => ({ ...BARE, key: node.key, column, members: [node], grouped: false, label: node.label });
/** @param {string} key @param {number} column @param {Node[]} members @param {string} label @returns {Card} */
const group = (key, column, members, label) => ({ ...BARE, key, column, members, grouped: true, label });
const BARE = { x: 0, y: 0, w: 0, h: 0 };

/**
 * The keys of all nodes up- and downstream of some.
 * @param {Iterable<Node>} starts @param {Iterable<{ from: number, to: number }>} edges @param {Map<number, Node>} nodes
 * @returns {Set<string>}
 */
export function pathKeys(starts, edges, nodes) {
  /** @type {Map<number, number[]>} */
  const after = new Map();
  /** @type {Map<number, number[]>} */
  const before = new Map();
  for (const { from, to } of edges) {
    for (const [ways, near, far] of /** @type {const} */ ([[after, from, to], [before, to, from]])) {
      const known = ways.get(near);
      if (known) known.push(far);
      else ways.set(near, [far]);
    }
  }
  const keys = new Set();
  const numbers = [...starts].map((node) => node.i);
  for (const next of [after, before]) {
    const reached = new Set(numbers);
    for (const number of reached) for (const far of next.get(number) ?? []) reached.add(far);
    for (const number of reached) keys.add(nodes.get(number)?.key);
  }
  keys.delete(undefined);
  return keys;
}
