// Asks once a second what there is, and shows it.

const EVERY_MS = 1000;
// A page that nobody looks at asks less.
const HIDDEN_EVERY_MS = 5000;
const SECTIONS = ["job", "charts", "ledger", "rejected", "values"];

const history = new History();
const charts = { rates: new Chart("chart-rates"), losses: new Chart("chart-losses"), lag: new Chart("chart-lag") };
let isPaused = false;

function tile(value, text, name = "") {
  return element("div", { class: `tile ${name}` }, element("b", {}, value), element("span", {}, text));
}

function tiles() {
  const status = history.last;
  const all = sum([...lossesOf(status).values()]);
  const made = [tile(short(history.rate(recordsOf)), "records read a second")];
  if (status.sinks.length > 0) {
    const full = Math.max(...status.sinks.map((sink) => sink.queued / sink.limit));
    made.push(tile(short(history.rate(writtenOf)), "samples acknowledged a second"));
    made.push(tile(`${Math.round(full * 100)} %`, "of the fullest sink's queues", full > 0.9 ? "warn" : ""));
  } else {
    made.push(tile(short(history.rate(rowsOf)), "rows written a second"));
  }
  const lags = history.lags().filter(([name]) => name.startsWith("watermark"));
  if (lags.length > 0) made.push(tile(span(Math.max(...lags.map(([, lag]) => lag)) * 1000), "watermark behind the clock"));
  made.push(tile(whole(all), "records, rows and samples lost", all > 0 ? "bad" : ""));
  return made;
}

// Puts children in place of others: what was scrolled stays so, the focus too, and what somebody has marked is left alone.
function put(id, children) {
  const into = byId(id);
  const selection = getSelection();
  if (!selection.isCollapsed && into.contains(selection.anchorNode)) return;
  const before = [...into.children].map((child) => [child.scrollLeft, child === document.activeElement]);
  into.replaceChildren(...children);
  before.forEach(([scrolled, hasFocus], at) => {
    const child = into.children[at];
    if (!child) return;
    child.scrollLeft = scrolled;
    if (hasFocus) child.focus({ preventScroll: true });
  });
}

function say(text, name) {
  const state = byId("state");
  if (state.textContent !== text) state.textContent = text;
  state.className = `state ${name}`;
}

function show() {
  const status = history.last;
  byId("name").textContent = status.name;
  document.title = `${status.name} – narthex`;
  byId("about").textContent = `${status.command}, version ${status.version}, running for ${span(status.now_ms - status.began_ms)}`;
  put("tiles", tiles());
  byId("job").hidden = status.jobs.length === 0;
  put("pictures", status.jobs.map((job) => picture(job, history)));
  for (const [name, chart] of Object.entries(charts)) chart.show(history.times, history.charts[name]);
  put("ledgers", ledgers(status));
  put("losses", [losses(status)]);
  put("writes", [writes(status)]);
}

async function ask() {
  try {
    const answer = await fetch("/-/status", { cache: "no-store" });
    if (!answer.ok) throw new Error(`the answer is ${answer.status}`);
    history.add(await answer.json());
    say(history.last.is_ready ? "running" : "draining", history.last.is_ready ? "good" : "warn");
    show();
  } catch (error) {
    say("no answer: it has ended, or cannot be reached", "bad");
  }
}

async function loop() {
  if (!isPaused) await ask();
  setTimeout(loop, document.hidden ? HIDDEN_EVERY_MS : EVERY_MS);
}

function pause() {
  isPaused = !isPaused;
  byId("pause").setAttribute("aria-pressed", isPaused);
  byId("pause").textContent = isPaused ? "Go on" : "Pause";
  if (isPaused) say("paused", "warn");
}

byId("pause").addEventListener("click", pause);
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === "p" || event.key === "P") pause();
  const section = SECTIONS[Number(event.key) - 1];
  if (section) byId(section).scrollIntoView();
});
window.addEventListener("resize", () => history.last && show());
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => history.last && show());
loop();
