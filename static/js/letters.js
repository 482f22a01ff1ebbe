// The page of dead letters: redrives keep moving while one runs, and a page's letters are selected at once.

const EVERY_MS = 1000;

/** Put the redrives as they stand now in place of ours. The letters stay: the reader may be selecting. */
async function refresh() {
  const answer = await fetch("/dead-letters/redrives", { headers: { Accept: "text/html" } });
  if (!answer.ok) return;
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const fresh = page.getElementById("redrives");
  const ours = document.getElementById("redrives");
  // Not under the reader's finger: a button that is being used stays until it is let go.
  if (!fresh || !ours || ours.contains(document.activeElement)) return;
  ours.replaceWith(fresh);
  document.dispatchEvent(new CustomEvent("rendered"));
}

setInterval(() => {
  if (!document.hidden && document.getElementById("redrives")?.dataset.running) void refresh().catch(() => {});
}, EVERY_MS);

const letters = document.getElementById("letters");
const all = document.getElementById("pick-all");
const redrive = document.getElementById("redrive-picked");
if (letters && all instanceof HTMLInputElement && redrive instanceof HTMLButtonElement) {
  const boxes = () => /** @type {HTMLInputElement[]} */ ([...letters.querySelectorAll("input[name=id]")]);
  const tell = () => {
    const picked = boxes().filter((box) => box.checked).length;
    redrive.disabled = !picked;
    redrive.textContent = picked ? `Redrive ${picked} selected…` : "Redrive selected…";
    all.checked = picked > 0 && picked === boxes().length;
    all.indeterminate = picked > 0 && !all.checked;
  };
  all.hidden = false;
  all.addEventListener("change", () => {
    for (const box of boxes()) box.checked = all.checked;
    tell();
  });
  letters.addEventListener("change", tell);
  addEventListener("pageshow", tell); // a page that comes back keeps its marks
  tell();
}
