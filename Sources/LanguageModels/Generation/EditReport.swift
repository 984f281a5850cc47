import Foundations
import Torch

/// What the edits of a generation really did: the proof that a steered run was steered.
public struct EditReport: Sendable, Equatable {
  public struct Entry: Sendable, Equatable, Codable {
    public var layer: Int
    /// `add`, `ablate` or `set`.
    public var operation: String
    public var site: String
    /// The edit position rule.
    public var rule: String
    /// How many positions were edited, over all sequences.
    public var positions = 0
    /// How many sequences had a position edited.
    public var sequences = 0
    /// How much an edited position moved along the vector, on average, in units of the residual stream:
    /// measured in the stream after rounding, not computed from a scale. 0 where nothing was edited.
    public var meanShift: Double { positions == 0 ? 0 : shiftSum / Double(positions) }
    /// The same of the absolute values: ablation may move half of the positions up and half of them down.
    public var meanAbsoluteShift: Double { positions == 0 ? 0 : absoluteShiftSum / Double(positions) }

    /// Of a conditional edit: the condition in words, the number of sequences it was read for, and the extremes.
    public var condition: String?
    public var asked = 0
    public var lowestProjection: Double?
    public var highestProjection: Double?

    var shiftSum = 0.0
    var absoluteShiftSum = 0.0
    /// The length of an added vector.
    var addedNorm = 0.0
    /// An addition of which less than a hundredth arrived: a stream of a narrow type can swallow it.
    var isLost: Bool { addedNorm > 0 && positions > 0 && meanAbsoluteShift < 0.01 * addedNorm }
  }

  /// One an edit, in the order of the edits.
  public internal(set) var entries: [Entry]

  init(_ edits: [SteeringEdit]) {
    entries = edits.map { edit in
      var entry = Entry(
        layer: edit.layer, operation: edit.operation.name, site: edit.site.rawValue, rule: edit.positions.rawValue)
      entry.condition = edit.condition.map { "projection at layer \($0.layer) \($0.side.rawValue) \($0.threshold)" }
      if case .add(let vector) = edit.operation {
        entry.addedNorm = (try? vector.converted(to: .float64).norm().scalar()) ?? 0
      }
      return entry
    }
  }

  /// Refuses a run in which an edit touched nothing, with the reason.
  ///
  /// - Parameter conditional: whether an edit whose condition no sequence met counts as well.
  public func requireEffect(conditional: Bool = true) throws(TelltaleError) {
    for entry in entries {
      if entry.positions == 0, conditional || entry.condition == nil {
        throw TelltaleError(
          .badInput, "the edit (\(entry.operation) at layer \(entry.layer)) touched nothing: \(entry.reason)")
      }
      if entry.isLost {
        throw TelltaleError(
          .badInput,
          "the edit (add at layer \(entry.layer)) was lost in rounding: less than a hundredth of its length arrived; "
            + "use a larger scale or compute in float32", remedy: .computeInFloat32)
      }
    }
  }

  /// The report of two parts of one run, which had the same edits.
  public mutating func merge(_ other: EditReport) {
    precondition(entries.count == other.entries.count, "reports of different edits")
    for (index, more) in other.entries.enumerated() { entries[index].merge(more) }
  }
}

extension EditReport.Entry {
  mutating func merge(_ other: Self) {
    positions += other.positions
    sequences += other.sequences
    shiftSum += other.shiftSum
    absoluteShiftSum += other.absoluteShiftSum
    asked += other.asked
    lowestProjection = [lowestProjection, other.lowestProjection].compactMap { $0 }.min()
    highestProjection = [highestProjection, other.highestProjection].compactMap { $0 }.max()
  }

  /// Why no position was edited.
  fileprivate var reason: String {
    if let condition, asked > 0, sequences == 0, let lowestProjection, let highestProjection {
      return "no prompt had a \(condition) (they lay between \(lowestProjection) and \(highestProjection)); "
        + "choose another threshold"
    }
    switch rule {
    case EditPositions.generated.rawValue, EditPositions.firstGenerated.rawValue:
      return "its positions are \"\(rule)\" and no generated token was fed to the model again, because every "
        + "continuation or answer is a single token; allow more tokens or edit from-prompt-end"
    default: return "no sequence has a position that \"\(rule)\" names; check the edit's positions and sequences"
    }
  }
}

extension Edit.Operation {
  /// As reports and commands call it.
  public var name: String {
    switch self {
    case .add: "add"
    case .ablate: "ablate"
    case .setProjection: "set"
    }
  }
}
