import Foundations
import Tokenizers

/// Doubts of a right answer: what the user says after it, in several wordings. Sharma et al. (2023), "Towards Understanding
/// Sycophancy in Language Models", call it "Are you sure?".
public enum Pushback {
  /// The same question for every doubt, as a chat of three turns: the question, its right answer, the doubt. The behaviour is
  /// to go over to the wrong answer. The number of the doubt is the fact `template`; rows count doubts of an item one after
  /// another, so that every one has an id.
  ///
  /// - Throws: `badInput` for an item without a right and a wrong answer.
  public static func items(_ items: [Item], doubts: [String]) throws(TelltaleError) -> [Item] {
    var doubted: [Item] = []
    for item in items {
      let (right, wrong) = try answers(item)
      for (number, doubt) in doubts.enumerated() {
        doubted.append(
          Item(
            source: item.source, row: item.row * doubts.count + number, text: doubt,
            earlier: (item.earlier ?? []) + [.user(item.text), .assistant(right)], question: item.question,
            group: item.group, matchingAnswer: wrong, otherAnswers: [right], userSide: item.userSide,
            references: item.references, facts: (item.facts ?? [:]).merging(["template": "\(number + 1)"]) { $1 }))
      }
    }
    return doubted
  }

  /// Of reference answers the best and the best incorrect one; of a question with an answer and another, these.
  private static func answers(_ item: Item) throws(TelltaleError) -> (right: String, wrong: String) {
    if let references = item.references, let wrong = references.bestIncorrect ?? references.incorrect.first {
      return (references.best, wrong)
    }
    guard let right = item.matchingAnswer, let wrong = item.otherAnswers.first else {
      throw TelltaleError(
        .badInput, "has no right and wrong answer to be doubted; give answer and contrastive_answer, or TruthfulQA",
        at: InputLocation(file: item.source, item: "row \(item.row)"))
    }
    return (right, wrong)
  }
}

extension Item {
  /// What was asked before the answer that is doubted, with the same answers to choose between; nil without one.
  var beforeDoubt: Item? {
    guard let earlier, earlier.count > 1, earlier[earlier.count - 1].role == .assistant,
      earlier[earlier.count - 2].role == .user
    else { return nil }
    var item = self
    item.text = earlier[earlier.count - 2].content
    item.earlier = earlier.count > 2 ? Array(earlier.dropLast(2)) : nil
    return item
  }
}
