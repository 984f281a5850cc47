// The page: what is selected, the sections, the theme.

/** What the figures show; whoever listens is told when a part that concerns him changes. */
function makeSelection(start) {
  const listeners = [];
  return {
    ...start,
    onChange(keys, listener) { listeners.push({ keys, listener }); },
    set(changes) {
      Object.assign(this, changes);
      if (['vector', 'target', 'position', 'model'].some((key) => key in changes)) this.layer = startLayer(this);
      const changed = new Set([...Object.keys(changes), 'layer']);
      for (const { keys, listener } of listeners) if (keys.some((key) => changed.has(key))) listener();
    },
  };
}

/** The judged layer where its scores are there, else the first that is. */
function startLayer(selection) {
  const series = selectedScores(selection);
  if (!series) return null;
  return series.layers.includes(series.curve?.layer) ? series.curve.layer : series.layers[0];
}

/** Lists of the selection, each of which offers what exists given those before it. */
function selectionBar(selection) {
  const keys = ['model', 'vector', 'target', 'position'];
  const names = data.curves.map((curve) => curve.name);
  const lists = keys.map((key) => element('select', { id: `choose-${key}` }));
  const options = (depth) => unique(names.filter((name) => keys.slice(0, depth).every((key) => name[key] === selection[key])).map((name) => name[keys[depth]]));
  const fill = () => lists.forEach((list, depth) => {
    list.replaceChildren(...options(depth).map((value) => element('option', { value, selected: value === selection[keys[depth]] }, value)));
  });
  lists.forEach((list, depth) => list.addEventListener('change', () => {
    const chosen = { ...Object.fromEntries(keys.map((key) => [key, selection[key]])), [keys[depth]]: list.value };
    Object.assign(selection, chosen);
    keys.forEach((key, i) => { if (!options(i).includes(selection[key])) selection[key] = options(i)[0]; });
    fill();
    selection.set(Object.fromEntries(keys.map((key) => [key, selection[key]])));
  }));
  fill();
  return element('div', { class: 'sticky', role: 'group', 'aria-label': 'What the figures show' },
    element('div', { class: 'choices' }, ...keys.map((key, i) => element('label', { class: 'wide', for: `choose-${key}` }, key[0].toUpperCase() + key.slice(1), lists[i]))));
}

function section(id, title, about, contents) {
  return element('section', { id, 'aria-labelledby': `${id}-title` }, element('h2', { id: `${id}-title` }, title), element('p', { class: 'quiet' }, about), ...contents);
}

function currentTheme() {
  return document.documentElement.dataset.theme ?? (matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light');
}

function themeButton(selection) {
  const button = document.getElementById('theme');
  const show = () => {
    button.textContent = currentTheme() === 'dark' ? 'Light' : 'Dark';
    button.setAttribute('aria-label', `Switch to ${currentTheme() === 'dark' ? 'light' : 'dark'} colours`);
    button.setAttribute('aria-pressed', String(currentTheme() === 'dark'));
    selection.set({ theme: currentTheme() });
    redraw();
  };
  button.addEventListener('click', () => {
    document.documentElement.dataset.theme = currentTheme() === 'dark' ? 'light' : 'dark';
    show();
  });
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', show);
  show();
}

function start() {
  const first = data.curves[0]?.name ?? {};
  const selection = makeSelection({ ...first, theme: currentTheme() });
  selection.layer = data.curves.length ? startLayer(selection) : null;
  const has = data.curves.length > 0;
  // What the run has not is left out, from the page and from its contents.
  const parts = (...sections) => sections.filter(([is]) => is).map(([, make]) => make());
  const notes = data.notes.map((note) => element('p', { class: 'quiet' }, note));
  document.getElementById('figures').replaceChildren(
    ...(has ? [selectionBar(selection)] : []),
    ...parts(
    [has, () => section('layers', 'Prediction by layer', 'AUROC of the cosine between the activation and the vector: 0.5 is no prediction, 1 a perfect one, 0 a perfectly reversed ranking. The dotted vertical line is the layer that is judged.', layersSection(selection))],
    [has && (data.scores.length || notes.length), () => section('scores', 'Scores and labels', 'Every answer by its cosine and its label.', [...notes, ...scoresSection(selection)])],
    [data.scores.length, () => section('roc', 'ROC and calibration', 'How well a threshold on the cosine tells the answers apart, and how far it can be read as a probability.', rocSection(selection))],
    [data.transfer.rows.length, () => section('transfer', 'Transfer', 'Does a vector made from one set predict on another, and on another model?', transferSection())],
    [data.agreement.rows.length || data.comparisons.rows.length, () => section('agreement', 'Agreement of the vectors', 'Do vectors that were made in different ways point the same way?', agreementSection())],
    [data.steering.length, () => section('steering', 'Steering', 'What adding the vector does to the answers.', steeringSection(selection))],
    [data.otherLabels.length, () => section('labels', 'Other labels', 'Does the result hold by the labels of people or judges? Vectors are those of the run.', otherLabelsSection(selection))],
    [data.scores.length, () => section('rows', 'Answers in full', 'At the judged layer of the selected combination.', rowsSection(selection))]));
  for (const link of document.querySelectorAll('nav a')) if (!document.querySelector(link.getAttribute('href'))) link.parentElement.remove();
  themeButton(selection);
  addEventListener('beforeprint', drawAll);
}

start();
