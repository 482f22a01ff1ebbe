// The newest rows of a stream, 20,000 of them in columns of numbers, in order with the gaps between them; and a view
// of them that nothing moves while it is held.

/**
 * @typedef {object} Row
 * @property {string} id @property {number} at @property {string} bus @property {string} source
 * @property {string} type @property {number | null} matched @property {string} state
 * @property {number} delivered @property {number} of @property {number | null} ms @property {string} pos
 * @property {string | null} key @property {number} lost @property {number} tries
 *
 * @typedef {[string, number, string, string, string, number | null, string, number, number, number | null, string,
 *   string | null, number, number]} SentRow
 * @typedef {[string, number | null, string, number, number, number | null, number, number]} SentChange
 *
 * @typedef {object} Gap  events that are counted and not listed
 * @property {string | null} after @property {string | null} before  strictly between these positions
 * @property {number | null} count  null: unknown
 * @property {boolean} loading
 * @property {string} [cursor]  where a search goes on
 * @property {"away" | "older" | "wrong"} [why]  other than too many at once
 * @property {string} [looked]  how far a search looked whose time was up
 *
 * @typedef {{ row: Row, gap?: undefined } | { gap: Gap, row?: undefined }} Item
 */

/** @param {SentRow} sent @returns {Row} */
export function readRow([id, at, bus, source, type, matched, state, delivered, of, ms, pos, key, lost, tries]) {
  return { id, at, bus, source, type, matched, state, delivered, of, ms, pos, key, lost, tries };
}

/** Whether a row is a failure in the filter language's sense: status:failed. @param {Row} row */
export const hasFailed = (row) => row.state === "dead" || row.state === "retrying" || row.state === "unroutable";

/** Texts that occur again and again, each kept once under a number. */
class Words {
  constructor() {
    /** @type {string[]} */
    this.texts = [];
    /** @type {Map<string, number>} */
    this.numbers = new Map();
  }

  /** @param {string} text */
  number(text) {
    const known = this.numbers.get(text);
    if (known !== undefined) return known;
    this.numbers.set(text, this.texts.length);
    return this.texts.push(text) - 1;
  }
}

const NONE = -1;

export class Ring {
  /** @param {number} [capacity] */
  constructor(capacity = 20_000) {
    this.capacity = capacity;
    const size = capacity + 1;
    /** @type {string[]} */
    this.ids = [];
    /** @type {string[]} */
    this.positions = [];
    /** @type {(string | null)[]} */
    this.keys = [];
    this.at = new Float64Array(size);
    this.ms = new Float64Array(size);
    this.names = new Uint32Array(4 * size); // bus, source, type, state
    this.counts = new Int32Array(5 * size); // matched, delivered, of, lost, tries
    this.words = new Words();
    /** @type {Map<string, number>} */
    this.slots = new Map(); // of each id
    /** @type {number[]} */
    this.free = [];
    // Oldest first: a row's slot, or -1 - n for gap n. In use from `begin` to `end`, so that neither end moves the rest.
    this.order = new Int32Array(3 * size);
    this.begin = this.end = size;
    /** @type {Map<number, Gap>} */
    this.gaps = new Map();
    this.gapNumber = 0;
    /** @type {Gap | null} */
    this.older = null; // what may be loaded below the oldest row
    /** @type {number | null} */
    this.heldAt = null; // how many of the items are shown; null follows the newest
    this.missed = 0; // events since it is held, listed or not
    this.missedFailed = 0;
  }

  get held() {
    return this.heldAt !== null;
  }

  /** How many rows and gaps there are. */
  get size() {
    return this.end - this.begin;
  }

  /** How many lines are shown, the one of what is older among them. */
  get length() {
    return (this.heldAt ?? this.size) + (this.older ? 1 : 0);
  }

  /** @param {string} id */
  has(id) {
    return this.slots.has(id);
  }

  /** @param {string} id @returns {Row | null} */
  get(id) {
    const slot = this.slots.get(id);
    return slot === undefined ? null : this.#row(slot);
  }

