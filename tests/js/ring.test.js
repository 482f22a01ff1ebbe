import assert from "node:assert/strict";
import { test } from "node:test";
import { readRow, Ring } from "../../static/js/ring.js";

/** @param {string} id @param {Partial<import("../../static/js/ring.js").Row>} [other] @returns {import("../../static/js/ring.js").Row} */
const row = (id, other = {}) => ({
  id,
  at: 1_763_894_551_987,
  bus: "default",
  source: "shop",
  type: "order.paid",
  matched: null,
  state: "pending",
  delivered: 0,
  of: 0,
  ms: null,
  pos: `0-${id}`,
  key: null,
  lost: 0,
  tries: 0,
  ...other,
});
/** @param {string | null} after @param {string | null} before @param {number | null} count */
const gap = (after, before, count) => ({ after, before, count, loading: false });
/** @param {Ring} ring */
const shown = (ring) => Array.from({ length: ring.length }, (_, line) => ring.line(line)?.row?.id ?? "gap");
/** @param {number} from @param {number} to */
const rows = (from, to) => Array.from({ length: to - from }, (_, at) => row(`r${from + at}`));

test("a row comes out as it went in", () => {
  const ring = new Ring();
  const one = row("a", { matched: 3, state: "dead", delivered: 1, of: 2, ms: 38.2, key: "o-77", lost: 1, tries: 4 });
  ring.add([one], null);
  assert.deepEqual(ring.get("a"), one);
  assert.deepEqual(ring.line(0), { row: one });
  assert.equal(ring.get("b"), null);
});

test("the newest row stands on the first line", () => {
  const ring = new Ring();
  ring.add([row("a"), row("b")], null);
  assert.deepEqual(shown(ring), ["b", "a"]);
  assert.deepEqual([ring.newest?.id, ring.oldest?.id, ring.lineOf("a")], ["b", "a", 1]);
});

test("a held view does not move while rows are collected, and follows on request", () => {
  const ring = new Ring();
  ring.add([row("a"), row("b")], null);
  ring.hold();
  ring.add([row("c")], null);
  assert.deepEqual(shown(ring), ["b", "a"]);
  assert.equal(ring.follow(), 1);
  assert.deepEqual(shown(ring), ["c", "b", "a"]);
});

test("a row that is known already is not listed twice, and takes its news", () => {
  const ring = new Ring();
  ring.add([row("a")], null);
  assert.equal(ring.add([row("a"), row("b")], null), 1);
  assert.equal(ring.change(["a", 2, "delivered", 2, 2, 41, 0, 1]), true);
  assert.equal(ring.change(["z", 2, "delivered", 2, 2, 41, 0, 1]), false);
  assert.deepEqual(shown(ring), ["b", "a"]);
  assert.equal(ring.get("a")?.state, "delivered");
});

test("loaded rows take a gap's place, and what is left stays a gap before them", () => {
  const ring = new Ring();
  const hole = gap("0-a", "0-d", 2);
  ring.add([row("a")], null);
  ring.add([row("d")], hole);
  ring.hold();
  ring.add([row("e")], null);
  ring.fill(hole, [row("b"), row("c")], gap("0-a", "0-b", 1));
  assert.deepEqual(shown(ring), ["d", "c", "b", "gap", "a"]);
  ring.follow();
  assert.equal(shown(ring)[0], "e");
});

test("older rows are loaded below, until there are none", () => {
  const ring = new Ring(5);
  ring.add([row("d"), row("e")], null);
  ring.older = gap(null, "0-d", null);
  assert.deepEqual(shown(ring), ["e", "d", "gap"]);
  ring.fill(ring.older, [row("b"), row("c")], gap(null, "0-b", null));
  assert.deepEqual(shown(ring), ["e", "d", "c", "b", "gap"]);
  ring.fill(ring.older, [row("a")], null);
  assert.deepEqual(shown(ring), ["e", "d", "c", "b", "a"]);
});

test("the ring forgets the oldest rows beyond its capacity, and they can be loaded", () => {
  const ring = new Ring(3);
  ring.add(rows(0, 4), null);
  assert.deepEqual(shown(ring), ["r3", "r2", "r1", "gap"]);
  assert.equal(ring.has("r0"), false);
  assert.equal(ring.older?.before, "0-r1");
});

test("while it is held, what is read stays: of what came meanwhile the oldest become a gap", () => {
  const ring = new Ring(10);
  ring.add(rows(0, 4), null);
  ring.hold();
  for (let n = 4; n < 40; n += 1) ring.add([row(`r${n}`)], null);
  assert.deepEqual(shown(ring), ["r3", "r2", "r1", "r0"]);
  ring.follow();
  const lines = shown(ring);
  assert.equal(ring.size, 10);
  assert.deepEqual(lines.slice(0, 2), ["r39", "r38"]);
  assert.deepEqual(lines.slice(-5), ["gap", "r3", "r2", "r1", "r0"]);
  const hole = ring.line(5)?.gap;
  assert.deepEqual([hole?.after, hole?.before, hole?.count], ["0-r3", "0-r35", 31]);
});

test("whatever comes and goes, the order stays and every row is found", () => {
  const ring = new Ring(50);
  let number = 0;
  let seed = 7;
  const dice = (/** @type {number} */ sides) => (seed = (seed * 48_271) % 2_147_483_647) % sides;
  for (let turn = 0; turn < 2000; turn += 1) {
    const many = dice(9);
    const first = number;
    number += many + 2;
    ring.add(rows(first + 2, number), dice(3) ? null : gap(`0-r${first - 1}`, `0-r${first + 2}`, 2));
    if (dice(10) === 0) ring.hold();
    if (dice(10) === 0) ring.follow();
    const hole = ring.line(dice(Math.max(1, ring.length)))?.gap;
    if (hole && hole !== ring.older) ring.fill(hole, [], null);
    const numbers = shown(ring).filter((id) => id !== "gap").map((id) => Number(id.slice(1)));
    assert.deepEqual(numbers, numbers.toSorted((a, b) => b - a));
    assert.ok(ring.size <= 50);
    for (const one of numbers) assert.equal(ring.get(`r${one}`)?.pos, `0-r${one}`);
  }
  assert.ok(ring.slots.size <= 50);
});

test("sent rows are read by their columns", () => {
  const sent = /** @type {const} */ (["a", 5, "default", "shop", "order.paid", 1, "retrying", 0, 1, null, "0-1", "k", 0, 2]);
  assert.deepEqual(
    readRow([...sent]),
    row("a", { at: 5, matched: 1, state: "retrying", of: 1, pos: "0-1", key: "k", tries: 2 }),
  );
});
