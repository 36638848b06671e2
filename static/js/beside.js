// Brings what stands beside the form up to date whenever the form was saved by itself.
const form = document.querySelector("form[data-autosave]");
const place = document.querySelector("[data-beside]");

async function refresh() {
  if (place.contains(document.activeElement)) return; // not while somebody is using it
  try {
    const response = await fetch(place.dataset.beside, { headers: { Accept: "text/html" }, redirect: "error" });
    if (response.ok && !place.contains(document.activeElement)) place.innerHTML = await response.text();
  } catch {
    // no connection, or signed out: what is there stays
  }
}

if (form && place) form.addEventListener("jol:saved", refresh);