  /** The item on line `line`, the newest being on line 0. @param {number} line @returns {Item | undefined} */
  line(line) {
    const index = (this.heldAt ?? this.size) - 1 - line;
    if (index === -1 && this.older) return { gap: this.older };
    if (index < 0 || line < 0) return undefined;
    const entry = this.order[this.begin + index];
    if (entry >= 0) return { row: this.#row(entry) };
    const gap = this.gaps.get(-1 - entry);
    return gap && { gap };
  }

  /** On which line an event is, or -1. @param {string} id */
  lineOf(id) {
    const slot = this.slots.get(id);
    if (slot === undefined) return -1;
    const at = this.order.indexOf(slot, this.begin);
    return at < 0 || at >= this.end ? -1 : (this.heldAt ?? this.size) - 1 - (at - this.begin);
  }

  /** The newest row that there is. @returns {Row | null} */
  get newest() {
    for (let at = this.end - 1; at >= this.begin; at -= 1) if (this.order[at] >= 0) return this.#row(this.order[at]);
    return null;
  }

  /** The oldest row that there is. @returns {Row | null} */
  get oldest() {
    for (let at = this.begin; at < this.end; at += 1) if (this.order[at] >= 0) return this.#row(this.order[at]);
    return null;
  }

  hold() {
    if (this.heldAt !== null) return;
    this.heldAt = this.size;
    this.missed = this.missedFailed = 0;
  }

  /** Show the newest again. Returns how many lines that puts on top. */
  follow() {
    const more = this.size - (this.heldAt ?? this.size);
    this.heldAt = null;
    this.missed = this.missedFailed = 0;
    return more;
  }

  /**
   * Take news, oldest first; the gap, if any, lies before them. Returns how many lines that is.
   * @param {Row[]} rows @param {Gap | null} gap
   */
  add(rows, gap) {
    const fresh = rows.filter((row) => !this.slots.has(row.id));
    const entries = gap ? [this.#gap(gap)] : [];
    for (const row of fresh) entries.push(this.#take(row));
    this.#insert(this.size, entries);
    this.#trim();
    return entries.length;
  }

  /** Take what became of an event. @param {SentChange} change @returns {boolean} whether it is a row here */
  change([id, matched, state, delivered, of, ms, lost, tries]) {
    const slot = this.slots.get(id);
    if (slot === undefined) return false;
    this.#stand(slot, { matched, state, delivered, of, ms, lost, tries });
    return true;
  }

  /** Put loaded rows, oldest first, in a gap's place; `rest` stays a gap before them. @param {Gap} gap @param {Row[]} rows @param {Gap | null} rest */
  fill(gap, rows, rest) {
    const isOlder = gap === this.older;
    const index = isOlder ? 0 : this.#indexOf(gap);
    if (index < 0) return;
    const entries = rest && !isOlder ? [this.#gap(rest)] : [];
    const room = isOlder ? this.capacity - this.size : Infinity;
    const fresh = rows.filter((row) => !this.slots.has(row.id));
    for (const row of room < fresh.length ? fresh.slice(fresh.length - room) : fresh) entries.push(this.#take(row));
    if (isOlder) this.older = rest;
    else this.#remove(index, 1);
    this.#insert(index, entries);
    if (this.heldAt !== null && index <= this.heldAt) this.heldAt += entries.length - (isOlder ? 0 : 1);
    this.#trim();
  }

  /** @param {Gap} gap */
  #indexOf(gap) {
    for (const [number, one] of this.gaps) {
      if (one === gap) return this.order.subarray(this.begin, this.end).indexOf(-1 - number);
    }
    return -1;
  }

  /** @param {Gap} gap @returns {number} its entry */
  #gap(gap) {
    this.gapNumber += 1;
    this.gaps.set(this.gapNumber, gap);
    return -1 - this.gapNumber;
  }

  /** @param {Row} row @returns {number} its slot */
  #take(row) {
    if (this.words.texts.length > 3 * this.capacity) this.#forgetWords();
    const slot = this.free.pop() ?? this.slots.size;
    this.#make(slot);
    this.slots.set(row.id, slot);
    this.ids[slot] = row.id;
    this.positions[slot] = row.pos;
    this.keys[slot] = row.key;
    this.at[slot] = row.at;
    const { words } = this;
    this.names.set([words.number(row.bus), words.number(row.source), words.number(row.type)], 4 * slot);
    this.#stand(slot, row);
    return slot;
  }

  /** Make room for a slot: rows of one part may be more than are kept. @param {number} slot */
  #make(slot) {
    if (slot < this.at.length) return;
    const grown = 2 * this.at.length;
    const wider = (/** @type {any} */ old, /** @type {number} */ each) => {
      const array = new old.constructor(each * grown);
      array.set(old);
      return array;
    };
    this.at = wider(this.at, 1);
    this.ms = wider(this.ms, 1);
    this.names = wider(this.names, 4);
    this.counts = wider(this.counts, 5);
  }

  /** @param {number} slot @param {Pick<Row, "matched" | "state" | "delivered" | "of" | "ms" | "lost" | "tries">} stand */
  #stand(slot, { matched, state, delivered, of, ms, lost, tries }) {
    this.names[4 * slot + 3] = this.words.number(state);
    this.counts.set([matched ?? NONE, delivered, of, lost, tries], 5 * slot);
    this.ms[slot] = ms ?? NaN;
  }

