import assert from "node:assert/strict";
import { test } from "node:test";
import { seen } from "../../static/js/dots.js";
import { moved, typedTo } from "../../static/js/moves.js";

/** @param {string} key @param {number} column @param {number} y @returns {any} */
const card = (key, column, y) => ({ key, column, y, label: key, members: [{ kind: "rule" }] });
const [shop, bus, paid, audit, mail] = [card("shop", 0, 0), card("orders", 1, 0), card("paid", 2, 0), card("audit", 2, 50), card("mail", 3, 0)];
const ribbon = (/** @type {any} */ from, /** @type {any} */ to, weight = 1) => ({ from, to, weight });
/** @type {any} */
const placed = {
  cards: [audit, mail, paid, bus, shop],
  ribbons: [ribbon(shop, bus), ribbon(bus, paid, 1), ribbon(bus, audit, 9), ribbon(paid, mail), ribbon(bus, bus, 99)],
};
const strength = (/** @type {any} */ one) => one.weight;

test("up and down lead along the column, left and right along the strongest ribbon", () => {
  assert.equal(moved("ArrowDown", paid, placed, strength), audit);
  assert.equal(moved("ArrowUp", audit, placed, strength), paid);
  assert.equal(moved("ArrowRight", bus, placed, strength), audit);
  assert.equal(moved("ArrowLeft", audit, placed, strength), bus);
  assert.equal(moved("Home", audit, placed, strength), paid);
  assert.equal(moved("End", paid, placed, strength), audit);
});

test("at the edge a move leads nowhere; another key is no move", () => {
  assert.equal(moved("ArrowUp", paid, placed, strength), undefined);
  assert.equal(moved("ArrowRight", mail, placed, strength), undefined);
  assert.equal(moved("x", mail, placed, strength), null);
});

test("letters lead to the next name that begins so, and around", () => {
  assert.equal(typedTo("m", shop, placed), mail);
  assert.equal(typedTo("S", mail, placed), shop);
  assert.equal(typedTo("pa", paid, placed), paid);
  assert.equal(typedTo("z", paid, placed), undefined);
});

test("a dot that fails turns at the target; one to be tried again goes back half way, hollow, and returns", () => {
  assert.deepEqual(seen("well", 0.9), [0.9, "dot"]);
  assert.equal(seen("dies", 0.2)[1], "dot");
  assert.equal(seen("dies", 0.9)[1], "diamond");
  assert.deepEqual(seen("retries", 0.42), [1, "hollow"]);
  assert.ok(Math.abs(seen("retries", 0.71)[0] - 0.5) < 1e-9);
  assert.ok(seen("retries", 0.99)[0] > 0.95);
});
