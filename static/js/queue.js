// Shortcuts for the queue.  They can be turned off, and none of them is the only way to do a thing.

import { say } from "./words.js";

const KEY = "jol-queue-shortcuts";
const list = document.querySelector("[data-module='jol-queue']");
const links = list ? [...list.querySelectorAll(".jol-queue__title")] : [];
const next = document.querySelector("[data-shortcut='next']");
const isOn = () => localStorage.getItem(KEY) !== "off";

const SHORTCUTS = [
  ["j", "Next lesson", () => move(1)],
  ["k", "Lesson before", () => move(-1)],
  ["o", "Open it", () => current()?.click()],
  ["x", "Select it, or not", () => current()?.closest("tr").querySelector("input").click()],
  ["t", "Take the next one", () => next?.requestSubmit()],
  ["f", "Go to the filters", () => openFilters()],
  ["?", "Show this list", () => show()],
];

const current = () => links.find((link) => link === document.activeElement || link.closest("tr").contains(document.activeElement));

function move(step) {
  const at = links.indexOf(current());
  const to = at < 0 ? (step > 0 ? 0 : links.length - 1) : Math.min(Math.max(at + step, 0), links.length - 1);
  links[to]?.focus();
}

function openFilters() {
  const toggle = document.querySelector(".jol-filter__toggle");
  if (toggle && toggle.offsetParent && toggle.getAttribute("aria-expanded") === "false") toggle.click();
  document.querySelector(".jol-filter select")?.focus();
}

const dialog = document.createElement("dialog");
dialog.className = "jol-dialog";
dialog.setAttribute("aria-labelledby", "shortcuts-title");
const title = document.createElement("h2");
title.className = "govuk-heading-m";
title.id = "shortcuts-title";
title.textContent = say("Keyboard shortcuts");
const rows = document.createElement("dl");
rows.className = "jol-shortcuts";
for (const [key, words] of SHORTCUTS) {
  const row = document.createElement("div");
  const term = document.createElement("dt");
  const kbd = document.createElement("kbd");
  kbd.textContent = key;
  term.append(kbd);
  const what = document.createElement("dd");
  what.textContent = say(words);
  row.append(term, what);
  rows.append(row);
}
const button = (words, press) => {
  const made = document.createElement("button");
  made.type = "button";
  made.className = "govuk-button govuk-button--secondary";
  made.textContent = say(words);
  made.addEventListener("click", press);
  return made;
};
const turn = button("", () => {
  localStorage.setItem(KEY, isOn() ? "off" : "on");
  label();
});
const label = () => (turn.textContent = say(isOn() ? "Turn shortcuts off" : "Turn shortcuts on"));
label();
const ways = document.createElement("div");
ways.className = "govuk-button-group";
ways.append(button("Close", () => dialog.close()), turn);
dialog.append(title, rows, ways);
document.body.append(dialog);

function show() {
  if (!dialog.open) dialog.showModal();
}

if (list) {
  const open = button("Keyboard shortcuts", show);
  open.classList.add("jol-shortcuts-button");
  list.after(open);
}

addEventListener("keydown", (event) => {
  const isTyping = event.target.closest("input:not([type=checkbox]), textarea, select, dialog");
  if (isTyping || event.ctrlKey || event.metaKey || event.altKey || !isOn()) return;
  const shortcut = SHORTCUTS.find(([key]) => key === event.key);
  if (!shortcut) return;
  event.preventDefault();
  shortcut[2]();
});
