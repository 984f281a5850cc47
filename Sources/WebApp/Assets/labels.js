// The page of labels: settles disagreements, computes predictivity anew, adds a CSV.
"use strict";

const part = (name) => document.getElementById(name);

function tell(text, isProblem) {
  part("problem").textContent = isProblem ? text : "";
  part("problem").hidden = !isProblem;
  part("said").textContent = isProblem ? "" : text;
}

/** The reply, or its one sentence as an error. */
async function post(path, type, body) {
  const reply = await fetch(path, { method: "POST", headers: { "Content-Type": type, Accept: "application/json" }, body });
  const found = await reply.json();
  if (!reply.ok) throw new Error(found.error);
  return found;
}

/** Calls a task with its buttons off, and says what went wrong. */
async function during(buttons, task) {
  for (const button of buttons) button.disabled = true;
  try { await task(); } catch (error) {
    tell(error instanceof TypeError ? "The server does not answer. Nothing was changed; try again." : error.message, true);
    part("problem").scrollIntoView({ block: "nearest" });
  }
  for (const button of buttons) button.disabled = false;
}

function newKey() {
  return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

part("cases")?.addEventListener("click", (event) => {
  const button = event.target.closest("button[data-label]");
  if (!button) return;
  const box = button.closest(".case");
  const label = button.dataset.label === "" ? null : Number(button.dataset.label);
  const body = { key: newKey(), answer: box.dataset.answer, label };
  during(box.querySelectorAll("button"), async () => {
    await post(part("cases").dataset.path, "application/json", JSON.stringify(body));
    box.querySelector(".status").textContent = `Saved: ${label ?? "cannot tell"}`;
    box.querySelector(".status").className = "status good";
  });
});

part("recompute")?.addEventListener("submit", (event) => {
  event.preventDefault();
  const form = event.target;
  during([form.querySelector("button")], async () => {
    tell("Computing ... this takes from seconds to minutes.", false);
    const found = await post(`${form.dataset.path}?labels=${encodeURIComponent(part("labels").value)}`, "application/json");
    location.assign(found.path);
  });
});

part("import").addEventListener("submit", (event) => {
  event.preventDefault();
  const form = event.target;
  during([form.querySelector("button")], async () => {
    const rater = encodeURIComponent(part("csv-rater").value.trim());
    const found = await post(`${form.dataset.path}?rater=${rater}`, "text/csv", part("file").files[0]);
    form.reset();
    tell(`${found.stored} labels stored. Load the page again to see them counted.`, false);
  });
});
