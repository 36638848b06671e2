// What scripts add to pages that work without them.
import { initAll } from "../build/govuk-frontend.min.js";
import { say } from "./words.js";

initAll();

// Long selects become a box to type in.  The package sets a global, so it is loaded before this file.
for (const select of document.querySelectorAll("select[data-autocomplete]")) {
  if (!window.accessibleAutocomplete || select.multiple) continue;
  const { id } = select;
  // The package describes the input itself, so the hint and the error of the field join its description.
  const described = (select.getAttribute("aria-describedby") ?? "").split(" ").filter(Boolean);
  const description = described.map((part) => document.getElementById(part)?.textContent.trim()).filter(Boolean);
  const help = say("When results are there, use the up and down arrows to look through them and enter to choose one.");
  // The package writes what a template returns into the page as HTML, and people give names to what can be chosen.
  const asText = (words) => {
    const holder = document.createElement("i");
    holder.textContent = words ?? "";
    return holder.innerHTML;
  };
  const choose = (text) => {
    const words = (text ?? "").trim().toLowerCase();
    const wanted = [...select.options].find((option) => option.text.trim().toLowerCase() === words);
    select.value = wanted ? wanted.value : "";
  };
  window.accessibleAutocomplete.enhanceSelectElement({
    selectElement: select,
    defaultValue: select.value ? select.selectedOptions[0].text : "",
    showAllValues: true,
    confirmOnBlur: false,
    menuAttributes: { "aria-labelledby": id },
    templates: { inputValue: (words) => words ?? "", suggestion: asText },
    dropdownArrow: ({ className }) =>
      `<svg class="${className}" viewBox="0 0 22 17" aria-hidden="true" focusable="false"><path d="M0 0h22L11 17z"/></svg>`,
    tNoResults: () => say("No results found"),
    tStatusQueryTooShort: (number) => say("Type in %(number)s or more characters for results", { number }),
    tAssistiveHint: () => [...description, help].join(". "),
    onConfirm: (text) => text !== undefined && choose(text),
  });
  // What was typed counts, not what was chosen before it: words that are no option choose nothing.
  const input = document.getElementById(id);
  input.addEventListener("blur", () => choose(input.value));
}

// Filters fold away on a phone.
for (const panel of document.querySelectorAll("[data-module='jol-filter']")) {
  const toggle = panel.querySelector(".jol-filter__toggle");
  const show = (isOpen) => {
    panel.classList.toggle("jol-filter--open", isOpen);
    toggle.setAttribute("aria-expanded", String(isOpen));
    toggle.textContent = say(isOpen ? "Hide filters" : "Show filters");
  };
  toggle.hidden = false;
  toggle.addEventListener("click", () => show(!panel.classList.contains("jol-filter--open")));
}
