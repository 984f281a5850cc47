import Foundation
import Foundations
import LanguageModels
import Torch

/// Prompt, continuation, label: records what a model says to items, with activations from the one pass that says it.
public struct Recorder {
  public struct Options: Sendable {
    public var layers: [Int]
    public var labelSource: LabelSource = .letter
    public var maxTokens = Self.defaultMaxTokens
    /// A letter, and what models put in front of it.
    public static let defaultMaxTokens = 16
    public var sampling: Sampling = .greedy
    public var edits: [SteeringEdit] = []
    /// Whether the model's own logit difference between the choices is measured in addition to the generated answer.
    public var measuresChoices = true
    /// Turns of chats that are read too, counted from 1.
    public var turns: [Int] = []
    public var tokenBudget = GenerationOptions.defaultTokenBudget

    public init(layers: [Int]) { self.layers = layers }
  }

  private let loaded: LoadedModel
  private let encoder: PromptEncoder
  private let options: Options

  public init(_ loaded: LoadedModel, _ encoder: PromptEncoder, _ options: Options) throws {
    try loaded.model.check(layers: options.layers)
    self.loaded = loaded
    self.encoder = encoder
    self.options = options
  }

  /// Records the items, in their order.
  public func record(_ items: [Item], onProgress: @escaping (Int) -> Void = { _ in }) throws -> Recording {
    guard !items.isEmpty else { throw TelltaleError(.badInput, "there are no items to record; give at least one") }
    let prompts = try items.map { try encoder.prompt($0) }
    let encodings = prompts.map { encoder.encode($0).ids }
    let choices = try choices(items, prompts)
    let before = try beforeDoubt(items)
    var generations: [Int: Generation] = [:]
    let edits = try Generator.run(loaded.model, prompts: encodings, options: generationOptions) { index, generation in
      generations[index] = generation
      onProgress(generations.count)
    }
    // A condition may turn all of these items away and admit others of the run.
    try edits.requireEffect(conditional: false)
    let ordered = items.indices.compactMap { generations[$0] }
    var rows = items.indices.map { index in
      row(items[index], prompts[index], encodings[index], ordered[index], choices?.margins[index], before?[index])
    }
    let turns = try TurnReader(loaded, encoder, options).read(items, prompts, into: &rows)
    let activations = try activations(ordered).merging(turns) { $1 }
    var recording = Recording(rows: rows, layers: options.layers, activations: activations, edits: edits)
    recording.choiceEdits = choices?.edits
    return recording
  }

  private var generationOptions: GenerationOptions {
    var generation = GenerationOptions(maxTokens: options.maxTokens)
    generation.sampling = options.sampling
    generation.stopTokens = loaded.stopTokens
    generation.edits = options.edits
    generation.recordedLayers = options.layers
    generation.tokenBudget = options.tokenBudget
    return generation
  }

  private func activations(_ generations: [Generation]) throws -> [ReadPosition: Tensor] {
    let shape = [options.layers.count, loaded.model.configuration.hiddenSize]
    let missing = try Tensor.full(shape, .nan)
    return [
      .prompt: try Tensor.stacked(generations.map { $0.promptResidual ?? missing }),
      .continuation: try Tensor.stacked(generations.map { $0.continuationResidual ?? missing }),
    ]
  }

  private func row(
    _ item: Item, _ prompt: String, _ ids: [Int], _ generation: Generation, _ margin: Double?,
    _ before: Double?
  ) -> RecordedRow {
    let continuation = loaded.tokenizer.decode(generation.tokens, skipSpecialTokens: true)
    let answer = answer(item, prompt, generation, continuation, margin, before)
    let last = generation.tokens.last
    var row = RecordedRow(
      id: item.id, group: item.group.id, question: item.question, source: item.source, row: item.row,
      letter: item.matchingLetter, userSide: item.userSide, prompt: prompt, continuation: continuation,
      end: generation.end.rawValue, labelSource: options.labelSource, logitDifference: margin,
      promptTokens: ids.count, promptToken: ids[ids.count - 1],
      promptTokenText: loaded.tokenizer.token(ids[ids.count - 1]) ?? "", continuationToken: last,
      continuationTokenText: last.flatMap(loaded.tokenizer.token), correctAnswers: item.references?.correctBestFirst,
      incorrectAnswers: item.references?.incorrect, facts: item.facts)
    row.label = answer.label
    row.unparsable = answer.reason
    return row
  }

