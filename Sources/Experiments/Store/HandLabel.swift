import Foundation
import GRDB
import Steering
import Torch

/// A label that a person, or a judge, gave to an answer: a line of the journal.
public struct HandLabel: Codable, Sendable, Equatable {
  /// Its own name, so that it is stored once however often the journal is read.
  public var key: String
  /// The key of the answer it judges.
  public var answer: String
  /// 1 the behaviour, 0 not, nil where the rater cannot tell.
  public var label: Int?
  /// A person's name; `judge:<name>` for a judge, so that the two are never mistaken for each other.
  public var rater: String
  public var note: String?
  /// Which time the rater goes through the answers, from 1; nil is the first. The latest label counts, whatever its pass;
  /// two passes tell how far raters agree with themselves.
  public var pass: Int?
  /// Judges: SHA-256 (hexadecimal) of the rubric they were given.
  public var rubric: String?
  /// ISO 8601, UTC.
  public var time: String

  public init(answer: String, label: Int?, rater: String, note: String? = nil, pass: Int? = nil) {
    key = UUID().uuidString.lowercased()
    (self.answer, self.label, self.rater, self.note, self.pass) = (answer, label, rater, note, pass)
    time = RunStore.timestamp()
  }

  /// `hand:<rater>` or `judge:<name>`.
  public var source: LabelSource {
    if rater.hasPrefix(Self.judgePrefix), let judge = LabelSource(rater) { return judge }
    return .hand(rater: rater)
  }

  /// What no person may be called.
  public static let judgePrefix = "judge:"

  var isValid: Bool {
    (label.map { $0 == 0 || $0 == 1 } ?? true) && (pass ?? 1) >= 1 && !key.isEmpty && !rater.isEmpty
  }
}

extension RunStore {
  static func timestamp(_ date: Date = Date()) -> String {
    date.formatted(.iso8601.year().month().day().time(includingFractionalSeconds: true).timeZone(separator: .omitted))
  }

  /// Stores labels: first in the journal, flushed to the disk, then in the database. Once this returns, no kill and no
  /// power cut loses them.
  public func append(_ labels: [HandLabel]) throws {
    try LabelJournal(directory).append(labels)
    _ = try add(labels)
  }

  /// Adds what the journal holds and the database does not; returns how many labels wait for answers that are not there.
  @discardableResult
  func addJournal() throws -> Int {
    let labels = try LabelJournal(directory).read()
    return labels.isEmpty ? 0 : try add(labels)
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
            label.key, label.label, label.source.description, label.rater, label.note, label.time, label.answer,
          ])
        if try Int.fetchOne(known, arguments: [label.answer]) == nil { waiting += 1 }
      }
      return waiting
    }
  }
}
