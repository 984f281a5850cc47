// Per-layer AUROC of the selected vector: one panel a target, prompt and continuation in each.

/** The curves of the selected model and vector, by target. */
function curvesByTarget(model, vector) {
  const targets = new Map();
  for (const curve of data.curves) {
    if (curve.name.model !== model || curve.name.vector !== vector) continue;
    if (!targets.has(curve.name.target)) targets.set(curve.name.target, []);
    targets.get(curve.name.target).push(curve);
  }
  return targets;
}

/** A band between two rows of numbers; nothing where a number is missing. */
function bandTraces(x, low, high, colour) {
  const known = x.map((_, i) => i).filter((i) => low[i] !== null && high[i] !== null);
  if (known.length === 0) return [];
  const line = { width: 0 };
  return [
    { x: known.map((i) => x[i]), y: known.map((i) => low[i]), mode: 'lines', line, hoverinfo: 'skip' },
    { x: known.map((i) => x[i]), y: known.map((i) => high[i]), mode: 'lines', line, fill: 'tonexty', fillcolor: faded(colour, Number(themeColour('band'))), hoverinfo: 'skip' },
  ];
}

function curveTraces(curve, number, count) {
  const colour = themeColour(seriesColours[number % seriesColours.length]);
  const layers = column(curve.table, 'layer');
  const shifted = layers.map((layer) => layer + (count > 1 ? 0.12 * (number - (count - 1) / 2) : 0));
  const [auroc, low, high] = ['auroc', 'auroc_low', 'auroc_high'].map((name) => column(curve.table, name));
  const bars = { type: 'data', symmetric: false, width: 3, thickness: 1.4, color: colour,
    array: auroc.map((value, i) => (high[i] === null || value === null ? 0 : high[i] - value)),
    arrayminus: auroc.map((value, i) => (low[i] === null || value === null ? 0 : value - low[i])) };
  return [
    ...bandTraces(layers, column(curve.table, 'null_low'), column(curve.table, 'null_high'), colour),
    { x: layers, y: column(curve.table, 'probe_auroc'), mode: 'lines', line: { color: colour, dash: 'dot', width: 2 }, hoverinfo: 'skip' },
    { x: shifted, y: auroc, mode: 'lines+markers', error_y: bars, hoverinfo: 'skip',
      line: { color: colour, width: 2 }, marker: { color: colour, size: 8, symbol: seriesSymbols[number % seriesSymbols.length] } },
  ];
}

/** Lines of the answer letter and of the model's own logit difference, which do not depend on the layer. */
function baselineTraces(curve) {
  const layers = column(curve.table, 'layer');
  const line = (name, dash) => ({ x: layers, y: column(curve.table, name), mode: 'lines', line: { color: themeColour('quiet'), width: 1.6, dash }, hoverinfo: 'skip' });
  return [line('letter_auroc', 'dash'), line('logit_baseline_auroc', 'dashdot')];
}

/** What one panel shows, in words. */
function describeCurve(curve) {
  const rows = records(curve.table).filter((row) => row.auroc !== null);
  if (rows.length === 0) return `At the ${curve.name.position} no AUROC is defined.`;
  const best = rows.reduce((a, b) => (b.auroc > a.auroc ? b : a));
  const worst = rows.reduce((a, b) => (b.auroc < a.auroc ? b : a));
  const at = (row) => `${withInterval(row.auroc, row.auroc_low, row.auroc_high)} at layer ${row.layer}`;
  let text = `At the ${curve.name.position} the AUROC runs from ${at(worst)} to ${at(best)}`;
  const judged = rows.find((row) => row.layer === curve.judged) ?? best;
  if (judged !== best) text += `, ${at(judged)}, which is ${curve.judgedHow}`;
  if (judged.null_low !== null) text += `; there 95 % of null directions lie between ${fixed(judged.null_low)} and ${fixed(judged.null_high)}`;
  if (judged.probe_auroc !== null) text += `; a probe reaches ${fixed(judged.probe_auroc)}`;
  return `${text}.`;
}

function drawCurves(place, curves) {
  const traces = [...baselineTraces(curves[0]), ...curves.flatMap((curve, i) => curveTraces(curve, i, curves.length))];
  const judged = curves[0].judged;
  const line = (x0, y0, x1, y1, dash) => ({ type: 'line', x0, x1, y0, y1, yref: 'y', line: { color: themeColour('quiet'), width: 1, dash } });
  const shapes = [{ ...line(0, 0.5, 1, 0.5, 'solid'), xref: 'paper' }];
  if (judged !== null && judged !== undefined) shapes.push(line(judged, 0, judged, 1, 'dot'));
  plot(place, traces, { shapes, xaxis: axis('layer', { dtick: column(curves[0].table, 'layer').length > 16 ? 4 : 1 }), yaxis: axis('AUROC', { range: [-0.03, 1.03], dtick: 0.25 }) });
}

function curvePanel(target, curves) {
  const counts = records(curves[0].table)[0] ?? {};
  const about = `${curves[0].distribution ? `${curves[0].distribution}, ` : ''}${counts.n ?? 0} answers to ${counts.groups ?? 0} questions`;
  const title = element('h3', {}, element('span', { class: 'hostile' }, target), ` `, element('span', { class: 'quiet' }, `(${about})`));
  const blocks = curves.map((curve) => dataBlock(`AUROC by layer at the ${curve.name.position}`, `auroc-${curve.name.vector}-${target}-${curve.name.position}`, () => curve.table));
  const made = figure(curves.map(describeCurve).join(' '), 'plot', element('div', {}, ...blocks));
  made.whole.prepend(title);
  drawWhenSeen(made.place, () => drawCurves(made.place, curves));
  return made.whole;
}

function layersSection(selection) {
  const panels = element('div', { class: 'panels' });
  const legend = element('ul', { class: 'legend', 'aria-label': 'Legend' });
  const show = () => {
    forgetDrawings(panels);
    const targets = curvesByTarget(selection.model, selection.vector);
    panels.replaceChildren(...[...targets].map(([target, curves]) => curvePanel(target, curves)));
    const positions = [...new Set([...targets.values()].flat().map((curve) => curve.name.position))];
    const colours = positions.map((_, i) => themeColour(seriesColours[i % seriesColours.length]));
    legend.replaceChildren(
      ...positions.map((name, i) => legendEntry(`cosine at the ${name}, 95 % interval`, colours[i], seriesSymbols[i % 2])),
      ...positions.map((name, i) => legendEntry(`null directions at the ${name}, middle 95 %`, colours[i], 'band')),
      ...positions.map((name, i) => legendEntry(`logistic probe at the ${name} (ceiling)`, colours[i], 'dot')),
      legendEntry('answer letter', themeColour('quiet'), 'dash'), legendEntry('model’s own logit difference', themeColour('quiet'), 'dashdot'));
  };
  selection.onChange(['model', 'vector', 'theme'], show);
  show();
  return [legend, panels];
}
