// The page of labels: adds a CSV.
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

/** Calls a task with its button off, and says what went wrong. */
async function during(button, task) {
  button.disabled = true;
  try { await task(); } catch (error) {
    tell(error instanceof TypeError ? "The server does not answer." : error.message, true);
  }
  button.disabled = false;
}

part("import").addEventListener("submit", (event) => {
  event.preventDefault();
  const form = event.target;
  during(form.querySelector("button"), async () => {
    const rater = encodeURIComponent(part("csv-rater").value.trim());
    const found = await post(`${form.dataset.path}?rater=${rater}`, "text/csv", part("file").files[0]);
    form.reset();
    tell(`${found.stored} labels stored. Load the page again to see them counted.`, false);
  });
});
