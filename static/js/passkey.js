// Passkeys: the browser's own question, between the page's options and its form.
const decoded = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (letter) => letter.charCodeAt(0));
const encoded = (bytes) =>
  btoa(String.fromCharCode(...new Uint8Array(bytes)))
    .replace(/\+/g, "-")
    .replace(/\//g, "_")
    .replace(/=+$/, "");

const known = (credentials = []) => credentials.map((one) => ({ ...one, id: decoded(one.id) }));

function optionsFor(ceremony, { publicKey }) {
  const options = { ...publicKey, challenge: decoded(publicKey.challenge) };
  if (ceremony === "create") {
    options.user = { ...publicKey.user, id: decoded(publicKey.user.id) };
    options.excludeCredentials = known(publicKey.excludeCredentials);
  } else {
    options.allowCredentials = known(publicKey.allowCredentials);
  }
  return { publicKey: options };
}

function asJSON(credential) {
  const { response } = credential;
  const parts = ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"];
  const given = parts.filter((part) => response[part]).map((part) => [part, encoded(response[part])]);
  return JSON.stringify({
    id: credential.id,
    rawId: encoded(credential.rawId),
    type: credential.type,
    response: Object.fromEntries(given),
    clientExtensionResults: credential.getClientExtensionResults(),
  });
}

for (const form of document.querySelectorAll("form[data-module='jol-passkey']")) {
  const { ceremony, options } = form.dataset;
  const problem = form.querySelector("[data-passkey-problem]");
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    problem.hidden = true;
    try {
      const asked = optionsFor(ceremony, JSON.parse(document.getElementById(options).textContent));
      const credential = await navigator.credentials[ceremony](asked);
      form.elements.credential.value = asJSON(credential);
      form.submit();
    } catch {
      problem.hidden = false;
      form.querySelector("button").removeAttribute("disabled");
    }
  });
}
