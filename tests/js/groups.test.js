import assert from "node:assert/strict";
import { test } from "node:test";
import { choose, LIMITS, pathKeys, prefixOf } from "../../static/js/groups.js";

/** @typedef {import("../../static/js/model.js").Node} Node */
/** @typedef {import("../../static/js/groups.js").Card} Card */

const NOW = 1_700_000_000_000;
/** @param {number} i @param {Node["kind"]} kind @param {string} name @param {Partial<Node>} [more] @returns {Node} */
const node = (i, kind, name, more = {}) => ({
  i,
  key: `${kind}:${i}`,
  kind,
  id: i,
  name,
  label: name,
  url: null,
  state: "ok",
  rate: 1,
  minute: 60,
  failed: 0,
  activeAt: NOW,
  p50: null,
  p99: null,
  backlog: null,
  oldest: null,
  ...more,
});
/** @param {number} count @param {(i: number) => Partial<Node> & { name?: string }} [more] */
const rules = (count, more = () => ({})) =>
  Array.from({ length: count }, (_, i) => node(1000 + i, "rule", more(i).name ?? `rule${i}`, { bus: 1 + (i % 2), ...more(i) }));
/** @param {Card[][]} columns */
const labels = (columns) => columns[2].map((card) => card.label);
/** @param {Card[][]} columns */
const everything = (columns) => columns.flat().flatMap((card) => card.members);

test("while a column fits, everything stands alone", () => {
  const columns = choose(rules(LIMITS[2]), { now: NOW });
  assert.ok(columns[2].every((card) => !card.grouped));
});

test("sixty cards are drawn at most, and every node is on one", () => {
  const nodes = [
    ...Array.from({ length: 20 }, (_, i) => node(i, "source", `source${i}`)),
    ...Array.from({ length: 15 }, (_, i) => node(100 + i, "bus", `bus${i}`)),
    ...rules(500, (i) => ({ name: `${["billing", "crm", "iot"][i % 3]}/${i}`, rate: i / 10 })),
    ...Array.from({ length: 100 }, (_, i) => node(5000 + i, "target", `target${i}`)),
    node(9000, "sink", "unmatched"),
    node(9001, "sink", "dead"),
  ];
  const columns = choose(nodes, { now: NOW });
  assert.ok(columns.flat().length <= 60);
  columns.forEach((column, index) => assert.ok(column.length <= LIMITS[index], `column ${index}: ${column.length}`));
  assert.equal(new Set(everything(columns)).size, nodes.length);
});

test("what must be grouped is grouped so that it fits; what need not is not", () => {
  assert.equal(choose(rules(60), { now: NOW, fitting: 14 })[2].length, 14);
  assert.equal(choose(rules(60), { now: NOW, fitting: 3 })[2].length, 11);
  assert.equal(choose(rules(21), { now: NOW, fitting: 14 })[2].length, 21);
});

test("the busiest stand alone, the others by the beginning of their names", () => {
  const columns = choose(rules(60, (i) => ({ name: `${i % 2 ? "billing" : "crm"}/r${i}`, rate: i })), { now: NOW });
  assert.ok(labels(columns).includes("billing/*"));
  assert.ok(labels(columns).includes("crm/*"));
  assert.ok(labels(columns).includes("billing/r59"));
});

test("names that have nothing in common are grouped by bus", () => {
  const groups = choose(rules(60), { now: NOW })[2].filter((card) => card.grouped);
  assert.deepEqual(new Set(groups.map((card) => card.key)), new Set(["group:2:bus:1", "group:2:bus:2"]));
});

test("what fails, or whose circuit is open, is never hidden in a group, however much else there is", () => {
  const states = ["failing", "open", "half-open"];
  const nodes = rules(300, (i) => ({ rate: i < 40 ? 0 : 1000, state: i < 40 ? states[i % 3] : "ok" }));
  const columns = choose(nodes, { now: NOW });
  for (const one of nodes.slice(0, 40)) assert.ok(columns[2].some((card) => !card.grouped && card.members[0] === one));
});

