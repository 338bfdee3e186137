// Keeps the card of a running build up to date. Without this script the page reloads itself.
(() => {
  "use strict";
  const EVERY = 1000; // milliseconds between the end of one question and the next
  const card = document.querySelector("[data-build][data-running=true]");
  if (!card) return;
  const bar = card.querySelector("progress");
  const said = card.querySelector("[data-said]");
  const lost = card.querySelector("[data-lost]");
  const badge = card.querySelector(".state");
  let step = "";

  const show = (build) => {
    for (const place of document.querySelectorAll("[data-show]")) {
      const text = build[place.dataset.show];
      if (place.textContent !== text) place.textContent = text;
      if (place.classList.contains("note")) place.hidden = !text;
    }
    if (build.percent === null) bar.removeAttribute("value");
    else bar.value = build.percent;
    badge.textContent = build.stalled ? card.dataset.still : build.state_name;
    badge.className = `state ${build.stalled ? "attention" : "ok"}`;
    card.querySelectorAll(".steps li").forEach((item, number) => {
      const state = build.steps[number].state;
      item.className = state;
      if (state === "current") item.setAttribute("aria-current", "step");
      else item.removeAttribute("aria-current");
    });
    if (step !== build.step) {
      // Readers of the screen hear each step, not each figure.
      if (step) said.textContent = build.sentence;
      step = build.step;
    }
  };

  const ask = async () => {
    if (document.hidden) return false;
    const answer = await fetch(card.dataset.address, { headers: { Accept: "application/json" } });
    const isJson = (answer.headers.get("Content-Type") || "").startsWith("application/json");
    if (answer.status === 403 || (answer.ok && !isJson)) return true; // logged out: the page says what to do
    if (!answer.ok) throw new Error(`status ${answer.status}`);
    const { build } = await answer.json();
    if (!build || String(build.id) !== card.dataset.build || !build.running) return true;
    show(build);
    return false;
  };

  const go = async () => {
    try {
      if (await ask()) {
        window.location.reload(); // it has ended: the page shows how, and what can be done next
        return;
      }
      lost.hidden = true;
    } catch {
      lost.hidden = false;
    }
    window.setTimeout(go, EVERY);
  };
  go();
})();
