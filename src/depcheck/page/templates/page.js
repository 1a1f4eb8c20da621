"use strict";
(() => {
  const graph = JSON.parse(document.getElementById("graph").textContent);
  const explorer = document.getElementById("explorer");
  const search = document.getElementById("search");
  const found = document.getElementById("found");
  const focus = document.getElementById("focus");
  const rows = [...document.querySelectorAll("#pins tbody tr")];

  const make = (tag, attributes, ...children) => {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
    element.append(...children);
    return element;
  };
  const link = (name) => make("a", { href: `#pin-${name}` }, name);
  const size = (count) => (count === null ? "unknown" : `${(count / 1e6).toFixed(1)} MB`);

  /* The shortest way from each requirement of the image to a pin, the shortest first. */
  const waysTo = (pin) => {
    const ways = [];
    const seen = new Set([pin]);
    const queue = [[pin]];
    for (const way of queue) {
      for (const [asker, requirement, isPin] of graph[way[0]].askers) {
        if (!isPin) ways.push([[asker, requirement], ...way]);
        else if (!seen.has(asker)) {
          seen.add(asker);
          queue.push([asker, ...way]);
        }
      }
    }
    return ways;
  };

  const entry = (name, words, isPin) =>
    make("li", {}, isPin ? link(name) : name, ...(words && words !== name ? [make("code", {}, words)] : []));
  const column = (title, entries) =>
    make("div", {}, make("h4", {}, `${title} (${entries.length})`),
      entries.length ? make("ul", { tabindex: "0", "aria-label": title }, ...entries) : "nothing");

  const show = (name) => {
    const pin = graph[name];
    const ways = waysTo(name);
    const centre = make("div", { class: "centre" }, make("strong", {}, name), make("div", {}, pin.version),
      make("div", {}, `stage ${pin.stage}`),
      make("div", {}, `download ${size(pin.download)}`), make("div", {}, `installed ${size(pin.installed)}`));
    for (const rule of pin.rules) {
      centre.append(make("div", {}, "rule ", make("a", { href: `#rule-${rule}` }, rule)));
    }
    focus.replaceChildren(
      make("h3", {}, `Why ${name} is here`),
      ...ways.slice(0, 3).map((way) => {
        const [[origin, requirement], ...pins] = way;
        return make("ol", { class: "chain" }, make("li", {}, origin, " ", make("code", {}, requirement)),
          ...pins.map((each) => make("li", {}, each === name ? make("strong", {}, each) : link(each))));
      }),
      ways.length > 3 ? make("p", { class: "note" }, `and ${ways.length - 3} more ${ways.length === 4 ? "way" : "ways"}`) : "",
      make("div", { class: "columns" },
        column("Asked for by", pin.askers.map(([asker, words, isPin]) => entry(asker, words, isPin))),
        centre,
        column("Needs", pin.needs.map(([need, words]) => entry(need, words, true)))),
      ...(pin.passed.length ? [make("h4", {}, "Newer versions passed over"),
        make("ul", { class: "passed" }, ...pin.passed.map(([versions, reason]) =>
          make("li", {}, make("strong", {}, versions), ` ${reason}`)))] : []));
    for (const row of rows) row.toggleAttribute("aria-current", row.id === `pin-${name}`);
  };

  const pinOf = (hash) => {
    const name = decodeURIComponent(hash).replace(/^#pin-/, "");
    return hash.startsWith("#pin-") && Object.hasOwn(graph, name) ? name : null;
  };
  const follow = (name) => {
    history.pushState(null, "", `#pin-${name}`);
    show(name);
    focus.focus({ preventScroll: true });
    explorer.scrollIntoView({ block: "start" });
  };
  document.addEventListener("click", (event) => {
    const anchor = event.target.closest("a");
    const name = anchor && pinOf(anchor.getAttribute("href") ?? "");
    if (name === null || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    follow(name);
  });
  addEventListener("popstate", () => {
    const name = pinOf(location.hash);
    if (name) show(name);
  });

  const filter = () => {
    const wanted = search.value.trim().toLowerCase();
    let left = 0;
    for (const row of rows) {
      row.hidden = !row.firstElementChild.textContent.toLowerCase().includes(wanted);
      left += row.hidden ? 0 : 1;
    }
    found.textContent = wanted ? `${left} of ${rows.length} packages` : "";
    if (Object.hasOwn(graph, wanted)) show(wanted);
  };
  search.addEventListener("input", filter);
  search.addEventListener("keydown", (event) => {
    const wanted = search.value.trim().toLowerCase();
    const left = rows.filter((row) => !row.hidden);
    const first = left.find((row) => row.id.startsWith(`pin-${wanted}`)) ?? left[0];
    if (event.key !== "Enter" || !first) return;
    follow(Object.hasOwn(graph, wanted) ? wanted : first.id.replace(/^pin-/, ""));
  });

  const key = (row, at, kind) => {
    const text = row.cells[at].textContent.trim();
    if (kind === "text") return text;
    if (text.startsWith("<")) return 0;
    const number = parseFloat(text.replace(/\u202f/g, ""));
    return Number.isNaN(number) ? -1 : number;
  };
  for (const head of document.querySelectorAll("#pins th[data-sort]")) {
    const kind = head.dataset.sort;
    const button = make("button", { type: "button" }, ...head.childNodes);
    head.append(button);
    button.addEventListener("click", () => {
      const initial = head.classList.contains("number") ? "descending" : "ascending";
      const order = head.ariaSort ? (head.ariaSort === "ascending" ? "descending" : "ascending") : initial;
      for (const other of head.parentElement.cells) other.ariaSort = null;
      head.ariaSort = order;
      const sign = order === "ascending" ? 1 : -1;
      const compare = (a, b) => (kind === "text" ? a.localeCompare(b, "en") : a - b);
      rows.sort((a, b) => sign * compare(key(a, head.cellIndex, kind), key(b, head.cellIndex, kind)));
      document.querySelector("#pins tbody").append(...rows);
    });
  }

  /* One stop for the Tab key in each treemap; the arrow keys go on from there. */
  for (const map of document.querySelectorAll("svg.map")) {
    const tiles = [...map.querySelectorAll("a")];
    tiles.forEach((tile, number) => tile.setAttribute("tabindex", number ? "-1" : "0"));
    map.addEventListener("keydown", (event) => {
      const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
      const now = tiles.indexOf(document.activeElement);
      const next = event.key === "Home" ? tiles[0] : event.key === "End" ? tiles.at(-1) : tiles[now + step];
      if (now < 0 || !next) return;
      event.preventDefault();
      tiles[now].setAttribute("tabindex", "-1");
      next.setAttribute("tabindex", "0");
      next.focus();
    });
  }

  explorer.hidden = false;
  const first = pinOf(location.hash) ?? Object.keys(graph).reduce(
    (most, name) => (graph[name].askers.length > graph[most].askers.length ? name : most), Object.keys(graph)[0]);
  if (first) show(first);
  document.documentElement.dataset.ready = "yes";
})();
