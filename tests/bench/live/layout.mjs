// Prints how many ms it takes to choose and place the cards of 20 sources, 5 buses, 500 rules and 100 targets.
import { choose } from "../../../static/js/groups.js";
import { layout } from "../../../static/js/layout.js";

const ROUNDS = 30;
const node = (i, kind, more = {}) => ({
  ...{ i, key: `${kind}:${i}`, kind, id: i, name: `${kind} ${i}`, label: `${kind} ${i}`, url: null, state: "ok" },
  ...{ rate: 1, minute: 60, p50: null, p99: null, backlog: null, oldest: null, failed: 0, activeAt: 0 },
  ...more,
});
const many = (count, from, kind) => Array.from({ length: count }, (_, i) => node(from + i, kind, { rate: i / 10 }));
const sinks = [node(9000, "sink", { name: "unmatched" }), node(9001, "sink", { name: "dead" })];
const nodes = [...many(20, 0, "source"), ...many(5, 100, "bus"), ...many(500, 1000, "rule"), ...many(100, 5000, "target"), ...sinks];
const pairs = [
  ...Array.from({ length: 20 }, (_, i) => [i, 100 + (i % 5)]),
  ...Array.from({ length: 500 }, (_, i) => [[100 + (i % 5), 1000 + i], [1000 + i, 5000 + (i % 100)]]).flat(),
  ...Array.from({ length: 100 }, (_, i) => [5000 + i, 9001]),
];
const edges = pairs.map(([from, to], i) => ({ i, from, to, count: 60, failed: 0 }));
const took = Array.from({ length: ROUNDS }, () => {
  const began = performance.now();
  layout(choose(nodes), edges, { width: 960, height: 800 });
  return performance.now() - began;
});
took.sort((a, b) => a - b);
console.log(JSON.stringify({ median: took[ROUNDS / 2], most: took[ROUNDS - 1] }));
