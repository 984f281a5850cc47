import Statistics

/// Whether fine-tuning moved the activations along the given vector. Three things are asked, each at the judged layer:
///
/// 1. **cosine**: is the fine-tuning vector's cosine with the given one above 0, with p <= 0.05 between random directions of
///    the stream's width, multiplied by the number of layers looked at (Bonferroni)?
/// 2. **shift**: did the behaviour-tuned model's projections on held-out prompts rise against the base model's (95 % interval
///    above 0), and by more than along 95 % of the directions at right angles to it that the activations vary along?
/// 3. **behaviour**: did the rate of the behaviour rise on the same items (95 % interval of the change above 0)?
///
/// Yes if all three hold, no if one does not, cannot tell if one is open: fewer than 6 questions, or a rate whose interval
/// includes both 0 and a rise of 0.1.
///
/// That activations moved along a vector does not say that the behaviour comes of it. A second answer says that: does the
/// rate fall when the given vector is removed from the behaviour-tuned model, by more than when a random direction is (95 %
/// intervals that do not meet, the vector's below 0)?
public struct ChainVerdict: Sendable, Equatable, Encodable {
  public enum Answer: String, Sendable, Codable {
    case yes, no
    case unclear = "cannot tell"
  }

  public enum Outcome: String, Sendable, Codable { case holds, fails, open }

  public struct Criterion: Sendable, Equatable, Encodable {
    public var name: String
    public var outcome: Outcome
    public var sentence: String
  }

  public var set: String
  public var answer: Answer
  public var criteria: [Criterion]
  /// Whether the tuned model's behaviour depends on the vector.
  public var runsThroughVector: Answer
  /// The verdict in words.
  public var sentence: String

  static let level = 0.05
  static let fewestGroups = 6
  /// A rise of the rate that a "no" must be able to exclude.
  static let leastRise = 0.1

  init(
    dataName: String, layers: Int, evidence: SimilarityEvidence, layer: Int, shift: ProjectionShift,
    rate: BehaviourRate, removal: Removal? = nil
  ) {
    let found = [
      Self.cosine(evidence, layers), Self.shift(shift, rate.groups), Self.behaviour(rate),
    ]
    let outcomes = found.map(\.outcome)
    let answer: Answer = outcomes.contains(.fails) ? .no : outcomes.contains(.open) ? .unclear : .yes
    let bypassed = answer == .no && outcomes[2] == .holds
    (set, criteria, self.answer) = (shift.set, found, answer)
    let runs = removal.map { $0.answer(groups: rate.groups) } ?? .unclear
    runsThroughVector = runs
    sentence =
      "Fine-tuning on \(dataName) moved the activations along the vector at layer \(layer): \(answer.rawValue). "
      + found.map(\.sentence).joined(separator: " ")
      + (bypassed ? " The behaviour rose all the same: the training found another way than this vector." : "")
      + (removal.map { $0.sentence(runs) } ?? "")
  }

  /// What removing a direction from the behaviour-tuned model does to the rate of the behaviour.
  struct Removal {
    var given: Estimate
    var random: Estimate

    /// Where all questions change alike the value stands for its interval.
    func answer(groups: Int) -> Answer {
      guard groups >= fewestGroups, given.value.isFinite, random.value.isFinite else { return .unclear }
      let high = given.high ?? given.value
      return high < 0 && high < random.low ?? random.value ? .yes : .no
    }

    func sentence(_ answer: Answer) -> String {
      let says =
        switch answer {
        case .yes: "the behaviour runs through it"
        case .no: "the behaviour does not depend on it"
        case .unclear: "too few questions to say more"
        }
      return " Removing the vector from the tuned model changes the rate by \(text(given)), a random direction by "
        + "\(text(random)): \(says)."
    }
  }

  private static func cosine(_ evidence: SimilarityEvidence, _ layers: Int) -> Criterion {
    let p = min(1, evidence.pDimension * Double(layers))
    let holds = evidence.cosine > 0 && p <= level
    let natural = evidence.pEffective.map {
      "; among directions that vary as the activations do, in \(fixed(evidence.effectiveDimension ?? 0, 1)) effective "
        + "dimensions, \(writtenP($0))"
    }
    return Criterion(
      name: "cosine", outcome: holds ? .holds : .fails,
      sentence: "The cosine of the fine-tuning vector with it is \(fixed(evidence.cosine, 2)) (\(writtenP(p)) "
        + "between random directions, corrected for \(layers) layers\(natural ?? "")).")
  }

  private static func shift(_ shift: ProjectionShift, _ groups: Int) -> Criterion {
    let isAbove = isAboveZero(shift.shift, groups: groups)
    let outcome: Outcome = isAbove == nil ? .open : isAbove == true && shift.nullP <= level ? .holds : .fails
    return Criterion(
      name: "shift", outcome: outcome,
      sentence: "The projections moved by \(text(shift.shift)), \(fixed(shift.inVectors, 2)) of the vector "
        + "(\(writtenP(shift.nullP)) among directions at right angles).")
  }

  private static func behaviour(_ rate: BehaviourRate) -> Criterion {
    let isAbove = isAboveZero(rate.change, groups: rate.groups)
    let isOpen = isAbove == nil || (isAbove == false && (rate.change.high ?? 0) >= leastRise)
    return Criterion(
      name: "behaviour", outcome: isOpen ? .open : isAbove == true ? .holds : .fails,
      sentence: "The rate of the behaviour changed by \(text(rate.change)), to \(fixed(rate.rate.value, 2)).")
  }

  /// Whether a mean lies above 0 beyond chance; nil for too few groups. Where all groups are equal there is no interval, and
  /// the sign decides: six equal signs have a chance of 1 in 32.
  private static func isAboveZero(_ estimate: Estimate, groups: Int) -> Bool? {
    guard groups >= fewestGroups, estimate.value.isFinite else { return nil }
    return (estimate.low ?? estimate.value) > 0
  }

  private static func text(_ estimate: Estimate) -> String {
    let interval = estimate.low.flatMap { low in estimate.high.map { " [\(fixed(low, 2)), \(fixed($0, 2))]" } }
    return fixed(estimate.value, 2) + (interval ?? " (the same in every question)")
  }
}
