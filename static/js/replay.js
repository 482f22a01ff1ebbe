// The form of a replay: what it would put is counted as soon as the form changes, by the same page that counts without us.

const SOON_MS = 300;

const form = document.getElementById("replay-form");
/** @type {AbortController | undefined} */
let asking;
let timer = 0;

/** @param {HTMLFormElement} asked */
async function count(asked) {
  asking?.abort();
  asking = new AbortController();
  const given = new FormData(asked);
  given.set("do", "count");
  const body = new URLSearchParams(/** @type {[string, string][]} */ ([...given]));
  const answer = await fetch(asked.action, { method: "POST", body, signal: asking.signal });
  if (!answer.ok) return;
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  for (const wanted of ["#counted", "button[value=start]"]) {
    const [fresh, ours] = [page.querySelector(wanted), document.querySelector(wanted)];
    // The button keeps its place and the reader's focus: only its words change.
    if (fresh && ours) ours.replaceChildren(...[...fresh.childNodes].map((node) => document.adoptNode(node)));
  }
  for (const ours of asked.querySelectorAll(".field")) {
    const name = ours.querySelector("[name]")?.getAttribute("name") ?? "";
    ours.querySelector(".errorlist")?.remove();
    const fault = page.querySelector(`.field:has([name="${CSS.escape(name)}"]) .errorlist`);
    if (fault) ours.append(document.adoptNode(fault));
  }
}

if (form instanceof HTMLFormElement) {
  form.addEventListener("input", () => {
    clearTimeout(timer);
    timer = window.setTimeout(() => void count(form).catch(() => {}), SOON_MS);
  });
  void count(form).catch(() => {});
}
