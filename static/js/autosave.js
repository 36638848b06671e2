// Saves a form by itself every few seconds while it changes.  Nothing is kept in the browser: what could not be sent
// stays in the form, is sent again until it arrives, and the page says so.

import { say as words } from "./words.js";

const EVERY = 5_000; // milliseconds
const LONGEST_WAIT = 30_000; // between two tries without a connection
const GIVE_UP = 15_000; // on one try
const BEFORE_LEAVING = 4_000; // at most, for a save that is on its way
const APART = new Set(["csrfmiddlewaretoken", "draft_key", "row_version", "event_version", "then"]);

const form = document.querySelector("form[data-autosave]");
const shown = document.querySelector("[data-autosave-said]");
const spoken = document.querySelector("[data-autosave-spoken]");

const textOf = () =>
  JSON.stringify([...new FormData(form)].filter(([name, value]) => !APART.has(name) && typeof value === "string"));

let stored = ""; // the text as it was last saved
let saving = null; // the save that is on its way
let failures = 0;
let isOver = false; // trying again is of no use
let isLeaving = false;
let state = "";

// What is seen changes with every save; what is read out only when something else is the case.
function say(words, now, link) {
  shown.textContent = words;
  if (link) {
    const anchor = Object.assign(document.createElement("a"), { href: form.dataset.signIn, target: "_blank" });
    anchor.className = "govuk-link";
    anchor.rel = "noopener";
    anchor.textContent = link;
    shown.append(" ", anchor);
  }
  shown.closest("[data-autosave-box]").classList.toggle("jol-autosave--problem", now !== "saved");
  if (now !== state) spoken.textContent = now === "saved" && !state ? "" : words;
  state = now;
}

function stop(words, link) {
  isOver = true;
  say(words, "stopped", link);
}

function took(answer, text) {
  stored = text;
  failures = 0;
  for (const name of ["row_version", "event_version"]) {
    if (form.elements[name] && name in answer) form.elements[name].value = answer[name];
  }
  const values = { time: answer.saved_at, fields: answer.left_out };
  const out = "You are signed out; what you write here is still saved.";
  const saved = answer.left_out ? "Saved at %(time)s, except %(fields)s" : "Saved at %(time)s";
  if (answer.signed_in) say(words(saved, values), answer.left_out ? "partly" : "saved");
  else say(words(`${saved}. ${out}`, values), "out", words("Sign in"));
  form.dispatchEvent(new CustomEvent("jol:saved"));
}

async function send(keepalive) {
  const text = textOf();
  const body = new URLSearchParams([...new FormData(form)].filter(([, value]) => typeof value === "string"));
  try {
    const options = { method: "POST", body, keepalive, signal: AbortSignal.timeout(GIVE_UP) };
    const response = await fetch(form.dataset.autosave, options);
    if (response.ok) return took(await response.json(), text);
    if (response.status === 403) return stop(words("Not saved. This page was open for too long: save with the button."));
    if (response.status === 409 && (await response.json()).problem === "held") return stop(words("Not saved. It is kept unchanged under a legal hold: copy what you wrote."));
    if (response.status === 409) return stop(words("Not saved. It was changed elsewhere: save with the button to compare."));
  } catch {
    // no connection, or no answer in time
  }
  failures += 1;
  say(words("Not saved: no connection. Keep this page open; it tries again by itself."), "offline");
}

function save({ keepalive = false } = {}) {
  if (isOver || saving || textOf() === stored) return saving;
  saving = send(keepalive).finally(() => {
    saving = null;
  });
  return saving;
}

function later() {
  const wait = Math.min(EVERY * 2 ** Math.min(failures, 3), LONGEST_WAIT);
  setTimeout(async () => {
    if (!isLeaving) await save();
    later();
  }, wait);
}

if (form && shown && spoken) {
  stored = form.dataset.autosaveFrom === "now" ? "" : textOf();
  later();
  window.addEventListener("online", () => save());
  document.addEventListener("visibilitychange", () => document.hidden && save({ keepalive: true }));
  window.addEventListener("beforeunload", (event) => {
    if (!isLeaving && (failures || isOver) && textOf() !== stored) event.preventDefault();
  });
  // A save that is on its way goes first, so that the button saves on top of it.
  form.addEventListener("submit", async (event) => {
    const { submitter } = event;
    if (isLeaving || !saving) {
      isLeaving = true;
      return;
    }
    event.preventDefault();
    isLeaving = true;
    await Promise.race([saving, new Promise((resolve) => setTimeout(resolve, BEFORE_LEAVING))]);
    form.requestSubmit(submitter);
  });
  // Back from the next page: the browser shows the form as it was, with an old version in it.
  window.addEventListener("pageshow", (event) => event.persisted && location.reload());
}
