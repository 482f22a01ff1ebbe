import assert from "node:assert/strict";
import { test } from "node:test";
import { clock, condition, duration, rate, result, listed, ruleCount } from "../../static/js/figures.js";

test("rates are short and never claim nothing where there is something", () => {
  /** @type {[number, number][]} */
  const flows = [[1204.4, 70_000], [12, 300], [1.5, 90], [0.8, 48], [0, 1], [0, 1200], [0, 0]];
  const shown = flows.map(([perSecond, lastMinute]) => rate(perSecond, lastMinute));
  assert.deepEqual(shown, ["1,204/s", "12/s", "1.5/s", "48/min", "1/min", "1,200/min", "0/s"]);
});

test("durations change their unit before they become long", () => {
  const milliseconds = [0.42, 38.2, 999.4, 999.6, 75_000, 7_200_000, null];
  assert.deepEqual(milliseconds.map(duration), ["0.4 ms", "38 ms", "999 ms", "1.0 s", "1 min", "2 h", "–"]);
});

test("a moment shows its milliseconds", () => {
  assert.match(clock(1_763_894_551_007), /^\d\d:\d\d:\d\d\.007$/);
});

test("every state of an event has a glyph and a word", () => {
  for (const state of ["pending", "retrying", "delivered", "dead", "unmatched", "unroutable", "unknown-bus", "not-made"]) {
    const { glyph, word } = result(state, 1, 2);
    assert.ok(glyph && word, state);
  }
});

test("an event with a dead letter says how many of how many once nothing is left to do", () => {
  assert.equal(result("dead", 4, 6, { settled: true }).word, "dead 2/6");
  assert.equal(result("dead", 4, 6, { settled: false }).word, "dead");
  assert.equal(result("dead", 0, 1).word, "dead");
});

test("trouble of a node is told by glyph and word, not by colour alone", () => {
  for (const state of ["failing", "retrying", "disabled", "shadow", "deleted"]) {
    const { glyph, word } = condition(state);
    assert.ok(glyph && word, state);
  }
});

test("a row of another day says so", () => {
  const midnight = new Date(2026, 10, 24).getTime();
  assert.equal(listed(new Date(2026, 10, 24, 10, 42, 31, 987).getTime(), midnight), "10:42:31.987");
  assert.equal(listed(new Date(2026, 10, 23, 10, 42, 31, 987).getTime(), midnight), "11-23 10:42:31");
});

test("rules are counted, and once nothing is left, how many got through", () => {
  assert.deepEqual(
    [ruleCount(null, 0, false), ruleCount(0, 0, true), ruleCount(3, 0, false), ruleCount(3, 0, true), ruleCount(3, 1, true)],
    ["", "", "3", "3 ✓", "2 ✓ 1 ✕"],
  );
  assert.deepEqual([ruleCount(3, 1, false), ruleCount(1, 1, true)], ["1 ✕", "1 ✕"]);
});
