import Foundations
import LanguageModels
import Statistics

/// Free answers of every cell of a grid, for grading by hand.
public struct OpenEvaluation {
  public struct Answer: Sendable {
    public var item: Item
    public var cell: GridCell
    public var answer: String
    /// Why it ended: `stop` or `length`.
    public var end: String
  }

  private let loaded: LoadedModel
  private let encoder: PromptEncoder
  private let maxTokens: Int
  public static let defaultMaxTokens = 128

  public init(_ loaded: LoadedModel, _ encoder: PromptEncoder, maxTokens: Int = defaultMaxTokens) {
    (self.loaded, self.encoder, self.maxTokens) = (loaded, encoder, maxTokens)
  }

  /// Greedy answers of all items in all cells, in an order drawn by the seed.
  ///
  /// - Parameter onProgress: told how many answers are written.
  public func run(
    _ items: [Item], cells: [GridCell], seed: UInt64 = 0, onProgress: @escaping (Int) -> Void = { _ in }
  ) throws -> [Answer] {
    let prompts = try items.map { encoder.encode(try encoder.prompt($0)).ids }
    var answers: [Answer] = []
    for cell in cells {
      let before = answers.count
      answers += try run(items, prompts, cell) { onProgress(before + $0) }
    }
    var generator = SeededGenerator(seed: seed)
    generator.shuffle(&answers)
    return answers
  }

  private func run(
    _ items: [Item], _ prompts: [[Int]], _ cell: GridCell, _ onProgress: @escaping (Int) -> Void
  ) throws -> [Answer] {
    var options = GenerationOptions(maxTokens: maxTokens)
    options.stopTokens = loaded.stopTokens
    options.edits = cell.edits
    var answers: [Answer?] = items.map { _ in nil }
    let report = try Generator.run(loaded.model, prompts: prompts, options: options) { index, generation in
      let text = loaded.tokenizer.decode(generation.tokens, skipSpecialTokens: true)
      answers[index] = Answer(item: items[index], cell: cell, answer: text, end: generation.end.rawValue)
      onProgress(answers.count { $0 != nil })
    }
    try report.requireEffect()
    return answers.compactMap { $0 }
  }
}
