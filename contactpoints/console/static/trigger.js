// Keeps what is typed into a request as its sealed draft, a little after the last key. Each step of the form keeps it too.
const form = document.querySelector("form[data-draft]");
const said = document.querySelector("#kept");
const version = form?.elements.version;
let waiting = 0;
let flying = null;
let over = false;
let ended = false;
let unsure = null;
let settled = false;

// Whoever looks for a Party keeps what was chosen on the page since.
document.querySelector("#finding")?.addEventListener("formdata", (event) => {
  for (const [name, value] of new FormData(document.querySelector("#choose"))) event.formData.set(name, value);
});

// What is read out is what has become of the draft, not each time at which it was kept again.
const tell = (words, at = "") => {
  const [status, time] = said.children;
  if (status.textContent !== words) status.textContent = words;
  time.innerHTML = at;
  said.classList.toggle("bad", !at);
};

// What is more than the service takes stays on this page: its answer would be a page without what was typed. Told is in
// which field most of it stands, and of how many characters that is too long.
function tooLarge(body) {
  const over = body.length - Number(form.dataset.most);
  if (over <= 0) return false;
  const fields = [...form.querySelectorAll("input, textarea")];
  const long = fields.reduce((one, other) => (other.value.length > one.value.length ? other : one));
  const many = Math.ceil((over * long.value.length) / (new URLSearchParams({ "": long.value }).toString().length - 1));
  const name = form.querySelector(`label[for="${long.id}"]`)?.textContent.trim() ?? long.name;
  tell(`${said.dataset.large} ${said.dataset.over.replace("{over}", many).replace("{field}", name)}`);
  return long;
}

function written() {
  const typed = new URLSearchParams(new FormData(form));
  typed.set("do", "quietly");
  return String(typed);
}

// What was sent without an answer may have been kept or not. It is sent again before anything else: that keeps it once,
// and tells at which version the draft is, so that nobody else is taken for having changed it.
async function keep() {
  const now = written();
  const body = (unsure ??= now);
  try {
    const headers = { "Content-Type": "application/x-www-form-urlencoded" };
    const answer = await fetch(form.action, { method: "POST", body, headers, redirect: "error", signal: AbortSignal.timeout(20000) });
    const at = await answer.text();
    // A proxy that answers for the service does not know either.
    if (answer.status < 500) unsure = null;
    if (answer.ok) {
      version.value = answer.headers.get("Draft-Version");
      tell(said.dataset.kept, at);
      if (body !== now) soon(0);
    } else if (answer.status === 413) {
      tell(said.dataset.large);
    } else if (answer.status === 409 || answer.status === 404) {
      over = true;
      tell(said.dataset.stale);
    } else if (answer.status === 401 || answer.status === 403) {
      over = ended = true;
      tell(said.dataset.ended);
    } else {
      tell(said.dataset.away);
      soon(15000);
    }
  } catch {
    tell(said.dataset.away);
    soon(15000);
  }
  flying = null;
}

function soon(after) {
  clearTimeout(waiting);
  if (over) return;
  waiting = setTimeout(() => {
    if (flying) return soon(1000);
    if (!tooLarge(written())) flying = keep();
  }, after);
}

// Whoever has signed in on another page comes back to this one.
document.addEventListener("visibilitychange", () => {
  if (!ended || document.hidden) return;
  over = ended = false;
  soon(0);
});
form?.addEventListener("input", () => {
  settled = false;
  soon(2500);
});
form?.addEventListener("submit", (event) => {
  // Without a network nothing is sent, and what was typed is still to be kept.
  if (!navigator.onLine) return;
  const long = tooLarge(written());
  if (long) {
    event.preventDefault();
    long.focus();
    return;
  }
  clearTimeout(waiting);
  if (unsure && !flying && !settled) flying = keep();
  settled = true;
  if (!flying) return;
  event.preventDefault();
  flying.then(() => form.requestSubmit(event.submitter));
});
