// A file that is too large is said to be so before it is sent, and sending says that it takes a while.
import { say } from "./words.js";

for (const form of document.querySelectorAll("form[data-most-megabytes]")) {
  const input = form.querySelector("input[type='file']");
  const most = Number(form.dataset.mostMegabytes);
  const said = form.querySelector("[data-said]");
  const tooLarge = () => [...input.files].some((file) => file.size > most * 1024 ** 2);
  const tell = (words, isWrong) => {
    said.textContent = words;
    said.classList.toggle("govuk-error-message", isWrong);
  };
  const refuse = () =>
    tell(say("The file is larger than %(number)s megabytes. Make it smaller, or choose another one.", { number: most }), true);

  input.addEventListener("change", () => (tooLarge() ? refuse() : tell("", false)));
  form.addEventListener("submit", (event) => {
    if (tooLarge()) {
      event.preventDefault();
      refuse();
      input.focus();
    } else if (input.files.length) {
      tell(say("The file is being sent. Keep this page open."), false);
    }
  });
  // Back from a page that could not be reached: the file is still chosen, and nothing is being sent.
  window.addEventListener("pageshow", () => (tooLarge() ? refuse() : tell("", false)));
}
