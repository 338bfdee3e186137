// Judging by keyboard. Without this file its check boxes and buttons are those of a plain form.
(() => {
  "use strict";
  const form = document.querySelector("[data-judging]");
  if (!form) return;
  const boxes = () => [...form.querySelectorAll('input[name="right"]')];
  const all = form.querySelector("[data-all]");
  form.querySelector("[data-keys]")?.removeAttribute("hidden");

  const tickAll = () => {
    const every = boxes().every((box) => box.checked);
    for (const box of boxes()) box.checked = !every;
  };
  if (boxes().length > 1) all.hidden = false;
  all.addEventListener("click", tickAll);

  const step = (by) => {
    const every = boxes();
    const at = every.indexOf(document.activeElement);
    every[Math.min(Math.max(at + by, 0), every.length - 1)]?.focus();
  };
  const keys = { a: tickAll, ArrowRight: () => step(1), ArrowLeft: () => step(-1) };
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.shiftKey) return;
    const field = event.target.closest("input, select, textarea");
    if (field && field.type !== "checkbox") return;
    const act = keys[event.key];
    if (!act) return;
    event.preventDefault();
    act();
  });
})();
