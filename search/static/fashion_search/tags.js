// The review of tags by keyboard. Without this file its buttons are those of a plain form.
(() => {
  "use strict";
  const review = document.querySelector(".review");
  const form = document.getElementById("review-form");
  if (!review || !form || !window.fetch) return;
  const said = review.querySelector("[data-said]");
  const states = { accept: "accepted", reject: "rejected", undo: "suggested" };
  const decisions = []; // tags and the state that each had before, the latest last
  let sending = Promise.resolve();
  review.dataset.live = "";
  review.querySelector("[data-keys]")?.removeAttribute("hidden");

  const all = () => [...form.querySelectorAll("[data-tag]")];
  const current = () => document.activeElement?.closest?.("[data-tag]");
  const productOf = (tag) => tag.closest("[data-product]");

  const go = (tag) => {
    if (!tag) return;
    for (const other of all()) other.tabIndex = -1;
    tag.tabIndex = 0;
    tag.focus({ preventScroll: true });
    tag.scrollIntoView({ block: "nearest" });
  };

  const step = (by) => {
    const tags = all();
    const at = tags.indexOf(current());
    go(tags[at < 0 ? 0 : Math.min(Math.max(at + by, 0), tags.length - 1)]);
  };

  const stepProduct = (by) => {
    const products = [...form.querySelectorAll("[data-product]")];
    const at = current() ? products.indexOf(productOf(current())) : -1;
    const next = products[at < 0 ? 0 : Math.min(Math.max(at + by, 0), products.length - 1)];
    go(next?.querySelector('[data-state="suggested"]') ?? next?.querySelector("[data-tag]"));
  };

  const show = (tag, state) => {
    tag.dataset.state = state;
    const open = [...productOf(tag).querySelectorAll("[data-tag]")].some((one) => one.dataset.state === "suggested");
    productOf(tag).toggleAttribute("data-done", !open);
  };

  const send = async (name, ids) => {
    const body = new FormData();
    body.append("csrfmiddlewaretoken", form.elements.csrfmiddlewaretoken.value);
    body.append(name, ids.join(","));
    const answer = await fetch(form.action, { method: "POST", body, headers: { Accept: "application/json" }, credentials: "same-origin" });
    if (!answer.ok || answer.redirected) throw new Error(String(answer.status));
    return (await answer.json()).changed;
  };

  const tell = (sentence) => { said.textContent = sentence; };

  // One request after the other, so that undoing what is still being saved comes after it.
  const apply = (tags, name, before = null) => {
    const former = new Map(tags.map((tag) => [tag, tag.dataset.state]));
    for (const tag of tags) { show(tag, states[name]); tag.dataset.waiting = ""; }
    sending = sending.then(async () => {
      try {
        await send(name, tags.map((tag) => tag.dataset.tag));
        const words = tags.map((tag) => tag.dataset.word).join(", ");
        const sentence = said.dataset[name].replace("{words}", words);
        tell(before ? `${sentence} ${said.dataset.how}` : sentence);
      } catch {
        for (const [tag, state] of former) show(tag, state);
        if (decisions.includes(before)) decisions.splice(decisions.indexOf(before), 1);
        tell(said.dataset.failed);
      } finally {
        for (const tag of tags) delete tag.dataset.waiting;
      }
    });
  };

  const decide = (tags, name) => {
    const open = tags.filter((tag) => tag.dataset.state !== states[name]);
    if (!open.length) return;
    const last = open[open.length - 1];
    const following = all().slice(all().indexOf(last) + 1).find((tag) => tag.dataset.state === "suggested");
    go(following ?? last);
    const before = new Map(open.map((tag) => [tag, tag.dataset.state]));
    decisions.push(before);
    apply(open, name, before);
  };

  const undo = () => {
    const before = decisions.pop();
    if (!before) { tell(said.dataset.nothing); return; }
    const tags = [...before.keys()];
    go(tags[0]);
    const names = { suggested: "undo", accepted: "accept", rejected: "reject" };
    for (const state of new Set(before.values())) apply(tags.filter((tag) => before.get(tag) === state), names[state]);
  };

  const keys = {
    j: () => step(1), ArrowRight: () => step(1), k: () => step(-1), ArrowLeft: () => step(-1),
    ArrowDown: () => stepProduct(1), ArrowUp: () => stepProduct(-1),
    a: () => current() && decide([current()], "accept"), r: () => current() && decide([current()], "reject"),
    A: () => current() && decide([...productOf(current()).querySelectorAll("[data-tag]")].filter((tag) => tag.dataset.state === "suggested"), "accept"),
    u: undo,
  };
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest("input, select, textarea")) return;
    const act = keys[event.key];
    if (!act) return;
    event.preventDefault();
    act();
  });

  form.addEventListener("submit", (event) => {
    const button = event.submitter;
    if (!button || !(button.name in states) || button.name === "undo") return;
    event.preventDefault();
    const ids = button.value.split(",");
    decide(all().filter((tag) => ids.includes(tag.dataset.tag)), button.name);
  });

  go(form.querySelector("[data-tag]"));
})();
