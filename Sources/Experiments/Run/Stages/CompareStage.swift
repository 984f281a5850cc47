import Foundation
import LanguageModels
import Statistics
import Steering
import Torch

/// Comparing one vector of a run with others: from vector files and what they were made of, without a model.
struct CompareStage: Stage {
  static let kind = "compare"
  static let needsModel = false
  /// Resamplings of the questions for the intervals.
  private static let replicates = 1_000
  let model: ModelName
  let vector: VectorName

  var subject: String { vector.text }

  static func all(of experiment: Experiment, _ models: [ModelName]) -> [CompareStage] {
    experiment.comparedVectors.map { CompareStage(model: $0.model, vector: $0.vector) }
  }

  func inputs(_ run: PlannedRun) throws -> [String: String] {
    func extraction(_ model: ModelName, _ vector: VectorName) -> String {
      run.hash(of: ExtractStage(model: model, vector: vector)) ?? ""
    }
    let partners = try run.experiment.partners(of: vector, model).map { partner in
      switch partner {
      case .vector(let model, let name): [model.text, name.text, extraction(model, name)]
      case .file(let path): [path, try run.hash(ofVectorFile: path)]
      }
    }
    return [
      "format": PlannedStage.format, "seed": "\(run.experiment.seed)", "vector": extraction(model, vector),
      "layers compared": ContentHash.json(run.experiment.comparisons?.layers),
      "compared with": ContentHash.json(partners),
    ]
  }

  func outputs(_ layout: RunLayout) -> [URL] { [layout.comparison(model, vector)] }

  /// All comparisons of vectors in one, which compute no prompts; nil without any.
  static func cost(_ experiment: Experiment) -> StageCost? {
    let pairs = experiment.comparedVectors.reduce(0) { $0 + experiment.partners(of: $1.vector, $1.model).count }
    return pairs == 0 ? nil : StageCost(kind: kind, model: "", subject: "\(pairs) pairs of vectors")
  }

  func run(_ run: ExperimentRun) throws {
    run.events.onStage("\(model): comparing \(vector) with other vectors")
    let stored = try StoredRun(run.directory.url)
    let pairs = try ThreadPolicy.withoutModel {
      let own = try compared(.vector(model: model, name: vector), stored, run)
      return try run.experiment.partners(of: vector, model).flatMap { partner in
        try rows(own, partner, compared(partner, stored, run), run)
      }
    }
    try run.directory.write(StoredComparison(pairs: pairs), json: run.directory.layout.comparison(model, vector))
    try run.finish(self)
  }

  private func rows(
    _ own: ComparedVector, _ partner: ComparedWith, _ other: ComparedVector, _ run: ExperimentRun
  ) throws -> [VectorPair] {
    let shown = "\(model)/\(own.name) and \(partner.description)"
    guard own.vectors.hiddenSize == other.vectors.hiddenSize else {
      run.events.onStage(
        "\(shown) are not compared: their widths are \(own.vectors.hiddenSize) and \(other.vectors.hiddenSize)")
      return []
    }
    var options = VectorComparison.Options()
    (options.replicates, options.seed) = (Self.replicates, run.experiment.seed)
    options.layers = own.vectors.sortedLayers.filter { layer in
      own.vectors.norm(layer) > 0 && other.vectors.norm(layer) > 0
        && run.experiment.comparisons?.layers?.contains(layer) ?? true
    }
    guard options.layers?.isEmpty == false else {
      run.events.onStage("\(shown) are not compared: at no layer that was asked for do both have a direction")
      return []
    }
    let comparison = try VectorComparison(own, other, options: options)
    return comparison.layers.map { layer in
      VectorPair(
        modelA: model, vectorA: VectorName(own.name),
        modelB: partner.model?.text ?? other.vectors.provenance.model, vectorB: partner.name, layer: layer.layer,
        sharedQuestions: comparison.sharedGroups, evidence: layer.evidence)
    }
  }

  // MARK: Vectors with what they were made of

  private func compared(_ vector: ComparedWith, _ stored: StoredRun, _ run: ExperimentRun) throws -> ComparedVector {
    let made: ComparedVector
    switch vector {
    case .file(let path): made = try ComparedVector(contentsOf: run.planned.url(of: path))
    case .vector(let model, let name):
      made = try ComparedVector(
        name: name.text, vectors: stored.vectors(model, name),
        pairs: stored.differences(model, name) ?? classes(model, name, stored, run))
    }
    for note in made.notes { run.events.onStage(note) }
    return made
  }

  /// What the rows of a class mean add to it.
  private func classes(
    _ model: ModelName, _ name: VectorName, _ stored: StoredRun, _ run: ExperimentRun
  ) throws -> PairDifferences? {
    let settings = try run.experiment.vector(name)
    guard settings.contrast == .spontaneous, settings.estimator == .mean, settings.winsorise == nil else {
      return nil
    }
    let recording = try stored.recording(model, TargetName(settings.dataset))
    let wanted = Set(try run.planned.items(of: settings).map(\.id))
    let rows = recording.rows.indices.filter { wanted.contains(recording.rows[$0].id) }
    return try recording.classMeanDifferences(at: settings.read, of: rows)
  }
}

extension ComparedWith {
  fileprivate var model: ModelName? {
    if case .vector(let model, _) = self { model } else { nil }
  }

  fileprivate var name: String {
    switch self {
    case .vector(_, let name): name.text
    case .file(let path): path
    }
  }

  fileprivate var description: String { (model.map { "\($0)/" } ?? "") + name }
}
