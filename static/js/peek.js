// The summary of one event beside the stream, made by the server, and the menu that a value in it opens.

export class Peek {
  /**
   * @param {HTMLElement} sheet
   * @param {{ onTerm: (term: string, excluded: boolean) => void, onClose: () => void, onPin: () => void }} tell
   */
  constructor(sheet, tell) {
    this.sheet = sheet;
    this.tell = tell;
    this.id = "";
    this.asked = 0;
    this.timer = 0;
    this.body = /** @type {HTMLElement} */ (sheet.querySelector(".peek-body"));
    sheet.querySelector(".peek-close")?.addEventListener("click", () => this.close());
    this.body.addEventListener("click", (event) => this.#clicked(event));
    document.addEventListener("click", (event) => {
      if (!(event.target instanceof Element) || !event.target.closest(".term-menu, [data-term]")) this.#closeMenu();
    });
  }

  get isOpen() {
    return this.id !== "";
  }

  /** @param {string} id */
  async open(id) {
    const other = this.id !== id;
    this.id = id;
    this.sheet.hidden = false;
    if (other) {
      this.sheet.setAttribute("aria-busy", "true");
      this.#closeMenu();
    }
    this.asked += 1;
    const { asked } = this;
    try {
      const answer = await fetch(`/events/${id}/summary`, { headers: { Accept: "text/html" } });
      const text = answer.ok ? await answer.text() : "";
      if (asked !== this.asked || this.id !== id) return;
      const found = new DOMParser().parseFromString(text, "text/html").getElementById("summary");
      if (found) this.#put(found);
      else this.#say(answer.status === 404 ? "This event is not kept any more." : "The summary could not be loaded.");
    } catch {
      if (asked === this.asked) this.#say("The summary could not be loaded: the server is away.");
    }
    this.sheet.removeAttribute("aria-busy");
  }

  /** The event changed: take its summary anew, soon. */
  refresh() {
    if (this.timer) return;
    this.timer = window.setTimeout(() => {
      this.timer = 0;
      // Not under the reader's finger.
      if (this.id && !this.sheet.querySelector(".term-menu")) void this.open(this.id);
    }, 400);
  }

  close() {
    if (!this.id) return;
    this.id = "";
    this.asked += 1;
    this.sheet.hidden = true;
    this.body.replaceChildren();
    this.tell.onClose();
  }

  /** @param {boolean} pinned */
  showPin(pinned) {
    const button = this.body.querySelector("[data-do=pin]");
    if (!button) return;
    button.setAttribute("aria-pressed", String(pinned));
    button.textContent = pinned ? "◆ Pinned" : "◇ Pin";
  }

  /** @param {HTMLElement} found */
  #put(found) {
    const top = this.body.scrollTop;
    // What the reader was at keeps the focus, if it is still there.
    const active = document.activeElement;
    const place = active && this.body.contains(active) ? [...this.body.querySelectorAll("a, button")].indexOf(active) : -1;
    this.body.replaceChildren(found);
    this.body.scrollTop = top;
    const again = place < 0 ? null : this.body.querySelectorAll("a, button")[place];
    if (again instanceof HTMLElement) again.focus({ preventScroll: true });
    document.dispatchEvent(new CustomEvent("rendered"));
    this.tell.onPin();
  }

  /** @param {string} text */
  #say(text) {
    const line = document.createElement("p");
    line.className = "pad muted";
    line.textContent = text;
    this.body.replaceChildren(line);
  }

  /** @param {MouseEvent} event */
  #clicked(event) {
    const clicked = event.target instanceof Element ? event.target.closest("[data-term]") : null;
    if (clicked instanceof HTMLElement) this.#menu(clicked);
  }

  /** Only these, or not these. @param {HTMLElement} value */
  #menu(value) {
    const was = value.getAttribute("aria-expanded") === "true";
    this.#closeMenu();
    if (was) return;
    const term = value.dataset.term ?? "";
    const menu = document.createElement("div");
    menu.className = "term-menu";
    for (const excluded of [false, true]) {
      const button = document.createElement("button");
      button.type = "button";
      const code = document.createElement("code");
      code.textContent = excluded ? `-${term}` : term;
      button.append(excluded ? "－ Not these " : "＋ Only these ", code);
      button.addEventListener("click", () => {
        this.#closeMenu();
        this.tell.onTerm(term, excluded);
      });
      menu.append(button);
    }
    menu.addEventListener("keydown", (event) => {
      if (event.key !== "Escape") return;
      event.stopPropagation();
      this.#closeMenu();
      value.focus();
    });
    value.setAttribute("aria-expanded", "true");
    value.after(menu);
    menu.scrollIntoView({ block: "nearest" });
    menu.querySelector("button")?.focus();
  }

  #closeMenu() {
    this.body.querySelector("[data-term][aria-expanded=true]")?.setAttribute("aria-expanded", "false");
    this.body.querySelector(".term-menu")?.remove();
  }
}
