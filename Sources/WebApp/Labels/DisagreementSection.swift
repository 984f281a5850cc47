import Experiments

/// Answers on which raters differ, to be settled by a label of the rater `adjudicated`.
struct DisagreementSection {
  private static let most = 100
  let path: String
  let agreement: LabelAgreement
  let unblind: Bool

  private var open: [LabelAgreement.Disagreement] { agreement.disagreements.filter(\.needsAdjudication) }

  var html: HTML {
    guard agreement.sources.count > 1 else { return "" }
    let open = open
    guard !open.isEmpty else {
      return "<h2 id=\"disagreements\">Disagreements</h2><p>Raters do not differ on any answer that is not settled.</p>"
    }
    return """
      <h2 id="disagreements">Disagreements</h2>
      <p class="lead">Raters differ on \(open.count) answers that nobody has settled. A label given here counts instead of \
      theirs, which are kept.\(open.count > Self.most ? more : "")</p>
      <div id="cases" data-path="\(path)/adjudications">
      \(open.prefix(Self.most).map(box))
      </div>
      """
  }

  private let more: HTML = " The first \(most) are shown; the others come as these are settled."

  private func box(_ found: LabelAgreement.Disagreement) -> HTML {
    """
    <article class="case" data-answer="\(found.answer.answer)">
    <h3>Sent to the model</h3><div class="text clipped" tabindex="0" role="region" aria-label="Sent to the model">\
    \(found.answer.prompt)</div>
    <h3>The model's answer</h3><div class="text answer clipped" tabindex="0" role="region" aria-label="The model's answer">\
    \(found.answer.continuation)</div>
    <dl class="facts">\(found.verdicts.filter { unblind || $0.source != .recorded }.map(Self.verdict))</dl>
    <div class="inline" role="group" aria-label="Settle it"><button data-label="1">1 Behaviour</button>\
    <button data-label="0">0 Not</button><button data-label="">? Cannot tell</button>\
    <span class="status" role="status" aria-live="polite"></span></div>
    </article>

    """
  }

  private static func verdict(_ source: LabelChoice, _ label: Int?) -> HTML {
    "<dt>\(source.description)</dt><dd>\(label.map { "\($0)" } ?? "cannot tell")</dd>"
  }
}
