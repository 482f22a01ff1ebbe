// Charts that the server drew, read bar by bar: by the pointer, or with the arrow keys. What a bar says comes from the table beside them.

/** @typedef {{from: string, said: string}} Bar */

const COLUMNS = { in: [1, 2], out: [3, 4], took: [5, 6] };

/**
 * The step under a point.
 * @param {number} x from the left edge @param {number} width @param {number} steps
 */
export const stepAt = (x, width, steps) =>
  width > 0 ? Math.min(steps - 1, Math.max(0, Math.floor((x / width) * steps))) : 0;

/**
 * Where a key leads from a step; undefined for other keys.
 * @param {string} key @param {number} step @param {number} steps @returns {number | undefined}
 */
export function stepBy(key, step, steps) {
  const to = { ArrowLeft: step - 1, ArrowRight: step + 1, PageUp: step - 10, PageDown: step + 10, Home: 0, End: steps - 1 }[key];
  return to === undefined ? undefined : Math.min(steps - 1, Math.max(0, to));
}

/**
 * What a row of the table says of a chart.
 * @param {string[]} heads @param {string[]} cells @param {number[]} columns
 */
export const told = (heads, cells, columns) =>
  [cells[0], ...columns.map((at) => (heads[at] ?? "").toLowerCase() + " " + cells[at])].join(" · ");

/** @param {Element} row */
const texts = (row) => [...row.children].map((cell) => cell.textContent?.trim().replace(/\s+/g, " ") ?? "");

/** @param {HTMLElement} plot @param {HTMLTableElement} table */
function attach(plot, table) {
  const said = plot.parentElement?.querySelector(".most");
  const columns = COLUMNS[/** @type {keyof typeof COLUMNS} */ (plot.dataset.plot)];
  const rows = [...table.tBodies[0].rows];
  if (!said || !columns || !rows.length) return;
  const usual = [...said.childNodes];
  const heads = texts(/** @type {Element} */ (table.tHead?.rows[0]));
  const pointer = document.createElement("span");
  pointer.className = "pointer";
  let step = rows.length - 1;

  const show = (/** @type {number} */ at) => {
    step = at;
    said.textContent = told(heads, texts(rows[at]), columns);
    pointer.style.left = `${((at + 0.4) / rows.length) * 100}%`;
    plot.append(pointer);
    plot.dataset.reading = "";
  };
  const leave = () => {
    said.replaceChildren(...usual);
    pointer.remove();
    delete plot.dataset.reading;
  };

  plot.tabIndex = 0;
  plot.setAttribute("role", "group");
  plot.setAttribute("aria-label", "Bar by bar: arrow keys");
  plot.addEventListener("pointermove", (event) => {
    const box = plot.getBoundingClientRect();
    show(stepAt(event.clientX - box.left, box.width, rows.length));
  });
  plot.addEventListener("pointerleave", () => plot.matches(":focus-visible") || leave());
  plot.addEventListener("focus", () => plot.matches(":focus-visible") && show(step));
  plot.addEventListener("blur", leave);
  plot.addEventListener("keydown", (event) => {
    const to = stepBy(event.key, step, rows.length);
    if (to === undefined) return;
    event.preventDefault();
    show(to);
  });
  said.setAttribute("aria-live", "polite");
}

/** Make the charts readable that are not yet. */
export function attachAll() {
  for (const charts of document.querySelectorAll("[data-charts]")) {
    const table = document.getElementById(/** @type {HTMLElement} */ (charts).dataset.charts ?? "");
    if (!(table instanceof HTMLTableElement)) continue;
    for (const plot of charts.querySelectorAll(".plot:not([tabindex])")) attach(/** @type {HTMLElement} */ (plot), table);
  }
}

if (typeof document !== "undefined") {
  attachAll();
  document.addEventListener("rendered", attachAll);
}
