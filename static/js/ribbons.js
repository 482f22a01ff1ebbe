// The two canvases under the cards: ribbons stand still and are drawn when something changed; dots move over them.
//
// One dot is one event on an edge with up to 20 a second; above that dots are a sample for the eye, and the numbers
// on the cards stay exact. Dots are let go evenly over the tick that told them, and later columns' dots a moment
// after earlier ones', so that an event is seen to travel. When frames come too slowly, fewer dots are shown.

/**
 * @typedef {import("./layout.js").Layout} Layout
 * @typedef {import("./layout.js").Ribbon} Ribbon
 * @typedef {import("./model.js").Flow} Flow
 * @typedef {import("./model.js").Counted} Counted
 * @typedef {{ path: Path2D, points: Float32Array, back: boolean }} Track  points: x, y of equal steps along it
 */

const MOST_DOTS = 2000;
const EXACT_RATE = 20;
const WINDOW_SECONDS = 60;
const STEPS = 48;
const HOP_MS = 560; // how long a dot takes between two columns
const SPREAD_MS = 200; // the longest tick: after a rest a frame's span is longer, but its events are news of now
const DOT = 2.6;
const FAINT = 0.35; // what lies beside the path in focus: still there to be seen

export class Ribbons {
  /** @param {HTMLCanvasElement} still @param {HTMLCanvasElement} moving @param {Flow} flow */
  constructor(still, moving, flow) {
    this.still = still;
    this.moving = moving;
    this.flow = flow;
    /** @type {Layout | null} */
    this.layout = null;
    /** @type {Map<Ribbon, Track>} */
    this.tracks = new Map();
    /** @type {Map<number, Ribbon>} */
    this.ribbonOf = new Map();
    /** @type {Set<Ribbon> | null} */
    this.kept = null; // the path in focus, or null for everything
    /** @type {{ ribbon: Ribbon, start: number, takes: number, fails: boolean }[]} */
    this.dots = [];
    this.frozen = false;
    this.drawing = 0;
    this.pace = new Pace();
    this.calm = matchMedia("(prefers-reduced-motion: reduce)");
    this.calm.addEventListener("change", () => this.#clear());
    document.addEventListener("theme", () => this.restyle());
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.restyle());
    document.addEventListener("visibilitychange", () => this.#clear());
    this.colours = readColours(still);
  }

  restyle() {
    this.colours = readColours(this.still);
    this.draw();
  }

  /** @param {Layout} layout */
  place(layout) {
    const before = new Map([...this.tracks.keys()].map((ribbon) => [keyOf(ribbon), ribbon]));
    this.layout = layout;
    this.tracks = new Map(layout.ribbons.map((ribbon) => [ribbon, track(ribbon, layout)]));
    this.ribbonOf = new Map(layout.ribbons.flatMap((ribbon) => ribbon.edges.map((edge) => [edge, ribbon])));
    const now = new Map(layout.ribbons.map((ribbon) => [keyOf(ribbon), ribbon]));
    // Dots on their way go on where their ribbon lies now.
    this.dots = this.dots.flatMap((dot) => {
      const ribbon = before.has(keyOf(dot.ribbon)) ? now.get(keyOf(dot.ribbon)) : undefined;
      return ribbon ? [{ ...dot, ribbon }] : [];
    });
    const ratio = Math.min(3, devicePixelRatio || 1);
    for (const canvas of [this.still, this.moving]) {
      canvas.width = Math.round(layout.width * ratio);
      canvas.height = Math.round(layout.height * ratio);
      canvas.style.width = `${layout.width}px`;
      canvas.style.height = `${layout.height}px`;
      canvas.getContext("2d")?.setTransform(ratio, 0, 0, ratio, 0, 0);
    }
    this.draw();
  }

  /** @param {Set<Ribbon> | null} ribbons */
  keep(ribbons) {
    this.kept = ribbons;
    this.draw();
  }

  /** Draw the ribbons. */
  draw() {
    const paint = this.still.getContext("2d");
    if (!paint || !this.layout) return;
    paint.clearRect(0, 0, this.layout.width, this.layout.height);
    paint.lineCap = "butt";
    const near = this.kept;
    // Well ones first, so that trouble lies on top.
    const styled = [...this.tracks].map(([ribbon, track]) => ({ ribbon, track, ...this.#style(ribbon) }));
    styled.sort((a, b) => a.rank - b.rank);
    for (const { ribbon, track, width, colour, dashed, rank } of styled) {
      if (rank < 0) continue; // nothing was lost there: a way that nothing takes would only be noise
      paint.globalAlpha = near && !near.has(ribbon) ? FAINT : 1;
      paint.strokeStyle = near?.has(ribbon) && colour === this.colours.ribbon ? this.colours.near : colour;
      paint.lineWidth = width;
      paint.setLineDash(dashed ? [5, 4] : []);
      paint.stroke(track.path);
    }
    paint.globalAlpha = 1;
    paint.setLineDash([]);
  }

  /** @param {Ribbon} ribbon */
  #style(ribbon) {
    let count = 0;
    let failed = 0;
    for (const number of ribbon.edges) {
      const edge = this.flow.edges.get(number);
      count += edge?.count ?? 0;
      failed += edge?.failed ?? 0;
    }
    const perSecond = Math.max(0, count) / WINDOW_SECONDS;
    const width = count > 0 ? 2.2 + 0.95 * Math.log2(1 + perSecond) : 1;
    const lost = ribbon.to.members[0].kind === "sink";
    if (lost && count <= 0) return { width, colour: this.colours.ribbon, dashed: true, rank: -1 };
    if (count > 0 && failed * 2 >= count) return { width, colour: this.colours.bad, dashed: true, rank: 3 };
    if (failed > 0) return { width, colour: this.colours.warn, dashed: false, rank: 2 };
    return { width, colour: this.colours.ribbon, dashed: lost, rank: count > 0 ? 1 : 0 };
  }

  /**
   * Let dots go for what a tick told.
   * @param {Counted[]} news @param {number} span ms that the tick covers
   */
  release(news, span) {
    if (this.frozen || this.calm.matches || document.hidden || this.pace.still) return;
    const now = performance.now();
    for (const [number, count, failed] of news) {
      const ribbon = this.ribbonOf.get(number);
      const edge = this.flow.edges.get(number);
      if (!ribbon || !edge || count <= 0) continue;
      const exact = edge.count / WINDOW_SECONDS <= EXACT_RATE && count <= 2 * EXACT_RATE;
      const dots = Math.round((exact ? count : Math.log2(1 + count) * 1.5) * this.pace.share) || 1;
      const failing = Math.round((dots * failed) / count);
      const hops = ribbon.way === "across" ? ribbon.from.column : ribbon.from.column + 0.5;
      const target = ribbon.to.members.length === 1 ? ribbon.to.members[0] : null;
      const slow = target?.kind === "target" && target.p50 ? 400 + 500 * Math.log10(1 + target.p50) : HOP_MS;
      const takes = Math.min(2500, Math.max(400, slow));
      for (let index = 0; index < dots && this.dots.length < MOST_DOTS; index += 1) {
        const later = dots > 1 ? (Math.min(span, SPREAD_MS) * (index + Math.random() * 0.6)) / dots : 0;
        const start = now + hops * HOP_MS + later;
        this.dots.push({ ribbon, start, takes, fails: index < failing });
      }
    }
    this.#wake();
  }

  /** @param {boolean} frozen */
  freeze(frozen) {
    this.frozen = frozen;
    if (frozen) cancelAnimationFrame(this.drawing);
    this.drawing = 0;
    this.dots = frozen ? this.dots : this.dots.filter((dot) => performance.now() < dot.start + dot.takes);
    if (!frozen) this.#wake();
  }

  #clear() {
    this.dots = [];
    const paint = this.moving.getContext("2d");
    paint?.clearRect(0, 0, this.layout?.width ?? 0, this.layout?.height ?? 0);
  }

  #wake() {
    if (this.drawing || this.frozen || !this.dots.length || document.hidden) return;
    this.pace.rest();
    this.drawing = requestAnimationFrame((now) => this.#frame(now));
  }

  /** @param {number} now */
  #frame(now) {
    this.drawing = 0;
    const paint = this.moving.getContext("2d");
    if (!paint || !this.layout) return;
    if (this.pace.frame(now)) this.#dots(paint, now, this.layout);
    if (this.dots.length && !this.frozen && !document.hidden) {
      this.drawing = requestAnimationFrame((next) => this.#frame(next));
    }
  }

  /** @param {CanvasRenderingContext2D} paint @param {number} now @param {Layout} layout */
  #dots(paint, now, layout) {
    paint.clearRect(0, 0, layout.width, layout.height);
    const alive = [];
    const near = { well: new Path2D(), failing: new Path2D() };
    const beside = { well: new Path2D(), failing: new Path2D() };
    for (const dot of this.dots) {
      const done = (now - dot.start) / dot.takes;
      if (done >= 1) continue;
      alive.push(dot);
      const points = done >= 0 ? this.tracks.get(dot.ribbon)?.points : undefined;
      if (!points) continue;
      const { well, failing } = this.kept && !this.kept.has(dot.ribbon) ? beside : near;
      const along = done * (STEPS - 1);
      const step = Math.min(STEPS - 2, Math.floor(along));
      const rest = along - step;
      const x = points[2 * step] + (points[2 * step + 2] - points[2 * step]) * rest;
      const y = points[2 * step + 1] + (points[2 * step + 3] - points[2 * step + 1]) * rest;
      if (dot.fails && done > 0.35) {
        failing.moveTo(x, y - 4.4);
        failing.lineTo(x + 4.4, y);
        failing.lineTo(x, y + 4.4);
        failing.lineTo(x - 4.4, y);
        failing.closePath();
      } else {
        well.moveTo(x + DOT, y);
        well.arc(x, y, DOT, 0, 2 * Math.PI);
      }
    }
    this.dots = alive;
    for (const [paths, alpha] of /** @type {const} */ ([[beside, FAINT], [near, 1]])) {
      paint.globalAlpha = alpha;
      paint.fillStyle = this.colours.dot;
      paint.fill(paths.well);
      paint.fillStyle = this.colours.diamond;
      paint.fill(paths.failing);
    }
  }
}

/** How fast frames come, and what that allows: full, every other frame, half the dots, or no motion. */
class Pace {
  constructor() {
    this.step = 0;
    /** @type {number[]} */
    this.times = [];
    this.last = 0;
    this.since = 0;
    this.odd = false;
  }

