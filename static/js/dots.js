// The moving canvas: dots over the ribbons.
//
// One dot is one event on an edge with up to 20 a second; above that dots are a sample for the eye, and the numbers
// on the cards stay exact. Dots are let go evenly over the tick that told them, and later columns' dots a moment
// after earlier ones', so that an event is seen to travel. What fails turns into a diamond at the target; what will
// be tried again goes back half way, hollow, and returns.
import { Pace } from "./pace.js";

/**
 * @typedef {import("./layout.js").Layout} Layout
 * @typedef {import("./layout.js").Ribbon} Ribbon
 * @typedef {import("./model.js").Flow} Flow
 * @typedef {import("./model.js").Counted} Counted
 * @typedef {import("./ribbons.js").Ribbons} Ribbons
 * @typedef {"well" | "dies" | "retries"} Fate
 * @typedef {{ ribbon: Ribbon, start: number, takes: number, fate: Fate }} Dot
 */

const MOST_DOTS = 2000;
const EXACT_RATE = 20;
const WINDOW_SECONDS = 60;
const HOP_MS = 560; // how long a dot takes between two columns
const SPREAD_MS = 200; // the longest tick: after a rest a frame's span is longer, but its events are news of now
const SAMPLE_KEPT = 0.9; // of what was counted so far, each time: the legend's "1 dot ≈" does not flicker
const DOT = 2.6;
const FAINT = 0.15; // beside the path in focus

export class Dots {
  /** @param {HTMLCanvasElement} canvas @param {Flow} flow @param {Ribbons} ribbons */
  constructor(canvas, flow, ribbons) {
    this.canvas = canvas;
    this.flow = flow;
    this.ribbons = ribbons;
    this.pace = new Pace();
    /** @type {Dot[]} */
    this.dots = [];
    this.frozen = false;
    this.drawing = 0;
    this.tempo = 1; // times as slow as usual: the first event is to be followed with the eye
    this.sampled = { events: 0, dots: 0 };
    document.addEventListener("pace", () => (this.pace.calm || this.pace.slow) && this.#clear());
    document.addEventListener("visibilitychange", () => this.#clear());
  }

  /** The graph was laid out anew: dots on their way go on where their ribbon lies now. @param {Layout} layout */
  place(layout) {
    const now = new Map(layout.ribbons.map((ribbon) => [keyOf(ribbon), ribbon]));
    this.dots = this.dots.flatMap((dot) => {
      const ribbon = now.get(keyOf(dot.ribbon));
      return ribbon ? [{ ...dot, ribbon }] : [];
    });
  }

  /** How many events one dot stands for where they are a sample; 1 where every dot is an event. */
  get eventsEach() {
    return this.sampled.dots < 0.5 ? 1 : Math.max(1, Math.round(this.sampled.events / this.sampled.dots));
  }

  /**
   * Let dots go for what a tick told.
   * @param {Counted[]} news @param {number} span ms that the tick covers
   */
  release(news, span) {
    if (this.frozen || this.pace.calm || document.hidden || this.pace.slow) return;
    const now = performance.now();
    const dying = this.#dying(news);
    this.sampled.events *= SAMPLE_KEPT;
    this.sampled.dots *= SAMPLE_KEPT;
    for (const [number, count, failed] of news) {
      const ribbon = this.ribbons.ribbonOf.get(number);
      const edge = this.flow.edges.get(number);
      if (!ribbon || !edge || count <= 0) continue;
      const exact = edge.count / WINDOW_SECONDS <= EXACT_RATE && count <= 2 * EXACT_RATE;
      const dots = Math.round((exact ? count : Math.log2(1 + count) * 1.5) * this.pace.share) || 1;
      if (!exact) {
        this.sampled.events += count;
        this.sampled.dots += dots;
      }
      const isAttempt = this.flow.nodes.get(edge.to)?.kind === "target";
      const dead = isAttempt ? Math.min(failed, dying.get(edge.to) ?? 0) : failed;
      if (isAttempt) dying.set(edge.to, (dying.get(edge.to) ?? 0) - dead);
      const [dies, fails] = [Math.round((dots * dead) / count), Math.round((dots * failed) / count)];
      const hops = ribbon.way === "across" ? ribbon.from.column : ribbon.way === "arc" ? 3 : ribbon.from.column + 0.5;
      const takes = isAttempt ? travel(ribbon) : HOP_MS;
      for (let index = 0; index < dots && this.dots.length < MOST_DOTS; index += 1) {
        const later = dots > 1 ? (Math.min(span, SPREAD_MS) * (index + Math.random() * 0.6)) / dots : 0;
        const fate = index < dies ? "dies" : index < fails ? "retries" : "well";
        const start = now + this.tempo * hops * HOP_MS + later;
        this.dots.push({ ribbon, start, takes: this.tempo * (fate === "retries" ? 2.4 * takes : takes), fate });
      }
    }
    this.#wake();
  }

  /** How many deliveries of each target were given up in this tick. @param {Counted[]} news */
  #dying(news) {
    /** @type {Map<number, number>} */
    const dying = new Map();
    for (const [number, count] of news) {
      const edge = this.flow.edges.get(number);
      if (edge && this.flow.nodes.get(edge.to)?.name === "dead") dying.set(edge.from, (dying.get(edge.from) ?? 0) + count);
    }
    return dying;
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
    this.canvas.getContext("2d")?.clearRect(0, 0, this.canvas.width, this.canvas.height);
  }

  #wake() {
    if (this.drawing || this.frozen || !this.dots.length || document.hidden) return;
    this.pace.rest();
    this.drawing = requestAnimationFrame((now) => this.#frame(now));
  }

  /** @param {number} now */
  #frame(now) {
    this.drawing = 0;
    const paint = this.canvas.getContext("2d");
    if (!paint) return;
    if (this.pace.frame(now)) this.#draw(paint, now);
    if (this.dots.length && !this.frozen && !document.hidden) {
      this.drawing = requestAnimationFrame((next) => this.#frame(next));
    }
  }

  /** @param {CanvasRenderingContext2D} paint @param {number} now */
  #draw(paint, now) {
    paint.clearRect(0, 0, this.canvas.width, this.canvas.height);
    const alive = [];
    const near = shapes();
    const beside = shapes();
    for (const dot of this.dots) {
      const done = (now - dot.start) / dot.takes;
      if (done >= 1) continue;
      alive.push(dot);
      if (done < 0) continue;
      const [along, shape] = seen(dot.fate, done);
      const at = this.ribbons.at(dot.ribbon, along);
      if (at) add((this.ribbons.isNear(dot.ribbon) ? near : beside)[shape], shape, at[0], at[1]);
    }
    this.dots = alive;
    const { colours } = this.ribbons;
    for (const [paths, alpha] of /** @type {const} */ ([[beside, FAINT], [near, 1]])) {
      paint.globalAlpha = alpha;
      paint.fillStyle = colours.dot;
      paint.fill(paths.dot);
      paint.fillStyle = colours.diamond;
      paint.fill(paths.diamond);
      paint.strokeStyle = colours.hollow;
      paint.lineWidth = 1.5;
      paint.stroke(paths.hollow);
    }
  }
}

