// Adding material: files are chosen or dropped, sent one after the other, and followed until they are in their course.
// The dialogs come out of a template, and what is in them is made here: names are only ever put in as text.
const handed = []; // files that were chosen, in order: {key, file, name, course, title, state, …}
const begunCourses = new Map(); // courses that this page begins, by id, with what they are to be called
let madeFor = null; // the course that the page shows
let openedBy = null; // what gets the focus when the dialog closes
let sending = false;
const looking = new Set(); // courses whose files are followed

const ENDED = ["done", "failed"];
const STANDS = {
  chosen: "material-chosen",
  line: "material-line",
  sending: "material-sending",
  waiting: "material-waiting",
  reading: "material-reading",
  embedding: "material-embedding",
  failed: "material-failed",
  added: "material-added",
  changed: "material-changed",
  unchanged: "material-unchanged",
  gone: "material-gone",
};
const ENDS = {
  failed: "material-said-failed",
  added: "material-said-added",
  changed: "material-said-changed",
  unchanged: "material-said-unchanged",
  gone: "material-said-gone",
};
const standing = (one) => (one.state === "done" ? (one.change ?? "gone") : one.state);
const material = () => byId("material-dialog");
const inMaterial = (selector) => material().querySelector(selector);

function watchMaterial() {
  const onTranscript = () => {
    const here = document.querySelector("#transcript .here");
    if (here) madeFor = here.dataset.course;
    else if (document.querySelector("#transcript .welcome")) madeFor = null;
  };
  new MutationObserver(onTranscript).observe(byId("transcript"), { childList: true, subtree: true, attributes: true });
  onTranscript();
}

// Returns an element with what it holds; words in it are text, never markup.
function make(tag, values = {}, ...inside) {
  const made = Object.assign(document.createElement(tag), values);
  made.append(...inside);
  return made;
}

// --- the dialog ---------------------------------------------------------------------------------------------------

function openMaterial() {
  const template = byId("material-dialogs");
  if (!template) return; // not for whoever is here
  if (!material()) prepareMaterial(template);
  if (material().open) return;
  openedBy = document.activeElement;
  inMaterial(".trouble").textContent = inMaterial(".told").textContent = "";
  forget((one) => one.seen);
  material().showModal();
  drawFiles();
  inMaterial("h2").focus(); // what it is about is read first
  byId("material-course").disabled = true;
  coursesListed = listCourses(madeFor).finally(() => (byId("material-course").disabled = false));
}

function prepareMaterial(template) {
  document.body.append(template.content.cloneNode(true));
  material().addEventListener("close", () => {
    (openedBy?.isConnected && openedBy !== document.body ? openedBy : question())?.focus();
  });
  byId("material-course").addEventListener("change", showCourse);
  byId("material-files").addEventListener("change", (event) => {
    choose([...event.target.files]);
    event.target.value = ""; // the same file may be chosen again
  });
  inMaterial("form").addEventListener("submit", (event) => {
    event.preventDefault();
    addChosen();
  });
}

let courses = []; // as they were last listed
let coursesListed = null; // until they are, nothing is added

// Lists the courses, with those that are begun, and shows the one that is `wanted`, else the one that is chosen.
async function listCourses(wanted) {
  try {
    courses = await (await call(address("courses"))).json();
  } catch (error) {
    trouble(error.message);
    return;
  }
  const select = byId("material-course");
  const known = new Map([...begunCourses, ...courses.map(({ id, title }) => [id, title])]);
  const options = [...known].map(([id, title]) => make("option", { value: id, textContent: title, dir: "auto" }));
  const chosen = wanted === undefined ? select.value : wanted; // which may have changed meanwhile
  select.replaceChildren(...options, select.querySelector('option[value=""]'));
  select.value = chosen === "" || known.has(chosen) ? chosen : (courses[0]?.id ?? "");
  await showCourse();
}

