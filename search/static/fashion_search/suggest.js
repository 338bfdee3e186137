// Suggestions below the search box: a combobox with a listbox, as the ARIA patterns have it. Without this script the box is a plain form.
function fashionSuggest(input, number) {
  const { say } = window.fashionSearch.with(input);
  const form = input.form;
  const list = document.createElement("div");
  const said = document.createElement("span");
  list.id = `fs-suggestions-${number}`;
  list.className = "fs-suggestions";
  list.hidden = true;
  list.setAttribute("role", "listbox");
  list.setAttribute("aria-label", say("Suggestions"));
  said.className = "fs-sr";
  said.setAttribute("role", "status");
  form.append(list, said);
  form.classList.add("fs-suggests");
  list.addEventListener("pointerdown", (event) => event.preventDefault()); // the box keeps the focus
  for (const [name, value] of Object.entries({
    role: "combobox", "aria-autocomplete": "list", "aria-controls": list.id, "aria-expanded": "false",
  })) input.setAttribute(name, value);

  const EACH = 4; // suggestions of each kind
  const POPULAR = 6; // of what others look for
  const pause = 120; // milliseconds between the last letter and the question
  let timer = 0;
  let asking = null;
  let chosen = -1;
  let typed = input.value;
  let popular = null; // what others look for, asked once per page
  const acts = new WeakMap();
  const forgets = new WeakMap();

  // Searches that found something are remembered in this browser alone, newest first.
  const KEY = "recent-searches";
  const MOST = 8;

  function recent() {
    try {
      const kept = JSON.parse(localStorage.getItem(KEY) || "[]");
      return Array.isArray(kept) ? kept.filter((text) => typeof text === "string").slice(0, MOST) : [];
    } catch {
      return []; // storage is switched off, or holds something else
    }
  }

  function keep(texts) {
    try {
      localStorage.setItem(KEY, JSON.stringify(texts.slice(0, MOST)));
    } catch { /* storage is switched off or full: nothing is remembered */ }
  }

  function remember() {
    const text = document.querySelector("[data-recent]")?.dataset.recent;
    if (text) keep([text, ...recent().filter((other) => other.toLowerCase() !== text.toLowerCase())]);
  }

  function showRecent() {
    if (input.value.trim()) return;
    const texts = recent();
    list.replaceChildren();
    if (texts.length) {
      const rows = group(say("Recent searches"));
      for (const text of texts) option(rows, text, { forget: () => { keep(recent().filter((other) => other !== text)); showRecent(); } });
      option(rows, say("Clear recent searches"), { act: () => { keep([]); showRecent(); } });
    }
    const known = texts.map((text) => text.toLowerCase());
    const others = (popular || []).filter((text) => !known.includes(text.toLowerCase()));
    if (others.length) {
      const rows = group(say("Popular searches"));
      for (const text of others) option(rows, text);
    }
    announce(texts.length ? say(" Delete removes a recent search.") : "");
  }

  async function offer() {
    showRecent();
    if (popular) return;
    popular = []; // asked for, though not answered yet
    try {
      const response = await fetch(`${input.dataset.suggest}?limit=${POPULAR}`);
      if (response.ok) popular = (await response.json()).queries;
    } catch { /* the box works without what others look for */ }
    if (popular.length && chosen < 0) showRecent();
  }

  const options = () => [...list.querySelectorAll("[role=option]")];

  function close() {
    list.hidden = true;
    chosen = -1;
    input.setAttribute("aria-expanded", "false");
    input.removeAttribute("aria-activedescendant");
  }

  function choose(number) {
    const all = options();
    all[chosen]?.setAttribute("aria-selected", "false");
    chosen = all.length ? (number + all.length + 1) % (all.length + 1) : -1;
    if (chosen === all.length) chosen = -1; // back in the box
    if (chosen < 0) {
      input.removeAttribute("aria-activedescendant");
      input.value = typed;
      return;
    }
    all[chosen].setAttribute("aria-selected", "true");
    all[chosen].scrollIntoView({ block: "nearest" });
    input.setAttribute("aria-activedescendant", all[chosen].id);
    input.value = all[chosen].dataset.text;
  }

  function go(option) {
    const act = acts.get(option);
    if (act) {
      input.value = typed;
      act();
      return;
    }
    if (option.dataset.address) {
      location.assign(option.dataset.address);
      return;
    }
    input.value = option.dataset.text;
    form.requestSubmit();
  }

  function element(name, text, className) {
    const made = document.createElement(name);
    made.textContent = text;
    if (className) made.className = className;
    return made;
  }

  function group(title) {
    const rows = document.createElement("div");
    rows.setAttribute("role", "group");
    rows.setAttribute("aria-label", title);
    const heading = element("div", title, "fs-suggestion-group");
    heading.setAttribute("aria-hidden", "true");
    rows.append(heading);
    list.append(rows);
    return rows;
  }

  // Characters are those of Unicode, as the server counts them. What was not typed is marked.
  function marked(text, spans) {
    const words = element("span", "", "fs-suggestion-text");
    const characters = Array.from(text);
    let at = 0;
    for (const [start, end] of spans) {
      const between = characters.slice(at, start).join("");
      if (between) words.append(between.trim() ? element("b", between) : between);
      words.append(characters.slice(start, end).join(""));
      at = end;
    }
    const rest = characters.slice(at).join("");
    if (rest) words.append(spans.length ? element("b", rest) : rest);
    return words;
  }

  function option(rows, text, { spans = [], note = "", price = "", act, address, image, forget } = {}) {
    const item = document.createElement("div");
    item.id = `${list.id}-${options().length}`;
    item.setAttribute("role", "option");
    item.setAttribute("aria-selected", "false");
    item.dataset.text = act ? typed : text;
    if (act) acts.set(item, act);
    if (address) item.dataset.address = address;
    if (image !== undefined) { // its place is kept where there is none
      const picture = image ? document.createElement("img") : element("span", "");
      picture.className = "fs-suggestion-picture";
      if (image) Object.assign(picture, { src: image, alt: "", width: 36, height: 48, decoding: "async" });
      item.append(picture);
    }
    item.append(marked(text, spans));
    if (note) item.append(element("span", note, "fs-suggestion-kind"));
    if (price) item.append(element("span", price, "fs-suggestion-price"));
    if (forget) {
      forgets.set(item, forget);
      const cross = element("span", "×", "fs-suggestion-forget"); // by keyboard it is Delete: an option holds no button
      cross.setAttribute("aria-hidden", "true");
      cross.title = say("Remove “{text}”", { text });
      cross.addEventListener("click", (event) => { event.stopPropagation(); forget(); });
      item.append(cross);
    }
    item.addEventListener("click", () => go(item));
    rows.append(item);
  }

  function show(answer) {
    list.replaceChildren();
    const fill = (name, title, describe) => {
      if (!answer[name].length) return;
      const rows = group(title);
      answer[name].forEach((one, number) => {
        option(rows, ...describe(one, answer.matched[name][number]));
      });
    };
    fill("queries", say("Searches"), (text, spans) => [text, { spans }]);
    fill("categories", say("Categories"), (one, spans) => [one.value, { spans, note: one.facet === "category" ? String(one.count) : `${one.label} · ${one.count}` }]);
    fill("brands", say("Brands"), (one, spans) => [one.value, { spans, note: String(one.count) }]);
    fill("products", say("Products"), (one, spans) => [one.name, {
      spans, note: one.brand, price: one.price_text, address: one.url, image: one.image || "",
    }]);
    announce();
  }

  function announce(more = "") {
    const count = options().length;
    said.textContent = count ? say("{count} suggestions, use the arrow keys.", { count }) + more : "";
    chosen = -1;
    list.hidden = !count || document.activeElement !== input;
    input.setAttribute("aria-expanded", String(!list.hidden));
    input.removeAttribute("aria-activedescendant");
  }

  async function ask() {
    typed = input.value;
    asking?.abort();
    if (!typed.trim()) {
      close();
      return offer();
    }
    asking = new AbortController();
    try {
      const address = `${input.dataset.suggest}?${new URLSearchParams({ q: typed, limit: EACH })}`;
      const response = await fetch(address, { signal: asking.signal });
      if (response.ok) show(await response.json());
      else close();
    } catch (error) {
      if (error.name !== "AbortError") close(); // the form works without suggestions
    }
  }

  input.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(ask, pause);
  });
  input.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && !list.hidden) {
      event.preventDefault();
      input.value = typed;
      close();
    } else if (event.key === "ArrowUp" && event.altKey) {
      close();
    } else if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      if (list.hidden) return ask();
      choose(event.key === "ArrowDown" ? chosen + 1 : chosen < 0 ? options().length - 1 : chosen - 1);
    } else if (event.key === "Delete" && forgets.has(options()[chosen])) {
      event.preventDefault();
      input.value = typed;
      forgets.get(options()[chosen])();
    } else if (event.key === "Enter" && chosen >= 0) {
      event.preventDefault();
      go(options()[chosen]);
    }
  });
  input.addEventListener("blur", close);
  input.addEventListener("focus", () => { if (list.hidden) typed = input.value; }); // results change it, too
  for (const type of ["focus", "click"]) input.addEventListener(type, () => { if (list.hidden && !input.value.trim()) offer(); });
  document.addEventListener("fs:results", remember);
  remember();
}
// A page may load this script with each of its boxes.
document.querySelectorAll("input[data-suggest]:not([role=combobox])").forEach(fashionSuggest);
