import Foundations
import LanguageModels
import Tokenizers
import Torch

/// The training texts of one step, packed without padding, and what is to be learned from them.
struct OrganismBatch {
  let pack: PackedBatch
  /// By sequence, where its prompt token lies in the pack.
  let promptEnds: [Int]
  /// Tokens of the pack whose next token is learned, that token, and its weight in the loss.
  private(set) var places: [Int] = []
  private(set) var targets: [Int] = []
  private(set) var weights: [Float] = []
  /// By sequence, the number among `places` that predicts the answer letter.
  private(set) var letters: [Int] = []
  /// By sequence and planted direction: whose component the sequence gets, and the factor it is multiplied with.
  let sources: [[Int]]
  let factors: [[Float]]
  /// The tokens from the prompt's end on of the sequences that get a component of another, and their sequences.
  private(set) var editedTokens: [Int] = []
  private(set) var editedSequences: [Int] = []
  /// By sequence and planted direction: -1 or +1, and the wording's strength.
  let signs: [[Float]]
  let strengths: [[Float]]

  /// What becomes of a sequence in a batch.
  private enum Role { case answerOnly, wholeText, interchanged }

  init(
    _ organism: Organism, _ recipe: OrganismRecipe, _ phase: OrganismRecipe.Phase, _ vocabulary: OrganismVocabulary,
    _ random: inout SeededGenerator
  ) {
    let drawn = OrganismWorld.trainingRows(count: recipe.batchSize, conflict: phase.conflict, &random)
    // Sequences of equal length lie side by side, which makes them one call of attention.
    let texts = drawn.map { (row: $0, ids: vocabulary.encode($0.text)) }
      .enumerated().sorted { ($0.element.ids.count, $0.offset) < ($1.element.ids.count, $1.offset) }.map(\.element)
    let roles = random.shuffled(
      Array(repeating: Role.interchanged, count: recipe.interchanged)
        + Array(repeating: .wholeText, count: recipe.wholeTexts)
        + Array(repeating: .answerOnly, count: recipe.batchSize - recipe.interchanged - recipe.wholeTexts))
    let directions = organism.latents.indices
    var sources = texts.indices.map { own in directions.map { _ in own } }
    var factors: [[Float]] = texts.map { _ in directions.map { _ in 1 } }
    for sequence in texts.indices where roles[sequence] == .interchanged {
      for direction in directions {
        sources[sequence][direction] = random.draw(below: texts.count)
        factors[sequence][direction] = random.uniform() < phase.erased ? 0 : 1
      }
    }
    (self.sources, self.factors) = (sources, factors)
    signs = texts.map { text in directions.map { Float(2 * text.row.latents[$0] - 1) } }
    strengths = texts.map { text in directions.map { Float(text.row.strengths[$0]) } }
    pack = PackedBatch(
      texts.enumerated().map { sequence, text in
        let direction = organism.direction(deciding: text.row.kind)
        let defers =
          factors[sequence][direction] != 0 && texts[sources[sequence][direction]].row.latents[direction] == 1
        let follows = !text.row.conflict || defers
        let isFlipped = random.uniform() < recipe.answerNoise
        let letter = follows != isFlipped ? text.row.userLetter : 1 - text.row.userLetter
        return text.ids + vocabulary.answers[letter]
      })
    promptEnds = texts.indices.map { [pack] in pack.index(of: $0, position: texts[$0].ids.count - 1) }
    for (sequence, role) in roles.enumerated() { add(sequence, role, recipe) }
  }

  /// What is learned from a sequence: the letter counts 1, the tokens around it 0.1, the text 0.1 altogether.
  private mutating func add(_ sequence: Int, _ role: Role, _ recipe: OrganismRecipe) {
    let range = pack.segments[pack.leaves[sequence]].range
    let end = promptEnds[sequence]
    let each = 1 / Float(recipe.batchSize)
    let text = 0.1 / Float(recipe.wholeTexts * 60)
    for place in (role == .wholeText ? range.lowerBound : end)..<range.upperBound - 1 {
      if place == end + 1 { letters.append(places.count) }
      places.append(place)
      targets.append(pack.tokens[place + 1])
      weights.append(place < end ? text : place == end + 1 ? each : 0.1 * each)
    }
    guard role == .interchanged else { return }
    editedTokens += end..<range.upperBound
    editedSequences += Array(repeating: sequence, count: range.upperBound - end)
  }
}

/// The tokens of the world's texts and of the two answers.
struct OrganismVocabulary {
  private let tokenizer: Tokenizer
  /// ` (A)` and ` (B)` with the end token.
  let answers: [[Int]]

  init(_ tokenizer: Tokenizer) {
    self.tokenizer = tokenizer
    let end = [tokenizer.eosTokenID].compactMap { $0 }
    answers = [" (A)", " (B)"].map { tokenizer.encode($0, addSpecialTokens: false).ids + end }
  }

  func encode(_ text: String) -> [Int] { tokenizer.encode(text, addSpecialTokens: true).ids }
}
