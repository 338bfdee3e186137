// The legend: colours of the commonest values; choosing one shows its products and makes the others faint.
(() => {
  "use strict";
  const COLOURS = [
    "#4269d0", "#e8a317", "#ef5a4c", "#2fa08c", "#3f9a3f", "#e86ba0",
    "#9a57ea", "#5aa9e6", "#9c6b4e", "#c2418f", "#7f8f1f", "#d9762b",
  ];
  const OTHER = "#8a8f98"; // for all other values, and for none

  const namesColours = (colouring) => /^colou?r$/i.test(colouring.name);

  // A value's own colour where values are names of colours ("Navy Blue"), else one of the palette's.
  function colourOf(colouring, number) {
    if (!namesColours(colouring)) return COLOURS[number] || OTHER;
    const words = colouring.values[number].toLowerCase().split(/[^a-z]+/).filter(Boolean);
    return [words.join(""), ...words].find((word) => CSS.supports("color", word)) || OTHER;
  }

  class Legend {
    constructor(list, plane, chosen) {
      this.list = list;
      this.plane = plane;
      this.chosen = chosen;
      this.value = -1;
    }

    show(colouring) {
      this.value = -1;
      this.colouring = colouring;
      this.colours = colouring.values.map((_, number) => colourOf(colouring, number));
      this.list.replaceChildren(...colouring.values.map((value, number) => this.item(value, number)));
      this.paint();
    }

    item(value, number) {
      const button = document.createElement("button");
      button.type = "button";
      button.setAttribute("aria-pressed", "false");
      const swatch = document.createElement("span");
      swatch.className = "swatch";
      swatch.style.background = this.colours[number];
      const name = document.createElement("span");
      name.textContent = value;
      const count = document.createElement("span");
      count.className = "quiet";
      count.textContent = this.colouring.counts[number].toLocaleString("en").replaceAll(",", "\u202f");
      button.append(swatch, name, count);
      button.addEventListener("click", () => this.choose(this.value === number ? -1 : number));
      const item = document.createElement("li");
      item.append(button);
      return item;
    }

    choose(number) {
      this.value = number;
      this.list.querySelectorAll("button").forEach((button, i) => button.setAttribute("aria-pressed", String(i === number)));
      this.paint();
      this.chosen();
    }

    paint() {
      const { of } = this.colouring;
      const { value } = this;
      const colours = [...this.colours, OTHER];
      // A chosen value without a colour of its own gets one while it is chosen.
      if (value >= 0 && colours[value] === OTHER) colours[value] = COLOURS[2];
      this.plane.colours = colours;
      this.plane.outlined = namesColours(this.colouring);
      this.plane.colourOf = (i) => (of[i] >= 0 ? of[i] : colours.length - 1);
      this.plane.isShown = value < 0 ? () => true : (i) => of[i] === value;
      this.plane.draw();
    }
  }

  window.fashionSearchLegend = Legend;
})();
