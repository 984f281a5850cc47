import Torch

/// Follows the edits of one run: remembers what conditions decided and adds up what was measured.
package struct EditTally {
  private let edits: [SteeringEdit]
  package private(set) var report: EditReport
  /// Per edit, whether its condition admits each sequence; missing until the prompt was read.
  private var decisions: [[Int: Bool]]
  private var touched: [Set<Int>]

  package init(_ edits: [SteeringEdit]) {
    self.edits = edits
    report = EditReport(edits)
    decisions = edits.map { _ in [:] }
    touched = edits.map { _ in [] }
  }

  /// The edits of a pack of prompts and what follows each, with the number of the steering edit that each comes from.
  package func resolved(
    sequences batch: PackedBatch, promptLengths: [Int], numbers: [Int]
  ) -> [(source: Int, resolved: ResolvedEdit)] {
    edits.enumerated().flatMap { index, edit in
      edit.counted(sequences: batch, promptLengths: promptLengths, numbers: numbers).map { (index, $0) }
    }
  }

  /// The edits of a decoding step: `indices` are the numbers of the generated tokens fed, `sequences` whose they are.
  func resolved(generated indices: [Int], sequences: [Int]) -> [(source: Int, resolved: ResolvedEdit)] {
    edits.enumerated().flatMap { index, edit in
      let admitted = sequences.map { edit.concerns($0) && (edit.condition == nil || decisions[index][$0] ?? false) }
      return edit.resolved(generated: indices, admitted: admitted).map { (index, $0) }
    }
  }

  /// - Parameters:
  ///   - numbers: the number of each of the pack's sequences.
  ///   - lengths: tokens of each sequence, of which the first `promptLengths` are its prompt.
  package mutating func note(
    sequences resolved: [(source: Int, resolved: ResolvedEdit)], _ effects: [EditEffect], numbers: [Int],
    lengths: [Int], promptLengths: [Int]
  ) throws {
    for ((source, own), effect) in zip(resolved, effects) {
      try add(own, effect, to: source)
      guard own.round == 0 else { continue }
      let edit = edits[source]
      for (place, sequence) in numbers.enumerated() where edit.concerns(sequence) {
        if edit.condition != nil { note(effect.projections[place], effect.decisions[place], source, sequence) }
        let edited = (0..<lengths[place]).contains {
          edit.positions.times(position: $0, promptLength: promptLengths[place]) > 0
        }
        if edited, edit.condition == nil || effect.decisions[place] { touch(source, sequence) }
      }
    }
  }

  mutating func note(
    generated resolved: [(source: Int, resolved: ResolvedEdit)], _ effects: [EditEffect], sequences: [Int]
  ) throws {
    for ((source, own), effect) in zip(resolved, effects) {
      try add(own, effect, to: source)
      switch own.edit.tokens {
      case .all: for sequence in sequences { touch(source, sequence) }
      case .tokens(let slots): for slot in slots { touch(source, sequences[slot]) }
      }
    }
  }

  private mutating func note(_ projection: Double, _ decision: Bool, _ source: Int, _ sequence: Int) {
    decisions[source][sequence] = decision
    report.entries[source].asked += 1
    report.entries[source].lowestProjection = min(report.entries[source].lowestProjection ?? projection, projection)
    report.entries[source].highestProjection = max(report.entries[source].highestProjection ?? projection, projection)
  }

  private mutating func touch(_ source: Int, _ sequence: Int) {
    touched[source].insert(sequence)
    report.entries[source].sequences = touched[source].count
  }

  private mutating func add(_ resolved: ResolvedEdit, _ effect: EditEffect, to source: Int) throws {
    guard let shifts = try effect.shifts?.doubles() else { return }
    // Behind a gate, nothing is shared between sequences: every token counts once.
    let weights = resolved.edit.gate == nil ? resolved.weights : shifts.map { _ in 1 }
    for (shift, weight) in zip(shifts, weights) {
      report.entries[source].shiftSum += shift * Double(weight)
      report.entries[source].absoluteShiftSum += abs(shift) * Double(weight)
      if resolved.round == 0 { report.entries[source].positions += weight }
    }
  }
}
