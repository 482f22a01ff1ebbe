// The pattern as a form: a row for each field, kept in step with the text both ways.
import { HOWS, rowsOf, textOf } from "./pattern_rows.js";
import { asTyped, listed } from "./pattern_text.js";

/** @typedef {import("./pattern_rows.js").Row} Row */

/**
 * @param {HTMLElement} frame where the rows go
 * @param {boolean} readOnly
 * @param {(text: string) => void} changed is told the new text of the pattern
 * @returns {{ show: (text: string) => void }}
 */
export function patternForm(frame, readOnly, changed) {
  /** @type {Row[]} */
  let rows = [];
  let text = "";

  const tell = () => {
    text = textOf(rows);
    changed(text);
  };
  const draw = () => {
    const list = document.createElement("div");
    list.className = "pattern-rows";
    list.append(...rows.map((row, number) => drawRow(row, number)));
    frame.replaceChildren(list);
    if (!rows.length) list.append(said("No condition yet: add the first."));
    if (readOnly) return;
    const add = button("Add a condition", () => {
      rows.push({ path: ["detail", ""], how: "is", values: [] });
      draw();
      frame.querySelector(".pattern-row:last-of-type input")?.setAttribute("data-new", "");
      /** @type {HTMLElement | null} */ (frame.querySelector("[data-new]"))?.focus();
    });
    frame.append(add);
  };
  /** @param {Row} row @param {number} number */
  const drawRow = (row, number) => {
    const made = document.createElement("div");
    made.className = "pattern-row";
    const path = field(`Field of condition ${number + 1}`, row.path.join("."), (typed) => {
      row.path = typed.trim().split(".");
      tell();
    });
    path.placeholder = "detail.amount";
    const how = document.createElement("select");
    how.setAttribute("aria-label", `How condition ${number + 1} compares`);
    for (const [name, { words }] of Object.entries(HOWS)) how.add(new Option(words, name, false, name === row.how));
    how.disabled = readOnly;
    how.addEventListener("change", () => {
      row.how = how.value;
      const { takes } = HOWS[/** @type {keyof typeof HOWS} */ (row.how)];
      if (takes !== "many") row.values = [...row.values, "0", "0"].slice(0, takes);
      draw();
      tell();
    });
    made.append(path, how, ...valueFields(row, number));
    if (!readOnly) {
      const gone = button("✕", () => {
        rows.splice(number, 1);
        draw();
        tell();
      });
      gone.setAttribute("aria-label", `Take out condition ${number + 1}`);
      made.append(gone);
    }
    return made;
  };
  /** @param {Row} row @param {number} number @returns {HTMLElement[]} */
  const valueFields = (row, number) => {
    const { takes } = HOWS[/** @type {keyof typeof HOWS} */ (row.how)];
    if (takes === 0) return [said("")];
    if (takes === "many") {
      const one = field(`Values of condition ${number + 1}, separated by commas`, row.values.map(asTyped).join(", "), (typed) => {
        row.values = listed(typed);
        tell();
      });
      one.placeholder = "several, separated by commas";
      return [one];
    }
    const ends = Array.from({ length: takes }, (_, end) =>
      field(`Number of condition ${number + 1}`, row.values[end] ?? "", (typed) => {
        row.values[end] = /^-?\d+(\.\d+)?([eE][+-]?\d+)?$/.test(typed.trim()) ? typed.trim() : JSON.stringify(typed.trim());
        tell();
      }),
    );
    const both = document.createElement("span");
    both.className = "pattern-ends";
    both.append(...ends);
    return [both];
  };
  /** @param {string} label @param {string} value @param {(typed: string) => void} typed */
  const field = (label, value, typed) => {
    const made = document.createElement("input");
    made.type = "text";
    made.className = "mono";
    made.value = value;
    made.readOnly = readOnly;
    made.spellcheck = false;
    made.autocomplete = "off";
    made.setAttribute("aria-label", label);
    made.addEventListener("input", () => typed(made.value));
    return made;
  };

  return {
    show(next) {
      if (next === text && frame.childElementCount) return; // our own change: the reader is in its field
      text = next;
      const found = rowsOf(next);
      if (found.rows) {
        rows = found.rows;
        draw();
      } else frame.replaceChildren(said(`A form cannot say this pattern: ${found.why}. Edit it as JSON.`));
    },
  };
}

/** @param {string} text */
function said(text) {
  const made = document.createElement("p");
  made.className = "muted";
  made.textContent = text;
  return made;
}

/** @param {string} text @param {() => void} pressed */
function button(text, pressed) {
  const made = document.createElement("button");
  made.type = "button";
  made.className = "button small";
  made.textContent = text;
  made.addEventListener("click", pressed);
  return made;
}
