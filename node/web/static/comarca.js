// What makes a page nicer where scripts run. No page needs it: every word and every way is there without.
// Drafts stay on this device, in this browser, for a day; nothing that is typed goes anywhere but into our own forms.
const PREFIX = "comarca-draft:", DAY = 864e5;
const all = (selector, root = document) => [...root.querySelectorAll(selector)];
const store = (() => { try { localStorage.length; return localStorage; } catch { return null; } })();
const session = (() => { try { sessionStorage.length; return sessionStorage; } catch { return null; } })();

// ---- drafts ----------------------------------------------------------------------------------------------------------
const draftKeys = () => Array.from({ length: store ? store.length : 0 }, (_, i) => store.key(i)).filter(k => k.startsWith(PREFIX));
const throwAway = key => store && store.removeItem(key);
const throwAllAway = () => { draftKeys().forEach(throwAway); session && session.removeItem("comarca-sent"); };

function draftOf(key) {
  try {
    const draft = JSON.parse(store.getItem(key));
    if (draft && Date.now() - draft.at < DAY && draft.at <= Date.now() + 6e4) return draft;
  } catch { /* what cannot be read is thrown away below */ }
  throwAway(key);
  return null;
}

// Never what is hidden, chosen by us, or secret.
const fields = form => [...form.elements].filter(f => f.name && !/^(hidden|password|file|submit|button|reset)$/.test(f.type)
  && f.tagName !== "FIELDSET" && f.tagName !== "OUTPUT" && f.autocomplete !== "one-time-code");
const ticks = f => f.type === "checkbox" || f.type === "radio";
const values = form => fields(form).map(f => [f.name, ticks(f) ? (f.checked ? f.value : null) : f.value, ticks(f) ? f.value : null]);

function fill(form, kept) {
  for (const f of fields(form)) {
    const one = kept.find(([name, , choice]) => name === f.name && (!ticks(f) || choice === f.value));
    if (!one) continue;
    if (ticks(f)) f.checked = one[1] !== null;
    else f.value = one[1];
  }
}

function keepDraft(form) {
  const key = PREFIX + form.dataset.draft, start = JSON.stringify(values(form));
  const shown = document.querySelector(".problems");
  const draft = draftOf(key);
  let timer = 0;
  const keep = () => {
    const now = JSON.stringify(values(form));
    if (now === start && !shown) return;
    try { store.setItem(key, JSON.stringify({ at: Date.now(), values: JSON.parse(now) })); } catch { /* full: nothing is kept */ }
  };
  form.addEventListener("input", () => { clearTimeout(timer); timer = setTimeout(keep, 400); });
  addEventListener("pagehide", () => { if (timer && !left) { clearTimeout(timer); if (!sent) keep(); } });
  let sent = false;
  form.addEventListener("submit", () => {
    clearTimeout(timer);
    keep();
    sent = true;
    session && session.setItem("comarca-sent", key);
  });
  // A form that came back with its words and a problem needs no draft, and one as it was before holds nothing new.
  if (shown || !draft || JSON.stringify(draft.values) === start) return;
  offer(form, draft, key);
}

function offer(form, draft, key) {
  const template = form.querySelector("template[data-draft-words]");
  if (!template) return;
  const note = template.content.cloneNode(true).firstElementChild;
  const at = new Date(draft.at), two = n => String(n).padStart(2, "0");
  all("[data-at]", note).forEach(slot => { slot.textContent = `${two(at.getHours())}:${two(at.getMinutes())}`; });
  note.querySelector("[data-keep]").addEventListener("click", () => {
    fill(form, draft.values);
    note.remove();
    (fields(form)[0] || form).focus();
  });
  note.querySelector("[data-throw]").addEventListener("click", () => {
    throwAway(key);
    note.remove();
    (fields(form)[0] || form).focus();
  });
  form.prepend(note);
}

// A form went through when its answer sent us on to another page; a problem, a fault or a cut line never does.
function forgetWhatWentThrough() {
  const key = session && session.getItem("comarca-sent");
  if (!key) return;
  session.removeItem("comarca-sent");
  const [way] = performance.getEntriesByType("navigation");
  if (way && way.redirectCount > 0 && !document.querySelector(".kept")) throwAway(key);
}

// ---- leave this page -------------------------------------------------------------------------------------------------
let left = false;
function leave(link) {
  left = true;
  throwAllAway();
  session && session.setItem("comarca-left", "1");
  document.documentElement.hidden = true;
  document.title = "";
  // If the line is cut in this moment, what is loaded again is the wall and not this page.
  try { history.replaceState(null, "", "/"); } catch { /* the way out matters more */ }
  if (link.dataset.leave) navigator.sendBeacon(link.dataset.leave, new URLSearchParams());
  forgetCopies().catch(() => 0);
  location.replace(link.href);
}

// Whoever went back to such a page after leaving one did it by the browser's button, not on purpose: away again.
function stayAway(link) {
  const [way] = performance.getEntriesByType("navigation");
  if (!session || !session.getItem("comarca-left")) return;
  if (way && way.type === "back_forward") leave(link);
  else session.removeItem("comarca-left");
}

function wayOut(link) {
  stayAway(link);
  addEventListener("pageshow", event => { if (event.persisted && session && session.getItem("comarca-left")) leave(link); });
  link.addEventListener("click", event => { event.preventDefault(); leave(link); });
  let times = [];
  addEventListener("keydown", event => {
    if (event.key !== "Escape") { times = []; return; }
    times = [...times.filter(t => event.timeStamp - t < 3000), event.timeStamp];
    if (times.length >= 3) leave(link);
  });
}

// ---- the copy on this phone, and signing out -------------------------------------------------------------------------
const forgetCopies = async () => {
  if (!("caches" in self)) return;
  await Promise.all((await caches.keys()).map(name => caches.delete(name)));
};

// ---- the live line ---------------------------------------------------------------------------------------------------
function listen(line) {
  let known = line.dataset.digest || "", source = null;
  const open = () => {
    source = new EventSource(line.dataset.live);
    source.addEventListener("wall", look);
    source.addEventListener("changed", look);
  };
  const look = event => {
    if (!known) known = event.data;
    if (event.data !== known && !line.childElementCount) {
      line.append(line.parentElement.querySelector("template[data-live-words]").content.cloneNode(true));
      source.close();
    }
  };
  // Nobody is told anything in a page that nobody looks at; a page kept for "back" may not hold a stream either.
  const mind = () => {
    if (source) source.close();
    if (!document.hidden && !line.childElementCount) open();
  };
  document.addEventListener("visibilitychange", mind);
  addEventListener("pagehide", () => source && source.close());
  addEventListener("pageshow", event => { if (event.persisted) mind(); });
  mind();
}

// ---- now -------------------------------------------------------------------------------------------------------------
all("a[data-leave]").forEach(wayOut);
if (store) {
  draftKeys().forEach(draftOf);
  forgetWhatWentThrough();
  all("form[data-draft]").forEach(keepDraft);
}
all('form[action="/out"], form[data-forget]').forEach(form => form.addEventListener("submit", () => { throwAllAway(); forgetCopies(); }));
all("a[data-again]").forEach(link => { link.href = location.href; });
if ("EventSource" in self) all("[data-live]").forEach(listen);
if ("serviceWorker" in navigator) {
  navigator.serviceWorker.register("/worker.js").catch(() => 0);
}
