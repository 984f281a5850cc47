import Experiments
import Foundations
import Steering

/// What a run directory holds that the report shows, read once.
struct RunContents {
  let run: StoredRun
  let predictivity: StoredTable
  let audit: StoredTable
  let nulls: StoredTable
  let transfer: StoredTable
  let agreement: StoredTable
  let comparisons: StoredTable
  let steerability: StoredTable
  let study: StoredTable
  let labels: StoredTable
  let store: RunStore?
  /// Vector, target and position of every prediction, in the order of the table.
  let series: [SeriesName]
  private let cosines: [SeriesName: [StoredTable.Row]]

  init(_ run: StoredRun) throws {
    self.run = run
    predictivity = try run.table(.predictivity)
    audit = try run.table(.audit)
    nulls = try run.table(.nulls)
    transfer = try run.table(.transfer)
    agreement = try run.table(.agreement)
    comparisons = try run.table(.comparisons)
    steerability = try run.table(.steerability)
    study = try run.table(.study)
    labels = try run.table(.labels)
    store = try RunStore.ifBuilt(run)
    var (order, cosines): ([SeriesName], [SeriesName: [StoredTable.Row]]) = ([], [:])
    for row in predictivity.rows where row["score"] == ScoreKind.cosine.rawValue {
      let name = SeriesName(row)
      if cosines[name] == nil { order.append(name) }
      cosines[name, default: []].append(row)
    }
    (series, self.cosines) = (order, cosines)
  }

  /// Rows of predictivity.csv of one series, by cosine, in the order of layers.
  func cosines(_ name: SeriesName) -> [StoredTable.Row] { cosines[name] ?? [] }

  // MARK: Which layer is judged

  /// How the layer came about at which ROC, calibration and extreme rows are shown.
  enum LayerOrigin: String, Encodable {
    case planted
    case chosen
    case best

    var words: String {
      switch self {
      case .planted: "the layer at which the model's truth was planted"
      case .chosen: "the layer that the study chose on other data"
      case .best: "the layer of the highest AUROC, chosen on these rows, which flatters it"
      }
    }
  }

  func judgedLayer(_ name: SeriesName) throws -> (layer: Int, origin: LayerOrigin)? {
    let rows = cosines(name)
    let layers = rows.compactMap { $0.integer("layer") }
    if let planted = try run.plantedLayer(ModelName(name.model)), layers.contains(planted) {
      return (planted, .planted)
    }
    let studied = study.rows.first { $0["model"] == name.model && $0["vector"] == name.vector }
    if let layer = studied.flatMap({ $0.integer("layer") }), layers.contains(layer) { return (layer, .chosen) }
    let best = rows.max { ($0.number("auroc") ?? -1) < ($1.number("auroc") ?? -1) }
    return best.flatMap { $0.integer("layer") }.map { ($0, .best) }
  }

  // MARK: In and out of distribution

  /// Whether a target comes from where a vector's training data comes from.
  func isInDistribution(_ vector: String, _ target: String) -> Bool? {
    let experiment = run.experiment
    if let study = experiment.study {
      if target == study.inside { return true }
      if target == study.outside { return false }
    }
    guard
      let made = experiment.vectors.first(where: { $0.name.text == vector }).flatMap({ experiment.datasets[$0.dataset] }
      ),
      let asked = experiment.datasets[target]
    else { return nil }
    return made.files == asked.files && made.organism == asked.organism && made.heldOutCues == asked.heldOutCues
  }

  /// "in distribution" or "out of distribution", empty where it is not known.
  func distribution(_ vector: String, _ target: String) -> String {
    isInDistribution(vector, target).map { $0 ? "in distribution" : "out of distribution" } ?? ""
  }
}

/// One vector of a model, scored on one of its target sets at one position.
struct SeriesName: Hashable, Encodable {
  var model: String
  var vector: String
  var target: String
  var position: String

  init(_ row: StoredTable.Row) {
    (model, vector) = (row["model"], row["vector"])
    (target, position) = (row["target"], row["position"])
  }
}
