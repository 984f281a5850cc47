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
      throw SteeringError(.badInput, "the recording has no activations at \"\(read.rawValue)\"; record them there")
    }
    let (positives, negatives) = try classes(at: read)
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
    vectors.provenance.method = estimator == .mean ? "class-mean" : estimator.rawValue
    vectors.provenance.read = read.rawValue
    vectors.provenance.data = Set(used.map { rows[$0].source }).sorted().joined(separator: " ")
    vectors.provenance.pairs = used.count
    vectors.provenance.groups = Set(groups).count
    vectors.provenance.positiveShare = estimator == .mean ? Double(positives.count) / Double(used.count) : nil
    vectors.provenance.seed = seed
    vectors.provenance.reliabilityUnit = halves.byGroup ? "group" : "row"
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

  /// The rows with the behaviour and those without, in their order.
  private func classes(at read: ReadPosition) throws(SteeringError) -> (positives: [Int], negatives: [Int]) {
    let read = rows.indices.filter { read == .prompt || rows[$0].continuationToken != nil }
    let (positives, negatives) = (read.filter { rows[$0].label == 1 }, read.filter { rows[$0].label == 0 })
    guard !positives.isEmpty, !negatives.isEmpty else {
      throw SteeringError(
        .badInput,
        "the recording has \(positives.count) rows with the behaviour and \(negatives.count) without; a difference of "
          + "class means needs both")
    }
    return (positives, negatives)
  }
}
