// Shows what a subscription would have brought while it is being put together.
const form = document.querySelector("form[data-brings]");
const PAUSE = 400; // milliseconds after the last change
let timer;
let asked = 0;

async function show() {
  const turn = ++asked;
  const body = new FormData(form);
  body.set("show", "part");
  try {
    const response = await fetch(location.href, { method: "POST", body, redirect: "error" });
    if (!response.ok || turn !== asked) return;
    const page = new DOMParser().parseFromString(await response.text(), "text/html");
    for (const part of form.querySelectorAll("[data-part]")) {
      const now = page.querySelector(`[data-part="${part.dataset.part}"]`);
      if (now && now.innerHTML !== part.innerHTML) part.innerHTML = now.innerHTML;
    }
  } catch {
    // no connection, or signed out: what is there stays
  }
}

if (form) {
  form.querySelector("[data-without-script]").remove();
  form.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(show, PAUSE);
  });
}
