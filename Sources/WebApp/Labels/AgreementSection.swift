import Experiments
import Statistics

/// How far raters, judges and the recorded labels agree.
struct AgreementSection {
  let agreement: LabelAgreement
  /// What judges' labels in the place of people's do to each AUROC.
  let replacement: [LabelChange]

  var html: HTML {
    guard agreement.sources.count > 1 else { return "" }
    return """
      <h2>Agreement</h2>
      <p class="lead">On answers that both labelled 1 or 0, of \(agreement.answers) answers in all. Kappa is Cohen's, AC1 is Gwet's, \
      which does not collapse where one label dominates; 95 % intervals are clustered by question.</p>
      \(pairs("Agreement of two sources", agreement.pairs))
      \(agreement.selfAgreement.isEmpty ? "" : pairs("First and second pass of the same rater", agreement.selfAgreement))
      \(alpha)\(judges)\(changes)
      """
  }

  private func pairs(_ caption: String, _ pairs: [LabelAgreement.Pair]) -> HTML {
    """
    <div class="table"><table><caption>\(caption)</caption>
    <thead><tr><th scope="col">First</th><th scope="col">Second</th><th scope="col" class="number">Answers</th>\
    <th scope="col" class="number">Cannot tell</th><th scope="col" class="number">Alike</th>\
    <th scope="col" class="number">Kappa</th><th scope="col" class="number">AC1</th></tr></thead>
    <tbody>
    \(pairs.map(Self.row))
    </tbody></table></div>

    """
  }

  private static func row(_ pair: LabelAgreement.Pair) -> HTML {
    let measures = pair.measures
    return """
      <tr><th scope="row">\(pair.first.description)</th><td>\(pair.second.description)</td>\
      <td class="number">\(measures?.items ?? 0)</td><td class="number">\(pair.cannotTell)</td>\
      \(estimate(measures?.observed, measures?.observedInterval))\(estimate(measures?.kappa, measures?.kappaInterval))\
      \(estimate(measures?.ac1, measures?.ac1Interval))</tr>

      """
  }

  private static func estimate(_ value: Double?, _ interval: Interval?) -> HTML {
    """
    <td class="number">\(Numbers.text(value)) <span class="quiet">\(Numbers.interval(interval?.low, interval?.high))</span></td>
    """
  }

  private var alpha: HTML {
    guard let alpha = agreement.alpha else { return "" }
    return """
      <p>Krippendorff's alpha of all people on \(alpha.items) answers: \(Numbers.text(alpha.alpha)) \
      \(Numbers.interval(alpha.interval?.low, alpha.interval?.high))</p>

      """
  }

  private var judges: HTML {
    guard !agreement.judges.isEmpty else { return "" }
    return """
      <div class="table"><table><caption>Judges against the hand labels, which are taken for the truth</caption>
      <thead><tr><th scope="col">Judge</th><th scope="col" class="number">Hands say 1</th>\
      <th scope="col" class="number">Sensitivity</th><th scope="col" class="number">Hands say 0</th>\
      <th scope="col" class="number">Specificity</th></tr></thead><tbody>
      \(agreement.judges.map(Self.row))
      </tbody></table></div>

      """
  }

  private static func row(_ judge: LabelAgreement.JudgeAccuracy) -> HTML {
    """
    <tr><th scope="row">\(judge.judge.description)</th><td class="number">\(judge.positives)</td>\
    \(estimate(judge.sensitivity?.mean, judge.sensitivity?.interval()))<td class="number">\(judge.negatives)</td>\
    \(estimate(judge.specificity?.mean, judge.specificity?.interval()))</tr>

    """
  }

  private var changes: HTML {
    replacement.isEmpty
      ? ""
      : ChangesTable(
        caption: "AUROC by a judge's labels instead of people's, on answers that have both", changes: replacement
      ).html
  }
}

/// What other labels do to AUROCs.
struct ChangesTable {
  let caption: String
  let changes: [LabelChange]

  var html: HTML {
    """
    <div class="table"><table><caption>\(caption)</caption>
    <thead><tr><th scope="col">Labels</th><th scope="col">Vector</th><th scope="col">Target</th><th scope="col">Position</th>\
    <th scope="col" class="number">Layer</th><th scope="col" class="number">Answers</th>\
    <th scope="col" class="number">Changed</th><th scope="col" class="number">AUROC</th>\
    <th scope="col" class="number">By the other labels</th><th scope="col" class="number">Difference</th></tr></thead><tbody>
    \(changes.map(Self.row))
    </tbody></table></div>

    """
  }

  private static func row(_ change: LabelChange) -> HTML {
    let interval = change.test?.interval()
    return """
      <tr><th scope="row">\(change.labels.description)</th><td>\(change.model.text)/\(change.vector.text)</td><td>\(change.target.text)</td>\
      <td>\(change.position)</td><td class="number">\(change.layer)</td><td class="number">\(change.n)</td>\
      <td class="number">\(change.changed)</td><td class="number">\(Numbers.text(change.auroc))</td>\
      <td class="number">\(Numbers.text(change.aurocReference))</td>\
      <td class="number">\(Numbers.signed(change.test?.difference)) \
      <span class="quiet">\(Numbers.interval(interval?.low, interval?.high))</span></td></tr>

      """
  }
}
