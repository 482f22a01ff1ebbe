// The pattern's editor: a textarea with line numbers and colours drawn beneath its text, and a mark at what is wrong.
import { tokens } from "./pattern_text.js";

const ROWS = { least: 10, most: 32 };
const INDENT = "  ";

/**
 * @typedef {object} Editor
 * @property {(line: number, column: number) => void} mark  mark a place, from 1; line 0 takes the mark away
 * @property {(text: string) => void} put  replace the whole text, as typing would
 * @property {(path: string) => void} show  select the field of a path and bring it into view
 * @property {() => void} draw
 */

/** @param {HTMLTextAreaElement} area @returns {Editor} */
export function upgrade(area) {
  const frame = area.parentElement ?? area;
  const [gutter, paint] = ["gutter", "paint"].map((name) => {
    const made = document.createElement("pre");
    made.className = name;
    made.setAttribute("aria-hidden", "true");
    frame.insertBefore(made, area);
    return made;
  });
  frame.classList.add("upgraded");
  let at = -1; // where the mark is

  const draw = () => {
    const lines = area.value.split("\n");
    const wrong = at < 0 ? 0 : area.value.slice(0, at).split("\n").length;
    area.rows = Math.min(ROWS.most, Math.max(ROWS.least, lines.length + 1));
    gutter.replaceChildren(
      ...lines.map((_, number) => {
        const made = document.createElement("span");
        made.textContent = number + 1 === wrong ? `✕ ${number + 1}\n` : `${number + 1}\n`;
        if (number + 1 === wrong) made.className = "wrong";
        return made;
      }),
    );
    paint.replaceChildren(...painted(area.value, at), "\n");
    scrolled();
  };
  const scrolled = () => {
    paint.scrollTop = gutter.scrollTop = area.scrollTop;
    paint.scrollLeft = area.scrollLeft;
  };
  area.addEventListener("input", () => {
    at = -1; // what was wrong may be no more: the next answer says
    draw();
  });
  area.addEventListener("scroll", scrolled);
  area.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.isComposing || area.readOnly) return;
    event.preventDefault();
    area.setRangeText(indented(area.value, area.selectionStart), area.selectionStart, area.selectionEnd, "end");
    area.dispatchEvent(new InputEvent("input", { bubbles: true }));
  });
  draw();

  return {
    draw,
    mark(line, column) {
      at = line ? placeOf(area.value, line, column) : -1;
      draw();
    },
    put(text) {
      area.value = text;
      area.dispatchEvent(new InputEvent("input", { bubbles: true }));
    },
    show(path) {
      const found = fieldAt(area.value, path);
      if (!found) return;
      area.focus();
      area.setSelectionRange(found[0], found[1]);
    },
  };
}

/** @param {string} text @param {number} at @returns {Node[]} */
function painted(text, at) {
  /** @type {Node[]} */
  const pieces = [];
  let marked = at < 0;
  for (const token of tokens(text)) {
    const ends = token.at + token.text.length;
    const isHere = !marked && token.kind !== "space" && ends > at;
    if (token.kind === "space" && !isHere) {
      pieces.push(document.createTextNode(token.text));
      continue;
    }
    const piece = document.createElement("span");
    piece.className = `p-${token.kind}${isHere ? " p-wrong" : ""}`;
    piece.textContent = token.text;
    marked ||= isHere;
    pieces.push(piece);
  }
  return pieces;
}

/**
 * The place (from 0) of a line and a column, from 1 and in characters as the server counts them.
 * @param {string} text @param {number} line @param {number} column
 */
export function placeOf(text, line, column) {
  const lines = text.split("\n");
  const before = lines.slice(0, line - 1).reduce((sum, one) => sum + one.length + 1, 0);
  return before + [...(lines[line - 1] ?? "")].slice(0, column - 1).join("").length;
}

/**
 * What Enter puts: a line break and the blanks of this line, more after an opening bracket.
 * @param {string} text @param {number} at
 */
export function indented(text, at) {
  const line = text.slice(text.lastIndexOf("\n", at - 1) + 1, at);
  const blanks = line.match(/^ */)?.[0] ?? "";
  return `\n${blanks}${/[{[]\s*$/.test(line) ? INDENT : ""}`;
}

/**
 * Where the field of a dotted path stands in a pattern: its name up to its value's end, or nothing.
 * @param {string} text @param {string} path @returns {[number, number] | undefined}
 */
export function fieldAt(text, path) {
  /** @type {string[]} */
  const open = [];
  let name = "";
  let start = 0;
  const all = tokens(text).filter((one) => one.kind !== "space");
  for (const [place, token] of all.entries()) {
    if (token.kind === "key" || token.kind === "operator") {
      [name, start] = [token.text.slice(1, -1), token.at];
      if ([...open.filter((one) => one && one !== "$or"), name].join(".") === path) {
        let depth = 0;
        for (const later of all.slice(place + 2)) {
          if ("[{".includes(later.text)) depth++;
          if ("]}".includes(later.text)) depth--;
          if (depth <= 0) return [start, later.at + later.text.length];
        }
        return [start, text.length];
      }
    } else if (token.text === "{") {
      open.push(name);
      name = "";
    } else if (token.text === "}") open.pop();
    else if (token.text === "[" && name !== "$or") name = "";
  }
  return undefined;
}
