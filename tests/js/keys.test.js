import assert from "node:assert/strict";
import { test } from "node:test";
import { bind, meant } from "../../static/js/keys.js";

/** @param {string} keys @param {() => boolean} [when] */
const binding = (keys, when = () => true) => ({ keys, when, run: () => {} });

test("a key after another means both together first, then itself", () => {
  const all = [binding("e"), binding("g e")];
  assert.equal(meant(all, "g", "e"), all[1]);
  assert.equal(meant(all, "", "e"), all[0]);
  assert.equal(meant(all, "x", "e"), all[0]);
  assert.equal(meant(all, "g", "z"), undefined);
});

test("of several the latest that means something now is taken", () => {
  let open = false;
  const all = [binding("Escape"), binding("Escape", () => open)];
  assert.equal(meant(all, "", "Escape"), all[0]);
  open = true;
  assert.equal(meant(all, "", "Escape"), all[1]);
});

test("binding needs no page", () => bind("j, ArrowDown", () => {}));
