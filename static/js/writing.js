// What scripts add to the steps of writing a lesson; every step works without them.
import { say } from "./words.js";

// Empty rows of recommendations stay folded until they are wanted.
const pairs = [...document.querySelectorAll("[data-pair]")];
const isEmpty = (pair) => [...pair.querySelectorAll("textarea, input")].every((input) => !input.value.trim());
const add = document.querySelector("button[name='then'][value='add']");
if (add) {
  const used = pairs.findLastIndex((pair) => !isEmpty(pair) || pair.querySelector(".govuk-error-message"));
  const target = document.getElementById(location.hash.slice(1));
  const asked = pairs.findIndex((pair) => pair.contains(target) && target !== null);
  for (const pair of pairs.slice(Math.max(used, asked, 0) + 1)) pair.hidden = true;
  add.addEventListener("click", (event) => {
    const next = pairs.find((pair) => pair.hidden);
    if (!next) return;
    event.preventDefault();
    next.hidden = false;
    next.querySelector("textarea, input").focus();
  });
}

// How many are selected shows on the group while it is being filled in.
for (const group of document.querySelectorAll("[data-group]")) {
  const count = group.querySelector("[data-count]");
  group.addEventListener("change", () => {
    const chosen = group.querySelectorAll("input:checked").length;
    count.textContent = chosen ? ` ${say("(%(number)s selected)", { number: chosen })}` : "";
  });
}
