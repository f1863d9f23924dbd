// The two ceremonies of passkeys: a form that has one is shown where the browser can hold it, asks the service what is to
// be signed, and sends what the device answered. Whatever comes of it, the service says on its next page.

const bytes = (text) => Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (sign) => sign.charCodeAt(0));
const text = (buffer) =>
  btoa(String.fromCharCode(...new Uint8Array(buffer))).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
const known = (list) => (list || []).map((each) => ({ ...each, id: bytes(each.id) }));

async function asked(form) {
  const answer = await fetch(form.dataset.ask, {
    method: "POST",
    headers: { "Content-Type": "application/json", Accept: "application/json" },
    body: JSON.stringify(form.dataset.token ? { token: form.dataset.token } : {}),
  });
  if (!answer.ok) throw new Error("refused");
  return (await answer.json()).public_key;
}

async function held(options) {
  const challenge = bytes(options.challenge);
  if (!options.user) {
    const publicKey = { ...options, challenge, allowCredentials: known(options.allowCredentials) };
    return navigator.credentials.get({ publicKey });
  }
  const user = { ...options.user, id: bytes(options.user.id) };
  const publicKey = { ...options, challenge, user, excludeCredentials: known(options.excludeCredentials) };
  return navigator.credentials.create({ publicKey });
}

function written(credential) {
  const { id, rawId, type, response } = credential;
  const parts = ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"];
  const made = "attestationObject" in response;
  const told = parts.filter((part) => response[part] && !(made && part === "authenticatorData"));
  const answered = Object.fromEntries(told.map((part) => [part, text(response[part])]));
  return JSON.stringify({ id, rawId: text(rawId), type, response: answered });
}

for (const form of window.PublicKeyCredential ? document.querySelectorAll("form[data-ask]") : []) {
  const says = (name) => form.querySelectorAll("[data-said]").forEach((each) => (each.hidden = each.dataset.said !== name));
  let busy = false;
  const now = (is) => {
    busy = is;
    for (const each of form.querySelectorAll("button")) each.setAttribute("aria-disabled", String(is));
  };
  form.hidden = false;
  addEventListener("pageshow", (event) => event.persisted && now(false));
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    // A device holds one ceremony at a time.
    if (busy) return;
    now(true);
    says("");
    try {
      form.elements.credential.value = written(await held(await asked(form)));
    } catch (fault) {
      says(fault.message === "refused" ? "refused" : fault.name === "InvalidStateError" ? "known" : "cancelled");
      return now(false);
    }
    form.submit();
  });
}
