import Experiments
import Foundations

/// The verdicts of a run at a glance, for pages other than the report: a table of vectors and targets for each model.
package struct RunVerdicts: Sendable {
  package struct Cell: Sendable {
    /// `supported`, `explained`, `absent`, `cannot tell`.
    package var word: String
    /// A shape, so that colour is not all that tells it.
    package var symbol: String
    /// The class of the style sheet.
    package var style: String
    /// Where it was read, which way it predicts and whether it is this vector that does.
    package var details: String
    /// What decided.
    package var sentence: String
  }

  package struct Line: Sendable {
    package var vector: String
    /// By target; nil where the vector is not asked to predict it.
    package var cells: [Cell?]
  }

  package struct Model: Sendable {
    package var name: String
    package var targets: [String]
    package var lines: [Line]
  }

  package let headline: String?
  package let models: [Model]

  /// - Throws: `TelltaleError` where a table of the run is damaged.
  package init(_ run: StoredRun) throws {
    let answer = try AnswerSection(RunContents(run))
    headline = answer.headline
    models = answer.overviews.map { overview in
      Model(
        name: overview.model, targets: overview.targets,
        lines: overview.lines.map { Line(vector: $0.vector, cells: $0.cells.map(Cell.init)) })
    }
  }
}

extension RunVerdicts.Cell {
  fileprivate init?(_ cell: AnswerSection.Overview.Cell) {
    guard let verdict = cell.verdict else { return nil }
    (word, symbol, style, sentence) = (verdict.word, verdict.symbol, verdict.style, verdict.sentence)
    details = cell.details ?? ""
  }
}
