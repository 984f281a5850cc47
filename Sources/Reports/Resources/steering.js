// What adding the vector does to the answers: dose and response, and what else it moves.

function bars(rows, name, colour) {
  const difference = (a, b) => (a === null || b === null ? 0 : a - b);
  return { type: 'data', symmetric: false, width: 3, thickness: 1.3, color: colour,
    array: rows.map((row) => difference(row[`${name}_high`], row[name])), arrayminus: rows.map((row) => difference(row[name], row[`${name}_low`])) };
}

function lineTrace(rows, x, name, number) {
  const colour = themeColour(seriesColours[number % seriesColours.length]);
  return { x: rows.map((row) => row[x]), y: rows.map((row) => row[name]), mode: 'lines+markers', hoverinfo: 'skip', error_y: bars(rows, name, colour),
    line: { color: colour, width: 2 }, marker: { color: colour, size: 8, symbol: seriesSymbols[number % seriesSymbols.length] } };
}

/** The layer whose mean slope is greatest. */
function strongest(result) {
  const rows = records(result.layers).filter((row) => row.slope !== null);
  return rows.length ? rows.reduce((a, b) => (b.slope > a.slope ? b : a)) : null;
}

function describeDose(result, row) {
  const doses = records(result.doses).filter((dose) => dose.layer === row.layer);
  const [first, last] = [doses[0], doses[doses.length - 1]];
  return `Layer ${row.layer}, where the vector does most: the margin of the matching answer goes from ${withInterval(first.margin, first.margin_low, first.margin_high)} nats at scale ${first.scale} `
    + `to ${withInterval(last.margin, last.margin_low, last.margin_high)} at ${last.scale}; the share of items that give it from ${fixed(first.follows, 2)} to ${fixed(last.follows, 2)}. The layer was chosen on these items, which flatters it.`;
}

function describeLayers(result, row) {
  return `By layer: the mean slope is ${withInterval(row.slope, row.slope_low, row.slope_high)} nats per unit of scale at layer ${row.layer}; `
    + `there ${withInterval(row.anti_steerable, row.anti_steerable_low, row.anti_steerable_high)} of the items move the other way, and the rate of the behaviour changes by ${withInterval(row.gain, row.gain_low, row.gain_high)} at scale ${row.scale}.`;
}

function steeringPanels(result) {
  const row = strongest(result);
  if (!row) return [element('p', {}, 'No slope is defined.')];
  const name = `${result.vector}-${result.target}`;
  const doses = records(result.doses).filter((dose) => dose.layer === row.layer);
  const layers = records(result.layers);
  const dose = figure(describeDose(result, row), 'plot', dataBlock('margin by layer and scale', `doses-${name}`, () => result.doses));
  drawWhenSeen(dose.place, () => plot(dose.place, [lineTrace(doses, 'scale', 'margin', 0)], { xaxis: axis('scale'), yaxis: axis('margin (nats)') }));
  const slopes = figure(describeLayers(result, row), 'plot', dataBlock('slope, items that move the other way, gain', `steerability-${name}`, () => result.layers));
  drawWhenSeen(slopes.place, () => plot(slopes.place, [lineTrace(layers, 'layer', 'slope', 0), lineTrace(layers, 'layer', 'anti_steerable', 1), lineTrace(layers, 'layer', 'gain', 2)],
    { xaxis: axis('layer', { dtick: layers.length > 16 ? 4 : 1 }), yaxis: axis('slope (nats); shares') }));
  const legend = element('ul', { class: 'legend', 'aria-label': 'Legend' }, legendEntry('slope', themeColour('first'), 'circle'),
    legendEntry('share that moves the other way (side effect)', themeColour('second'), 'diamond'), legendEntry('gain in the rate of the behaviour', themeColour('third'), 'line'));
  slopes.whole.prepend(legend);
  return [dose.whole, slopes.whole];
}

function steeringSection(selection) {
  const place = element('div');
  const show = () => {
    forgetDrawings(place);
    const own = data.steering.filter((result) => result.model === selection.model && result.vector === selection.vector);
    place.replaceChildren(...own.flatMap((result) => [element('h3', { class: 'hostile' }, `${result.vector} on ${result.target}`), element('div', { class: 'panels' }, ...steeringPanels(result))]));
    if (own.length === 0) place.replaceChildren(element('p', {}, 'The run did not steer with this vector.'));
  };
  selection.onChange(['model', 'vector', 'theme'], show);
  show();
  return [place, element('p', { class: 'quiet' }, 'Perplexity and capability under steering are measured by telltale evaluate, outside of a run.')];
}
