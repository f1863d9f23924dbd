// Choosing hours on the picture of a roster, by hand or by keys: they go into the form below, which does without this.
const picture = document.querySelector("[data-roster]");
const forms = [...document.querySelectorAll("form[data-takes-span]")];
const overlay = picture?.querySelector(".choosing");
const taken = document.getElementById("taken");

if (overlay && forms.length) {
  overlay.removeAttribute("hidden");
  const cells = [...overlay.querySelectorAll(".cell")];
  const chosen = overlay.querySelector(".chosen");
  let anchor = -1;
  let end = -1;

  const mark = () => {
    const [first, last] = [Math.min(anchor, end), Math.max(anchor, end)];
    cells.forEach((each, place) => each.setAttribute("aria-pressed", String(place >= first && place <= last)));
    const left = Number(cells[first].getAttribute("x"));
    const right = Number(cells[last].getAttribute("x")) + Number(cells[last].getAttribute("width"));
    chosen.setAttribute("x", left);
    chosen.setAttribute("width", right - left);
  };
  // What was chosen is said at the picture, with the way to each form: they stand further down.
  const fill = (starts, ends) => {
    for (const form of forms) {
      form.querySelector("[data-starts_at]").value = starts;
      form.querySelector("[data-ends_at]").value = ends;
      for (const which of form.querySelector(".span").querySelectorAll("select")) which.value = "";
    }
    taken.querySelector("[role=status]").textContent = `${starts} - ${ends}`.replaceAll("T", " ");
    taken.querySelector(".ways").hidden = false;
  };
  const write = () => {
    const [first, last] = [Math.min(anchor, end), Math.max(anchor, end)];
    fill(cells[first].dataset.starts, cells[last].dataset.ends);
  };
  const open = (form, field = "select") => {
    form.closest("details")?.setAttribute("open", "");
    form.querySelector(field).focus();
  };
  const seen = () => forms.find((each) => each.checkVisibility?.() ?? true) || forms[0];
  taken.addEventListener("click", (event) => {
    const form = forms.find((each) => event.target.hash === `#${each.id}`);
    if (!form) return;
    event.preventDefault();
    open(form);
  });
  const at = (x) => cells.findIndex((each) => {
    const box = each.getBoundingClientRect();
    return x >= box.left && x < box.right;
  });

  // A pointer draws over the dates, or presses a shift, whose hours are then taken: who is there offers it, or is to be
  // relieved by whoever is chosen.
  let drawing = false;
  overlay.addEventListener("pointerdown", (event) => {
    const place = cells.indexOf(event.target);
    if (place < 0 || event.button) return;
    drawing = true;
    [anchor, end] = [event.shiftKey && anchor >= 0 ? anchor : place, place];
    mark();
    event.preventDefault();
    cells[place].focus({ preventScroll: true });
  });
  addEventListener("pointermove", (event) => {
    const place = drawing ? at(event.clientX) : -1;
    if (place < 0 || place === end) return;
    end = place;
    mark();
  });
  // Where the machine takes the pointer for itself, what was drawn up to there stands, and is written as it is shown.
  for (const over of ["pointerup", "pointercancel"]) {
    addEventListener(over, () => {
      if (!drawing) return;
      drawing = false;
      write();
    });
  }
  picture.addEventListener("click", (event) => {
    const bar = event.target.closest?.(".lane.duty [data-officer]");
    if (!bar) return;
    fill(bar.dataset.starts, bar.dataset.ends);
    for (const form of forms) {
      const instead = form.querySelector("[data-action]");
      if (instead) instead.value = "replace";
      form.querySelector("select[data-officer]").value = instead ? "" : bar.dataset.officer;
    }
    const box = bar.querySelector("rect");
    chosen.setAttribute("x", box.getAttribute("x"));
    chosen.setAttribute("width", box.getAttribute("width"));
    open(seen(), "select[data-officer]");
  });

  // By keys: arrows move, with shift they choose more; enter goes to the form; page keys turn to the next window.
  overlay.addEventListener("keydown", (event) => {
    const place = cells.indexOf(event.target);
    const row = Number(overlay.dataset.row);
    const steps = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: row, ArrowUp: -row, Home: -cells.length, End: cells.length };
    if (place < 0) return;
    if (event.key in steps) {
      const next = Math.max(0, Math.min(cells.length - 1, place + steps[event.key]));
      if (event.shiftKey) {
        if (anchor < 0) anchor = place;
        end = next;
        mark();
        write();
      } else {
        anchor = -1;
      }
      cells[place].setAttribute("tabindex", "-1");
      cells[next].setAttribute("tabindex", "0");
      cells[next].focus();
    } else if (event.key === " " || event.key === "Enter") {
      if (anchor < 0) anchor = end = place;
      mark();
      write();
      if (event.key === "Enter") open(seen());
    } else if (event.key === "PageDown" || event.key === "PageUp") {
      document.querySelector(`a[rel="${event.key === "PageDown" ? "next" : "prev"}"]`)?.click();
    } else return;
    event.preventDefault();
  });
}

// What is wider than its window begins shortly before now; what a row or a bar is called stays in sight.
for (const each of document.querySelectorAll(".roster")) {
  const drawn = each.querySelector(".picture");
  const wide = drawn.viewBox.baseVal.width;
  const texts = [...drawn.querySelectorAll(".lane .name, .bar text")].map((text) => {
    const bar = text.closest(".bar")?.querySelector("rect");
    const end = bar ? Number(bar.getAttribute("x")) + Number(bar.getAttribute("width")) : wide;
    return [text, Number(text.getAttribute("x")), end - text.getComputedTextLength() - 5];
  });
  each.addEventListener("scroll", () => {
    const left = (each.scrollLeft / each.scrollWidth) * wide + 5;
    for (const [text, first, last] of texts) text.setAttribute("x", Math.max(first, Math.min(left, last)));
  }, { passive: true });
  const now = drawn.querySelector(".now path");
  if (now) each.scrollLeft = (now.getBBox().x / wide) * each.scrollWidth - each.clientWidth / 4;
}

// A file that is chosen is written into the field that is sent.
for (const each of document.querySelectorAll("[data-takes-file]")) {
  each.hidden = false;
  each.querySelector("input").addEventListener("change", async (event) => {
    const [file] = event.target.files;
    if (file) document.getElementById(each.dataset.takesFile).value = await file.text();
  });
}
