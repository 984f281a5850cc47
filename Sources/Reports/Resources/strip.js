// Score against label at one layer: every answer a point, densities, the logistic fit; the pointed-at answer in words.

const lanes = { 0: 0, 1: 1, '-1': -0.55 };

/** A number in -0.5...0.5 that is the same for a row every time, and evenly spread over rows. */
function jitter(row) { return ((row * 0.6180339887) % 1) - 0.5; }

/** The series of the selection, or undefined. */
function selectedScores(selection) {
  return data.scores.find(({ name }) => ['model', 'vector', 'target', 'position'].every((key) => name[key] === selection[key]));
}

/** Rows with a score at the layer. */
function scoredRows(series, layer) {
  const scores = scoresAt(series, layer);
  const labels = data.answers[series.answers].label;
  return { scores, labels, rows: Array.from(scores.keys()).filter((row) => Number.isFinite(scores[row])) };
}

/** Gaussian kernel density on a grid, its highest point 1; Silverman's bandwidth. Null for fewer than two values. */
function density(values, low, high, points = 90) {
  const mean = values.reduce((a, b) => a + b, 0) / values.length;
  const spread = Math.sqrt(values.reduce((a, b) => a + (b - mean) ** 2, 0) / Math.max(1, values.length - 1));
  if (values.length < 2 || !(spread > 0)) return null;
  const width = 1.06 * spread * values.length ** -0.2;
  const x = Array.from({ length: points }, (_, i) => low + ((high - low) * i) / (points - 1));
  const y = x.map((at) => values.reduce((sum, value) => sum + Math.exp(-0.5 * ((at - value) / width) ** 2), 0));
  const top = Math.max(...y);
  return { x, y: y.map((value) => value / top) };
}

function densityTrace(values, low, high, base, direction, colour) {
  const curve = density(values, low, high);
  if (!curve) return [];
  const x = [curve.x[0], ...curve.x, curve.x[curve.x.length - 1]];
  const y = [base, ...curve.y.map((value) => base + direction * 0.26 * value), base];
  return [{ x, y, mode: 'lines', fill: 'toself', line: { width: 0 }, fillcolor: faded(colour, 0.35), hoverinfo: 'skip' }];
}

function fitTrace(fit, low, high) {
  if (!fit || fit.length < 2) return [];
  const x = Array.from({ length: 101 }, (_, i) => low + ((high - low) * i) / 100);
  const y = x.map((at) => 1 / (1 + Math.exp(-(fit[0] + fit[1] * at))));
  return [{ x, y, mode: 'lines', line: { color: themeColour('text'), width: 2.2 }, hoverinfo: 'skip' }];
}

/** Colour and symbol of every row by what the reader chose. */
function rowLooks(table, rows, by) {
  const numbers = { question: table.group, letter: table.letter, side: table.side }[by] ?? table.label.map((label) => (label === 1 ? 1 : 0));
  const known = (row) => Math.max(0, numbers[row]);
  const colours = by === 'label' ? [themeColour('first'), themeColour('second')] : manyColours;
  return {
    color: rows.map((row) => colours[known(row) % colours.length]),
    symbol: rows.map((row) => manySymbols[Math.floor(known(row) / (by === 'question' ? manyColours.length : 1)) % manySymbols.length]),
  };
}

function stripTraces(series, layer, by) {
  const { scores, labels, rows } = scoredRows(series, layer);
  if (rows.length === 0) return { traces: [], rows };
  const values = (label) => rows.filter((row) => labels[row] === label).map((row) => scores[row]);
  const all = rows.map((row) => scores[row]);
  const [low, high] = [all.reduce((a, b) => Math.min(a, b)), all.reduce((a, b) => Math.max(a, b))];
  const points = {
    x: all, y: rows.map((row) => lanes[labels[row]] + 0.26 * jitter(row)), customdata: rows, mode: 'markers', hoverinfo: 'none',
    marker: { ...rowLooks(data.answers[series.answers], rows, by), size: rows.length > 1500 ? 5 : 7, opacity: rows.length > 1500 ? 0.45 : 0.65 },
  };
  const colours = [themeColour('first'), themeColour('second')];
  return { rows, traces: [
    ...densityTrace(values(0), low, high, 0.16, 1, colours[0]), ...densityTrace(values(1), low, high, 0.84, -1, colours[1]),
    points, ...fitTrace(series.fits[series.layers.indexOf(layer)], low, high)] };
}

/** The row of predictivity.csv of a series at a layer. */
function storedRow(series, layer) {
  const same = (name) => ['model', 'vector', 'target', 'position'].every((key) => name[key] === series.name[key]);
  const curve = data.curves.find((curve) => same(curve.name));
  return curve ? records(curve.table).find((row) => row.layer === layer) : undefined;
}

function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted.length === 0 ? NaN : (sorted[(sorted.length - 1) >> 1] + sorted[sorted.length >> 1]) / 2;
}

function describeStrip(series, layer) {
  const { scores, labels, rows } = scoredRows(series, layer);
  const of = (label) => rows.filter((row) => labels[row] === label).map((row) => scores[row]);
  const [without, withIt, unread] = [of(0), of(1), of(-1)];
  const stored = storedRow(series, layer);
  return `Layer ${layer}: ${withIt.length} answers with the behaviour have a median cosine of ${fixed(median(withIt))}, `
    + `${without.length} without of ${fixed(median(without))}; AUROC ${stored ? withInterval(stored.auroc, stored.auroc_low, stored.auroc_high) : 'undefined'}.`
    + (unread.length > 0 ? ` ${unread.length} could not be read and lie below.` : '')
    + ' The line is the logistic fit of the label on the cosine; heights within a strip are chance; shaded are the densities.';
}

