// The form of a rule: products are picked by name with their pictures, and only the fields of the chosen action are shown.
// Without this file every field is there, and a product is named by its SKU.
document.addEventListener("DOMContentLoaded", () => {
  "use strict";
  const form = document.getElementById("merchandisingrule_form");
  if (!form) return;
  const { action, place } = form.elements;

  // A field that is not asked for is hidden, unless it holds something that somebody has to see.
  const show = (name, wanted, keeps) => {
    const row = form.querySelector(`.form-row.field-${name}`);
    if (row) row.hidden = !wanted && !keeps && !row.querySelector(".errorlist");
  };
  const adapt = () => {
    const facet = form.elements.facet?.value || form.elements.value?.value;
    show("position", action.value === "pin" || !action.value, false);
    show("strength", ["boost", "bury", ""].includes(action.value), false);
    show("facet", action.value !== "pin", Boolean(facet));
  };
  if (action) {
    action.addEventListener("change", adapt);
    adapt();
  }

  for (const picker of form.querySelectorAll("[data-products]")) pick(picker);

  function pick(picker) {
    const input = picker.querySelector("input"), picked = picker.querySelector(".fs-picked");
    const asks = () => input.name !== "phrase" || place?.value === "similar_product";
    const list = document.createElement("ul"), said = document.createElement("span");
    let options = [], at = -1, timer = 0, asked = 0;
    list.id = `${input.id}-products`;
    list.setAttribute("role", "listbox");
    list.setAttribute("aria-label", input.labels[0]?.textContent.trim() ?? "");
    list.className = "fs-options";
    list.hidden = true;
    said.className = "visually-hidden";
    said.setAttribute("role", "status");
    picker.append(list, said);
    input.autocomplete = "off";

    const attend = () => {
      const does = asks();
      for (const [name, value] of [["role", "combobox"], ["aria-autocomplete", "list"], ["aria-expanded", "false"], ["aria-controls", list.id]]) {
        if (does) input.setAttribute(name, value); else input.removeAttribute(name);
      }
      close();
    };
    const close = () => {
      list.hidden = true;
      at = -1;
      clearTimeout(timer);
      asked += 1;
      if (input.hasAttribute("role")) input.setAttribute("aria-expanded", "false");
      input.removeAttribute("aria-activedescendant");
    };
    const go = (to) => {
      if (!options.length) return;
      at = (to + options.length) % options.length;
      [...list.children].forEach((row, number) => row.setAttribute("aria-selected", String(number === at)));
      input.setAttribute("aria-activedescendant", list.children[at].id);
      list.children[at].scrollIntoView({ block: "nearest" });
    };
    const pictured = (product) => {
      const parts = [];
      if (product.image) parts.push(Object.assign(document.createElement("img"), { src: product.image, alt: "", width: 40, height: 50 }));
      parts.push(Object.assign(document.createElement("span"), { textContent: product.name }));
      return parts;
    };
    const choose = (product) => {
      input.value = product.sku;
      picked.replaceChildren(...pictured(product));
      picked.hidden = false;
      close();
    };
    const fill = (products) => {
      options = products;
      list.replaceChildren(...products.map((product, number) => {
        const row = document.createElement("li");
        row.id = `${list.id}-${number}`;
        row.setAttribute("role", "option");
        row.setAttribute("aria-selected", "false");
        const about = Object.assign(document.createElement("small"), { textContent: `${product.sku} · ${product.price}` });
        row.append(...pictured(product), about);
        row.addEventListener("mousedown", (event) => { event.preventDefault(); choose(product); });
        return row;
      }));
      list.hidden = !products.length;
      input.setAttribute("aria-expanded", String(!list.hidden));
      said.textContent = products.length ? `${products.length} ${picker.dataset.some}` : picker.dataset.none;
    };
    const ask = async () => {
      const text = input.value.trim(), number = ++asked;
      if (!text) { close(); return; }
      try {
        const answer = await fetch(`${picker.dataset.products}?q=${encodeURIComponent(text)}`, { credentials: "same-origin" });
        const { products } = await answer.json();
        if (number === asked) fill(products);
      } catch {
        if (number === asked) close(); // the SKU can still be typed
      }
    };

    input.addEventListener("input", () => {
      picked.hidden = true;
      clearTimeout(timer);
      if (asks()) timer = setTimeout(ask, 200);
    });
    input.addEventListener("keydown", (event) => {
      if (list.hidden) {
        if (event.key === "ArrowDown" && asks()) { event.preventDefault(); ask(); }
      } else if (event.key === "ArrowDown") { event.preventDefault(); go(at + 1); }
      else if (event.key === "ArrowUp") { event.preventDefault(); go(at < 0 ? -1 : at - 1); }
      else if (event.key === "Escape") { event.preventDefault(); close(); }
      else if (event.key === "Enter" && at >= 0) { event.preventDefault(); choose(options[at]); }
    });
    input.addEventListener("blur", close);
    if (input.name === "phrase") place?.addEventListener("change", attend);
    attend();
  }
});
