// Time travel: the page as it was at an instant, out of the server's rollups; step by step or played.
import { bind } from "./keys.js";
import { clockOf, Scrubber } from "./scrubber.js";

/**
 * @typedef {import("./model.js").Snap & { at: number, grain: number, e: import("./model.js").Counted[],
 *   rows: import("./ring.js").SentRow[] }} Picture
 *
 * @typedef {object} Page
 * @property {() => { bus?: string, group?: string }} asked  which bus is shown, if it is one, and which group is open
 * @property {(picture: Picture, span: number) => void} show  with its news, told over `span` ms
 * @property {() => void} live  goes on from now
 * @property {() => void} tell  says in the header where in time the page is
 */

const LATEST = 3; // seconds that figures take until they can be looked back at
const PLAYED_FROM = 300; // seconds back, where playing begins on the live page
const KEPT = 60; // pictures: dragging back and forth asks for each once
const FRESH = 5000; // ms between looks at how the bars grew
const SLOW_FRESH = 30_000; // the same where a bar is minutes

export class Travel {
  /** @param {HTMLElement} section @param {Page} page */
  constructor(section, page) {
    this.page = page;
    this.win = section.dataset.win ?? "60";
    this.failed = false; // the moment wanted could not be loaded
    /** @type {number | null} */
    this.at = null; // the second that is wanted; null is now
    /** @type {Map<string, Picture>} */
    this.kept = new Map();
    this.asking = false;
    this.grain = 1;
    this.playing = 0; // counts the plays, so that an old one ends
    this.scrubber = new Scrubber(section, JSON.parse(byId("bars").textContent ?? ""), (at) => this.go(at));
    this.#controls();
    setInterval(() => void this.#grow(), this.win === "60" ? FRESH : SLOW_FRESH);
    document.addEventListener("visibilitychange", () => void this.#grow());
    if (section.dataset.at) this.go(Number(section.dataset.at));
    else this.scrubber.show(null);
  }

  /** Whether the page shows the past. */
  get away() {
    return this.at !== null;
  }

  /** Where in time the page is. */
  get said() {
    if (this.at === null) return "";
    return `◷ ${clockOf(this.at, this.win !== "60")} ${this.failed ? "not loaded" : "history"}`;
  }

  /** Show a moment, which ends playing; null is now. @param {number | null} at */
  go(at) {
    this.#stop();
    this.#move(at);
    void this.#load();
  }

  /** Show the same moment with another group open. */
  again() {
    if (this.away) void this.#load();
  }

  /** @param {number | null} at */
  #move(at) {
    const wasAway = this.away;
    this.at = at;
    this.failed = false;
    document.body.classList.toggle("past", this.away);
    this.scrubber.show(at);
    this.#address();
    this.page.tell();
    if (wasAway && !this.away) {
      this.page.live();
    }
  }

  /** Load and show the moment wanted; while one loads only the latest that is wanted meanwhile waits. */
  async #load() {
    if (this.asking) return;
    this.asking = true;
    try {
      while (this.at !== null) {
        const wanted = this.at;
        const picture = await this.#picture(wanted, 0);
        if (this.at === wanted) {
          this.#show(picture, 0);
          break;
        }
      }
    } catch {
      this.failed = true;
      this.page.tell();
    } finally {
      this.asking = false;
    }
  }