const shapes = () => ({ dot: new Path2D(), diamond: new Path2D(), hollow: new Path2D() });

/**
 * Where on its way a dot is, and as what.
 * @param {Fate} fate @param {number} done from 0 to 1 @returns {[number, "dot" | "diamond" | "hollow"]}
 */
export function seen(fate, done) {
  if (fate === "well") return [done, "dot"];
  if (fate === "dies") return [done, done > 0.7 ? "diamond" : "dot"];
  if (done < 0.42) return [done / 0.42, done > 0.3 ? "diamond" : "dot"];
  return [done < 0.71 ? 1 - (0.5 * (done - 0.42)) / 0.29 : 0.5 + (0.5 * (done - 0.71)) / 0.29, "hollow"];
}

/** @param {Path2D} path @param {"dot" | "diamond" | "hollow"} shape @param {number} x @param {number} y */
function add(path, shape, x, y) {
  if (shape === "diamond") {
    path.moveTo(x, y - 4.4);
    path.lineTo(x + 4.4, y);
    path.lineTo(x, y + 4.4);
    path.lineTo(x - 4.4, y);
    path.closePath();
  } else {
    path.moveTo(x + DOT, y);
    path.arc(x, y, DOT, 0, 2 * Math.PI);
  }
}

/** How long a dot is on its way to a target: the slower its attempts, the longer. @param {Ribbon} ribbon */
function travel(ribbon) {
  const times = ribbon.to.members.map((node) => node.p50 ?? 0);
  return Math.min(2500, 400 + 500 * Math.log10(1 + Math.max(...times)));
}

/** @param {Ribbon} ribbon */
const keyOf = (ribbon) => `${ribbon.from.key}>${ribbon.to.key}`;
