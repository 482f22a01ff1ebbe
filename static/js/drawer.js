// The stream's panel shown or hidden: at the side of a wide page, as a drawer under a narrow one.
import { note } from "./address.js";
import { bind } from "./keys.js";

/** @param {HTMLElement} page what holds the panel @param {HTMLElement} panel @param {HTMLElement} back what shows it again */
export function drawer(page, panel, back) {
  const show = (/** @type {boolean} */ shown) => {
    page.classList.toggle("no-stream", !shown);
    back.hidden = shown;
    note({ stream: shown ? "" : "0" });
  };
  const toggle = () => {
    const shown = page.classList.contains("no-stream");
    const moved = !shown && panel.contains(document.activeElement);
    show(shown);
    if (moved) back.focus();
  };
  back.hidden = !page.classList.contains("no-stream");
  back.addEventListener("click", () => {
    show(true);
    panel.querySelector("button")?.focus();
  });
  panel.querySelector("[data-do=collapse]")?.addEventListener("click", toggle);
  bind("s", toggle);
}
