import assert from "node:assert/strict";
import { test } from "node:test";
import { stepAt, stepBy, told } from "../../static/js/chart.js";

test("a point of a chart is a step of it, also at its edges", () => {
  assert.deepEqual(
    [-5, 0, 9, 10, 599, 600, 700].map((x) => stepAt(x, 600, 60)),
    [0, 0, 0, 1, 59, 59, 59],
  );
  assert.equal(stepAt(10, 0, 60), 0);
});

test("keys go from step to step and end at the edges", () => {
  assert.equal(stepBy("ArrowLeft", 0, 60), 0);
  assert.equal(stepBy("ArrowRight", 58, 60), 59);
  assert.equal(stepBy("PageDown", 55, 60), 59);
  assert.equal(stepBy("PageUp", 55, 60), 45);
  assert.equal(stepBy("Home", 55, 60), 0);
  assert.equal(stepBy("End", 5, 60), 59);
  assert.equal(stepBy("a", 5, 60), undefined);
});

test("a bar says its moment and its figures by the heads of the table", () => {
  const heads = ["From", "Accepted", "No rule", "Delivered"];
  assert.equal(told(heads, ["10:42", "412", "9", "400"], [1, 2]), "10:42 · accepted 412 · no rule 9");
});
