import Foundation
import Steering

/// One reading of the answers by one source: its first pass, or a later one over a part of them.
package struct RaterPass: Hashable, Sendable {
  package var rater: String
  /// From 1.
  var number: Int
  package var isSecond: Bool { number > 1 }

  package init(_ rater: String, isSecond: Bool = false) { (self.rater, number) = (rater, isSecond ? 2 : 1) }

  init(_ label: HandLabel) { (rater, number) = (label.rater, label.pass ?? 1) }
}

/// The labels that people and judges gave to the answers of a run, from its journal: for each source and pass the latest
/// label of each answer, and in which order the answers were judged. What sources say of an answer, how fast a person
/// judges and how far sources agree are views of it.
package struct LabelIndex: Sendable {
  private struct Reading: Sendable {
    /// Answers as they were judged; one that was judged again is there again.
    var order: [String] = []
    var latest: [String: (label: HandLabel, place: Int)] = [:]
  }

  /// A longer time between two labels was a break.
  private static let longestPause = 120.0
  private static let labelsForPace = 30

  private var readings: [RaterPass: Reading] = [:]
  private(set) var keys: Set<String> = []
  /// The sources that gave any label of the first pass, people before judges, by name.
  package private(set) var sources: [LabelSource] = []

  package init(_ run: StoredRun) throws { self.init(try LabelJournal(run.directory).read()) }

  init(_ labels: [HandLabel] = []) {
    for label in labels { _ = add(label) }
  }

  /// Each label counts once, however often it is added; false where it was there.
  mutating func add(_ label: HandLabel) -> Bool {
    guard keys.insert(label.key).inserted else { return false }
    let pass = RaterPass(label)
    if readings[pass] == nil, label.isFirstPass {
      sources = (sources + [label.source]).sorted { $0.description < $1.description }
    }
    var reading = readings.removeValue(forKey: pass) ?? Reading()
    reading.latest[label.answer] = (label, reading.order.count)
    reading.order.append(label.answer)
    readings[pass] = reading
    return true
  }

  var raters: Set<String> { Set(readings.keys.map(\.rater)) }

  func label(_ pass: RaterPass, _ answer: String) -> HandLabel? { readings[pass]?.latest[answer]?.label }

  /// The latest label of every source that judged an answer, of the first pass: later ones only tell how far raters agree
  /// with themselves.
  package func labels(of answer: String) -> [LabelSource: HandLabel] {
    readings.reduce(into: [:]) { labels, reading in
      guard !reading.key.isSecond, let label = reading.value.latest[answer]?.label else { return }
      labels[label.source] = label
    }
  }

  /// The answer that was judged before this one, or the last one of all where this one was not judged yet.
  func answer(_ pass: RaterPass, judgedBefore answer: String?) -> String? {
    guard let reading = readings[pass] else { return nil }
    var place = answer.flatMap { reading.latest[$0]?.place } ?? reading.order.count
    while place > 0 {
      place -= 1
      if reading.latest[reading.order[place]]?.place == place { return reading.order[place] }
    }
    return nil
  }

  /// Labels a minute over the last 30, without breaks of over 2 minutes; nil before there are any two.
  func pace(_ pass: RaterPass) -> Double? {
    guard let reading = readings[pass] else { return nil }
    let last = reading.order.suffix(Self.labelsForPace).compactMap { reading.latest[$0]?.label.time }
    let times = last.compactMap { try? Date($0, strategy: RunStore.timeFormat) }.sorted()
    let pauses = zip(times, times.dropFirst()).map { $1.timeIntervalSince($0) }.filter { $0 < Self.longestPause }
    let seconds = pauses.reduce(0, +)
    return seconds > 0 ? Double(pauses.count) / seconds * 60 : nil
  }
}
