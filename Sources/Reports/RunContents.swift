import Experiments
import Steering

/// What a run directory holds that the report shows, read once.
struct RunContents {
  let run: StoredRun
  let predictivity: NamedRows
  let audit: NamedRows
  let nulls: NamedRows
  let transfer: NamedRows
  let agreement: NamedRows
  let comparisons: NamedRows
  let steerability: NamedRows
  let study: NamedRows
  let labels: NamedRows
  let vectors: NamedRows
  let store: RunStore?
  /// Vector, target and position of every prediction, in the order of the table.
  let series: [SeriesName]
  private let cosines: [SeriesName: [NamedRows.Row]]

  init(_ run: StoredRun) throws {
    self.run = run
    predictivity = NamedRows(try run.table(.predictivity))
    audit = NamedRows(try run.table(.audit))
    nulls = NamedRows(try run.table(.nulls))
    transfer = NamedRows(try run.table(.transfer))
    agreement = NamedRows(try run.table(.agreement))
    comparisons = NamedRows(try run.table(.comparisons))
    steerability = NamedRows(try run.table(.steerability))
    study = NamedRows(try run.table(.study))
    labels = NamedRows(try run.table(.labels))
    vectors = NamedRows(try run.table(.vectors))
    store = try RunStore.ifBuilt(run)
    var (order, cosines): ([SeriesName], [SeriesName: [NamedRows.Row]]) = ([], [:])
    for row in predictivity.rows where row["score"] == ScoreKind.cosine.rawValue {
      let name = SeriesName(row)
      if cosines[name] == nil { order.append(name) }
      cosines[name, default: []].append(row)
    }
    (series, self.cosines) = (order, cosines)
  }

  /// Rows of predictivity.csv of one series, by cosine, in the order of layers.
  func cosines(_ name: SeriesName) -> [NamedRows.Row] { cosines[name] ?? [] }

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
    let layers = rows.compactMap { Int($0["layer"]) }
    if let planted = try run.plantedLayer(ModelName(name.model)), layers.contains(planted) {
      return (planted, .planted)
    }
    let studied = study.rows.first { $0["model"] == name.model && $0["vector"] == name.vector }
    if let layer = studied.flatMap({ Int($0["layer"]) }), layers.contains(layer) { return (layer, .chosen) }
    let best = rows.max { ($0.number("auroc") ?? -1) < ($1.number("auroc") ?? -1) }
    return best.flatMap { Int($0["layer"]) }.map { ($0, .best) }
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

  init(_ row: NamedRows.Row) {
    (model, vector) = (row["model"], row["vector"])
    (target, position) = (row["target"], row["position"])
  }
}
