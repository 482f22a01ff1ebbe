// The first steps, while the journal is empty: a key for the reader's first event, a test event, and its story.
import { duration } from "./figures.js";

/** @typedef {import("./model.js").Row} Row */

const GHOST_PITCH = 74;

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
   * Draw the cards that are to come, so that the four columns can be seen already.
   * @param {HTMLElement} board @param {{ x: number, w: number }[]} columns
   */
  ghosts(board, columns) {
    for (const ghost of board.querySelectorAll(".ghost")) ghost.remove();
    if (!document.body.classList.contains("first")) return;
    const rows = Math.floor((board.clientHeight - 90) / GHOST_PITCH);
    for (const { x, w } of columns) {
      for (let row = 0; row < rows; row += 1) {
        const ghost = document.createElement("div");
        ghost.className = "ghost";
        ghost.style.transform = `translate(${x}px, ${56 + row * GHOST_PITCH}px)`;
        ghost.style.width = `${w}px`;
        board.append(ghost);
      }
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
    const story = [document.createTextNode(told.join(" → "))];
    if (row.state === "unmatched") {
      story.push(document.createTextNode(" → no rule matched — "));
      const add = document.createElement("a");
      add.href = "/admin/eventhub/rule/add/";
      add.textContent = "add a rule";
      this.story.replaceChildren(...story, add);
    } else {
      this.story.replaceChildren(...story);
    }
    const page = document.createElement("a");
    page.href = `/events/${row.id}`;
    page.textContent = "its journey";
    this.story.append(document.createTextNode(" · "), page);
  }

  close() {
    this.sheet.remove();
    document.body.classList.remove("first", "first-told");
    this.onClose();
  }
}

/** @param {HTMLFormElement} form */
const post = (form) =>
  fetch(form.action, { method: "POST", body: new FormData(form), headers: { Accept: "application/json" } });
