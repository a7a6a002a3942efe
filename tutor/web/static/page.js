// What a page needs beyond its components: it opens and closes the source, moves the focus, and keeps the newest
// words in view. Every button with data-event is handled here; what the server has to do goes through #bridge.
(() => {
  "use strict";
  const byId = (id) => document.getElementById(id);
  const narrow = window.matchMedia("(max-width: 860px)");
  let wanted = ""; // the citation that was activated last and is not shown yet
  let opener = null; // which button that was, so that closing gives the focus back
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
    const buttons = [...document.querySelectorAll(CITING)].filter((b) => keyOf(b) === opener?.key);
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
    new MutationObserver(() => {
      follow();
      placeCard();
    }).observe(thread, { childList: true, subtree: true, characterData: true });
    new MutationObserver(() => {
      if (!panel()) setOpen("source-open", false);
      else if (panel().dataset.key === wanted) showSource();
    }).observe(byId("source"), { childList: true, subtree: true, attributes: true, attributeFilter: ["data-key"] });
    new MutationObserver(() => {
      const box = question();
      if (box && !box.disabled && document.activeElement === document.body && !narrow.matches) box.focus();
    }).observe(byId("ask"), { subtree: true, attributes: true, attributeFilter: ["disabled"] });
    narrow.addEventListener("change", () => setOpen("menu-open", false));
    setOpen("menu-open", false);
    if (!narrow.matches) question()?.focus();
  }

  // --- actions ------------------------------------------------------------------------------------------------------

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
      if (byId("send").disabled) return; // one question at a time
      following = true;
      tell("suggest", { question: button.dataset.question });
    },
    reword: (button) => {
      const box = question();
      // Through the setter of the element's own kind, and with an event: the framework only sees what is typed.
      Object.getOwnPropertyDescriptor(HTMLTextAreaElement.prototype, "value").set.call(box, button.dataset.question);
      box.dispatchEvent(new Event("input", { bubbles: true }));
      box.focus();
      box.setSelectionRange(box.value.length, box.value.length);
    },
    reopen: (button) => {
      following = true;
      if (!closeMenu()) question().focus(); // the list is drawn anew, and this button goes with it
      tell("reopen", { conversation: button.dataset.conversation });
    },
  };

  document.addEventListener("click", (event) => {
    if (!card.contains(event.target)) hideCard();
    const button = event.target.closest?.("[data-event]");
    if (button) actions[button.dataset.event]?.(button);
    else if (event.target.closest?.("#fresh") || event.target.id === "chat" || event.target.id === "app") closeMenu();
    if (event.target.closest?.("#send, #fresh")) following = true;
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && event.target === question()) following = true;
    if (event.key !== "Escape" || event.target.matches?.('#course [aria-expanded="true"]')) return; // closes its list
    if (hideCard() || closeMenu() || closeSource()) event.preventDefault();
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
