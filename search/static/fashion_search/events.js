// Reports to the shop which result of a search was opened, put into a cart or bought. Without it, nothing breaks.
//
// Pages mark results, and what leads from them to the cart:
//   <ul data-search="ID"> ... <li data-sku="SKU" data-position="1"> <a href="...">   a click on a link
//   <button data-event="add_to_cart" data-sku="SKU">                                 on the product's own page, a click
//   <p data-happened="add_to_cart" data-sku="SKU">                                   on the page that is shown once it has happened
(function () {
  "use strict";
  var address = document.currentScript && document.currentScript.dataset.events;
  if (!address || !navigator.sendBeacon) return;

  function remember(sku, search) { // in this tab, until it is closed: so that a cart is counted for its search
    try { sessionStorage.setItem("search:" + sku, search); } catch { /* storage is switched off */ }
  }

  function recall(sku) {
    try { return sessionStorage.getItem("search:" + sku); } catch { return null; }
  }

  function send(search, type, sku, position) {
    var event = { search: search, type: type, sku: sku };
    if (position > 0) event.position = position;
    navigator.sendBeacon(address, JSON.stringify(event));
  }

  function report(type, sku) { // for the search that led to the product
    var known = recall(sku);
    if (known) send(known, type, sku);
  }

  function clicked(event) {
    if (event.type === "auxclick" && event.button !== 1) return; // the middle button opens a tab
    var target = event.target instanceof Element ? event.target : null;
    var action = target && target.closest("[data-event][data-sku]");
    if (action) {
      report(action.dataset.event, action.dataset.sku);
      return;
    }
    var result = target && target.closest("a[href]") && target.closest("[data-sku]");
    var list = result && result.closest("[data-search]");
    if (!list || !list.dataset.search) return;
    remember(result.dataset.sku, list.dataset.search);
    send(list.dataset.search, "click", result.dataset.sku, Number(result.dataset.position));
  }

  document.querySelectorAll("[data-happened][data-sku]").forEach(function (said) {
    report(said.dataset.happened, said.dataset.sku);
  });
  document.addEventListener("click", clicked, true);
  document.addEventListener("auxclick", clicked, true);
})();
