// What a page needs beyond its components: it opens and closes the source, moves the focus, and keeps the newest
// words in view. Every button with data-event is handled here; what the server has to do goes through #bridge.
(() => {
  "use strict";
  const byId = (id) => document.getElementById(id);
  const narrow = window.matchMedia("(max-width: 860px)");
  const LINKED = "*"; // whichever source comes first: the one that the page's address names
  let wanted = ""; // the citation that was activated last and is not shown yet
  let opener = {}; // which button that was, so that closing gives the focus back
  let step = ""; // whether it was the panel's own button to the previous or next citation: the focus stays there

  const tell = (event, data) =>
    document.querySelector("[data-bridge]").dispatchEvent(new CustomEvent("tutor", { detail: { ...data, event } }));
  const groupOf = (button) => button.closest("[data-citations]")?.dataset.citations ?? ""; // those of its answer
  const keyOf = (button) => {
    const d = button.dataset;
    return JSON.stringify([d.course, d.source, d.version, d.start, d.end, groupOf(button)]);
  };
  const CITING = '#thread [data-event="cite"]';
  const panel = () => document.querySelector("#source .panel");
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
      if (keyOf(button) === key) button.setAttribute("aria-expanded", "true");
      else button.removeAttribute("aria-expanded");
    }
  }

  // --- searching a source -------------------------------------------------------------------------------------------

  let matches = []; // ranges of the text, in order
  let match = -1;
  const painted = (name, ranges) => window.CSS?.highlights?.set(name, new Highlight(...ranges)); // changes no element
  const textOf = () => panel().querySelector(".text");

  function search() {
    const words = panel().querySelector(".sought").value.split(/\s+/).filter(Boolean);
    const plain = words.map((word) => word.replace(/[.*+?^${}()|[\]\\/]/g, "\\$&"));
    const either = plain.join("\\s+").replace(/['‘’]/g, "['‘’]").replace(/["“”]/g, '["“”]');
    const pattern = new RegExp(either, "giu");
    matches = words.length ? [...textOf().children].flatMap((block) => matchesIn(block, pattern)) : [];
    match = -1;
    painted("found", matches);
    if (matches.length) toMatch(1);
    else showMatch(words.length ? "Not found" : "");
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
    showMatch(`${match + 1} of ${matches.length}`);
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

  // --- the conversation ---------------------------------------------------------------------------------------------

  const question = () => document.querySelector("#question textarea");
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

  function watch() {
    const thread = byId("thread");
    const onScroll = () => {
      if (thread.scrollTop < scrolled) following = false;
      scrolled = thread.scrollTop;
    };
    thread.addEventListener("scroll", onScroll, { passive: true });
    document.body.append(card);
    if (new URLSearchParams(location.search).has("source")) wanted = LINKED;
    new MutationObserver(() => {
      checkEdited();
      showAddress();
    }).observe(byId("transcript"), { childList: true, subtree: true });
    showAddress();
    new MutationObserver(() => {
      follow();
      placeCard();
    }).observe(thread, { childList: true, subtree: true, characterData: true });
    new MutationObserver(() => {
      if (!panel()) setOpen("source-open", false);
      else if ([panel().dataset.key, LINKED].includes(wanted)) showSource();
    }).observe(byId("source"), { childList: true, subtree: true, attributes: true, attributeFilter: ["data-key"] });
    const onUsable = () => {
      const box = question();
      if (box && !box.disabled && document.activeElement === document.body && !narrow.matches) box.focus();
    };
    // A moment later, since nothing has the focus while Tab carries it from one element to the next.
    const changes = { childList: true, subtree: true, attributes: true, attributeFilter: ["disabled"] };
    new MutationObserver(() => requestAnimationFrame(onUsable)).observe(byId("ask"), changes);
    new MutationObserver(() => {
      keepFocus();
      showSearched();
    }).observe(byId("history"), { childList: true, subtree: true });
    narrow.addEventListener("change", () => setOpen("menu-open", false));
    setOpen("menu-open", false);
    if (!narrow.matches) question()?.focus();
  }

  // --- actions ------------------------------------------------------------------------------------------------------

  // Through the setter of the element's own kind, and with an event: the framework only sees what is typed.
  function fill(box, words) {
    Object.getOwnPropertyDescriptor(Object.getPrototypeOf(box), "value").set.call(box, words);
    box.dispatchEvent(new Event("input", { bubbles: true }));
  }

  const actions = {
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
    menu: () => {
      if (closeMenu()) return;
      setOpen("menu-open", true);
      document.querySelector(".shut").focus();
    },
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
      if (!closeMenu()) question().focus(); // the list is drawn anew, and this button goes with it
      tell("reopen", { conversation: button.dataset.conversation });
    },
  };

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

  let telling = 0;
  function say(words) {
    const region = byId("told").querySelector("[role=status]") ?? byId("told");
    region.textContent = words;
    clearTimeout(telling);
    telling = setTimeout(() => (region.textContent = ""), 6000);
  }

  // The tutor's own calls, beside the page: relative, so that they also work below another address.
  const address = (...path) => `api/v1/${path.map(encodeURIComponent).join("/")}`;
  const LOST = "The tutor could not be reached. Try again in a moment.";

  async function call(url, options) {
    let response;
    try {
      response = await fetch(url, options);
    } catch {
      throw new Error(LOST);
    }
    if (response.ok) return response;
    const problem = await response.json().catch(() => ({}));
    throw new Error(problem.detail ?? LOST);
  }

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
    if (!copied) throw new Error("Your browser does not let the page copy. Select the text and copy it yourself.");
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
    say("The conversation is being saved.");
  }

  Object.assign(actions, {
    copy: (button) => {
      const { conversation, message } = button.parentElement.dataset;
      const url = `${address("conversations", conversation, "answers", message)}?format=${button.dataset.format}`;
      const kind = button.dataset.format === "markdown" ? " as Markdown" : "";
      copyAndSay(call(url).then((response) => response.text()), `Copied${kind}, with its sources.`);
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

  function showAddress() {
    const here = document.querySelector("#transcript .here");
    if (here && addressOf(here.dataset) !== location.href) history.replaceState(null, "", addressOf(here.dataset));
  }

  actions.link = ({ dataset }) => copyAndSay(Promise.resolve(addressOf(dataset)), "The link is copied.");

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
    say(feedback ? "Thank you. Your feedback is kept with the answer." : "Your feedback is taken back.");
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

  // What is drawn anew takes the focused button with it: its successor gets the focus.
  function keepFocus() {
    if (document.activeElement === document.body) kept?.()?.focus();
  }

  document.addEventListener("click", (event) => {
    if (!card.contains(event.target)) hideCard();
    const button = event.target.closest?.("[data-event]");
    kept = null;
    if (!event.target.closest?.(".more")) fold();
    if (button) actions[button.dataset.event]?.(button);
    else if (event.target.closest?.("#fresh") || event.target.id === "chat" || event.target.id === "app") closeMenu();
    if (event.target.closest?.("#send, #fresh")) following = true;
  });
  document.addEventListener("keydown", (event) => {
    kept = null;
    if (event.key === "Enter" && event.target === question()) following = true;
    if (event.key !== "Escape" || event.target.matches?.('#course [aria-expanded="true"]')) return; // closes its list
    if (document.querySelector("dialog[open]")) return; // closes by itself
    const folded = fold();
    folded?.focus();
    if (folded || hideCard() || closeMenu() || closeSource()) event.preventDefault();
  });
  // Gradio's list opens again when Tab leaves it, and then covers what is below: it need not hear of these keys.
  const passBy = (event) => {
    if (["Tab", "Shift"].includes(event.key) && event.target.closest?.("#course")) event.stopPropagation();
  };
  window.addEventListener("keydown", passBy, { capture: true });

  const ready = () => ["thread", "source", "ask"].every(byId) && question() && document.querySelector("[data-bridge]");
  const waiting = new MutationObserver(() => {
    if (!ready()) return;
    waiting.disconnect();
    watch();
  });
  waiting.observe(document.documentElement, { childList: true, subtree: true });
})();
