// Dragging, and steps without a new page. Without this file every step is a button of a plain form.
(() => {
  "use strict";
  const said = document.querySelector("[data-said]");
  if (!said || !window.fetch || !window.DOMParser) return;
  const root = () => document.querySelector(".fs-arrange");
  let steps = Promise.resolve(), dragged = null;

  const live = () => {
    for (const board of document.querySelectorAll("[data-board]")) {
      if (!board.querySelector(".fs-acts")) continue;
      board.dataset.live = "";
      for (const tile of board.querySelectorAll("[data-key]")) tile.draggable = tile.querySelector(".fs-acts") !== null;
    }
  };

  const tileOf = (key) => [...document.querySelectorAll("[data-key]")].find((tile) => tile.dataset.key === key);

  // What had the focus keeps it, by its product and what it does; of a product that leaves the list, the next one has it.
  const refocus = (key, act, place) => {
    const tile = tileOf(key);
    const next = tile?.closest("[data-board]") ? tile : document.querySelector(`[data-board] [data-place="${place}"]`);
    const there = next ?? root();
    const button = there?.querySelector(`[data-act="${act}"]`) ?? there?.querySelector("button");
    (button ?? document.getElementById("fs-q"))?.focus({ preventScroll: true });
    if (key) button?.scrollIntoView({ block: "nearest" });
    const told = document.querySelector(".messagelist")?.innerText.trim();
    said.textContent = told || tile?.dataset.tells || "";
  };

  const step = async (value, key, act, place) => {
    const form = document.querySelector("[data-arrange]");
    form.setAttribute("aria-busy", "true");
    const body = new FormData(form);
    body.set("do", value);
    try {
      const answer = await fetch(form.action, { method: "POST", body, credentials: "same-origin" });
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const fresh = page.querySelector(".fs-arrange");
      if (!answer.ok || !fresh) throw new Error(String(answer.status));
      history.replaceState(null, "", answer.url);
      const messages = page.querySelector(".messagelist"), old = document.querySelector(".messagelist");
      if (old) old.replaceWith(...(messages ? [messages] : []));
      else if (messages) document.getElementById("content").before(messages);
      root().replaceWith(fresh);
      live();
      refocus(key, act, place);
    } catch {
      location.reload(); // logged out, or the server is away: it says so itself
      await new Promise(() => {}); // what waits is not sent to either
    }
    document.querySelector("[data-arrange]")?.removeAttribute("aria-busy");
  };

  // One after the other: each needs the form that the one before has answered.
  const enqueue = (...given) => { steps = steps.then(() => step(...given)); };

  document.addEventListener("submit", (event) => {
    const form = event.target.closest("[data-arrange]"), button = event.submitter;
    if (!form || !button) return;
    event.preventDefault();
    const of = button.closest("[data-key]")?.dataset ?? {};
    enqueue(button.value, of.key ?? "", button.dataset.act ?? "show", of.place ?? "1");
  });

  document.addEventListener("dragstart", (event) => {
    dragged = event.target.closest?.("[data-live] [data-key]") ?? null;
    if (!dragged) return;
    dragged.dataset.dragged = "";
    event.dataTransfer.effectAllowed = "move";
    event.dataTransfer.setData("text/plain", dragged.dataset.key);
  });
  document.addEventListener("dragend", () => {
    for (const tile of document.querySelectorAll("[data-dragged], [data-over]")) { delete tile.dataset.dragged; delete tile.dataset.over; }
    dragged = null;
  });
  document.addEventListener("dragover", (event) => {
    const over = dragged && event.target.closest?.("[data-live] [data-key]");
    for (const tile of document.querySelectorAll("[data-over]")) if (tile !== over) delete tile.dataset.over;
    if (!over) return;
    event.preventDefault();
    if (over !== dragged) over.dataset.over = "";
  });
  document.addEventListener("drop", (event) => {
    const over = dragged && event.target.closest?.("[data-live] [data-key]");
    if (!over) return;
    event.preventDefault();
    const { key } = dragged.dataset;
    if (over !== dragged) enqueue(`pin:${over.dataset.place}:${key}`, key, "first", over.dataset.place);
  });
  live();
})();
