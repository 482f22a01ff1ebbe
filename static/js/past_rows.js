// The stream's place while the page shows the past: the newest events of then, with what became of them by now.
import { clock, duration, result } from "./figures.js";

/** @typedef {import("./stream.js").SentRow} SentRow */

export class PastRows {
  constructor() {
    const panel = document.getElementById("stream");
    this.holder = document.createElement("div");
    this.holder.className = "past-rows";
    this.note = this.holder.appendChild(document.createElement("p"));
    this.note.className = "past-note muted";
    const scroller = this.holder.appendChild(document.createElement("div"));
    scroller.className = "stream-rows-past";
    scroller.tabIndex = 0;
    scroller.setAttribute("role", "region");
    scroller.setAttribute("aria-label", "Events of then");
    this.list = scroller.appendChild(document.createElement("ol"));
    panel?.append(this.holder);
  }

  /** @param {SentRow[]} rows oldest first @param {string} moment */
  show(rows, moment) {
    const before = rows.length ? `The newest events accepted before ${moment}` : `No event was accepted before ${moment}`;
    this.note.textContent = `${before}; results as they are known now.`;
    this.list.replaceChildren(...rows.toReversed().map(row));
  }

  hide() {
    this.list.replaceChildren();
  }
}

/** @param {SentRow} sent */
function row([id, at, bus, source, type, matched, state, delivered, of, ms]) {
  const says = result(state, delivered, of);
  const link = document.createElement("a");
  link.className = "row";
  link.href = `/events/${id}`;
  link.title = `${type} from ${source} on ${bus}`;
  const rules = matched ? `${matched} ${matched === 1 ? "rule" : "rules"}` : "";
  const cells = { time: clock(at), type, source, rules, result: `${says.glyph} ${says.word}`, ms: ms === null ? "" : duration(ms) };
  for (const [name, text] of Object.entries(cells)) {
    const cell = document.createElement("span");
    cell.className = name;
    cell.textContent = text;
    if (name === "result") cell.dataset.tone = says.tone;
    link.append(cell);
  }
  const item = document.createElement("li");
  item.className = "static";
  item.append(link);
  return item;
}
