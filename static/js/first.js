// The first steps, while the journal is empty: a key for the reader's first event, a test event, and its story.
import { duration } from "./figures.js";

/** @typedef {import("./ring.js").Row} Row */

export class FirstSteps {
  /** @param {HTMLElement} sheet @param {() => void} onClose */
  constructor(sheet, onClose) {
    this.sheet = sheet;
    this.onClose = onClose;
    this.story = /** @type {HTMLElement} */ (sheet.querySelector(".story"));
    /** @type {Row | null} */
    this.row = null;
    for (const form of sheet.querySelectorAll("form")) form.addEventListener("submit", (event) => this.#send(event, form));
    for (const tab of sheet.querySelectorAll("[data-shows]")) tab.addEventListener("click", () => this.#tab(tab));
    sheet.querySelector(".close")?.addEventListener("click", () => this.close());
    void this.#key();
  }

  /**
   * Mark where the first cards are to come, so that the whole way can be seen already.
   * @param {HTMLElement} board @param {import("./layout.js").Layout} layout
   */
  ghost(board, layout) {
    for (const old of board.querySelectorAll(".ghost")) old.remove();
    const bus = layout.cards.find((card) => card.column === 1);
    if (!document.body.classList.contains("first") || !bus) return;
    for (const [column, text] of /** @type {const} */ ([[0, "your event's source"], [2, "a rule picks it"], [3, "a target gets it"]])) {
      const there = layout.cards.filter((card) => card.column === column);
      if (there.some((card) => card.members[0].kind !== "sink")) continue;
      const ghost = document.createElement("div");
      ghost.className = "ghost";
      ghost.textContent = text;
      // Where the sink of its column leaves room: above it.
      const y = Math.min(bus.y, ...there.map((card) => card.y - card.h - 12));
      ghost.style.transform = `translate(${layout.columns[column].x}px, ${y}px)`;
      ghost.style.width = `${bus.w}px`;
      ghost.style.height = `${bus.h}px`;
      board.append(ghost);
    }
  }

  /** Write a real key into the snippets. */
  async #key() {
    const fields = this.sheet.querySelectorAll("[data-key]");
    if (!fields.length) return;
    const form = this.sheet.querySelector("form.mint");
    if (!(form instanceof HTMLFormElement)) return;
    const answer = await post(form);
    if (!answer.ok) return;
    /** @type {{ id: string, secret: string }} */
    const key = await answer.json();
    for (const field of fields) {
      const name = field.getAttribute("data-key");
      field.textContent = name === "id" ? key.id : name === "secret" ? key.secret : `${key.id}.${key.secret}`;
      field.classList.remove("waiting");
    }
    form.hidden = true;
    this.sheet.dataset.ready = "yes";
  }

  /** @param {Element} tab */
  #tab(tab) {
    for (const other of this.sheet.querySelectorAll("[data-shows]")) {
      const chosen = other === tab;
      other.setAttribute("aria-selected", String(chosen));
      const shown = document.getElementById(other.getAttribute("data-shows") ?? "");
      if (shown) shown.hidden = !chosen;
      const copy = document.getElementById("copy-snippet");
      if (chosen && copy) copy.dataset.copy = shown?.querySelector("pre")?.id;
    }
  }

  /** @param {Event} event @param {HTMLFormElement} form */
  async #send(event, form) {
    if (!form.classList.contains("test-event")) return;
    event.preventDefault();
    const button = form.querySelector("button");
    if (button) button.disabled = true;
    const answer = await post(form);
    if (button) button.disabled = false;
    if (!answer.ok) this.story.textContent = `The test event was not accepted: HTTP ${answer.status}.`;
  }

  /** What became of the first event, in one line. @param {Row} row */
  tell(row) {
    if (this.row && this.row.id !== row.id) return;
    this.row = row;
    this.sheet.classList.add("told");
    const title = this.sheet.querySelector("h2");
    if (title) title.textContent = "Your first event";
    const told = [`${row.type} accepted`];
    if (row.matched !== null && row.matched > 0) told.push(`matched ${row.matched} ${row.matched === 1 ? "rule" : "rules"}`);
    if (row.state === "delivered") told.push(`delivered in ${duration(row.ms)}`);
    if (row.state === "dead") told.push("given up: see its page");
    if (row.state === "retrying") told.push("the target failed: trying again");
    if (row.state === "unmatched") told.push("no rule matched");
    const page = document.createElement("a");
    page.href = `/events/${row.id}`;
    page.textContent = "its journey";
    this.story.replaceChildren(document.createTextNode(`${told.join(" → ")} · `), page);
  }

  close() {
    this.sheet.remove();
    document.body.classList.remove("first");
    this.onClose();
  }
}

/** @param {HTMLFormElement} form */
const post = (form) =>
  fetch(form.action, { method: "POST", body: new FormData(form), headers: { Accept: "application/json" } });