  get share() {
    return this.step >= 2 ? 0.5 : 1;
  }

  get still() {
    if (this.step < 3) return false;
    if (performance.now() - this.since > 30_000) this.#to(2);
    return this.step >= 3;
  }

  rest() {
    this.last = 0;
  }

  /** Note a frame; false if it is to be skipped. @param {number} now */
  frame(now) {
    if (this.last) this.times.push(now - this.last);
    this.last = now;
    if (this.times.length >= 120) {
      const p90 = this.times.sort((a, b) => a - b)[Math.floor(this.times.length * 0.9)];
      this.times = [];
      const wanted = p90 > 100 ? 3 : p90 > 50 ? 2 : p90 > 25 ? 1 : 0;
      if (wanted > this.step) this.#to(this.step + 1);
      else if (wanted < this.step && now - this.since > 30_000) this.#to(this.step - 1);
    }
    this.odd = !this.odd;
    return this.step === 0 || this.odd;
  }

  /** @param {number} step */
  #to(step) {
    this.step = step;
    this.since = performance.now();
    document.dispatchEvent(new CustomEvent("pace", { detail: step }));
  }
}

/** @param {Ribbon} ribbon */
const keyOf = (ribbon) => `${ribbon.from.key}>${ribbon.to.key}`;

/** @param {Ribbon} ribbon @param {Layout} layout @returns {Track} */
function track(ribbon, layout) {
  const { from, to, y1, y2 } = ribbon;
  const x1 = from.x + from.w;
  /** @type {number[][]} */
  let curves;
  if (ribbon.way === "across") {
    const bend = (to.x - x1) * 0.5;
    curves = [[x1, y1, x1 + bend, y1, to.x - bend, y2, to.x, y2]];
  } else if (ribbon.way === "beside") {
    const out = x1 + 30;
    curves = [[x1, y1, out, y1, out, y2, to.x + to.w, y2]];
  } else {
    // Out of the target, down to a lane below everything, and up on the left of the bus.
    const right = Math.min(layout.width - 6, x1 + 22);
    const left = to.x - 18;
    curves = [
      [x1, y1, right, y1, right, y1, right, y1 + 16],
      [right, y1 + 16, right, y1 + 16, right, ribbon.lane - 16, right, ribbon.lane - 16],
      [right, ribbon.lane - 16, right, ribbon.lane, right, ribbon.lane, right - 16, ribbon.lane],
      [right - 16, ribbon.lane, right - 16, ribbon.lane, left + 16, ribbon.lane, left + 16, ribbon.lane],
      [left + 16, ribbon.lane, left, ribbon.lane, left, ribbon.lane, left, ribbon.lane - 16],
      [left, ribbon.lane - 16, left, ribbon.lane - 16, left, y2 + 16, left, y2 + 16],
      [left, y2 + 16, left, y2, left, y2, to.x, y2],
    ];
  }
  const path = new Path2D();
  path.moveTo(curves[0][0], curves[0][1]);
  for (const [, , a, b, c, d, e, f] of curves) path.bezierCurveTo(a, b, c, d, e, f);
  return { path, points: evenly(curves), back: ribbon.way === "back" };
}

