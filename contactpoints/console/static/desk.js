// What makes the console comfortable; every page works without it. No address but those of the page itself is asked.

const two = (number) => String(number).padStart(2, "0");

// The zone in which times are told next: that of the machine, wherever it travels, until somebody chooses another.
const cookie = (name) => document.cookie.match(`(?:^|; )${name}=([^;]*)`)?.[1];
const zoneHere = encodeURIComponent(Intl.DateTimeFormat().resolvedOptions().timeZone || "");
if (zoneHere && [undefined, cookie("found")].includes(cookie("zone"))) {
  for (const name of ["zone", "found"]) document.cookie = `${name}=${zoneHere}; path=/; max-age=31536000; samesite=lax`;
}

// How far the clock of this machine is from that of the service, in milliseconds. A page that took long to load was made
// when its first byte came, not when this runs: nobody has more time than there is.
const shown = document.querySelector("time[data-clock]");
const came = performance.getEntriesByType("navigation")[0]?.responseStart;
const loading = came ? performance.now() - came : 0;
const off = shown ? Date.parse(shown.dateTime) - (Date.now() - loading) : 0;

// Zones are made and renamed: of one that a browser does not know the time stands as the service told it.
function timeIn(zone, at) {
  try {
    return at.toLocaleTimeString("en-GB", { timeZone: zone, hour: "2-digit", minute: "2-digit" });
  } catch {
    return "";
  }
}

// What keeps ticking looks alive: on a page that hears nothing more, no clock goes on.
let still = false;
function tick() {
  if (still) {
    for (const each of document.querySelectorAll("[data-clock] [data-zone], [data-until]")) each.textContent = "–";
    return;
  }
  const now = new Date(Date.now() + off);
  const zones = {};
  for (const each of document.querySelectorAll("[data-clock] [data-zone]")) {
    const told = (zones[each.dataset.zone] ??= timeIn(each.dataset.zone, now));
    if (told && each.textContent !== told) each.textContent = told;
  }
  for (const each of document.querySelectorAll("[data-until]")) {
    const left = Math.round((Date.parse(each.dataset.until) - now) / 1000);
    const [hours, minutes, seconds] = [Math.floor(Math.abs(left) / 3600), Math.floor(Math.abs(left) / 60) % 60, Math.abs(left) % 60];
    const over = left < 0 && each.dataset.over;
    each.textContent = over || `${left < 0 ? "+" : ""}${hours ? `${hours}:${two(minutes)}` : minutes}:${two(seconds)}`;
    each.classList.toggle("bad", left < 0);
  }
}
tick();
setInterval(tick, 1000);

// Find as you type: what does not have all the words is hidden. Without this, the form asks the service.
// As `rules/folding` folds: what stands for other letters in a name is found by those.
const PLAIN = { ø: "o", ł: "l", đ: "d", ð: "d", þ: "th", æ: "ae", œ: "oe", ı: "i", ħ: "h", ß: "ss", ς: "σ" };
const folded = (text) =>
  text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase().replace(/[øłđðþæœıħßς]/g, (each) => PLAIN[each]);
for (const field of document.querySelectorAll("input[data-filter]")) {
  const list = document.querySelector(field.dataset.filter);
  if (!list) continue;
  const count = field.dataset.count && document.querySelector(field.dataset.count);
  const filter = () => {
    const words = folded(field.value).split(/\s+/).filter(Boolean);
    let left = 0;
    for (const each of list.querySelectorAll("[data-find]")) {
      // What is chosen stays in sight, whatever is looked for.
      each.hidden = !each.querySelector(":checked") && !words.every((word) => folded(each.dataset.find).includes(word));
      left += each.hidden ? 0 : 1;
    }
    if (count) count.textContent = left;
  };
  field.addEventListener("input", filter);
  document.addEventListener("fresh", filter);
  if (field.value) filter();
}

