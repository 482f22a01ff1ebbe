import assert from "node:assert/strict";
import { test } from "node:test";
import { Flow } from "../../static/js/model.js";

const HEAD = { in: 0, out: 0, p50: null, p99: null, backlog: 0, oldest: null, failing: 0, in60: 0, out60: 0, open: 0 };
/** @param {number} i @param {any} kind */
const bare = (i, kind) => /** @type {any} */ ({ i, key: `${kind}:${i}`, kind, id: i, name: "n", label: "n", url: null });
/** @returns {any} */
const snap = () => ({
  nodes: [bare(0, "source"), bare(1, "bus")],
  edges: [[0, 0, 1]],
  ctr: [[0, 120, 1]],
  ns: [[0, "ok", 2, null, null, null, null]],
  head: { ...HEAD, in: 2 },
});

test("a part adds what came and takes away what left the window", () => {
  const flow = new Flow();
  flow.take(snap());
  const { news, redrawn } = flow.change({ e: [0, 3, 1], x: [0, 10, 1], ns: [[1, "failing", 4, 1, 2, 3, 4]] });
  assert.deepEqual(news, [[0, 3, 1]]);
  assert.equal(redrawn, false);
  assert.deepEqual(flow.edges.get(0), { i: 0, from: 0, to: 1, count: 113, failed: 1 });
  assert.equal(flow.nodes.get(1)?.state, "failing");
});

test("a node's last minute is what its edges count, at once and exactly", () => {
  const flow = new Flow();
  flow.take({
    nodes: [bare(0, "source"), bare(1, "bus"), bare(2, "rule"), bare(3, "target")],
    edges: [[0, 0, 1], [1, 1, 2], [2, 2, 3], [3, 3, 1]],
    ctr: [[0, 5, 0], [1, 4, 0], [2, 4, 1], [3, 2, 0]],
    ns: [],
    head: HEAD,
  });
  flow.change({ e: [0, 1, 0] });
  assert.deepEqual([0, 1, 2, 3].map((i) => flow.nodes.get(i)?.minute), [6, 6, 4, 4]);
  assert.deepEqual(flow.minute, { in: 6, out: 3 });
});

test("a new drawing keeps the figures of what stays, and counts of new edges begin at nothing", () => {
  const flow = new Flow();
  flow.take(snap());
  const { redrawn } = flow.change({
    topo: {
      add: { nodes: [bare(2, "rule")], edges: [[7, 1, 2]] },
      del: { nodes: [], edges: [] },
      upd: [{ ...bare(0, "source"), label: "renamed" }],
    },
    e: [7, 5, 0],
  });
  assert.equal(redrawn, true);
  assert.equal(flow.nodes.get(0)?.label, "renamed");
  assert.equal(flow.nodes.get(0)?.rate, 2);
  assert.equal(flow.edges.get(7)?.count, 5);
});

test("what is deleted is gone, and its counts with it", () => {
  const flow = new Flow();
  flow.take(snap());
  flow.change({ topo: { add: { nodes: [], edges: [] }, del: { nodes: [0], edges: [0] }, upd: [] }, e: [0, 9, 0] });
  assert.deepEqual([...flow.nodes.keys()], [1]);
  assert.equal(flow.edges.size, 0);
});
