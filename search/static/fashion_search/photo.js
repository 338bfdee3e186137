// A photo that is dropped, pasted, taken or chosen is shown and sent at once; a box drawn on it, a dot, or a turn searches again.
// Without this script the form works by its button.
(() => {
  const id = (name) => document.getElementById(name);
  const form = id("fs-photo-form");
  const field = id("fs-photo-file");
  const camera = id("fs-photo-camera");
  const { say, load } = window.fashionSearch.with(form);
  const stage = id("fs-photo-stage");
  const preview = id("fs-photo-preview");
  const spots = id("fs-photo-spots");
  const said = id("fs-photo-status");
  const turn = id("fs-photo-turn-value"); // degrees clockwise; empty while the server may choose
  const longest = 1200; // pixels of a side that are sent: more than the model looks at
  const enough = 700_000; // bytes; what is smaller is sent as it is
  const unnamed = /\.(heic|heif|avif)$/i; // of which some systems do not say that they are pictures
  let kept = null; // the photo that is shown
  let bitmap = null; // its pixels; null where this browser cannot read it
  const middle = { left: 0.15, top: 0.1, right: 0.85, bottom: 0.9 };

  const box = window.pictureBox({ stage, box: id("fs-photo-box"), changed: () => send() });

  // What is drawn makes a small preview large, so that it can be corrected; a dot's box needs no correcting.
  function send(large = Boolean(box.value)) {
    id("fs-photo-box-value").value = box.value;
    id("fs-photo-whole").hidden = !box.value;
    id("fs-photo-part").hidden = Boolean(box.value) || !bitmap;
    form.classList.toggle("fs-has-part", large);
    said.textContent = say(box.value ? "Looking for what is in the box…" : "Looking for pieces like it…");
    form.requestSubmit();
  }

  async function readable(photo) {
    try {
      return await createImageBitmap(photo);
    } catch {
      return null; // what this browser cannot read, such as HEIC in most of them, the server judges
    }
  }

  // The photo on white, no side longer than that, turned clockwise.
  async function drawn(degrees) {
    const scale = Math.min(1, longest / Math.max(bitmap.width, bitmap.height));
    const width = Math.max(1, Math.round(bitmap.width * scale));
    const height = Math.max(1, Math.round(bitmap.height * scale));
    const canvas = document.createElement("canvas");
    const lies = degrees % 180 !== 0;
    canvas.width = lies ? height : width;
    canvas.height = lies ? width : height;
    const pen = canvas.getContext("2d");
    pen.fillStyle = "#fff";
    pen.fillRect(0, 0, canvas.width, canvas.height);
    pen.translate(canvas.width / 2, canvas.height / 2);
    pen.rotate((degrees * Math.PI) / 180);
    pen.drawImage(bitmap, -width / 2, -height / 2, width, height);
    return new Promise((done) => canvas.toBlob(done, "image/jpeg", 0.9));
  }

  // A phone's photo has many times the pixels that are needed: made smaller here, it travels faster.
  async function smaller(photo) {
    if (photo.size < enough || !bitmap) return photo;
    const blob = await drawn(0);
    return blob ? new File([blob], "photo.jpg", { type: "image/jpeg" }) : photo;
  }

  async function show(degrees) {
    const photo = kept;
    const blob = degrees ? await drawn(degrees) : photo[0];
    if (photo !== kept) return; // another one was chosen meanwhile
    URL.revokeObjectURL(preview.src);
    preview.src = URL.createObjectURL(blob);
  }

  function put(on) {
    form.classList.toggle("fs-has-photo", on);
    stage.hidden = id("fs-photo-hint").hidden = !(on && bitmap);
    for (const name of ["fs-photo-turn", "fs-photo-remove"]) id(name).hidden = !on;
    if (!on) {
      for (const name of ["fs-photo-part", "fs-photo-whole"]) id(name).hidden = true;
      spot([]);
    }
    id("fs-photo-unseen").hidden = !on || Boolean(bitmap);
  }

  function refuse(sentence) {
    said.textContent = sentence;
    if (kept) field.files = kept; // the photo that is shown stays the one that is sent
    else field.value = "";
  }

  async function take(files) {
    const photo = [...(files || [])].find((file) => file.type.startsWith("image/") || unnamed.test(file.name));
    if (!photo) {
      if (files?.length) refuse(say("That is no picture. Send a JPEG, PNG, WebP, AVIF or HEIC photo."));
      return;
    }
    bitmap?.close();
    bitmap = await readable(photo);
    const carried = new DataTransfer();
    carried.items.add(await smaller(photo));
    field.files = kept = carried.files;
    turn.value = "";
    box.set(null);
    spot([]);
    if (bitmap) await show(0);
    put(true);
    send();
  }

  // The same piece in the box, once the photo is turned a quarter clockwise so many times.
  function turnBox(degrees) {
    if (!box.value) return;
    let [left, top, right, bottom] = box.value.split(",").map(Number);
    for (let done = 0; done < degrees; done += 90) [left, top, right, bottom] = [1 - bottom, left, 1 - top, right];
    box.set({ left, top, right, bottom });
    id("fs-photo-box-value").value = box.value;
  }

  // Pieces that the photo may show, as the server proposes them: a dot on each, which puts the box around it.
  function spot(proposed) {
    spots.replaceChildren(...proposed.map((sides, number) => {
      const [left, top, right, bottom] = sides.split(",").map(Number);
      const dot = document.createElement("button");
      dot.type = "button";
      dot.className = "fs-photo-spot";
      dot.title = dot.ariaLabel = say("Search with piece {number} of {all}", { number: number + 1, all: proposed.length });
      dot.style.left = `${50 * (left + right)}%`;
      dot.style.top = `${50 * (top + bottom)}%`;
      dot.addEventListener("click", () => {
        box.set({ left, top, right, bottom });
        send(false);
      });
      return dot;
    }));
    id("fs-photo-dots").hidden = !(proposed.length && bitmap);
  }

  async function turnTo(degrees) {
    const before = Number(turn.value);
    if (degrees !== before) spot([]);
    turn.value = degrees;
    turnBox((degrees - before + 360) % 360);
    if (bitmap) await show(degrees);
  }

  // The form is sent by this script, and what comes back is shown below it.
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const status = await load(form.action, { method: "POST", body: new FormData(form) });
    if (status === null) return; // another photo or box was sent meanwhile
    said.textContent = "";
    form.classList.toggle("fs-unsent", [0, 429, 503].includes(status)); // shows the button: nobody looked at the photo
    if (status === 400) { // no picture, or none that can be read: it is not shown, nor a box on it
      kept = null;
      field.value = "";
      box.set(null);
      put(false);
    }
  });
  form.classList.add("fs-live"); // no button is needed

  // The server has turned it: so it is shown from here on, and sent again.
  document.addEventListener("fs:results", () => {
    const turned = document.querySelector("[data-turned]")?.dataset.turned;
    if (kept && turn.value === "") turnTo(Number(turned || 0));
    const proposed = document.querySelector("[data-boxes]")?.dataset.boxes;
    if (kept && proposed) spot(proposed.trim().split(" "));
  });
  document.addEventListener("click", async (event) => {
    if (!kept || !event.target.closest?.(".fs-photo-undo")) return;
    event.preventDefault();
    await turnTo(0);
    send();
  });

  preview.addEventListener("error", () => { // what seemed readable and cannot be shown: no broken picture, no box on it
    bitmap = null;
    box.set(null);
    if (kept) put(true);
  });
  field.addEventListener("change", () => take(field.files));
  camera.addEventListener("change", () => take(camera.files));
  if (matchMedia("(pointer: coarse)").matches) {
    camera.hidden = document.querySelector(".fs-photo-camera").hidden = false;
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
  id("fs-photo-turn").addEventListener("click", async () => {
    await turnTo((Number(turn.value) + 90) % 360);
    send();
  });
  id("fs-photo-remove").addEventListener("click", () => location.assign(form.action));
  id("fs-photo-whole").addEventListener("click", () => {
    box.set(null);
    send();
  });
  id("fs-photo-part").addEventListener("click", () => { // for those who do not draw
    box.set({ ...middle });
    form.classList.add("fs-has-part"); // which makes a small preview large before the box takes the focus
    id("fs-photo-box").focus();
    send();
  });
})();
