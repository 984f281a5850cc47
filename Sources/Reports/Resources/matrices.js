// Transfer and agreement as tables whose cells are tinted; the number stands in every cell.

/** A tint for a number between `low` and `high`: orange below the middle, blue above, stronger further away. */
function tint(value, low, high) {
  if (typeof value !== 'number') return null;
  const place = Math.max(-1, Math.min(1, (2 * (value - low)) / (high - low) - 1));
  const strength = Math.round(Math.abs(place) * 42);
  return `color-mix(in srgb, var(--${place < 0 ? 'second' : 'first'}) ${strength}%, var(--page))`;
}

/** A table of `rows` x `columns` whose cells are `cell(row, column)`: { value, small, colour } or undefined. */
function matrixView(title, corner, rows, columns, cell) {
  const head = element('tr', {}, element('th', { scope: 'col' }, corner), ...columns.map((name) => element('th', { scope: 'col', class: 'hostile' }, name)));
  const body = rows.map((row) => element('tr', {}, element('th', { scope: 'row', class: 'hostile' }, row), ...columns.map((name) => {
    const found = cell(row, name);
    if (!found) return element('td', { class: 'none' }, '–');
    const made = element('td', {}, found.value, ...(found.small ? [element('small', {}, found.small)] : []));
    if (found.colour) made.style.background = found.colour;
    return made;
  })));
  return element('div', { class: 'scroll', tabindex: '0', role: 'region', 'aria-label': title }, element('table', { class: 'matrix' }, element('thead', {}, head), element('tbody', {}, ...body)));
}

function unique(values) { return [...new Set(values)]; }

function transferSection() {
  const rows = records(data.transfer);
  const vectorOf = (row) => `${row.model}/${row.vector}`;
  const targetOf = (row) => `${row.target_model}/${row.target}`;
  const find = (vector, target) => rows.find((row) => vectorOf(row) === vector && targetOf(row) === target);
  const cell = (vector, target) => {
    const row = find(vector, target);
    if (!row) return undefined;
    const differs = typeof row.p_difference === 'number' && row.p_difference < 0.05 ? ' *' : '';
    const interval = row.auroc_low === null ? '' : `[${fixed(row.auroc_low)}, ${fixed(row.auroc_high)}]`;
    return { value: `${fixed(row.auroc)}${differs}`, small: `${interval} layer ${row.layer}`, colour: tint(row.auroc, 0, 1) };
  };
  const known = rows.filter((row) => row.auroc !== null);
  const best = known.length ? known.reduce((a, b) => (b.auroc > a.auroc ? b : a)) : null;
  const caption = 'AUROC of the cosine of every vector on every target, at one layer that no label of a target chose; * differs from the first vector of the target’s model (p < 0.05). '
    + (best ? `Highest: ${vectorOf(best)} on ${targetOf(best)}, ${withInterval(best.auroc, best.auroc_low, best.auroc_high)}.` : '');
  return [element('figure', {}, matrixView('Transfer matrix', 'vector', unique(rows.map(vectorOf)), unique(rows.map(targetOf)), cell),
    element('figcaption', {}, caption), dataBlock('transfer', 'transfer', () => data.transfer))];
}

function agreementOf(model, rows) {
  const names = unique(rows.flatMap((row) => [row.vector_a, row.vector_b]));
  const find = (a, b) => rows.find((row) => (row.vector_a === a && row.vector_b === b) || (row.vector_a === b && row.vector_b === a));
  const cell = (a, b) => {
    if (a === b) return { value: '1', colour: null };
    const row = find(a, b);
    return row ? { value: fixed(row.cosine), small: row.ceiling === null ? '' : `of ${fixed(row.ceiling)} possible`, colour: tint(row.cosine, -1, 1) } : undefined;
  };
  const ranked = rows.filter((row) => row.cosine !== null).sort((a, b) => b.cosine - a.cosine);
  const pair = (row) => `${row.vector_a} and ${row.vector_b}, ${withInterval(row.cosine, row.cosine_low, row.cosine_high)} (${row.verdict})`;
  const caption = `Cosines of the vectors of ${model} at layer ${rows[0].layer}, under each what noise in their making leaves possible. `
    + (ranked.length ? `Most alike: ${pair(ranked[0])}. Least: ${pair(ranked[ranked.length - 1])}.` : '');
  return element('figure', {}, element('h3', { class: 'hostile' }, model), matrixView(`Agreement of vectors of ${model}`, 'vector', names, names, cell), element('figcaption', {}, caption));
}

/** What the experiment asked to have compared: the verdicts on each pair with their layers, and all in the table. */
function comparisonsFigure() {
  const rows = records(data.comparisons);
  if (rows.length === 0) return [];
  const pairs = unique(rows.map((row) => JSON.stringify([row.model_a, row.vector_a, row.model_b, row.vector_b])));
  const sentence = (pair) => {
    const [modelA, a, modelB, b] = JSON.parse(pair);
    const own = rows.filter((row) => JSON.stringify([row.model_a, row.vector_a, row.model_b, row.vector_b]) === pair);
    const verdicts = unique(own.map((row) => row.verdict)).map((verdict) => {
      const at = own.filter((row) => row.verdict === verdict).map((row) => row.layer);
      const best = own.filter((row) => row.verdict === verdict).reduce((x, y) => (Math.abs(y.cosine) > Math.abs(x.cosine) ? y : x));
      return `${verdict} at layer${at.length > 1 ? 's' : ''} ${at.join(', ')} (at most ${withInterval(best.cosine, best.cosine_low, best.cosine_high)}${best.ceiling === null ? '' : ` of a possible ${fixed(best.ceiling)}`})`;
    });
    return `${modelA}/${a} and ${modelA === modelB ? '' : `${modelB}/`}${b}: ${verdicts.join('; ')}.`;
  };
  return [element('figure', {}, element('h3', {}, 'Comparisons that the experiment asked for'),
    element('figcaption', {}, element('ul', {}, ...pairs.map((pair) => element('li', { class: 'hostile' }, sentence(pair))))),
    dataBlock('comparisons', 'comparisons', () => data.comparisons))];
}

function agreementSection() {
  const rows = records(data.agreement);
  if (rows.length === 0) return comparisonsFigure();
  return [...unique(rows.map((row) => row.model)).map((model) => agreementOf(model, rows.filter((row) => row.model === model))),
    dataBlock('agreement', 'agreement', () => data.agreement), ...comparisonsFigure()];
}
