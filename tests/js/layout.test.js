import assert from "node:assert/strict";
import { test } from "node:test";
import { choose, columnOf } from "../../static/js/groups.js";
import { layout, pathOf, remember } from "../../static/js/layout.js";

/** @typedef {import("../../static/js/model.js").Node} Node */
/** @typedef {import("../../static/js/model.js").Edge} Edge */

/** @param {number} i @param {Node["kind"]} kind @param {Partial<Node>} [more] @returns {Node} */
const node = (i, kind, more = {}) => ({
  i,
  key: `${kind}:${i}`,
  kind,
  id: i,
  name: `${kind} ${i}`,
  label: `${kind} ${i}`,
  url: null,
  state: "ok",
  rate: 1,
  minute: 60,
  p50: null,
  p99: null,
  backlog: null,
  oldest: null,
  failed: 0,
  activeAt: 0,
  ...more,
});
/** @param {[number, number][]} pairs @returns {Edge[]} */
const edges = (pairs) => pairs.map(([from, to], i) => ({ i, from, to, count: 0, failed: 0 }));
const SIZE = { width: 960, height: 800 };
/** @param {Node[]} nodes @param {Edge[]} edges @param {Map<string, number>} [known] */
const lay = (nodes, edges, known) => layout(choose(nodes), edges, SIZE, known);

/** Twenty sources, five buses, 500 rules and a hundred targets. */
function crowd() {
  const nodes = [
    ...Array.from({ length: 20 }, (_, i) => node(i, "source")),
    ...Array.from({ length: 5 }, (_, i) => node(100 + i, "bus")),
    ...Array.from({ length: 500 }, (_, i) => node(1000 + i, "rule", { rate: i / 10 })),
    ...Array.from({ length: 100 }, (_, i) => node(5000 + i, "target")),
    node(9000, "sink", { name: "unmatched" }),
    node(9001, "sink", { name: "dead" }),
  ];
  /** @type {[number, number][]} */
  const pairs = [];
  for (let i = 0; i < 20; i += 1) pairs.push([i, 100 + (i % 5)]);
  for (let i = 0; i < 500; i += 1) pairs.push([100 + (i % 5), 1000 + i], [1000 + i, 5000 + (i % 100)]);
  for (let i = 0; i < 100; i += 1) pairs.push([5000 + i, 9001]);
  return { nodes, edges: edges(pairs) };
}

test("cards of a column stand below each other without touching", () => {
  const { nodes, edges } = crowd();
  const { cards } = lay(nodes, edges);
  for (let column = 0; column < 4; column += 1) {
    const sorted = cards.filter((card) => card.column === column).sort((a, b) => a.y - b.y);
    sorted.slice(1).forEach((card, index) => assert.ok(card.y >= sorted[index].y + sorted[index].h));
  }
});

test("sinks end their columns", () => {
  const { nodes, edges } = crowd();
  const { cards } = lay(nodes, edges);
  for (const column of [2, 3]) {
    const last = cards.filter((card) => card.column === column).sort((a, b) => b.y - a.y)[0];
    assert.equal(last.members[0].kind, "sink");
  }
});

test("what the reader knows keeps its order when something is added", () => {
  const nodes = [node(1, "bus"), ...Array.from({ length: 8 }, (_, i) => node(10 + i, "rule"))];
  const pairs = /** @type {[number, number][]} */ (nodes.slice(1).map((rule) => [1, rule.i]));
  const before = lay(nodes, edges(pairs));
  const order = (/** @type {import("../../static/js/layout.js").Layout} */ one) =>
    one.cards.filter((card) => card.column === 2).sort((a, b) => a.y - b.y).map((card) => card.key);
  nodes.push(node(2, "bus"), node(5, "rule"));
  const after = lay(nodes, edges([...pairs, [2, 5]]), remember(before));
  assert.deepEqual(order(after).filter((key) => key !== "rule:5"), order(before));
});

