// How figures are drawn: colours of the theme, drawing only what comes into view, and texts that Plotly cannot take for
// markup.

function themeColour(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
}

/** "rgba(...)" of a "#rrggbb" colour. */
function faded(colour, opacity) {
  const [r, g, b] = [1, 3, 5].map((i) => parseInt(colour.slice(i, i + 2), 16));
  return `rgba(${r}, ${g}, ${b}, ${opacity})`;
}

const seriesColours = ['first', 'second', 'third', 'fourth'];
const seriesSymbols = ['circle', 'diamond', 'square', 'triangle-up'];

/** Eight colours of Okabe and Ito that differ for every kind of colour vision; with eight symbols, 64 groups. */
const manyColours = ['#0072b2', '#d55e00', '#009e73', '#cc79a7', '#e69f00', '#56b4e9', '#8a8a8a', '#b59f00'];
const manySymbols = ['circle', 'square', 'diamond', 'cross', 'triangle-up', 'x', 'star', 'pentagon'];

/** Plotly reads a little markup in its texts: taken literally, a name stays a name. */
function literal(text) {
  const short = text.length > 40 ? `${text.slice(0, 39)}…` : text;
  return short.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('$', '&#36;');
}

function axis(title, more = {}) {
  return {
    title: { text: title, standoff: 8 }, gridcolor: themeColour('grid'), zeroline: false, linecolor: themeColour('line'),
    tickfont: { size: 12 }, automargin: true, fixedrange: true, ...more,
  };
}

/** Draws traces into a place, in the colours of the theme. */
function plot(place, traces, layout, isStatic = true) {
  const whole = {
    paper_bgcolor: 'rgba(0,0,0,0)', plot_bgcolor: 'rgba(0,0,0,0)', showlegend: false, hovermode: isStatic ? false : 'closest',
    font: { family: 'system-ui, "Liberation Sans", sans-serif', size: 13, color: themeColour('text') },
    margin: { l: 52, r: 12, t: 8, b: 44 }, dragmode: false, ...layout,
  };
  place.dataset.drawn = 'true';
  return Plotly.react(place, traces, whole, { displayModeBar: false, responsive: true, staticPlot: false, doubleClick: false });
}

const drawings = new Map();
const watcher = new IntersectionObserver((entries) => {
  for (const entry of entries) {
    const drawing = drawings.get(entry.target);
    drawing.isVisible = entry.isIntersecting;
    if (drawing.isVisible) drawIfStale(entry.target);
  }
}, { rootMargin: '250px' });

function drawIfStale(place) {
  const drawing = drawings.get(place);
  if (!drawing.isStale) return;
  drawing.isStale = false;
  drawing.draw();
}

/** Draws `place` with `draw` once it comes into view, and again after `redraw`. */
function drawWhenSeen(place, draw) {
  drawings.set(place, { draw, isStale: true, isVisible: false });
  watcher.observe(place);
}

/** Forgets places that are taken off the page. */
function forgetDrawings(parent) {
  for (const place of [...drawings.keys()].filter((place) => parent.contains(place))) {
    watcher.unobserve(place);
    if (place.dataset.drawn) Plotly.purge(place);
    drawings.delete(place);
  }
}

/** All figures are out of date, or one is: those in view are drawn now, the others when they are seen. */
function redraw(only = null) {
  for (const [place, drawing] of drawings) {
    if (only && place !== only) continue;
    drawing.isStale = true;
    if (drawing.isVisible) drawIfStale(place);
  }
}

/** Everything at once, for paper. */
function drawAll() {
  for (const place of drawings.keys()) drawIfStale(place);
}

/** Buttons that save a figure as it is drawn: SVG for paper, PNG at twice the size for slides. */
function exportButtons(place, description) {
  const save = (format) => {
    if (!place.dataset.drawn) drawIfStale(place);
    const name = description.slice(0, 60).replace(/[^A-Za-z0-9]+/g, '-').replace(/^-|-$/g, '').toLowerCase() || 'figure';
    return Plotly.downloadImage(place, { format, filename: name, width: 900, height: 540, scale: format === 'png' ? 2 : 1 });
  };
  const button = (format) => {
    const made = element('button', { type: 'button', 'aria-label': `Save the figure as ${format.toUpperCase()}` }, format.toUpperCase());
    made.addEventListener('click', () => save(format));
    return made;
  };
  return element('div', { class: 'exports' }, button('svg'), button('png'));
}

/** A figure: the place of the drawing with its description for those who do not see it, the same as caption, the data. */
function figure(description, className = 'plot', block = null) {
  const place = element('div', { class: className, role: 'img', 'aria-label': description });
  const caption = element('figcaption', {}, description);
  const whole = element('figure', {}, place, caption, exportButtons(place, description), ...(block ? [block] : []));
  return { place, whole, describe(text) { caption.textContent = text; place.setAttribute('aria-label', text); } };
}

/** An entry of a legend, drawn as SVG: a line with or without a symbol, or a band. */
function legendEntry(text, colour, kind) {
  const space = 'http://www.w3.org/2000/svg';
  const drawing = document.createElementNS(space, 'svg');
  const add = (tag, attributes) => {
    const part = document.createElementNS(space, tag);
    for (const [name, value] of Object.entries(attributes)) part.setAttribute(name, value);
    drawing.append(part);
  };
  for (const [name, value] of [['width', 30], ['height', 16], ['aria-hidden', 'true']]) drawing.setAttribute(name, value);
  const dashes = { dot: '2 3', dash: '8 4', dashdot: '8 3 2 3' };
  if (kind === 'band') add('rect', { x: 0, y: 2, width: 30, height: 12, fill: colour, 'fill-opacity': 0.3 });
  else add('line', { x1: 0, y1: 8, x2: 30, y2: 8, stroke: colour, 'stroke-width': 2, 'stroke-dasharray': dashes[kind] ?? '' });
  if (kind === 'circle') add('circle', { cx: 15, cy: 8, r: 4.5, fill: colour });
  if (kind === 'diamond') add('path', { d: 'M15 2 L21 8 L15 14 L9 8 Z', fill: colour });
  return element('li', {}, drawing, text);
}
