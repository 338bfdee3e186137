// The card of the product under the pointer: picture, name, facets, and the way to its admin page.
(() => {
  "use strict";
  const WAIT = 80; // milliseconds that a pointer rests on a product before its card is asked for
  const KEPT = 300; // cards

  class Card {
    constructor(element, address, productAddress) {
      this.element = element;
      this.address = address;
      this.productAddress = productAddress;
      this.cards = new Map();
      this.key = null;
    }

    opens(key) {
      return `${this.productAddress}?key=${encodeURIComponent(key)}`;
    }

    // Shows a product's card beside a place of the plane; a pinned one can be clicked itself.
    show(key, [x, y], [width, height], pinned) {
      this.place = [x, y, width, height];
      this.element.classList.toggle("pinned", pinned);
      if (this.key === key) {
        this.move();
        return;
      }
      this.key = key;
      clearTimeout(this.timer);
      if (this.cards.has(key)) this.fill(this.cards.get(key));
      else this.timer = setTimeout(() => this.ask(key), WAIT);
    }

    hide() {
      clearTimeout(this.timer);
      this.key = null;
      this.element.hidden = true;
    }

    async ask(key) {
      let card;
      try {
        const response = await fetch(`${this.address}?key=${encodeURIComponent(key)}`, { credentials: "same-origin" });
        if (response.status === 404) card = { name: this.element.dataset.gone, facets: [] };
        else if (!response.ok) throw new Error(String(response.status));
        else card = await response.json();
        if (this.cards.size >= KEPT) this.cards.delete(this.cards.keys().next().value);
        this.cards.set(key, card);
      } catch {
        card = { name: this.element.dataset.failed, facets: [] };
      }
      if (this.key === key) this.fill(card);
    }

    fill(card) {
      const parts = [];
      if (card.image) {
        const image = document.createElement("img");
        image.src = card.image;
        image.alt = "";
        image.width = 96;
        image.height = 128;
        parts.push(image);
      }
      const text = document.createElement("div");
      text.append(made("b", card.name), made("span", card.sku || "", "quiet"));
      const facets = document.createElement("dl");
      for (const [name, value] of card.facets) facets.append(made("dt", name), made("dd", value));
      text.append(facets);
      if (card.opens) {
        const link = made("a", this.element.dataset.open);
        link.href = this.opens(this.key);
        text.append(link);
      }
      this.element.replaceChildren(...parts, text);
      this.element.hidden = false;
      this.move();
    }

    move() {
      const [x, y, width, height] = this.place;
      const box = this.element.getBoundingClientRect();
      const left = x + 16 + box.width > width ? x - 16 - box.width : x + 16;
      const top = Math.min(y + 12, height - box.height - 8);
      this.element.style.left = `${Math.max(8, Math.min(left, width - box.width - 8))}px`;
      this.element.style.top = `${Math.max(8, top)}px`;
    }
  }

  function made(tag, text, name) {
    const element = document.createElement(tag);
    element.textContent = text;
    if (name) element.className = name;
    return element;
  }

  window.fashionSearchCard = Card;
})();
