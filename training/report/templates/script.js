// Shows the pair of the t-SNE plane that is nearest to the pointer.
const tip = document.getElementById("tip");
const REACH = 24; // pixels
for (const svg of document.querySelectorAll(".plane svg")) {
  const pairs = [...svg.querySelectorAll(".pair")].map((node) => ({ node, at: node.dataset.at.split(",").map(Number) }));
  let shown = null;
  const show = (pair, event) => {
    if (shown !== pair) {
      shown?.node.classList.remove("near");
      shown = pair;
      if (pair) {
        pair.node.classList.add("near");
        pair.node.parentNode.append(pair.node); // above the others
        tip.querySelector(".picture").className = "picture " + pair.node.dataset.picture;
        tip.querySelector("strong").textContent = pair.node.dataset.name;
        tip.querySelector("p span").textContent = pair.node.dataset.says;
      }
    }
    tip.hidden = !pair;
    if (!pair) return;
    const { width, height } = tip.getBoundingClientRect();
    const left = event.clientX + 16 + width > innerWidth ? event.clientX - 16 - width : event.clientX + 16;
    const top = Math.min(event.clientY + 16, innerHeight - height - 8);
    tip.style.transform = `translate(${Math.max(8, left)}px, ${Math.max(8, top)}px)`;
  };
  const find = (event) => {
    const box = svg.getBoundingClientRect();
    const scale = 1000 / box.width;
    const x = (event.clientX - box.left) * scale;
    const y = (event.clientY - box.top) * scale;
    let best = null;
    let distance = REACH * scale;
    for (const pair of pairs) {
      const [ax, ay, bx, by] = pair.at;
      const away = Math.min(Math.hypot(ax - x, ay - y), Math.hypot(bx - x, by - y));
      if (away < distance) [best, distance] = [pair, away];
    }
    show(best, event);
  };
  svg.addEventListener("pointermove", find);
  svg.addEventListener("pointerdown", find);
  svg.addEventListener("pointerleave", (event) => show(null, event));
}
