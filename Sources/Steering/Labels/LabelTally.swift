/// How many labels are 1, 0 or unparsable, by group; unparsable answers are counted, never dropped silently.
public struct LabelTally: Sendable, Equatable {
  public struct Counts: Sendable, Equatable {
    /// Labels 1: the behaviour was shown.
    public var positives = 0
    /// Labels 0: another choice was made.
    public var negatives = 0
    /// No label, by reason.
    public var unparsable: [UnparsableReason: Int] = [:]

    public var unparsableTotal: Int { unparsable.values.reduce(0, +) }
    public var total: Int { positives + negatives + unparsableTotal }

    mutating func add(_ answer: ParsedAnswer, isBehaviour: Bool) {
      switch answer {
      case .unparsable(let reason): unparsable[reason, default: 0] += 1
      case .choice: if isBehaviour { positives += 1 } else { negatives += 1 }
      }
    }
  }

  /// By group identifier.
  public private(set) var byGroup: [String: Counts] = [:]
  public private(set) var overall = Counts()

  public init() {}

  /// Counts the answer to one item.
  public mutating func add(_ answer: ParsedAnswer, to item: Item) {
    let isBehaviour = item.label(for: answer) == 1
    overall.add(answer, isBehaviour: isBehaviour)
    byGroup[item.group.id, default: Counts()].add(answer, isBehaviour: isBehaviour)
  }

  /// A sentence such as "212 of 500 answers could not be parsed (180 unrecognised, 32 refusal), in 2 of 2 questions,
  /// most in only-superpower (145 of 300)"; nil when all could be.
  public var unparsableSentence: String? {
    let count = overall.unparsableTotal
    let groups = byGroup.filter { $0.value.unparsableTotal > 0 }
    // Ties go to the first identifier, so that the sentence is the same every time.
    let worst = groups.min { ($1.value.unparsableTotal, $0.key) < ($0.value.unparsableTotal, $1.key) }
    guard let worst else { return nil }
    let reasons = UnparsableReason.allCases.compactMap { reason in
      overall.unparsable[reason].map { "\($0) \(reason.rawValue)" }
    }
    return "\(count) of \(overall.total) answers could not be parsed (\(reasons.joined(separator: ", "))), "
      + "in \(groups.count) of \(byGroup.count) questions, most in \(worst.key) "
      + "(\(worst.value.unparsableTotal) of \(worst.value.total))"
  }
}
