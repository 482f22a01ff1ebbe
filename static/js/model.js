// What the socket told of the graph: its counters and states. Snapshot plus parts equals a fresh snapshot.

/**
 * @typedef {object} Node
 * @property {number} i @property {string} key @property {"source" | "bus" | "rule" | "target" | "sink"} kind
 * @property {number | null} id @property {string} name @property {string} label @property {string | null} url
 * @property {string} [target_kind] @property {string} [address]
 * @property {number} [bus]  id of a rule's @property {number} [count]  how many things share this node
 * @property {string} state @property {number} rate @property {number | null} p50 @property {number | null} p99
 * @property {number | null} backlog @property {number | null} oldest
 * @property {number} minute  events in the last minute, exactly
 * @property {number} failed  attempts of these that failed
 * @property {number} activeAt  ms since 1970: when something last came to it, as far as we know
 *
 * @typedef {{ i: number, from: number, to: number, count: number, failed: number }} Edge
 * @typedef {import("./head.js").Head} Head
 * @typedef {[number, number, number]} Counted  edge, count, failed
 * @typedef {[number, string, number, number | null, number | null, number | null, number | null]} NodeState
 * @typedef {{ nodes: Node[], edges: [number, number, number][], ctr: Counted[], ns: NodeState[], head: Head,
 *   lately?: [number, number][] }} Snap  lately: node, and how many seconds ago something came to it
 * @typedef {object} Topo
 * @property {{ nodes: Node[], edges: [number, number, number][] }} add
 * @property {{ nodes: number[], edges: number[] }} del
 * @property {Node[]} upd
 * @typedef {{ topo?: Topo, e?: number[], x?: number[], ctr?: Counted[], ns?: NodeState[], head?: Head }} Part
 */

const UNMEASURED = { state: "idle", rate: 0, p50: null, p99: null, backlog: null, oldest: null, minute: 0, failed: 0 };

export class Flow {
  constructor() {
    /** @type {Map<number, Node>} */
    this.nodes = new Map();
    /** @type {Map<number, Edge>} */
    this.edges = new Map();
    /** @type {Head} */
    this.head = { in: 0, out: 0, p50: null, p99: null, backlog: 0, oldest: null, failing: 0, in60: 0, out60: 0, open: 0 };
    this.minute = { in: 0, out: 0 }; // events accepted and attempts that delivered in the last minute
  }

  /** Take a whole new state. @param {Snap} snap */
  take(snap) {
    const known = new Map([...this.nodes.values()].map((node) => [node.key, node.activeAt]));
    const lately = new Map(snap.lately?.map(([node, seconds]) => [node, Date.now() - 1000 * seconds]));
    // Only the page tells what was active before the window; of others we do not claim that they were idle.
    const unknown = snap.lately ? 0 : Date.now();
    const activeAt = (/** @type {Node} */ node) => lately.get(node.i) ?? known.get(node.key) ?? unknown;
    this.nodes = new Map(snap.nodes.map((node) => [node.i, { ...UNMEASURED, ...node, activeAt: activeAt(node) }]));
    this.edges = new Map();
    this.#addEdges(snap.edges);
    this.#set(snap.ctr);
    this.#measure(snap.ns);
    this.head = snap.head;
    this.#tally();
  }

  /**
   * Take a change. Returns whether the graph itself changed, and what newly happened on which edge.
   * @param {Part} part @returns {{ redrawn: boolean, news: Counted[] }}
   */
  change(part) {
    if (part.topo) this.#redraw(part.topo);
    /** @type {Counted[]} */
    const news = [];
    const added = part.e ?? [];
    for (let at = 0; at < added.length; at += 3) {
      const edge = this.edges.get(added[at]);
      if (!edge) continue;
      edge.count += added[at + 1];
      edge.failed += added[at + 2];
      news.push([added[at], added[at + 1], added[at + 2]]);
    }
    const gone = part.x ?? [];
    for (let at = 0; at < gone.length; at += 3) {
      const edge = this.edges.get(gone[at]);
      if (!edge) continue;
      edge.count -= gone[at + 1];
      edge.failed -= gone[at + 2];
    }
    this.#set(part.ctr ?? []);
    this.#measure(part.ns ?? []);
    if (part.head) this.head = part.head;
    this.#tally();
    return { redrawn: part.topo !== undefined, news };
  }

  /** @param {Topo} topo */
  #redraw(topo) {
    for (const edge of topo.del.edges) this.edges.delete(edge);
    for (const node of topo.del.nodes) this.nodes.delete(node);
    for (const node of topo.add.nodes) this.nodes.set(node.i, { ...UNMEASURED, ...node, activeAt: Date.now() });
    for (const node of topo.upd) {
      this.nodes.set(node.i, { ...UNMEASURED, ...this.nodes.get(node.i), ...node, activeAt: Date.now() });
    }
    this.#addEdges(topo.add.edges);
  }

  /** @param {[number, number, number][]} edges */
  #addEdges(edges) {
    for (const [i, from, to] of edges) this.edges.set(i, { i, from, to, count: 0, failed: 0 });
  }

  /** @param {Counted[]} counts */
  #set(counts) {
    for (const [i, count, failed] of counts) {
      const edge = this.edges.get(i);
      if (edge) Object.assign(edge, { count, failed });
    }
  }

  /** @param {NodeState[]} states */
  #measure(states) {
    for (const [i, state, rate, p50, p99, backlog, oldest] of states) {
      const node = this.nodes.get(i);
      if (node) Object.assign(node, { state, rate, p50, p99, backlog, oldest });
    }
  }

  /** Add up the edges, as the server does for its rates: what a target forwards counts where it is accepted. */
  #tally() {
    for (const node of this.nodes.values()) node.minute = node.failed = 0;
    this.minute = { in: 0, out: 0 };
    for (const { from: start, to: end, count, failed } of this.edges.values()) {
      const from = this.nodes.get(start);
      const to = this.nodes.get(end);
      if (!from || !to) continue;
      const arrives = from.kind === "source";
      if (arrives) from.minute += count;
      if (arrives || to.kind !== "bus") to.minute += count;
      if (arrives && to.kind === "bus") this.minute.in += count;
      if (from.kind === "rule" && to.kind === "target") {
        this.minute.out += count - failed;
        from.failed += failed;
        to.failed += failed;
      }
    }
    const now = Date.now();
    for (const node of this.nodes.values()) if (node.minute > 0 || node.backlog) node.activeAt = now;
  }
}
