// What scripts add to pages that work without them.
import { initAll } from "../build/govuk-frontend.min.js";

initAll();

// Long selects become a box to type in.  The package sets a global, so it is loaded before this file.
for (const select of document.querySelectorAll("select[data-autocomplete]")) {
  if (!window.accessibleAutocomplete || select.multiple) continue;
  const { id } = select;
  const described = select.getAttribute("aria-describedby");
  window.accessibleAutocomplete.enhanceSelectElement({
    selectElement: select,
    defaultValue: select.value ? select.selectedOptions[0].text : "",
    showAllValues: true,
    preserveNullOptions: false,
    confirmOnBlur: false,
    menuAttributes: { "aria-labelledby": id },
    onConfirm: (text) => {
      const typed = document.getElementById(id).value;
      const wanted = [...select.options].find((option) => option.text === (text ?? typed));
      select.value = wanted ? wanted.value : "";
    },
  });
  if (described) {
    const input = document.getElementById(id);
    input.setAttribute("aria-describedby", described);
  }
}

// Filters fold away on a phone.
for (const panel of document.querySelectorAll("[data-module='jol-filter']")) {
  const toggle = panel.querySelector(".jol-filter__toggle");
  const show = (isOpen) => {
    panel.classList.toggle("jol-filter--open", isOpen);
    toggle.setAttribute("aria-expanded", String(isOpen));
    toggle.textContent = isOpen ? "Hide filters" : "Show filters";
  };
  toggle.hidden = false;
  toggle.addEventListener("click", () => show(!panel.classList.contains("jol-filter--open")));
}
