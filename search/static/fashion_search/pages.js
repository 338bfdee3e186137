// Results change in place as shoppers filter, sort and page. Without this script every step is a page of its own.
// Other scripts use `fashionSearch`: `with(element)` gives `say`, which translates by the data-texts around the element, and `load`.
(() => {
  if (window.fashionSearch) return; // loaded already, with another box
  const results = () => document.querySelector("[data-fs-results]");
  const defaults = { sort: "relevance" };
  let loading = null;
  let shown = location.pathname + location.search;

  // A text in the page's language; {name} stands for a value.
  function speaker(element) {
    const texts = JSON.parse(element?.closest("[data-texts]")?.dataset.texts || "{}");
    return (text, values = {}) => (texts[text] || text).replace(/{(\w+)}/g, (whole, name) => values[name] ?? whole);
  }

  const say = speaker(results());
  const heard = document.createElement("p"); // stays while results are exchanged, so that screen readers notice what it says
  heard.className = "fs-sr";
  heard.setAttribute("role", "status");

  // What was there stays, a chosen photo too, so that it can be sent again.
  function notice(sentence) {
    results().querySelector(".fs-unreached")?.remove();
    const said = document.createElement("p");
    said.className = "fs-notice fs-unreached";
    said.setAttribute("role", "alert");
    said.textContent = sentence;
    results().prepend(said);
  }

  function put(next) {
    const open = new Map([...results().querySelectorAll("details[id]")].map((part) => [part.id, part.open]));
    const focused = document.activeElement?.id;
    const inside = results().contains(document.activeElement);
    results().replaceWith(document.adoptNode(next));
    for (const part of next.querySelectorAll("details[id]")) {
      if (open.has(part.id)) part.open = open.get(part.id);
    }
    if (inside) (document.getElementById(focused) || next).focus({ preventScroll: true });
    heard.textContent = next.querySelector("[data-count], [role=alert]")?.textContent.trim() || "";
  }

  // Shows what an address answers; gives its status, 0 where it cannot be reached, null where another one was asked for meanwhile.
  async function load(address, { remember = true, top = false, ...options } = {}) {
    loading?.abort();
    const mine = loading = new AbortController();
    results().setAttribute("aria-busy", "true");
    let response;
    let page;
    try {
      response = await fetch(address, { ...options, signal: mine.signal });
      page = new DOMParser().parseFromString(await response.text(), "text/html");
    } catch (error) {
      if (mine !== loading) return null;
      results().removeAttribute("aria-busy");
      notice(say("The shop could not be reached. Look after your connection, then try again."));
      return 0;
    }
    if (mine !== loading) return null;
    results().removeAttribute("aria-busy");
    const next = page.querySelector("[data-fs-results]");
    if (!next) {
      // What has no results, such as a page that a search leads to or an error, is shown as the page that it is.
      if (response.status === 503) notice(say("The shop cannot answer at the moment. Try again in a few seconds."));
      else location.assign(response.url);
      return response.status;
    }
    put(next);
    if (top) scrollTo({ top: 0, behavior: "instant" });
    if (remember && (response.redirected || options.method !== "POST")) {
      const stays = response.url === location.href;
      history[stays ? "replaceState" : "pushState"]({}, "", response.url);
      shown = location.pathname + location.search;
      document.title = page.title;
    }
    document.dispatchEvent(new CustomEvent("fs:results"));
    return response.status;
  }

  window.fashionSearch = { with: (element) => ({ say: speaker(element), load }) };
  if (!results()) return;
  results().after(heard);
  document.documentElement.classList.add("fs-in-place"); // no button is needed to filter

  document.addEventListener("click", (event) => {
    const link = event.target.closest?.("[data-fs-results] a[href^='?']");
    if (!link || event.button || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    load(link.href, { top: Boolean(link.closest("[data-fs-top]")) });
  });
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (!form.matches("[data-fs-filters]")) return;
    event.preventDefault();
    const asked = new URLSearchParams();
    for (const [name, value] of new FormData(form)) { // an address holds what was chosen, nothing else
      if (value !== "" && value !== defaults[name]) asked.append(name, value);
    }
    load(`${form.action.split("?")[0]}${asked.size ? "?" : ""}${asked.toString().replaceAll("+", "%20")}`);
  });
  document.addEventListener("change", (event) => event.target.closest?.("[data-fs-filters]")?.requestSubmit());
  addEventListener("popstate", () => {
    if (location.pathname + location.search === shown) return; // only a place in the page
    shown = location.pathname + location.search;
    load(location.href, { remember: false });
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    const drawer = document.activeElement?.closest(".fs-look > details[open], .fs-drawer[open]");
    if (!drawer) return;
    drawer.open = false;
    drawer.querySelector("summary").focus();
  });
})();
