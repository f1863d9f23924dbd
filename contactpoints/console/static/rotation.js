// The order of turns, by dragging and by the buttons beside each: names move at once, and the server is asked for nothing.
const turns = [...document.querySelectorAll(".turn")];
const said = document.getElementById("moved");
const field = (turn) => turn.querySelector("select");

const move = (from, to) => {
  const chosen = turns.map((each) => field(each).value);
  const [one] = chosen.splice(from, 1);
  chosen.splice(to, 0, one);
  turns.forEach((each, place) => { field(each).value = chosen[place]; });
  const who = field(turns[to]);
  said.textContent = `${who.labels[0].textContent}: ${who.selectedOptions[0].textContent}`;
};

let held = -1;
turns.forEach((turn, place) => {
  const grip = turn.querySelector(".grip");
  grip.hidden = false;
  grip.addEventListener("pointerdown", (event) => {
    if (event.button) return;
    held = place;
    turn.classList.add("held");
    event.preventDefault();
  });
  turn.addEventListener("click", (event) => {
    const button = event.target.closest("button");
    const [way] = button?.value.split(":") ?? [];
    const to = { up: place - 1, down: place + 1 }[way];
    if (!turns[to]) return;
    event.preventDefault();
    move(place, to);
    (turns[to].querySelector(`button[value^="${way}"]`) ?? field(turns[to])).focus();
  });
});
addEventListener("pointermove", (event) => {
  if (held < 0) return;
  const to = turns.findIndex((each) => {
    const box = each.getBoundingClientRect();
    return event.clientY >= box.top && event.clientY < box.bottom;
  });
  if (to < 0 || to === held) return;
  move(held, to);
  turns[held].classList.remove("held");
  turns[to].classList.add("held");
  held = to;
});
for (const over of ["pointerup", "pointercancel"]) {
  addEventListener(over, () => {
    turns[held]?.classList.remove("held");
    held = -1;
  });
}
