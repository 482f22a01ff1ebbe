// The socket: subscriptions, acknowledgement, continuity, and coming back after every break.

/**
 * @typedef {object} Subscription
 * @property {Record<string, unknown>} ask  members of `sub` besides `id` and `cur`
 * @property {(snap: any) => void} snap
 * @property {(part: any, span: number) => void} part
 * @property {(error: { code: string, msg: string, at: number | null }) => void} [refused]
 *
 * @typedef {{ state: "connecting" | "live" | "away" | "closed", ms: number, seconds: number }} LinkState
 */

const FIRST_WAIT = 250;
const LONGEST_WAIT = 10_000;
const SILENT_AFTER = 15_000; // three heartbeats

const MOST_HZ = 10; // frames a second

export class Link {
  /** @param {string} address @param {(state: LinkState) => void} tell */
  constructor(address, tell) {
    this.address = address;
    this.tell = tell;
    /** @type {Map<number, Subscription & { at: number | null }>} */
    this.subscriptions = new Map();
    /** @type {WebSocket | null} */
    this.socket = null;
    this.epoch = "";
    this.wait = FIRST_WAIT;
    this.heardAt = 0;
    this.leaving = false;
    this.hz = MOST_HZ;
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.timer = undefined;
  }

  /** @param {number} id @param {Subscription} subscription */
  subscribe(id, subscription) {
    this.subscriptions.set(id, { ...subscription, at: null });
    if (this.epoch && this.socket?.readyState === WebSocket.OPEN) this.#ask(id);
  }

  /** @param {number} id */
  unsubscribe(id) {
    if (this.subscriptions.delete(id)) this.#send({ t: "unsub", id });
  }

  /** Have the server send fewer frames, or as many as it can. @param {1 | 2 | 5 | 10} hz */
  pace(hz) {
    if (hz === this.hz) return;
    this.hz = hz;
    this.#send({ t: "rate", hz });
  }

  open() {
    document.addEventListener("visibilitychange", () => {
      this.#send({ t: "vis", v: document.hidden ? 0 : 1 });
      if (!document.hidden) this.#now();
    });
    addEventListener("online", () => this.#now());
    addEventListener("pagehide", () => {
      this.leaving = true;
      this.socket?.close();
    });
    addEventListener("pageshow", () => {
      this.leaving = false;
      this.#now();
    });
    setInterval(() => {
      if (this.socket?.readyState === WebSocket.OPEN && performance.now() - this.heardAt > SILENT_AFTER) this.socket.close();
    }, 5000);
    this.#connect();
  }

  /** Connect at once if we only wait to. */
  #now() {
    if (this.timer === undefined) return;
    clearTimeout(this.timer);
    this.#connect();
  }

  #connect() {
    this.timer = undefined;
    const socket = new WebSocket(this.address, "flow.v1");
    this.socket = socket;
    socket.onopen = () => {
      this.heardAt = performance.now();
      this.#send({ t: "hello" });
      if (this.hz !== MOST_HZ) this.#send({ t: "rate", hz: this.hz });
      if (document.hidden) this.#send({ t: "vis", v: 0 });
    };
    socket.onmessage = (message) => this.#read(JSON.parse(message.data));
    socket.onclose = (close) => this.#closed(close.code);
  }

  /** @param {number} code */
  #closed(code) {
    this.socket = null;
    if (this.leaving) return;
    if (code === 4001) {
      location.reload(); // not signed in any more: the server leads to the sign-in page
      return;
    }
    if (code === 4003 || code === 4014) {
      this.tell({ state: "closed", ms: 0, seconds: 0 });
      return;
    }
    const wait = this.wait * (0.7 + 0.6 * Math.random());
    this.wait = Math.min(LONGEST_WAIT, this.wait * 2);
    this.tell({ state: "away", ms: 0, seconds: Math.ceil(wait / 1000) });
    this.timer = setTimeout(() => this.#connect(), wait);
  }

  /** @param {any} message */
  #read(message) {
    this.heardAt = performance.now();
    if (message.t === "welcome") {
      if (message.epoch !== this.epoch) for (const one of this.subscriptions.values()) one.at = null;
      this.epoch = message.epoch;
      this.wait = FIRST_WAIT;
      for (const id of this.subscriptions.keys()) this.#ask(id);
      this.tell({ state: "live", ms: 0, seconds: 0 });
    } else if (message.t === "snap") {
      const one = this.subscriptions.get(message.id);
      if (one) {
        one.at = message.seq;
        one.snap(message);
      }
      this.#send({ t: "ack", n: message.n });
    } else if (message.t === "d") {
      for (const part of message.s) this.#part(part, message.span);
      this.#send({ t: "ack", n: message.n });
      this.tell({ state: "live", ms: Math.max(0, Date.now() - message.ts), seconds: 0 });
    } else if (message.t === "err") {
      this.subscriptions.get(message.id)?.refused?.(message);
    }
  }

  /** @param {any} part @param {number} span */
  #part(part, span) {
    const one = this.subscriptions.get(part.id);
    if (!one) return;
    if (part.c[0] !== one.at) {
      this.#send({ t: "resync", id: part.id });
      return;
    }
    one.at = part.c[1];
    one.part(part, span);
  }

  /** @param {number} id */
  #ask(id) {
    const one = this.subscriptions.get(id);
    if (!one) return;
    const cur = one.at === null ? {} : { cur: `${this.epoch}:${one.at}` };
    this.#send({ t: "sub", id, ...one.ask, ...cur });
  }

  /** @param {Record<string, unknown>} message */
  #send(message) {
    if (this.socket?.readyState === WebSocket.OPEN) this.socket.send(JSON.stringify(message));
  }
}

/** The socket's address on the page's own host. */
export const liveAddress = () => `${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/ws/live`;
