// The conversation: what is asked, and what is done with what was asked and answered.
let following = true; // until the reader scrolls up, and again from the next question on
let scrolled = 0;

function follow() {
  const thread = byId("thread");
  const newest = [...thread.querySelectorAll(".exchange")].at(-1);
  if (!newest) thread.scrollTop = 0;
  else if (following) {
    // To the end, but never past the question: a long answer is read from its beginning.
    const top = newest.getBoundingClientRect().top - thread.getBoundingClientRect().top + thread.scrollTop;
    thread.scrollTop = Math.min(thread.scrollHeight, top - 16);
  }
}

Object.assign(actions, {
  suggest: (button) => {
    if (byId("send")?.disabled ?? true) return; // one question at a time
    following = true;
    edit("");
    tell("suggest", { question: button.dataset.question });
  },
  reword: (button) => {
    const box = question();
    fill(box, button.dataset.question);
    box.focus();
    box.setSelectionRange(box.value.length, box.value.length);
  },
  reopen: (button) => {
    following = true;
    opened = button.dataset.conversation;
    if (!closeMenu()) question().focus(); // the list is drawn anew, and this button goes with it
    tell("reopen", { conversation: button.dataset.conversation });
  },
});

// --- what is typed ------------------------------------------------------------------------------------------------

// It outlives a reload, a change of language and a server that is gone for a while; only this tab sees it.
const DRAFT = "tutor-draft";

function keepDraft() {
  if (!question()) return;
  const words = question().value;
  if (words) sessionStorage.setItem(DRAFT, words);
  else sessionStorage.removeItem(DRAFT);
}

function restoreDraft() {
  const words = sessionStorage.getItem(DRAFT);
  if (words && !question().value) fill(question(), words);
}

document.addEventListener("input", (event) => {
  if (event.target === question()) keepDraft();
});

// --- what is done with a conversation -----------------------------------------------------------------------------

let asking = {}; // what the open dialog is about
let back = () => null; // finds what gets the focus when it closes
let kept = null; // the same, until the reader goes on

const dialogOf = (name) => byId(`${name}-dialog`);
const sameEntry = (id) => () =>
  [...document.querySelectorAll("#history .more")].find((b) => b.dataset.conversation === id) ?? byId("fresh");

const searched = () => ({ words: byId("search-words").value });
let typing = 0;
document.addEventListener("input", (event) => {
  if (event.target.id !== "search-words") return;
  clearTimeout(typing);
  typing = setTimeout(() => tell("search", searched()), 120);
});

// The box shows what the list was searched by, unless somebody is typing there.
function showSearched() {
  const box = byId("search-words");
  if (box && document.activeElement !== box) box.value = document.querySelector("#history .list")?.dataset.words ?? "";
}

function openDialog(name, data, returnTo) {
  const dialog = dialogOf(name);
  asking = data;
  back = returnTo;
  dialog.querySelector("form").reset();
  dialog.querySelector(".trouble").textContent = "";
  dialog.showModal();
  return dialog;
}

function fold(except) {
  let closed = null;
  for (const more of document.querySelectorAll('.more[aria-expanded="true"]')) {
    if (more === except) continue;
    more.setAttribute("aria-expanded", "false");
    closed = more;
  }
  return closed;
}

Object.assign(actions, {
  more: (button) => {
    fold(button);
    button.setAttribute("aria-expanded", String(button.getAttribute("aria-expanded") !== "true"));
  },
  rename: (button) => {
    const { conversation, title } = button.dataset;
    const input = openDialog("rename", { conversation }, sameEntry(conversation)).querySelector("input");
    input.value = title;
    input.select();
  },
  delete: (button) => {
    const { conversation, title } = button.dataset;
    const dialog = openDialog("delete", { conversation }, sameEntry(conversation));
    dialog.querySelector(".which").textContent = title;
  },
  cancel: (button) => button.closest("dialog").close(),
});

