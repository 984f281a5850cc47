import Foundations
import LanguageModels
import Torch

/// The difference between two fine-tuned models' activations on the same prompts: what training the behaviour did to the
/// residual stream that training its opposite did not.
struct FinetuneDifference {
  /// Float32 [prompts, layers, hidden] each, row by row of the same prompts.
  let behaviour: Tensor
  let opposite: Tensor
  let layers: [Int]
  let groups: [String]
  let seed: UInt64

  /// The mean over the prompts, in units of the residual stream, with every prompt's difference.
  func vector(_ state: (inout VectorProvenance) throws -> Void) throws -> ComparedVector {
    let halves = Halves(groups, splits: 20, seed: seed)
    var sums = try DifferenceSums(layers: layers, hidden: behaviour.size(2), splits: halves.splits)
    let streams = try Tensor.stacked([behaviour, opposite], 1).converted(to: .float64)  // [prompts, 2, layers, hidden]
    let differences = try sums.add(
      streams.reshaped([2 * groups.count, layers.count, -1]), halves: halves.sides)
    let result = try sums.result(halvesByGroup: halves.byGroup)
    guard !result.difference.values.allSatisfy({ $0.allSatisfy { $0 == 0 } }) else {
      throw TelltaleError(
        .badInput,
        "the two fine-tuned models have the same activations, so there is no vector; train longer, or look at layers from "
          + "the first adapted block on")
    }
    var provenance = VectorProvenance()
    provenance.method = "finetune-difference"
    provenance.read = ReadPosition.prompt.rawValue
    (provenance.pairs, provenance.groups) = (groups.count, Set(groups).count)
    (provenance.positiveShare, provenance.seed) = (0.5, seed)
    (provenance.residualNorms, provenance.reliability) = (result.residualNorm, result.reliability)
    provenance.reliabilityUnit = result.halvesByGroup ? "group" : "pair"
    try state(&provenance)
    return try ComparedVector(
      name: "finetune-difference",
      vectors: SteeringVectors(
        layers: result.difference.mapValues { $0.map(Float.init) }, means: result.mean.mapValues { $0.map(Float.init) },
        provenance: provenance),
      pairs: PairDifferences(differences: differences.converted(to: .float32), layers: layers, groups: groups))
  }
}
