import Experiments
import Foundations
import Statistics
import Steering

/// Everything that the page's figures are drawn from: the one JSON document of the page.
struct ReportData: Encodable {
  /// Per-layer AUROCs of one series, from predictivity.csv and nulls.csv.
  struct LayerCurve: Encodable {
    var name: SeriesName
    /// "in distribution", "out of distribution" or empty.
    var distribution: String
    var table: DataTable
    /// The layer that is judged, and how it came about.
    var judged: Int?
    var judgedHow: String
  }

  /// What the run steered with one vector did to one target.
  struct SteeringResult: Encodable {
    var model: String
    var vector: String
    var target: String
    /// From steerability.csv: slope, share of items that move the other way, gain, by layer.
    var layers: DataTable
    /// The mean margin at every layer and scale.
    var doses: DataTable
  }

  var curves: [LayerCurve]
  var answers: [AnswerTable]
  var scores: [ScoreSeries]
  var transfer: DataTable
  var agreement: DataTable
  /// What the experiment file's `comparisons` asked for.
  var comparisons: DataTable
  var steering: [SteeringResult]
  var otherLabels: [OtherLabels]
  /// Sentences on what was left out, and why.
  var notes: [String]

  init(_ contents: RunContents) throws {
    curves = try contents.series.map { try Self.curve(contents, $0) }
    var library = ScoreLibrary(contents)
    try library.load()
    (answers, scores, notes) = (library.tables, library.series, library.notes)
    transfer = contents.transfer.table([
      "model", "vector", "target_model", "target", "position", "layer", "n", "groups", "auroc", "auroc_low",
      "auroc_high",
      "reference_model", "reference", "difference", "p_difference",
    ])
    agreement = contents.agreement.table([
      "model", "layer", "vector_a", "vector_b", "cosine", "cosine_low", "cosine_high", "reliability_a",
      "reliability_b", "ceiling", "disattenuated", "verdict",
    ])
    comparisons = contents.comparisons.table(contents.comparisons.header)
    steering = try Self.steering(contents)
    otherLabels = try OtherLabels.all(contents.run, audit: contents.audit)
  }

  // MARK: Layers

  private static func curve(_ contents: RunContents, _ name: SeriesName) throws -> LayerCurve {
    let bands = contents.nulls.rows.filter {
      $0["model"] == name.model && $0["target"] == name.target && $0["position"] == name.position
        && $0["score"] == ScoreKind.cosine.rawValue
    }
    let band = Dictionary(bands.map { ($0["layer"], $0) }, uniquingKeysWith: { first, _ in first })
    var table = contents.predictivity.table(
      [
        "layer", "n", "groups", "positives", "auroc", "auroc_low", "auroc_high", "auroc_within_group", "q_fdr",
        "null_percentile", "letter_auroc", "logit_baseline_auroc", "probe_auroc",
      ], of: contents.cosines(name))
    for (index, row) in contents.cosines(name).enumerated() {
      let found = band[row["layer"]]
      table.rows[index] += ["null_low", "null_high"].map { TableValue.number(found?.number($0)) }
    }
    table.columns += ["null_low", "null_high"]
    let judged = try contents.judgedLayer(name)
    return LayerCurve(
      name: name, distribution: contents.distribution(name.vector, name.target), table: table, judged: judged?.layer,
      judgedHow: judged?.origin.words ?? "")
  }

  // MARK: Steering

  static func steering(_ contents: RunContents) throws -> [SteeringResult] {
    var results: [SteeringResult] = []
    for model in contents.run.models {
      for vector in contents.run.experiment.vectors {
        guard let stored = try contents.run.storedSteering(model: model, vector: vector.name) else { continue }
        for target in stored.targets {
          let own = contents.steerability.rows.filter {
            $0["model"] == model.text && $0["vector"] == vector.name.text && $0["target"] == target.dataset
          }
          results.append(
            SteeringResult(
              model: model.text, vector: vector.name.text, target: target.dataset,
              layers: contents.steerability.table(Array(contents.steerability.header.dropFirst(3)), of: own),
              doses: doses(target)))
        }
      }
    }
    return results
  }

  /// The mean over items of log p(matching answer) - log p(likeliest other), by layer and scale, and the share of items
  /// whose matching answer is the likelier one. The unsteered model is scale 0 of every layer.
  private static func doses(_ target: StoredSteering.Target) -> DataTable {
    let layers = Set(target.cells.compactMap(\.layer)).sorted()
    let rows = layers.flatMap { layer in
      target.cells.filter { $0.layer == nil || $0.layer == layer }.sorted { $0.scale < $1.scale }.map { cell in
        let mean = Estimate(cell.margins, groups: target.groups)
        let follows = Estimate(cell.margins.map { $0 > 0 ? 1 : 0 }, groups: target.groups, proportion: true)
        return [
          Double(layer), cell.scale, cell.shift, mean.value, mean.low, mean.high, follows.value, follows.low,
          follows.high,
        ].map { TableValue.number($0) }
      }
    }
    return DataTable(
      columns: [
        "layer", "scale", "shift", "margin", "margin_low", "margin_high", "follows", "follows_low", "follows_high",
      ], rows: rows)
  }
}
