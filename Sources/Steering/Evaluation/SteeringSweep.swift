import LanguageModels

/// Everything that is measured of a vector's use for steering: one grid on items in and out of distribution, a prompt that
/// asks for the behaviour in words, and what each cell costs in perplexity and capability.
public struct SteeringSweep {
  public struct Result: Sendable {
    public var inDistribution: ChoiceEvaluation.Result
    public var outOfDistribution: ChoiceEvaluation.Result?
    /// The unsteered model with the instruction before every item; its gain is against the unsteered model without.
    public var baseline: ChoiceSummary?
    public var baselineOutOfDistribution: ChoiceSummary?
    /// By cell.
    public var perplexities: [Double]?
    /// By cell.
    public var exam: [ChoiceSummary]?
    public var chosen: [ChosenCell]
  }

  private let loaded: LoadedModel
  private let encoder: PromptEncoder
  private let cells: [GridCell]

  /// - Parameter cells: the unsteered one first.
  public init(_ loaded: LoadedModel, _ encoder: PromptEncoder, cells: [GridCell]) {
    (self.loaded, self.encoder, self.cells) = (loaded, encoder, cells)
  }

  /// - Parameters:
  ///   - promptBaseline: words that ask for the behaviour.
  ///   - text: whose perplexity is measured in every cell.
  ///   - exam: questions whose accuracy is measured in every cell.
  ///   - seed: of the halves.
  ///   - onItems: items of a part of the sweep that are measured in all cells, of how many.
  public func run(
    _ items: [Item], outOfDistribution: [Item]? = nil, promptBaseline: String? = nil, text: String? = nil,
    exam: [Item]? = nil, seed: UInt64 = 0,
    onItems: (_ title: String, _ done: Int, _ total: Int) -> Void = { _, _, _ in }
  ) throws -> Result {
    let evaluation = ChoiceEvaluation(loaded, encoder)
    func measured(_ title: String, _ items: [Item]) throws -> ChoiceEvaluation.Result {
      try evaluation.run(items, cells: cells) { onItems(title, $0, items.count) }
    }
    let inside = try measured("steering", items)
    let outside = try outOfDistribution.map { try measured("steering out of distribution", $0) }
    let losses = try text.map { try PerplexityEvaluation(loaded).run([$0], cells: cells) }
    return Result(
      inDistribution: inside, outOfDistribution: outside,
      baseline: try promptBaseline.map { try baseline($0, inside) },
      baselineOutOfDistribution: try promptBaseline.flatMap { words in try outside.map { try baseline(words, $0) } },
      perplexities: losses.map { losses in cells.indices.map { losses.perplexity(cell: $0) } },
      exam: try exam.map { try measured("capability", $0).summaries() },
      chosen: inside.chosenCells(seed: seed))
  }

  private func baseline(_ words: String, _ unsteered: ChoiceEvaluation.Result) throws -> ChoiceSummary {
    let asked = try ChoiceEvaluation(loaded, encoder)
      .run(unsteered.items.map { $0.prefixed(by: words) }, cells: [.unsteered])
    var both = unsteered
    both.cells = [.unsteered, .unsteered]
    both.scores = [unsteered.scores[0], asked.scores[0]]
    both.effects = [CellEffect(), CellEffect()]
    return both.summary(cell: 1)
  }
}