/** The answers of a series with their scores at some layers. */
function answersTable(series, layers) {
  const table = data.answers[series.answers];
  const scores = layers.map((layer) => scoresAt(series, layer));
  const named = (names, numbers, row) => names[numbers[row]] ?? null;
  return {
    columns: ['item', 'question_group', 'letter', 'user_side', 'label', ...layers.map((layer) => `cosine_layer_${layer}`), 'question', 'answer'],
    rows: table.label.map((label, row) => [
      table.item[row], named(table.groups, table.group, row), named(table.letters, table.letter, row), named(table.sides, table.side, row),
      label < 0 ? null : label, ...scores.map((score) => (Number.isFinite(score[row]) ? score[row] : null)),
      named(table.questions, table.question, row), table.text[row]]),
  };
}

/** What is known of one answer, as text. */
function readerContents(series, layer, row) {
  const table = data.answers[series.answers];
  const label = { 1: 'shows the behaviour (1)', 0: 'does not show it (0)', '-1': 'could not be read' }[table.label[row]];
  const line = (name, text) => element('p', {}, element('b', {}, `${name}: `), element('span', { class: 'hostile', dir: 'auto' }, text));
  return [
    element('p', {}, `cosine ${fixed(scoresAt(series, layer)[row], 4)} at layer ${layer}; the answer ${label}`
      + (table.letter[row] >= 0 ? `; letter of the behaviour: ${table.letters[table.letter[row]]}` : '')),
    line('Question', table.questions[table.question[row]] ?? ''), line('Answer', table.text[row]), line('Item', table.item[row])];
}

/** A slider over the layers of a series, with what it stands at in words. */
function layerSlider(selection) {
  const input = element('input', { type: 'range', min: 0, max: 0, step: 1, id: 'layer' });
  const output = element('output', { for: 'layer' });
  const whole = element('label', { class: 'wide', for: 'layer' }, 'Layer', element('span', {}, input, ' ', output));
  const sync = () => {
    const layers = selectedScores(selection)?.layers ?? [];
    input.max = Math.max(0, layers.length - 1);
    input.value = Math.max(0, layers.indexOf(selection.layer));
    output.textContent = layers.length ? `${selection.layer} of ${layers[0]} to ${layers[layers.length - 1]}` : '';
    input.setAttribute('aria-valuetext', output.textContent);
  };
  input.addEventListener('input', () => selection.set({ layer: selectedScores(selection).layers[Number(input.value)] }));
  selection.onChange(['model', 'vector', 'target', 'position', 'layer'], sync);
  sync();
  return whole;
}

function colourChoice(selection, onChange) {
  const choices = { label: 'label', letter: 'answer letter', question: 'question', side: 'user side' };
  const select = element('select', { id: 'colour' }, ...Object.entries(choices).map(([value, text]) => element('option', { value }, text)));
  select.addEventListener('change', () => onChange(select.value));
  return element('label', { for: 'colour' }, 'Colour and shape by', select);
}

function scoresSection(selection) {
  if (data.scores.length === 0) return [element('p', {}, 'This run holds no single scores to show.')];
  let by = 'label';
  const ask = 'Point at an answer, or tap it, to read it here.';
  const reader = element('div', { class: 'reader', 'aria-live': 'polite', tabindex: '0', role: 'region', 'aria-label': 'The answer pointed at' }, element('p', { class: 'quiet' }, ask));
  const name = () => `scores-${selection.vector}-${selection.target}-${selection.position}`;
  const block = dataBlock('every answer with its score', 'scores',
    () => answersTable(selectedScores(selection), [selection.layer]), () => answersTable(selectedScores(selection), selectedScores(selection).layers));
  const made = figure('', 'plot tall', block);
  const draw = () => {
    const series = selectedScores(selection);
    if (!series) return;
    const { traces } = stripTraces(series, selection.layer, by);
    const ticks = series.layers.length && data.answers[series.answers].label.includes(-1) ? [[-0.55, 0, 1], ['unread', '0', '1']] : [[0, 1], ['0', '1']];
    plot(made.place, traces, { xaxis: axis('cosine of activation and vector'), yaxis: axis('label', { tickvals: ticks[0], ticktext: ticks[1], range: [ticks[0][0] - 0.25, 1.25] }) }, false)
      .then(() => {
        const read = (event) => {
          const row = event.points[0].customdata;
          if (typeof row === 'number') reader.replaceChildren(...readerContents(series, selection.layer, row));
        };
        for (const kind of ['plotly_hover', 'plotly_click']) { made.place.removeAllListeners(kind); made.place.on(kind, read); }
      });
  };
  const show = () => {
    const series = selectedScores(selection);
    made.whole.hidden = !series;
    missing.hidden = Boolean(series);
    if (!series) return;
    made.describe(describeStrip(series, selection.layer));
    block.refresh();
    redraw(made.place);
  };
  const missing = element('p', { hidden: true }, 'The single scores of this combination are not in this page.');
  drawWhenSeen(made.place, draw);
  selection.onChange(['model', 'vector', 'target', 'position', 'layer', 'theme'], show);
  const choices = element('div', { class: 'choices' }, layerSlider(selection), colourChoice(selection, (value) => { by = value; redraw(made.place); }));
  show();
  return [choices, made.whole, missing, reader];
}
