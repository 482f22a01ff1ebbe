// The page of a rule, alive: each change is tried shortly after it was typed, the pattern can be edited as a form.
import { upgrade } from "./editor.js";
import { patternForm } from "./pattern_view.js";

const TRY_AFTER_MS = 300;

const form = /** @type {HTMLFormElement | null} */ (document.getElementById("rule-form"));
const area = /** @type {HTMLTextAreaElement | null} */ (document.getElementById("pattern"));
let picked = false;
const mayTry = form?.hasAttribute("data-may-try") ?? false;

/** Post the form as it stands, as the page itself would; a part of the page comes back. @param {Record<string, string>} more */
async function ask(more, /** @type {AbortSignal} */ signal) {
  if (!form) return null;
  const body = new FormData(form);
  if (!picked) body.delete("tried"); // until the reader chooses a tab, the server shows the one that says most
  for (const [name, value] of Object.entries(more)) body.set(name, value);
  const answer = await fetch(form.dataset.try ?? "", {
    method: "POST",
    body: new URLSearchParams(/** @type {[string, string][]} */ ([...body])),
    headers: { Accept: "text/html" },
    signal,
  });
  if (!answer.ok) throw new Error(`${answer.status}`);
  return new DOMParser().parseFromString(await answer.text(), "text/html");
}

if (form && area) {
  const editor = upgrade(area);
  const fault = document.getElementById("pattern-fault");
  const place = form.querySelector("[data-trial]");
  const asForm = /** @type {HTMLElement | null} */ (form.querySelector("[data-pattern-form]"));
  const rows = asForm && patternForm(asForm, area.readOnly, (text) => editor.put(text));
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  let most = "";
  let asking = new AbortController();
  let saved = false;
  const first = new URLSearchParams(/** @type {any} */ (new FormData(form))).toString();

  /** @param {Document | null} answer */
  const show = (answer) => {
    const fresh = answer?.getElementById("trial");
    if (!fresh || !place) return;
    const open = [...place.querySelectorAll("details[open] a")].map((one) => one.getAttribute("href"));
    const held = document.activeElement?.closest("[data-trial]") ? document.activeElement.id || document.activeElement.getAttribute("name") : "";
    for (const one of fresh.querySelectorAll("details")) {
      if (open.includes(one.querySelector("a")?.getAttribute("href") ?? "")) one.open = true;
    }
    place.replaceChildren(fresh);
    if (held) /** @type {HTMLElement | null} */ (place.querySelector(`#${CSS.escape(held)}, [name="${CSS.escape(held)}"]:checked, select[name="${CSS.escape(held)}"]`))?.focus();
    const said = fresh.dataset.fault ?? "";
    if (fault) fault.textContent = said ? `✕ ${said}` : "";
    area.setAttribute("aria-invalid", String(Boolean(said)));
    editor.mark(Number(fresh.dataset.line ?? 0), Number(fresh.dataset.column ?? 0));
    document.dispatchEvent(new CustomEvent("rendered"));
  };
  const tryIt = async () => {
    asking.abort();
    asking = new AbortController();
    place?.setAttribute("aria-busy", "true");
    try {
      show(await ask({ do: "check", ...(most && { most }) }, asking.signal));
      place?.removeAttribute("aria-busy");
    } catch (error) {
      if (error instanceof DOMException && error.name === "AbortError") return; // a later one is on its way
      place?.removeAttribute("aria-busy");
      if (fault) fault.textContent = "✕ The backtest did not answer. What you typed is kept; Check tries again.";
    }
  };
  const soon = () => {
    clearTimeout(timer);
    timer = setTimeout(() => void tryIt(), TRY_AFTER_MS);
  };

  area.addEventListener("input", () => {
    most = "";
    if (asForm && !asForm.hidden) rows?.show(area.value);
    if (mayTry) soon();
  });
  form.addEventListener("change", (event) => {
    const changed = /** @type {HTMLElement} */ (event.target);
    picked ||= changed.getAttribute("name") === "tried";
    const isOurs = changed.hasAttribute("data-tries") || /^(target|transform)-/.test(changed.getAttribute("name") ?? "");
    if (mayTry && isOurs) soon();
  });
  form.addEventListener("click", (event) => {
    const pressed = event.target instanceof Element ? event.target.closest("button") : null;
    if (!(pressed instanceof HTMLButtonElement)) return;
    if (pressed.dataset.path) editor.show(pressed.dataset.path);
    else if ("most" in pressed.dataset) {
      event.preventDefault();
      most = pressed.value;
      void tryIt();
    } else if ("check" in pressed.dataset && mayTry) {
      event.preventDefault();
      void tryIt();
    } else if (pressed.value.startsWith("preview-")) {
      event.preventDefault();
      void preview(pressed);
    }
  });
  form.addEventListener("submit", () => {
    saved = true; // what stays on the page does not submit it
  });
  addEventListener("beforeunload", (event) => {
    const now = new URLSearchParams(/** @type {any} */ (new FormData(form))).toString();
    const kept = (/** @type {string} */ text) => text.replace(/&?(window|tried|preview_event|most)=[^&]*/g, "");
    if (!saved && !area.readOnly && kept(now) !== kept(first)) event.preventDefault();
  });

  /** @param {HTMLButtonElement} pressed */
  const preview = async (pressed) => {
    const shown = form.querySelector(`[data-previewed="${pressed.value.slice("preview-".length)}"]`);
    try {
      const answer = await ask({ do: pressed.value }, new AbortController().signal);
      shown?.replaceChildren(...(answer?.body.childNodes ?? []));
      document.dispatchEvent(new CustomEvent("rendered"));
    } catch {
      if (shown) shown.textContent = "✕ The preview did not answer.";
    }
  };

  views(form, (view) => {
    const isForm = view === "form";
    if (asForm) asForm.hidden = !isForm;
    form.querySelector("[data-editor]")?.toggleAttribute("hidden", isForm);
    if (isForm) rows?.show(area.value);
    else editor.draw();
  });
  links(form);
  ticks(editor);
  if (mayTry && area.value.trim() && !place?.querySelector(".trial")) void tryIt();
}

