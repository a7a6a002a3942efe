// The source beside the conversation, its search, and the quote of a marker in a card beside it.
const LINKED = "*"; // whichever source comes first: the one that the page's address names
let wanted = ""; // the citation that was activated last and is not shown yet
let opener = {}; // which button that was, so that closing gives the focus back
let step = ""; // whether it was the panel's own button to the previous or next citation: the focus stays there

const groupOf = (button) => button.closest("[data-citations]")?.dataset.citations ?? ""; // those of its answer
const keyOf = (button) => {
  const d = button.dataset;
  return JSON.stringify([d.course, d.source, d.version, d.start, d.end, groupOf(button)]);
};
const CITING = '#thread [data-event="cite"]';
const panel = () => document.querySelector("#source .panel");

// --- the source ---------------------------------------------------------------------------------------------------

function openSource(button) {
  wanted = keyOf(button);
  step = button.dataset.step ?? "";
  const outside = !button.closest(".panel");
  if (outside) opener = { look: button.classList[0], exchange: button.closest(".exchange") };
  if (outside || step) opener.key = wanted;
  if (panel()?.dataset.key === wanted) showSource();
  else tell("cite", { ...button.dataset, key: wanted, citations: groupOf(button) });
}

function showSource() {
  const text = panel().querySelector(".text");
  const mark = text.querySelector("mark.active");
  const again = step ? panel().querySelector(`[data-step="${step}"]:enabled`) : null;
  const place = mark ?? text.querySelector("[data-here]"); // without a quote, where reading begins
  wanted = "";
  forgetMatches();
  setOpen("source-open", true);
  setOpen("menu-open", false);
  markOpened(panel().dataset.key);
  requestAnimationFrame(() => {
    scrollTo(text, place);
    (again ?? place ?? text).focus({ preventScroll: true });
  });
}

// Scrolls this container only: scrollIntoView would move the whole page on a phone.
function scrollTo(text, place) {
  text.scrollTop = 0;
  if (place) text.scrollTop = startOf(text, place);
}

// Where to begin reading: at the heading of the quote if both are well in view then, else a little above the quote.
function startOf(text, mark) {
  const at = (element) => element.getBoundingClientRect().top - text.getBoundingClientRect().top;
  if (!mark.matches("mark")) return at(mark) - 24;
  const above = (heading) => heading.compareDocumentPosition(mark) & Node.DOCUMENT_POSITION_FOLLOWING;
  const heading = [...text.querySelectorAll("h3, h4, h5, h6")].filter(above).at(-1);
  if (heading && at(mark) - at(heading) + mark.offsetHeight < text.clientHeight * 0.6) return at(heading) - 24;
  return at(mark) - Math.max(24, (text.clientHeight - mark.offsetHeight) / 3);
}

function closeSource() {
  if (!isOpen("source-open")) return false;
  setOpen("source-open", false);
  markOpened("");
  const buttons = [...document.querySelectorAll(CITING)].filter((b) => keyOf(b) === opener.key);
  const near = buttons.filter((b) => opener.exchange?.contains(b)); // the same may have been said twice
  const among = near.length ? near : buttons;
  (among.find((b) => b.classList[0] === opener.look) ?? among[0] ?? question())?.focus();
  return true;
}

function markOpened(key) {
  for (const button of document.querySelectorAll(CITING)) {
    const opened = keyOf(button) === key;
    if (!opened) button.removeAttribute("aria-expanded");
    else if (button.ariaExpanded !== "true") button.ariaExpanded = "true";
  }
}

// --- searching a source -------------------------------------------------------------------------------------------

let matches = []; // ranges of the text, in order
let match = -1;
const painted = (name, ranges) => window.CSS?.highlights?.set(name, new Highlight(...ranges)); // changes no element
const textOf = () => panel().querySelector(".text");
const isPart = () => Boolean(textOf().querySelector(".cut")); // of a very long text: only what is shown is searched

function search() {
  const words = panel().querySelector(".sought").value.split(/\s+/).filter(Boolean);
  const plain = words.map((word) => word.replace(/[.*+?^${}()|[\]\\/]/g, "\\$&"));
  const either = plain.join("\\s+").replace(/['‘’]/g, "['‘’]").replace(/["“”]/g, '["“”]');
  const pattern = new RegExp(either, "giu");
  matches = words.length ? [...textOf().children].flatMap((block) => matchesIn(block, pattern)) : [];
  match = -1;
  painted("found", matches);
  if (matches.length) toMatch(1);
  else showMatch(words.length ? wordsFor(isPart() ? "not-in-part" : "not-found") : "");
}

