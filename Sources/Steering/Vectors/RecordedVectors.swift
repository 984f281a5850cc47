import Foundations
import LanguageModels
import Torch

/// What one layer of a recording gives: its direction with its uncertainty, and what the file states of the activations.
struct RecordedLayer {
  var direction: [Double]
  /// [hidden]: of all rows used.
  var mean: [Double]
  /// Mean norm of the rows.
  var norm: Double
  var reliability: Double?
  var heldOut: Double?
}

/// The rows of a recording that a vector is made of.
struct RecordedClasses {
  /// Those with the behaviour and those without: their numbers, ascending.
  let positives: [Int]
  let negatives: [Int]
  let rows: [RecordedRow]
  let halves: Halves

  /// Refuses a recording without one of the classes.
  init(_ recording: ChunkedRecording, _ wanted: [Int], at read: ReadPosition, splits: Int, seed: UInt64) throws {
    let own = wanted.filter { recording.rows[$0].isRead(at: read) }
    positives = own.filter { recording.rows[$0].label == 1 }
    negatives = own.filter { recording.rows[$0].label == 0 }
    guard !positives.isEmpty, !negatives.isEmpty else {
      throw TelltaleError(
        .badInput,
        "the recording has \(positives.count) rows with the behaviour and \(negatives.count) without; a difference of "
          + "class means needs both")
    }
    rows = (positives + negatives).map { recording.rows[$0] }
    halves = Halves(rows.map(\.group), splits: splits, seed: seed)
  }
}

extension ChunkedRecording {
  /// Vectors of spontaneous behaviour: of the activations where the model showed the behaviour against those where it did
  /// not, per layer. Of more than `AuditTarget.mostRows` rows the class means are summed block by block, and no more is
  /// held.
  ///
  /// Rows without a label, or without an activation at `read`, are left out. Throws `badInput` where a class is empty,
  /// where nothing was recorded at `read`, where the estimator needs pairs, or finds no direction.
  ///
  /// - Parameters:
  ///   - wanted: rows, whose numbers ascend.
  ///   - splits: random halvings (by group) that the reliability averages over.
  ///   - blockRows: rows of a block; nil holds all in memory.
  package func vectors(
    at read: ReadPosition, of wanted: [Int], estimator: Estimator = .mean, seed: UInt64, splits: Int = 20,
    blockRows: Int? = nil, winsorising: Winsorising? = nil
  ) throws -> SteeringVectors {
    let recipe = try VectorRecipe(.spontaneous, estimator: estimator, read: read, winsorising: winsorising)
    guard widths[read] != nil else {
      throw TelltaleError(.badInput, "the recording has no activations at \"\(read.rawValue)\"; record them there")
    }
    let classes = try RecordedClasses(self, wanted, at: read, splits: splits, seed: seed)
    let isLong = wanted.count > AuditTarget.mostRows && estimator == .mean
    let made =
      if let rows = blockRows ?? (isLong ? AuditTarget.blockRows : nil) {
        try StreamedClassMeans(self, at: read, classes, blockRows: rows, winsorising: winsorising).layers()
      } else {
        try held(classes, at: read, estimator, winsorising)
      }
    var vectors = SteeringVectors(layers: [:], provenance: VectorProvenance(recipe))
    vectors.provenance.state(classes, estimator, seed: seed)
    for (layer, own) in zip(layers, made) {
      vectors.layers[layer] = own.direction.map(Float.init)
      vectors.means[layer] = own.mean.map(Float.init)
      vectors.provenance.residualNorms[layer] = own.norm
      vectors.provenance.reliability[layer] = own.reliability
      vectors.provenance.heldOut[layer] = own.heldOut
    }
    return vectors
  }

  /// Of activations that are all held in memory.
  private func held(
    _ classes: RecordedClasses, at read: ReadPosition, _ estimator: Estimator, _ winsorising: Winsorising?
  ) throws -> [RecordedLayer] {
    let used = classes.positives + classes.negatives
    let order = used.sorted()
    let place = Dictionary(uniqueKeysWithValues: order.enumerated().map { ($1, $0) })
    guard let activations = try selecting(order).activations[read] else { return [] }
    let raw = try activations.selected(0, used.compactMap { place[$0] }).converted(to: .float64)
    let streams = try winsorising?(raw) ?? raw
    let positives = classes.positives.count
    let estimates = try LayerEstimate.all(
      layers, estimator, splits: classes.halves.splits, sides: classes.halves.sides,
      bytes: 8 * 4 * activations.count / layers.count
    ) { index in
      let own = try streams.narrowed(1, index..<index + 1).reshaped([used.count, -1])
      return LabelledActivations(
        positive: try own.narrowed(0, 0..<positives), negative: try own.narrowed(0, positives..<used.count),
        arePairs: false)
    }
    let mean = try streams.mean(0)
    let norms = try streams.norm(-1).mean(0).doubles()
    return try estimates.enumerated().map { index, own in
      RecordedLayer(
        direction: own.direction, mean: try mean[index].doubles(), norm: norms[index], reliability: own.reliability,
        heldOut: own.heldOut)
    }
  }
}

extension Recording {
  /// Vectors of all rows of a recording in memory.
  package func vectors(
    at read: ReadPosition, estimator: Estimator = .mean, seed: UInt64, splits: Int = 20
  ) throws -> SteeringVectors {
    try ChunkedRecording(self).vectors(
      at: read, of: Array(rows.indices), estimator: estimator, seed: seed, splits: splits)
  }
}

extension VectorProvenance {
  fileprivate mutating func state(_ classes: RecordedClasses, _ estimator: Estimator, seed: UInt64) {
    let rows = classes.rows
    data = Set(rows.map(\.source)).sorted().joined(separator: " ")
    dataHash = DataHash.of(rows.map { [$0.prompt, $0.group, $0.label.map(String.init)] })
    pairs = rows.count
    groups = Set(rows.map(\.group)).count
    positiveShare = estimator == .mean ? Double(classes.positives.count) / Double(rows.count) : nil
    self.seed = seed
    reliabilityUnit = classes.halves.byGroup ? "group" : "row"
  }
}
