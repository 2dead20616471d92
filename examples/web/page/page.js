// The page: what is chosen, drawn and slid goes to the library (library.js), and its pictures come here.
import { Library } from "./library.js";
import { Pad } from "./pad.js";

const clothes = ["T-shirt", "trousers", "pullover", "dress", "coat", "sandal", "shirt", "sneaker", "bag", "ankle boot"];
// The models beside the page. digits: which domains' pictures are centred as MNIST's; example: a picture of domain 1.
const models = [
  { title: "Digits 0 to 4, digits 5 to 9", file: "digits.xdm", names: ["0 to 4", "5 to 9"], digits: [true, true], example: "three.png" },
  { title: "Digits, clothes", file: "fashion.xdm", names: ["Digits", "Clothes"], digits: [true, false], example: "three.png",
    classes: [null, clothes] },
];

const steps = 8; // pictures of a strip; the slider of seeds has a multiple of them
const $ = (id) => document.getElementById(id);
const values = Object.fromEntries(["temperature", "seed", "position"].map((name) => [name, $(name)]));
const directions = [...document.querySelectorAll("[name=direction]")];
let library, model, chosen, wanted, pads, planned, stripsPlanned;

function fail(error) {
  $("error").textContent = error ? error.message : "";
}

// What the user started, with its failure told.
const told = (action) => async (...words) => {
  fail(null);
  try {
    await action(...words);
  } catch (error) {
    fail(error);
  }
};

// ---- Models ----

async function fetched(name) {
  const answer = await fetch(`models/${name}`);
  if (!answer.ok) throw new Error(`models/${name}: the server answers ${answer.status} ${answer.statusText}`);
  return answer;
}

function listModels() {
  $("model").replaceChildren(...models.map((entry, index) => new Option(entry.title, index)));
  $("model").value = models.indexOf(chosen);
}

const direction = () => Number(directions.find((input) => input.checked)?.value);

// Pairs of classes, from the source to the target.
function describePairs() {
  const names = (domain, label) => chosen.classes?.[domain]?.[label] ?? label;
  const pairs = model.pairs.map((pair) => pair.map((label, domain) => names(domain, label)));
  $("pairs").textContent = pairs.map((pair) => (direction() === 1 ? pair : pair.reverse()).join(" → ")).join(", ");
}

function turn() {
  const from = direction() - 1;
  library.turn(direction());
  for (const pad of pads) {
    pad.digit.checked = chosen.digits?.[from] ?? false;
    pad.resize(library.in);
  }
  describePairs();
  plan();
}

function takeModel(loaded) {
  const names = loaded.names.map((name, i) => chosen.names?.[i] ?? (name || `Domain ${i + 1}`));
  for (const [i, input] of directions.entries()) {
    input.disabled = !loaded.directions.includes(i + 1);
    input.checked = loaded.directions[0] === i + 1;
    input.nextElementSibling.textContent = `${names[i]} → ${names[1 - i]}`;
  }
  model = loaded.directions.length ? loaded : null;
  if (!model) throw new Error(`${chosen.title}: it maps from no pictures, so that there is nothing to draw`);
  turn();
}

// Loads an entry of the list; the model before stays where the file is refused, not where it maps from no pictures.
async function loadModel(entry) {
  wanted = entry;
  $("status").textContent = `Loading ${entry.title}…`;
  document.body.setAttribute("aria-busy", "true");
  try {
    const bytes = new Uint8Array(await (entry.local ?? (await fetched(entry.file))).arrayBuffer());
    if (wanted !== entry) return;
    const loaded = library.load(bytes);
    chosen = entry;
    takeModel(loaded);
    if (!models.includes(entry)) models.push(entry);
    if (entry.example && pads[0].empty) pads[0].put(await createImageBitmap(await (await fetched(entry.example)).blob()));
  } finally {
    if (wanted === entry) {
      document.body.setAttribute("aria-busy", "false");
      $("status").textContent = "";
      listModels();
      plan();
    }
  }
}

// ---- Pictures ----

// Pixels of these come from memory and stay there.
const surface = (canvas) => canvas.getContext("2d", { willReadFrequently: true });

function show(canvas, image) {
  canvas.width = image.width;
  canvas.height = image.height;
  surface(canvas).putImageData(image, 0, 0);
}

function encode(which) {
  const pad = pads[which];
  if (!pad.dirty || pad.empty) return;
  library.encode(which, pad.image(), pad.digit.checked);
  pad.dirty = false;
  show(pad.seen, library.see(which));
}