function matchesIn(block, pattern) {
  if (block.matches(".cut, .notice")) return [];
  const isText = (node) => (node.parentElement.closest(".at") ? NodeFilter.FILTER_REJECT : NodeFilter.FILTER_ACCEPT);
  const walker = document.createTreeWalker(block, NodeFilter.SHOW_TEXT, isText);
  const nodes = [];
  let whole = "";
  while (walker.nextNode()) {
    nodes.push([walker.currentNode, whole.length]);
    whole += walker.currentNode.data;
  }
  return [...whole.matchAll(pattern)].map(({ index, 0: { length } }) => {
    const [first, before] = nodes.findLast(([, at]) => at <= index);
    const [last, until] = nodes.findLast(([, at]) => at < index + length);
    const [startOffset, endOffset] = [index - before, index + length - until];
    return new StaticRange({ startContainer: first, startOffset, endContainer: last, endOffset });
  });
}

function toMatch(by) {
  if (!matches.length) return;
  match = (match + by + matches.length) % matches.length;
  const { startContainer, startOffset, endContainer, endOffset } = matches[match];
  const range = document.createRange();
  range.setStart(startContainer, startOffset);
  range.setEnd(endContainer, endOffset);
  const text = textOf();
  text.scrollTop += range.getBoundingClientRect().top - text.getBoundingClientRect().top - text.clientHeight / 3;
  painted("found-now", [range]);
  showMatch(wordsFor(isPart() ? "match-in-part" : "match", { at: match + 1, count: matches.length }));
}

function showMatch(said) {
  if (!matches.length) painted("found-now", []);
  panel().querySelector(".found").textContent = said;
}

// What was sought in the text before means nothing in the next one.
function forgetMatches() {
  const field = panel().querySelector(".sought");
  if (field) field.value = "";
  matches = [];
  painted("found", matches);
  if (field) showMatch("");
}

document.addEventListener("input", (event) => {
  if (event.target.matches?.(".sought")) search();
});
document.addEventListener("keydown", (event) => {
  if (!event.target.matches?.(".sought")) return;
  if (event.key === "Enter") toMatch(event.shiftKey ? -1 : 1);
  if (event.key !== "Escape" || !event.target.value) return;
  forgetMatches();
  event.stopImmediatePropagation(); // a second Escape closes the source
  event.preventDefault();
});

// --- the quote of a marker, in a card beside it -------------------------------------------------------------------

const card = Object.assign(document.createElement("div"), { id: "quote", role: "tooltip", hidden: true });
const [quoted, from] = ["q", "span"].map((tag) => card.appendChild(document.createElement(tag)));
let carded = null; // the marker that it is shown for
let leaving = 0; // the pointer may take a moment from the marker to the card

function showCard(marker) {
  clearTimeout(leaving);
  if (carded === marker) return;
  hideCard();
  carded = marker;
  quoted.textContent = marker.dataset.quote;
  from.textContent = marker.dataset.place;
  quoted.dir = from.dir = "auto";
  marker.setAttribute("aria-describedby", card.id);
  card.hidden = false;
  placeCard();
}

function hideCard() {
  clearTimeout(leaving);
  if (!carded) return false;
  carded.removeAttribute("aria-describedby");
  carded = null;
  card.hidden = true;
  return true;
}

// Above its marker where there is room, else below; gone with the marker that it belongs to.
function placeCard() {
  if (!carded) return;
  const box = carded.getBoundingClientRect();
  const gone = !carded.isConnected || carded.dataset.quote !== quoted.textContent;
  if (gone || box.bottom < 0 || box.top > window.innerHeight) {
    hideCard();
    return;
  }
  const above = box.top - card.offsetHeight - 6;
  const middle = box.left + (box.width - card.offsetWidth) / 2;
  const furthest = document.documentElement.clientWidth - card.offsetWidth - 10;
  card.style.top = `${above >= 6 ? above : box.bottom + 6}px`;
  card.style.left = `${Math.max(10, Math.min(middle, furthest))}px`;
}

document.addEventListener("pointerover", (event) => {
  if (event.pointerType === "touch") return; // a tap opens the source
  const marker = event.target.closest?.("button.cite");
  if (marker) showCard(marker);
  else if (card.contains(event.target)) clearTimeout(leaving);
  else if (carded && !carded.matches(":focus-visible")) {
    clearTimeout(leaving);
    leaving = setTimeout(hideCard, 300);
  }
});
document.addEventListener("focusin", (event) => {
  if (event.target.matches?.("button.cite:focus-visible")) showCard(event.target);
  else hideCard();
});
document.addEventListener("scroll", placeCard, { capture: true, passive: true });
window.addEventListener("resize", placeCard);

Object.assign(actions, {
  cite: openSource,
  close: closeSource,
  find: (button) => toMatch(Number(button.dataset.by)),
  jump: (button) => {
    const heading = byId(button.dataset.to);
    const place = document.createElement("li");
    place.textContent = button.dataset.path;
    panel().querySelector(".path").replaceChildren(place);
    button.closest("details").open = false; // it covers much of a phone
    scrollTo(textOf(), heading);
    heading.focus({ preventScroll: true });
  },
});
