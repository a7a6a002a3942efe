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

// Resolves with what the platform answers; with nothing where it does not, or another site does.
function ask(subject, more) {
  const id = crypto.randomUUID ? crypto.randomUUID() : String(Math.random());
  return new Promise((resolve) => {
    const above = keeper();
    if (!above) return resolve({});
    addEventListener("message", ({ origin: from, data }) => {
      const answers = from === origin && data && data.subject === `${subject}.response` && data.message_id === id;
      if (answers) resolve(data.error ? {} : data);
    });
    setTimeout(resolve, PATIENCE, {});
    above.postMessage({ subject, message_id: id, key, ...more }, origin);
  });
}

async function go() {
  if (step === "put") {
    await ask("lti.put_data", { value });
    location.replace(main.querySelector("a").href);
  } else if (step === "get") {
    const answer = await ask("lti.get_data", {});
    if (answer.value) {
      main.querySelector("[name=browser]").value = answer.value;
      main.querySelector("form").submit();
    } else {
      main.querySelector("p").hidden = true;
      main.querySelector("div[hidden]").hidden = false;
    }
  } else if (step === "send") {
    main.querySelector("form").submit();
  } else if (step === "close") {
    // To whoever opened the window, as the specification has it: there is nothing secret in it.
    (window.opener || window.parent).postMessage({ subject: "org.imsglobal.lti.close" }, "*");
  }
}

go();
