import Foundations
import Tokenizers

extension Recorder {
  /// Records items whose conversations go on: what the user says next is said after the model's own answer, which is recorded
  /// in its turn. One row an answer, all first answers before all second ones; the fact `answer` counts them. Items without
  /// follow-ups are recorded as `record` does.
  ///
  /// - Parameter onProgress: told how many answers there are.
  public func recordConversations(
    _ items: [Item], onProgress: @escaping (Int) -> Void = { _ in }
  ) throws -> Recording {
    let answers = items.map(\.answerCount).max() ?? 1
    guard answers > 1 else { return try record(items, onProgress: onProgress) }
    var open = items.map { $0.opening(of: answers) }
    var parts: [Recording] = []
    var done = 0
    while !open.isEmpty {
      let before = done
      let part = try record(open) { onProgress(before + $0) }
      parts.append(part)
      done += open.count
      open = zip(open, part.rows).compactMap { $0.continued(after: $1.continuation) }
    }
    return try Recording.joined(parts)
  }
}

extension Item {
  /// How many answers of the model a recording of the whole conversation holds.
  public var answerCount: Int { (followUps?.count ?? 0) + 1 }

  /// What is said before the first answer. Answers of a row are counted one after another, so that each has an id.
  fileprivate func opening(of answers: Int) -> Item {
    saying(text, after: earlier, then: followUps, row: row * answers, answer: 1)
  }

  /// The conversation after an answer and what the user says to it; nil where nothing more is said.
  fileprivate func continued(after answer: String) -> Item? {
    guard let followUps, let next = followUps.first else { return nil }
    let rest = Array(followUps.dropFirst())
    let number = facts?["answer"].flatMap { Int($0) } ?? 1
    return saying(
      next, after: messages + [.assistant(answer)], then: rest.isEmpty ? nil : rest, row: row + 1, answer: number + 1)
  }

  private func saying(
    _ text: String, after earlier: [ChatMessage]?, then followUps: [String]?, row: Int, answer: Int
  ) -> Item {
    Item(
      source: source, row: row, text: text, earlier: earlier, followUps: followUps, question: question, group: group,
      choices: choices, matchingAnswer: matchingAnswer, otherAnswers: otherAnswers, userSide: userSide,
      references: references, facts: (facts ?? [:]).merging(["answer": "\(answer)"]) { $1 })
  }
}
