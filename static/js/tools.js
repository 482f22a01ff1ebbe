// The bar over the graph: what is shown (bus, group, path), the filter by name, motion, and graph or list.
import { asked, note } from "./address.js";
import { made } from "./card.js";
import { clock, duration } from "./figures.js";
import { bind } from "./keys.js";

/**
 * @typedef {import("./graph.js").Graph} Graph
 * @typedef {import("./list.js").NodeTable} NodeTable
 * @typedef {import("./ring.js").Row} Row
 */

const TYPING_MS = 120;
const NARROW = "(max-width: 43.75em)"; // below it the list is what fits

export class Tools {
  /** @param {HTMLElement} side @param {Graph} graph @param {NodeTable} table */
  constructor(side, graph, table) {
    this.side = side;
    this.graph = graph;
    this.table = table;
    this.find = /** @type {HTMLInputElement} */ (side.querySelector("#find"));
    this.motion = /** @type {HTMLSelectElement} */ (side.querySelector("#motion"));
    this.crumbs = /** @type {HTMLElement} */ (side.querySelector(".crumbs"));
    this.switch = /** @type {HTMLButtonElement} */ (side.querySelector("#view-switch"));
    this.none = /** @type {HTMLElement} */ (side.querySelector("#none-named"));
    this.calm = /** @type {HTMLElement} */ (side.querySelector("#calm-note"));
    this.narrow = matchMedia(NARROW);
    this.typing = 0;
    for (const control of side.querySelectorAll(".upgraded-only")) control.removeAttribute("hidden");
    this.motion.value = graph.dots.pace.motion;
    this.motion.addEventListener("change", () => graph.dots.pace.choose(/** @type {any} */ (this.motion.value)));
    this.find.value = graph.find;
    this.find.form?.addEventListener("submit", (event) => event.preventDefault());
    this.find.addEventListener("input", () => {
      clearTimeout(this.typing);
      this.typing = window.setTimeout(() => graph.search(this.find.value), TYPING_MS);
    });
    this.find.addEventListener("keydown", (event) => {
      if (event.key === "Escape" && !this.find.value) this.find.blur();
      if (event.key === "Enter") this.#first();
    });
    this.switch.addEventListener("click", () => this.#toggle());
    this.none.querySelector("button")?.addEventListener("click", () => graph.search(""));
    this.narrow.addEventListener("change", () => this.showAs());
    document.addEventListener("pace", () => this.#paced());
    addEventListener("popstate", () => this.showAs());
    const chosen = () => !this.asList && (graph.near !== null || graph.only !== "" || document.activeElement?.matches(".card-node") === true);
    const shows = () => graph.pinned || graph.near !== null || graph.find !== "" || graph.only !== "" || graph.opened !== null;
    bind("/", () => this.find.select(), () => side.contains(document.activeElement));
    bind("g l", () => this.#toggle());
    bind("f", () => graph.focus(null), chosen);
    bind("Escape", () => graph.back(), shows);
    this.#paced();
  }

  /** Whether the list is shown in the graph's place. */
  get asList() {
    return asked("list") ? asked("list") === "1" : this.narrow.matches;
  }

  /** Show graph or list, as the address and the width have it. */
  showAs() {
    const { asList } = this;
    document.body.classList.toggle("as-list", asList);
    this.switch.textContent = asList ? "Graph" : "List";
    this.switch.setAttribute("aria-label", asList ? "Show the graph" : "Show the list");
    if (!asList) this.graph.arrange();
    this.shown();
  }

  /** What is shown is something else now: say what. */
  shown() {
    const { graph } = this;
    if (this.find.value.trim() !== graph.find) this.find.value = graph.find;
    const label = (/** @type {string} */ key) =>
      graph.layout?.cards.find((card) => card.key === key)?.label ?? key.slice(key.indexOf(":") + 1);
    const chips = [];
    if (graph.opened) chips.push(chip("group", graph.opened.label, "Close the group", () => graph.fold()));
    if (graph.only) chips.push(chip("only", label(graph.only), "Show everything", () => graph.focus(graph.only)));
    for (const old of this.crumbs.querySelectorAll(".chip.chosen-view")) old.remove();
    this.crumbs.append(...chips);
    const empty = Boolean(graph.find) && !graph.nodes().length;
    this.none.hidden = !empty;
    const [text] = this.none.childNodes;
    if (empty) text.textContent = `No source, bus, rule or target has “${graph.find}” in its name. `;
    this.table.show({ anew: true });
  }

  /** Say since when nothing came. @param {Row | undefined} row the newest @param {number} minute how many came in the last one */
  quiet(row, minute) {
    const note = /** @type {HTMLElement} */ (this.side.querySelector("#quiet"));
    const age = row ? Date.now() - row.at : 0;
    note.hidden = minute > 0 || !row || age < 60_000 || document.body.classList.contains("first");
    const [words, link] = [note.querySelector("span"), note.querySelector("a")];
    if (note.hidden || !row || !words || !link) return;
    const text = `No events for ${duration(age)}; the last was`;
    if (words.textContent !== text) words.textContent = text;
    const named = `${row.type} at ${clock(row.at).slice(0, 8)} →`;
    if (link.textContent !== named) link.textContent = named;
    link.href = `/events/${row.id}`;
  }

  #toggle() {
    const list = this.asList ? "0" : "1";
    note({ list: (list === "1") === this.narrow.matches ? "" : list }, { step: true });
    this.showAs();
  }

  #paced() {
    const { pace } = this.graph.dots;
    this.calm.hidden = !pace.slow;
  }

  /** Go to the first thing that was found. */
  #first() {
    clearTimeout(this.typing);
    this.graph.search(this.find.value);
    const wanted = this.graph.find.toLowerCase();
    const found = this.graph.layout?.cards.find((card) => card.label.toLowerCase().includes(wanted));
    if (found) this.graph.faces.get(found.key)?.button.focus();
  }
}

/** @param {string} kind @param {string} text @param {string} says @param {() => void} act */
function chip(kind, text, says, act) {
  const shown = made("span", "chip chosen-view", `${kind} `);
  const close = made("button", "close", "✕");
  close.type = "button";
  close.setAttribute("aria-label", says);
  close.addEventListener("click", act);
  shown.append(made("b", "", text), " ", close);
  return shown;
}
