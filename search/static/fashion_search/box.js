// A box on a picture, drawn, moved and resized by mouse, finger or keyboard; as fractions of the picture's sides.
window.pictureBox = ({ stage, box, changed }) => {
  const smallest = 0.05; // of a side, as the server has it
  const step = 0.02;
  let rect = null; // {left, top, right, bottom}; null for the whole picture
  let drag = null;

  const clamp = (value, low, high) => Math.min(Math.max(value, low), high);

  function paint() {
    box.hidden = !rect;
    if (!rect) return;
    box.style.left = `${rect.left * 100}%`;
    box.style.top = `${rect.top * 100}%`;
    box.style.width = `${(rect.right - rect.left) * 100}%`;
    box.style.height = `${(rect.bottom - rect.top) * 100}%`;
  }

  function at(event) {
    const bounds = stage.getBoundingClientRect();
    return {
      x: clamp((event.clientX - bounds.left) / bounds.width, 0, 1),
      y: clamp((event.clientY - bounds.top) / bounds.height, 0, 1),
    };
  }

  function between(one, other) {
    return {
      left: Math.min(one.x, other.x), top: Math.min(one.y, other.y),
      right: Math.max(one.x, other.x), bottom: Math.max(one.y, other.y),
    };
  }

  function moved(x, y) {
    const dx = clamp(x, -rect.left, 1 - rect.right);
    const dy = clamp(y, -rect.top, 1 - rect.bottom);
    return { left: rect.left + dx, top: rect.top + dy, right: rect.right + dx, bottom: rect.bottom + dy };
  }

  stage.addEventListener("pointerdown", (event) => {
    if (event.button || event.target.closest("button")) return;
    event.preventDefault();
    stage.setPointerCapture(event.pointerId);
    const start = at(event);
    const corner = event.target.dataset.corner;
    if (corner !== undefined) { // the corner across stays where it is
      const across = { x: corner % 2 ? rect.left : rect.right, y: corner < 2 ? rect.bottom : rect.top };
      drag = { before: rect, change: (now) => between(across, now) };
    } else if (box.contains(event.target)) {
      let last = start;
      drag = { before: rect, change: (now) => { const next = moved(now.x - last.x, now.y - last.y); last = now; return next; } };
    } else {
      drag = { before: rect, change: (now) => between(start, now) };
    }
  });
  stage.addEventListener("pointermove", (event) => {
    if (!drag) return;
    rect = drag.change(at(event));
    paint();
  });
  function end(kept) {
    if (!drag) return;
    const before = drag.before;
    drag = null;
    const large = rect && rect.right - rect.left >= smallest && rect.bottom - rect.top >= smallest;
    if (!kept || !large) rect = before;
    paint();
    if (rect !== before) changed();
  }
  stage.addEventListener("pointerup", () => end(true));
  stage.addEventListener("pointercancel", () => end(false));

  let waiting = 0;
  box.addEventListener("keydown", (event) => {
    const towards = { ArrowLeft: [-step, 0], ArrowRight: [step, 0], ArrowUp: [0, -step], ArrowDown: [0, step] }[event.key];
    if (!towards) return;
    event.preventDefault();
    const [x, y] = towards;
    rect = event.shiftKey
      ? { ...rect, right: clamp(rect.right + x, rect.left + smallest, 1), bottom: clamp(rect.bottom + y, rect.top + smallest, 1) }
      : moved(x, y);
    paint();
    clearTimeout(waiting);
    waiting = setTimeout(changed, 500); // one search for several presses
  });

  return {
    get value() {
      return rect ? [rect.left, rect.top, rect.right, rect.bottom].map((share) => share.toFixed(4)).join(",") : "";
    },
    set(next) {
      rect = next;
      paint();
    },
  };
};
