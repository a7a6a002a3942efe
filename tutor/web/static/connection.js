// The connection to the tutor. Gradio's client gives up when a request of its own fails, and loads the page anew; so the
// requests that it makes pass through here first. What it sends waits until the tutor takes it; an answer that breaks
// off ends for Gradio as if it were complete, and what became of it is asked for once the tutor is back.
const SENT = "tutor-sent"; // the question under way: it outlives a reload, and only this tab sees it
const VISITOR = "tutor-visitor"; // who was signed in when this tab was last loaded
const SLOWEST = 15_000; // between two looks at a tutor that does not answer
const SILENT = 60_000; // after which a stream is broken: Gradio says something every 15 seconds
const straight = window.fetch.bind(window);
const joined = new Set(); // the events that Gradio was promised an end of
let tab = ""; // what Gradio calls this tab
let served = ""; // what the tutor's page was made of when this one was loaded
let checked = 0; // when the tutor was last heard
let away = null; // while it does not answer: a promise of its return
let waitingFor = 0; // questions that wait to be sent
let woken = () => {};

window.fetch = (resource, options) => {
  const { origin, pathname } = new URL(resource.url ?? resource, location.href);
  const passed = origin === location.origin ? gates.find(([end]) => pathname.includes(end))?.[1] : null;
  return (passed ?? straight)(resource, options);
};

const gates = [
  ["/gradio_api/queue/join", join],
  ["/gradio_api/queue/data", listen],
  ["/gradio_api/run/", once],
];

const pause = (time) => new Promise((done) => setTimeout(done, time));
const status = (words) => {
  const region = byId("connection")?.querySelector("[role=status]") ?? byId("connection");
  if (region && region.textContent !== words) region.textContent = words;
};
const isGone = (response) => !response || [502, 504].includes(response.status); // these are a proxy's
const isBusy = (response) => [429, 503].includes(response.status);
const isRefused = (response) => [401, 403].includes(response?.status); // nobody is signed in any more, or somebody else

// --- is it there? -------------------------------------------------------------------------------------------------

async function isAlive() {
  try {
    const response = await straight("healthz", { cache: "no-store", signal: AbortSignal.timeout(5000) });
    if (response.ok) checked = Date.now();
    return response.ok;
  } catch {
    return false;
  }
}

// Returns when the tutor answers; until then the page says that it does not, and looks ever more seldom.
function untilBack() {
  away ??= look().finally(() => {
    away = null;
    status("");
  });
  return away;
}

async function look() {
  if (await isAlive()) return;
  for (let wait = 1000; ; wait = Math.min(2 * wait, SLOWEST)) {
    showAway();
    await Promise.race([pause(wait), new Promise((done) => (woken = done))]);
    if (await isAlive()) break;
  }
  if (await isAnother()) location.reload(); // what was typed is kept
  else resume();
}

// A computer without a network reaches a tutor of its own all the same: being offline alone is no trouble.
function showAway() {
  const key = navigator.onLine ? "away" : "offline";
  status(wordsFor(waitingFor ? `${key}-sent` : key));
}

// Whether the tutor that answers now is another version, whose page is made in another way.
async function isAnother() {
  try {
    return madeOf(await (await straight("config", { cache: "no-store" })).json()) !== served;
  } catch {
    return false; // gone again: whoever asks next will see
  }
}

const madeOf = ({ dependencies }) =>
  JSON.stringify(dependencies.map(({ id, api_name, inputs, outputs, targets }) => [id, api_name, inputs, outputs, targets]));

const wake = () => (away ? woken() : checkSoon());
function checkSoon() {
  if (Date.now() - checked < 5000) return;
  checked = Date.now();
  isAlive().then((alive) => alive || untilBack());
}

window.addEventListener("online", wake);
window.addEventListener("offline", () => {
  checked = 0;
  wake();
});
document.addEventListener("input", (event) => {
  if (event.target === question()) checkSoon(); // better said before the whole question is typed
});

// --- what Gradio sends --------------------------------------------------------------------------------------------

// Puts an event in line. Where the tutor is gone or its line is full, the event waits and is sent again.
async function join(resource, options) {
  const body = JSON.parse(options.body);
  tab = body.session_hash;
  const asks = isQuestion(body.fn_index);
  let waits = false;
  for (let wait = 1000; ; wait = Math.min(2 * wait, SLOWEST)) {
    const response = await straight(resource, options).catch(() => null);
    if (!isGone(response) && !isBusy(response)) {
      if (waits) hold(-1);
      checked = Date.now();
      if (isRefused(response)) return turnAway();
      comeBack();
      if (response.ok) joined.add((await response.clone().json()).event_id);
      return response;
    }
    if (asks && !waits) {
      waits = true;
      hold(1);
    }
    if (isGone(response)) {
      await untilBack();
      continue;
    }
    if (!away) status(wordsFor(asks ? "busy" : "busy-page"));
    await pause(Number(response.headers.get("Retry-After")) * 1000 || wait * (0.5 + Math.random() / 2));
    if (!away) status("");
  }
}

const isQuestion = (index) => {
  const event = window.gradio_config.dependencies.find(({ id }) => id === index);
  return ["answer", "suggested", "again"].includes(event?.api_name);
};

// What waits is sent as it was; nothing else can be typed in its place meanwhile.
function hold(more) {
  waitingFor += more;
  question().readOnly = waitingFor > 0;
  if (away) showAway();
}

