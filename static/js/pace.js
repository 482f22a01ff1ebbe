// How much may move: what the reader wants (auto, full, calm, off), and what the display can keep up with.
//
// auto follows the system's wish for less motion and, when frames come too slowly, goes down a ladder: every other
// frame, half the dots, none. It climbs again after thirty good seconds. full moves whatever happens; calm has no
// dots and new figures once a second; off every five seconds.

/** @typedef {"auto" | "full" | "calm" | "off"} Motion */

export const MOTIONS = /** @type {Motion[]} */ (["auto", "full", "calm", "off"]);
const KEPT_AS = "motion";
const SAMPLE_MS = 2000;
const GOOD_MS = 30_000;
const LADDER = [20, 33, 50]; // ms that the slowest tenth of frames may take before the next step down

export class Pace {
  constructor() {
    const kept = /** @type {Motion} */ (localStorage.getItem(KEPT_AS));
    this.motion = MOTIONS.includes(kept) ? kept : "auto";
    this.system = matchMedia("(prefers-reduced-motion: reduce)");
    this.system.addEventListener("change", () => this.#told());
    this.step = 0; // down the ladder
    /** @type {number[]} */
    this.times = [];
    this.last = 0;
    this.since = 0;
    this.odd = false;
  }

  /** @param {Motion} motion */
  choose(motion) {
    this.motion = motion;
    localStorage.setItem(KEPT_AS, motion);
    this.#to(0);
  }

  /** Whether the reader wants no dots. */
  get calm() {
    return this.motion === "calm" || this.motion === "off" || (this.motion === "auto" && this.system.matches);
  }

  /** Whether the display is too slow for any. */
  get slow() {
    if (this.step < LADDER.length) return false;
    if (performance.now() - this.since > GOOD_MS) this.#to(LADDER.length - 1);
    return this.step >= LADDER.length;
  }

  /** The share of dots to show. */
  get share() {
    return this.step >= 2 ? 0.5 : 1;
  }

  /** How often figures and ribbons change, in ms: faster than the first they cannot be read. */
  get figuresEvery() {
    return this.motion === "off" ? 5000 : this.calm ? 1000 : 250;
  }

  /** The frames stop for a while: the pause is none of theirs. */
  rest() {
    this.last = 0;
  }

  /** Note a frame; false if it is to be skipped. @param {number} now */
  frame(now) {
    if (this.last) this.times.push(now - this.last);
    this.last = now;
    if (this.times.length * 16 >= SAMPLE_MS) {
      const p90 = this.times.sort((a, b) => a - b)[Math.floor(this.times.length * 0.9)];
      this.times = [];
      const wanted = this.motion === "full" ? 0 : LADDER.filter((most) => p90 > most).length;
      if (wanted > this.step) this.#to(this.step + 1);
      else if (wanted < this.step && now - this.since > GOOD_MS) this.#to(this.step - 1);
    }
    this.odd = !this.odd;
    return this.step === 0 || this.odd;
  }

  /** @param {number} step */
  #to(step) {
    this.step = step;
    this.since = performance.now();
    this.#told();
  }

  #told() {
    document.dispatchEvent(new CustomEvent("pace"));
  }
}
