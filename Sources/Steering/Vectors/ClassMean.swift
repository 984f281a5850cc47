import LanguageModels
import Torch

/// The mean difference of spontaneous behaviour: activations where the model showed the behaviour minus those where it
/// did not, per layer.
public enum ClassMean {
  /// - Parameters:
  ///   - recording: rows without a label, or without an activation at `read`, are left out.
  ///   - splits: random halvings (by group) that the reliability averages over.
  public static func vectors(
    of recording: Recording, at read: ReadPosition, seed: UInt64, splits: Int = 20
  ) throws -> SteeringVectors {
    let used = recording.rows.indices.filter {
      recording.rows[$0].label != nil && (read == .prompt || recording.rows[$0].continuationToken != nil)
    }
    let labels = used.map { recording.rows[$0].label ?? 0 }
    let positives = labels.reduce(0, +)
    guard positives > 0, positives < labels.count else {
      throw SteeringError(
        .badInput,
        "the recording has \(positives) rows with the behaviour and \(labels.count - positives) without; a difference of "
          + "class means needs both")
    }
    guard let activations = recording.activations[read] else {
      throw SteeringError(.badInput, "the recording has no activations at \"\(read.rawValue)\"; record them there")
    }
    let groups = used.map { recording.rows[$0].group }
    let halves = Halves(groups, splits: splits, seed: seed)
    let streams = try activations.selected(0, used).converted(to: .float64)  // [rows, layers, hidden]
    let (layers, hidden) = (recording.layers.count, streams.size(2))
    let flat = try streams.reshaped([used.count, layers * hidden])
    func difference(_ isUsed: (Int) -> Bool) throws -> Tensor? {
      guard let weights = weights(labels, isUsed) else { return nil }
      return try Tensor(weights, shape: [1, used.count]).matmul(flat).reshaped([layers, hidden])
    }
    guard let whole = try difference({ _ in true }) else {
      throw SteeringError(.failed, "a class without rows has no mean")
    }
    var cosines: [[Double]] = []
    for split in 0..<halves.splits {
      guard let first = try difference({ halves.sides[$0][split] > 0 }),
        let second = try difference({ halves.sides[$0][split] < 0 })
      else { continue }
      cosines.append(try ((first * second).sum(-1) / (first.norm(-1) * second.norm(-1))).doubles())
    }
    var provenance = VectorProvenance()
    provenance.method = "class-mean"
    provenance.read = read.rawValue
    provenance.pairs = used.count
    provenance.groups = Set(groups).count
    provenance.positiveShare = Double(positives) / Double(labels.count)
    provenance.seed = seed
    provenance.reliabilityUnit = halves.byGroup ? "group" : "row"
    let mean = try streams.mean(0)
    let norms = try streams.norm(-1).mean(0).doubles()
    var vectors = SteeringVectors(layers: [:], provenance: provenance)
    for (index, layer) in recording.layers.enumerated() {
      vectors.layers[layer] = try whole[index].floats()
      vectors.means[layer] = try mean[index].floats()
      vectors.provenance.residualNorms[layer] = norms[index]
      vectors.provenance.reliability[layer] = Halves.reliability(cosines.map { $0[index] })
    }
    return vectors
  }

  /// Weights that give mean(label 1) - mean(label 0) over the rows used; nil where a class is empty.
  private static func weights(_ labels: [Int], _ isUsed: (Int) -> Bool) -> [Double]? {
    let used = labels.indices.map(isUsed)
    let ones = labels.indices.count { used[$0] && labels[$0] == 1 }
    let zeros = labels.indices.count { used[$0] && labels[$0] == 0 }
    guard ones > 0, zeros > 0 else { return nil }
    return labels.indices.map { used[$0] ? (labels[$0] == 1 ? 1 / Double(ones) : -1 / Double(zeros)) : 0 }
  }
}
