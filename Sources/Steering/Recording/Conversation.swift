import Foundations
import Tokenizers

extension Recorder {
  /// Records items with follow-ups: each is sent after the model's own answer to the previous message. There is one row per
  /// answer, all first answers before all second ones; the fact `answer` counts them. Items without follow-ups are recorded
  /// as `record` does.
  ///
  /// - Parameter onProgress: called with the number of answers so far.
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
  /// The number of answers in a recording of the whole conversation.
  public var answerCount: Int { (followUps?.count ?? 0) + 1 }

  /// The messages before the first answer. Answers of a row are numbered, so that each has an id.
  fileprivate func opening(of answers: Int) -> Item {
    saying(text, after: earlier, then: followUps, row: row * answers, answer: 1)
  }

  /// The conversation with an answer and the next follow-up appended; nil after the last follow-up.
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
