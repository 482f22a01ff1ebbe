// What every page has: the theme switch, the reader's time, buttons that copy, and a menu that closes. A classic deferred script, so
// that it never waits for a page's modules.
(() => {
  const root = document.documentElement;

  /** @param {string} theme "system", "light" or "dark" */
  const show = (theme) => {
    root.dataset.theme = theme;
    const label = `Theme: ${theme}`;
    themeSwitch?.setAttribute("aria-label", label);
    themeSwitch?.setAttribute("title", label);
    document.dispatchEvent(new CustomEvent("theme"));
  };

  const themeSwitch = document.getElementById("theme-switch");
  if (themeSwitch) {
    const order = ["system", "light", "dark"];
    themeSwitch.hidden = false;
    show(root.dataset.theme || "system");
    themeSwitch.addEventListener("click", () => {
      const next = order[(order.indexOf(root.dataset.theme || "system") + 1) % order.length];
      // A cookie, because the server renders the theme into the page: it never flashes. The admin reads its own place.
      document.cookie = `theme=${next}; path=/; max-age=31536000; samesite=lax`;
      localStorage.setItem("theme", next === "system" ? "auto" : next);
      show(next);
    });
  }

  // The server writes moments in UTC, which is right without us; the reader's own clock is easier to compare.
  const localise = () => {
    for (const time of document.querySelectorAll("time[datetime]:not([data-local])")) {
      const moment = new Date(time.getAttribute("datetime") || "");
      if (Number.isNaN(moment.getTime())) continue;
      const text = (/** @type {number} */ value, width = 2) => String(value).padStart(width, "0");
      const day = `${moment.getFullYear()}-${text(moment.getMonth() + 1)}-${text(moment.getDate())}`;
      const seconds = [moment.getHours(), moment.getMinutes(), moment.getSeconds()].map((value) => text(value));
      const shown = time.querySelector(".day");
      if (shown) shown.textContent = day;
      const toMinute = time.hasAttribute("data-minute");
      if (toMinute) seconds.pop();
      const last = time.lastChild;
      const fraction = time.hasAttribute("data-whole") ? "" : `.${text(moment.getMilliseconds(), 3)}`;
      if (last) last.textContent = `${shown ? " " : ""}${seconds.join(":")}${toMinute ? "" : fraction}`;
      time.setAttribute("data-local", "");
    }
  };
  localise();
  document.addEventListener("rendered", localise);

  document.addEventListener("click", async (event) => {
    const clicked = event.target instanceof Element ? event.target : null;
    for (const menu of document.querySelectorAll("details.menu[open]")) {
      if (!clicked || !menu.contains(clicked)) menu.removeAttribute("open");
    }
    const button = clicked?.closest("[data-copy]");
    if (!(button instanceof HTMLElement)) return;
    const source = document.getElementById(button.dataset.copy || "");
    if (!source) return;
    const said = button.textContent;
    try {
      await navigator.clipboard.writeText(source.dataset.value || source.textContent || "");
      button.textContent = "Copied";
    } catch {
      // No permission, or not a secure address: mark the text, so that the reader's own copy takes it.
      getSelection()?.selectAllChildren(source);
      button.textContent = "Selected";
    }
    setTimeout(() => (button.textContent = said), 1500);
  });

  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    for (const menu of document.querySelectorAll("details.menu[open]")) {
      menu.removeAttribute("open");
      menu.querySelector("summary")?.focus();
    }
  });
})();
