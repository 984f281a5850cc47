// The data of the page and how it becomes elements, tables and CSV. Text of models and data sets is only ever set as
// text, never as markup.

const data = JSON.parse(document.getElementById('data').textContent);

/** An element with attributes, and with children that are elements or texts. */
function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== null && value !== false) made.setAttribute(name, value === true ? '' : value);
  }
  made.append(...children);
  return made;
}

/** The values of one column. */
function column(table, name) {
  const place = table.columns.indexOf(name);
  return table.rows.map((row) => (place < 0 ? null : row[place] ?? null));
}

/** Rows as objects by the names of columns. */
function records(table) {
  return table.rows.map((row) => Object.fromEntries(table.columns.map((name, i) => [name, row[i] ?? null])));
}

/** Little-endian float32 numbers from base64. */
function floats(base64) {
  const text = atob(base64);
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
  return new Float32Array(bytes.buffer);
}

const decoded = new Map();

/** The scores of a series at one of its layers, one for each row of its table of answers. */
function scoresAt(series, layer) {
  if (!decoded.has(series)) decoded.set(series, floats(series.scores));
  const rows = data.answers[series.answers].label.length;
  const place = series.layers.indexOf(layer);
  return decoded.get(series).subarray(place * rows, (place + 1) * rows);
}

function fixed(number, digits = 3) {
  return typeof number === 'number' && Number.isFinite(number) ? number.toFixed(digits) : 'undefined';
}

/** "0.812 [0.760, 0.853]". */
function withInterval(value, low, high) {
  if (typeof value !== 'number') return 'undefined';
  return fixed(value) + (typeof low === 'number' && typeof high === 'number' ? ` [${fixed(low)}, ${fixed(high)}]` : '');
}

/** Numbers of a table for reading: up to four digits after the point. */
function cellText(value) {
  if (value === null || value === undefined) return '';
  return typeof value === 'number' && !Number.isInteger(value) ? String(Number(value.toPrecision(5))) : String(value);
}

const shownRows = 2000;

/** A table as an element; long ones are cut, as the CSV has all rows. */
function tableView(table, title) {
  const isNumber = table.columns.map((_, i) => table.rows.every((row) => row[i] === null || typeof row[i] === 'number'));
  const head = element('tr', {}, ...table.columns.map((name, i) => element('th', { class: isNumber[i] ? 'number' : null, scope: 'col' }, name)));
  const body = table.rows.slice(0, shownRows).map((row) =>
    element('tr', {}, ...table.columns.map((_, i) => element('td', { class: isNumber[i] ? 'number' : 'text', dir: isNumber[i] ? null : 'auto' }, cellText(row[i])))));
  const view = element('div', { class: 'scroll', tabindex: '0', role: 'region', 'aria-label': title },
    element('table', {}, element('thead', {}, head), element('tbody', {}, ...body)));
  if (table.rows.length <= shownRows) return view;
  return element('div', {}, view, element('p', { class: 'quiet' }, `The first ${shownRows} of ${table.rows.length} rows; the CSV has all.`));
}

/** One field of a CSV; what a spreadsheet would take for a formula is kept as text. */
function csvField(value) {
  if (value === null || value === undefined) return '';
  const text = String(value);
  const safe = typeof value === 'string' && /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\n\r]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

function csvText(table) {
  return [table.columns, ...table.rows].map((row) => row.map(csvField).join(',') + '\n').join('');
}

function download(name, text) {
  const address = URL.createObjectURL(new Blob([text], { type: 'text/csv' }));
  const link = element('a', { href: address, download: name });
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(address), 1000);
}

/** The data of a figure: a table behind a toggle, filled when it is opened, and a CSV. `table` is asked for each time. */
function dataBlock(title, fileName, table, wholeTable = table) {
  const place = element('div');
  const details = element('details', {}, element('summary', {}, `Data: ${title}`), place);
  const fill = () => { if (details.open) place.replaceChildren(button, tableView(table(), title)); };
  const button = element('p', {}, element('button', { type: 'button' }, 'Download CSV'));
  button.firstChild.addEventListener('click', () => download(`${fileName}.csv`, csvText(wholeTable())));
  details.addEventListener('toggle', fill);
  details.refresh = fill;
  return details;
}
