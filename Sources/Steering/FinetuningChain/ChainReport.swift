import Statistics

/// Everything that a fine-tuning chain found.
public struct ChainReport: Sendable {
  public var dataName: String
  /// The layer that is judged.
  public var layer: Int
  /// Of the behaviour and of its opposite.
  public var trainings: [FinetuningReport]
  /// The given vector against the fine-tuning vector, by layer.
  public var comparison: [VectorComparison.Layer]
  /// By set (`in`, `out`) and model.
  public var rates: [BehaviourRate]
  /// By set, layer and fine-tuned model.
  public var shifts: [ProjectionShift]
  public var steering: [SteeredRate]
  /// Questions that training and held-out items have in common.
  public var sharedGroups: Int

  /// One a set: in distribution, then out of it.
  public var verdicts: [ChainVerdict] {
    guard let evidence = comparison.first(where: { $0.layer == layer })?.evidence else { return [] }
    return shifts.filter { $0.layer == layer && $0.model == .behaviour }.compactMap { shift in
      rates.first { $0.set == shift.set && $0.model == .behaviour }.map { rate in
        ChainVerdict(
          dataName: dataName, layers: comparison.count, evidence: evidence, layer: layer, shift: shift, rate: rate,
          removal: removal(shift.set))
      }
    }
  }

  private func removal(_ set: String) -> ChainVerdict.Removal? {
    func gain(_ direction: SteeredRate.Direction) -> Estimate? {
      steering.first { $0.set == set && $0.operation == .ablate && $0.direction == direction }?.gain
    }
    return gain(.given).flatMap { given in gain(.random).map { ChainVerdict.Removal(given: given, random: $0) } }
  }

  public func rate(_ set: String, _ model: FinetuningChain.Model) -> BehaviourRate? {
    rates.first { $0.set == set && $0.model == model }
  }

  /// At the judged layer.
  public func shift(_ set: String, _ model: FinetuningChain.Model) -> ProjectionShift? {
    shifts.first { $0.set == set && $0.model == model && $0.layer == layer }
  }
}
