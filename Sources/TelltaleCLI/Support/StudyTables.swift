import CommandSupport
import Experiments
import Foundation
import Foundations
import Statistics
import Steering

/// The tables of a study, for a person at a terminal: a row for every vector, and what its choices do on average.
struct StudyTables {
  let results: ExperimentResults

  func print() {
    Output.line("")
    Output.line(
      "One row a vector: AUROC at the layer chosen on \(study?.chooseLayer ?? "other data"), and steerability:")
    Output.line("the slope of the margin in nats a unit of scale, at the layer chosen on other questions.")
    Output.line(
      "+ supported, e explained by what is known besides, - absent, ? cannot tell: the audit's verdict.")
    Output.line("anti: share of items that move the other way.")
    Output.line("planted: cosine with the direction that was built into the model.")
    for model in results.experiment.modelNames {
      Output.line("")
      Output.line("== \(model)")
      rows(model).print()
      Output.line("")
      Output.line("Means over the vectors that share a choice:")
      choices(model).print()
      Output.line("")
      agreement(model)
      Output.line("Rank correlations over the vectors, which share data: their intervals are too narrow.")
      correlations(model).print()
    }
    Output.line("")
    Output.line("q values in study.csv are corrected for all \(results.comparisons) permutation tests of the run.")
  }

  private var study: Experiment.StudySettings? { results.experiment.study }

  private func rows(_ model: ModelName) -> TableValues {
    Self.rows.values(results.study.filter { $0.model == model })
  }

  private static let rows = Table<StudyRow>(
    "study", "",
    [
      .text("contrast", "", \.vector.contrast.rawValue), .text("estimator", "", \.vector.estimator.rawValue),
      .text("data set", "", \.vector.dataset), .integer("pairs", "", \.pairs),
      .text("read", "", \.vector.read.rawValue),
      .integer("layer", "", \.layer), .text("reliability") { two($0.reliability) },
    ], predicted("in", "", \.inside), predicted("out", " ", \.outside),
    [
      .text("steered at") { $0.steeringInside.map { $0.layers.map(String.init).joined(separator: "/") } },
      .text("slope in") { cell($0.steeringInside?.slope) },
      .text("anti") { two($0.steeringInside?.antiSteerable.value) },
      .text("slope out") { cell($0.steeringOutside?.slope) },
      .text("planted") { two($0.plantedCosine) },
    ])

  /// The AUROC, and the verdict as a mark in a separate column.
  private static func predicted(
    _ name: String, _ mark: String, _ prediction: @escaping @Sendable (StudyRow) -> StudyRow.Prediction?
  ) -> [TableColumn<StudyRow>] {
    [
      .text("AUROC \(name)") { prediction($0).map { cell($0.auroc, $0.low, $0.high) } },
      .text(mark) { prediction($0)?.verdict.map { marks[$0] ?? $0 } },
    ]
  }

  private static let marks = ["supported": "+", "explained": "e", "absent": "-", "cannot tell": "?"]

  private func choices(_ model: ModelName) -> TableValues {
    Self.choices.values(results.choices.filter { $0.model == model })
  }

  private static let choices = Table<StudyChoice>(
    "study-choices", "",
    [.text("choice", "", \.factor), .text("of", "", \.level), .integer("vectors", "", \.vectors)],
    StudyMeasure.allCases.map { measure in .text(measure.rawValue) { two($0.means[measure]) } })

  private static let verdicts: [SimilarityVerdict] = [.agree, .related, .opposed, .apart, .unclear]

  /// Mean cosines, and verdicts counted, between the vectors of every two methods; agreement.csv has every pair.
  private func agreement(_ model: ModelName) {
    let own = results.agreement.filter { $0.model == model }
    guard let layer = own.first?.layer else { return }
    let methods = Dictionary(
      results.experiment.vectors.map { ($0.name.text, $0.contrast.rawValue) }, uniquingKeysWith: { first, _ in first })
    let pairs = Dictionary(grouping: own) { [methods[$0.vectorA] ?? "", methods[$0.vectorB] ?? ""].sorted() }
    let table = Self.agreement.values(pairs.sorted { $0.key.lexicographicallyPrecedes($1.key) }.map { ($0, $1) })
    Output.line("Agreement at layer \(layer), the one chosen most often:")
    table.print()
    Output.line("")
  }

  private static let agreement = Table<(between: [String], pairs: [VectorAgreement])>(
    "agreement", "",
    [
      .text("between", "", \.between[0]), .text("and", "", \.between[1]), .integer("pairs", "", \.pairs.count),
      .text("mean cosine") { two($0.pairs.reduce(0) { $0 + $1.evidence.cosine } / Double($0.pairs.count)) },
    ],
    verdicts.map { verdict in .integer(verdict.rawValue) { $0.pairs.count { $0.evidence.verdict == verdict } } })

  private func correlations(_ model: ModelName) -> TableValues {
    Self.correlations.values(results.correlations.filter { $0.model == model })
  }

  private static let correlations = Table<StudyCorrelation>(
    "study-correlations", "",
    [
      .text("of", "", \.first.rawValue), .text("with", "", \.second.rawValue),
      .integer("vectors", "", \.correlation.count),
      .text("Spearman") {
        cell($0.correlation.coefficient, $0.correlation.interval?.low, $0.correlation.interval?.high)
      }, .number("q", "", \.q),
    ])

  private static func two(_ value: Double?) -> String { ShownNumber.text(value, places: 2, missing: "") }

  private static func cell(_ estimate: Estimate?) -> String { cell(estimate?.value, estimate?.low, estimate?.high) }

  private static func cell(_ value: Double?, _ low: Double?, _ high: Double?) -> String {
    ShownNumber.text(value, low, high, places: 2, missing: "", noInterval: "")
  }
}

extension ExperimentResults {
  /// The study's tables where the experiment is one, else every layer of every vector.
  func print() {
    if study.isEmpty { ResultTables(results: self).print() } else { StudyTables(results: self).print() }
    ComparisonLines(pairs: vectorPairs).print()
  }
}