// What is not put in line, and has no answer to wait for.
async function once(resource, options) {
  const response = await straight(resource, options).catch(() => null);
  if (response && !isRefused(response)) return response;
  if (response) turnAway();
  else untilBack();
  return Response.json({ data: [] });
}

// --- who is not signed in any more --------------------------------------------------------------------------------

let turnedAway = []; // events that were refused: Gradio was promised an end of each
let signedOut = false;

// Says so. For Gradio the event ends as one that was cancelled, so that all that was typed stays where it is.
function turnAway() {
  signedOut = true;
  status(wordsFor("signed-out"));
  const id = `refused-${Math.random()}`;
  turnedAway.push(id);
  return Response.json({ event_id: id });
}

function comeBack() {
  if (signedOut) status("");
  signedOut = false;
}

// --- what Gradio hears --------------------------------------------------------------------------------------------

const BROKEN = /"msg":"unexpected_error"|"session_not_found":true/;

async function listen(resource, options) {
  heard = "";
  let response = null;
  try {
    response = await straight(resource, options);
  } catch (error) {
    if (error.name === "AbortError") throw error;
  }
  const reader = response?.ok ? response.body.getReader() : null;
  const headers = { "Content-Type": "text/event-stream" };
  return new Response(new ReadableStream({ pull: (to) => passOn(reader, to), cancel: () => reader?.cancel() }), { headers });
}

let heard = ""; // the end of what was heard before: a message may come in two pieces
async function passOn(reader, to) {
  let piece = { done: true };
  try {
    if (reader) piece = await Promise.race([reader.read(), pause(SILENT).then(() => piece)]);
  } catch (error) {
    if (error.name === "AbortError") {
      to.close();
      return;
    }
  }
  if (turnedAway.length) to.enqueue(new TextEncoder().encode(endsOf(turnedAway.splice(0))));
  const words = piece.done ? "" : new TextDecoder().decode(piece.value);
  heard = (heard + words).slice(-200);
  if (!piece.done && !BROKEN.test(words)) {
    to.enqueue(piece.value);
    return;
  }
  if (!heard.includes('"msg":"close_stream"')) {
    reader?.cancel().catch(() => {});
    to.enqueue(new TextEncoder().encode(farewell()));
    if (!signedOut) breakOff();
  }
  heard = "";
  to.close();
}

// Ends every event as Gradio itself ends one that was cancelled, so that its client can go on.
function farewell() {
  const ends = endsOf([...joined]);
  joined.clear();
  return `${ends}${asEvent({ msg: "close_stream" })}`;
}

const asEvent = (message) => `data: ${JSON.stringify(message)}\n\n`;
const endsOf = (ids) =>
  ids.map((id) => asEvent({ msg: "process_completed", event_id: id, output: { data: [] }, success: true })).join("");

let broken = false; // whether an answer broke off, which `resume` then finds out about
async function breakOff() {
  broken = true;
  await untilBack();
  if (broken) resume();
}

// --- going on -----------------------------------------------------------------------------------------------------

const here = () => document.querySelector("#transcript .here")?.dataset ?? {};
const messages = () => [...document.querySelectorAll("#transcript .doing")].map((one) => one.dataset.message);
const listed = () => [...document.querySelectorAll("#history .entry")].map((one) => one.dataset.conversation);
const sent = () => JSON.parse(sessionStorage.getItem(SENT) ?? "null");

// Remembers the question under way, until it is answered or has failed for a reason that the page says.
let underWay = false;
function keepSent() {
  const pending = document.querySelector("#live .question")?.cloneNode(true);
  if (underWay === Boolean(pending)) return;
  underWay = Boolean(pending);
  pending?.querySelector(".unseen")?.remove();
  const asked = { question: pending?.textContent, conversation: here().conversation, known: [...messages(), ...listed()], tab };
  if (pending) sessionStorage.setItem(SENT, JSON.stringify(asked));
  else sessionStorage.removeItem(SENT);
}

// Shows what the tutor holds now, and what became of a question that was under way.
function resume() {
  if (waitingFor || (underWay && !broken)) return; // its answer brings everything
  if (!here().course && !underWay) location.reload(); // there was no page to go on with yet
  broken = false;
  tell("resume", { asked: sent(), words: searched().words });
}

// What another tab or another browser has added meanwhile.
let refreshed = 0;
function refresh() {
  if (document.visibilityState !== "visible" || away || underWay || waitingFor || Date.now() - refreshed < 1000) return;
  refreshed = Date.now();
  following = false; // the reader stays where they are
  tell("refresh", { messages: messages(), words: searched().words });
}

// What somebody else typed in this tab, or asked and did not hear the answer of, is not for who is signed in now.
function forgetOthers() {
  const visitor = document.querySelector("#account .account")?.dataset.visitor;
  if (!visitor) return;
  const before = sessionStorage.getItem(VISITOR);
  sessionStorage.setItem(VISITOR, visitor);
  if (!before || before === visitor) return;
  sessionStorage.removeItem(SENT);
  fill(question(), "");
  keepDraft();
}

let begun = false;
function watchConnection() {
  served = madeOf(window.gradio_config);
  new MutationObserver(keepSent).observe(byId("live"), { childList: true, subtree: true });
  new MutationObserver(() => {
    if (begun || !document.querySelector("#transcript :is(.here, .welcome)")) return;
    begun = true;
    forgetOthers();
    if (sent()) tell("resume", { asked: sent(), words: "" });
  }).observe(byId("transcript"), { childList: true, subtree: true });
  document.addEventListener("visibilitychange", refresh);
  window.addEventListener("focus", refresh);
}
