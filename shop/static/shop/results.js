// Results change in place as shoppers filter, sort and page. Without this script, and htmx before it, every step is a page of its own.
(() => {
  const defaults = { sort: "relevance" };
  const said = document.createElement("p"); // stays while results are exchanged, so that screen readers notice what it says
  said.className = "sr";
  said.setAttribute("role", "status");
  document.getElementById("main").append(said);
  let open = new Map();
  if (window.htmx) document.documentElement.classList.add("in-place"); // no button is needed to filter

  function results() {
    return document.getElementById("results");
  }

  function arrange() {
    const field = document.getElementById("q");
    if (field && results().querySelector(".results")) {
      field.value = new URLSearchParams(location.search).get("q") || "";
    }
    for (const part of results().querySelectorAll("details[id]")) {
      if (open.has(part.id)) part.open = open.get(part.id);
    }
    const done = results().querySelector(".drawer-done");
    if (done) done.hidden = false;
  }

  // What was there stays, a chosen photo too, so that it can be sent again.
  function notice(sentence) {
    results().removeAttribute("aria-busy");
    results().querySelector(".unreached")?.remove();
    const said = document.createElement("p");
    said.className = "notice unreached";
    said.setAttribute("role", "alert");
    said.textContent = sentence;
    results().prepend(said);
  }

  document.addEventListener("htmx:configRequest", (event) => {
    const given = event.detail.parameters; // an address holds what was chosen, nothing else
    for (const name of Object.keys(given)) {
      if (given[name] === "" || given[name] === defaults[name]) delete given[name];
    }
  });
  document.addEventListener("htmx:beforeRequest", () => results().setAttribute("aria-busy", "true"));
  document.addEventListener("htmx:beforeSwap", (event) => {
    open = new Map([...results().querySelectorAll("details[id]")].map((part) => [part.id, part.open]));
    if (/\sid="results"/.test(event.detail.serverResponse)) return;
    event.detail.shouldSwap = false;
    if (event.detail.xhr.status === 503) {
      notice("The shop cannot answer at the moment. Try again in a few seconds.");
    } else {
      // What has no results, such as a page that a search leads to or an error, is shown as the page that it is.
      location.assign(event.detail.xhr.responseURL || location.href);
    }
  });
  document.addEventListener("htmx:afterSettle", () => {
    arrange();
    said.textContent = results().querySelector(".count")?.textContent || results().querySelector("[role=alert]")?.textContent || "";
    if (document.activeElement === document.body) results().focus({ preventScroll: true });
  });
  document.addEventListener("htmx:sendError", () => {
    notice("The shop could not be reached. Look after your connection, then try again.");
  });

  document.addEventListener("click", (event) => {
    if (event.target.closest(".drawer-done")) event.target.closest("details").open = false;
  });
  document.addEventListener("keydown", (event) => {
    const drawer = document.getElementById("drawer");
    if (event.key === "Escape" && drawer?.open && drawer.contains(document.activeElement)) {
      drawer.open = false;
      drawer.querySelector("summary").focus();
    }
  });
  arrange();
})();
