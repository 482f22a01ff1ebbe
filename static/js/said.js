// What a screen reader is told of the flow: a summary when something is different, at most every five seconds, and
// at once what begins to fail, at most once a minute. Figures that tick are never read out.
import { rate } from "./figures.js";
import { troubled } from "./groups.js";

/** @typedef {import("./model.js").Flow} Flow */

const SUMMARY_MS = 5000;
const ALARM_MS = 60_000;

export class Said {
  /** @param {HTMLElement} polite @param {HTMLElement} assertive */
  constructor(polite, assertive) {
    this.polite = polite;
    this.assertive = assertive;
    this.saidAt = -SUMMARY_MS;
    this.alarmedAt = -ALARM_MS;
    /** @type {Set<string> | null} */
    this.failing = null; // keys of what failed when we last looked
    this.summary = "";
  }

  /** @param {Flow} flow @param {number} [now] ms */
  tell({ nodes, head, minute }, now = performance.now()) {
    const failing = [...nodes.values()].filter((node) => node.kind === "target" && troubled(node));
    const fresh = this.failing && failing.filter((node) => !this.failing?.has(node.key));
    if (fresh?.length && now - this.alarmedAt >= ALARM_MS) {
      const names = fresh.slice(0, 3).map((node) => `${node.label}: ${node.state === "open" ? "circuit open" : node.state}`);
      this.assertive.textContent = [...names, ...(fresh.length > 3 ? [`and ${fresh.length - 3} more`] : [])].join(", ");
      this.alarmedAt = now;
      this.failing = new Set(failing.map((node) => node.key));
    } else if (!fresh?.length) {
      this.failing = new Set(failing.map((node) => node.key));
    }
    // What the summary depends on: rates in powers of two, so that it speaks of changes that matter.
    const size = head.in >= 1 ? Math.round(Math.log2(head.in)) : Number(minute.in > 0) - 1;
    const summary = `${size} ${failing.length}`;
    if (summary === this.summary || now - this.saidAt < SUMMARY_MS) return;
    const isFirst = this.summary === "";
    this.summary = summary;
    if (isFirst) return; // the page itself has just said so
    this.saidAt = now;
    const trouble = failing.length ? `, ${failing.length} ${failing.length === 1 ? "target" : "targets"} failing` : "";
    this.polite.textContent = `${rate(head.in, minute.in)} in${trouble}`;
  }
}
