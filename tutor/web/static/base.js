// What the other parts of the page's script share: they are one script, put together by `layout`.
// `SAID` is what `texts` gives for each language.
const byId = (id) => document.getElementById(id);
const narrow = window.matchMedia("(max-width: 860px)");

// --- language -------------------------------------------------------------------------------------------------------

const chosen = document.cookie.match(/(?:^|; )tutor-language=(\w+)/)?.[1];
const language = [chosen, ...navigator.languages.map((tag) => tag.split("-")[0])].find((tag) => tag in SAID) ?? "en";

Object.assign(document.documentElement, { lang: language, dir: SAID[language].direction });

const wordsFor = (key, values = {}) => SAID[language].texts[key].replace(/\{(\w+)\}/g, (_, name) => values[name]);

document.addEventListener("change", (event) => {
  if (event.target.id !== "language") return;
  document.cookie = `tutor-language=${event.target.value}; path=/; max-age=31536000; samesite=lax`;
  location.reload(); // what was typed is kept
});

// --- parts of the page ----------------------------------------------------------------------------------------------

const tell = (event, data) =>
  document.querySelector("[data-bridge]").dispatchEvent(new CustomEvent("tutor", { detail: { ...data, event } }));
const question = () => document.querySelector("#question textarea");
const isOpen = (name) => document.body.classList.contains(name);

function setOpen(name, open) {
  document.body.classList.toggle(name, open);
  const covers = narrow.matches && (isOpen("source-open") || isOpen("menu-open"));
  byId("chat")?.toggleAttribute("inert", covers);
  byId("rail")?.toggleAttribute("inert", narrow.matches && !isOpen("menu-open"));
  document.querySelector(".menu")?.setAttribute("aria-expanded", String(isOpen("menu-open")));
}

function closeMenu() {
  if (!isOpen("menu-open")) return false;
  setOpen("menu-open", false);
  document.querySelector(".menu").focus();
  return true;
}

// Through the setter of the element's own kind, and with an event: the framework only sees what is typed.
function fill(box, words) {
  Object.getOwnPropertyDescriptor(Object.getPrototypeOf(box), "value").set.call(box, words);
  box.dispatchEvent(new Event("input", { bubbles: true }));
}

// What a button with data-event does, by that name.
const actions = {
  menu: () => {
    if (closeMenu()) return;
    setOpen("menu-open", true);
    document.querySelector(".shut").focus();
  },
};

let telling = 0;
function say(words) {
  const region = byId("told").querySelector("[role=status]") ?? byId("told");
  region.textContent = words;
  clearTimeout(telling);
  telling = setTimeout(() => (region.textContent = ""), 6000);
}

// The tutor's own calls, beside the page: relative, so that they also work below another address.
const address = (...path) => `api/v1/${path.map(encodeURIComponent).join("/")}`;

async function call(url, options) {
  let response;
  try {
    response = await fetch(url, options);
  } catch {
    untilBack();
    throw new Error(wordsFor("lost"));
  }
  if (response.ok) return response;
  if (response.status === 401) throw new Error(wordsFor("signed-out"));
  const problem = await response.json().catch(() => ({}));
  throw new Error(problem.detail ?? wordsFor(isBusy(response) ? "too-busy" : "lost"));
}
