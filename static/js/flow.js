// The flow page: joins the socket to graph, list, stream, header and title. The server's HTML is true without it.
import { condition, count, duration, lost, rate } from "./figures.js";
import { Graph } from "./graph.js";
import { Link, liveAddress } from "./link.js";
import { Flow } from "./model.js";
import { Stream } from "./stream.js";

const SHOWN_EVERY = 250; // ms: figures faster than this cannot be read

/** @param {string} id @returns {HTMLElement} */
function byId(id) {
  const found = document.getElementById(id);
  if (!found) throw new Error(`the page has no #${id}`);
  return found;
}

const flow = new Flow();
const pane = byId("graph");
const graph = new Graph(pane, byId("board"), flow);
const panel = byId("stream");
const stream = new Stream(panel, held);
const sheet = document.getElementById("first-steps");
/** @type {import("./first.js").FirstSteps | null} */
let first = null;
const bus = panel.dataset.bus ? { bus: panel.dataset.bus } : {};
const title = document.title;
let due = false;
let shownAt = 0;
let saidAt = 0;
let failing = -1;
/** @type {import("./link.js").LinkState} */
let linkState = { state: "connecting", ms: 0, seconds: 0 };
let waiting = 0;

const link = new Link(liveAddress(), tellLink);
link.subscribe(1, {
  ask: { ch: "flow", ...bus },
  snap: (snap) => {
    flow.take(snap);
    document.body.classList.add("upgraded");
    graph.arrange();
    soon();
  },
  part: (part, span) => {
    const { redrawn, news } = flow.change(part);
    if (redrawn) graph.arrange();
    graph.ribbons.release(news, span);
    soon();
  },
});
link.subscribe(2, {
  ask: { ch: "rows", ...bus },
  snap: (snap) => {
    stream.snap(snap);
    followFirst();
  },
  part: (part) => {
    stream.part(part);
    followFirst();
  },
});
/** @param {boolean} asList */
function showAs(asList) {
  document.body.classList.toggle("as-list", asList);
  viewSwitch.textContent = asList ? "Graph" : "List";
  if (asList) list();
  else graph.arrange();
}
const viewSwitch = byId("view-switch");
viewSwitch.hidden = false;
viewSwitch.addEventListener("click", () => showAs(!document.body.classList.contains("as-list")));
document.addEventListener("pace", (event) => {
  byId("calm-note").hidden = !(event instanceof CustomEvent && event.detail >= 3);
});
showAs(matchMedia("(max-width: 700px)").matches);

const drawn = document.getElementById("snapshot")?.textContent;
if (drawn) {
  flow.take(JSON.parse(drawn));
  graph.arrange();
}
link.open();
if (sheet) {
  // Only a page without events needs it.
  const { FirstSteps } = await import("./first.js");
  first = new FirstSteps(sheet, () => (first = null));
  const ghost = () => graph.layout && first?.ghost(byId("board"), graph.layout);
  ghost();
  new ResizeObserver(() => requestAnimationFrame(ghost)).observe(byId("board"));
  followFirst();
}

/** The first event's story, until the reader goes on. */
function followFirst() {
  if (!first) return;
  const row = stream.ring.items.find((item) => item.row)?.row;
  if (!row) return;
  first.tell(row);
  document.body.classList.remove("first");
  document.querySelector(".ghost")?.remove();
}

/** @param {boolean} paused */
function held(paused) {
  graph.ribbons.freeze(paused);
  tellLink(linkState);
}

function soon() {
  if (due) return;
  due = true;
  // At once after a rest, so that a single event is told in figures when it is in the stream.
  setTimeout(() => {
    due = false;
    shownAt = performance.now();
    graph.show();
    if (document.body.classList.contains("as-list")) list();
    header();
  }, Math.max(0, shownAt + SHOWN_EVERY - performance.now()));
}

