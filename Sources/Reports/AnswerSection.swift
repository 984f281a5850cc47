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
    /// What a glance at a supported verdict would miss; nil without.
    var note: String?
    /// Which way the score predicts, and whether it is this vector that does; nil where nothing is predicted.
    var nature: String?
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

  /// The verdicts of a model at a glance: a line for every vector, a column for every target.
  struct Overview {
    struct Line {
      var vector: String
      /// By target; without a verdict where the vector is not asked to predict it.
      var cells: [Cell]
    }
    struct Cell {
      var verdict: VerdictView?
      var note: String?
      /// Where it was read, which way it predicts and whether it is this vector that does.
      var details: String?
    }

    var model: String
    var targets: [String]
    var lines: [Line]
  }

  let cards: [Card]
  /// One of each model.
  let overviews: [Overview]
  /// What the run found, in one sentence; nil where it found nothing yet.
  let headline: String?
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
    overviews = Self.overviews(rows.map { (model: $0.source["model"], target: $0.source["target"], row: $0.row) })
    headline = Self.headline(overviews)
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

  private static func overviews(_ all: [(model: String, target: String, row: Row)]) -> [Overview] {
    func distinct(_ names: [String]) -> [String] {
      names.reduce(into: []) { seen, name in if !seen.contains(name) { seen.append(name) } }
    }
    return distinct(all.map(\.model)).map { model in
      let own = all.filter { $0.model == model }
      let (targets, vectors) = (distinct(own.map(\.target)), distinct(own.map(\.row.vector)))
      let lines = vectors.map { vector in
        let cells = targets.map { target in
          let row = headline(own.filter { $0.target == target && $0.row.vector == vector }.map(\.row))
          return Overview.Cell(verdict: row?.verdict, note: row?.note, details: row.map(details))
        }
        return Overview.Line(vector: vector, cells: cells)
      }
      return Overview(model: model, targets: targets, lines: lines)
    }
  }

  private static func details(_ row: Row) -> String {
    let layers = row.layers == "all" ? "best of all layers" : "layer \(row.layers)"
    return ["\(layers), \(row.position)", row.nature].compactMap { $0 }.joined(separator: "; ")
  }

  /// How many of the table's verdicts are supported, and which.
  private static func headline(_ overviews: [Overview]) -> String? {
    let cells = overviews.flatMap { overview in
      overview.lines.flatMap { line in
        zip(overview.targets, line.cells).compactMap { target, cell in
          cell.verdict.map { (name: "“\(line.vector)” predicts “\(target)”", word: $0.word, note: cell.note) }
        }
      }
    }
    guard !cells.isEmpty else { return nil }
    let supported = cells.filter { $0.word == Verdict.supported.rawValue }
    let all = cells.count == 1 ? "the one combination" : "\(cells.count) combinations"
    guard !supported.isEmpty else {
      let others = Verdict.allCases.compactMap { verdict -> String? in
        let count = cells.count { $0.word == verdict.rawValue }
        return count > 0 ? "\(count) \(verdict.rawValue)" : nil
      }
      return
        "No vector is shown to predict what the model does: of \(all) of vector and target, \(others.joined(separator: ", "))."
    }
    let named = supported.prefix(3).map { $0.name + ($0.note.map { " (\($0))" } ?? "") }
    let rest = supported.count > 3 ? ", and \(supported.count - 3) more" : ""
    return "\(supported.count) of \(all) of vector and target \(supported.count == 1 ? "is" : "are") supported: "
      + "\(named.joined(separator: ", "))\(rest)."
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
      verdict: VerdictView(findings[0]["verdict"], sentence: reason(findings)), note: note(findings),
      nature: nature(findings), findings: findings.map(finding))
  }

  private static func layer(_ contents: RunContents, _ name: SeriesName) -> String {
    contents.study.rows.first { $0["model"] == name.model && $0["vector"] == name.vector }?["layer"]
      ?? AuditResult.chosenLayer
  }

  /// The sentence that decided: the gravest finding; where no finding is against the result, the claim that predicts, and
  /// whether other directions do as well.
  private static func reason(_ findings: [StoredTable.Row]) -> String {
    func first(_ severity: Finding.Severity, _ isMeant: (String) -> Bool) -> String? {
      findings.first { $0["severity"] == severity.rawValue && isMeant($0["finding"]) }?["sentence"]
    }
    if let decided = first(.blocking, { _ in true }) ?? first(.against, { _ in true }) { return decided }
    let claim = first(.inFavour) { claimNames.contains($0) }
    let unspecific = first(.warning) { $0.hasPrefix(nullPrefix) }
    let sentences = [claim, unspecific].compactMap { $0 }
    return sentences.isEmpty ? "No check found another explanation." : sentences.joined(separator: " ")
  }

  /// For a supported verdict: "inverted" if higher scores go with the absence of the behaviour, "not specific" if random
  /// directions predict equally well; nil for neither.
  private static func note(_ findings: [StoredTable.Row]) -> String? {
    guard findings[0]["verdict"] == Verdict.supported.rawValue else { return nil }
    let claims = findings.filter {
      $0["severity"] == Finding.Severity.inFavour.rawValue && claimNames.contains($0["finding"])
    }
    let isInverted = claims.contains { ($0.number("number") ?? 1) < 0.5 }
    let isUnspecific = findings.contains {
      $0["severity"] == Finding.Severity.warning.rawValue && $0["finding"].hasPrefix(nullPrefix)
    }
    let notes = [isInverted ? "inverted" : nil, isUnspecific ? "not specific" : nil].compactMap { $0 }
    return notes.isEmpty ? nil : notes.joined(separator: ", ")
  }

  /// Direction and specificity of a verdict that says that something predicts.
  private static func nature(_ findings: [StoredTable.Row]) -> String? {
    let verdict = Verdict(rawValue: findings[0]["verdict"])
    guard verdict == .supported || verdict == .explained else { return nil }
    let claim = findings.first {
      claimNames.contains($0["finding"]) && $0["severity"] == Finding.Severity.inFavour.rawValue
    }
    let direction = claim.map { ($0.number("number") ?? 1) < 0.5 ? "inverted" : "higher scores, more of the behaviour" }
    let nulls = findings.filter { $0["finding"].hasPrefix(nullPrefix) }
    let isUnspecific = nulls.contains { $0["severity"] == Finding.Severity.warning.rawValue }
    let specificity =
      nulls.isEmpty ? "specificity not tested" : isUnspecific ? "not specific" : "specific to the vector"
    return [direction, specificity].compactMap { $0 }.joined(separator: "; ")
  }

  private static let claimNames = ["within questions", "across questions"]
  private static let nullPrefix = "null: "

  private static func finding(_ row: StoredTable.Row) -> FindingView {
    let severity = Finding.Severity(rawValue: row["severity"])
    return FindingView(
      severity: severity == .inFavour ? "in favour" : row["severity"],
      style: severity.map { "\($0)" } ?? "note", name: SafeText.visible(row["finding"], limit: SafeText.longest),
      sentence: SafeText.visible(row["sentence"], limit: SafeText.longest))
  }
}
