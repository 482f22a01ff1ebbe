// The still canvas under the cards: ribbons, drawn when something changed. Their width is the rate, their colour and
// dashes the state of what they lead to.
import { troubled } from "./groups.js";

/**
 * @typedef {import("./layout.js").Layout} Layout
 * @typedef {import("./layout.js").Ribbon} Ribbon
 * @typedef {import("./model.js").Flow} Flow
 * @typedef {{ path: Path2D, points: Float32Array }} Track  points: x, y of equal steps along it
 * @typedef {{ width: number, colour: string, dashed: boolean, rank: number }} Style  rank: what is drawn last
 */

const WINDOW_SECONDS = 60;
const STEPS = 48;
const FAINT = 0.15; // what lies beside the path in focus
const REACH = 7; // px from a ribbon's middle within which it is pointed at

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
    document.addEventListener("theme", () => this.restyle());
    for (const query of ["(prefers-color-scheme: dark)", "(forced-colors: active)"]) {
      matchMedia(query).addEventListener("change", () => this.restyle());
    }
    this.colours = readColours(still);
  }

  restyle() {
    this.colours = readColours(this.still);
    this.draw();
  }

  /** @param {Layout} layout */
  place(layout) {
    this.layout = layout;
    this.kept = null;
    this.tracks = new Map(layout.ribbons.map((ribbon) => [ribbon, track(ribbon)]));
    this.ribbonOf = new Map(layout.ribbons.flatMap((ribbon) => ribbon.edges.map((edge) => [edge, ribbon])));
    const ratio = Math.min(3, devicePixelRatio || 1);
    for (const canvas of [this.still, this.moving]) {
      const [width, height] = [Math.round(layout.width * ratio), Math.round(layout.height * ratio)];
      if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
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

  /** @param {Ribbon} ribbon */
  isNear(ribbon) {
    return !this.kept || this.kept.has(ribbon);
  }

  /** A place on a ribbon. @param {Ribbon} ribbon @param {number} along from 0 to 1 @returns {[number, number] | null} */
  at(ribbon, along) {
    const points = this.tracks.get(ribbon)?.points;
    if (!points) return null;
    const step = Math.min(STEPS - 2, Math.floor(along * (STEPS - 1)));
    const rest = along * (STEPS - 1) - step;
    const [x, y] = [points[2 * step], points[2 * step + 1]];
    return [x + (points[2 * step + 2] - x) * rest, y + (points[2 * step + 3] - y) * rest];
  }

  /** The drawn ribbon nearest to a place, if one is near. @param {number} x @param {number} y @returns {Ribbon | null} */
  under(x, y) {
    let nearest = null;
    let least = REACH ** 2;
    for (const [ribbon, { points }] of this.tracks) {
      if (this.#style(ribbon).rank < 0) continue;
      const [ax, bx] = [points[0], points[2 * STEPS - 2]];
      if (ribbon.way === "across" && (x < Math.min(ax, bx) - REACH || x > Math.max(ax, bx) + REACH)) continue;
      for (let step = 0; step < STEPS - 1; step += 1) {
        const away = toSegment(x, y, points, 2 * step);
        if (away < least) [least, nearest] = [away, ribbon];
      }
    }
    return nearest;
  }

  /** What a ribbon carried in the last minute. @param {Ribbon} ribbon */
  counted(ribbon) {
    let count = 0;
    let failed = 0;
    for (const number of ribbon.edges) {
      const edge = this.flow.edges.get(number);
      count += edge?.count ?? 0;
      failed += edge?.failed ?? 0;
    }
    return { count: Math.max(0, count), failed };
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
      paint.lineWidth = this.colours.forced ? 1 : width;
      paint.setLineDash(dashed ? [5, 4] : []);
      paint.stroke(track.path);
    }
    paint.globalAlpha = 1;
    paint.setLineDash([]);
  }

  /** @param {Ribbon} ribbon @returns {Style} */
  #style(ribbon) {
    const { count, failed } = this.counted(ribbon);
    const { ribbon: well, warn, bad } = this.colours;
    // A little more than its logarithm: no ribbon that carries something is thinner than a dot.
    const width = count > 0 ? 2 + 0.95 * Math.log2(1 + count / WINDOW_SECONDS) : 1;
    const to = ribbon.to.members[0];
    if (to.kind === "sink" && !count) return { width, colour: well, dashed: true, rank: -1 };
    const states = ribbon.to.grouped ? [] : [to];
    if ((count > 0 && failed * 2 >= count) || (to.kind === "target" && states.some(troubled))) {
      return { width: Math.max(width, 1.6), colour: bad, dashed: true, rank: 3 };
    }
    if (failed > 0 || states.some((node) => node.state === "slow")) return { width, colour: warn, dashed: false, rank: 2 };
    // What is lost is dashed, and thin enough for dashes to be dashes.
    if (to.kind === "sink") return { width: Math.min(width, 3.5), colour: well, dashed: true, rank: 1 };
    return { width, colour: well, dashed: false, rank: count > 0 ? 1 : 0 };
  }
}