// --- taking it along ----------------------------------------------------------------------------------------------

// `text` is a promise: some browsers only let a page write at once what arrives later.
async function copy(text) {
  try {
    const blob = text.then((words) => new Blob([words], { type: "text/plain" }));
    await navigator.clipboard.write([new ClipboardItem({ "text/plain": blob })]);
  } catch {
    const words = await text;
    try {
      await navigator.clipboard.writeText(words);
    } catch {
      copyByHand(words); // no clipboard here, as on an address without https
    }
  }
}

function copyByHand(words) {
  const focused = document.activeElement;
  const area = Object.assign(document.createElement("textarea"), { value: words, className: "unseen" });
  document.body.append(area);
  area.select();
  const copied = document.execCommand("copy");
  area.remove();
  focused?.focus?.({ preventScroll: true });
  if (!copied) throw new Error(wordsFor("no-copying"));
}

async function copyAndSay(text, done) {
  try {
    await copy(text);
    say(done);
  } catch (error) {
    say(error.message);
  }
}

function save(button) {
  const link = document.createElement("a");
  link.href = `${address("conversations", button.dataset.conversation, "export")}?format=${button.dataset.event}`;
  link.download = "";
  document.body.append(link);
  link.click();
  link.remove();
  say(wordsFor("saving"));
}

Object.assign(actions, {
  copy: (button) => {
    const { conversation, message } = button.parentElement.dataset;
    const url = `${address("conversations", conversation, "answers", message)}?format=${button.dataset.format}`;
    copyAndSay(call(url).then((response) => response.text()), wordsFor(button.dataset.format === "markdown" ? "copied-markdown" : "copied"));
  },
  markdown: save,
  json: save,
  print: () => {
    fold();
    closeMenu();
    window.print();
  },
});

// --- addresses ----------------------------------------------------------------------------------------------------

// The address at which the page opens what some data name.
function addressOf(data) {
  const url = new URL(location.pathname, location.origin);
  for (const name of ["course", "conversation", "source", "version", "start", "end"])
    if (data[name]) url.searchParams.set(name, data[name]);
  return url.href;
}

let opened = null; // the conversation that the reader opens; "" for a new one
let arrived = false;

// Going back leads to what was open before. A conversation that only gets its name is the same as before.
function showAddress() {
  const place = document.querySelector("#transcript .here")?.dataset;
  if (!place) return;
  const left = arrived && (opened === (place.conversation ?? "") || shownCourse() !== place.course);
  if (addressOf(place) !== location.href) history[left ? "pushState" : "replaceState"](null, "", addressOf(place));
  arrived = true;
}

const shownCourse = () => new URLSearchParams(location.search).get("course");

window.addEventListener("popstate", () => {
  opened = null;
  tell("visit", Object.fromEntries(new URLSearchParams(location.search)));
});
document.addEventListener("click", (event) => {
  if (event.target.closest?.("#fresh")) opened = "";
});

actions.link = ({ dataset }) => copyAndSay(Promise.resolve(addressOf(dataset)), wordsFor("link-copied"));

// --- asking the last question anew --------------------------------------------------------------------------------

let edited = ""; // the message whose place the next question takes
let draft = ""; // what was in the box before

function edit(message) {
  if (edited === message) return;
  edited = message;
  fill(document.querySelector("#replaces :is(input, textarea)"), message);
  document.querySelector("#editing .notice").hidden = !message;
  for (const one of document.querySelectorAll(".exchange.replaced")) one.classList.remove("replaced");
  if (message) below(message)?.closest(".exchange").classList.add("replaced");
}

// What was replaced, or is not the last question any more, is no longer edited.
function checkEdited() {
  if (edited && [...document.querySelectorAll(".doing")].at(-1)?.dataset.message !== edited) edit("");
}

