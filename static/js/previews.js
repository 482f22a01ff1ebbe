// The beginnings of payloads, fetched only for rows in sight and only while somebody wants to see them: bodies never
// ride on the socket, and the server masks what the reader may not see.

const EVERY_MS = 300;
const AT_ONCE = 60;
const KEPT = 2000;

export class Previews {
  /** @param {() => void} came */
  constructor(came) {
    this.came = came;
    this.on = false;
    /** @type {Map<string, string>} */
    this.texts = new Map();
    /** @type {Set<string>} */
    this.wanted = new Set();
    this.timer = 0;
  }

  /** What is known of an event's payload; what is not is asked for. @param {string} id */
  text(id) {
    if (!this.on) return "";
    const known = this.texts.get(id);
    if (known !== undefined) return known;
    this.wanted.add(id);
    if (!this.timer) this.timer = window.setTimeout(() => void this.#fetch(), EVERY_MS);
    return "";
  }

  async #fetch() {
    const ids = [...this.wanted].slice(-AT_ONCE); // the latest drawn are those in sight
    this.wanted.clear();
    try {
      const answer = await fetch(`/events/previews?${new URLSearchParams(ids.map((id) => ["id", id]))}`);
      if (answer.ok) {
        const { previews } = await answer.json();
        for (const id of ids) this.texts.set(id, previews[id] ?? "");
      }
    } catch {
      // The server is away: asked again when the rows are drawn again.
    }
    for (const id of [...this.texts.keys()].slice(0, Math.max(0, this.texts.size - KEPT))) this.texts.delete(id);
    this.timer = 0;
    this.came();
  }
}
