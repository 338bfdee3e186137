// The page of the map: loads the points, and joins plane, legend and card to pointer and keyboard.
(() => {
  "use strict";
  const NEAR = { mouse: 8, pen: 12, touch: 20 }; // pixels around a pointer in which a product is meant
  const STILL = 5; // pixels that a pointer may move in a click
  const STEP = 60; // pixels that an arrow moves the map
  const ARROWS = { ArrowRight: [1, 0], ArrowLeft: [-1, 0], ArrowDown: [0, 1], ArrowUp: [0, -1] };

  const box = document.getElementById("map");
  const canvas = box.querySelector("canvas");
  const loading = box.querySelector(".loading");
  const choice = document.getElementById("map-colouring");
  load();

  async function load() {
    loading.hidden = false;
    loading.textContent = box.dataset.loading;
    let data;
    try {
      const response = await fetch(box.dataset.points, { credentials: "same-origin" });
      if (!response.ok) throw new Error(String(response.status));
      data = await response.json();
    } catch {
      const again = document.createElement("button");
      again.type = "button";
      again.className = "button";
      again.textContent = box.dataset.again;
      again.addEventListener("click", load);
      loading.replaceChildren(`${box.dataset.failed} `, again);
      return;
    }
    if (!data.keys.length) {
      loading.textContent = box.dataset.gone;
      return;
    }
    loading.hidden = true;
    start(data);
  }

  function start(data) {
    const plane = new window.fashionSearchPlane(canvas, data);
    const card = new window.fashionSearchCard(box.querySelector(".product-card"), box.dataset.card, box.dataset.product);
    const legend = new window.fashionSearchLegend(box.querySelector(".legend-box ul"), plane, () => select(-1));
    for (const colouring of data.colourings) choice.add(new Option(colouring.name));
    if (data.colourings.length) {
      choice.disabled = false;
      choice.addEventListener("change", () => legend.show(data.colourings[choice.selectedIndex]));
      legend.show(data.colourings[0]);
    }

    function select(i, pinned) {
      plane.selected = i;
      plane.draw();
      canvas.style.cursor = i >= 0 ? "pointer" : "";
      if (i >= 0) card.show(data.keys[i], plane.place(i), [plane.width, plane.height], pinned);
      else card.hide();
    }

    function open(i, aside) {
      const address = card.opens(data.keys[i]);
      if (aside) window.open(address, "_blank", "noopener");
      else location.assign(address);
    }

    // Pointers: one drags or clicks, two pinch.
    const down = new Map();
    let travelled = 0;
    const at = (event) => [event.offsetX, event.offsetY];
    const spread = () => {
      const [[x1, y1], [x2, y2]] = [...down.values()];
      return { far: Math.hypot(x2 - x1, y2 - y1), x: (x1 + x2) / 2, y: (y1 + y2) / 2 };
    };
    canvas.addEventListener("pointerdown", (event) => {
      if (event.button > 1) return;
      canvas.setPointerCapture(event.pointerId);
      if (!down.size) travelled = 0;
      down.set(event.pointerId, at(event));
    });
    canvas.addEventListener("pointermove", (event) => {
      const [x, y] = at(event);
      const before = down.get(event.pointerId);
      if (!before) {
        if (event.pointerType !== "touch") select(plane.nearest(x, y, NEAR[event.pointerType] || 8), false);
        return;
      }
      const was = down.size === 2 ? spread() : null;
      down.set(event.pointerId, [x, y]);
      travelled += Math.hypot(x - before[0], y - before[1]);
      if (travelled <= STILL) return;
      if (was) {
        const now = spread();
        if (was.far > 0 && now.far > 0) plane.zoom(now.far / was.far, now.x, now.y);
        plane.pan(now.x - was.x, now.y - was.y);
      } else if (down.size === 1) plane.pan(x - before[0], y - before[1]);
      select(-1);
    });
    canvas.addEventListener("pointerup", (event) => {
      const clicked = down.delete(event.pointerId) && !down.size && travelled <= STILL;
      if (!clicked) return;
      const found = plane.nearest(...at(event), NEAR[event.pointerType] || 8);
      // A finger hides what it is on, so it shows the card, which has a link.
      if (found < 0 || event.pointerType === "touch") select(found, true);
      else open(found, event.ctrlKey || event.metaKey || event.button === 1);
    });
    canvas.addEventListener("pointercancel", (event) => down.delete(event.pointerId));
    canvas.addEventListener("pointerleave", (event) => {
      if (event.pointerType === "mouse" && !down.size && document.activeElement !== canvas) select(-1);
    });
    canvas.addEventListener("wheel", (event) => {
      event.preventDefault();
      plane.zoom(Math.exp(-event.deltaY * (event.deltaMode === 1 ? 0.05 : 0.0018)), ...at(event));
      select(-1);
    }, { passive: false });

    // Keys.
    canvas.addEventListener("keydown", (event) => {
      const arrow = ARROWS[event.key];
      if (arrow && event.shiftKey) {
        plane.pan(-STEP * arrow[0], -STEP * arrow[1]);
        select(-1);
      } else if (arrow) {
        const next = plane.selected < 0 ? plane.nearest(plane.width / 2, plane.height / 2, plane.width) : plane.next(plane.selected, arrow);
        if (next >= 0) {
          plane.reveal(next);
          select(next, true);
        }
      } else if (event.key === "+" || event.key === "=") zoomIn(1.5);
      else if (event.key === "-") zoomIn(1 / 1.5);
      else if (event.key === "0") plane.fit();
      else if (event.key === "Escape") select(-1);
      else if (event.key === "Enter" && plane.selected >= 0) open(plane.selected, false);
      else return;
      event.preventDefault();
    });

    function zoomIn(factor) {
      const selected = plane.selected;
      plane.zoom(factor, ...(selected >= 0 ? plane.place(selected) : []));
      if (selected >= 0) select(selected, true);
    }

    for (const button of document.querySelectorAll("[data-zoom]")) {
      const factor = { in: 1.6, out: 1 / 1.6 }[button.dataset.zoom];
      button.addEventListener("click", () => {
        select(-1);
        if (factor) plane.zoom(factor);
        else plane.fit();
      });
    }
    // The ring around a product is in the theme's colours.
    new MutationObserver(() => plane.draw()).observe(document.documentElement, { attributeFilter: ["data-theme"] });
  }
})();
