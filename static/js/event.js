// The page of one event, kept current while the event is in flight: the socket says when, the server renders what.
import { Link, liveAddress } from "./link.js";

const POLL_MS = 2000; // while the socket is away

let busy = false;
let again = false;
let live = false;

const journey = () => document.getElementById("journey");

/** Take the page anew and put its journey in place of ours, with what the reader opened left open. */
async function refresh() {
  again = busy;
  if (busy) return;
  busy = true;
  try {
    const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
    if (!answer.ok) return;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const fresh = page.getElementById("journey");
    const ours = journey();
    if (!fresh || !ours) return;
    for (const open of ours.querySelectorAll("details[open][id]")) {
      fresh.querySelector(`#${CSS.escape(open.id)}`)?.setAttribute("open", "");
    }
    const tab = ours.querySelector("input[name=payload]:checked");
    if (tab) fresh.querySelector(`#${tab.id}`)?.setAttribute("checked", "");
    ours.replaceWith(fresh);
    document.dispatchEvent(new CustomEvent("rendered"));
  } finally {
    busy = false;
    if (again) void refresh();
  }
}

const id = journey()?.dataset.event;
if (id && journey()?.hasAttribute("data-in-flight")) {
  const shown = document.getElementById("link-state");
  const link = new Link(liveAddress(), (state) => {
    live = state.state === "live";
    if (!shown) return;
    shown.className = `link-state ${state.state}`;
    shown.textContent = live ? "● live" : "◌ reconnecting";
  });
  link.subscribe(1, { ask: { ch: "event", ev: id }, snap: () => void refresh(), part: () => void refresh() });
  link.open();
  const poll = setInterval(() => {
    if (!journey()?.hasAttribute("data-in-flight")) clearInterval(poll);
    else if (!live && !document.hidden) void refresh();
  }, POLL_MS);
}
