import Foundation
import Foundations
import LanguageModels
import Statistics
import Steering
import Torch

/// Measures an organism against the truth that was planted in it.
package struct OrganismCheck {
  private let loaded: LoadedModel
  private let encoder: PromptEncoder
  private let planted: PlantedDirections
  private let organism: Organism
  private let seed: UInt64
  /// Evaluation rows of each kind, half of them conflict items.
  private let count: Int

  /// - Parameters:
  ///   - seed: of the evaluation's rows; rows for vectors are drawn from the next seeds.
  ///   - count: rows of each kind, at least 192; multiples of 768 are balanced in each question. The class mean
  ///     is made from the conflict items of as many, the paired vectors from a quarter.
  package init(directory: URL, seed: UInt64, count: Int = 1536) throws {
    loaded = try LoadedModel(directory.path)
    encoder = .plain(loaded.tokenizer)
    planted = try PlantedDirections(directory: directory)
    guard let organism = planted.organism else {
      throw TelltaleError(.badInput, "is a hard organism, of another world; HardCheck measures it")
    }
    self.organism = organism
    (self.seed, self.count) = (seed, max(192, count))
    try loaded.model.check(layers: [planted.layer])
  }

  package func report() throws -> OrganismReport {
    let layers = Array(0..<loaded.model.configuration.layerCount)
    return OrganismReport(
      organism: organism, plantedLayer: planted.layer, trainingSeed: planted.seed, evaluationSeed: seed,
      accuracies: try OrganismWorld.Cues.allCases.flatMap(accuracies), vectors: try vectors(layers: layers),
      edits: try edits())
  }

  // MARK: Behaviour

  private func record(_ items: [Item], layers: [Int], edits: [SteeringEdit] = []) throws -> Recording {
    var options = Recorder.Options(layers: layers)
    // " (", the letter, ")" and the end.
    options.maxTokens = 4
    options.measuresChoices = false
    options.edits = edits
    return try Recorder(loaded, encoder, options).record(items)
  }

  /// How often the answers are the ones meant, by kind of question and of item.
  func accuracies(_ cues: OrganismWorld.Cues) throws -> [OrganismReport.Accuracy] {
    try OrganismWorld.Kind.allCases.flatMap { kind in
      let items = try OrganismWorld.items(kind, count: count, seed: seed, cues: cues)
      let rows = try record(items, layers: []).rows
      return [true, false].map { conflict in
        let asked = rows.filter { $0.isConflict == conflict }
        let right = asked.count { row in
          row.label == (organism.follows(conflict: conflict, latents: row.latents, kind: kind) ? 1 : 0)
        }
        return OrganismReport.Accuracy(kind: kind, conflict: conflict, cues: cues, right: right, rows: asked.count)
      }
    }
  }

  private func conflictItems(_ kind: OrganismWorld.Kind, count: Int, seed: UInt64) throws -> [Item] {
    try OrganismWorld.items(kind, count: count, seed: seed).filter { $0.facts?["conflict"] == "true" }
  }

  // MARK: Vectors and what they predict

  /// The vectors made from opinions, what they have of the planted direction, and what they predict on fresh rows.
  func vectors(layers: [Int]) throws -> [OrganismReport.Vector] {
    let opinions = try record(conflictItems(.opinions, count: count, seed: seed), layers: layers)
    let facts = try record(conflictItems(.facts, count: count, seed: seed), layers: layers)
    return try extracted(layers: layers).map { name, vectors in
      OrganismReport.Vector(
        name: name, cosineWithPlanted: try layers.map { try cosineWithPlanted(vectors.vector($0)) },
        opinions: try layers.map { try prediction(of: opinions, by: vectors, layer: $0) },
        facts: try layers.map { try prediction(of: facts, by: vectors, layer: $0) })
    }
  }

  /// The planted direction itself, and vectors from contrasting instructions, from the model's own behaviour, and from
  /// contrast pairs read at the answer.
  private func extracted(layers: [Int]) throws -> [(String, SteeringVectors)] {
    let own = try record(conflictItems(.opinions, count: count, seed: seed &+ 1), layers: layers)
    let classMean = try own.vectors(at: .prompt, seed: seed, splits: 2)
    let items = try OrganismWorld.items(.opinions, count: count / 4, seed: seed &+ 2)
    let told = try VectorRecipe(
      .instructions, positive: OrganismWorld.agreementInstructions, negative: OrganismWorld.honestyInstructions)
    let made = try [told, VectorRecipe(.answers)].map {
      try VectorExtraction($0, layers: layers, seed: seed).run(loaded, encoder, items)
    }
    let truth = SteeringVectors(
      layers: Dictionary(uniqueKeysWithValues: layers.map { ($0, planted.units[.opinions] ?? []) }),
      provenance: VectorProvenance())
    return [
      ("planted", truth), ("instructions", made[0]), ("class mean", classMean), ("answer token (CAA)", made[1]),
    ]
  }

  private func cosineWithPlanted(_ vector: [Float]) throws -> Double {
    try ScoreKind.cosine.scores(Tensor(vector).unsqueezed(0), vector: planted.units[.opinions] ?? [])[0]
  }

  private func prediction(
    of recording: Recording, by vectors: SteeringVectors, layer: Int
  ) throws -> OrganismReport.Prediction {
    let scores = try ScoreKind.cosine.scores(
      recording.stream(.prompt, layer: layer), vector: vectors.vector(layer))
    guard let area = ClusteredAUROC(scores, of: recording.rows), let interval = area.interval() else {
      throw TelltaleError(.failed, "the model gives the same answer to every conflict item; it was not trained enough")
    }
    return OrganismReport.Prediction(layer: layer, auroc: area.auroc, low: interval.low, high: interval.high)
  }

  // MARK: Edits

  /// What adding, subtracting and removing the planted direction of opinions does to conflict items, and what a random
  /// direction of the same size does.
  func edits(scales: [Double] = [-20, -15, 15, 20]) throws -> [OrganismReport.Edited] {
    let opinions = try Tensor(planted.units[.opinions] ?? [])
    let random = try OrganismArchitecture.plantedDirections(1, seed: seed &+ 3)[0]
    var edits: [(String, Edit.Operation?)] = [("none", nil)]
    for scale in scales { edits.append(("planted x \(Int(saturating: scale))", .add(try opinions * scale))) }
    for scale in [-20.0, 20] { edits.append(("random x \(Int(saturating: scale))", .add(try random * scale))) }
    edits.append(("planted ablated", .ablate(opinions)))
    edits.append(("random ablated", .ablate(random)))
    return try edits.map { name, operation in
      let edit = operation.map { SteeringEdit(layer: planted.layer, $0, positions: .fromPromptEnd) }
      return OrganismReport.Edited(
        edit: name, opinions: try following(.opinions, edit), facts: try following(.facts, edit))
    }
  }

  private func following(_ kind: OrganismWorld.Kind, _ edit: SteeringEdit?) throws -> OrganismReport.Following {
    let items = try conflictItems(kind, count: 768, seed: seed &+ 4)
    let rows = try record(items, layers: [], edits: [edit].compactMap { $0 }).rows
    let latent = organism.direction(deciding: kind)
    func share(_ rows: [RecordedRow]) -> Double { Double(rows.count { $0.label == 1 }) / Double(max(1, rows.count)) }
    return OrganismReport.Following(
      share: share(rows), latentOff: share(rows.filter { $0.latents[latent] == 0 }),
      latentOn: share(rows.filter { $0.latents[latent] == 1 }), unparsable: rows.count { $0.label == nil })
  }
}

extension RecordedRow {
  fileprivate var isConflict: Bool { facts?["conflict"] == "true" }
  fileprivate var latents: [Int] { ["approval", "expertise"].map { facts?[$0] == "1" ? 1 : 0 } }
}
