// ROC and calibration of the selected scores at the judged layer.

/** At most so many points of a curve; the first and last always. */
function thinned(values, most = 400) {
  if (values.length <= most) return values;
  const step = (values.length - 1) / (most - 1);
  return Array.from({ length: most }, (_, i) => values[Math.round(i * step)]);
}

function drawROC(place, curve) {
  const line = { x: [0, 1], y: [0, 1], mode: 'lines', line: { color: themeColour('quiet'), dash: 'dash', width: 1.2 }, hoverinfo: 'skip' };
  const own = { x: thinned(curve.falsePositiveRates), y: thinned(curve.truePositiveRates), mode: 'lines', line: { color: themeColour('first'), width: 2.4 }, hoverinfo: 'skip' };
  const square = { range: [-0.02, 1.02], dtick: 0.25 };
  plot(place, [line, own], { xaxis: axis('false positive rate', square), yaxis: axis('true positive rate', square) });
}

function drawCalibration(place, table) {
  const rows = records(table);
  const own = {
    x: rows.map((row) => row.mean_probability), y: rows.map((row) => row.share), mode: 'lines+markers', hoverinfo: 'skip',
    line: { color: themeColour('first'), width: 2 },
    marker: { color: themeColour('first'), size: rows.map((row) => 6 + 1.6 * Math.log2(1 + row.rows)), symbol: 'circle', opacity: 0.85 },
    error_y: { type: 'data', symmetric: false, color: themeColour('first'), thickness: 1.3, width: 3,
      array: rows.map((row) => row.share_high - row.share), arrayminus: rows.map((row) => row.share - row.share_low) },
  };
  const line = { x: [0, 1], y: [0, 1], mode: 'lines', line: { color: themeColour('quiet'), dash: 'dash', width: 1.2 }, hoverinfo: 'skip' };
  const range = { range: [-0.03, 1.03], dtick: 0.25 };
  plot(place, [line, own], { xaxis: axis('predicted probability', range), yaxis: axis('share with the behaviour', range) });
}

function percent(share) { return `${(100 * share).toFixed(0)} %`; }

function describeROC(curve) {
  const at = curve.falsePositiveRates.findLastIndex((rate) => rate <= 0.1);
  return `ROC at layer ${curve.layer}: AUROC ${withInterval(curve.auroc, curve.low, curve.high)}. `
    + `A threshold that flags ${percent(curve.falsePositiveRates[at])} of the answers without the behaviour flags ${percent(curve.truePositiveRates[at])} of those with it.`;
}

function describeCalibration(curve) {
  if (!curve.calibration) return 'Probabilities could not be fitted: a fold of questions has one label only.';
  const bins = records(curve.calibration);
  return `Calibration at layer ${curve.layer}: probabilities of a logistic fit on other questions (five folds), in ${bins.length} bins. `
    + `Brier score ${fixed(curve.brier)} (always guessing the base rate gives ${fixed(curve.baseRate * (1 - curve.baseRate))}), expected calibration error ${fixed(curve.calibrationError)}. `
    + 'Larger points hold more answers; bars are 95 % intervals of the share as if answers were independent.';
}

function rocSection(selection) {
  const panels = element('div', { class: 'panels' });
  const show = () => {
    forgetDrawings(panels);
    const series = selectedScores(selection);
    const curve = series?.curve;
    if (!curve) {
      panels.replaceChildren(element('p', {}, 'No curve can be drawn here: single scores are not in this page, or all labels are equal.'));
      return;
    }
    const name = `${series.name.vector}-${series.name.target}-${series.name.position}`;
    const points = () => ({ columns: ['false_positive_rate', 'true_positive_rate'], rows: curve.falsePositiveRates.map((rate, i) => [rate, curve.truePositiveRates[i]]) });
    const roc = figure(describeROC(curve), 'plot', dataBlock('points of the ROC', `roc-${name}`, points));
    drawWhenSeen(roc.place, () => drawROC(roc.place, curve));
    const made = [roc.whole];
    if (curve.calibration) {
      const calibration = figure(describeCalibration(curve), 'plot', dataBlock('bins of the calibration', `calibration-${name}`, () => curve.calibration));
      drawWhenSeen(calibration.place, () => drawCalibration(calibration.place, curve.calibration));
      made.push(calibration.whole);
    } else made.push(element('p', {}, describeCalibration(curve)));
    panels.replaceChildren(...made);
  };
  selection.onChange(['model', 'vector', 'target', 'position', 'theme'], show);
  show();
  return [panels];
}
