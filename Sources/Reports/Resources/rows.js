// The highest, lowest and most surprising answers of the selection in full text.

function rowCard(series, layer, row) {
  const table = data.answers[series.answers];
  const label = { 1: 'label 1: shows the behaviour', 0: 'label 0: does not', '-1': 'could not be read' }[table.label[row]];
  const prompt = table.prompts[String(row)];
  return element('div', { class: 'row-card' },
    element('p', {}, element('b', {}, `cosine ${fixed(scoresAt(series, layer)[row], 4)}`), `, ${label}`, element('br'),
      element('span', { class: 'quiet hostile' }, `${table.item[row]}, ${table.groups[table.group[row]]}`)),
    element('h4', {}, prompt === undefined ? 'Question' : 'Prompt'),
    element('pre', { class: 'hostile', dir: 'auto', tabindex: '0' }, prompt ?? table.questions[table.question[row]] ?? ''),
    element('h4', {}, 'Answer'), element('pre', { class: 'hostile', dir: 'auto', tabindex: '0' }, table.text[row]));
}

function rowsSection(selection) {
  const place = element('div');
  const show = () => {
    const series = selectedScores(selection);
    const found = series?.extremes;
    if (!found) {
      place.replaceChildren(element('p', {}, 'No answers can be ranked here.'));
      return;
    }
    const layer = series.curve.layer;
    const group = (title, rows) => element('div', {}, element('h3', {}, title), ...rows.map((row) => rowCard(series, layer, row)));
    place.replaceChildren(element('div', { class: 'panels' },
      group('Most surprising: the label was least expected', found.surprising), group('Highest cosines', found.highest), group('Lowest cosines', found.lowest)));
  };
  selection.onChange(['model', 'vector', 'target', 'position'], show);
  show();
  return [place];
}