async function showCourse() {
  const course = byId("material-course").value;
  inMaterial(".new").hidden = Boolean(course);
  inMaterial(".held").hidden = inMaterial(".drop-course").hidden = !courses.some(({ id }) => id === course);
  if (inMaterial(".held").hidden) return;
  try {
    const [sources, { files }] = await Promise.all(
      ["sources", "material"].map(async (what) => (await call(address("courses", course, what))).json()),
    );
    if (byId("material-course").value !== course) return; // another one was chosen meanwhile
    inMaterial(".held ul").replaceChildren(...sources.map((source) => drawSource(course, source)));
    for (const file of files.filter((file) => !ENDED.includes(file.state))) adopt(file);
  } catch (error) {
    inMaterial(".held").hidden = inMaterial(".drop-course").hidden = true; // it may not be theirs to change
    trouble(error.message);
  }
}

function drawSource(course, { name, title, characters }) {
  const count = new Intl.NumberFormat(language).format(characters);
  const about = make("span", { className: "about" }, make("bdi", { textContent: name }), ` · ${wordsFor("material-characters", { count })}`);
  const button = make("button", { type: "button", textContent: wordsFor("material-take-out") });
  Object.assign(button.dataset, { event: "take-out", course, source: name, title });
  button.setAttribute("aria-label", wordsFor("material-take-out-it", { title }));
  return make("li", {}, make("bdi", { textContent: title }), button, about);
}

const trouble = (words) => (inMaterial(".trouble").textContent = words);

// Says what has happened where it is heard: in the dialog, which is all that there is while it is open.
function sayOfMaterial(words) {
  if (material()?.open) inMaterial(".told").textContent = words;
  else say(words);
}

Object.assign(actions, {
  material: openMaterial,
  "close-material": () => material().close(),
  "leave-out": ({ dataset }) => {
    handed.splice(handed.findIndex((one) => one.key === Number(dataset.key)), 1);
    drawFiles();
    byId("material-files").focus();
  },
  "open-course": ({ dataset }) => {
    material().close();
    closeMenu();
    tell("changed", { open: dataset.course });
  },
  "take-out": ({ dataset }) => {
    const { course, source, title } = dataset;
    openDialog("take-out", { course, source, title }, () => byId("material-files")).querySelector(".which").textContent = title;
  },
  "drop-course": () => {
    const select = byId("material-course");
    const dialog = openDialog("drop-course", { course: select.value }, () => byId("material-course"));
    dialog.querySelector(".which").textContent = select.selectedOptions[0].textContent;
  },
});

Object.assign(decided, {
  "take-out": () => {
    takeOut(asking);
  },
  "drop-course": async () => {
    const { course } = asking;
    await call(address("courses", course), { method: "DELETE" });
    begunCourses.delete(course);
    tell("changed", {});
    sayOfMaterial(wordsFor("material-deleted"));
    await listCourses(madeFor === course ? null : madeFor);
  },
});

// It has to wait for what is being added: the dialog need not.
async function takeOut({ course, source, title }) {
  const button = [...material().querySelectorAll('[data-event="take-out"]')].find((one) => one.dataset.source === source);
  if (button) Object.assign(button, { disabled: true, textContent: wordsFor("material-taking-out") });
  try {
    await call(address("courses", course, "sources", source), { method: "DELETE" });
    sayOfMaterial(wordsFor("material-taken-out", { title }));
    tell("changed", {});
  } catch (error) {
    if (material().open) trouble(error.message);
    else say(error.message);
  }
  showCourse();
}

// --- choosing -----------------------------------------------------------------------------------------------------

let keys = 0;

function choose(files) {
  trouble("");
  const largest = Number(byId("material-dialogs").dataset.largest);
  for (const { file, folder } of files.map((one) => (one instanceof File ? { file: one } : one))) {
    const one = { key: keys++, file, name: file.name, state: "chosen" };
    if (folder) fail(one, wordsFor("material-folder"));
    else if (file.size > largest) fail(one, wordsFor("material-large", { size: largest / 1e6 }));
    handed.push(one);
  }
  drawFiles();
  inMaterial('[type="submit"]').focus();
}

function forget(which) {
  for (const one of handed.filter(which)) handed.splice(handed.indexOf(one), 1);
}

const fail = (one, detail) => Object.assign(one, { state: "failed", detail });

