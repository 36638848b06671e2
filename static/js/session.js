// Two minutes before somebody is signed out they are told, wherever they are on the page, and can stay with one key.
import { say } from "./words.js";

const WARN_SECONDS = 120;
const box = document.querySelector("[data-module='jol-session']");

if (box) {
  const form = box.querySelector("form");
  const text = box.querySelector("[data-session-text]");
  const button = box.querySelector("button");
  const words = document.createElement("p");
  words.className = "govuk-visually-hidden";
  words.setAttribute("role", "alert");
  document.body.append(words);
  let before = null;
  let isBusy = false;
  let timer;

  const ask = async (options) => (await fetch(box.dataset.url, { credentials: "same-origin", ...options })).json();
  const wait = (seconds, next) => {
    clearTimeout(timer);
    timer = setTimeout(next, Math.min(seconds * 1000, 2 ** 31 - 1));
  };

  const stay = () => {
    const data = new FormData(form);
    data.delete("then");
    isBusy = false;
    return ask({ method: "POST", body: data });
  };

  const hide = () => {
    box.classList.remove("jol-session--due");
    words.textContent = "";
    if (before?.isConnected) before.focus();
    before = null;
  };

  const warn = ({ seconds, last }) => {
    const at = new Date(Date.now() + seconds * 1000).toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit" });
    const said = last
      ? say("You will be signed out at %(time)s: a session lasts 8 hours at most. Save what you are writing.", { time: at })
      : say("You will be signed out at %(time)s, since nothing happened for a while.", { time: at });
    text.textContent = said;
    button.hidden = last;
    words.textContent = last ? said : `${said} ${say("To stay, press “Stay signed in”.")}`;
    box.classList.add("jol-session--due");
    if (last || document.activeElement?.matches("input, textarea, select")) return; // nobody's typing is cut off
    before ??= document.activeElement;
    button.focus();
  };

  // Other windows, and keys pressed in this one, count as use: the site is asked before anybody is disturbed.
  const look = async () => {
    let now;
    try {
      now = await ask();
      if (isBusy && now.seconds > 0 && now.seconds <= WARN_SECONDS && !now.last) now = await stay();
    } catch {
      return wait(30, look);
    }
    if (now.seconds <= 0) return location.reload();
    if (now.seconds > WARN_SECONDS) {
      hide();
      return wait(now.seconds - WARN_SECONDS, look);
    }
    if (!box.classList.contains("jol-session--due")) warn(now);
    return wait(Math.min(now.seconds + 1, 15), look);
  };

  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    try {
      await stay();
    } catch {
      return;
    }
    hide();
    look();
  });
  for (const sign of ["keydown", "pointerdown"]) document.addEventListener(sign, () => (isBusy = true));
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && box.classList.contains("jol-session--due")) hide();
  });
  look();
}
