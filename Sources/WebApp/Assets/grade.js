// Grading: one answer at a time. A label is kept in this browser until the server says that it is on the disk; only then
// the next answer shows. Texts of models and data sets are only ever set as text.
"use strict";

const root = document.getElementById("grading");
const part = (name) => document.getElementById(name);
const storageName = `telltale ${root.dataset.path}?${root.dataset.query}`;
const LONGEST_WAIT = 5000;

let turn = null; // what is shown
let isBusy = true; // while something is being fetched or saved
let resume = null; // where to go on after having gone back
let lostSince = false;

// --- The server ---

/** Sends until there is an answer: a lost connection or a killed server is only a longer wait. */
async function ask(path, fields, body) {
  const query = new URLSearchParams(root.dataset.query);
  for (const [name, value] of Object.entries(fields)) query.set(name, value);
  const options = { headers: { Accept: "application/json" } };
  if (body) Object.assign(options, { method: "POST", body: JSON.stringify(body) });
  if (body) options.headers["Content-Type"] = "application/json";
  for (let wait = 250; ; wait = Math.min(2 * wait, LONGEST_WAIT)) {
    let reason = "the server does not answer";
    try {
      const reply = await fetch(`${root.dataset.path}/${path}?${query}`, options);
      const found = await reply.json();
      if (reply.ok) return found;
      if (reply.status < 500) throw new Refusal(found.error, reply.status);
      reason = found.error;
    } catch (error) {
      if (error instanceof Refusal) throw error;
    }
    lostSince = true;
    say(body ? `Not saved yet: ${reason}. Your label is kept here and sent again.` : `Trying again: ${reason}.`, "waiting");
    await new Promise((done) => setTimeout(done, wait));
  }
}

class Refusal extends Error {
  constructor(sentence, status) {
    super(sentence);
    this.status = status;
  }
}

