// What this shop adds to the plugin's results that change in place: the box in the head, and the drawer of filters on phones.
(() => {
  const results = () => document.getElementById("results");

  function arrange() {
    const field = document.getElementById("q");
    if (field && results().querySelector(".results")) {
      field.value = new URLSearchParams(location.search).get("q") || "";
    }
    const done = results().querySelector(".drawer-done");
    if (done) done.hidden = false;
  }

  document.addEventListener("fs:results", arrange);
  document.addEventListener("click", (event) => {
    if (event.target.closest(".drawer-done")) event.target.closest("details").open = false;
  });
  document.addEventListener("keydown", (event) => {
    const drawer = document.getElementById("drawer");
    if (event.key === "Escape" && drawer?.open && drawer.contains(document.activeElement)) {
      drawer.open = false;
      drawer.querySelector("summary").focus();
    }
  });
  arrange();
})();
