import Foundations
import Statistics
import Torch

/// What every word of the hard world writes to the residual stream, in the coordinates of ``HardSpectrum``, and how each
/// question shifts the answer. A word that is not listed writes nothing.
struct HardWriting {
  /// By word (without a space before it): float [HardSpectrum.count].
  private(set) var words: [String: [Double]] = [:]
  /// By question: its intercept and slope in ``HardRule``.
  let intercepts: [Double]
  let slopes: [Double]

  /// How far an instruction strays along every direction other than the latents of instructions, in that direction's standard
  /// deviations.
  private static let stray = 0.1
  /// The value an instruction writes to its latent, in the latent's standard deviations.
  private static let instruction = 2.0

  init(seed: UInt64) throws {
    var random = SeededGenerator(seed: seed, stream: 1)
    let lexicon = HardLexicon.self
    let topics = try Self.whitened(
      lexicon.questions.count, HardSpectrum.directions[.topic]?.count ?? 0, &random)
    let weights = (0..<2).map { _ in Self.unit(topics[0].count, &random) }
    func combined(_ weights: [Double], times size: Double) -> [Double] {
      topics.map { topic in size * zip(topic, weights).reduce(0) { $0 + $1.0 * $1.1 } }
    }
    intercepts = combined(weights[0], times: HardRule.intercepts)
    slopes = combined(weights[1], times: HardRule.slopes)
    for (question, topic) in zip(lexicon.questions, topics) { add(question.topic, .topic, topic) }
    try addList(lexicon.jobs, .persona, &random)
    try addList(lexicon.names, .name, &random)
    try addList(lexicon.places, .place, &random)
    try addList(lexicon.hobbies, .hobby, &random)
    for (factor, pair) in lexicon.templates.enumerated() {
      for (side, word) in pair.enumerated() { add(word, .template, (0..<3).map { $0 == factor ? Self.sign(side) : 0 }) }
    }
    for (side, word) in lexicon.letters.enumerated() { add(word, .letter, [Self.sign(side)]) }
    // The number of sentences is uniform from 0 to 3, whose variance is 5/4.
    for sky in lexicon.skies { add(sky, .length, [1 / 1.25.squareRoot()]) }
    addGraded(lexicon.approval, .approval, &random)
    addGraded(lexicon.politeness, .politeness, &random)
  }

  private static func sign(_ side: Int) -> Double { side == 0 ? -1 : 1 }

  /// - Parameter values: one per direction of the latent, in its standard deviations.
  private mutating func add(_ word: String, _ latent: HardSpectrum.Latent, _ values: [Double]) {
    var written = words[word] ?? Array(repeating: 0, count: HardSpectrum.count)
    for (direction, value) in zip(HardSpectrum.directions[latent] ?? [], values) {
      written[direction - 1] += value * HardSpectrum.deviation(direction)
    }
    words[word] = written
  }

  private mutating func addList(
    _ list: [String], _ latent: HardSpectrum.Latent, _ random: inout SeededGenerator
  ) throws {
    let values = try Self.whitened(list.count, HardSpectrum.directions[latent]?.count ?? 0, &random)
    for (word, own) in zip(list, values) { add(word, latent, own) }
  }

  private mutating func addGraded(
    _ latent: HardLexicon.Graded, _ carrier: HardSpectrum.Latent, _ random: inout SeededGenerator
  ) {
    for (word, grade) in zip(latent.words, HardLexicon.grades) { add(word, carrier, [grade]) }
    for (side, instructions) in latent.instructions.enumerated() {
      for instruction in instructions {
        add(instruction.word, carrier, [Self.sign(side) * Self.instruction])
        for other in HardSpectrum.Latent.allCases where other != .approval && other != .politeness {
          let strays = (HardSpectrum.directions[other] ?? []).map { _ in Self.stray * random.normal() }
          add(instruction.word, other, strays)
        }
      }
    }
  }

  /// [count][width], of which every column has mean 0 and variance 1, and no two are correlated; width is below count.
  private static func whitened(
    _ count: Int, _ width: Int, _ random: inout SeededGenerator
  ) throws -> [[Double]] {
    let drawn = try Tensor((0..<count * width).map { _ in random.normal() }, shape: [count, width])
    let centred = try drawn - drawn.mean(0, keep: true)
    let columns = try centred.orthonormalised() * Double(count).squareRoot()
    let values = try columns.contiguous().doubles()
    return (0..<count).map { Array(values[$0 * width..<($0 + 1) * width]) }
  }

  private static func unit(_ width: Int, _ random: inout SeededGenerator) -> [Double] {
    let drawn = (0..<width).map { _ in random.normal() }
    let norm = drawn.reduce(0) { $0 + $1 * $1 }.squareRoot()
    return drawn.map { $0 / norm }
  }
}
