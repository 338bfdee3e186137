// Products that were looked at, kept in this browser only. Their row is shown where there are any.
(() => {
  const KEY = "shop:recent";
  const MOST = 12;
  const SHOWN = 6;
  const row = document.getElementById("recent");
  const here = document.querySelector("[data-seen]")?.dataset;

  // Only addresses of this shop are followed, whatever stands in the storage.
  const own = (address) => typeof address === "string" && /^\/(?![/\\])/.test(address);

  function read() {
    try {
      const kept = JSON.parse(localStorage.getItem(KEY));
      return Array.isArray(kept) ? kept.filter((one) => one && own(one.address) && own(one.picture) && one.name) : [];
    } catch {
      return [];
    }
  }

  function write(seen) {
    try { localStorage.setItem(KEY, JSON.stringify(seen)); } catch { /* storage is switched off or full */ }
  }

  function show(seen) {
    const list = row.querySelector("ul");
    for (const one of seen.slice(0, SHOWN)) {
      const item = row.querySelector("template").content.firstElementChild.cloneNode(true);
      item.querySelector("a").href = one.address;
      item.querySelector(".card-name").textContent = one.name;
      const picture = item.querySelector("img");
      picture.addEventListener("error", () => { // it is gone
        item.remove();
        row.hidden = !list.children.length;
      });
      picture.src = one.picture;
      list.append(item);
    }
    row.hidden = !list.children.length;
  }

  const others = read().filter((one) => one.key !== here?.seen);
  show(others);
  if (here?.picture) {
    write([{ key: here.seen, name: here.name, address: here.address, picture: here.picture }, ...others].slice(0, MOST));
  }
  row.querySelector("[data-clear]").addEventListener("click", () => {
    try { localStorage.removeItem(KEY); } catch { /* storage is switched off */ }
    row.hidden = true;
    document.getElementById("main").focus({ preventScroll: true });
  });
})();
