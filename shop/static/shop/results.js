// What this shop adds to the plugin's results that change in place: the box in the head says what was searched for.
(() => {
  function arrange() {
    const field = document.getElementById("q");
    if (field && document.querySelector("#results .results")) {
      field.value = new URLSearchParams(location.search).get("q") || "";
    }
  }

  document.addEventListener("fs:results", arrange);
  arrange();
})();
