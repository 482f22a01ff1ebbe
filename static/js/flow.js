// The flow page: joins the socket to graph, list, stream, header and title. The server's HTML is true without it.
import { drawer } from "./drawer.js";
import { count, rate } from "./figures.js";
import { Graph } from "./graph.js";
import { Link, liveAddress } from "./link.js";
import { NodeTable } from "./list.js";
import { Flow } from "./model.js";
import { Panel } from "./panel.js";
import { Said } from "./said.js";
import { showHead, showLink, trouble } from "./head.js";
import { Tools } from "./tools.js";
import { Travel } from "./travel.js";

/** @param {string} id @returns {HTMLElement} */
function byId(id) {
  const found = document.getElementById(id);
  if (!found) throw new Error(`the page has no #${id}`);
  return found;
}

const flow = new Flow();
const pane = byId("graph");
const graph = new Graph(pane, byId("board"), flow, viewed);
const table = new NodeTable(byId("node-list"), () => graph.nodes());
const said = new Said(byId("said"), byId("alarm"));
const panel = byId("stream");
const stream = new Panel(panel, held);
const tools = new Tools(byId("graph-side"), graph, table);
const sheet = document.getElementById("first-steps");
/** @type {import("./first.js").FirstSteps | null} */
let first = null;
const bus = panel.dataset.bus ? { bus: panel.dataset.bus } : {};
const title = document.title;
let due = false;
let shownAt = 0;
/** @type {import("./link.js").LinkState} */
let linkState = { state: "connecting", ms: 0, seconds: 0 };

const link = new Link(liveAddress(), tellLink);
/** @type {Travel | null} */
let travel = null;
let group = serverGroup();
/** @type {import("./link.js").Subscription} */
const flowTold = {
  ask: { ch: "flow", ...bus, group },
  snap: (snap) => {
    document.body.classList.add("upgraded");
    if (travel?.away) return;
    flow.take(snap);
    graph.arrange();
    soon();
  },
  part: (part, span) => {
    if (travel?.away) return;
    const { redrawn, news } = flow.change(part);
    if (redrawn) graph.arrange();
    graph.dots.release(news, span);
    soon();
  },
};
link.subscribe(1, flowTold);
stream.watch(link, 2, followFirst);
drawer(byId("flow"), panel, byId("stream-back"));
const drawn = document.getElementById("snapshot")?.textContent;
if (drawn) {
  flow.take(JSON.parse(drawn));
  graph.arrange();
}
tools.showAs();
const scrubber = document.getElementById("scrubber");
if (scrubber) {
  travel = new Travel(scrubber, {
    asked: () => ({ ...bus, ...(group ? { group } : {}) }),
    show: (picture, span) => {
      flow.take(picture);
      graph.arrange();
      if (span) graph.dots.release(picture.e, span);
      void stream.showPast(picture.rows, picture.at);
      soon();
    },
    live: () => {
      link.subscribe(1, { ...flowTold, ask: { ch: "flow", ...bus, group } }); // answered by a snap
      void stream.showLive();
    },
    tell: () => tellLink(linkState),
  });
  tellLink(linkState); // it may have begun in the past
}
document.addEventListener("pace", paced);
paced();
link.open();
if (sheet) {
  // Only a page without events needs it.
  const { FirstSteps } = await import("./first.js");
  first = new FirstSteps(sheet, () => {
    first = null;
    graph.dots.tempo = 1;
  });
  graph.dots.tempo = 3;
  const ghost = () => graph.layout && first?.ghost(byId("board"), graph.layout);
  ghost();
  new ResizeObserver(() => requestAnimationFrame(ghost)).observe(byId("board"));
  followFirst();
}

/** The first event's story, until the reader goes on. */
function followFirst() {
  if (!first) return;
  const row = stream.stream.ring.oldest;
  if (!row) return;
  first.tell(row);
  document.body.classList.remove("first");
  for (const ghost of document.querySelectorAll(".ghost")) ghost.remove();
}

/** Above 2,000 rules the server sends groups, and the members of the one that is open. */
function serverGroup() {
  return graph.wanted.startsWith("rules:") ? graph.wanted : "";
}

/** What is shown of the graph is something else now. */
function viewed() {
  tools.shown();
  if (group === serverGroup()) return;
  group = serverGroup();
  link.subscribe(1, { ...flowTold, ask: { ch: "flow", ...bus, group } });
  travel?.again();
}

/** @param {import("./stream.js").Mode} mode */
function held(mode) {
  graph.dots.freeze(mode === "held");
  tellLink(linkState);
}

/** Who wants less motion gets rows twice a second. */
function paced() {
  link.pace(graph.dots.pace.calm ? 2 : 10);
}

function soon() {
  if (due) return;
  due = true;
  // At once after a rest, so that a single event is told in figures when it is in the stream.
  setTimeout(() => {
    due = false;
    shownAt = performance.now();
    if (stream.stream.mode !== "held" || travel?.away) {
      graph.show();
      table.show();
    }
    tools.quiet(travel?.away ? undefined : newest(), flow.minute.in);
    legend();
    if (!travel?.away) said.tell(flow); // the past is no alarm
    header();
  }, Math.max(0, shownAt + graph.dots.pace.figuresEvery - performance.now()));
}

function header() {
  const { head, minute } = flow;
  showHead(head);
  const wrong = trouble(head);
  const prefix = wrong ? `▲ ${wrong} · ` : "";
  const named = `${prefix}${rate(head.in, minute.in)} · ${title}`;
  if (document.title !== named) document.title = named;
}

/** The newest event of the stream. */
const newest = () => stream.stream.ring.newest ?? undefined;

/** What a dot stands for just now. */
function legend() {
  const each = graph.dots.eventsEach;
  const text = each > 1 ? `1 dot ≈ ${count(each)} events where there are more than 20/s, else one` : "one dot, one event";
  const shown = byId("legend-dot");
  if (shown.textContent !== text) shown.textContent = text;
}

/** @param {import("./link.js").LinkState} state */
function tellLink(state) {
  linkState = state;
  const { mode, ring } = stream.stream;
  const { missed } = ring;
  const more = missed ? ` +${count(missed)}` : "";
  const paused = mode === "held" ? { state: "paused", text: `❚❚ paused${more}` } : undefined;
  showLink(state, travel?.away ? { state: "past", text: travel.said } : paused);
}