// A name for the address of a course, of its title as far as that has such letters, and not taken.
function idFor(title) {
  const plain = title.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();
  const id = plain.replace(/[^a-z0-9]+/g, "-").slice(0, 40).replace(/^-|-$/g, "") || "course";
  const taken = (id) => begunCourses.has(id) || courses.some((course) => course.id === id);
  let free = id;
  for (let number = 2; taken(free); number++) free = `${id}-${number}`;
  return free;
}

async function addChosen() {
  await coursesListed;
  const chosenFiles = handed.filter((one) => one.state === "chosen");
  const select = byId("material-course");
  if (!chosenFiles.length) {
    trouble(wordsFor("material-none"));
    byId("material-files").focus();
    return;
  }
  trouble("");
  if (!select.value) {
    const title = byId("material-name").value.trim();
    const same = (other) => other.toLowerCase() === title.toLowerCase();
    if (!title || [...courses.map((course) => course.title), ...begunCourses.values()].some(same)) {
      trouble(wordsFor(title ? "material-same-name" : "material-no-name"));
      byId("material-name").focus();
      return;
    }
    const id = idFor(title);
    begunCourses.set(id, title);
    byId("material-name").value = "";
    select.prepend(make("option", { value: id, textContent: title, dir: "auto" }));
    select.value = id;
    showCourse();
  }
  const [course, title] = [select.value, begunCourses.get(select.value)];
  const names = new Set(chosenFiles.map((one) => one.name));
  forget((one) => ENDED.includes(one.state) && one.course === course && names.has(one.name));
  for (const one of chosenFiles) Object.assign(one, { state: "line", course, title });
  drawFiles();
  sendNext();
}

// --- sending ------------------------------------------------------------------------------------------------------

async function sendNext() {
  const one = handed.find((one) => one.state === "line");
  if (sending || !one) return;
  sending = true;
  one.state = "sending";
  drawFiles();
  try {
    Object.assign(one, await send(one));
    followFiles(one.course);
  } catch (error) {
    fail(one, error.message);
    ended([one]);
  }
  sending = false;
  drawFiles();
  sendNext();
}

// Sends a file, and returns how it stands; not with `fetch`, which does not say how much is sent.
function send(one) {
  const request = new XMLHttpRequest();
  const url = address("courses", one.course, "sources", one.name);
  request.open("PUT", one.title ? `${url}?title=${encodeURIComponent(one.title)}` : url);
  request.setRequestHeader("Content-Type", "application/octet-stream");
  request.upload.onprogress = ({ loaded, total }) => {
    Object.assign(one, { loaded, size: total });
    drawFiles();
  };
  return new Promise((resolve, reject) => {
    request.onerror = () => reject(new Error(wordsFor("material-not-sent")));
    request.onload = () => {
      try {
        const said = JSON.parse(request.responseText);
        if (request.status === 202) resolve(said);
        else reject(new Error(said.detail));
      } catch {
        reject(new Error(wordsFor("material-not-sent")));
      }
    };
    request.send(one.file);
  });
}

// --- following ----------------------------------------------------------------------------------------------------

// Takes in a file that was under way before the page was opened.
function adopt(file) {
  if (handed.some((one) => one.id === file.id)) return;
  handed.push({ key: keys++, ...file });
  drawFiles();
  followFiles(file.course);
}

async function followFiles(course) {
  if (looking.has(course)) return;
  looking.add(course);
  const underWay = () => handed.filter((one) => one.course === course && one.id && !ENDED.includes(one.state));
  while (underWay().length) {
    await new Promise((resolve) => setTimeout(resolve, 400));
    let files;
    try {
      ({ files } = await (await call(address("courses", course, "material"))).json());
    } catch (error) {
      if (error.message === wordsFor("lost")) continue; // it comes back, and goes on with what it has
      files = []; // the course is gone
    }
    const before = underWay();
    for (const one of before) {
      const file = files.find((file) => file.id === one.id) ?? files.find((file) => file.name === one.name);
      if (file) Object.assign(one, file);
      else Object.assign(one, { state: "done", change: null });
    }
    drawFiles();
    ended(before.filter((one) => ENDED.includes(one.state)));
  }
  looking.delete(course);
}

