import assert from "node:assert/strict";
import { test } from "node:test";

import { queryOf } from "../../static/js/heat.js";

test("a rectangle of cells asks for its minutes and its durations", () => {
  assert.equal(
    queryOf({ since: 1200, columns: [2, 4], over: "26.4698", under: "101" }),
    "?since=1320&until=1500&over=26.4698&under=101",
  );
});

test("the lowest and the highest row have one end only", () => {
  assert.equal(queryOf({ since: 0, columns: [0, 0], over: "0", under: "0.9313" }), "?since=0&until=60&under=0.9313");
  assert.equal(queryOf({ since: 0, columns: [0, 0], over: "81545", under: "" }), "?since=0&until=60&over=81545");
});

test("a row's sum asks for all of its minutes", () => {
  assert.equal(queryOf({ since: 1200, columns: [-1, -1], over: "1", under: "2" }), "?over=1&under=2");
});
