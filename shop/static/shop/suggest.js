// Suggestions below the search box: a combobox with a listbox, as the ARIA patterns have it. Without this script the box is a plain form.
(() => {
  const input = document.querySelector("input[data-suggest]");
  if (!input) return;
  const form = input.form;
  const list = document.createElement("ul");
  const said = document.createElement("span");
  list.id = "suggestions";
  list.className = "suggestions";
  list.hidden = true;
  list.setAttribute("role", "listbox");
  list.setAttribute("aria-label", "Suggestions");
  said.className = "sr";
  said.setAttribute("role", "status");
  form.append(list, said);
  for (const [name, value] of Object.entries({
    role: "combobox", "aria-autocomplete": "list", "aria-controls": list.id, "aria-expanded": "false",
  })) input.setAttribute(name, value);

  const pause = 120; // milliseconds between the last letter and the question
  let timer = 0;
  let asking = null;
  let chosen = -1;
  let typed = input.value;
  const acts = new WeakMap();

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
    const text = document.getElementById("results")?.dataset.recent;
    if (text) keep([text, ...recent().filter((other) => other.toLowerCase() !== text.toLowerCase())]);
  }

  function showRecent() {
    const texts = recent();
    if (input.value.trim() || !texts.length) return;
    list.replaceChildren();
    for (const text of texts) option(text, "recent");
    option("Forget recent searches", "", { act: () => { keep([]); close(); } });
    announce();
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

  function option(text, kind, extra = {}) {
    const item = document.createElement("li");
    item.id = `suggestion-${list.childElementCount}`;
    item.setAttribute("role", "option");
    item.setAttribute("aria-selected", "false");
    item.dataset.text = extra.act ? typed : text;
    if (extra.act) acts.set(item, extra.act);
    if (extra.address) item.dataset.address = extra.address;
    if (extra.image) {
      const picture = document.createElement("img");
      Object.assign(picture, { src: extra.image, alt: "", width: 30, height: 40 });
      item.append(picture);
    }
    const words = document.createElement("span");
    words.textContent = text;
    item.append(words);
    if (kind) {
      const note = document.createElement("span");
      note.className = "suggestion-kind";
      note.textContent = kind;
      item.append(note);
    }
    item.addEventListener("pointerdown", (event) => event.preventDefault()); // the box keeps the focus
    item.addEventListener("click", () => go(item));
    list.append(item);
  }

  function show(answer) {
    list.replaceChildren();
    for (const text of answer.queries) option(text, "");
    for (const one of answer.categories) option(one.value, one.facet);
    for (const one of answer.brands) option(one.value, "brand");
    for (const one of answer.products) option(one.name, one.brand, { address: one.url, image: one.image });
    announce();
  }

  function announce() {
    const count = options().length;
    said.textContent = count ? `${count} suggestions, use the arrow keys.` : "";
    chosen = -1;
    list.hidden = !count || document.activeElement !== input;
    input.setAttribute("aria-expanded", String(!list.hidden));
  }

  async function ask() {
    typed = input.value;
    asking?.abort();
    if (!typed.trim()) {
      close();
      return showRecent();
    }
    asking = new AbortController();
    try {
      const address = `${input.dataset.suggest}?${new URLSearchParams({ q: typed, limit: "4" })}`;
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
    } else if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      if (list.hidden) return;
      event.preventDefault();
      choose(event.key === "ArrowDown" ? chosen + 1 : chosen < 0 ? options().length - 1 : chosen - 1);
    } else if (event.key === "Enter" && chosen >= 0) {
      event.preventDefault();
      go(options()[chosen]);
    }
  });
  input.addEventListener("blur", close);
  input.addEventListener("focus", () => { if (list.hidden) typed = input.value; }); // results change it, too
  for (const type of ["focus", "click"]) input.addEventListener(type, () => { if (list.hidden) showRecent(); });
  document.addEventListener("htmx:afterSettle", remember);
  remember();
})();
