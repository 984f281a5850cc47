import Foundations
import LanguageModels
import Torch

extension Recording {
  /// Vectors of spontaneous behaviour: of the activations where the model showed the behaviour against those where it did
  /// not, per layer.
  ///
  /// Rows without a label, or without an activation at `read`, are left out. Throws `badInput` where a class is empty,
  /// where nothing was recorded at `read`, where the estimator needs pairs, or finds no direction.
  ///
  /// - Parameter splits: random halvings (by group) that the reliability averages over.
  public func vectors(
    at read: ReadPosition, estimator: Estimator = .mean, seed: UInt64, splits: Int = 20
  ) throws -> SteeringVectors {
    try estimator.check(pairs: false)
    guard let activations = activations[read] else {
      throw TelltaleError(.badInput, "the recording has no activations at \"\(read.rawValue)\"; record them there")
    }
    let (positives, negatives) = try VectorProvenance.classes(of: rows, among: Array(rows.indices), at: read)
    let used = positives + negatives
    let groups = used.map { rows[$0].group }
    let halves = Halves(groups, splits: splits, seed: seed)
    let estimates = try LayerEstimate.all(
      layers, estimator, splits: halves.splits, sides: halves.sides, bytes: 8 * 4 * activations.count / layers.count
    ) { index in
      func side(_ rows: [Int]) throws -> Tensor {
        try activations.narrowed(1, index..<index + 1).selected(0, rows).reshaped([rows.count, -1])
          .converted(to: .float64)
      }
      return LabelledActivations(positive: try side(positives), negative: try side(negatives), arePairs: false)
    }
    var vectors = SteeringVectors(layers: [:], provenance: VectorProvenance(estimator))
    vectors.provenance.state(used.map { rows[$0] }, positives: positives.count, at: read, halves, seed: seed)
    let streams = try activations.selected(0, used).converted(to: .float64)
    let mean = try streams.mean(0)
    let norms = try streams.norm(-1).mean(0).doubles()
    for (index, layer) in layers.enumerated() {
      vectors.layers[layer] = estimates[index].direction.map(Float.init)
      vectors.means[layer] = try mean[index].floats()
      vectors.provenance.residualNorms[layer] = norms[index]
      vectors.provenance.reliability[layer] = estimates[index].reliability
      vectors.provenance.heldOut[layer] = estimates[index].heldOut
    }
    return vectors
  }
}

extension ChunkedRecording {
  /// Vectors of some rows (whose numbers ascend), as those of a recording in memory. Of more than
  /// `AuditTarget.mostRows` rows the class means are summed block by block, and no more is held.
  public func vectors(
    at read: ReadPosition, of wanted: [Int], estimator: Estimator = .mean, seed: UInt64, splits: Int = 20
  ) throws -> SteeringVectors {
    guard wanted.count > AuditTarget.mostRows, estimator == .mean, widths[read] != nil else {
      return try selecting(wanted).vectors(at: read, estimator: estimator, seed: seed, splits: splits)
    }
    return try streamedVectors(at: read, of: wanted, seed: seed, splits: splits, blockRows: AuditTarget.blockRows)
  }

  func streamedVectors(
    at read: ReadPosition, of wanted: [Int], seed: UInt64, splits: Int, blockRows: Int
  ) throws -> SteeringVectors {
    let (positives, negatives) = try VectorProvenance.classes(of: rows, among: wanted, at: read)
    let used = (positives + negatives).map { rows[$0] }
    let halves = Halves(used.map(\.group), splits: splits, seed: seed)
    var vectors = SteeringVectors(layers: [:], provenance: VectorProvenance(Estimator.mean))
    vectors.provenance.state(used, positives: positives.count, at: read, halves, seed: seed)
    let means = StreamedClassMeans(
      self, at: read, positives: positives, negatives: negatives, halves: halves, blockRows: blockRows)
    for layer in layers {
      let own = try means.layer(layer)
      guard own.direction.contains(where: { $0 != 0 }) else {
        throw TelltaleError(.badInput, "the class means do not differ at layer \(layer); give more or other data")
      }
      vectors.layers[layer] = own.direction.map(Float.init)
      vectors.means[layer] = own.mean.map(Float.init)
      vectors.provenance.residualNorms[layer] = own.norm
      vectors.provenance.reliability[layer] = own.reliability
      vectors.provenance.heldOut[layer] = own.heldOut
    }
    return vectors
  }
}

extension VectorProvenance {
  /// What class means are made of: the rows that are used, those with the behaviour first.
  fileprivate mutating func state(
    _ rows: [RecordedRow], positives: Int, at position: ReadPosition, _ halves: Halves, seed: UInt64
  ) {
    method = estimator == Estimator.mean.rawValue ? "class-mean" : estimator
    read = position.rawValue
    data = Set(rows.map(\.source)).sorted().joined(separator: " ")
    pairs = rows.count
    groups = Set(rows.map(\.group)).count
    positiveShare = estimator == Estimator.mean.rawValue ? Double(positives) / Double(rows.count) : nil
    self.seed = seed
    reliabilityUnit = halves.byGroup ? "group" : "row"
  }

  /// The rows with the behaviour and those without, in their order.
  fileprivate static func classes(
    of rows: [RecordedRow], among wanted: [Int], at read: ReadPosition
  ) throws(TelltaleError) -> (positives: [Int], negatives: [Int]) {
    let read = wanted.filter { read == .prompt || rows[$0].continuationToken != nil }
    let (positives, negatives) = (read.filter { rows[$0].label == 1 }, read.filter { rows[$0].label == 0 })
    guard !positives.isEmpty, !negatives.isEmpty else {
      throw TelltaleError(
        .badInput,
        "the recording has \(positives.count) rows with the behaviour and \(negatives.count) without; a difference of "
          + "class means needs both")
    }
    return (positives, negatives)
  }
}