test("idle ones share a card once nothing came for five minutes, if there are many", () => {
  const idle = { state: "idle", rate: 0, minute: 0 };
  const nodes = rules(20, (i) => (i < 9 ? { ...idle, activeAt: NOW - 301_000 } : i < 12 ? { ...idle, activeAt: NOW - 299_000 } : {}));
  assert.ok(labels(choose(nodes, { now: NOW })).includes("+9 idle rules"));
  assert.equal(choose(nodes.slice(0, 5), { now: NOW })[2].length, 5);
});

test("whoever stands alone keeps its card while others are as busy", () => {
  const nodes = rules(60);
  const last = nodes[nodes.length - 1];
  const alone = new Set([last.key]);
  const isAlone = (/** @type {Card[][]} */ columns) => columns[2].some((card) => !card.grouped && card.members[0] === last);
  assert.ok(!isAlone(choose(nodes, { now: NOW })));
  assert.ok(isAlone(choose(nodes, { now: NOW, alone })));
  nodes.slice(0, 59).forEach((one) => (one.rate = 100));
  assert.ok(!isAlone(choose(nodes, { now: NOW, alone })));
});

test("an open group's members take its place, and the others share a card but what fails", () => {
  const nodes = [...rules(60, (i) => ({ name: `${i % 2 ? "billing" : "crm"}/r${i}`, state: i === 2 ? "failing" : "ok" }))];
  const before = choose(nodes, { now: NOW });
  const card = before[2].find((one) => one.label === "billing/*");
  assert.ok(card);
  const members = new Set(card.members.map((one) => one.key));
  const columns = choose(nodes, { now: NOW, opened: { key: card.key, column: 2, label: card.label, members } });
  for (const one of card.members) assert.ok(columns[2].some((other) => !other.grouped && other.members[0] === one));
  assert.ok(columns[2].some((other) => !other.grouped && other.members[0] === nodes[2]));
  assert.ok(labels(columns).includes(`+${60 - members.size - 1} others`));
  assert.equal(new Set(everything(columns)).size, nodes.length);
});

test("idle ones show themselves when their group is opened, however many", () => {
  const idle = { state: "idle", rate: 0, minute: 0, activeAt: 0 };
  for (const number of [24, 182]) {
    const nodes = rules(number, () => idle);
    const members = new Set(nodes.map((one) => one.key));
    const columns = choose(nodes, { now: NOW, opened: { key: "idle:2", column: 2, label: `+${number} idle rules`, members } });
    assert.ok(columns[2].filter((card) => !card.grouped).length >= 24);
  }
});

test("what the server keeps together counts as many and stays a card of its own", () => {
  const together = node(1, "rule", "billing/*", { key: "rules:3:billing/*", id: null, count: 1800, rate: 0, minute: 0 });
  const columns = choose([...rules(40), together], { now: NOW });
  const card = columns[2].find((one) => one.members.includes(together));
  assert.equal(card?.members.length, 1);
});

test("a name's beginning ends with a separator, and goes on within what is open", () => {
  assert.equal(prefixOf("billing/eu/paid"), "billing/");
  assert.equal(prefixOf("billing/eu/paid", "billing/"), "billing/eu/");
  assert.equal(prefixOf("billing/paid", "billing/"), null);
  assert.equal(prefixOf("audit"), null);
});

test("a path holds what lies up- and downstream, and no sibling", () => {
  const nodes = [node(1, "source", "a"), node(2, "bus", "b"), node(3, "rule", "c"), node(4, "rule", "d"), node(5, "target", "e")];
  const byNumber = new Map(nodes.map((one) => [one.i, one]));
  const edges = [[1, 2], [2, 3], [2, 4], [3, 5], [4, 5]].map(([from, to]) => ({ from, to }));
  assert.deepEqual([...pathKeys([nodes[2]], edges, byNumber)].sort(), ["bus:2", "rule:3", "source:1", "target:5"]);
});
