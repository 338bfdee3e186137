// How many pieces the bag holds, beside its link: the page is the same for everybody, a cookie of the shop says the number.
(() => {
  function show() {
    const [, number] = /(?:^|; )bag=(\d{1,4})(?:;|$)/.exec(document.cookie) || [];
    for (const place of document.querySelectorAll("[data-bag-count]")) {
      place.textContent = Number(number) ? number : "";
    }
  }

  show();
  addEventListener("pageshow", show); // a page that the browser kept, with the number of that time
})();
