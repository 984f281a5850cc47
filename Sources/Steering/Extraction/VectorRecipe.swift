import Foundations

/// What a vector is made of and how: what is contrasted, how activations become a direction, and where they are read.
///
/// With the data that it is applied to (see ``VectorExtraction``) it says all that a vector depends on besides the model.
/// A recipe that exists fits together: what cannot be is refused when it is made.
public struct VectorRecipe: Sendable, Equatable {
  /// What is compared to make a vector.
  public enum Contrast: String, Sendable, CaseIterable, Encodable {
    /// A row's matching and other answer.
    case answers
    /// The same prompts under contrasting instructions, read at the prompt or in the responses that the model gives.
    case instructions
    /// Rows after which the model showed the behaviour by itself, and rows after which it did not.
    case spontaneous
    /// One model and another on the same tokens.
    case models
    /// Two texts as they stand.
    case texts
  }

  public let contrast: Contrast
  public let estimator: Estimator
  public let read: ReadPosition
  /// Of the contrast `instructions`: to show the behaviour and not to, which items take in turn.
  public let positive: [String]
  public let negative: [String]
  /// Of the contrast `models`: the model whose activations are subtracted.
  public let against: String?
  /// New tokens at most of a response to an instruction.
  public let maxTokens: Int
  /// What is done to every activation before a direction is made of them; nil is nothing.
  public let winsorising: Winsorising?

  public static let defaultMaxTokens = 64

  /// - Parameter read: nil is `answer` where answers or texts are contrasted, else `prompt`.
  /// - Throws: `badInput` whose location's item is what does not fit: `estimator`, `read`, `positive`, `against`,
  ///   `max-tokens`.
  public init(
    _ contrast: Contrast = .answers, estimator: Estimator = .mean, read: ReadPosition? = nil, positive: [String] = [],
    negative: [String] = [], against: String? = nil, maxTokens: Int? = nil, winsorising: Winsorising? = nil
  ) throws(TelltaleError) {
    (self.contrast, self.estimator, self.against) = (contrast, estimator, against)
    self.read = read ?? contrast.defaultRead
    self.maxTokens = maxTokens ?? Self.defaultMaxTokens
    (self.positive, self.negative, self.winsorising) = (positive, negative, winsorising)
    try checkInstructions()
    try check()
  }

  private func check() throws(TelltaleError) {
    guard maxTokens > 0 else { throw Self.refusal("max-tokens", "a response needs at least 1 token") }
    guard (against ?? "").isEmpty != (contrast == .models) else {
      throw Self.refusal(
        "against",
        contrast == .models
          ? "the contrast models needs the model whose activations are subtracted"
          : "a second model goes with the contrast models, not with \(contrast.rawValue)")
    }
    if contrast == .spontaneous, estimator.needsPairs {
      throw Self.refusal(
        "estimator",
        "\(estimator.rawValue) is made from pairs, and recorded rows are none; use mean, probe or discriminant")
    }
    guard let remedy = contrast.remedy(for: read) else { return }
    throw Self.refusal("read", remedy)
  }

  private static func refusal(_ key: String, _ sentence: String) -> TelltaleError {
    TelltaleError(.badInput, sentence, at: InputLocation(file: "the recipe", item: key))
  }
}

extension VectorRecipe.Contrast {
  /// What earlier versions called them, in experiment and vector files.
  package static let formerNames: [String: Self] = [
    "contrast-pairs": .answers, "mean-difference": .answers, "class-mean": .spontaneous, "model-difference": .models,
    "finetune-difference": .models,
  ]

  /// By its name, or by what earlier versions called it.
  package init?(named name: String) {
    guard let contrast = Self(rawValue: name) ?? Self.formerNames[name] else { return nil }
    self = contrast
  }

  public var defaultRead: ReadPosition { self == .answers || self == .texts ? .answer : .prompt }

  /// Why it cannot be read there, and where it can; nil where it can.
  fileprivate func remedy(for read: ReadPosition) -> String? {
    switch (self, read) {
    case (.spontaneous, .turn): nil
    case (_, .turn):
      "\(read.rawValue) is read in recordings, of which the contrast spontaneous is made, not for \(rawValue)"
    case (.instructions, .answer), (.instructions, .answerMean):
      "instructions have no given answers to read at \(read.rawValue); read at prompt, continuation or continuation-mean"
    case (.answers, .prompt):
      "the two answers of a row have one prompt, so that nothing differs there; read at answer, answer-mean or continuation"
    case (.spontaneous, .answer), (.spontaneous, .answerMean), (.spontaneous, .continuationMean):
      "recordings are read at prompt, continuation and turns (turn:1, ...), not at \(read.rawValue)"
    default: nil
    }
  }
}

/// Contrasting instructions (as in persona vectors, Chen et al. 2025): the same prompts under an instruction to show the
/// behaviour and under one not to.
extension VectorRecipe {
  private func checkInstructions() throws(TelltaleError) {
    guard contrast == .instructions else {
      guard positive.isEmpty, negative.isEmpty else {
        throw Self.refusal("positive", "instructions go with the contrast instructions, not with \(contrast.rawValue)")
      }
      return
    }
    guard !positive.isEmpty, !negative.isEmpty else {
      throw Self.refusal(
        "positive", "contrasting instructions need at least one positive and one negative instruction")
    }
    guard positive != negative else {
      throw Self.refusal(
        "positive",
        "the positive and the negative instructions are the same; contrast an instruction with its opposite")
    }
  }

  /// The tokens of an item's prompt under both instructions; with several, items take them in turn.
  func prompts(_ item: Item, number index: Int, _ encoder: PromptEncoder) throws -> (positive: [Int], negative: [Int]) {
    (
      try encoder.encode(encoder.prompt(item, under: positive[index % positive.count])).ids,
      try encoder.encode(encoder.prompt(item, under: negative[index % negative.count])).ids
    )
  }

  /// One pair an item under instructions, read at the prompt's last token.
  package func instructed(_ items: [Item], _ encoder: PromptEncoder) throws -> [ReadablePair] {
    try items.enumerated().map { index, item in
      let (a, b) = try prompts(item, number: index, encoder)
      return ReadablePair(positive: ReadableText(lastOf: a), negative: ReadableText(lastOf: b), group: item.group.id)
    }
  }
}
