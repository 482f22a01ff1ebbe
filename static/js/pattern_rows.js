// A pattern as rows of a form, and back. Only what rows can say; of everything else they say why not.
import { asTyped, read, write } from "./pattern_text.js";

/**
 * @typedef {import("./pattern_text.js").Node} Node
 * @typedef {{ path: string[], how: string, values: string[] }} Row values are JSON: of a range its two ends
 * @typedef {{ rows: Row[], why?: undefined } | { rows?: undefined, why: string }} Rows
 */

/** How a field is compared: the words, and how many values it takes ("many", 1, 2 or 0). */
export const HOWS = /** @type {const} */ ({
  is: { words: "is", takes: "many" },
  not: { words: "is not", takes: "many" },
  prefix: { words: "starts with", takes: "many" },
  suffix: { words: "ends with", takes: "many" },
  any_case: { words: "is, in upper or lower case", takes: "many" },
  like: { words: "is like", takes: "many" },
  more: { words: "is more than", takes: 1 },
  least: { words: "is at least", takes: 1 },
  less: { words: "is less than", takes: 1 },
  most: { words: "is at most", takes: 1 },
  between: { words: "is from … up to", takes: 2 },
  network: { words: "is an address in", takes: "many" },
  exists: { words: "is there", takes: 0 },
  absent: { words: "is absent", takes: 0 },
});

/** @type {Record<string, string>} */
const NAMED = { prefix: "prefix", suffix: "suffix", "equals-ignore-case": "any_case", wildcard: "like", cidr: "network" };
/** @type {Record<string, string>} */
const SIGNED = { ">": "more", ">=": "least", "<": "less", "<=": "most" };

/**
 * @param {string} text a pattern @returns {Rows}
 */
export function rowsOf(text) {
  if (!text.trim()) return { rows: [] };
  let root;
  try {
    root = read(text);
  } catch (error) {
    return { why: `it is no JSON yet: ${error instanceof Error ? error.message : error}` };
  }
  if (root.kind !== "object") return { why: "it is no object" };
  /** @type {Row[]} */
  const rows = [];
  const why = collect(root, [], rows);
  return why ? { why } : { rows };
}

/**
 * @param {Row[]} rows @returns {string} the pattern; rows of one path are alternatives
 */
export function textOf(rows) {
  /** @type {Node} */
  const root = { kind: "object", members: [] };
  for (const row of rows) {
    if (!row.path.length || row.path.some((name) => !name)) continue;
    let at = root;
    for (const name of row.path.slice(0, -1)) {
      const found = at.members.find(([known, value]) => known === name && value.kind === "object");
      if (found) at = /** @type {Extract<Node, { kind: "object" }>} */ (found[1]);
      else {
        /** @type {Node} */
        const made = { kind: "object", members: [] };
        at.members.push([name, made]);
        at = made;
      }
    }
    const name = row.path[row.path.length - 1];
    const there = at.members.find(([known, value]) => known === name && value.kind === "list");
    const operators = operatorsOf(row);
    if (there && there[1].kind === "list") there[1].items.push(...operators);
    else at.members.push([name, { kind: "list", items: operators }]);
  }
  return root.members.length ? write(root) : "";
}

/** @param {Node} node @param {string[]} path @param {Row[]} rows @returns {string} why not, or "" */
function collect(node, path, rows) {
  if (node.kind !== "object") return `${path.join(".")} is neither an object nor a list`;
  const names = new Set();
  for (const [name, value] of node.members) {
    const here = [...path, name];
    if (name === "$or") return "it has alternatives ($or)";
    if (!name || name.includes(".")) return `the name ${JSON.stringify(name)} cannot be a part of a path`;
    if (names.has(name)) return `${here.join(".")} is there twice`;
    names.add(name);
    const why = value.kind === "list" ? ofList(value.items, here, rows) : collect(value, here, rows);
    if (why) return why;
  }
  return "";
}

/** @param {Node[]} items @param {string[]} path @param {Row[]} rows @returns {string} */
function ofList(items, path, rows) {
  if (!items.length) return `${path.join(".")} lists nothing`;
  /** @type {Map<string, Row>} */
  const several = new Map();
  for (const item of items) {
    const one = ofItem(item);
    if (!one) return `${path.join(".")} asks for what no row can say`;
    const same = several.get(one.how);
    if (same && HOWS[/** @type {keyof typeof HOWS} */ (one.how)].takes === "many" && one.how !== "not") same.values.push(...one.values);
    else if (same) return `${path.join(".")} asks twice that it ${HOWS[/** @type {keyof typeof HOWS} */ (one.how)].words}`;
    else several.set(one.how, { path, ...one });
  }
  rows.push(...several.values());
  return "";
}

/** @param {Node} item @returns {{ how: string, values: string[] } | undefined} */
function ofItem(item) {
  if (item.kind === "raw") return { how: "is", values: [item.text] };
  if (item.kind !== "object" || item.members.length !== 1) return undefined;
  const [name, value] = item.members[0];
  if (name === "exists" && value.kind === "raw") return { how: value.text === "true" ? "exists" : "absent", values: [] };
  if (name in NAMED && value.kind === "raw") return { how: NAMED[name], values: [value.text] };
  if (name === "anything-but" && value.kind === "raw") return { how: "not", values: [value.text] };
  if (value.kind !== "list") return undefined;
  const texts = value.items.map((one) => (one.kind === "raw" ? one.text : ""));
  if (texts.includes("")) return undefined;
  if (name === "anything-but") return { how: "not", values: texts };
  if (name !== "numeric") return undefined;
  const signs = texts.filter((_, place) => place % 2 === 0).map((sign) => sign.slice(1, -1));
  const ends = texts.filter((_, place) => place % 2 === 1);
  if (signs.length === 1 && signs[0] in SIGNED) return { how: SIGNED[signs[0]], values: ends };
  return signs.join() === ">=,<=" ? { how: "between", values: ends } : undefined;
}

/** @param {Row} row @returns {Node[]} */
function operatorsOf({ how, values }) {
  /** @param {string} text @returns {Node} */
  const raw = (text) => ({ kind: "raw", text });
  /** @param {string} name @param {Node} value @returns {Node} */
  const named = (name, value) => ({ kind: "object", members: [[name, value]] });
  if (how === "is") return values.map(raw);
  if (how === "exists" || how === "absent") return [named("exists", raw(String(how === "exists")))];
  if (how === "not") return [named("anything-but", values.length === 1 ? raw(values[0]) : { kind: "list", items: values.map(raw) })];
  const name = Object.keys(NAMED).find((one) => NAMED[one] === how);
  // These compare text: what was typed as a number is meant as its digits.
  if (name) return values.map((value) => named(name, raw(value.startsWith('"') ? value : JSON.stringify(asTyped(value)))));
  const signs = how === "between" ? [">=", "<="] : [Object.keys(SIGNED).find((one) => SIGNED[one] === how) ?? "="];
  const items = signs.flatMap((sign, place) => [raw(JSON.stringify(sign)), raw(values[place] ?? '""')]);
  return [named("numeric", { kind: "list", items })];
}