  /** @param {number} slot @returns {Row} */
  #row(slot) {
    const [bus, source, type, state] = this.names.subarray(4 * slot, 4 * slot + 4);
    const [matched, delivered, of, lost, tries] = this.counts.subarray(5 * slot, 5 * slot + 5);
    const { texts } = this.words;
    return {
      id: this.ids[slot],
      at: this.at[slot],
      bus: texts[bus],
      source: texts[source],
      type: texts[type],
      matched: matched === NONE ? null : matched,
      state: texts[state],
      delivered,
      of,
      ms: Number.isNaN(this.ms[slot]) ? null : this.ms[slot],
      pos: this.positions[slot],
      key: this.keys[slot],
      lost,
      tries,
    };
  }

  /** Drop texts that no row has any more. */
  #forgetWords() {
    const { texts } = this.words;
    this.words = new Words();
    for (const slot of this.slots.values()) {
      for (let at = 4 * slot; at < 4 * slot + 4; at += 1) this.names[at] = this.words.number(texts[this.names[at]]);
    }
  }

  /** @param {number} index counted from the oldest @param {number[]} entries */
  #insert(index, entries) {
    if (!entries.length) return;
    if (this.end + entries.length > this.order.length || (index === 0 && this.begin < entries.length)) {
      const order = new Int32Array(Math.max(this.order.length, 3 * (this.size + entries.length)));
      const begin = Math.floor((order.length - this.size - entries.length) / 2);
      order.set(this.order.subarray(this.begin, this.end), begin);
      [this.order, this.begin, this.end] = [order, begin, begin + this.size];
    }
    const at = this.begin + index;
    if (index === 0) {
      this.begin -= entries.length;
      this.order.set(entries, this.begin);
    } else {
      this.order.copyWithin(at + entries.length, at, this.end);
      this.order.set(entries, at);
      this.end += entries.length;
    }
  }

  /** @param {number} index @param {number} many */
  #remove(index, many) {
    for (const entry of this.order.subarray(this.begin + index, this.begin + index + many)) {
      if (entry < 0) {
        this.gaps.delete(-1 - entry);
      } else {
        this.slots.delete(this.ids[entry]);
        this.free.push(entry);
      }
    }
    if (index === 0) {
      this.begin += many;
    } else {
      this.order.copyWithin(this.begin + index, this.begin + index + many, this.end);
      this.end -= many;
    }
  }

  #trim() {
    const over = this.size - this.capacity;
    if (over <= 0) return;
    // What is read stays: while it is held, the oldest of what came since go, if these are most of it.
    if (this.heldAt !== null && this.size - this.heldAt > this.capacity / 2) this.#cut(this.heldAt, over + 1);
    else this.#forgetOldest(over);
  }

  /** @param {number} over */
  #forgetOldest(over) {
    this.#remove(0, over);
    if (this.heldAt !== null) this.heldAt = Math.max(0, this.heldAt - over);
    const { oldest } = this;
    if (oldest) this.older = { after: null, before: oldest.pos, count: null, loading: false, why: "older" };
  }

  /** Put a gap in the place of some items. @param {number} index @param {number} many */
  #cut(index, many) {
    let count = 0;
    let after = index > 0 ? this.#bound(index - 1).after : null;
    for (let at = index; at < index + many; at += 1) {
      const entry = this.order[this.begin + at];
      const gap = entry < 0 ? this.gaps.get(-1 - entry) : undefined;
      count += gap ? (gap.count ?? 0) : 1;
      if (gap && at === index) after = gap.after;
    }
    const before = this.#bound(index + many).before;
    this.#remove(index, many);
    this.#insert(index, [this.#gap({ after, before, count, loading: false })]);
  }

  /** Between which positions what follows and precedes an item lies. @param {number} index */
  #bound(index) {
    const entry = this.order[this.begin + index];
    const gap = entry < 0 ? this.gaps.get(-1 - entry) : undefined;
    return gap ? { after: gap.after, before: gap.before } : { after: this.positions[entry], before: this.positions[entry] };
  }
}
