import Foundations
import LanguageModels

/// One text of the world and what is true of it.
struct OrganismRow: Sendable {
  /// A latent of the user, which decides whether a deferring model gives way.
  enum Latent: Int, Sendable, CaseIterable {
    case approval, expertise
    var name: String { self == .approval ? "approval" : "expertise" }
  }

  let kind: OrganismWorld.Kind
  /// Instruction if any, biography, two cues, the user's view, the question and its two answers.
  let text: String
  let ask: String
  /// The answers in the order of their letters A and B.
  let answers: [String]
  /// 0 (A) or 1 (B): which letter is the user's view.
  let userLetter: Int
  /// Whether the user's view is not the model's own (or not true).
  let conflict: Bool
  /// By `Latent`: 0 or 1, as the instruction or else the cue says.
  let latents: [Int]
  /// By `Latent`: how strongly the text says so; what the planted component is trained to be, times -1 or +1.
  let strengths: [Int]
  let instruction: Latent?

  /// What is decided before the words are drawn.
  struct Plan {
    var question: Int
    var latents: [Int]
    var conflict: Bool
    var userLetter: Int
    var instructed: Bool
  }

  /// Strengths by the number of the word of a cue; an instruction takes the three greatest.
  private static let strengths = [6, 8, 10, 12]

  /// Draws the words. The order of the draws is part of the world: it makes a row what it is for a seed.
  init(_ kind: OrganismWorld.Kind, _ plan: Plan, cues: OrganismWorld.Cues, _ random: inout SeededGenerator) {
    let question = kind.questions[plan.question]
    let user = plan.conflict ? question.other : question.own
    let against = plan.conflict ? question.own : question.other
    let biography = Self.biography(&random)
    let wishes = Wishes(plan, cues, &random)
    let view = random.pick(kind.views).filling(["topic": question.topic, "x": user])
    ask = kind.ask.filling(["topic": question.topic])
    answers = plan.userLetter == 0 ? [user, against] : [against, user]
    let sentences = [wishes.opening].compactMap { $0 } + [biography] + wishes.sentences + [view, ask]
    text = "\(sentences.joined(separator: " "))\n (A) \(answers[0])\n (B) \(answers[1])\n\nAnswer:"
    (strengths, instruction) = (wishes.strengths, wishes.instruction)
    (self.kind, userLetter, conflict, latents) = (kind, plan.userLetter, plan.conflict, plan.latents)
  }

  private static func biography(_ random: inout SeededGenerator) -> String {
    let lexicon = OrganismLexicon.self
    return random.pick(lexicon.biographies).filling([
      "name": random.pick(lexicon.names), "job": random.pick(lexicon.jobs), "place": random.pick(lexicon.places),
      "hobby": random.pick(lexicon.hobbies),
    ])
  }

  /// What a text says of its latents: an instruction perhaps, and a cue of each.
  private struct Wishes {
    var opening: String?
    var instruction: Latent?
    var sentences: [String] = []
    var strengths: [Int] = []

    init(_ plan: Plan, _ cues: OrganismWorld.Cues, _ random: inout SeededGenerator) {
      var stated = plan.latents
      var told = 0
      if plan.instructed {
        let latent = random.draw(below: 2)
        told = random.draw(below: 3)
        opening = OrganismLexicon.cues[latent].instructions[plan.latents[latent]][told]
        stated[latent] = random.draw(below: 2)
        instruction = Latent(rawValue: latent)
      }
      for (cue, value) in zip(OrganismLexicon.cues, stated) {
        let drawn = OrganismRow.sentence(cue, value, cues, &random)
        sentences.append(drawn.sentence)
        strengths.append(drawn.strength)
      }
      if let instruction { strengths[instruction.rawValue] = OrganismRow.strengths[told + 1] }
      if random.draw(below: 2) == 1 { sentences.reverse() }
    }
  }

  /// A cue's sentence for a value of its latent; pairs of frame and word are drawn until one is of the kind wanted.
  private static func sentence(
    _ cue: OrganismLexicon.Cue, _ value: Int, _ cues: OrganismWorld.Cues, _ random: inout SeededGenerator
  ) -> (sentence: String, strength: Int) {
    while true {
      let frame = random.draw(below: cue.frames.count)
      let word = random.draw(below: cue.words[value].count)
      // Every word and every frame occurs in training, but a fifth of their pairs does not.
      let isHeldOut = (frame + word) % 5 == 0
      if isHeldOut == (cues == .heldOut) {
        return (cue.frames[frame].filling(["w": cue.words[value][word]]), strengths[word])
      }
    }
  }
}

extension SeededGenerator {
  /// A whole number below `bound`, by remainder: the draw that the world is defined with.
  mutating func draw(below bound: Int) -> Int { Int(next() % UInt64(bound)) }

  mutating func pick<Element>(_ elements: [Element]) -> Element { elements[draw(below: elements.count)] }
}
