// What happened to an event between two of its summaries, in words for the status line. Pure.

/**
 * A delivery in a summary: id, rule, target, state, attempts, status, error.
 * @typedef {[number, number, number | null, string, number, number | null, string]} Leg
 *
 * @typedef {{ state: string, matched: number | null, deliveries: Leg[] }} Summary
 */

/**
 * Return what is new, one sentence; empty if nothing is worth saying.
 * @param {Summary | null} before @param {Summary} after @param {(id: number) => string} nameOf  a delivery's, or ""
 */
export function newsOf(before, after, nameOf) {
  if (!before) return "";
  /** @type {string[]} */
  const said = [];
  if (before.matched === null && after.matched !== null) {
    said.push(after.matched ? `matched ${after.matched} rule${after.matched === 1 ? "" : "s"}` : "no rule matched");
  }
  const known = new Map(before.deliveries.map((leg) => [leg[0], leg]));
  for (const leg of after.deliveries) {
    const [id, , , state, attempts, , error] = leg;
    const was = known.get(id);
    if (was && was[3] === state && was[4] === attempts) continue;
    const name = after.deliveries.length > 1 && nameOf(id) ? `${nameOf(id)}: ` : "";
    const tried = attempts ? ` after attempt ${attempts}` : "";
    const why = error ? `, ${error}` : "";
    if (state === "delivered") said.push(`${name}attempt ${attempts} delivered`);
    else if (state === "dead") said.push(`${name}given up${tried}${why}`);
    else if (attempts && (!was || attempts > was[4])) said.push(`${name}attempt ${attempts} failed, ${error}; it is tried again`);
    else if (was && was[3] === "dead") said.push(`${name}redriven`);
  }
  const shown = said.slice(0, 3);
  const more = said.length - shown.length;
  return shown.join(". ") + (more > 0 ? `. ${more} more` : "");
}