/** @param {HTMLFormElement} form @param {(view: string) => void} chosen */
function views(form, chosen) {
  const group = form.querySelector("[data-views]");
  group?.removeAttribute("hidden");
  group?.addEventListener("click", (event) => {
    const pressed = event.target instanceof Element ? event.target.closest("[data-view]") : null;
    if (!(pressed instanceof HTMLElement)) return;
    for (const one of group.querySelectorAll("[data-view]")) one.setAttribute("aria-pressed", String(one === pressed));
    chosen(pressed.dataset.view ?? "");
  });
}

/** Let targets be added without a round trip: the last row is empty, and is copied. @param {HTMLFormElement} form */
function links(form) {
  const list = form.querySelector("[data-links]");
  const add = form.querySelector("[data-add-link]");
  add?.removeAttribute("hidden");
  add?.addEventListener("click", () => {
    const last = list?.lastElementChild;
    const made = /** @type {HTMLElement | undefined} */ (last?.cloneNode(true));
    if (!list || !last || !made) return;
    const from = last.getAttribute("data-link") ?? "0";
    const number = String(Number(from) + 1);
    made.setAttribute("data-link", number);
    for (const one of made.querySelectorAll("*")) {
      for (const name of ["name", "id", "for", "value", "data-previewed"]) {
        const value = one.getAttribute(name);
        if (value?.endsWith(`-${from}`)) one.setAttribute(name, value.slice(0, -from.length) + number);
        else if (name === "data-previewed" && value === from) one.setAttribute(name, number);
      }
    }
    for (const one of made.querySelectorAll("select")) one.selectedIndex = 0;
    for (const one of made.querySelectorAll("textarea")) one.value = "";
    const legend = made.querySelector("legend");
    if (legend) legend.textContent = `Target ${Number(number) + 1}`;
    for (const one of made.querySelectorAll(".previewed")) one.replaceChildren();
    list.append(made);
    made.querySelector("select")?.focus();
  });
}

/** Make the pattern of the ticked fields at once: the server does, as the button would. @param {import("./editor.js").Editor} editor */
function ticks(editor) {
  const ticked = /** @type {HTMLFormElement | null} */ (document.getElementById("ticks"));
  if (!ticked) return;
  ticked.querySelector("[data-ticked]")?.setAttribute("hidden", "");
  let latest = 0;
  const make = async (/** @type {Event} */ event) => {
    const mine = ++latest;
    const query = new URLSearchParams(/** @type {any} */ (new FormData(ticked)));
    const answer = await fetch(`/rules/new?${query}`, { headers: { Accept: "text/html" } });
    if (!answer.ok || mine !== latest) return;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    history.replaceState(null, "", `/rules/new?${query}`);
    const pattern = page.getElementById("pattern");
    const fresh = page.getElementById("ticks");
    if (pattern instanceof HTMLTextAreaElement) editor.put(pattern.value);
    if (!fresh || event.type !== "change") return;
    // What is suggested for another comparison comes with the answer.
    for (const field of /** @type {NodeListOf<HTMLInputElement>} */ (ticked.querySelectorAll("input[name^=text-]"))) {
      const told = /** @type {HTMLInputElement | null} */ (fresh.querySelector(`[name="${field.name}"]`));
      if (told && field !== document.activeElement) field.value = told.value;
    }
  };
  ticked.addEventListener("change", (event) => void make(event));
  ticked.addEventListener("input", (event) => {
    if (event.target instanceof HTMLInputElement && event.target.type === "text") void make(event);
  });
  ticked.addEventListener("submit", (event) => event.preventDefault());
}
