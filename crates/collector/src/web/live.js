// Keeps the page up to date: every two seconds, while the tab is visible, it fetches the page's
// own <main> and replaces the sections that changed. Without it the page is complete, but still.
(() => {
  "use strict";
  const EVERY_MS = 2000;
  const EVERY_MS_MAX = 30000;
  const FOCUSABLE = "a[href], summary, button, input, [tabindex]";
  const badge = document.getElementById("live");
  let failures = 0;

  const address = () => {
    const url = new URL(location.href);
    url.searchParams.set("fragment", "1");
    url.hash = "";
    return url;
  };

  // What the reader did to a section, so that its successor can be brought into the same state.
  const remember = (section) => ({
    focus: [...section.querySelectorAll(FOCUSABLE)].indexOf(document.activeElement),
    open: [...section.querySelectorAll("details")].map((e) => e.open),
    left: [...section.querySelectorAll(".scroll")].map((e) => e.scrollLeft),
    top: [...section.querySelectorAll(".scroll")].map((e) => e.scrollTop),
    typed: [...section.querySelectorAll("input")].map((e) => e.value),
  });

  const restore = (section, state) => {
    section.querySelectorAll("details").forEach((e, i) => {
      if (i in state.open) e.open = state.open[i];
    });
    section.querySelectorAll(".scroll").forEach((e, i) => {
      e.scrollLeft = state.left[i] || 0;
      e.scrollTop = state.top[i] || 0;
    });
    section.querySelectorAll("input").forEach((e, i) => {
      if (i in state.typed) e.value = state.typed[i];
    });
    const focused = section.querySelectorAll(FOCUSABLE)[state.focus];
    if (focused) focused.focus({ preventScroll: true });
  };

  const isSelecting = (section) => {
    const selection = document.getSelection();
    return selection && !selection.isCollapsed && selection.containsNode(section, true);
  };

  const isTyping = (section) => section.querySelector("input:focus") !== null;

  // Compared as text, because what the reader opened must not look like a change.
  const sources = new Map();

  const show = (html) => {
    const fresh = new DOMParser().parseFromString(html, "text/html").querySelector("main");
    const main = document.querySelector("main");
    if (!fresh || !main) throw new Error("not a page");
    const ids = (element) => [...element.children].map((child) => child.id).join(" ");
    if (ids(fresh) !== ids(main)) {
      const top = scrollY;
      main.replaceWith(fresh);
      scrollTo({ top, behavior: "instant" });
      return;
    }
    for (const next of [...fresh.children]) {
      const source = next.outerHTML;
      const now = document.getElementById(next.id);
      if (sources.get(next.id) === source || isSelecting(now) || isTyping(now)) continue;
      sources.set(next.id, source);
      const state = remember(now);
      now.replaceWith(next);
      restore(next, state);
    }
  };

  const report = (text, isLost) => {
    badge.hidden = false;
    badge.textContent = text;
    badge.classList.toggle("lost", isLost);
  };

  const update = async () => {
    if (document.visibilityState === "visible") {
      try {
        const answer = await fetch(address(), {
          cache: "no-store",
          signal: AbortSignal.timeout(10000),
        });
        if (!answer.ok) throw new Error(String(answer.status));
        show(await answer.text());
        failures = 0;
        report("live", false);
      } catch {
        failures += 1;
        report("no connection, shown as of its last update", true);
      }
    }
    setTimeout(update, Math.min(EVERY_MS * 2 ** Math.min(failures, 5), EVERY_MS_MAX));
  };

  setTimeout(update, EVERY_MS);
})();