function ended(files) {
  if (!files.length) return;
  const words = files.map((one) => wordsFor(ENDS[standing(one)], { name: one.name }));
  sayOfMaterial(words.join(" "));
  const changed = files.filter((one) => one.state === "done" && one.change !== "unchanged");
  if (!changed.length) return;
  tell("changed", madeFor ? {} : { open: changed[0].course });
  if (material()?.open) listCourses();
}

// --- how the files stand ------------------------------------------------------------------------------------------

// Each keeps its element, so that the focus stays and a bar moves on.
function drawFiles() {
  if (!material()) return;
  const list = inMaterial(".files");
  const held = new Map([...list.children].map((item) => [Number(item.dataset.key), item]));
  for (const one of handed) {
    const item = held.get(one.key) ?? makeFile(one);
    held.delete(one.key);
    drawFile(item, one);
    if (material().open && ENDED.includes(one.state)) one.seen = true;
    if (!item.isConnected) list.append(item);
  }
  for (const item of held.values()) item.remove();
}

function makeFile(one) {
  const item = make("li", {}, make("bdi", { textContent: one.name }), make("span", { className: "about" }));
  item.dataset.key = one.key;
  return item;
}

function drawFile(item, one) {
  const ofCourse = one.title ? ` · ${one.title}` : "";
  const words = wordsFor(STANDS[standing(one)]) + ofCourse;
  const about = item.querySelector(".about");
  if (about.textContent !== words) about.textContent = words;
  part(item, "progress", ["sending", "waiting", "reading", "embedding"].includes(one.state), () => {
    const bar = make("progress", { max: 1 });
    bar.setAttribute("aria-label", one.name);
    return bar;
  });
  const bar = item.querySelector("progress");
  const [done, total] = one.state === "sending" ? [one.loaded, one.size] : [one.done, one.total];
  if (bar && total) bar.value = done / total;
  else bar?.removeAttribute("value");
  part(item, ".wrong", one.state === "failed", () => make("p", { className: "wrong", dir: "auto", textContent: one.detail }));
  part(item, '[data-event="leave-out"]', one.state === "chosen", () => fileButton("leave-out", { key: one.key }, "material-leave-out", "material-leave-out-it", one.name));
  const isOpen = one.state === "done" && one.title && one.course !== madeFor;
  part(item, '[data-event="open-course"]', isOpen, () => fileButton("open-course", { course: one.course }, "material-open-course", "material-open-course-it", one.title));
}

// Puts a part into an element, or takes it out.
function part(item, selector, wanted, made) {
  const held = item.querySelector(selector);
  if (wanted && !held) item.append(made());
  else if (!wanted) held?.remove();
}

function fileButton(event, data, seen, heard, name) {
  const button = make("button", { type: "button", textContent: wordsFor(seen) });
  Object.assign(button.dataset, { event, ...data });
  button.setAttribute("aria-label", wordsFor(heard, { name }));
  return button;
}

// --- dropping -----------------------------------------------------------------------------------------------------

const hasFiles = (event) => event.dataTransfer?.types.includes("Files") && byId("material-dialogs");
const dragged = (event, over) => {
  if (!hasFiles(event)) return;
  event.preventDefault(); // or the browser opens the file in place of the page
  document.body.classList.toggle("dragging", over);
};
document.addEventListener("dragenter", (event) => dragged(event, true));
document.addEventListener("dragover", (event) => dragged(event, true));
document.addEventListener("dragleave", (event) => event.relatedTarget ?? dragged(event, false));
const onDrop = (event) => {
  if (!hasFiles(event)) return;
  event.stopPropagation();
  dragged(event, false);
  const dropped = [...event.dataTransfer.items].filter((item) => item.kind === "file");
  const files = dropped.map((item) => ({ file: item.getAsFile(), folder: item.webkitGetAsEntry?.()?.isDirectory }));
  if (document.querySelector("dialog[open]:not(#material-dialog)")) return;
  openMaterial();
  choose(files.filter(({ file }) => file));
};
document.addEventListener("drop", onDrop, { capture: true });
