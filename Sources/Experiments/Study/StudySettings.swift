import LanguageModels
import Steering

extension Experiment {
  /// Which vectors steer the models, on which data sets and how strongly.
  public struct SteeringSettings: Codable, Sendable, Equatable {
    /// Names of vectors; nil is all.
    public var vectors: [VectorName]?
    /// Names of data sets whose answers are scored. The first sets the norm that scales count.
    public var targets: [String]
    /// Nil is every layer at which the vector has a direction.
    public var layers: [Int]?
    public var scales: [Double]
    /// `residual`: mean norms of the unsteered residual stream at the first target's prompts, so that every vector pushes
    /// equally far. `raw`: the vector as it is. `unit`: units of the residual stream.
    public var unit: ScaleUnit
    public var positions: EditPositions
    /// How many rows of every target, drawn balanced; nil is all.
    public var take: Int?

    /// What does not fit together, in words.
    var problem: String? {
      if targets.isEmpty { return "names no target" }
      if !scales.contains(where: { $0 > 0 }) || !scales.allSatisfy(\.isFinite) {
        return "scales must be numbers with one above 0 among them"
      }
      if let layers, layers.isEmpty || layers.contains(where: { $0 < 0 }) { return "layers are counted from 0" }
      if let take, take < 1 { return "take must be at least 1" }
      return nil
    }
  }

  /// One row per vector: where its layer is chosen and where it is judged.
  public struct StudySettings: Codable, Sendable, Equatable {
    /// The data set on whose recording each vector's layer is chosen; none of its rows is judged.
    public var chooseLayer: String
    /// Data sets in and out of distribution.
    public var inside: String
    public var outside: String?
    /// Where the residual stream is read to predict.
    public var position: ReadPosition
  }
}

extension EditPositions: Codable {}

extension Experiment.SteeringSettings {
  enum CodingKeys: String, CodingKey, CaseIterable { case vectors, targets, layers, scales, unit, positions, take }

  public init(from decoder: any Decoder) throws {
    try decoder.refuseUnknownKeys(CodingKeys.self)
    let keys = try decoder.container(keyedBy: CodingKeys.self)
    vectors = try keys.decodeIfPresent([VectorName].self, forKey: .vectors)
    targets = try keys.decode([String].self, forKey: .targets)
    layers = try keys.decodeIfPresent([Int].self, forKey: .layers)
    scales = try keys.decodeIfPresent([Double].self, forKey: .scales) ?? [-0.5, 0.5]
    unit = try keys.decodeIfPresent(ScaleUnit.self, forKey: .unit) ?? .residual
    positions = try keys.decodeIfPresent(EditPositions.self, forKey: .positions) ?? .fromPromptEnd
    take = try keys.decodeIfPresent(Int.self, forKey: .take)
  }
}

extension Experiment.StudySettings {
  enum CodingKeys: String, CodingKey, CaseIterable {
    case chooseLayer = "choose-layer"
    case inside = "in"
    case outside = "out"
    case position
  }

  public init(from decoder: any Decoder) throws {
    try decoder.refuseUnknownKeys(CodingKeys.self)
    let keys = try decoder.container(keyedBy: CodingKeys.self)
    chooseLayer = try keys.decode(String.self, forKey: .chooseLayer)
    inside = try keys.decode(String.self, forKey: .inside)
    outside = try keys.decodeIfPresent(String.self, forKey: .outside)
    position = try keys.decodeIfPresent(ReadPosition.self, forKey: .position) ?? .prompt
  }
}

extension Experiment {
  /// The vectors that steer, in the order of the file.
  var steeringVectors: [VectorSettings] {
    guard let steering else { return [] }
    return vectors.filter { steering.vectors?.contains($0.name) ?? true }
  }

  /// What the grids leave out, and why.
  var impossibleVectors: [String] {
    grids.enumerated().flatMap { index, grid in grid.impossible.map { "grid \(index + 1): \($0)" } }
  }
}

/// What is wrong with grids, steering and study, and where: a sentence and the path of its key.
struct StudyCheck {
  let experiment: Experiment

  var problem: (sentence: String, path: [String])? {
    gridProblem ?? steeringProblem ?? studyProblem
  }

  private var gridProblem: (String, [String])? {
    for (index, grid) in experiment.grids.enumerated() {
      let path = ["grids", "\(index)"]
      if let problem = unknown(grid.datasets) ?? grid.problem { return (problem, path) }
    }
    // Told here, as names made by a grid stand nowhere in the file.
    var seen: Set<VectorName> = []
    let twice = experiment.grids.isEmpty ? nil : experiment.vectors.first { !seen.insert($0.name).inserted }
    return twice.map { ("two vectors have one name, \"\($0.name)\"; name each size, place and method once", ["grids"]) }
  }

  private var steeringProblem: (String, [String])? {
    guard let steering = experiment.steering else { return nil }
    let names = Set(experiment.vectors.map(\.name))
    let stranger = steering.vectors?.first { !names.contains($0) }.map { "there is no vector \"\($0)\"" }
    return (stranger ?? unknown(steering.targets) ?? steering.problem).map { ($0, ["steering"]) }
  }

  private var studyProblem: (String, [String])? {
    guard let study = experiment.study else { return nil }
    let judged = [study.inside] + [study.outside].compactMap { $0 }
    let predicted = experiment.predictions.filter { $0.positions.contains(study.position) }.flatMap(\.targets)
    if let problem = unknown(judged + [study.chooseLayer]) { return (problem, ["study"]) }
    if judged.contains(study.chooseLayer) {
      return ("choose-layer must be a data set that is not judged, neither in nor out", ["study"])
    }
    guard let missing = judged.first(where: { !predicted.contains($0) }) else { return nil }
    return ("\(missing) is no target of predictions at the position \(study.position.rawValue)", ["study"])
  }

  private func unknown(_ datasets: [String]) -> String? {
    datasets.first { experiment.datasets[$0] == nil }.map {
      "there is no data set \"\($0)\"; there are \(experiment.datasets.keys.sorted().joined(separator: ", "))"
    }
  }
}
