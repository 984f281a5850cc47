import Foundation
import LanguageModels
import Statistics
import Steering
import Torch

/// Compares one vector of a run with others: from vector files and what they were made of, without a model.
struct ComparisonStage {
  /// Resamplings of the questions for the intervals.
  private static let replicates = 1_000

  private let run: StoredRun
  private let planned: PlannedRun
  private let onNote: (String) -> Void

  init(_ run: StoredRun, _ planned: PlannedRun, onNote: @escaping (String) -> Void) {
    (self.run, self.planned, self.onNote) = (run, planned, onNote)
  }

  func compare(_ vector: String, of model: String) throws -> StoredComparison {
    try ThreadPolicy.withoutModel {
      let own = try compared(.vector(model: model, name: vector))
      let pairs = try planned.experiment.partners(of: vector, model).flatMap { partner in
        try rows(model, own, partner, compared(partner))
      }
      return StoredComparison(pairs: pairs)
    }
  }

  private func rows(
    _ model: String, _ own: ComparedVector, _ partner: ComparedWith, _ other: ComparedVector
  ) throws -> [VectorPair] {
    let shown = "\(model)/\(own.name) and \(partner.description)"
    guard own.vectors.hiddenSize == other.vectors.hiddenSize else {
      onNote("\(shown) are not compared: their widths are \(own.vectors.hiddenSize) and \(other.vectors.hiddenSize)")
      return []
    }
    var options = VectorComparison.Options()
    (options.replicates, options.seed) = (Self.replicates, planned.experiment.seed)
    options.layers = own.vectors.sortedLayers.filter { layer in
      own.vectors.norm(layer) > 0 && other.vectors.norm(layer) > 0
        && planned.experiment.comparisons?.layers?.contains(layer) ?? true
    }
    guard options.layers?.isEmpty == false else {
      onNote("\(shown) are not compared: at no layer that was asked for do both have a direction")
      return []
    }
    let comparison = try VectorComparison(own, other, options: options)
    return comparison.layers.map { layer in
      VectorPair(
        modelA: model, vectorA: own.name, modelB: partner.model ?? other.vectors.provenance.model,
        vectorB: partner.name, layer: layer.layer, sharedQuestions: comparison.sharedGroups, evidence: layer.evidence)
    }
  }

  // MARK: Vectors with what they were made of

  private func compared(_ vector: ComparedWith) throws -> ComparedVector {
    let made: ComparedVector
    switch vector {
    case .file(let path): made = try ComparedVector(contentsOf: planned.url(of: path))
    case .vector(let model, let name):
      made = try ComparedVector(
        name: name, vectors: run.vectors(model, name), pairs: run.differences(model, name) ?? classes(model, name))
    }
    for note in made.notes { onNote(note) }
    return made
  }

  /// What the rows of a class mean add to it.
  private func classes(_ model: String, _ name: String) throws -> PairDifferences? {
    guard let settings = planned.experiment.vectors.first(where: { $0.name == name }),
      settings.contrast == .spontaneous,
      settings.estimator == .mean
    else { return nil }
    let recording = try run.recording(model, settings.dataset)
    let wanted = Set(try planned.items(of: settings).map(\.id))
    let rows = recording.rows.indices.filter { wanted.contains(recording.rows[$0].id) }
    return try recording.classMeanDifferences(at: settings.read, of: rows)
  }
}

extension ComparedWith {
  fileprivate var model: String? {
    if case .vector(let model, _) = self { model } else { nil }
  }

  fileprivate var name: String {
    switch self {
    case .vector(_, let name): name
    case .file(let path): path
    }
  }

  fileprivate var description: String { (model.map { "\($0)/" } ?? "") + name }
}

extension PlannedRun {
  /// A file that the experiment names.
  func url(of path: String) -> URL { URL(fileURLWithPath: path, relativeTo: folder) }
}

extension StoredRun {
  /// All comparisons of the run, in the order of its vectors.
  func comparisons() throws -> [VectorPair] {
    try experiment.comparedVectors.flatMap { model, vector in
      try StoredComparison(contentsOf: directory.file("comparisons/\(model)-\(vector).json")).pairs
    }
  }
}
