// The grid of how long attempts took: what is under the pointer is said below it, and clicking a cell, or dragging
// over several, asks for their attempts. The tables beneath it say and do the same by keyboard.

const SECONDS = 60; // of a column

/**
 * The query for the attempts of a rectangle of cells; exported for its tests.
 * @param {{ since: number, columns: [number, number], over: string, under: string }} cells columns from 0 on, with
 *   both ends @returns {string}
 */
export function queryOf({ since, columns: [first, last], over, under }) {
  const query = new URLSearchParams();
  if (first >= 0) {
    query.set("since", String(since + first * SECONDS));
    query.set("until", String(since + (last + 1) * SECONDS));
  }
  if (over && over !== "0") query.set("over", over);
  if (under) query.set("under", under);
  return `?${query}`;
}

/** @param {EventTarget | null} target @returns {HTMLTableCellElement | null} */
const cellOf = (target) => (target instanceof HTMLTableCellElement ? target : null);

/** @param {HTMLTableCellElement} cell */
const rowOf = (cell) => /** @type {HTMLTableRowElement} */ (cell.parentElement);

/**
 * Let the grid ask for attempts. What is there already is left alone.
 * @param {(query: string) => void} ask
 */
export function brush(ask) {
  const heat = document.getElementById("heat");
  const grid = heat?.querySelector("table.heat-grid");
  const sums = heat?.querySelector("table.heat-hist");
  const said = document.getElementById("heat-said");
  if (!(grid instanceof HTMLTableElement) || !(sums instanceof HTMLTableElement) || !said || grid.dataset.brushed) return;
  grid.dataset.brushed = "yes";
  said.textContent = "Click a cell, or drag over several, to see those attempts.";
  const since = Number(grid.dataset.since);
  /** @type {HTMLTableCellElement | null} */
  let from = null;

  /** @param {HTMLTableCellElement} to @returns {[number, number, number, number]} columns and rows, smallest first */
  const rectangle = (to) => {
    const start = from || to;
    const columns = [start.cellIndex, to.cellIndex].sort((a, b) => a - b);
    const rows = [rowOf(start).rowIndex, rowOf(to).rowIndex].sort((a, b) => a - b);
    return [columns[0], columns[1], rows[0], rows[1]];
  };

  /** @param {HTMLTableCellElement} to */
  const show = (to) => {
    for (const cell of grid.querySelectorAll(".brushed")) cell.classList.remove("brushed");
    const [left, right, top, bottom] = rectangle(to);
    let count = 0;
    for (let row = top; row <= bottom; row += 1) {
      for (let column = left; column <= right; column += 1) {
        const cell = grid.rows[row].cells[column];
        cell.classList.add("brushed");
        count += Number(cell.dataset.count || 0);
      }
    }
    const clock = (/** @type {number} */ at) => new Date(at * 1000).toTimeString().slice(0, 5);
    const when = `${clock(since + left * SECONDS)} to ${clock(since + (right + 1) * SECONDS)}`;
    const slowest = grid.rows[top].dataset.under;
    const span = top === bottom ? grid.rows[top].dataset.span : `${grid.rows[bottom].dataset.span?.split(" to ")[0]} to ${slowest ? grid.rows[top].dataset.span?.split(" to ")[1] : "the slowest"}`;
    said.textContent = `${when}, ${span}: ${count} attempt${count === 1 ? "" : "s"}`;
  };

  grid.addEventListener("pointerdown", (event) => {
    from = cellOf(event.target);
    if (from) show(from);
  });
  grid.addEventListener("pointerover", (event) => {
    const cell = cellOf(event.target);
    if (cell) show(cell);
  });
  grid.addEventListener("pointerup", (event) => {
    const to = cellOf(event.target);
    if (!to || !from) return;
    const [left, right, top, bottom] = rectangle(to);
    from = null;
    ask(
      queryOf({
        since,
        columns: [left, right],
        over: grid.rows[bottom].dataset.over || "",
        under: grid.rows[top].dataset.under || "",
      }),
    );
  });
  grid.addEventListener("pointerleave", () => {
    from = null;
    for (const cell of grid.querySelectorAll(".brushed")) cell.classList.remove("brushed");
  });
  sums.addEventListener("click", (event) => {
    const row = event.target instanceof Element ? event.target.closest("tr") : null;
    if (row) ask(queryOf({ since, columns: [-1, -1], over: row.dataset.over || "", under: row.dataset.under || "" }));
  });
}
