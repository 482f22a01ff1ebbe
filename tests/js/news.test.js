import assert from "node:assert/strict";
import { test } from "node:test";
import { newsOf } from "../../static/js/news.js";

/** @param {Partial<import("../../static/js/news.js").Summary>} members @returns {import("../../static/js/news.js").Summary} */
const summary = (members) => ({ state: "pending", matched: null, deliveries: [], ...members });
/** @param {number} id @param {string} state @param {number} attempts @returns {import("../../static/js/news.js").Leg} */
const leg = (id, state, attempts, error = "") => [id, 1, 2, state, attempts, error ? 503 : 200, error];
const nobody = () => "";

test("the first summary is no news", () => {
  assert.equal(newsOf(null, summary({ matched: 1 }), nobody), "");
});

test("matching is told with its count", () => {
  assert.equal(newsOf(summary({}), summary({ matched: 2 }), nobody), "matched 2 rules");
  assert.equal(newsOf(summary({}), summary({ matched: 0 }), nobody), "no rule matched");
});

test("each attempt is told with its number", () => {
  const before = summary({ matched: 1, deliveries: [leg(7, "pending", 0)] });
  const failed = summary({ matched: 1, deliveries: [leg(7, "pending", 1, "receiver answered 503")] });
  const done = summary({ matched: 1, deliveries: [leg(7, "delivered", 2)] });

  assert.equal(newsOf(before, failed, nobody), "attempt 1 failed, receiver answered 503; it is tried again");
  assert.equal(newsOf(failed, done, nobody), "attempt 2 delivered");
  assert.equal(newsOf(done, done, nobody), "");
});

test("of several deliveries each is named, and no more than three", () => {
  const legs = [1, 2, 3, 4, 5].map((id) => leg(id, "delivered", 1));
  const before = summary({ matched: 1, deliveries: legs.map(([id]) => leg(id, "pending", 0)) });

  const said = newsOf(before, summary({ matched: 1, deliveries: legs }), (id) => `rule ${id}`);

  assert.equal(said, "rule 1: attempt 1 delivered. rule 2: attempt 1 delivered. rule 3: attempt 1 delivered. 2 more");
});

test("a dead letter is told with its reason", () => {
  const before = summary({ matched: 1, deliveries: [leg(7, "pending", 2, "x")] });

  assert.equal(newsOf(before, summary({ deliveries: [leg(7, "dead", 3, "receiver answered 410")] }), nobody), "given up after attempt 3, receiver answered 410");
});
