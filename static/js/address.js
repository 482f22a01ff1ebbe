// What the page shows, in its address: every view can be linked, reloaded and gone back to.

/** @param {string} name @returns {string} the value in the query, or "" */
export const asked = (name) => new URLSearchParams(location.search).get(name) ?? "";

/**
 * Write values into the query; "" takes one out. `step` makes it one step of the browser's history.
 * @param {Record<string, string>} values @param {{ step?: boolean }} [how]
 */
export function note(values, { step = false } = {}) {
  const query = new URLSearchParams(location.search);
  for (const [name, value] of Object.entries(values)) {
    if (value) query.set(name, value);
    else query.delete(name);
  }
  // Colons and slashes of keys stay readable.
  const text = query.toString().replaceAll("%3A", ":").replaceAll("%2F", "/").replaceAll("%2C", ",");
  const address = `${location.pathname}${text ? `?${text}` : ""}${location.hash}`;
  if (address === `${location.pathname}${location.search}${location.hash}`) return;
  if (step) history.pushState(null, "", address);
  else history.replaceState(null, "", address);
}
