// Keeps what is typed into a request as its sealed draft, a little after the last key. Each step of the form keeps it too.
const form = document.querySelector("form[data-draft]");
const said = document.querySelector("#kept");
const version = form?.elements.version;
let waiting = 0;
let flying = null;
let over = false;
let ended = false;

// Whoever looks for a Party keeps what was chosen on the page since.
document.querySelector("#finding")?.addEventListener("formdata", (event) => {
  for (const [name, value] of new FormData(document.querySelector("#choose"))) event.formData.set(name, value);
});

// What is read out is what has become of the draft, not each time at which it was kept again.
const tell = (words, at = "") => {
  const [status, time] = said.children;
  if (status.textContent !== words) status.textContent = words;
  time.textContent = at;
  said.classList.toggle("bad", !at);
};

async function keep() {
  const typed = new URLSearchParams(new FormData(form));
  typed.set("do", "quietly");
  try {
    const answer = await fetch(form.action, { method: "POST", body: typed, redirect: "error", signal: AbortSignal.timeout(20000) });
    if (answer.ok) {
      version.value = await answer.text();
      tell(said.dataset.kept, new Date().toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit", second: "2-digit" }));
    } else if (answer.status === 409) {
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
    flying = keep();
  }, after);
}

// Whoever has signed in on another page comes back to this one.
document.addEventListener("visibilitychange", () => {
  if (!ended || document.hidden) return;
  over = ended = false;
  soon(0);
});
form?.addEventListener("input", () => soon(2500));
form?.addEventListener("submit", (event) => {
  // Without a network nothing is sent, and what was typed is still to be kept.
  if (!navigator.onLine) return;
  clearTimeout(waiting);
  if (!flying) return;
  event.preventDefault();
  flying.then(() => form.requestSubmit(event.submitter));
});
