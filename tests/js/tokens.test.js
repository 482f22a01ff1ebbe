import assert from "node:assert/strict";
import { test } from "node:test";
import { tokens, withTerm } from "../../static/js/tokens.js";

/** @param {string} text */
const kinds = (text) => tokens(text).filter((one) => one.kind !== "blank").map((one) => `${one.kind} ${one.text}`);

test("tokens joined are the text again, whatever it is", () => {
  for (const text of [
    'type:order.* -source:shop-api (status:dead OR attempts:>2) detail.items[*].sku:"A-1"',
    'detail."order no.":exists "left at the door',
    'a"b\\"c (((  ||| -- :: *** \u00e9\u{1f600} type:a:b latency:>=500ms',
    "",
    "   ",
  ]) {
    assert.equal(tokens(text).map((one) => one.text).join(""), text);
  }
});

test("words, values, quotes, signs and negations are told apart", () => {
  assert.deepEqual(kinds('type:order.* -source:"a b" OR detail.a.b:>10 x|y'), [
    "word type:",
    "value order.*",
    "not -",
    "word source:",
    'quoted "a b"',
    "sign OR",
    "word detail.a.b:",
    "sign >",
    "value 10",
    "value x",
    "sign |",
    "value y",
  ]);
  assert.deepEqual(kinds("type:a:b"), ["word type:", "value a:", "value b"]);
});

test("a term is added once, and takes its opposite's place", () => {
  assert.equal(withTerm("", "source:shop", false), "source:shop");
  assert.equal(withTerm("type:a  source:shop", "source:shop", true), "type:a -source:shop");
  assert.equal(withTerm("type:a", "type:a", false), "type:a");
  assert.equal(withTerm("type:a OR type:b", "source:shop", false), "(type:a OR type:b) source:shop");
});
