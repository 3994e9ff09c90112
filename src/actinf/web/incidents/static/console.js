// The console's one script: it brings the page up to date while it is looked at, and lets clocks tick.
// Without it every form still works, and the page asks the browser to load it anew.

const EVERY = 2500;
const WRITES = "input:not([type=hidden]), textarea, select";

let tag = "";
const shown = new Map(); // of each region what the server sent of it and is shown, so that what is the same is left alone
const latest = new Map(); // of each region what the server sent last
const waiting = new Set(); // regions of which something newer is there, and in which somebody writes
let asking = false;
let reached = Date.now();

const part = () => document.getElementById("part");
const regionsOf = (root) => {
  const all = [...root.querySelectorAll("[data-region]")];
  return all.length ? all : [root];
};

const isRefused = (region) => region.querySelector("form [role=alert]") !== null;

/** Whether somebody is writing here, or reads why a form was refused: that must not be taken away. */
function inUse(region) {
  if (isRefused(region) || region.matches("[data-still]")) return true;
  if (region.contains(document.activeElement) && document.activeElement.matches(WRITES)) return true;
  return [...region.querySelectorAll(WRITES)].some(isChanged);
}

function isChanged(field) {
  if (field.matches("select")) {
    const first = [...field.options].findIndex((one) => one.defaultSelected);
    return field.selectedIndex !== Math.max(first, 0);
  }
  return field.matches("[type=checkbox], [type=radio]")
    ? field.checked !== field.defaultChecked
    : field.value !== field.defaultValue;
}

/** Something by which an element is found again in fresh markup. */
function nameOf(element) {
  if (!element || element === document.body) return null;
  if (element.id) return `#${CSS.escape(element.id)}`;
  if (element.matches("a[href]")) return `a[href="${CSS.escape(element.getAttribute("href"))}"]`;
  const form = element.closest("form");
  if (element.matches("button") && form) return `form[action="${CSS.escape(form.getAttribute("action"))}"] button`;
  if (element.matches("summary")) return nameOf(element.parentElement) + " > summary";
  return null;
}

function replace(region, fresh) {
  const focused = region.contains(document.activeElement) ? nameOf(document.activeElement) : null;
  const opened = [...region.querySelectorAll("details[open][id]")].map((one) => one.id);
  const closed = [...region.querySelectorAll("details[id]:not([open])")].map((one) => one.id);
  region.replaceWith(fresh);
  for (const id of opened) document.getElementById(id)?.setAttribute("open", "");
  for (const id of closed) document.getElementById(id)?.removeAttribute("open");
  if (focused) fresh.parentElement.querySelector(focused)?.focus({ preventScroll: true });
}

/** A part of the page that there was none of before, as a ramp that has begun: behind the one that it follows. */
function add(next) {
  const before = document.getElementById(next.previousElementSibling?.id ?? "");
  const column = document.getElementById(next.parentElement.id);
  if (!before && !column) return;
  const html = next.outerHTML;
  if (before) before.after(document.importNode(next, true));
  else column.prepend(document.importNode(next, true));
  shown.set(next.id, html);
  latest.set(next.id, html);
}

/** What is read now: the first thing with a name whose top is in sight. */
function readingPlace() {
  if (scrollY < 60) return null;
  for (const one of part().querySelectorAll("[id]")) {
    if (one.matches(".parts")) continue; // stays where it is, whatever is read
    const { top, height } = one.getBoundingClientRect();
    if (height && top >= 0 && top < innerHeight) return { id: one.id, top };
  }
  return null;
}

/** Let what was read stay where it was, whatever has grown above it. */
function keepPlace(place) {
  const now = place && document.getElementById(place.id);
  if (now) scrollBy(0, now.getBoundingClientRect().top - place.top);
}

