import assert from "node:assert/strict";
import { test } from "node:test";
import { columnOf, layout, LIMITS, pathOf } from "../../static/js/layout.js";

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
  ...more,
});
/** @param {[number, number][]} pairs @returns {Edge[]} */
const edges = (pairs) => pairs.map(([from, to], i) => ({ i, from, to, count: 0, failed: 0 }));
const SIZE = { width: 960, height: 800 };

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
  const { cards } = layout(nodes, edges, SIZE);
  for (let column = 0; column < 4; column += 1) {
    const sorted = cards.filter((card) => card.column === column).sort((a, b) => a.y - b.y);
    sorted.slice(1).forEach((card, index) => assert.ok(card.y >= sorted[index].y + sorted[index].h));
  }
});

test("every node has a card, and no column more than its limit", () => {
  const { nodes, edges } = crowd();
  const { cards } = layout(nodes, edges, SIZE);
  assert.equal(cards.flatMap((card) => card.members).length, nodes.length);
  LIMITS.forEach((limit, column) => {
    const shown = cards.filter((card) => card.column === column).length;
    assert.ok(shown <= limit, `column ${column} shows ${shown}`);
  });
});

test("a failing rule is never hidden in a group", () => {
  const { nodes, edges } = crowd();
  const failing = nodes.filter((one) => one.kind === "rule").slice(0, 5);
  for (const one of failing) Object.assign(one, { state: "failing", rate: 0 });
  const { cards } = layout(nodes, edges, SIZE);
  for (const one of failing) assert.ok(cards.some((card) => !card.grouped && card.members[0] === one));
});

test("sinks end their columns", () => {
  const { nodes, edges } = crowd();
  const { cards } = layout(nodes, edges, SIZE);
  for (const column of [2, 3]) {
    const last = cards.filter((card) => card.column === column).sort((a, b) => b.y - a.y)[0];
    assert.equal(last.members[0].kind, "sink");
  }
});

test("what the reader knows keeps its order when something is added", () => {
  const nodes = [node(1, "bus"), ...Array.from({ length: 8 }, (_, i) => node(10 + i, "rule"))];
  const pairs = /** @type {[number, number][]} */ (nodes.slice(1).map((rule) => [1, rule.i]));
  const before = layout(nodes, edges(pairs), SIZE);
  const order = (/** @type {import("../../static/js/layout.js").Layout} */ one) =>
    one.cards.filter((card) => card.column === 2).sort((a, b) => a.y - b.y).map((card) => card.key);
  nodes.push(node(2, "bus"), node(5, "rule"));
  const after = layout(nodes, edges([...pairs, [2, 5]]), SIZE, before);
  assert.deepEqual(order(after).filter((key) => key !== "rule:5"), order(before));
});

test("ways that lead back to a bus lie below every card", () => {
  const nodes = [node(1, "bus"), node(2, "rule"), node(3, "target"), node(4, "bus")];
  const { ribbons, cards } = layout(nodes, edges([[1, 2], [2, 3], [3, 4]]), SIZE);
  const back = ribbons.filter((ribbon) => ribbon.way === "back");
  assert.equal(back.length, 1);
  assert.ok(cards.every((card) => card.y + card.h < back[0].lane));
});

test("a path holds what lies up- and downstream, and no sibling", () => {
  const nodes = [node(1, "source"), node(2, "bus"), node(3, "rule"), node(4, "rule"), node(5, "target")];
  const placed = layout(nodes, edges([[1, 2], [2, 3], [2, 4], [3, 5]]), SIZE);
  const rule = placed.cards.find((card) => card.key === "rule:3");
  assert.ok(rule);
  const keys = [...pathOf(rule, placed.ribbons).cards].map((card) => card.key).sort();
  assert.deepEqual(keys, ["bus:2", "rule:3", "source:1", "target:5"]);
});

test("nothing at all can be laid out", () => {
  assert.deepEqual(layout([], [], SIZE).cards, []);
});

test("five hundred rules are laid out within 30 ms", () => {
  const { nodes, edges } = crowd();
  const times = Array.from({ length: 9 }, () => {
    const start = performance.now();
    layout(nodes, edges, SIZE);
    return performance.now() - start;
  });
  assert.ok(Math.min(...times) < 30, `took ${Math.min(...times)} ms`);
});

test("dead letters end the targets, unmatched events the rules", () => {
  assert.equal(columnOf(node(1, "sink", { name: "dead" })), 3);
  assert.equal(columnOf(node(1, "sink", { name: "unmatched" })), 2);
});
