import Experiments
import Foundations
import Statistics

/// How far raters, judges and the recorded labels agree.
struct AgreementSection {
  let agreement: LabelAgreement
  /// What replacing people's labels by judges' does to each AUROC.
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
    .table(caption, LabelAgreement.Pair.table.without(["groups", "first_positives", "second_positives"]), pairs)
  }

  private var alpha: HTML {
    guard let alpha = agreement.alpha else { return "" }
    return """
      <p>Krippendorff's alpha of all people on \(alpha.items) answers: \
      \(ShownNumber.text(alpha.alpha, alpha.interval?.low, alpha.interval?.high))</p>

      """
  }

  private var judges: HTML {
    agreement.judges.isEmpty
      ? ""
      : .table(
        "Judges against the hand labels, which are taken for the truth", LabelAgreement.JudgeAccuracy.table,
        agreement.judges)
  }

  private var changes: HTML {
    replacement.isEmpty
      ? ""
      : LabelChange.html("AUROC by a judge's labels instead of people's, on answers that have both", replacement)
  }
}

extension LabelChange {
  /// What other labels do to AUROCs.
  static func html(_ caption: String, _ changes: [LabelChange]) -> HTML {
    .table(caption, table.without(["reference", "score", "p_difference"]), changes)
  }
}