/** The markup comes from our own server, where all that is not markup was escaped. */
function show(markup) {
  const place = readingPlace();
  const fresh = new DOMParser().parseFromString(markup, "text/html").getElementById("part");
  for (const region of regionsOf(part())) {
    const next = region.id === "part" ? fresh : fresh.querySelector(`#${CSS.escape(region.id)}`);
    if (!next) {
      if (!inUse(region)) region.remove();
      continue;
    }
    const html = next.outerHTML;
    const before = latest.get(region.id);
    latest.set(region.id, html);
    if (shown.get(region.id) === html) {
      waiting.delete(region.id);
    } else if (inUse(region)) {
      if (before !== undefined && before !== html) waiting.add(region.id);
    } else {
      waiting.delete(region.id);
      replace(region, document.adoptNode(next));
      shown.set(region.id, html);
    }
  }
  for (const next of fresh.querySelectorAll("[data-region]")) if (!document.getElementById(next.id)) add(next);
  keepPlace(place);
  notice(
    "changed",
    waiting.size ? "Something has changed meanwhile. What you are writing stays; the rest is shown when it is sent." : "",
  );
  tick();
}

/** Say something above the page; nothing where there are no words. */
function notice(name, words) {
  let place = document.getElementById(`notice-${name}`);
  if (!words) return place?.remove();
  if (!place) {
    place = document.createElement("p");
    place.id = `notice-${name}`;
    place.className = `announced inner ${name}`;
    place.setAttribute("role", "status");
    document.getElementById("main").prepend(place);
  }
  if (place.textContent !== words) place.textContent = words;
}

async function renew() {
  const address = part()?.dataset.live;
  if (!address || asking || document.hidden) return;
  asking = true;
  try {
    const headers = { "X-Part": "1", ...(tag && { "If-None-Match": tag }) };
    const reply = await fetch(address, { headers, cache: "no-store", signal: AbortSignal.timeout(10000) });
    if (reply.status === 401) return location.assign(`/login?ended=1&next=${encodeURIComponent(location.pathname + location.search)}`);
    if (reply.status !== 304 && !reply.ok) throw new Error(String(reply.status));
    if (reply.status !== 304) {
      tag = reply.headers.get("ETag") ?? "";
      show(await reply.text());
    }
    reached = Date.now();
    notice("lost", "");
  } catch {
    const since = new Date(reached).toISOString().slice(11, 16);
    notice("lost", `The responder does not answer. This is how it was at ${since} UTC; it is asked again and again.`);
  } finally {
    asking = false;
  }
}

/** Within the last hour seconds count. */
function tick() {
  for (const left of document.querySelectorAll(".left[data-due]")) {
    const seconds = Math.round((Date.parse(left.dataset.due) - Date.now()) / 1000);
    const apart = Math.abs(seconds);
    if (apart >= 3600) continue;
    const told = `${Math.floor(apart / 60)}:${String(apart % 60).padStart(2, "0")}`;
    left.textContent = seconds > 0 ? `${told} left` : `overdue by ${told}`;
  }
}

// A second press while a form is on its way does nothing.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.hasAttribute("aria-busy")) return event.preventDefault();
  form.setAttribute("aria-busy", "true");
  setTimeout(() => form.removeAttribute("aria-busy"), form.matches(".by-machine") ? 20000 : 4000);
});

// From what is wrong with a text to the line on which it is.
document.addEventListener("click", (event) => {
  const link = event.target.closest?.("a[data-line]");
  const text = link && document.getElementById("text");
  if (!text) return;
  event.preventDefault();
  const lines = text.value.split("\n");
  const start = lines.slice(0, link.dataset.line - 1).join("\n").length + (link.dataset.line > 1 ? 1 : 0);
  text.focus();
  text.setSelectionRange(start, start + (lines[link.dataset.line - 1] ?? "").length);
  text.scrollTop = (text.scrollHeight / lines.length) * Math.max(0, link.dataset.line - 4);
  text.scrollIntoView({ block: "center" });
});

document.addEventListener("visibilitychange", renew);
window.addEventListener("pageshow", renew);
setInterval(renew, EVERY);
setInterval(tick, 1000);
if (part()) {
  for (const region of regionsOf(part())) {
    shown.set(region.id, region.outerHTML);
    if (!isRefused(region) && !region.matches("[data-still]")) latest.set(region.id, region.outerHTML);
  }
}
tick();
