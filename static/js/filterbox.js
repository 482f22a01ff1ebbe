// The filter's box: the line with its tokens coloured, what could stand at the cursor, and what is wrong where.
import { tokens } from "./tokens.js";

/** @typedef {{ text: string, kind: string, note?: string }} Option */

const ASK_AFTER = 120; // ms without a key

export class FilterBox {
  /** @param {HTMLFormElement} form @param {(text: string) => void} apply */
  constructor(form, apply) {
    this.form = form;
    this.apply = apply;
    this.input = /** @type {HTMLInputElement} */ (form.querySelector(".filter-input"));
    this.tint = /** @type {HTMLElement} */ (form.querySelector(".filter-tint"));
    this.list = /** @type {HTMLElement} */ (form.querySelector(".filter-options"));
    this.wrong = /** @type {HTMLElement} */ (form.querySelector(".filter-wrong"));
    this.clear = /** @type {HTMLButtonElement} */ (form.querySelector(".filter-clear"));
    /** @type {Option[]} */
    this.options = [];
    this.from = this.to = 0;
    this.active = -1;
    /** @type {number | null} */
    this.wrongAt = null;
    this.applied = this.input.value;
    this.timer = 0;
    /** @type {AbortController | null} */
    this.asking = null;
    const { input } = this;
    input.setAttribute("role", "combobox");
    input.setAttribute("aria-autocomplete", "list");
    input.setAttribute("aria-expanded", "false");
    input.setAttribute("aria-controls", this.list.id);
    form.classList.add("tinted");
    input.addEventListener("input", () => {
      this.accept();
      this.#soon();
    });
    for (const event of ["scroll", "select", "click", "keyup"]) input.addEventListener(event, () => this.#slide());
    input.addEventListener("click", () => this.#soon());
    input.addEventListener("focus", () => this.#soon());
    input.addEventListener("blur", () => this.#close());
    input.addEventListener("keydown", (event) => this.#key(event));
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#close();
      this.#applyIt();
    });
    this.clear.addEventListener("click", () => {
      this.set("");
      this.#applyIt();
      input.focus();
    });
    this.list.addEventListener("pointerdown", (event) => {
      event.preventDefault(); // the field keeps the focus
      const option = event.target instanceof Element ? event.target.closest("[role=option]") : null;
      if (option) this.#take([...this.list.children].indexOf(option));
    });
    const { wrongAt } = form.dataset;
    if (wrongAt !== undefined) this.wrongAt = units(input.value, Number(wrongAt));
    this.#paint();
  }

  get value() {
    return this.input.value.trim();
  }

  /** Set the text without applying it. @param {string} text */
  set(text) {
    this.input.value = text;
    this.accept();
  }

  /** Set and apply a text. @param {string} text */
  use(text) {
    this.set(text);
    this.#applyIt();
  }

  focus() {
    this.input.focus();
    this.input.select();
  }

  /** Say what is wrong with what was applied. @param {string} message @param {number | null} at  counted as the server does */
  refuse(message, at) {
    this.wrongAt = at === null ? null : units(this.input.value, at);
    this.wrong.textContent = `✕ ${message}`;
    this.wrong.hidden = false;
    this.input.setAttribute("aria-invalid", "true");
    this.#paint();
  }

  /** Nothing is wrong (any more). */
  accept() {
    this.wrongAt = null;
    this.wrong.hidden = true;
    this.input.removeAttribute("aria-invalid");
    this.#paint();
  }

  #applyIt() {
    this.applied = this.value;
    this.#paint();
    this.apply(this.value);
  }

  #paint() {
    const text = this.input.value;
    const at = this.wrongAt;
    this.clear.hidden = !text;
    this.form.classList.toggle("unapplied", this.value !== this.applied);
    /** @type {HTMLElement[]} */
    const spans = [];
    let begins = 0;
    for (const token of tokens(text)) {
      // The token that is wrong is marked from the column on.
      const cut = at !== null && at > begins && at < begins + token.text.length ? at - begins : 0;
      const pieces = cut ? [token.text.slice(0, cut), token.text.slice(cut)] : [token.text];
      for (const piece of pieces) {
        const span = document.createElement("span");
        span.className = `f-${token.kind}${at !== null && begins === at ? " f-wrong" : ""}`;
        span.textContent = piece;
        spans.push(span);
        begins += piece.length;
      }
    }
    if (at !== null && at >= text.length) {
      const end = document.createElement("span");
      end.className = "f-wrong";
      end.textContent = "\u00a0";
      spans.push(end);
    }
    this.tint.replaceChildren(...spans);
    this.#slide();
  }

  #slide() {
    this.tint.style.transform = `translateX(${-this.input.scrollLeft}px)`;
  }