test("what goes from bus to bus is an arc on their left, also of one that feeds itself", () => {
  const nodes = [node(1, "bus"), node(2, "rule"), node(4, "bus")];
  const { ribbons } = lay(nodes, edges([[1, 2], [1, 4], [4, 4]]));
  assert.deepEqual(ribbons.map((ribbon) => ribbon.way), ["across", "arc", "arc"]);
});

test("a card that was away comes back to its place", () => {
  const nodes = [node(1, "bus"), ...Array.from({ length: 6 }, (_, i) => node(10 + i, "rule"))];
  const pairs = edges(/** @type {[number, number][]} */ (nodes.slice(1).map((rule) => [1, rule.i])));
  const before = lay(nodes, pairs);
  const known = remember(before);
  const fewer = lay([nodes[0], nodes[5]], pairs, known);
  const after = lay(nodes, pairs, known);
  assert.equal(fewer.cards.length, 2);
  assert.deepEqual(after.cards.map((card) => [card.key, card.y]), before.cards.map((card) => [card.key, card.y]));
});

test("at most 150 ribbons are drawn, the strongest and those that fail", () => {
  const sources = Array.from({ length: 12 }, (_, i) => node(i, "source"));
  const buses = Array.from({ length: 9 }, (_, i) => node(100 + i, "bus"));
  const rules = Array.from({ length: 20 }, (_, i) => node(1000 + i, "rule"));
  const targets = Array.from({ length: 17 }, (_, i) => node(5000 + i, "target"));
  /** @type {[number, number][]} */
  const pairs = [];
  for (const source of sources) for (const bus of buses) pairs.push([source.i, bus.i]);
  for (const rule of rules) for (const target of targets.slice(0, 5)) pairs.push([rule.i, target.i]);
  const all = edges(pairs);
  all.forEach((edge) => (edge.count = edge.i));
  all[3].failed = 3;
  const placed = lay([...sources, ...buses, ...rules, ...targets], all);
  assert.equal(placed.ribbons.length, 150);
  assert.equal(placed.undrawn, pairs.length - 150);
  assert.ok(placed.ribbons.some((ribbon) => ribbon.edges.includes(3)));
  assert.ok(!placed.ribbons.some((ribbon) => ribbon.edges.includes(0)));
});

test("cards are a little lower where that saves scrolling", () => {
  const nodes = Array.from({ length: 14 }, (_, i) => node(10 + i, "rule"));
  const placed = layout(choose(nodes), [], { width: 960, height: 660 });
  assert.equal(placed.height, 660);
  assert.equal(placed.cards[0].h, 39);
});

test("larger text makes larger cards, and a board that scrolls instead of one that is cramped", () => {
  const nodes = [node(1, "source"), node(2, "bus")];
  const placed = layout(choose(nodes), edges([[1, 2]]), { width: 400, height: 800, scale: 2 });
  assert.equal(placed.cards[0].h, 88);
  assert.ok(placed.width > 900);
});

test("a path holds what lies up- and downstream, and no sibling", () => {
  const nodes = [node(1, "source"), node(2, "bus"), node(3, "rule"), node(4, "rule"), node(5, "target")];
  const placed = lay(nodes, edges([[1, 2], [2, 3], [2, 4], [3, 5]]));
  const rule = placed.cards.find((card) => card.key === "rule:3");
  assert.ok(rule);
  const keys = [...pathOf(rule, placed.ribbons).cards].map((card) => card.key).sort();
  assert.deepEqual(keys, ["bus:2", "rule:3", "source:1", "target:5"]);
});

test("nothing at all can be laid out", () => {
  assert.deepEqual(lay([], []).cards, []);
});

test("five hundred rules are laid out within 30 ms", () => {
  const { nodes, edges } = crowd();
  const times = Array.from({ length: 9 }, () => {
    const start = performance.now();
    lay(nodes, edges);
    return performance.now() - start;
  });
  assert.ok(Math.min(...times) < 30, `took ${Math.min(...times)} ms`);
});

test("dead letters end the targets, unmatched events the rules", () => {
  assert.equal(columnOf(node(1, "sink", { name: "dead" })), 3);
  assert.equal(columnOf(node(1, "sink", { name: "unmatched" })), 2);
});
