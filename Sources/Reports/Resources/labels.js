// What the labels of people and judges say where they stand in the place of the run's own.

function coverageSentence(table) {
  return records(table).map((row) => {
    const labelled = row.positives + row.negatives;
    const rest = [row.cannot_tell ? `${row.cannot_tell} cannot be told` : '', row.unlabelled ? `${row.unlabelled} not labelled` : ''].filter((text) => text);
    return `${row.model}/${row.target}: ${labelled} labelled, ${row.positives} of them 1${rest.length ? ` (${rest.join(', ')})` : ''}`;
  }).join('; ');
}

/** What the labels change for the selected series at the layer that is judged. */
function changeSentence(labels, selection) {
  const curve = data.curves.find(({ name }) => ['model', 'vector', 'target', 'position'].every((key) => name[key] === selection[key]));
  const row = curve && records(labels.changes).find((one) => one.layer === curve.judged && one.position === selection.position
    && one.model === selection.model && one.vector === selection.vector && one.target === selection.target);
  if (!row) return 'The selected vector was not judged by these labels at this position.';
  const head = `${selection.vector} on ${selection.target}, ${selection.position}, layer ${row.layer}: `;
  if (row.auroc === null) return `${head}by these labels no area is defined (${row.n} answers have both).`;
  const doubt = row.p_difference === null ? '' : `, p ${row.p_difference < 0.001 ? '< 0.001' : `= ${fixed(row.p_difference)}`}`;
  return `${head}AUROC ${fixed(row.auroc)} by ${labels.source}, ${fixed(row.auroc_reference)} by the ${labels.reference} labels on the same ${row.n} answers, of which ${row.changed} are labelled otherwise. `
    + `Difference ${withInterval(row.difference, row.difference_low, row.difference_high)}${doubt}.`;
}

/** Which verdicts are others than by the run's own labels. */
function verdictSentences(labels) {
  const rows = records(labels.verdicts);
  const differ = rows.filter((row) => row.verdict_recorded !== null && row.verdict !== row.verdict_recorded);
  if (rows.length === 0) return ['No verdict was given.'];
  if (differ.length === 0) return [`All ${rows.length} verdicts are those by the recorded labels.`];
  return [`${differ.length} of ${rows.length} verdicts are others than by the recorded labels:`,
    ...differ.slice(0, 12).map((row) => `${row.model}/${row.vector} on ${row.target}, ${row.position}, ${row.layers === 'all' ? 'all layers' : `layer ${row.layers}`}: ${row.verdict} instead of ${row.verdict_recorded}`),
    ...(differ.length > 12 ? ['and others, in the table of verdicts'] : [])];
}

function labelsOf(labels, selection) {
  const file = labels.source.replace(/[^A-Za-z0-9-]+/g, '-');
  const change = element('p', { class: 'hostile', 'aria-live': 'polite' });
  const show = () => { change.textContent = changeSentence(labels, selection); };
  selection.onChange(['model', 'vector', 'target', 'position'], show);
  show();
  const [first, ...rest] = verdictSentences(labels);
  return element('figure', {}, element('h3', { class: 'hostile' }, `By ${labels.source}`), change,
    element('p', { class: 'hostile' }, first), ...(rest.length ? [element('ul', {}, ...rest.map((text) => element('li', { class: 'hostile' }, text)))] : []),
    element('figcaption', { class: 'hostile' }, `${coverageSentence(labels.coverage)}.`),
    dataBlock('AUROC by both labels', `labels-${file}`, () => labels.changes),
    dataBlock('verdicts by both labels', `verdicts-${file}`, () => labels.verdicts));
}

function otherLabelsSection(selection) {
  return data.otherLabels.map((labels) => labelsOf(labels, selection));
}