// Nothing is sent twice, and nothing without a network; the faults of a form are read out first.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (event.defaultPrevented) return;
  if (!navigator.onLine || form.dataset.sent) {
    event.preventDefault();
    const said = document.querySelector("#offline");
    if (said && !navigator.onLine) said.hidden = false;
    return;
  }
  if (form.method !== "post") return;
  form.dataset.sent = "yes";
  for (const each of form.querySelectorAll("button")) each.setAttribute("aria-disabled", "true");
  // An answer that is a file leaves the page as it is and says nothing to it; nor does one that never comes, or that
  // somebody stopped waiting for: then it can be sent again, which does nothing twice.
  setTimeout(() => again(form), "download" in form.dataset ? 5000 : 15000);
});
function again(form) {
  delete form.dataset.sent;
  for (const each of form.querySelectorAll("button")) each.removeAttribute("aria-disabled");
}
addEventListener("pageshow", () => document.querySelectorAll("form[data-sent]").forEach(again));
addEventListener("online", () => document.querySelector("#offline")?.setAttribute("hidden", ""));
document.querySelector(".faults")?.focus();

// A page that says where its news come from is made anew, part by part, when there are some: from its own address, or
// from data-page where that of a form stands above. A part in which somebody types, or has typed, or from which
// something is being sent, is left alone. A part that says what it holds is sent empty, with data-same, while that is
// so: then the parts inside it are made anew alone, and those that are not sent tell nothing any more.
const parts = () => [...document.querySelectorAll("[data-part]")];
const live = document.querySelector("[data-live]");
const home = live?.dataset.page || location.pathname + location.search;
const shows = (id, on) => document.getElementById(id)?.toggleAttribute("hidden", !on);
const changed = (field) =>
  field.matches("[type=checkbox], [type=radio]")
    ? field.checked !== field.defaultChecked
    : field.matches("select")
      ? [...field.options].some((each) => each.selected !== each.defaultSelected) && field.value !== ""
      : field.type !== "hidden" && field.value !== field.defaultValue;

// What a part tells: without what the service makes anew at each look, and what was done to it here.
function told(part) {
  const copy = part.cloneNode(true);
  for (const each of copy.querySelectorAll("[name=once]")) each.removeAttribute("value");
  for (const each of copy.querySelectorAll("[data-until]")) each.replaceWith(each.dataset.until);
  for (const each of copy.querySelectorAll("[data-clock] [data-zone]")) each.textContent = "";
  for (const each of copy.querySelectorAll("[data-find]")) each.hidden = false;
  for (const each of copy.querySelectorAll("details")) each.open = false;
  return copy.innerHTML;
}

// Where somebody is in a part: by what makes a control the same one on the next page.
const controls = (part) => [...part.querySelectorAll("a[href], button, summary, [tabindex]")];
const known = (each) =>
  [each.tagName, each.closest("[id]")?.id, each.getAttribute("href"), each.form?.getAttribute("action")].join(" ");
const alike = (part, mark) => controls(part).filter((each) => known(each) === mark);

function swap(old, made) {
  const at = old.contains(document.activeElement) ? document.activeElement : null;
  const mark = at && known(at);
  const place = alike(old, mark).indexOf(at);
  const open = [...old.querySelectorAll("details[open][id]")].map((each) => each.id);
  const aside = [...old.querySelectorAll(".scroll")].map((each) => each.scrollLeft);
  old.replaceChildren(...document.importNode(made, true).childNodes);
  for (const each of open) document.getElementById(each)?.setAttribute("open", "");
  old.querySelectorAll(".scroll").forEach((each, number) => (each.scrollLeft = aside[number] || 0));
  if (!at) return;
  // Where the control is gone, the keyboard goes on from the part in which it was.
  const now = alike(old, mark)[place];
  if (!now) old.tabIndex = -1;
  (now || old).focus({ preventScroll: true });
}

const same = (made) => made !== null && "same" in made.dataset;
function holds(old, made) {
  if (made.dataset.holds) old.dataset.holds = made.dataset.holds;
}

// What is told beside the parts: the title, of when the page is, and what has come. What is said in the same words
// again is not read out, so that it is said by its names.
let titled = document.title;
const names = (said) => (said.dataset.arrived || "").split(", ").filter(Boolean);
function tells(fresh) {
  titled = fresh.title;
  for (const each of document.querySelectorAll("[data-made], [data-arrived]")) {
    const made = fresh.getElementById(each.id);
    if (!made) continue;
    if (!("arrived" in made.dataset)) {
      swap(each, made);
      continue;
    }
    const came = names(made).filter((name) => !names(each).includes(name));
    if (came.length) each.textContent = `${each.dataset.words} ${came.join(", ")}`;
    each.dataset.arrived = made.dataset.arrived;
  }
}

