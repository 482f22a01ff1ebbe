// JSON as a person writes it: read without losing how numbers are written, laid out again, and cut into tokens.

/**
 * @typedef {{ kind: "object", members: [string, Node][] } | { kind: "list", items: Node[] } | { kind: "raw", text: string }} Node
 * @typedef {{ kind: "key" | "operator" | "string" | "number" | "word" | "mark" | "space" | "other", text: string, at: number }} Token
 */

const DEEPEST = 100;
const TOKEN = /("(?:[^"\\\n]|\\.)*"?)|([{}[\],:])|(-?\d[\d.eE+-]*)|(true|false|null)\b|(\s+)|([^\s{}[\],:"]+)/gy;
const SCALAR = /^(?:-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null)$/;
const OPERATORS = new Set([
  "prefix",
  "suffix",
  "equals-ignore-case",
  "wildcard",
  "anything-but",
  "numeric",
  "exists",
  "cidr",
  "exactly",
  "$or",
]);

/**
 * Cut text into tokens; all of them together are the text again, whatever it holds.
 * @param {string} text @returns {Token[]}
 */
export function tokens(text) {
  /** @type {Token[]} */
  const found = [];
  TOKEN.lastIndex = 0;
  for (let match = TOKEN.exec(text); match; match = TOKEN.exec(text)) {
    const [whole, string, mark, number, word, space] = match;
    /** @type {Token["kind"]} */
    let kind = "other";
    if (string !== undefined) kind = "string";
    else if (mark !== undefined) kind = "mark";
    else if (number !== undefined) kind = "number";
    else if (word !== undefined) kind = "word";
    else if (space !== undefined) kind = "space";
    if (whole === ":") {
      const before = found.findLast((one) => one.kind !== "space");
      if (before?.kind === "string") before.kind = OPERATORS.has(before.text.slice(1, -1)) ? "operator" : "key";
    }
    found.push({ kind, text: whole, at: match.index });
  }
  return found;
}

/**
 * Read JSON; raises SyntaxError. Scalars stay as they were written.
 * @param {string} text @returns {Node}
 */
export function read(text) {
  JSON.parse(text); // who says best what is wrong; below there is nothing wrong any more
  const left = tokens(text).filter((one) => one.kind !== "space");
  let place = 0;
  /** @param {number} depth @returns {Node} */
  const next = (depth) => {
    if (depth > DEEPEST) throw new SyntaxError("it is too deep");
    const token = left[place++];
    if (token.text === "[") {
      /** @type {Node[]} */
      const items = [];
      while (left[place].text !== "]") {
        items.push(next(depth + 1));
        if (left[place].text === ",") place++;
      }
      place++;
      return { kind: "list", items };
    }
    if (token.text === "{") {
      /** @type {[string, Node][]} */
      const members = [];
      while (left[place].text !== "}") {
        const name = JSON.parse(left[place].text);
        place += 2;
        members.push([name, next(depth + 1)]);
        if (left[place].text === ",") place++;
      }
      place++;
      return { kind: "object", members };
    }
    return { kind: "raw", text: token.text };
  };
  return next(0);
}

/**
 * Lay out objects over lines, and value lists on one.
 * @param {Node} node @param {string} [indent] @returns {string}
 */
export function write(node, indent = "") {
  if (node.kind === "raw") return node.text;
  if (node.kind === "list") return `[${node.items.map(flat).join(", ")}]`;
  if (!node.members.length) return "{}";
  const inner = `${indent}  `;
  const members = node.members.map(([name, value]) => `${inner}${JSON.stringify(name)}: ${write(value, inner)}`);
  return `{\n${members.join(",\n")}\n${indent}}`;
}

/** @param {Node} node @returns {string} */
function flat(node) {
  if (node.kind === "raw") return node.text;
  if (node.kind === "list") return `[${node.items.map(flat).join(", ")}]`;
  // Not a template within a template: what makes the file smaller on its way takes blanks out of the inner one.
  const members = node.members.map(([name, value]) => [JSON.stringify(name), flat(value)].join(": "));
  return `{${members.join(", ")}}`;
}

/**
 * A value as JSON from what a person typed: numbers, true, false, null and quoted text mean themselves, the rest is text.
 * @param {string} typed @returns {string}
 */
export function asJson(typed) {
  const text = typed.trim();
  if (SCALAR.test(text)) return text;
  if (text.startsWith('"')) {
    try {
      return JSON.stringify(JSON.parse(text));
    } catch {
      // not quoted text: the quote is part of it
    }
  }
  return JSON.stringify(text);
}

/**
 * A value as a person types it: quotes only where it would be something else without.
 * @param {string} json @returns {string}
 */
export function asTyped(json) {
  if (!json.startsWith('"')) return json;
  const text = JSON.parse(json);
  return text && text === text.trim() && !/[,"\n]/.test(text) && asJson(text) === JSON.stringify(text) ? text : JSON.stringify(text);
}

/**
 * The values of a list that a person typed, separated by commas, as JSON.
 * @param {string} typed @returns {string[]}
 */
export function listed(typed) {
  const parts = typed.match(/\s*(?:"(?:[^"\\]|\\.)*"|[^,"]|"(?![^,]*"))+/g) ?? [];
  return parts.filter((part) => part.trim()).map(asJson);
}
