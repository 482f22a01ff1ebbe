// A filter's text cut into tokens for colour, and terms put into it. What it means is for the server alone to say.

/** @typedef {{ text: string, kind: "word" | "value" | "quoted" | "sign" | "blank" | "not" }} Token */

const TOKEN =
  /(\s+)|((?:OR|AND)(?=[\s()]|$))|(-?)((?:detail(?:\.(?:"(?:[^"\\]|\\.)*"?|[^\s"()|*\\.:[\]]+)|\[(?:\d+|\*)?\]?)+|[a-z]+):)|(-(?=[^\s]))|([()|]|>=|<=|[<>])|("(?:[^"\\]|\\.)*"?)|([^\s"()|<>]+)/gy;

/**
 * Cut a filter into tokens; joined, they are the text again.
 * @param {string} text @returns {Token[]}
 */
export function tokens(text) {
  /** @type {Token[]} */
  const found = [];
  const add = (/** @type {string | undefined} */ piece, /** @type {Token["kind"]} */ kind) => {
    if (piece) found.push({ text: piece, kind });
  };
  TOKEN.lastIndex = 0;
  let after = false; // directly behind a word's colon, where < and " begin a value
  while (TOKEN.lastIndex < text.length) {
    const began = TOKEN.lastIndex;
    const match = TOKEN.exec(text);
    if (!match) {
      TOKEN.lastIndex = began + 1;
      add(text[began], "value");
      continue;
    }
    const [, blank, joiner, minus, word, not, sign, quoted, value] = match;
    if (word && after) {
      // type:a:b is a value with a colon in it
      add(minus + word, "value");
    } else {
      add(blank, "blank");
      add(joiner, "sign");
      add(minus, "not");
      add(word, "word");
      add(not, "not");
      add(sign, "sign");
      add(quoted, "quoted");
      add(value, "value");
    }
    after = word !== undefined;
  }
  return found;
}

/**
 * Put a term into a filter, or take its opposite out: what is asked twice says nothing more.
 * @param {string} text @param {string} term canonical, such as source:shop @param {boolean} excluded
 */
export function withTerm(text, term, excluded) {
  const wanted = excluded ? `-${term}` : term;
  const opposite = excluded ? term : `-${term}`;
  const parts = terms(text);
  if (!parts) return `(${text.trim()}) ${wanted}`;
  const kept = parts.filter((part) => part !== opposite && part !== wanted);
  return [...kept, wanted].join(" ");
}

/** The terms of a filter that is only terms side by side; null if it has OR or parentheses. @param {string} text */
function terms(text) {
  /** @type {string[]} */
  const parts = [""];
  for (const token of tokens(text)) {
    if (token.kind === "sign" && /^(OR|AND|[()])$/.test(token.text)) return null;
    if (token.kind === "blank") parts.push("");
    else parts[parts.length - 1] += token.text;
  }
  return parts.filter(Boolean);
}
