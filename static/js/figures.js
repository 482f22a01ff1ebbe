// Words and figures: how rates, durations, moments and states are written, on every page alike.

const whole = new Intl.NumberFormat("en");

/** @param {number} value @returns {string} 1,204 */
export const count = (value) => whole.format(value);

/**
 * How fast something flows. Below one a second the last minute's exact count says more than a fraction, and says it
 * with the event: rates are of whole seconds, so right after a single event they would still claim nothing.
 * @param {number} perSecond of the last seconds @param {number} lastMinute how many in the last minute
 * @returns {string} "1,204/s", "1.5/s", "12/min", "0/s"
 */
export function rate(perSecond, lastMinute) {
  if (perSecond >= 9.95) return `${whole.format(Math.round(perSecond))}/s`;
  if (perSecond >= 1) return `${perSecond.toFixed(1)}/s`;
  return lastMinute > 0 ? `${whole.format(lastMinute)}/min` : "0/s";
}

/** @param {number | null | undefined} milliseconds @returns {string} "0.4 ms", "38 ms", "1.2 s", "3 min", "2 h" */
export function duration(milliseconds) {
  if (milliseconds === null || milliseconds === undefined) return "–";
  if (milliseconds < 9.95) return `${milliseconds.toFixed(1)} ms`;
  if (milliseconds < 999.5) return `${Math.round(milliseconds)} ms`;
  if (milliseconds < 59_950) return `${(milliseconds / 1000).toFixed(1)} s`;
  if (milliseconds < 3_570_000) return `${Math.round(milliseconds / 60_000)} min`;
  return `${Math.round(milliseconds / 3_600_000)} h`;
}

/** @param {number} value @param {number} width */
const padded = (value, width) => String(value).padStart(width, "0");

/** @param {number} at milliseconds since 1970 @returns {string} the reader's clock: 10:42:31.987 */
export function clock(at) {
  const moment = new Date(at);
  const parts = [moment.getHours(), moment.getMinutes(), moment.getSeconds()].map((part) => padded(part, 2));
  return `${parts.join(":")}.${padded(moment.getMilliseconds(), 3)}`;
}

/**
 * A moment in a list: of another day with that and without milliseconds, in the same room.
 * @param {number} at milliseconds since 1970 @param {number} midnight when today began
 * @returns {string} "10:42:31.987", "11-23 10:42:31"
 */
export const listed = (at, midnight) => (at >= midnight ? clock(at) : moment(at).slice(5, 19));

/** @param {number} at milliseconds since 1970 @returns {string} the same with its day: 2026-11-23 10:42:31.987 */
export function moment(at) {
  const day = new Date(at);
  return `${day.getFullYear()}-${padded(day.getMonth() + 1, 2)}-${padded(day.getDate(), 2)} ${clock(at)}`;
}

/**
 * How many rules matched, and once that is known, how many of them got through.
 * @param {number | null} matched null before routing @param {number} lost rules of which a delivery was given up
 * @param {boolean} settled whether nothing is left to do
 * @returns {string} "3", "3 ✓", "2 ✓ 1 ✕", or "" for none
 */
export function ruleCount(matched, lost, settled) {
  if (!matched) return "";
  if (!lost) return settled ? `${matched} ✓` : String(matched);
  return matched > lost && settled ? `${matched - lost} ✓ ${lost} ✕` : `${lost} ✕`;
}

/**
 * An event's result as glyph, word and tone. Never colour alone.
 * @param {string} state @param {number} delivered @param {number} of
 * @param {{ tries?: number, settled?: boolean }} [more] most attempts of one delivery; whether nothing is left to do
 * @returns {{ glyph: string, word: string, tone: "" | "ok" | "warn" | "bad" | "muted" }}
 */
export function result(state, delivered, of, { tries = 0, settled = true } = {}) {
  switch (state) {
    case "delivered":
      return { glyph: "✓", word: of > 1 ? `delivered ${delivered}/${of}` : "delivered", tone: "ok" };
    case "retrying":
      return { glyph: "↻", word: tries ? `retry ${tries}` : "retrying", tone: "warn" };
    case "dead":
      return { glyph: "✕", word: of > 1 && settled ? `dead ${of - delivered}/${of}` : "dead", tone: "bad" };
    case "unroutable":
      return { glyph: "✕", word: "unroutable", tone: "bad" };
    case "unmatched":
      return { glyph: "⌀", word: "no rule", tone: "muted" };
    case "unknown-bus":
      return { glyph: "⌀", word: "no bus", tone: "warn" };
    case "not-made":
      return { glyph: "⊘", word: "not made", tone: "muted" };
    default:
      return { glyph: "◌", word: "pending", tone: "muted" };
  }
}

/**
 * A node's state as glyph, word and tone; a well node says nothing.
 * @param {string} state
 * @returns {{ glyph: string, word: string, tone: "ok" | "warn" | "bad" | "muted" }}
 */
export function condition(state) {
  switch (state) {
    case "failing":
      return { glyph: "▲", word: "failing", tone: "bad" };
    case "open":
      return { glyph: "▲", word: "open", tone: "bad" };
    case "half-open":
      return { glyph: "◐", word: "half-open", tone: "warn" };
    case "retrying":
      return { glyph: "↻", word: "retrying", tone: "warn" };
    case "slow":
      return { glyph: "◆", word: "slow", tone: "warn" };
    case "disabled":
      return { glyph: "❚❚", word: "disabled", tone: "muted" };
    case "shadow":
      return { glyph: "◇", word: "shadow", tone: "muted" };
    case "paused":
      return { glyph: "❚❚", word: "paused", tone: "warn" };
    case "deleted":
      return { glyph: "⌫", word: "deleted", tone: "muted" };
    case "idle":
      return { glyph: "", word: "idle", tone: "muted" };
    default:
      return { glyph: "", word: "", tone: "ok" };
  }
}

/**
 * What a sink says of the last minute: a way that nothing took says so.
 * @param {string} name "unmatched" or "dead" @param {number} lastMinute
 * @returns {{ glyph: string, word: string, tone: "warn" | "bad" | "muted" }}
 */
export function lost(name, lastMinute) {
  if (!lastMinute) return { glyph: "", word: "none", tone: "muted" };
  return name === "dead" ? { glyph: "✕", word: "given up", tone: "bad" } : { glyph: "⌀", word: "no rule", tone: "warn" };
}
