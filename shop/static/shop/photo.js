// A photo that is dropped, pasted, taken or chosen is shown and sent at once; a box drawn on it searches again.
// Without this script the form works by its button.
(() => {
  const id = (name) => document.getElementById(name);
  const form = id("photo-form");
  const field = id("image");
  const camera = id("camera");
  const stage = id("photo-stage");
  const said = id("photo-status");
  const longest = 1200; // pixels of a side that are sent: more than the model looks at
  const enough = 700_000; // bytes; what is smaller is sent as it is
  let kept = null; // the photo that is shown
  const middle = { left: 0.15, top: 0.1, right: 0.85, bottom: 0.9 };

  const box = window.pictureBox({ stage, box: id("photo-box"), changed: () => send() });

  function send() {
    id("box").value = box.value;
    id("photo-whole").hidden = !box.value;
    id("photo-part").hidden = Boolean(box.value);
    said.textContent = box.value ? "Looking for what is in the box…" : "Looking for pieces like it…";
    form.requestSubmit();
  }

  // A phone's photo has many times the pixels that are needed: made smaller here, it travels faster.
  async function smaller(photo) {
    if (photo.size < enough) return photo;
    try {
      const bitmap = await createImageBitmap(photo);
      const scale = Math.min(1, longest / Math.max(bitmap.width, bitmap.height));
      const canvas = document.createElement("canvas");
      canvas.width = Math.max(1, Math.round(bitmap.width * scale));
      canvas.height = Math.max(1, Math.round(bitmap.height * scale));
      const pen = canvas.getContext("2d");
      pen.fillStyle = "#fff";
      pen.fillRect(0, 0, canvas.width, canvas.height);
      pen.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
      const blob = await new Promise((done) => canvas.toBlob(done, "image/jpeg", 0.9));
      return blob ? new File([blob], "photo.jpg", { type: "image/jpeg" }) : photo;
    } catch {
      return photo; // what this browser cannot read, the server judges
    }
  }

  async function take(files) {
    const photo = [...(files || [])].find((file) => file.type.startsWith("image/"));
    if (!photo) {
      if (!files?.length) return;
      said.textContent = "That is no picture. Send a JPEG, PNG, WebP, AVIF or HEIC photo.";
      if (kept) field.files = kept; // the photo that is shown stays the one that is sent
      else field.value = "";
      return;
    }
    const carried = new DataTransfer();
    carried.items.add(await smaller(photo));
    field.files = kept = carried.files;
    const preview = id("photo-preview");
    URL.revokeObjectURL(preview.src);
    preview.src = URL.createObjectURL(field.files[0]);
    stage.hidden = id("photo-hint").hidden = false;
    form.classList.add("has-photo");
    box.set(null);
    send();
  }

  document.addEventListener("htmx:afterRequest", (event) => {
    said.textContent = "";
    form.classList.toggle("unsent", [0, 503].includes(event.detail.xhr.status)); // shows the button: nobody looked at the photo
  });

  field.addEventListener("change", () => take(field.files));
  camera.addEventListener("change", () => take(camera.files));
  if (matchMedia("(pointer: coarse)").matches) {
    camera.hidden = document.querySelector(".photo-camera").hidden = false;
  }
  document.addEventListener("paste", (event) => {
    const typing = event.target.closest?.("input, textarea"); // some programs add a picture to a text
    if (!typing) take(event.clipboardData.files);
  });
  for (const type of ["dragover", "drop"]) {
    document.addEventListener(type, (event) => {
      if (!event.dataTransfer.types.includes("Files")) return;
      event.preventDefault();
      if (type === "drop") take(event.dataTransfer.files);
    });
  }
  id("photo-whole").addEventListener("click", () => {
    box.set(null);
    send();
  });
  id("photo-part").addEventListener("click", () => { // for those who do not draw
    box.set({ ...middle });
    id("photo-box").focus();
    send();
  });
})();
