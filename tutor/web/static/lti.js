// What the pages of a launch do by themselves. Where they cannot, each still has its link or button.
"use strict";
const PATIENCE = 2000; // milliseconds that a platform's storage has to answer
const main = document.querySelector("main");
const { step, origin, frame, key, value } = main.dataset;

// The window that keeps what the platform stores for the tutor (1EdTech LTI postMessage Storage).
function keeper() {
  const above = window.parent === window ? window.opener : window.parent;
  if (!above || !frame || frame === "_parent") return above;
  try {
    return above.frames[frame] || above;
  } catch {
    return above; // another site's window hides the frames that it does not have
  }
}

// Asks it, and hands on what it answers; what another site says is not heard.
function ask(subject, more, answered) {
  const above = keeper();
  if (!above) return;
  const id = crypto.randomUUID ? crypto.randomUUID() : String(Math.random());
  addEventListener("message", ({ origin: from, data }) => {
    if (from === origin && data && data.subject === `${subject}.response` && data.message_id === id) answered(data);
  });
  above.postMessage({ subject, message_id: id, key, ...more }, origin);
}

if (step === "put") {
  let gone = false;
  const goOn = () => {
    if (!gone) location.replace(main.querySelector("a").href);
    gone = true; // a platform may take its login once only
  };
  ask("lti.put_data", { value }, goOn);
  setTimeout(goOn, PATIENCE);
} else if (step === "get") {
  ask("lti.get_data", {}, ({ value: kept }) => {
    if (!kept) return;
    main.querySelector("[name=browser]").value = kept;
    main.querySelector("form").submit();
  });
  setTimeout(() => {
    main.querySelector("p").hidden = true;
    main.querySelector("div").hidden = false;
  }, PATIENCE);
} else if (step === "send") {
  main.querySelector("form").submit();
} else if (step === "close") {
  // To whoever opened the window, as the specification has it: there is nothing secret in it.
  (window.opener || window.parent).postMessage({ subject: "org.imsglobal.lti.close" }, "*");
}