/** Points in equal steps along joined curves. @param {number[][]} curves */
function evenly(curves) {
  const fine = curves.flatMap((curve) =>
    Array.from({ length: 24 }, (_, index) => {
      const t = index / 23;
      const s = 1 - t;
      const mix = (/** @type {number} */ axis) =>
        s * s * s * curve[axis] + 3 * s * s * t * curve[2 + axis] + 3 * s * t * t * curve[4 + axis] + t * t * t * curve[6 + axis];
      return [mix(0), mix(1)];
    }),
  );
  const lengths = [0];
  for (let index = 1; index < fine.length; index += 1) {
    lengths.push(lengths[index - 1] + Math.hypot(fine[index][0] - fine[index - 1][0], fine[index][1] - fine[index - 1][1]));
  }
  const points = new Float32Array(2 * STEPS);
  let at = 0;
  for (let step = 0; step < STEPS; step += 1) {
    const wanted = (lengths[lengths.length - 1] * step) / (STEPS - 1);
    while (at < fine.length - 2 && lengths[at + 1] < wanted) at += 1;
    const part = Math.min(1, (wanted - lengths[at]) / (lengths[at + 1] - lengths[at] || 1));
    points[2 * step] = fine[at][0] + (fine[at + 1][0] - fine[at][0]) * part;
    points[2 * step + 1] = fine[at][1] + (fine[at + 1][1] - fine[at][1]) * part;
  }
  return points;
}

/** The theme's colours as the canvas needs them. @param {HTMLElement} within */
function readColours(within) {
  const probe = document.createElement("i");
  probe.hidden = true;
  within.after(probe);
  const read = (/** @type {string} */ name) => {
    probe.style.color = matchMedia("(forced-colors: active)").matches ? "CanvasText" : `var(${name})`;
    return getComputedStyle(probe).color;
  };
  const colours = {
    ribbon: read("--ribbon"),
    near: read("--ribbon-near"),
    warn: read("--ribbon-warn"),
    bad: read("--ribbon-bad"),
    dot: read("--dot"),
    diamond: read("--bad"),
  };
  probe.remove();
  return colours;
}
