// The plane: where products lie on the screen, how they are drawn, and which one is under a pointer.
(() => {
  "use strict";
  const BUCKETS = 96; // per side, for finding products near a place
  const CLOSEST = 400; // how many times the whole map may be enlarged
  const MARGIN = 0.04; // of the canvas, left around the whole map

  class Plane {
    constructor(canvas, data) {
      this.canvas = canvas;
      this.context = canvas.getContext("2d");
      this.data = data;
      this.count = data.keys.length;
      this.colourOf = () => 0; // product to index of its colour
      this.colours = ["#888"];
      this.outlined = false; // whether dots have an edge, for colours that the ground may have, too
      this.isShown = () => true; // products that are not shown are drawn faintly
      this.selected = -1;
      this.buckets = new Map();
      for (let i = 0; i < this.count; i++) {
        const place = this.bucket(data.x[i]) * BUCKETS + this.bucket(data.y[i]);
        if (!this.buckets.has(place)) this.buckets.set(place, []);
        this.buckets.get(place).push(i);
      }
      new ResizeObserver(() => this.resize()).observe(canvas);
      this.resize();
    }

    bucket(value) {
      return Math.min(BUCKETS - 1, Math.max(0, Math.floor((value * BUCKETS) / (this.data.side + 1))));
    }

    resize() {
      const box = this.canvas.getBoundingClientRect();
      if (!box.width || !box.height) return;
      const wasWhole = this.scale === undefined || this.zoomed === 1;
      this.width = box.width;
      this.height = box.height;
      this.ratio = window.devicePixelRatio || 1;
      this.canvas.width = Math.round(box.width * this.ratio);
      this.canvas.height = Math.round(box.height * this.ratio);
      if (wasWhole) this.fit();
      else this.draw();
    }

    fit() {
      const free = 1 - 2 * MARGIN;
      // The side of the map that is not filled would waste the canvas: what holds products is fitted.
      const [left, right] = range(this.data.x, this.data.side);
      const [top, bottom] = range(this.data.y, this.data.side);
      this.whole = Math.min((this.width * free) / (right - left), (this.height * free) / (bottom - top));
      this.zoomed = 1;
      this.scale = this.whole;
      this.left = this.width / 2 - (this.scale * (left + right)) / 2;
      this.top = this.height / 2 - (this.scale * (top + bottom)) / 2;
      this.draw();
    }

    zoom(factor, x = this.width / 2, y = this.height / 2) {
      const zoomed = Math.min(CLOSEST, Math.max(0.5, this.zoomed * factor));
      const by = zoomed / this.zoomed;
      this.zoomed = zoomed;
      this.scale = this.whole * zoomed;
      this.left = x - (x - this.left) * by;
      this.top = y - (y - this.top) * by;
      this.draw();
    }

    pan(x, y) {
      this.left += x;
      this.top += y;
      if (this.zoomed === 1) this.zoomed = 1.0000001; // no longer to be fitted again when the window changes
      this.draw();
    }

    place(i) {
      return [this.left + this.scale * this.data.x[i], this.top + this.scale * this.data.y[i]];
    }

    reveal(i) {
      const [x, y] = this.place(i);
      const inside = x > 20 && y > 20 && x < this.width - 20 && y < this.height - 20;
      if (!inside) this.pan(this.width / 2 - x, this.height / 2 - y);
    }

    radius() {
      // The more products on the canvas, the smaller the dots; zooming in makes them larger, half as fast as the map.
      const whole = Math.min(5, Math.max(1.1, 0.3 * Math.sqrt((this.width * this.height) / this.count)));
      return Math.min(8, whole * Math.sqrt(this.zoomed));
    }

    // The product nearest to a place on the canvas, within some pixels; -1 where there is none.
    nearest(x, y, within) {
      const dataX = (x - this.left) / this.scale;
      const dataY = (y - this.top) / this.scale;
      const reach = within / this.scale;
      let best = -1;
      let least = reach * reach;
      for (let column = this.bucket(dataX - reach); column <= this.bucket(dataX + reach); column++) {
        for (let row = this.bucket(dataY - reach); row <= this.bucket(dataY + reach); row++) {
          for (const i of this.buckets.get(column * BUCKETS + row) || []) {
            if (!this.isShown(i)) continue;
            const far = (this.data.x[i] - dataX) ** 2 + (this.data.y[i] - dataY) ** 2;
            if (far < least) [least, best] = [far, i];
          }
        }
      }
      return best;
    }

    // The next product from one in a direction, [1, 0] to the right; -1 where there is none.
    next(from, [stepX, stepY]) {
      let best = -1;
      let least = Infinity;
      for (let i = 0; i < this.count; i++) {
        if (!this.isShown(i)) continue;
        const x = this.data.x[i] - this.data.x[from];
        const y = this.data.y[i] - this.data.y[from];
        const ahead = x * stepX + y * stepY;
        const aside = Math.abs(x * stepY - y * stepX);
        if (ahead <= 0 || aside > ahead) continue;
        if (ahead + 2 * aside < least) [least, best] = [ahead + 2 * aside, i];
      }
      return best;
    }

    draw() {
      if (this.asked) return;
      this.asked = requestAnimationFrame(() => {
        this.asked = 0;
        this.paint();
      });
    }

    paint() {
      const { context, ratio } = this;
      const radius = this.radius();
      context.setTransform(ratio, 0, 0, ratio, 0, 0);
      context.clearRect(0, 0, this.width, this.height);
      const dots = this.dots(radius);
      const size = dots[0].width / ratio;
      for (const shown of [false, true]) {
        context.globalAlpha = shown ? 0.85 : 0.1;
        for (let i = 0; i < this.count; i++) {
          if (this.isShown(i) !== shown) continue;
          const [x, y] = this.place(i);
          if (x < -size || y < -size || x > this.width + size || y > this.height + size) continue;
          context.drawImage(dots[this.colourOf(i)], x - size / 2, y - size / 2, size, size);
        }
      }
      context.globalAlpha = 1;
      if (this.selected >= 0) this.ring(this.selected, radius);
    }

    dots(radius) {
      const made = this.made;
      if (!made || made.radius !== radius || made.colours !== this.colours || made.ratio !== this.ratio || made.outlined !== this.outlined) {
        const dots = this.colours.map((colour) => dot(colour, radius, this.ratio, this.outlined));
        this.made = { radius, colours: this.colours, ratio: this.ratio, outlined: this.outlined, dots };
      }
      return this.made.dots;
    }

    ring(i, radius) {
      const [x, y] = this.place(i);
      const style = getComputedStyle(this.canvas);
      for (const [width, colour] of [[5, style.backgroundColor], [2, style.color]]) {
        this.context.beginPath();
        this.context.arc(x, y, radius + 4, 0, 2 * Math.PI);
        this.context.lineWidth = width;
        this.context.strokeStyle = colour;
        this.context.stroke();
      }
    }
  }

  function range(values, side) {
    let [least, most] = [side, 0];
    for (const value of values) {
      if (value < least) least = value;
      if (value > most) most = value;
    }
    return most > least ? [least, most] : [least - side / 2, least + side / 2];
  }

  // One picture of a dot, drawn once and copied for each product: much quicker than as many circles.
  function dot(colour, radius, ratio, outlined) {
    const image = document.createElement("canvas");
    image.width = image.height = Math.ceil(2 * radius * ratio) + 2;
    const context = image.getContext("2d");
    context.fillStyle = colour;
    context.beginPath();
    context.arc(image.width / 2, image.height / 2, radius * ratio, 0, 2 * Math.PI);
    context.fill();
    if (outlined) {
      context.strokeStyle = "rgb(128 128 128 / .6)";
      context.lineWidth = 0.75 * ratio;
      context.stroke();
    }
    return image;
  }

  window.fashionSearchPlane = Plane;
})();
