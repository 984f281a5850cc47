// Scores by token: a text at one vector and layer, every token coloured by its score.
(function () {
'use strict';
const { score: first, traces } = JSON.parse(document.getElementById('data').textContent);
const byId = (id) => document.getElementById(id);
const form = byId('choices');
/** Blue to orange, from the lowest to the highest score (Okabe and Ito's colours, lightened). */
const colours = ['#56a5d6', '#86c0e4', '#b5d9ee', '#dcebf3', '#f6ead7', '#f5d2a0', '#eeb366', '#e2903a'];

const number = (value) => (value === null || value === undefined ? 'undefined' : Number(value).toPrecision(3));

function fill(select, values) {
  const before = select.value;
  select.replaceChildren(...values.map(([value, text]) => new Option(text, value)));
  if (values.some(([value]) => String(value) === before)) select.value = before;
}

/** The 5 % lowest and highest tokens do not set the scale. */
function range(values) {
  const sorted = values.filter((value) => value !== null).sort((a, b) => a - b);
  const cut = Math.floor(sorted.length / 20);
  return sorted.length ? [sorted[cut], sorted[sorted.length - 1 - cut]] : [0, 0];
}

function level(value, [low, high]) {
  if (value === null || !(high > low)) return 0;
  return Math.min(colours.length - 1, Math.max(0, Math.floor((value - low) / (high - low) * colours.length)));
}

function element(name, className, text) {
  const made = document.createElement(name);
  if (className) made.className = className;
  if (text !== undefined) made.textContent = text;
  return made;
}

/** Consecutive tokens of the same message, or of none. */
function blocks(tokens) {
  const found = [];
  tokens.forEach((token, index) => {
    const turn = token.turn ?? null;
    const last = found[found.length - 1];
    if (last && last.turn === turn) last.tokens.push(index); else found.push({ turn, tokens: [index] });
  });
  return found;
}

function tokenElement(token, index, value, scale) {
  const made = element('span', token.is_content ? 'token' : 'token added', token.text);
  made.tabIndex = token.is_content ? 0 : -1;
  made.style.background = colours[level(value, scale)];
  const says = `token ${index} ${JSON.stringify(token.text)} (id ${token.id}): ${number(value)}`;
  made.title = says;
  for (const event of ['mouseenter', 'focus']) made.addEventListener(event, () => { byId('pointed').textContent = says; });
  return made;
}

function draw() {
  const trace = traces[Number(byId('text').value)];
  const series = trace.series.find((own) => own.vector === byId('vector').value && own.layer === Number(byId('layer').value));
  const scores = series[byId('score').value];
  const scale = range(scores.tokens.filter((_, index) => index > 0 && trace.tokens[index].is_content));
  byId('tokens').replaceChildren(...blocks(trace.tokens).map(({ turn, tokens }) => {
    const block = element('div', turn === null && trace.turns.length ? 'between' : 'turn');
    if (turn !== null) block.append(element('h3', '', `${turn + 1}. ${trace.turns[turn].role}`));
    const text = element('p');
    text.append(...tokens.map((index) => tokenElement(trace.tokens[index], index, scores.tokens[index], scale)));
    block.append(text);
    return block;
  }));
  drawLegend(scale);
  drawTurns(trace, scores);
}

function drawLegend([low, high]) {
  const swatches = colours.map((colour) => {
    const swatch = element('span', 'swatch');
    swatch.style.background = colour;
    return swatch;
  });
  byId('legend').replaceChildren(`${number(low)} `, ...swatches, ` ${number(high)}: from the lowest to the highest twentieth of the tokens`);
}

function drawTurns(trace, scores) {
  const rows = trace.turns.map(({ role }, turn) => [`${turn + 1}. ${role}`, scores.turns[turn]]);
  rows.push(['whole text', scores.whole]);
  byId('turns').replaceChildren(...rows.map(([name, own]) => {
    const row = element('tr');
    row.append(element('td', '', name));
    for (const cell of own ? [own.tokens, number(own.mean), number(own.max), number(own.last)] : ['0', '', '', '']) {
      row.append(element('td', 'number', String(cell)));
    }
    return row;
  }));
  byId('drift').textContent = scores.drift.map((own) =>
    `Drift of ${own.role}: ${number(own.change)} from the first to the last of ${own.turns} messages, ${number(own.slope)} a message.`).join(' ');
}

function fillLayers() {
  const layers = traces[0].series.filter((own) => own.vector === byId('vector').value).map((own) => own.layer);
  fill(byId('layer'), layers.map((layer) => [layer, String(layer)]));
}

fill(byId('text'), traces.map((_, index) => [index, String(index + 1)]));
fill(byId('vector'), [...new Set(traces[0].series.map((own) => own.vector))].map((name) => [name, name]));
byId('score').value = first;
fillLayers();
form.addEventListener('change', (event) => { if (event.target.id === 'vector') fillLayers(); draw(); });
form.addEventListener('submit', (event) => event.preventDefault());
draw();
})();
