// The list of rules by the keyboard: to the filter, and from row to row.
import { bind } from "./keys.js";

const rows = () => /** @type {HTMLElement[]} */ ([...document.querySelectorAll(".rules .named a")]);

/** Go on by so many rows from where the focus is; without a row in focus, to the first. @param {number} by */
function go(by) {
  const all = rows();
  const at = all.findIndex((one) => one.closest("tr")?.contains(document.activeElement));
  all[Math.min(all.length - 1, Math.max(0, at < 0 ? 0 : at + by))]?.focus();
}

bind("/", (event) => {
  event.preventDefault();
  /** @type {HTMLElement | null} */ (document.querySelector(".rule-filter input"))?.focus();
});
bind("j, ArrowDown", (event) => {
  event.preventDefault();
  go(1);
}, () => rows().length > 0);
bind("k, ArrowUp", (event) => {
  event.preventDefault();
  go(-1);
}, () => rows().length > 0);
