// What scripts add to the pages on which a text for publication is written; all of it can be done without them.

import { say } from "./words.js";

// Select words in the text and press why they go: the same markers as lessons/removals.py.
const TYPES = ["personal data", "security", "legal", "commercial", "clarity"];

const bar = document.createElement("div");
bar.className = "jol-removal-bar";
bar.setAttribute("role", "group");
bar.setAttribute("aria-label", say("Take out the selected words because of"));
bar.hidden = true;
const title = document.createElement("span");
title.textContent = `${say("Take out:")} `;
const said = document.createElement("span");
said.className = "govuk-visually-hidden";
said.setAttribute("role", "status");
bar.append(title);
for (const type of TYPES) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "govuk-button govuk-button--secondary jol-small-button";
  button.textContent = say(type); // the marker itself is data, and in English
  button.addEventListener("click", () => takeOut(type));
  bar.append(button);
}

let input = null;

function show(field) {
  const isSelected = field.selectionStart !== null && field.selectionStart < field.selectionEnd;
  if (!isSelected) {
    if (input === field) bar.hidden = true;
    return;
  }
  input = field;
  if (field.nextElementSibling !== bar) field.after(bar);
  bar.hidden = false;
}

function takeOut(type) {
  const words = input.value.slice(input.selectionStart, input.selectionEnd);
  // Spaces at the ends stay outside the marker.
  const start = input.selectionStart + (words.length - words.trimStart().length);
  const end = input.selectionEnd - (words.length - words.trimEnd().length);
  const marker = `[removed: ${type}]`;
  input.setRangeText(marker, start, end, "end");
  input.dispatchEvent(new Event("input", { bubbles: true }));
  bar.hidden = true;
  input.focus();
  said.textContent = say("Replaced by %(marker)s. It is kept when you save.", { marker });
}

const page = document.querySelector("[data-module='jol-removals']");
if (page) {
  page.append(said);
  for (const field of page.querySelectorAll("textarea, input[type=text]")) {
    if (field.name.startsWith("comment_") || field.name.startsWith("because_")) continue;
    for (const event of ["select", "keyup", "mouseup"]) field.addEventListener(event, () => show(field));
  }
  page.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && !bar.hidden) {
      bar.hidden = true;
      input.focus();
    }
  });
}

// One tick for all lines, where nothing was found; unticking a line unticks it.
const all = document.querySelector("input[name='all_checked']");
const lines = [...document.querySelectorAll("input[name='checklist']")];
if (all) {
  all.addEventListener("change", () => lines.forEach((line) => (line.checked = all.checked)));
  for (const line of lines) {
    line.addEventListener("change", () => (all.checked = lines.every((one) => one.checked)));
  }
}

// Leaving with unsaved words asks first.
const form = document.querySelector("main form[method='post']");
if (page && form) {
  let isChanged = Boolean(document.querySelector(".govuk-error-summary, .jol-conflicts"));
  form.addEventListener("input", () => (isChanged = true));
  form.addEventListener("submit", () => (isChanged = false));
  addEventListener("beforeunload", (event) => {
    if (isChanged) event.preventDefault();
  });
}

// Say every half minute that the page is open, and show who else has it open.  It keeps nobody signed in.
const also = document.querySelector("[data-also-open]");
const EVERY = 30_000;

async function sayPresent() {
  if (document.hidden) return;
  try {
    const headers = { "X-CSRFToken": also.dataset.token, "X-By-Itself": "1", Accept: "text/html" };
    const response = await fetch(also.dataset.alsoOpen, { method: "POST", headers, redirect: "error" });
    if (!response.ok) return;
    const words = (await response.text()).trim();
    if (words !== also.innerHTML.trim()) also.innerHTML = words;
  } catch {
    // no connection, or signed out: what is there stays
  }
}

if (also) setInterval(sayPresent, EVERY);
