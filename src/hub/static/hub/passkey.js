// Passkeys: a button asks the hub for a question, the browser answers it, and the form around the button is sent with the
// answer in it. Everything else is done by the hub; without this script, or in a browser without passkeys, the buttons
// stay hidden and every other way of signing in works.
"use strict";

const able =
  window.PublicKeyCredential?.parseCreationOptionsFromJSON && window.PublicKeyCredential.parseRequestOptionsFromJSON;

for (const button of document.querySelectorAll("button[data-passkey]")) {
  const form = button.closest("form");
  const problem = form.querySelector("[data-passkey-problem]");
  if (!able) {
    form.querySelector("[data-passkey-missing]")?.removeAttribute("hidden");
    continue;
  }
  form.hidden = button.hidden = false;
  button.addEventListener("click", async () => {
    problem.hidden = true;
    button.disabled = true;
    try {
      form.elements[button.dataset.into].value = JSON.stringify(await answer(button, form));
      form.submit();
    } catch {
      // Closed by the person, no passkey here, or the wait was too long: the browser does not say which.
      problem.hidden = false;
      button.disabled = false;
    }
  });
}

async function answer(button, form) {
  const sent = new URLSearchParams({
    to: button.dataset.passkey,
    csrfmiddlewaretoken: form.elements.csrfmiddlewaretoken.value,
  });
  const response = await fetch(button.dataset.question, { method: "POST", body: sent });
  if (!response.ok) throw new Error(response.statusText);
  const { publicKey } = await response.json();
  const credential =
    button.dataset.passkey === "make"
      ? await navigator.credentials.create({ publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(publicKey) })
      : await navigator.credentials.get({ publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(publicKey) });
  return credential.toJSON();
}