function newKey() {
  return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

// --- Labels ---

/** Saves a label, of this moment or one that an earlier visit could not send. */
async function send(label, from) {
  try { localStorage.setItem(storageName, JSON.stringify({ label, from })); } catch { /* kept in memory */ }
  say("Saving ...", "waiting");
  try {
    const next = await ask("labels", { from }, label);
    forget();
    say(lostSince ? "Saved. The server answers again." : "Saved.", "good");
    lostSince = false;
    return next;
  } catch (error) {
    // The server no longer takes this page's word (401, 403): the label waits for a page that it knows.
    if (![401, 403].includes(error.status)) forget();
    throw error;
  }
}

function forget() {
  try { localStorage.removeItem(storageName); } catch { /* nothing was kept */ }
}

function unsent() {
  try { return JSON.parse(localStorage.getItem(storageName)); } catch { return null; }
}

function judge(value) {
  const note = part("note").value.trim();
  const label = { key: newKey(), answer: turn.item.answer, label: value, note: note || null };
  const from = resume ?? turn.position + 1;
  work(async () => {
    const next = await send(label, from);
    resume = null;
    return next;
  });
}

function back() {
  work(async () => {
    const earlier = await ask("turn", { before: turn.item ? turn.item.answer : "" });
    resume ??= turn.position ?? 0;
    say("Gone back. The earlier label counts until a new one replaces it.", "");
    return earlier;
  });
}

function skip() {
  const from = resume ?? turn.position + 1;
  work(async () => {
    const next = await ask("turn", { from });
    resume = null;
    say("Skipped. It comes again at the end.", "");
    return next;
  });
}

/** One thing at a time; what it finds is shown. */
async function work(task) {
  if (isBusy) return;
  isBusy = true;
  enable(false);
  problem("");
  try { show(await task()); } catch (error) { problem(error.message); }
  isBusy = false;
  enable(true);
}

// --- The page ---

function say(text, kind) {
  part("saved").textContent = text;
  part("saved").className = `status ${kind}`;
}

function problem(text) {
  part("problem").textContent = text;
  part("problem").hidden = !text;
  if (text) say("", "");
}

function enable(isOn) {
  const nothing = !turn?.item;
  for (const button of document.querySelectorAll("#buttons button")) {
    button.disabled = !isOn || (nothing && button.dataset.key !== "u");
  }
}

function list(name, texts) {
  part(name).replaceChildren(...texts.map((text) => Object.assign(document.createElement("li"), { textContent: text })));
  part(`${name}-box`).hidden = texts.length === 0;
}

function show(next) {
  turn = next;
  showProgress(next.progress);
  part("buttons").hidden = false;
  part("item").hidden = !next.item;
  part("end").hidden = Boolean(next.item);
  if (!next.item) return showEnd(next.progress);
  const { item, given } = next;
  part("item-title").textContent = `Answer ${next.position + 1}`;
  part("question").replaceChildren(...item.turns.map(turnView));
  part("question").scrollTop = part("question").scrollHeight;
  part("choices").replaceChildren(...item.choices.map(choiceView));
  part("choices").hidden = item.choices.length === 0;
  part("continuation").textContent = item.continuation || "(empty)";
  part("prompt").textContent = item.prompt;
  list("correct", item.correct);
  list("incorrect", item.incorrect);
  const isListed = item.choices.some((choice) => choice.is_behaviour);
  const isTold = item.behaviour != null && !isListed;
  part("behaviour").textContent = isTold ? `The behaviour would be: ${item.behaviour}` : "";
  part("behaviour").hidden = !isTold;
  part("references").hidden = !isTold && item.correct.length + item.incorrect.length === 0;
  part("given").hidden = !given;
  if (given) part("given").textContent = `You said: ${given.label ?? "cannot tell"}`;
  part("note").value = given?.note ?? "";
  part("note-box").hidden = !given?.note;
  showCondition(next.condition);
  part("continuation").scrollTop = 0;
  part("item-title").focus({ preventScroll: true });
  scrollTo(0, 0);
}

/** One message; who wrote it is said where there are several. */
function turnView({ role, text }, number, all) {
  const box = Object.assign(document.createElement("div"), { className: `turn ${role}` });
  if (all.length > 1) box.append(Object.assign(document.createElement("h4"), { textContent: role === "user" ? "User" : "Model" }));
  box.append(Object.assign(document.createElement("div"), { className: "text", textContent: text }));
  return box;
}

function choiceView({ letter, text, is_behaviour: isBehaviour }) {
  const box = Object.assign(document.createElement("li"), { className: isBehaviour ? "behaviour" : "" });
  box.append(Object.assign(document.createElement("b"), { textContent: `(${letter})` }), text);
  if (isBehaviour) box.append(Object.assign(document.createElement("span"), { className: "quiet", textContent: " \u2013 would be the behaviour" }));
  return box;
}

function showProgress({ done, total, per_minute: pace, minutes_left: left }) {
  part("bar").max = Math.max(total, 1);
  part("bar").value = done;
  part("progress").textContent = `${done} of ${total}`;
  part("pace").textContent = pace == null ? "" : `${pace.toFixed(1)} a minute, ${Math.ceil(left)} min left`;
}

function showEnd({ total }) {
  part("end-text").textContent = total === 0 ? "There is nothing to grade here." : `Thank you: all ${total} answers have your label.`;
  if (root.dataset.second && total > 0) {
    part("second-link").href = root.dataset.second;
    part("second-link").textContent = "Begin the second pass: some of the answers again, to see how far you agree with yourself";
    part("second-link").hidden = false;
  }
  part("end-title").focus({ preventScroll: true });
}

function showCondition(condition) {
  const box = part("condition");
  if (!box || !condition) return;
  const facts = { model: condition.model, "data set": condition.dataset, item: condition.item,
    label: `${condition.label ?? "none"} (${condition.label_source ?? "no source"})` };
  box.replaceChildren(...Object.entries(facts).flatMap(([name, text]) => [
    Object.assign(document.createElement("dt"), { textContent: name }),
    Object.assign(document.createElement("dd"), { textContent: text })]));
  part("scores").replaceChildren(...condition.scores.map((score) => {
    const row = document.createElement("tr");
    for (const text of [score.vector, score.layer, score.position, score.cosine?.toFixed(3) ?? ""]) {
      row.append(Object.assign(document.createElement("td"), { textContent: text }));
    }
    return row;
  }));
}

function note() {
  part("note-box").hidden = false;
  part("note").focus();
}

// --- Keys ---

const actions = { 1: () => judge(1), 0: () => judge(0), "?": () => judge(null), u: back, s: skip, n: note };

function act(key) {
  if (isBusy || !Object.hasOwn(actions, key)) return false;
  if (!turn?.item && key !== "u") return false;
  actions[key]();
  return true;
}

document.addEventListener("keydown", (event) => {
  if (event.target === part("note")) {
    const isDone = event.key === "Escape" || (event.key === "Enter" && (event.ctrlKey || event.metaKey));
    if (isDone) part("item-title").focus();
    return;
  }
  if (event.repeat || event.ctrlKey || event.metaKey || event.altKey || !part("keys").checked) return;
  if (act(event.key.toLowerCase())) event.preventDefault();
});

part("buttons").addEventListener("click", (event) => {
  const button = event.target.closest("button");
  if (button) act(button.dataset.key);
});

// --- Begin ---

isBusy = false;
work(async () => {
  const kept = unsent();
  if (!kept?.label) return ask("turn", {});
  try { return await send(kept.label, kept.from); } catch (error) {
    if (unsent()) throw error;
    problem(`The label that was kept here could not be saved: ${error.message}`);
    return ask("turn", {});
  }
});
