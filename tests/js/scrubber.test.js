// The scrubber's drawing and words.
import assert from "node:assert/strict";
import { test } from "node:test";
import { trouble } from "../../static/js/head.js";
import { merged, paths, told } from "../../static/js/scrubber.js";

test("bars are drawn as the server draws them: what failed stands on top", () => {
  const bars = /** @type {[number, number][]} */ ([[10, 0], [0, 0], [1, 20]]);

  const [good, lost] = paths(bars);

  // The same figures stand in tests/dashboard/test_scrubber.py.
  assert.equal(good, "M0.1 48v-22.14h.8v22.14zM2.1 48v-2.214h.8v2.214z");
  assert.equal(lost, "M2.1 45.79v-44.29h.8v44.29z");
});

test("a bar that is not empty is seen, however high the others are", () => {
  const [good] = paths([[1, 0], [100_000, 0]]);

  assert.match(good, /^M0\.1 48v-1\.5h/);
});

test("a bar is told in words", () => {
  assert.equal(told([1204, 9]), "1,204 events, 9 failed attempts");
  assert.equal(told([1, 1]), "1 event, 1 failed attempt");
  assert.equal(told([0, 0]), "0 events");
});

test("bars that grew take the place of those from there on", () => {
  const old = { since: 0, step: 15, first: 0, bars: /** @type {[number, number][]} */ ([[1, 0], [2, 0], [3, 0]]), marks: [] };

  assert.deepEqual(merged(old, { ...old, first: 2, bars: [[4, 1]] }), [[1, 0], [2, 0], [4, 1]]);
  assert.deepEqual(merged(old, { ...old, first: 0, bars: [[9, 9]] }), [[9, 9]]);
});

test("the header says what is wrong with targets", () => {
  const said = [[0, 0], [1, 1], [2, 0], [3, 1]].map(([failing, open]) => trouble({ failing, open }));

  assert.deepEqual(said, ["", "1 target open", "2 targets failing", "1 target open, 2 failing"]);
});
