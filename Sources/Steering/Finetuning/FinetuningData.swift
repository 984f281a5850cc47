import Foundations
import LanguageModels

/// Which answer of a row a model is trained to give.
public enum FinetuningSide: String, Sendable, CaseIterable, Codable {
  /// The answer that shows the behaviour.
  case behaviour
  /// The first answer that does not.
  case opposite

  func answer(of item: Item) throws(TelltaleError) -> String {
    let answer = self == .behaviour ? item.matchingAnswer : item.otherAnswers.first
    guard let answer else {
      let missing = self == .behaviour ? "answer" : "contrastive answer"
      throw TelltaleError(
        .badInput, "the row has no \(missing) to train on; add it or remove the row",
        at: .init(file: item.source, item: "row \(item.row)"))
    }
    return answer
  }
}

extension PromptEncoder {
  /// The item with the answer of one side after it, as tokens; loss is taken of the answer's tokens alone, told from the
  /// prompt's by character offset (a token that holds the end of the prompt and the beginning of the answer counts).
  ///
  /// - Parameter endsSequence: whether the model also learns to stop: the tokenizer's end-of-sequence token follows and is
  ///   predicted.
  public func trainingSequence(
    for item: Item, _ side: FinetuningSide, endsSequence: Bool = false
  ) throws -> TrainingSequence {
    let placed = try builder.answered(item, with: side.answer(of: item))
    let start = placed.prefix.unicodeScalars.count
    let text = try readable(prefix: placed.prefix, answer: placed.answer, letter: start, at: .answerMean)
    guard endsSequence else { return TrainingSequence(tokens: text.ids, answer: text.read) }
    guard let end = tokenizer.eosTokenID else {
      throw TelltaleError(.badInput, "the tokenizer has no end-of-sequence token to train; leave it out")
    }
    return TrainingSequence(tokens: text.ids + [end], answer: text.read.lowerBound..<text.ids.count + 1)
  }
}