// Returns "made", "ended" where nobody is signed in any more, or "lost".
async function renew() {
  const headers = { Accept: "text/html", "Page-Renewal": "1" };
  const marks = [...document.querySelectorAll("[data-part][data-holds]")].map((each) => `${each.id}=${each.dataset.holds}`);
  if (marks.length) headers["Page-Holds"] = marks.join(", ");
  const answer = await fetch(home, { headers, signal: AbortSignal.timeout(20000) });
  // Whoever is signed in no more loses nothing of what was typed.
  if (answer.redirected) return "ended";
  if (!answer.ok) return "lost";
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
  for (const old of parts()) {
    const around = old.parentElement?.closest("[data-part]");
    // What stands in a part that was sent whole comes and goes with that.
    if (!old.isConnected || (around && !same(fresh.getElementById(around.id)))) continue;
    const made = fresh.getElementById(old.id);
    if (!made && around) old.replaceChildren();
    if (!made || same(made)) continue;
    if (told(made) === told(old)) {
      holds(old, made);
      continue;
    }
    const fields = [...old.querySelectorAll("input, textarea, select")];
    if (fields.includes(document.activeElement) || fields.some(changed) || old.querySelector("[data-sent]")) continue;
    swap(old, made);
    holds(old, made);
  }
  tells(fresh);
  tick();
  document.dispatchEvent(new Event("fresh"));
  return "made";
}

if (live) {
  const LEAST = 10000;
  const MOST = 60000;
  let source = null;
  let waiting = 0;
  let coming = 0;
  let busy = false;
  let away = false;
  let behind = false;
  let ended = false;
  // How long is waited before the page is asked for again, and before its news are.
  const pauses = { page: LEAST, news: LEAST };
  // What is out of date says so wherever one looks: above all that is scrolled, in the title, and by its colours.
  const tell = () => {
    const stale = ended || away || behind;
    shows("away", stale && !ended);
    shows("ended", ended);
    document.documentElement.classList.toggle("stale", stale);
    document.title = stale ? `${document.getElementById("ended").dataset.title} - ${titled}` : titled;
  };
  // Whose session is over is asked for nothing more: the page stays as it is, with what was typed.
  const end = () => {
    ended = true;
    still = true;
    source?.close();
    clearTimeout(waiting);
    clearTimeout(coming);
    for (const each of document.querySelectorAll("#ended a")) each.search = `?next=${encodeURIComponent(home)}`;
    tick();
    tell();
  };
  const soon = (after = 30) => {
    clearTimeout(waiting);
    if (ended) return;
    waiting = setTimeout(async () => {
      if (busy) return soon();
      busy = true;
      const came = await renew().catch(() => "lost");
      busy = false;
      if (ended) return;
      if (came === "ended") return end();
      behind = came === "lost";
      if (document.hidden) soon(MOST);
      else if (behind) soon(later("page"));
      if (!behind) pauses.page = LEAST;
      tell();
    }, after);
  };
  const later = (what) => {
    const now = pauses[what];
    pauses[what] = Math.min(2 * now, MOST);
    return now;
  };
  const listen = () => {
    clearTimeout(coming);
    if (ended) return;
    if (document.hidden) return soon(MOST);
    source = new EventSource(live.dataset.live);
    for (const code of live.dataset.codes.split(" ")) source.addEventListener(code, () => soon());
    source.addEventListener("open", () => {
      if (away || behind) soon();
      away = false;
      pauses.news = LEAST;
      tell();
    });
    source.addEventListener("over", end);
    source.addEventListener("error", () => {
      away = true;
      tell();
      // A browser tries again by itself, but not where it was answered that it cannot be now: the page itself then
      // tells whether the session has ended, and where that goes on it is asked ever more seldom.
      if (source.readyState !== EventSource.CLOSED) return;
      soon();
      coming = setTimeout(listen, later("news"));
    });
  };
  listen();

  // A browser holds few lines to one service, for all its pages together: one that nobody sees lets its line go, so
  // that another can still send. Its title is seen: it makes itself anew once a minute, and as soon as it is looked at.
  document.addEventListener("visibilitychange", () => {
    source?.close();
    away = false;
    if (!document.hidden) soon();
    listen();
  });
}
