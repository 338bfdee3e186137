// Shows how far a computation is, and loads the page again when it has ended.
(() => {
  "use strict";
  const box = document.querySelector(".computing[data-state]");
  if (!box) return;
  const EVERY = 2000; // milliseconds
  const bar = box.querySelector("progress");
  const step = box.querySelector("[data-step]");
  const hint = box.querySelector("[data-hint]");

  async function look() {
    try {
      const response = await fetch(box.dataset.state, { credentials: "same-origin" });
      if (!response.ok) throw new Error(String(response.status));
      const state = await response.json();
      if (!state.under_way) {
        location.reload();
        return;
      }
      bar.value = state.percent;
      if (hint && !state.waiting) hint.hidden = true;
      if (step.textContent !== state.step) step.textContent = state.step;
    } catch {
      step.textContent = box.dataset.lost;
    }
    setTimeout(look, EVERY);
  }
  setTimeout(look, EVERY);
})();