/** The square of how far a place is from a piece of a track. @param {number} x @param {number} y @param {Float32Array} points @param {number} at */
function toSegment(x, y, points, at) {
  const [ax, ay] = [points[at], points[at + 1]];
  const [dx, dy] = [points[at + 2] - ax, points[at + 3] - ay];
  const along = Math.max(0, Math.min(1, ((x - ax) * dx + (y - ay) * dy) / (dx * dx + dy * dy || 1)));
  return (ax + along * dx - x) ** 2 + (ay + along * dy - y) ** 2;
}

/** @param {Ribbon} ribbon @returns {Track} */
function track(ribbon) {
  const { from, to, y1, y2 } = ribbon;
  const x1 = from.x + from.w;
  /** @type {number[]} */
  let curve;
  if (ribbon.way === "across") {
    const bend = (to.x - x1) * 0.5;
    curve = [x1, y1, x1 + bend, y1, to.x - bend, y2, to.x, y2];
  } else if (ribbon.way === "beside") {
    const out = x1 + 30;
    curve = [x1, y1, out, y1, out, y2, to.x + to.w, y2];
  } else {
    // From bus to bus on the left, the further apart the wider; a bus that feeds itself gets a loop.
    const bend = Math.min(58, 26 + Math.abs(y2 - y1) * 0.22);
    const spread = from === to ? 16 : 0;
    curve = [from.x, y1 - spread, from.x - bend, y1 - spread, to.x - bend, y2 + spread, to.x, y2 + spread];
  }
  const path = new Path2D();
  const [x, y, a, b, c, d, e, f] = curve;
  path.moveTo(x, y);
  path.bezierCurveTo(a, b, c, d, e, f);
  return { path, points: evenly(curve) };
}

/** Points in equal steps along a curve. @param {number[]} curve */
function evenly(curve) {
  const fine = Array.from({ length: 64 }, (_, index) => {
    const t = index / 63;
    const s = 1 - t;
    const mix = (/** @type {number} */ axis) =>
      s * s * s * curve[axis] + 3 * s * s * t * curve[2 + axis] + 3 * s * t * t * curve[4 + axis] + t * t * t * curve[6 + axis];
    return [mix(0), mix(1)];
  });
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
  const forced = matchMedia("(forced-colors: active)").matches;
  const read = (/** @type {string} */ name) => {
    probe.style.color = forced ? "CanvasText" : `var(${name})`;
    return getComputedStyle(probe).color;
  };
  const colours = {
    ribbon: read("--ribbon"),
    near: read("--ribbon-near"),
    warn: read("--ribbon-warn"),
    bad: read("--ribbon-bad"),
    dot: read("--dot"),
    diamond: read("--bad"),
    hollow: read("--warn"),
    forced,
  };
  probe.remove();
  return colours;
}
