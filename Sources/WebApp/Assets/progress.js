// Keeps the table of a page up to date. Texts of the server are only ever set as text.
"use strict";

const table = document.querySelector("table[data-poll]");
const live = document.getElementById("live");
const PAUSE = 2000;

const number = (value) => (value == null ? "" : value.toFixed(1));

function cells(entry) {
  if ("stages_done" in entry) {
    const state = entry.problem ? "cannot be read" : entry.is_running ? "running"
      : entry.stages_done === entry.stages ? "done" : "stopped";
    return {
      key: entry.name, state, stages: `${entry.stages_done} of ${entry.stages}`,
      rows: `${entry.rows_done} of ${entry.rows}`, hand_labels: `${entry.hand_labels}`,
      last_activity: entry.last_activity ?? "\u2013",
    };
  }
  return {
    key: `${entry.kind} ${entry.model} ${entry.subject}`, state: entry.state,
    rows: entry.rows == null ? "" : `${entry.rows_done ?? 0} of ${entry.rows}`,
    rows_per_second: number(entry.rows_per_second),
  };
}

function setText(element, text) {
  if (element && element.textContent !== text) element.textContent = text;
}

function show(entries) {
  const rows = [...table.querySelectorAll("tr[data-key]")];
  for (const entry of entries.map(cells)) {
    const row = rows.find((candidate) => candidate.dataset.key === entry.key);
    if (!row) return location.reload();
    for (const [name, text] of Object.entries(entry)) {
      const cell = row.querySelector(`[data-field="${name}"]`);
      const target = name === "state" ? cell?.firstElementChild : cell;
      setText(target, text);
      if (name === "state" && target) target.className = `state ${text}`;
    }
  }
}

function showFacts(status) {
  const fact = (name) => document.querySelector(`[data-fact="${name}"]`);
  const holders = status.holders.map((holder) => `${holder.task ? `array task ${holder.task}, ` : ""}process ${holder.pid} on ${holder.host}`);
  setText(fact("holders"), holders.join("; ") || "nobody");
  setText(fact("last_activity"), status.last_activity ?? "\u2013");
  const raters = Object.entries(status.hand_labels).sort().map(([name, count]) => `${count} by ${name}`);
  setText(fact("hand_labels"), raters.join(", ") || "none");
}

function tell(text) {
  live.hidden = !text;
  setText(live, text);
}

async function poll() {
  try {
    const reply = await fetch(table.dataset.poll, { headers: { Accept: "application/json" } });
    const found = await reply.json();
    if (!reply.ok) throw new Error(found.error);
    show(Array.isArray(found) ? found : found.stages);
    if (!Array.isArray(found)) showFacts(found);
    tell("");
  } catch (error) {
    tell(`Not up to date: ${error instanceof TypeError ? "the server does not answer" : error.message}.`);
  }
  setTimeout(poll, document.hidden ? 5 * PAUSE : PAUSE);
}

if (table) setTimeout(poll, PAUSE);
