// The console's one script: a step replaces the part of the page that it changes, and keys do what the mouse does.
// Without it every form still works.

const part = () => document.getElementById("agent");

/** Send a form; put the part of the page that comes back in the place of the old one. */
async function send(form, button) {
  const body = new URLSearchParams(new FormData(form, button));
  form.setAttribute("aria-busy", "true");
  try {
    const reply = await fetch(form.action, { method: "POST", body, headers: { "X-Part": "1" } });
    if (reply.status === 401) {
      location.assign(`/sign-in?ended=1&next=${encodeURIComponent(location.pathname)}`);
    } else if (reply.ok) {
      replace(await reply.text(), button.id);
    } else {
      complain((await reply.json()).detail);
    }
  } catch {
    complain("The service did not answer. Nothing is lost: press again when it is back.");
  } finally {
    form.removeAttribute("aria-busy");
  }
}

/** The markup comes from our own server, where all that is not markup was escaped. */
function replace(markup, pressed) {
  const fresh = new DOMParser().parseFromString(markup, "text/html").getElementById("agent");
  const opened = part().querySelector("details.executed")?.open;
  part().replaceWith(document.adoptNode(fresh));
  if (opened) part().querySelector("details.executed")?.setAttribute("open", "");
  history.replaceState(null, "", location.pathname);
  (pressed === "world-button" ? document.getElementById(pressed) : firstControl())?.focus({ preventScroll: true });
  toTheCurrentStep();
  const status = document.getElementById("told"); // a screen reader says what changes, not what is there already
  const words = [...status.childNodes];
  status.replaceChildren();
  setTimeout(() => status.append(...words), 50);
}

function complain(words) {
  const place = document.getElementById("step-problem");
  place.textContent = words;
  place.hidden = false;
}

const stepForm = () => document.getElementById("step-form");
const groups = () => [...(stepForm()?.querySelectorAll("fieldset, .field select[name^=o]") ?? [])];
const controlOf = (group) => group.matches("select") ? group : group.querySelector("input:checked") ?? group.querySelector("input");
/** Where the focus goes: letters and digits choose in a long list, so that there it goes to the button instead. */
const firstControl = () => {
  const group = groups()[0];
  return !group || group.matches("select") ? document.getElementById("step-button") : controlOf(group);
};

/** A digit chooses an outcome of the modality that has the focus, or of the first, and goes on to the next. */
function choose(digit) {
  const all = groups();
  const here = Math.max(0, all.findIndex((group) => group.contains(document.activeElement)));
  const input = all[here]?.querySelector(`input[data-key="${digit}"]`);
  if (!input) return false;
  input.checked = true;
  const next = all[here + 1];
  (next ? controlOf(next) : document.getElementById("step-button")).focus({ preventScroll: true });
  return true;
}

/** Arrows walk along the steps that were taken. */
function walk(direction) {
  const links = [...document.querySelectorAll("#strip a")];
  const at = links.indexOf(document.activeElement);
  links[Math.min(links.length - 1, Math.max(0, at + direction))]?.focus();
}

function toTheCurrentStep() {
  const strip = document.getElementById("strip");
  const current = strip?.querySelector("[aria-current]");
  if (current) strip.scrollLeft = current.offsetLeft - strip.offsetLeft - strip.clientWidth / 2 + current.offsetWidth / 2;
}

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (!form.matches("form[data-part]")) return;
  event.preventDefault();
  if (!form.hasAttribute("aria-busy")) send(form, event.submitter ?? document.getElementById("step-button"));
});

// Single keys mean something only inside the form and the strip, so that they disturb no screen reader elsewhere.
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
  const inForm = stepForm()?.contains(event.target) && !event.target.matches("select");
  if (inForm && /^[0-9]$/.test(event.key) && choose(event.key)) event.preventDefault();
  if (event.key === "Enter" && event.target.matches("#step-form select")) {
    event.preventDefault();
    stepForm().requestSubmit(document.getElementById("step-button"));
  }
  if (inForm && event.key.toLowerCase() === "w") {
    event.preventDefault();
    document.getElementById("world-button").click();
  }
  if (event.target.closest?.("#strip") && (event.key === "ArrowLeft" || event.key === "ArrowRight")) {
    event.preventDefault();
    walk(event.key === "ArrowLeft" ? -1 : 1);
  }
});

if (stepForm() && !location.search) firstControl()?.focus({ preventScroll: true });
toTheCurrentStep();

/** Put a part of the page that the server sends in the place of the one with the same id. */
async function renew(id, address) {
  const reply = await fetch(address, { headers: { "X-Part": "1" } });
  if (!reply.ok) throw new Error((await reply.json()).detail);
  const fresh = new DOMParser().parseFromString(await reply.text(), "text/html").getElementById(id);
  document.getElementById(id).replaceWith(document.adoptNode(fresh));
}

/** A run that goes on: its progress as it comes, and all of its page anew when it is in another state. */
function follow() {
  const run = document.getElementById("run");
  if (!run?.dataset.events) return draw();
  const events = new EventSource(run.dataset.events);
  events.addEventListener("simulation", async (event) => {
    const { status, progress } = JSON.parse(event.data);
    if (status !== run.dataset.status) {
      events.close();
      await renew("run", location.pathname);
      return follow();
    }
    document.getElementById("bar").value = progress.steps_done;
    document.getElementById("steps-done").textContent = progress.steps_done.toLocaleString("en");
    document.getElementById("chunks-done").textContent = progress.chunks_done.toLocaleString("en");
  });
}

/** The pictures of a run that has ended; drawing them may take some seconds. */
async function draw() {
  const place = document.getElementById("pictures");
  if (!place?.dataset.pictures) return;
  const line = place.querySelector("p");
  line.textContent = "Drawing …";
  place.setAttribute("aria-busy", "true");
  try {
    await renew("pictures", place.dataset.pictures);
  } catch (error) {
    line.textContent = error.message;
    place.removeAttribute("aria-busy");
  }
}

follow();
