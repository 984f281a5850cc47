import Foundation
import Foundations
import Synchronization

/// How many answers each person and each judge has labelled in the first pass. An answer that was labelled again, as by a
/// rater's second thought, counts once.
struct LabelCounts: Sendable {
  /// By rater.
  let hands: [String: Int]
  /// By judge.
  let judges: [String: Int]

  init(_ labels: [HandLabel]) {
    var seen: Set<[String]> = []
    let once = labels.filter { $0.isFirstPass && seen.insert([$0.rater, $0.answer]).inserted }
    hands = Self.counts(once.filter(\.source.isHand))
    judges = Self.counts(once.filter { !$0.source.isHand })
  }

  private static func counts(_ labels: [HandLabel]) -> [String: Int] {
    labels.reduce(into: [:]) { $0[$1.rater, default: 0] += 1 }
  }

  /// Those of a run. Pages ask every two seconds, and a journal that has not grown since is not read again.
  static func of(_ directory: RunDirectory) throws -> LabelCounts {
    let path = directory.layout.labelJournal.path
    let state = MappedFiles.Identity(path)
    if let state, let earlier = known.withLock({ $0[path] }), earlier.state == state { return earlier.counts }
    let counts = LabelCounts(try LabelJournal(directory).read())
    known.withLock { known in
      if known.count >= mostKnown { known = [:] }
      known[path] = state.map { ($0, counts) }
    }
    return counts
  }

  private static let mostKnown = 2_000
  private static let known = Mutex<[String: (state: MappedFiles.Identity, counts: LabelCounts)]>([:])
}