  /** @param {Picture} picture @param {number} span */
  #show(picture, span) {
    this.grain = picture.grain;
    this.page.show(picture, span);
  }

  /** @param {number} at @param {number} step @returns {Promise<Picture>} */
  async #picture(at, step) {
    const asked = new URLSearchParams({ ...this.page.asked(), at: written(at), ...(step ? { step: String(step) } : {}) });
    const address = `/flow/at?${asked}`;
    const known = this.kept.get(address);
    if (known) return known;
    /** @type {Picture} */
    const picture = await answer(address);
    this.kept.set(address, picture);
    for (const oldest of this.kept.keys()) {
      if (this.kept.size <= KEPT) break;
      this.kept.delete(oldest);
    }
    return picture;
  }

  /** Show one step after the other, as fast as the speed says. */
  async #play() {
    const number = (this.playing += 1);
    const speed = () => Number(/** @type {HTMLSelectElement} */ (byId("scrub-speed")).value);
    this.#tellPlaying(true);
    const begin = this.at ?? Math.floor(Date.now() / 1000) - PLAYED_FROM;
    this.#move(begin);
    await this.#load();
    while (this.playing === number && this.at !== null) {
      const step = Math.max(this.grain, speed());
      const span = (1000 * step) / speed();
      const next = this.at + step;
      if (next > Date.now() / 1000 - LATEST) {
        this.go(null);
        return;
      }
      const shown = performance.now();
      try {
        const picture = await this.#picture(next, step);
        await new Promise((resolve) => setTimeout(resolve, Math.max(0, span - (performance.now() - shown))));
        if (this.playing !== number) return;
        this.#move(next);
        this.#show(picture, span);
      } catch {
        this.failed = true;
        this.page.tell();
        this.#stop();
      }
    }
  }

  #stop() {
    this.playing += 1;
    this.#tellPlaying(false);
  }

  /** @param {boolean} plays */
  #tellPlaying(plays) {
    const button = byId("scrub-play");
    button.textContent = plays ? "❚❚ Stop" : "▶ Play";
    button.setAttribute("aria-pressed", String(plays));
  }

  #controls() {
    /** @param {string} id @param {() => void} run */
    const click = (id, run) =>
      byId(id).addEventListener("click", (event) => {
        event.preventDefault();
        run();
      });
    click("scrub-back", () => this.scrubber.step(-1));
    click("scrub-on", () => this.scrubber.step(1));
    click("scrub-live", () => this.away && this.go(null));
    click("scrub-play", () => (byId("scrub-play").getAttribute("aria-pressed") === "true" ? this.#stop() : void this.#play()));
    const field = /** @type {HTMLInputElement} */ (byId("scrub-at"));
    field.form?.addEventListener("submit", (event) => {
      event.preventDefault();
      const at = field.value ? Math.floor(new Date(field.value).getTime() / 1000) : null;
      this.go(at !== null && at > Date.now() / 1000 - LATEST ? null : at);
    });
    byId("scrub-zone").hidden = true;
    byId("scrub-play").hidden = false;
    for (const label of document.querySelectorAll(".scrub-speed")) label.removeAttribute("hidden");
    for (const link of document.querySelectorAll(".spans a")) {
      link.addEventListener("click", () => this.#keep(/** @type {HTMLAnchorElement} */ (link)));
    }
    bind("[", () => this.scrubber.step(-1));
    bind("]", () => this.scrubber.step(1));
    bind("l", () => this.go(null), () => this.away);
  }

  /** Another span shows the same moment, and what else the address says by now. @param {HTMLAnchorElement} link */
  #keep(link) {
    const asked = new URL(location.href).searchParams;
    const win = new URL(link.href).searchParams.get("win");
    if (win) asked.set("win", win);
    else asked.delete("win");
    link.search = asked.toString();
  }

  /** The address says what is shown. */
  #address() {
    const url = new URL(location.href);
    if (this.at === null) url.searchParams.delete("at");
    else url.searchParams.set("at", written(this.at));
    if (url.href !== location.href) history.replaceState(history.state, "", url);
    const field = /** @type {HTMLInputElement} */ (byId("scrub-at"));
    if (document.activeElement !== field) field.value = this.at === null ? "" : clockOf(this.at, true).replace(" ", "T");
  }

  /** See how the bars grew: those from the last but one on. */
  async #grow() {
    if (document.hidden) return;
    const { since } = this.scrubber.sent;
    const first = String(Math.max(0, this.scrubber.latest - 1));
    const asked = new URLSearchParams({ ...this.page.asked(), win: this.win, since: String(since), first });
    try {
      this.scrubber.take(await answer(`/flow/bars?${asked}`));
    } catch {
      // The header says that the server is away; the next look finds what this one missed.
    }
  }
}

/** @param {string} address @returns {Promise<any>} */
async function answer(address) {
  const response = await fetch(address, { headers: { Accept: "application/json" } });
  if (!response.ok) throw new Error(`HTTP ${response.status}`);
  return response.json();
}

/** @param {number} second @returns {string} as addresses have it */
const written = (second) => new Date(second * 1000).toISOString().replace(".000", "");

/** @param {string} id @returns {HTMLElement} */
function byId(id) {
  const found = document.getElementById(id);
  if (!found) throw new Error(`the page has no #${id}`);
  return found;
}