  #soon() {
    clearTimeout(this.timer);
    this.timer = window.setTimeout(() => void this.#ask(), ASK_AFTER);
  }

  async #ask() {
    if (document.activeElement !== this.input) return;
    this.asking?.abort();
    this.asking = new AbortController();
    const { signal } = this.asking;
    const text = this.input.value;
    const at = [...text.slice(0, this.input.selectionStart ?? text.length)].length;
    const query = new URLSearchParams({ q: text, at: String(at) });
    try {
      const answer = await fetch(`/api/events/complete?${query}`, { headers: { Accept: "application/json" }, signal });
      if (!answer.ok) return;
      /** @type {{ from: number, to: number, items: Option[] }} */
      const { from, to, items } = await answer.json();
      [this.from, this.to] = [units(text, from), units(text, to)];
      this.#offer(items);
    } catch {
      this.#close(); // a later key asked anew, or the server is away: the field works without
    }
  }

  /** @param {Option[]} options */
  #offer(options) {
    const written = this.input.value.slice(this.from, this.to);
    this.options = options.filter((one) => one.text !== written);
    this.active = -1;
    this.list.replaceChildren(
      ...this.options.map((one, index) => {
        const option = document.createElement("li");
        option.role = "option";
        option.id = `${this.list.id}-${index}`;
        option.setAttribute("aria-selected", "false");
        const text = document.createElement("span");
        text.className = `f-${one.kind === "word" || one.kind === "path" ? "word" : "value"}`;
        text.textContent = one.text;
        const note = document.createElement("span");
        note.className = "muted";
        note.textContent = one.note ?? "";
        option.append(text, note);
        return option;
      }),
    );
    const open = this.options.length > 0;
    this.list.hidden = !open;
    this.input.setAttribute("aria-expanded", String(open));
    this.input.removeAttribute("aria-activedescendant");
  }

  #close() {
    clearTimeout(this.timer);
    this.asking?.abort();
    this.#offer([]);
  }

  /** @param {number} index */
  #choose(index) {
    const options = [...this.list.children];
    options[this.active]?.setAttribute("aria-selected", "false");
    this.active = index;
    const option = options[index];
    if (option) {
      option.setAttribute("aria-selected", "true");
      option.scrollIntoView({ block: "nearest" });
      this.input.setAttribute("aria-activedescendant", option.id);
    } else {
      this.input.removeAttribute("aria-activedescendant");
    }
  }

  /** @param {number} index */
  #take(index) {
    const option = this.options[index];
    if (!option) return;
    const { value } = this.input;
    const text = value.slice(0, this.from) + option.text;
    const rest = value.slice(this.to);
    // A word waits for its value; behind a value another term may come.
    const gap = option.text.endsWith(":") || /^\s/.test(rest) ? "" : " ";
    this.input.value = text + gap + rest;
    this.input.setSelectionRange(text.length + gap.length, text.length + gap.length);
    this.accept();
    this.#offer([]);
    this.#soon();
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    if (event.isComposing) return;
    const many = this.options.length;
    const moves = { ArrowDown: 1, ArrowUp: -1 };
    if (many && event.key in moves) {
      event.preventDefault();
      const by = moves[/** @type {keyof typeof moves} */ (event.key)];
      this.#choose(((this.active + 1 + by + many + 1) % (many + 1)) - 1);
    } else if (many && this.active >= 0 && (event.key === "Enter" || event.key === "Tab")) {
      event.preventDefault();
      this.#take(this.active);
    } else if (event.key === "Escape") {
      event.preventDefault();
      if (many) this.#close();
      else this.input.blur();
    } else if (!many && event.key === "ArrowDown") {
      event.preventDefault();
      void this.#ask();
    }
  }
}

/** Where in a text its so-manieth character is: the server counts characters, we units of UTF-16. @param {string} text @param {number} characters */
const units = (text, characters) => [...text].slice(0, characters).join("").length;
