// Results change in place as shoppers filter, sort and page. Without this script every step is a page of its own.
// Other scripts use `fashionSearch`: `with(element)` gives `say`, which translates by the data-texts around the element, and `load`.
(() => {
  if (window.fashionSearch) return; // loaded already, with another box
  const results = () => document.querySelector("[data-fs-results]");
  const defaults = { sort: "relevance" };
  const narrow = matchMedia("(max-width: 59.99rem)"); // where the filters are a drawer, as pages.css has it
  const drawer = () => document.querySelector("[data-fs-drawer]");
  let loading = null;
  let shown = location.pathname + location.search;
  let opened = null; // address at which the drawer was opened; null while it is closed

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
    if (inside) {
      const stays = document.getElementById(focused) || (opened !== null && drawer()?.querySelector("summary"));
      (stays || next).focus({ preventScroll: true });
    }
    heard.textContent = next.querySelector("[data-count], [role=alert]")?.textContent.trim() || "";
    watch();
  }

  // The next page is fetched while the shopper nears its link, once, so that it is there at once. Not where data are to be saved.
  let ahead = { address: "", page: null };
  function prefetch(link) {
    const { saveData, effectiveType = "" } = navigator.connection || {};
    if (!link || link.href === ahead.address || saveData || effectiveType.endsWith("2g")) return;
    const mine = ahead = { address: link.href, at: Date.now(), page: null };
    mine.page = fetch(link.href, { headers: { Purpose: "prefetch" } }).then(async (response) => {
      if (!response.ok || response.redirected) throw new Error("not kept");
      return { response, text: await response.text() };
    });
    mine.page.catch(() => { if (mine === ahead) ahead = { address: "", page: null }; });
  }
  const near = new IntersectionObserver((seen) => {
    for (const one of seen) if (one.isIntersecting) prefetch(one.target);
  }, { rootMargin: "0px 0px 400px" });
  function watch() {
    near.disconnect();
    const link = results().querySelector("[rel=next]");
    if (link) near.observe(link);
  }

  // A page that was fetched ahead is in no log: now that it is seen, it is asked for as it is, and clicks are reported by that id.
  async function log(address, shownPart) {
    try {
      const page = new DOMParser().parseFromString(await (await fetch(address)).text(), "text/html");
      const list = shownPart.querySelector("[data-search]");
      const id = page.querySelector("[data-search]")?.dataset.search;
      if (list && id) list.dataset.search = id;
    } catch { /* nothing is lost but figures */ }
  }

  async function answer(address, options) {
    const kept = ahead;
    if (kept.page && kept.address === address && Date.now() - kept.at < 60_000) {
      ahead = { address: "", page: null };
      try {
        return { ...await kept.page, early: true };
      } catch { /* it is asked for anew */ }
    }
    const response = await fetch(address, options);
    return { response, text: await response.text() };
  }

  // Shows what an address answers; gives its status, 0 where it cannot be reached, null where another one was asked for meanwhile.
  async function load(address, { remember = true, top = false, ...options } = {}) {
    loading?.abort();
    const mine = loading = new AbortController();
    const within = opened !== null; // what is chosen in the open drawer is one step back, however much it is
    results().setAttribute("aria-busy", "true");
    let response;
    let page;
    let early; // whether the page was there before it was asked for
    try {
      const found = await answer(address, { ...options, signal: mine.signal });
      ({ response, early } = found);
      page = new DOMParser().parseFromString(found.text, "text/html");
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
    if (remember) history.replaceState({ ...history.state, y: scrollY }, ""); // where to go back to
    put(next);
    if (top) scrollTo({ top: 0, behavior: "instant" });
    else if (remember && narrow.matches && results().getBoundingClientRect().top < 0) results().scrollIntoView({ behavior: "instant" });
    if (remember && (response.redirected || options.method !== "POST")) {
      const stays = within || response.url === location.href;
      history[stays ? "replaceState" : "pushState"](stays ? history.state : {}, "", response.url);
      shown = location.pathname + location.search;
      document.title = page.title;
    }
    document.dispatchEvent(new CustomEvent("fs:results"));
    if (early) log(address, next);
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
  addEventListener("popstate", async (event) => {
    opened = null;
    if (drawer()) drawer().open = false;
    if (location.pathname + location.search === shown) return; // only a place in the page, or the drawer
    shown = location.pathname + location.search;
    const y = event.state?.y;
    if ((await load(location.href, { remember: false })) && y !== undefined) scrollTo({ top: y, behavior: "instant" });
  });

  // The open drawer is a step of its own: back closes it and takes all back that was chosen in it. Closed with nothing chosen, the step is gone.
  document.addEventListener("toggle", ({ target }) => {
    if (target !== drawer() || target.open === (opened !== null)) return;
    if (target.open && narrow.matches) {
      opened = location.href;
      history.pushState({ y: scrollY }, "");
    } else if (!target.open) {
      const nothing = location.href === opened && !results().hasAttribute("aria-busy");
      opened = null;
      if (nothing) history.back();
    }
  }, true);
  function close(part) {
    part.open = false;
    part.querySelector("summary").focus({ preventScroll: true });
  }
  document.addEventListener("click", (event) => {
    if (event.target.closest?.("[data-fs-done]")) close(drawer());
  });
  document.addEventListener("focusin", (event) => { // nothing has the focus behind the drawer
    const part = drawer();
    if (part?.open && narrow.matches && !part.contains(event.target) && event.target !== results()) part.open = false;
  });
  document.addEventListener("keydown", (event) => {
    const part = event.key === "Escape" && document.activeElement?.closest("[data-fs-menu][open], [data-fs-drawer][open]");
    if (part) close(part);
  });
  for (const type of ["pointerover", "focusin", "touchstart"]) {
    document.addEventListener(type, (event) => prefetch(event.target.closest?.("[data-fs-results] a[rel=next]")), { passive: true });
  }
  watch();
})();
