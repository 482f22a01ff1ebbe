// The small picture of a long journey: every row's bars on the common axis, and which rows the window shows. Pressing it goes there.

const COLOURS = {
  queue: "--phase-wait",
  backoff: "--phase-wait",
  dns: "--phase-dns",
  connect: "--phase-connect",
  tls: "--phase-tls",
  send: "--phase-send",
  first_byte: "--phase-first-byte",
  attempt: "--phase-first-byte",
  body: "--phase-body",
  failed: "--bad",
};

const AGAIN_MS = 3000; // while the journey grows

/** @typedef {[string, number, number]} Bar  kind, x and width in percent */

/** Draw it on a canvas, and keep it current. @param {HTMLCanvasElement} canvas */
export async function minimap(canvas) {
  /** @returns {Promise<Bar[][]>} */
  const load = async () => {
    const answer = await fetch(canvas.dataset.src || "", { headers: { Accept: "application/json" } }).catch(() => null);
    return answer?.ok ? (await answer.json()).lanes : [];
  };
  let lanes = await load();
  let loadedAt = performance.now();
  const rows = document.querySelector(".lanes");
  if (!lanes.length || !(rows instanceof HTMLElement)) return;
  canvas.hidden = false;

  const picture = document.createElement("canvas");
  const paint = () => {
    const { width, height } = canvas.getBoundingClientRect();
    if (!width || !height) return; // not laid out yet: the observer calls again
    const scale = devicePixelRatio || 1;
    canvas.width = picture.width = Math.round(width * scale);
    canvas.height = picture.height = Math.round(height * scale);
    const context = picture.getContext("2d");
    if (!context) return;
    const style = getComputedStyle(canvas);
    const colours = Object.fromEntries(Object.entries(COLOURS).map(([kind, name]) => [kind, style.getPropertyValue(name)]));
    const row = picture.height / lanes.length;
    lanes.forEach((lane, number) => {
      for (const [kind, x, wide] of lane) {
        context.fillStyle = resolved(colours[kind] || colours.attempt || "", canvas);
        const least = kind === "failed" ? 2 * scale : 1;
        context.fillRect((x / 100) * picture.width, number * row, Math.max(least, (wide / 100) * picture.width), Math.max(1, row * 0.8));
      }
    });
    frame();
  };

  const frame = () => {
    const context = canvas.getContext("2d");
    if (!context || !picture.width || !picture.height) return;
    const { top, height } = rows.getBoundingClientRect();
    const from = Math.max(0, -top / height);
    const to = Math.min(1, (innerHeight - top) / height);
    context.clearRect(0, 0, canvas.width, canvas.height);
    context.drawImage(picture, 0, 0);
    if (to <= from || (from === 0 && to === 1)) return;
    context.strokeStyle = getComputedStyle(canvas).color;
    context.lineWidth = devicePixelRatio || 1;
    context.strokeRect(0.5, from * canvas.height + 0.5, canvas.width - 1, Math.max(2, (to - from) * canvas.height - 1));
  };

  let asked = false;
  const soon = () => {
    if (asked) return;
    asked = true;
    requestAnimationFrame(() => {
      asked = false;
      frame();
    });
  };
  addEventListener("scroll", soon, { passive: true });
  document.addEventListener("rendered", async () => {
    soon();
    if (performance.now() - loadedAt < AGAIN_MS || !document.getElementById("journey")?.hasAttribute("data-in-flight")) return;
    loadedAt = performance.now();
    const fresh = await load();
    if (fresh.length) lanes = fresh;
    paint();
  });
  document.addEventListener("theme", paint);
  new ResizeObserver(paint).observe(canvas);
  canvas.addEventListener("pointerdown", (press) => {
    const { top, height } = canvas.getBoundingClientRect();
    const area = rows.getBoundingClientRect();
    scrollTo({ top: scrollY + area.top + ((press.clientY - top) / height) * area.height - innerHeight / 2 });
  });
}

/** A custom property may say `light-dark(…)`, which a canvas cannot read: let an element work it out. */
const known = new Map();
/** @param {string} colour @param {Element} beside */
function resolved(colour, beside) {
  const key = `${colour}|${getComputedStyle(beside).colorScheme}|${matchMedia("(prefers-color-scheme: dark)").matches}`;
  if (!known.has(key)) {
    const probe = document.createElement("span");
    probe.hidden = true;
    probe.style.color = colour;
    beside.after(probe);
    known.set(key, getComputedStyle(probe).color);
    probe.remove();
  }
  return known.get(key);
}
