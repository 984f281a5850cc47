import Experiments
import Foundations
import Statistics

/// The answer first: for every model and target a verdict in one sentence, then what the audit says of each vector.
struct AnswerSection {
  /// A model and a target with the verdict on the first vector of the experiment, and all others below.
  struct Card {
    var model: String
    var target: String
    var verdict: VerdictView
    /// "vector spontaneous at the prompt, layer 2".
    var subject: String
    var rows: [Row]
  }

  /// The verdict on one vector, position and choice of layers.
  struct Row {
    var vector: String
    var position: String
    var layers: String
    var distribution: String
    var verdict: VerdictView
    var findings: [FindingView]
  }

  /// A verdict as a word and a shape, so that colour is not all that tells it.
  struct VerdictView {
    var word: String
    var symbol: String
    var style: String
    var sentence: String

    init(_ verdict: String, sentence: String) {
      word = verdict
      self.sentence = SafeText.visible(sentence, limit: SafeText.longest)
      switch Verdict(rawValue: verdict) {
      case .supported: (symbol, style) = ("✓", "supported")
      case .explained: (symbol, style) = ("↷", "explained")
      case .absent: (symbol, style) = ("✕", "absent")
      case .cannotTell, nil: (symbol, style) = ("?", "cannot-tell")
      }
    }
  }

  struct FindingView {
    var severity: String
    var style: String
    var name: String
    var sentence: String
  }

  let cards: [Card]
  /// Why there are no verdicts; nil where there are.
  let note: String?

  init(_ contents: RunContents) throws {
    let rows = Self.rows(contents)
    var order: [[String]] = []
    for row in contents.audit.rows where !order.contains(Self.target(row)) { order.append(Self.target(row)) }
    cards = order.compactMap { target in
      let own = rows.filter { $0.target == target }
      guard let first = Self.headline(own.map(\.row)), let source = own.first?.source else { return nil }
      let at = first.layers == "all" ? "all layers" : "layer \(first.layers)"
      return Card(
        model: source["model"], target: source["target"], verdict: first.verdict,
        subject: "vector \(first.vector), read at the \(first.position), \(at)"
          + (first.distribution.isEmpty ? "" : ", \(first.distribution)"), rows: own.map(\.row))
    }
    note =
      cards.isEmpty
      ? "This run holds no verdicts: its analysis has not been done, or no answer could be given a label. "
        + "telltale run --resume finishes a run; telltale predict computes its tables." : nil
  }

  /// The first vector of the file at its first position, at the one layer that was chosen beforehand where there is one.
  private static func headline(_ rows: [Row]) -> Row? {
    guard let first = rows.first else { return nil }
    let own = rows.filter { $0.vector == first.vector && $0.position == first.position }
    return own.first { $0.layers != "all" } ?? first
  }

  private static func target(_ row: StoredTable.Row) -> [String] { [row["model"], row["target"]] }

  private static func rows(_ contents: RunContents) -> [(target: [String], source: StoredTable.Row, row: Row)] {
    var groups: [(key: [String], rows: [StoredTable.Row])] = []
    for row in contents.audit.rows {
      let key = target(row) + [row["vector"], row["position"], row["layers"]]
      if groups.last?.key != key { groups.append((key, [])) }
      groups[groups.count - 1].rows.append(row)
    }
    return groups.compactMap { _, findings in
      guard let first = findings.first else { return nil }
      let name = SeriesName(first)
      return (target(first), first, row(contents, name, findings))
    }
  }

  private static func row(_ contents: RunContents, _ name: SeriesName, _ findings: [StoredTable.Row]) -> Row {
    let layers = findings[0]["layers"]
    return Row(
      vector: SafeText.visible(name.vector, limit: SafeText.longest), position: name.position,
      layers: layers == AuditResult.chosenLayer ? layer(contents, name) : layers,
      distribution: contents.distribution(name.vector, name.target),
      verdict: VerdictView(findings[0]["verdict"], sentence: reason(findings, contents, name)),
      findings: findings.map(finding))
  }

  private static func layer(_ contents: RunContents, _ name: SeriesName) -> String {
    contents.study.rows.first { $0["model"] == name.model && $0["vector"] == name.vector }?["layer"]
      ?? AuditResult.chosenLayer
  }

  /// The sentence that decided: the gravest finding; where no finding is against the result, that.
  private static func reason(_ findings: [StoredTable.Row], _ contents: RunContents, _ name: SeriesName) -> String {
    let grave = [Finding.Severity.blocking, .against].map(\.rawValue)
    if let decided = findings.first(where: { grave.contains($0["severity"]) }) { return decided["sentence"] }
    let rows = contents.cosines(name)
    let chosen =
      findings[0]["layers"] == "all" ? rows : rows.filter { $0["layer"] == layerText(findings, contents, name) }
    guard let best = chosen.max(by: { ($0.number("auroc") ?? -1) < ($1.number("auroc") ?? -1) }),
      let auroc = best.number("auroc")
    else { return "No check found another explanation." }
    return "Layer \(best["layer"]) predicts the label with an AUROC of \(ShownNumber.text(auroc)), and no check speaks "
      + "against it."
  }

  private static func layerText(_ findings: [StoredTable.Row], _ contents: RunContents, _ name: SeriesName) -> String {
    findings[0]["layers"] == AuditResult.chosenLayer ? layer(contents, name) : findings[0]["layers"]
  }

  private static func finding(_ row: StoredTable.Row) -> FindingView {
    let severity = Finding.Severity(rawValue: row["severity"])
    return FindingView(
      severity: severity == .inFavour ? "in favour" : row["severity"],
      style: severity.map { "\($0)" } ?? "note", name: SafeText.visible(row["finding"], limit: SafeText.longest),
      sentence: SafeText.visible(row["sentence"], limit: SafeText.longest))
  }
}
