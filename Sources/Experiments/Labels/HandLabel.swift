import Foundation
import Foundations
import GRDB
import Steering
import Torch

/// A label that a person, or a judge, gave to an answer: a line of the journal.
package struct HandLabel: Codable, Sendable, Equatable {
  /// Its own name, so that it is stored once however often the journal is read.
  package var key: String
  /// The key of the answer it judges.
  package var answer: String
  /// 1 the behaviour, 0 not, nil where the rater cannot tell.
  package var label: Int?
  /// A person's name; `judge:<name>` for a judge, so that the two are never mistaken for each other.
  package var rater: String
  package var note: String?
  /// Which time the rater goes through the answers, from 1; nil is the first. Labels of later passes tell how far raters
  /// agree with themselves: they replace none of the first, and no analysis counts them.
  package var pass: Int?
  /// Judges: SHA-256 (hexadecimal) of the rubric they were given.
  package var rubric: String?
  /// ISO 8601, UTC.
  package var time: String

  /// - Parameter key: the label's own name; whoever may send a label twice names it, and it is stored once.
  package init(
    answer: String, label: Int?, rater: String, note: String? = nil, pass: Int? = nil,
    key: String = UUID().uuidString.lowercased()
  ) {
    (self.key, self.pass) = (key, pass)
    (self.answer, self.label, self.rater, self.note) = (answer, label, rater, note)
    time = RunStore.timestamp()
  }

  /// `hand:<rater>` or `judge:<name>`.
  package var source: LabelSource {
    if rater.hasPrefix(Self.judgePrefix), let judge = LabelSource(rater) { return judge }
    return .hand(rater: rater)
  }

  /// What the store calls where it comes from: as `source`, and `repeat:<rater>` for later passes.
  var storedSource: String { isFirstPass ? source.description : "repeat:\(rater)" }

  package var isFirstPass: Bool { (pass ?? 1) == 1 }

  /// What no person may be called.
  package static let judgePrefix = "judge:"

  var isValid: Bool {
    (label.map { $0 == 0 || $0 == 1 } ?? true) && (pass ?? 1) >= 1 && !key.isEmpty && !rater.isEmpty
      && ![key, answer, rater, time].contains { $0.unicodeScalars.contains("\u{0}") }
  }

  /// Why a note cannot be stored; nil where it can. SQLite ends a text at its first NUL.
  package static func refusal(ofNote note: String?) -> String? {
    guard note?.unicodeScalars.contains("\u{0}") == true else { return nil }
    return "a note may hold no NUL character (U+0000), at which the store would end it; remove it"
  }

  /// With the picture of NUL instead of NULs, which journals of older versions may hold: journal, store and export say
  /// the same.
  var readable: HandLabel {
    var label = self
    label.note = label.note?.replacing("\u{0}", with: "\u{2400}")
    return label
  }
}

extension RunStore {
  static let timeFormat = Date.ISO8601FormatStyle.iso8601.year().month().day().time(includingFractionalSeconds: true)
    .timeZone(separator: .omitted)

  static func timestamp(_ date: Date = Date()) -> String { date.formatted(timeFormat) }

  /// Stores labels: first in the journal, flushed to the disk, then in the database. Once this returns, no kill and no
  /// power cut loses them.
  package func append(_ labels: [HandLabel]) throws {
    try LabelJournal(directory).append(labels)
    do { try addJournal() } catch { throw Self.storedOnlyInJournal(error, directory) }
  }

  /// What is said where the store fails after labels were stored: nothing is lost, and it is made up for by the next command.
  static func storedOnlyInJournal(_ error: any Error, _ directory: RunDirectory) -> TelltaleError {
    TelltaleError(
      .failed,
      "the labels are stored in \(directory.layout.labelJournal.lastPathComponent), but not yet in the store, which fails: "
        + "\((error as? TelltaleError)?.message ?? "\(error)")", at: InputLocation(file: directory.layout.store.path),
      cause: error)
  }

  /// Adds what the journal holds and the database does not; returns how many labels wait for answers that are not there.
  ///
  /// - Parameter whole: reads it from its beginning, not from where it was read to the last time.
  @discardableResult
  func addJournal(whole: Bool = false) throws -> Int {
    let start = whole ? 0 : try state(.journalEnd).flatMap { Int($0) } ?? 0
    let added = try LabelJournal(directory).added(since: start)
    guard added.end != start || !added.labels.isEmpty else { return 0 }
    let waiting = try add(added.labels)
    // Labels that wait are met again the next time.
    if waiting == 0 { try remember("\(added.end)", as: .journalEnd) }
    return waiting
  }

  private func add(_ labels: [HandLabel]) throws -> Int {
    try write { database in
      var waiting = 0
      let insert = try database.cachedStatement(
        sql: """
          INSERT INTO labels (key, continuation_id, label, source, rater, note, time)
          SELECT ?, id, ?, ?, ?, ?, ? FROM continuations WHERE key = ? ON CONFLICT (key) DO NOTHING
          """)
      let known = try database.cachedStatement(sql: "SELECT 1 FROM continuations WHERE key = ?")
      for label in labels {
        try insert.execute(
          arguments: [
            label.key, label.label, label.storedSource, label.rater, label.note, label.time, label.answer,
          ])
        if try Int.fetchOne(known, arguments: [label.answer]) == nil { waiting += 1 }
      }
      return waiting
    }
  }
}
