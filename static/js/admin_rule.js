// The rule form of the admin, alive: the pattern's editor, and each change tried on stored events shortly after.
import { upgrade } from "./editor.js";

const TRY_AFTER_MS = 300;
const PICKED = ["window", "tried", "most"];

const form = /** @type {HTMLFormElement | null} */ (document.getElementById("rule_form"));
const area = /** @type {HTMLTextAreaElement | null} */ (document.getElementById("id_pattern"));
const place = /** @type {HTMLElement | null} */ (document.querySelector("[data-trial]"));

if (form && area && place) {
  const frame = document.createElement("div");
  frame.className = "editor";
  area.replaceWith(frame);
  frame.append(area);
  area.className = ""; // the admin's width and colours are for plain fields
  area.wrap = "off";
  const editor = upgrade(area);
  const fault = document.createElement("p");
  fault.className = "pattern-fault bad";
  fault.setAttribute("role", "status");
  frame.after(fault);
  place.hidden = false;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  let asking = new AbortController();
  /** @type {Record<string, string>} */
  let picked = {};

  const tryIt = async () => {
    asking.abort();
    asking = new AbortController();
    try {
      const answer = await fetch(place.dataset.try ?? "", {
        method: "POST",
        body: typed(form, picked),
        headers: { Accept: "text/html" },
        signal: asking.signal,
      });
      if (!answer.ok) throw new Error(`${answer.status}`);
      const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").getElementById("trial");
      if (!fresh) return;
      place.replaceChildren(fresh);
      const said = fresh.dataset.fault ?? "";
      fault.textContent = said ? `✕ ${said}` : "";
      area.setAttribute("aria-invalid", String(Boolean(said)));
      editor.mark(Number(fresh.dataset.line ?? 0), Number(fresh.dataset.column ?? 0));
    } catch (error) {
      if (error instanceof DOMException && error.name === "AbortError") return; // a later one is on its way
      fault.textContent = "✕ The backtest did not answer. What you typed is kept.";
    }
  };
  const soon = () => {
    clearTimeout(timer);
    timer = setTimeout(() => void tryIt(), TRY_AFTER_MS);
  };
  area.addEventListener("input", soon);
  form.addEventListener("change", (event) => {
    const changed = event.target instanceof Element ? event.target : null;
    if (changed === area || !changed) return;
    const name = changed.getAttribute("name") ?? "";
    if (PICKED.includes(name)) picked[name] = /** @type {HTMLInputElement} */ (changed).value;
    if (name !== "tried") soon(); // the tabs are all there already
  });
  place.addEventListener("click", (event) => {
    const pressed = event.target instanceof Element ? event.target.closest("button") : null;
    if (!pressed) return;
    event.preventDefault(); // the form is the admin's: nothing in here submits it
    if (pressed.dataset.path) editor.show(pressed.dataset.path);
    else if (pressed.name === "most") {
      picked.most = pressed.value;
      void tryIt();
    }
  });
  if (area.value.trim()) void tryIt();
}

/**
 * What the rule's own page would post of this form: it names buses and targets, and calls fields otherwise.
 * @param {HTMLFormElement} form @param {Record<string, string>} picked
 */
function typed(form, picked) {
  const given = new FormData(form);
  const text = (/** @type {string} */ name) => String(given.get(name) ?? "");
  const body = new URLSearchParams({
    csrfmiddlewaretoken: text("csrfmiddlewaretoken"),
    do: "check",
    bus: named(form, "bus"),
    name: text("name"),
    description: text("description"),
    pattern: text("pattern"),
    schedule_expression: text("schedule_expression"),
    state: !given.has("enabled") ? "disabled" : given.has("shadow") ? "shadow" : "enabled",
    ...picked,
  });
  for (let number = 0; number < Number(text("links-TOTAL_FORMS")); number++) {
    if (given.has(`links-${number}-DELETE`)) continue;
    body.set(`target-${number}`, named(form, `links-${number}-target`));
    body.set(`transform-${number}`, text(`links-${number}-transform`));
  }
  return body;
}

/** The words of what a choice has chosen; nothing of an empty choice. @param {HTMLFormElement} form @param {string} name */
function named(form, name) {
  const field = form.elements.namedItem(name);
  if (!(field instanceof HTMLSelectElement) || !field.value) return "";
  return field.selectedOptions[0]?.textContent?.trim() ?? "";
}
