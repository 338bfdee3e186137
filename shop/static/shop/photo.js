// A photo that is dropped, pasted or chosen is shown and sent at once. Without this script the form works by its button.
(() => {
  const form = document.getElementById("photo-form");
  const field = document.getElementById("image");
  const preview = document.getElementById("photo-preview");
  const said = document.getElementById("photo-status");
  const largest = 8_000_000;

  function take(files) {
    const photo = [...(files || [])].find((file) => file.type.startsWith("image/"));
    if (!photo) return;
    if (photo.size > largest) {
      said.textContent = "That photo has more than 8 MB: make it smaller, or take another one.";
      return;
    }
    if (field.files[0] !== photo) {
      const carried = new DataTransfer();
      carried.items.add(photo);
      field.files = carried.files;
    }
    preview.src = URL.createObjectURL(photo);
    preview.hidden = false;
    said.textContent = "Looking for pieces like it…";
    form.requestSubmit();
  }

  field.addEventListener("change", () => take(field.files));
  document.addEventListener("paste", (event) => take(event.clipboardData.files));
  for (const type of ["dragover", "drop"]) {
    form.addEventListener(type, (event) => {
      event.preventDefault();
      if (type === "drop") take(event.dataTransfer.files);
    });
  }
})();