Object.assign(actions, {
  edit: (button) => {
    if (question().disabled) return;
    if (!edited) draft = question().value;
    edit(button.parentElement.dataset.message);
    actions.reword(button);
  },
  keep: () => {
    edit("");
    fill(question(), draft);
    question().focus();
  },
  again: (button) => {
    if (byId("send")?.disabled ?? true) return;
    following = true;
    edit("");
    tell("again", { ...button.parentElement.dataset });
  },
});

// --- what the reader unfolded -------------------------------------------------------------------------------------

// What is drawn anew closes what was unfolded in it.
const unfolded = new Set();
const messageOf = (details) => details.closest(".exchange")?.querySelector(".doing")?.dataset.message;

function keepUnfolded() {
  for (const details of document.querySelectorAll("#transcript .meaning")) {
    const open = unfolded.has(messageOf(details));
    if (details.open !== open) details.open = open;
  }
}

document.addEventListener("click", (event) => {
  const details = event.target.closest?.("#transcript .meaning > summary")?.parentElement;
  if (details?.open) unfolded.delete(messageOf(details));
  else if (details) unfolded.add(messageOf(details));
});

// --- feedback -----------------------------------------------------------------------------------------------------

const below = (message) => [...document.querySelectorAll(".doing")].find((one) => one.dataset.message === message);

// Keeps what is thought of an answer (nothing: takes it back), and shows it on its buttons.
async function judge({ conversation, message }, feedback) {
  const url = `${address("conversations", conversation, "answers", message)}/feedback`;
  const headers = { "Content-Type": "application/json" };
  const sent = { method: "POST", headers, body: JSON.stringify(feedback) };
  await call(url, feedback ? sent : { method: "DELETE" });
  for (const thumb of below(message)?.querySelectorAll(".thumb") ?? []) {
    thumb.setAttribute("aria-pressed", String(thumb.dataset.rating === feedback?.rating));
    thumb.dataset.reason = feedback?.reason ?? "";
    thumb.dataset.comment = feedback?.comment ?? "";
  }
  say(wordsFor(feedback ? "feedback-kept" : "feedback-back"));
}

Object.assign(actions, {
  judge: (thumb) => {
    const about = { ...thumb.parentElement.dataset };
    const given = thumb.getAttribute("aria-pressed") === "true";
    if (thumb.dataset.rating === "up") {
      judge(about, given ? null : { rating: "up" }).catch((error) => say(error.message));
      return;
    }
    const returnTo = () => below(about.message)?.querySelector('[data-rating="down"]') ?? question();
    const dialog = openDialog("feedback", about, returnTo);
    const { elements } = dialog.querySelector("form");
    elements.comment.value = given ? thumb.dataset.comment : "";
    elements.reason.value = given ? thumb.dataset.reason : "";
    dialog.querySelector(".back").hidden = !given;
  },
  unjudge: (button) => decide(button.closest("dialog"), () => judge(asking, null)),
});

const decided = {
  feedback: ({ elements }) => {
    const { reason, comment } = elements;
    return judge(asking, { rating: "down", reason: reason.value || null, comment: comment.value });
  },
  rename: (form) => tell("rename", { ...asking, ...searched(), title: form.elements.title.value }),
  delete: () => {
    tell("delete", { ...asking, ...searched() });
    back = () => byId("fresh"); // its own button goes with it
  },
};

document.addEventListener("submit", (event) => {
  const dialog = event.target.closest?.("dialog[data-decides]");
  if (!dialog) return;
  event.preventDefault();
  decide(dialog, () => decided[dialog.dataset.decides](event.target));
});
// What fails is said in the dialog, which then keeps what was typed.
async function decide(dialog, what) {
  const trouble = dialog.querySelector(".trouble");
  trouble.textContent = "";
  try {
    await what();
    dialog.close();
  } catch (error) {
    trouble.textContent = error.message;
  }
}
const onClose = (event) => {
  if (!event.target.matches?.("dialog[data-decides]")) return;
  kept = back;
  kept()?.focus();
};
document.addEventListener("close", onClose, true);
