import assert from "node:assert/strict";
import { test } from "node:test";
import { fieldAt, indented, placeOf } from "../../static/js/editor.js";

test("a line and a column are a place in the text, whatever characters are before", () => {
  const text = '{\n  "é😀": [x]\n}';
  assert.equal(text[placeOf(text, 2, 10)], "x");
  assert.equal(placeOf(text, 1, 1), 0);
  assert.equal(placeOf(text, 9, 1), text.length + 1);
});

test("a new line begins where the one before did, and further in after an opening bracket", () => {
  assert.equal(indented('{\n  "a": {', 10), "\n    ");
  assert.equal(indented('{\n  "a": [1],', 13), "\n  ");
  assert.equal(indented("", 0), "\n");
});

test("a field is found by its path, through objects and alternatives", () => {
  const text = '{"source": ["shop"], "detail": {"a": {"b": [{"prefix": "x"}]}, "$or": [{"c": [1]}, {"d": [2, 3]}]}}';
  const found = (/** @type {string} */ path) => {
    const at = fieldAt(text, path);
    return at && text.slice(...at);
  };
  assert.equal(found("source"), '"source": ["shop"]');
  assert.equal(found("detail.a.b"), '"b": [{"prefix": "x"}]');
  assert.equal(found("detail.d"), '"d": [2, 3]');
  assert.equal(found("detail.nothing"), undefined);
});