// Seed, temperature and position, as the sliders say. Without a second picture there is no way to it.
function settings() {
  const two = !pads[1].empty;
  values.position.disabled = !two;
  return { seed: Number(values.seed.value), temperature: Number(values.temperature.value),
    position: two ? Number(values.position.value) : 0 };
}

function describeSettings({ seed, temperature, position }) {
  $("seed-value").value = seed;
  $("temperature-value").value = temperature.toFixed(2);
  $("position-value").value = `${Math.round(position * 100)} %`;
  values.position.ariaValueText = `${Math.round(position * 100)} percent`;
}

function translate() {
  planned = 0;
  const now = settings(), ready = model && !pads[0].empty;
  describeSettings(now);
  $("nothing").hidden = ready;
  if (!ready) surface($("result")).clearRect(0, 0, $("result").width, $("result").height);
  $("result").ariaLabel = ready ? `Translation of the first picture, seed ${now.seed}` : "Translation: nothing yet";
  if (ready) {
    const begin = performance.now();
    encode(0);
    encode(1);
    const image = library.translate(now);
    const time = performance.now() - begin;
    show($("result"), image);
    $("time").textContent = `${time.toFixed(1)} ms, ${library.out.width} × ${library.out.height} pixels`;
    $("result").dataset.milliseconds = time;
  }
  clearTimeout(stripsPlanned);
  stripsPlanned = setTimeout(() => guarded(() => drawStrips(now, ready)), 80);
}

// A strip of buttons, each a picture and what it sets a slider to.
function drawStrip(strip, slider, entries) {
  while (strip.children.length > entries.length) strip.lastElementChild.remove();
  for (const [i, entry] of entries.entries()) {
    const button = strip.children[i] ?? strip.appendChild(document.createElement("button"));
    if (!button.firstChild) {
      button.append(document.createElement("canvas"), document.createElement("span"));
      button.type = "button";
      button.onclick = () => {
        slider.value = button.value;
        plan();
      };
    }
    button.value = entry.value;
    button.lastChild.textContent = entry.label;
    button.ariaPressed = String(Number(slider.value) === entry.value);
    show(button.firstChild, library.translate(entry.settings));
  }
}

function drawStrips(now, ready) {
  const row = (wanted, make) => (wanted ? Array.from({ length: steps }, (_, i) => make(i)) : []);
  const first = now.seed - (now.seed % steps);
  drawStrip($("draws"), values.seed, row(ready, (i) =>
    ({ value: first + i, label: `Seed ${first + i}`, settings: { ...now, seed: first + i } })));
  drawStrip($("way"), values.position, row(ready && !pads[1].empty, (i) => {
    const percent = Math.round((i / (steps - 1)) * 100);
    return { value: percent / 100, label: `${percent} %`, settings: { ...now, position: percent / 100 } };
  }));
}

function guarded(action) {
  try {
    action();
  } catch (error) {
    fail(error);
  }
}

// One translation for all changes until the next frame.
function plan() {
  planned ||= requestAnimationFrame(() => guarded(translate));
}

// ---- Files that are dropped ----

const padAt = (target) => pads.find((pad) => pad.section.contains(target)) ?? pads[0];
const isModel = (file) => /\.xdm$/i.test(file.name);
const openModel = (file) => loadModel({ title: file.name, local: file });

function listenToDrops() {
  const mark = (target) => {
    for (const pad of pads) pad.section.classList.toggle("over", target !== null && pad === padAt(target));
  };
  addEventListener("dragover", (event) => {
    event.preventDefault();
    mark(event.target);
  });
  addEventListener("dragleave", (event) => event.relatedTarget || mark(null));
  addEventListener("drop", told(async (event) => {
    event.preventDefault();
    mark(null);
    for (const file of event.dataTransfer.files)
      await (isModel(file) ? openModel(file) : padAt(event.target).open(file));
  }));
}

// ---- The start ----

async function start() {
  pads = ["first-title", "second-title"].map((title) =>
    new Pad($(title).parentElement, $(title).textContent, plan, fail));
  for (const slider of Object.values(values)) slider.addEventListener("input", plan);
  $("status").textContent = "Loading the library…";
  try {
    library = await Library.open();
  } finally {
    $("status").textContent = "";
  }
  $("about").textContent = `libxdomain ${library.version}`;
  for (const input of directions) input.addEventListener("change", told(turn));
  $("model").addEventListener("change", told(() => loadModel(models[$("model").value])));
  $("open-model").addEventListener("click", () => $("model-file").click());
  $("model-file").addEventListener("change", told(async () => {
    const [file] = $("model-file").files;
    $("model-file").value = "";
    if (file) await openModel(file);
  }));
  listenToDrops();
  await loadModel(models[0]);
}

told(start)();