  private func answer(
    _ item: Item, _ prompt: String, _ generation: Generation, _ text: String, _ margin: Double?, _ before: Double?
  ) -> (label: Int?, reason: UnparsableReason?) {
    if options.labelSource == .flip, let before, before > 0 { return (nil, .wrongBefore) }
    if options.labelSource.comparesChoices { return (margin.map { $0 > 0 ? 1 : 0 }, nil) }
    let parsed = AnswerParser(choices: item.choices).parse(
      answered(generation, text), opensReasoning: ReasoningText.isOpen(atEndOf: prompt))
    if case .unparsable(let reason) = parsed { return (nil, reason) }
    return (item.label(for: parsed), nil)
  }

  /// The text, with the marks of reasoning that are special tokens (`[THINK]`, channels), which it was decoded without.
  private func answered(_ generation: Generation, _ text: String) -> String {
    guard generation.tokens.contains(where: loaded.tokenizer.isSpecial) else { return text }
    let whole = loaded.tokenizer.decode(generation.tokens, skipSpecialTokens: false)
    guard ReasoningText(whole).hasReasoning, !ReasoningText(text).hasReasoning else { return text }
    guard let answer = ReasoningText(whole).answer else { return whole }
    // What ends the turn is no part of the answer.
    let special = generation.tokens.filter(loaded.tokenizer.isSpecial).compactMap(loaded.tokenizer.token)
    return special.reduce(String(answer)) { $0.replacing($1, with: "") }
  }

  /// The margins that `choices` gives, of the questions before a doubt; nil where labels do not ask for them.
  private func beforeDoubt(_ items: [Item]) throws -> [Double?]? {
    guard options.labelSource == .flip else { return nil }
    let questions = items.compactMap(\.beforeDoubt)
    guard questions.count == items.count else {
      let item = items.first { $0.beforeDoubt == nil }
      throw TelltaleError(
        .badInput, "has no earlier answer that is doubted, which flip labels need; give its data set the key pushback",
        at: item.map { InputLocation(file: $0.source, item: "row \($0.row)") })
    }
    return try choices(questions, questions.map { try encoder.prompt($0) })?.margins
  }

  /// log p(matching) - log p(likeliest other answer) per item, nil where an item has no answers, and what the edits did
  /// to them; nil where it is not needed. Labels that are made of margins need edits that reach them.
  private func choices(_ items: [Item], _ prompts: [String]) throws -> (margins: [Double?], edits: EditReport)? {
    guard options.measuresChoices || options.labelSource.comparesChoices else { return nil }
    let scorer = ChoiceScorer(loaded.model, encoder, edits: options.edits, tokenBudget: options.tokenBudget)
    let answers = items.map { item in item.matchingAnswer.map { [$0] + item.otherAnswers } ?? [] }
    if options.labelSource.comparesChoices, let index = answers.firstIndex(where: { $0.count < 2 }) {
      throw TelltaleError(
        .badInput,
        "has no answers to choose between, which \(options.labelSource) labels need; use another label source",
        at: InputLocation(file: items[index].source, item: "row \(items[index].row)"))
    }
    let texts = try zip(items, answers).map { item, own in
      try own.map { answer in
        let placed = try encoder.builder.answered(item, with: answer)
        return placed.prefix + placed.answer
      }
    }
    let scores = try scorer.scores(prompts, texts: texts)
    if options.labelSource.comparesChoices { try scores.edits.requireEffect(conditional: false) }
    let margins = scores.logProbabilities.map { own in
      own.count > 1 ? own.dropFirst().max().map { own[0] - $0 } : nil
    }
    return (margins, scores.edits)
  }
}
