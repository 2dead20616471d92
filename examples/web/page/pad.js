// A pad to draw on, with pointer or keyboard, or to put a picture on: its canvas has the model's aspect ratio.

const leastSide = 280;
const penWidth = 0.087; // of the shorter side: drawn digits then have as much ink as those of MNIST
const keyStep = 1 / 28;
const arrows = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

export class Pad {
  // Fills `section` from the template; calls `changed` after each change and `fail` with what went wrong.
  constructor(section, title, changed, fail) {
    section.append(document.getElementById("pad-template").content.cloneNode(true));
    const part = (name) => section.querySelector(name);
    Object.assign(this, { section, changed, fail, canvas: part(".drawing"), pen: part(".pen"), said: part(".said"),
      seen: part(".seen-picture"), digit: part(".digit"), ink: part(".ink"), colour: part(".colour"), file: part(".file") });
    this.context = this.canvas.getContext("2d", { willReadFrequently: true });
    this.canvas.setAttribute("aria-label", `${title}: drawing pad`);
    this.seen.setAttribute("aria-label", `${title} as the encoder gets it`);
    this.digit.setAttribute("aria-label", `${title} as a digit`);
    this.file.setAttribute("aria-label", `${title}: file`);
    for (const name of ["open", "invert", "clear"]) {
      const button = part(`.${name}`);
      button.setAttribute("aria-label", `${button.textContent} ${title.toLowerCase()}`);
      button.addEventListener("click", () => (name === "open" ? this.file.click() : this[name]()));
    }
    this.file.addEventListener("change", () => {
      if (this.file.files[0]) this.open(this.file.files[0]);
      this.file.value = "";
    });
    this.digit.addEventListener("change", () => this.touch(this.empty));
    this.listen();
    this.wipe();
    this.resize({ width: 28, height: 28, channels: 1 });
  }

  // Fits the canvas to the model's pictures; what was drawn stays where their size does.
  resize({ width, height, channels }) {
    const scale = Math.max(1, Math.ceil(leastSide / Math.max(width, height)));
    this.ink.hidden = channels === 1;
    this.digit.parentElement.hidden = channels !== 1;
    this.dirty = true;
    if (this.canvas.width === width * scale && this.canvas.height === height * scale) return;
    this.canvas.width = width * scale;
    this.canvas.height = height * scale;
    this.wipe();
    this.penAt = { x: this.canvas.width / 2, y: this.canvas.height / 2 };
    this.movePen(0, 0);
  }

  image() {
    return this.context.getImageData(0, 0, this.canvas.width, this.canvas.height);
  }

  touch(empty) {
    this.empty = empty;
    this.dirty = true;
    this.changed();
  }

  wipe() {
    this.context.fillStyle = "#000";
    this.context.fillRect(0, 0, this.canvas.width, this.canvas.height);
    this.empty = true;
    this.dirty = true;
  }

  clear() {
    this.wipe();
    this.touch(true);
  }

  invert() {
    const image = this.image();
    for (let i = 0; i < image.data.length; i++) if (i % 4 < 3) image.data[i] = 255 - image.data[i];
    this.context.putImageData(image, 0, 0);
    this.touch(false);
  }

  // The whole of a picture in the middle; small ones keep their pixels.
  put(picture) {
    this.wipe();
    const { width, height } = this.canvas;
    const scale = Math.min(width / picture.width, height / picture.height);
    const [w, h] = [picture.width * scale, picture.height * scale];
    this.context.imageSmoothingEnabled = scale < 1;
    this.context.imageSmoothingQuality = "high";
    this.context.drawImage(picture, (width - w) / 2, (height - h) / 2, w, h);
    this.touch(false);
  }

  // A picture file, of whatever kind the browser reads.
  async open(file) {
    try {
      this.put(await createImageBitmap(file));
    } catch {
      this.fail(new Error(`${file.name}: the browser cannot read it as a picture`));
    }
  }

  // ---- Strokes ----

  stroke(from, to) {
    this.context.lineCap = "round";
    this.context.lineWidth = penWidth * Math.min(this.canvas.width, this.canvas.height);
    this.context.strokeStyle = this.ink.hidden ? "#fff" : this.colour.value;
    this.context.beginPath();
    this.context.moveTo(from.x, from.y);
    this.context.lineTo(to.x, to.y);
    this.context.stroke();
    this.touch(false);
  }

  place(event) {
    const box = this.canvas.getBoundingClientRect();
    return { x: ((event.clientX - box.left) / box.width) * this.canvas.width,
      y: ((event.clientY - box.top) / box.height) * this.canvas.height };
  }

  listen() {
    let last = null;
    this.canvas.addEventListener("pointerdown", (event) => {
      if (event.button !== 0 || !event.isPrimary) return;
      this.canvas.setPointerCapture(event.pointerId);
      last = this.place(event);
      this.stroke(last, last);
    });
    this.canvas.addEventListener("pointermove", (event) => {
      if (!last || !event.isPrimary) return;
      const moves = event.getCoalescedEvents?.() ?? [];
      for (const move of moves.length ? moves : [event]) {
        const to = this.place(move);
        this.stroke(last, to);
        last = to;
      }
    });
    for (const end of ["pointerup", "pointercancel"]) this.canvas.addEventListener(end, () => (last = null));
    this.canvas.addEventListener("keydown", (event) => this.key(event));
  }

  movePen(x, y) {
    const { width, height } = this.canvas, from = this.penAt;
    const within = (value, most) => Math.min(Math.max(value, 0), most);
    this.penAt = { x: within(from.x + x * keyStep * width, width), y: within(from.y + y * keyStep * height, height) };
    this.pen.style.left = `${(this.penAt.x / width) * 100}%`;
    this.pen.style.top = `${(this.penAt.y / height) * 100}%`;
    if (this.penDown) this.stroke(from, this.penAt);
  }

  key(event) {
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    if (arrows[event.key]) {
      this.movePen(...arrows[event.key]);
    } else if (event.key === " ") {
      this.penDown = !this.penDown;
      this.pen.classList.toggle("down", this.penDown);
      this.said.textContent = this.penDown ? "Pen down" : "Pen lifted";
      this.movePen(0, 0);
    } else if (event.key === "Delete" || event.key === "Backspace") {
      this.clear();
      this.said.textContent = "Pad cleared";
    } else return;
    event.preventDefault();
  }
}
