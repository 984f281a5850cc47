import Foundations
import LanguageModels

/// Which answers of a run are graded. Raters with the same plan grade the same answers, each in their own order.
///
/// Both the sample and the orders follow from SHA-256 of the answers' keys, so they are the same after a restart and on
/// another machine, and answers that a running experiment adds do not shuffle those that were there.
package struct GradingPlan: Hashable, Sendable {
  package static let mostAnswers = 1_000_000
  /// The data sets whose answers are graded; all of the run's where it is empty.
  package var datasets: Set<String>
  /// At most this many answers, a random sample.
  package var take: Int

  package init(datasets: Set<String> = [], take: Int = mostAnswers) { (self.datasets, self.take) = (datasets, take) }

  /// The keys of the answers to grade.
  func sample(_ answers: [(key: String, dataset: String)]) -> [String] {
    let chosen = answers.filter { datasets.isEmpty || datasets.contains($0.dataset) }.map(\.key)
    return Array(Self.shuffled(chosen, by: "sample").prefix(max(0, take)))
  }

  /// The answers in the order in which a rater meets them.
  ///
  /// - Parameter repeated: the share of the answers that a second pass asks again.
  static func order(_ sample: [String], _ pass: RaterPass, repeated: Double) -> [String] {
    guard pass.isSecond else { return shuffled(sample, by: "order\u{0}\(pass.rater)") }
    let count = Int(saturating: (Double(sample.count) * repeated).rounded(.up))
    return Array(shuffled(sample, by: "again\u{0}\(pass.rater)").prefix(count))
  }

  private static func shuffled(_ keys: [String], by seed: String) -> [String] {
    keys.map { (SHA256.hexadecimalDigest(of: Array("\(seed)\u{0}\($0)".utf8)), $0) }.sorted { $0 < $1 }.map(\.1)
  }
}
