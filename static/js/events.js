// The page of events, full width: searching and following in one. The server's HTML is true without it.
import { note } from "./address.js";
import { followHead } from "./head.js";
import { Link, liveAddress } from "./link.js";
import { Panel } from "./panel.js";
import { part } from "./stream.js";

const section = part(document.body, "#stream");
const state = document.getElementById("link-state");
const form = /** @type {HTMLFormElement} */ (part(section, "form.filter"));
const liveSwitch = part(section, ".stream-live");
const mayFollow = "mayFollow" in section.dataset;
/** @type {import("./link.js").LinkState} */
let linkState = { state: "connecting", ms: 0, seconds: 0 };

const panel = new Panel(section, tell);
const link = new Link(liveAddress(), (now) => {
  linkState = now;
  tell();
});
document.body.classList.add("upgraded");

/** @param {boolean} live */
function follow(live) {
  panel.setLive(live);
  liveSwitch.setAttribute("aria-checked", String(live));
  liveSwitch.textContent = live ? "● Live" : "○ Live";
  tell();
}

/** In the header: whether what is shown is of now. */
function tell() {
  if (!state) return;
  const paused = panel.live && panel.stream.mode === "held" && linkState.state === "live";
  state.className = `link-state ${paused ? "paused" : linkState.state}`;
  if (!panel.live) state.textContent = "";
  else if (paused) state.textContent = "❚❚ paused";
  else if (linkState.state === "live") state.textContent = linkState.ms && linkState.ms < 5000 ? `● live ${linkState.ms} ms` : "● live";
  else if (linkState.state === "closed") state.textContent = "○ not live: no permission";
  else if (linkState.state === "away") state.textContent = "◌ reconnecting";
  part(section, ".stream-pause").hidden = !panel.live;
}

// Bounds are asked of the server's page: what they leave out is another list.
const bounds = ["from", "to"].map((name) => /** @type {HTMLInputElement} */ (form.elements.namedItem(name)));
form.addEventListener(
  "submit",
  (event) => {
    if (bounds.some((field) => field.value.trim() !== field.defaultValue)) {
      event.stopImmediatePropagation();
      for (const field of [...bounds, panel.box.input]) field.disabled = !field.value.trim();
    }
  },
  { capture: true },
);

liveSwitch.hidden = !mayFollow;
liveSwitch.addEventListener("click", () => {
  follow(!panel.live);
  note({ live: panel.live ? "1" : "0" });
});
panel.live = false;
panel.watch(link, 1);
followHead(link, 2);
follow(mayFollow && "live" in section.dataset);
link.open();
