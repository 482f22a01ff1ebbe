import assert from "node:assert/strict";
import { test } from "node:test";
import { rowsOf, textOf } from "../../static/js/pattern_rows.js";
import { asJson, asTyped, listed, read, tokens, write } from "../../static/js/pattern_text.js";

test("tokens are the whole text again, whatever it holds", () => {
  for (const text of ['{"a": [1.50, {"prefix": "x"}]}', '{"a', "}{ : nonsense \\ \"", "", '{"é\\"": nul}']) {
    assert.equal(tokens(text).map((one) => one.text).join(""), text);
  }
});

test("names and operators are told apart from values", () => {
  const kinds = tokens('{"a": [{"prefix": "b"}, 1, true]}').filter((one) => !"space mark".includes(one.kind));
  assert.deepEqual(
    kinds.map((one) => [one.text, one.kind]),
    [['"a"', "key"], ['"prefix"', "operator"], ['"b"', "string"], ["1", "number"], ["true", "word"]],
  );
});

test("numbers are written as they were", () => {
  assert.equal(write(read('{"a":[1.50,10e-1,9007199254740993]}')), '{\n  "a": [1.50, 10e-1, 9007199254740993]\n}');
});

test("what a person typed means itself, and comes back", () => {
  for (const typed of ["open", "120", '"120"', "true", '"true"', "null", "1.50", '" "', '"a, b"', '""', "a b", 'say \\"x\\"']) {
    assert.equal(asJson(asTyped(asJson(typed))), asJson(typed), typed);
  }
  assert.deepEqual(listed('open, "a, b", 120,'), ['"open"', '"a, b"', "120"]);
  assert.equal(asTyped('"open"'), "open");
  assert.equal(asTyped('"120"'), '"120"');
});

test("a pattern becomes rows, and the rows the same pattern", () => {
  const text = `{
  "source": ["shop", "till"],
  "detail-type": [{"prefix": "order."}, {"prefix": "refund."}],
  "detail": {
    "amount": [{"numeric": [">", 1.50]}],
    "total": [{"numeric": [">=", 1, "<=", 5]}],
    "state": [{"anything-but": ["open", "held"]}],
    "gone": [{"exists": false}],
    "ip": [{"cidr": "10.0.0.0/8"}],
    "code": [7, null, {"suffix": "x"}]
  }
}`;
  const { rows } = rowsOf(text);
  assert.ok(rows);
  assert.deepEqual(rows[0], { path: ["source"], how: "is", values: ['"shop"', '"till"'] });
  assert.equal(rows.length, 9);
  assert.equal(textOf(rows), text);
});

test("what rows cannot say is left to JSON, with the reason", () => {
  for (const [text, why] of [
    ['{"$or": [{"a": [1]}]}', /alternatives/],
    ['{"a": [{"numeric": [">", 1, "<", 5]}]}', /no row/],
    ['{"a.b": [1]}', /part of a path/],
    ['{"a": [{"anything-but": {"prefix": "x"}}]}', /no row/],
    ['{"a": [1], "a": [2]}', /twice/],
    ['{"a": [', /no JSON yet/],
  ]) {
    assert.match(rowsOf(/** @type {string} */ (text)).why ?? "", /** @type {RegExp} */ (why));
  }
});

test("nothing is an empty form, and an empty form is nothing", () => {
  assert.deepEqual(rowsOf(" \n"), { rows: [] });
  assert.equal(textOf([]), "");
  assert.equal(textOf([{ path: [""], how: "is", values: ["1"] }]), "");
});
