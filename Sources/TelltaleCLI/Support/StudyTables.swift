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
    var table = TableValues([
      "contrast", "estimator", "data set", "pairs", "read", "layer", "reliability", "AUROC in", "", "AUROC out", " ",
      "steered at", "slope in", "anti", "slope out", "planted",
    ])
    table.rows = results.study.filter { $0.model == model }.map { row in
      let made: [TableValue] = [
        .text(row.vector.contrast.rawValue), .text(row.vector.estimator.rawValue), .text(row.vector.dataset),
        .integer(row.pairs), .text(row.vector.read.rawValue), .integer(row.layer), .text(two(row.reliability)),
      ]
      let layers = row.steeringInside.map { $0.layers.map(String.init).joined(separator: "/") }
      return made + predicted(row.inside) + predicted(row.outside) + [
        .text(layers), .text(cell(row.steeringInside?.slope)), .text(two(row.steeringInside?.antiSteerable.value)),
        .text(cell(row.steeringOutside?.slope)), .text(two(row.plantedCosine)),
      ]
    }
    return table
  }

  private func predicted(_ prediction: StudyRow.Prediction?) -> [TableValue] {
    let marks = ["supported": "+", "explained": "e", "absent": "-", "cannot tell": "?"]
    return [
      .text(cell(prediction?.auroc, prediction?.low, prediction?.high)),
      .text(prediction?.verdict.map { marks[$0] ?? $0 }),
    ]
  }

  private func choices(_ model: ModelName) -> TableValues {
    var table = TableValues(["choice", "of", "vectors"] + StudyMeasure.allCases.map(\.rawValue))
    table.rows = results.choices.filter { $0.model == model }.map { row in
      [.text(row.factor), .text(row.level), .integer(row.vectors)]
        + StudyMeasure.allCases.map { .text(two(row.means[$0])) }
    }
    return table
  }

  private static let verdicts: [SimilarityVerdict] = [.agree, .related, .opposed, .apart, .unclear]

  /// Mean cosines, and verdicts counted, between the vectors of every two methods; agreement.csv has every pair.
  private func agreement(_ model: ModelName) {
    let own = results.agreement.filter { $0.model == model }
    guard let layer = own.first?.layer else { return }
    let methods = Dictionary(
      results.experiment.vectors.map { ($0.name.text, $0.contrast.rawValue) }, uniquingKeysWith: { first, _ in first })
    var table = TableValues(["between", "and", "pairs", "mean cosine"] + Self.verdicts.map(\.rawValue))
    let pairs = Dictionary(grouping: own) { [methods[$0.vectorA] ?? "", methods[$0.vectorB] ?? ""].sorted() }
    table.rows = pairs.sorted { $0.key.lexicographicallyPrecedes($1.key) }.map { key, rows in
      let mean = rows.reduce(0) { $0 + $1.evidence.cosine } / Double(rows.count)
      let counts = Self.verdicts.map { verdict in rows.count { $0.evidence.verdict == verdict } }
      return [.text(key[0]), .text(key[1]), .integer(rows.count), .text(two(mean))]
        + counts.map { .integer($0) }
    }
    Output.line("Agreement at layer \(layer), the one chosen most often:")
    table.print()
    Output.line("")
  }

  private func correlations(_ model: ModelName) -> TableValues {
    var table = TableValues(["of", "with", "vectors", "Spearman", "q"])
    table.rows = results.correlations.filter { $0.model == model }.map { row in
      let interval = row.correlation.interval
      return [
        .text(row.first.rawValue), .text(row.second.rawValue), .integer(row.correlation.count),
        .text(cell(row.correlation.coefficient, interval?.low, interval?.high)), .number(row.q),
      ]
    }
    return table
  }

  private func two(_ value: Double?) -> String? { value.map { String(format: "%.2f", $0) } }

  private func cell(_ estimate: Estimate?) -> String? { cell(estimate?.value, estimate?.low, estimate?.high) }

  private func cell(_ value: Double?, _ low: Double?, _ high: Double?) -> String? {
    guard let value else { return nil }
    let interval = low.flatMap { low in high.map { String(format: " [%.2f, %.2f]", low, $0) } } ?? ""
    return String(format: "%.2f", value) + interval
  }
}

extension ExperimentResults {
  /// The study's tables where the experiment is one, else every layer of every vector.
  func print() {
    if study.isEmpty { ResultTables(results: self).print() } else { StudyTables(results: self).print() }
    ComparisonLines(pairs: vectorPairs).print()
  }
}
