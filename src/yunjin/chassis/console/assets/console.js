// What the browser does by itself: copy ids, fold the navigation, open the search, watch contact.
"use strict";
const yj = {
  words: window.yjWords,
  units: JSON.parse(window.yjWords.units),

  // 12345678 → 1,234.6万 or 12.3M; `decimals` scales minor units down.
  short(value, decimals) {
    const scaled = value / 10 ** decimals;
    for (const [name, power] of yj.units) {
      if (Math.abs(scaled) >= 10 ** power) return +(scaled / 10 ** power).toFixed(1) + name;
    }
    return scaled.toLocaleString(yj.words.locale, { maximumFractionDigits: 2 });
  },

  // Whole minor units written exactly, whatever their size.
  exact(value, decimals) {
    const digits = BigInt(Math.abs(value)).toString().padStart(decimals + 1, "0");
    const whole = digits.slice(0, digits.length - decimals).replace(/\B(?=(\d{3})+$)/g, ",");
    const text = decimals ? `${whole}.${digits.slice(-decimals)}` : whole;
    return value < 0 ? `-${text}` : text;
  },

  wall(ms) {
    return new Date(ms).toISOString().slice(0, 19).replace("T", " ");
  },

  timeLabel(ms) {
    const text = yj.wall(ms);
    if (!text.endsWith(":00")) return text.slice(11);
    if (!text.endsWith("00:00:00")) return text.slice(11, 16);
    return text.slice(5, 10) === "01-01" ? text.slice(0, 4) : text.slice(5, 10);
  },

  escape(text) {
    return String(text).replace(/[&<>"]/g, (c) => `&#${c.charCodeAt(0)};`);
  },

  tooltip(points, facts) {
    const first = points[0];
    const isTime = typeof first.axisValue === "number";
    const head = isTime ? yj.wall(first.axisValue).replace(" 00:00:00", "") : first.axisValue;
    const lines = points.map((point) => {
      const [decimals, unit] = facts[point.seriesIndex];
      const value = Array.isArray(point.value) ? point.value[1] : point.value;
      const name = facts.length > 1 ? `${yj.escape(point.seriesName)} ` : "";
      return `${point.marker}${name}<b>${yj.exact(value, decimals)}</b> ${yj.escape(unit)}`;
    });
    return [yj.escape(head), ...lines].join("<br>");
  },

  async copy(button) {
    try {
      await navigator.clipboard.writeText(button.dataset.copy);
    } catch {
      const field = Object.assign(document.createElement("textarea"), { value: button.dataset.copy });
      document.body.append(field);
      field.select();
      document.execCommand("copy");
      field.remove();
      button.focus();
    }
    button.classList.add("done");
    setTimeout(() => button.classList.remove("done"), 1600);
  },

  navigate(what) {
    const page = document.documentElement.dataset;
    if (what === "toggle") {
      page.nav = page.nav === "mini" ? "" : "mini";
      localStorage.setItem("yj-nav", page.nav);
      yj.nameCollapse();
    } else {
      page.drawer = what === "open" ? "open" : "";
      if (what === "open") document.querySelector(".yj-nav a")?.focus();
    }
  },

  nameCollapse() {
    const button = document.querySelector(".yj-collapse");
    if (!button) return;
    const name = document.documentElement.dataset.nav === "mini" ? yj.words.expand : yj.words.collapse;
    button.title = name;
    button.ariaLabel = name;
  },

  contact(state) {
    document.documentElement.dataset.contact = state;
  },

  watchContact() {
    if (!window.socket) return setTimeout(yj.watchContact, 50);
    const seen = () => yj.contact(document.hidden ? "paused" : "live");
    window.socket.on("connect", seen);
    window.socket.on("disconnect", () => yj.contact("lost"));
    document.addEventListener("visibilitychange", () => {
      if (window.socket.connected) seen();
      emitEvent("yj-visible", !document.hidden);
    });
    if (window.socket.connected) seen();
    yj.nameCollapse();
  },
};

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-copy], [data-nav], [data-emit], [data-csv]");
  if (!button) return;
  if (button.dataset.csv) return void (button.href = button.dataset.csv + location.search);
  if (button.dataset.copy !== undefined) yj.copy(button);
  else if (button.dataset.nav) yj.navigate(button.dataset.nav);
  else button.dispatchEvent(new CustomEvent(button.dataset.emit, { bubbles: true }));
});

document.addEventListener("keydown", (event) => {
  const isTyping = event.target.closest("input, textarea, select, [contenteditable]");
  if ((event.key === "/" && !isTyping) || (event.key === "k" && (event.ctrlKey || event.metaKey))) {
    event.preventDefault();
    document.querySelector("[data-search]")?.click();
  } else if ((event.key === "[" || event.key === "]") && !isTyping) {
    document.querySelector(`[aria-keyshortcuts="${event.key}"]`)?.click();
  } else if (event.key === "Escape") {
    yj.navigate("close");
  } else if (event.key === "ArrowDown" || event.key === "ArrowUp") {
    const hits = [...document.querySelectorAll(".yj-hit")];
    const here = hits.indexOf(document.activeElement);
    if (!hits.length || (here < 0 && !event.target.closest(".yj-finder"))) return;
    event.preventDefault();
    const next = here + (event.key === "ArrowDown" ? 1 : -1);
    (hits[next] || document.querySelector(".yj-finder input")).focus();
  }
});

document.addEventListener("DOMContentLoaded", yj.watchContact);
