// What the page watches and listens to. Every button with data-event is handled here; what the server has to do goes
// through #bridge.
function watch() {
  const thread = byId("thread");
  const onScroll = () => {
    if (thread.scrollTop < scrolled) following = false;
    scrolled = thread.scrollTop;
  };
  thread.addEventListener("scroll", onScroll, { passive: true });
  document.body.append(card);
  const linked = new URLSearchParams(location.search);
  if (["source", "section"].some((name) => linked.has(name))) wanted = LINKED;
  restoreDraft();
  window.addEventListener("pagehide", keepDraft); // nothing tells when the box is emptied
  watchConnection();
  new MutationObserver(() => {
    checkEdited();
    keepDraft();
    showAddress();
  }).observe(byId("transcript"), { childList: true, subtree: true });
  showAddress();
  const drawn = { childList: true, subtree: true, attributes: true, attributeFilter: ["open", "aria-expanded"] };
  new MutationObserver(() => {
    keepUnfolded();
    if (isOpen("source-open") && panel()) markOpened(panel().dataset.key);
  }).observe(byId("transcript"), drawn);
  watchMaterial();
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

const ready = () => ["thread", "source", "ask", "language"].every(byId) && question() && document.querySelector("[data-bridge]");
const waiting = new MutationObserver(() => {
  if (!ready()) return;
  waiting.disconnect();
  watch();
});
waiting.observe(document.documentElement, { childList: true, subtree: true });