function header() {
  const { head, minute } = flow;
  byId("figure-in").textContent = rate(head.in, minute.in);
  byId("figure-out").textContent = rate(head.out, minute.out);
  byId("figure-p50").textContent = head.p50 === null ? "–" : duration(head.p50);
  byId("figure-p99").textContent = head.p99 === null ? "–" : duration(head.p99);
  byId("figure-backlog").textContent = count(head.backlog);
  const trouble = byId("figure-failing");
  trouble.hidden = !head.failing;
  trouble.textContent = `▲ ${head.failing} ${head.failing === 1 ? "target" : "targets"} failing`;
  const prefix = head.failing ? `▲ ${head.failing} failing · ` : "";
  const named = `${prefix}${rate(head.in, minute.in)} · ${title}`;
  if (document.title !== named) document.title = named;
  const now = performance.now();
  if (head.failing !== failing && now - saidAt > 5000) {
    if (failing >= 0) byId("said").textContent = `${rate(head.in, minute.in)} in, ${head.failing} targets failing`;
    failing = head.failing;
    saidAt = now;
  }
}

/** The list twin of the graph, for small screens and whoever prefers it. */
function list() {
  const body = byId("node-rows");
  const kinds = ["source", "bus", "rule", "target", "sink"];
  // The busiest first, in powers of two: rows that are about as busy do not change places under the reader.
  const busy = (/** @type {import("./model.js").Node} */ node) => Math.ceil(Math.log2(1 + node.minute));
  const nodes = [...flow.nodes.values()].sort(
    (a, b) => kinds.indexOf(a.kind) - kinds.indexOf(b.kind) || busy(b) - busy(a) || a.label.localeCompare(b.label),
  );
  while (body.children.length > nodes.length) body.lastElementChild?.remove();
  nodes.forEach((node, index) => {
    const row = body.children[index] ?? body.appendChild(emptyRow());
    const says = node.kind === "sink" ? lost(node.name, node.minute) : condition(node.state);
    const figures = [node.kind, "", rate(node.rate, node.minute), node.p50 === null ? "–" : duration(node.p50)];
    const more = [node.p99 === null ? "–" : duration(node.p99), node.backlog === null ? "–" : count(node.backlog)];
    [...figures, ...more, `${says.glyph} ${says.word || "ok"}`.trim()].forEach((text, at) => {
      if (at !== 1 && row.children[at].textContent !== text) row.children[at].textContent = text;
    });
    const name = row.children[1].firstElementChild;
    if (name instanceof HTMLAnchorElement && name.textContent !== node.label) {
      name.textContent = node.label;
      if (node.url) name.href = node.url;
      else name.removeAttribute("href");
    }
    if (row.lastElementChild instanceof HTMLElement) row.lastElementChild.dataset.tone = says.tone;
  });
}

function emptyRow() {
  const row = document.createElement("tr");
  for (let at = 0; at < 7; at += 1) row.append(document.createElement("td"));
  row.children[1].append(document.createElement("a"));
  [2, 3, 4, 5].forEach((at) => row.children[at].classList.add("number"));
  return row;
}

/** @param {import("./link.js").LinkState} state */
function tellLink(state) {
  linkState = state;
  const shown = byId("link-state");
  clearInterval(waiting);
  const paused = stream.ring.held && state.state === "live";
  shown.className = `link-state ${paused ? "paused" : state.state}`;
  document.body.classList.toggle("dated", state.state !== "live");
  if (paused) shown.textContent = "❚❚ paused";
  else if (state.state === "live") shown.textContent = state.ms && state.ms < 5000 ? `● live ${state.ms} ms` : "● live";
  else if (state.state === "closed") shown.textContent = "○ not live: no permission";
  else if (state.state === "away") {
    let left = state.seconds;
    const say = () => (shown.textContent = left > 0 ? `◌ reconnecting ${left--} s` : "◌ reconnecting");
    say();
    waiting = window.setInterval(say, 1000);
  }
}
