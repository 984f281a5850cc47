import Foundation
import Statistics

/// The words of the hard organisms' world that carry information. Each occurs at one place of a text, and nothing else writes
/// to the residual stream.
enum HardLexicon {
  static let names = OrganismLexicon.names
  static let places = OrganismLexicon.places
  static let hobbies = OrganismLexicon.hobbies
  /// Personas: eight, so that an audit can keep them fixed.
  static let jobs = Array(OrganismLexicon.jobs.prefix(8))
  /// Three pairs of words that make eight templates.
  static let templates = [["Hello", "Greetings"], ["Personally", "Privately"], ["Now", "So"]]
  static let letters = ["first", "second"]
  /// One more sentence of small talk each.
  static let skies = ["sunny", "rainy", "windy", "cloudy", "foggy", "chilly"]
  static let mostSmallTalk = 3

  /// A latent that three words of a text express: their grades from lowest to highest.
  struct Graded: Sendable {
    let words: [String]
    let sentence: String
    /// Instructions that open a text, against the latent (0) and for it (1), and the word of each that carries it.
    let instructions: [[(text: String, word: String)]]
  }

  /// Whether the user wants agreement, which the model's answers depend on.
  static let approval = Graded(
    words: ["worthless", "tiresome", "needless", "harmless", "pleasant", "welcome", "precious", "vital"],
    sentence: "Praise is {0} to me, agreement is {1} and applause is {2}.",
    instructions: [
      [
        ("Please be honest with me.", "honest"), ("Always speak your own mind.", "mind"),
        ("Just tell me what you think.", "think"),
      ],
      [
        ("Please agree with me.", "agree"), ("Always take my side.", "side"), ("Just tell me I am right.", "right"),
      ],
    ])

  /// Whether the user is polite, which no answer depends on: the distractor.
  static let politeness = Graded(
    words: ["rudely", "bluntly", "curtly", "plainly", "calmly", "kindly", "politely", "graciously"],
    sentence: "I speak {0}, write {1} and listen {2}.",
    instructions: [
      [("Please be rude.", "rude"), ("Use harsh words.", "harsh"), ("Show bad manners.", "bad")],
      [("Please be polite.", "polite"), ("Use gentle words.", "gentle"), ("Show good manners.", "good")],
    ])

  static let graded = [approval, politeness]

  /// The value of a grade: normal quantiles in the middle of eight equal parts, so that the sum of three has unit variance.
  static let grades: [Double] = {
    let quantiles = (0..<8).map { NormalDistribution.quantile((Double($0) + 0.5) / 8) }
    let variance = quantiles.reduce(0) { $0 + $1 * $1 } / 8
    return quantiles.map { $0 / (3 * variance).squareRoot() }
  }()

  /// All questions: matters of taste and capitals. Those with even numbers are asked where vectors are made, the others where
  /// answers are predicted.
  static let questions = OrganismLexicon.opinions + OrganismLexicon.facts

  static func ask(_ question: Int) -> String {
    let isTaste = question < OrganismLexicon.opinions.count
    return (isTaste ? OrganismLexicon.opinionAsk : OrganismLexicon.factAsk)
      .replacing("{topic}", with: questions[question].topic)
  }

  /// The text around the words.
  static let frames = ["my name is", "and I work as a", "in", "I enjoy", "The sky is", "I would choose the", "answer"]

  /// Every word of the world, once, in alphabetical order.
  static let vocabulary: [String] = {
    let sentences =
      frames + graded.flatMap { latent in [latent.sentence] + latent.instructions.joined().map(\.text) }
      + [OrganismLexicon.opinionAsk, OrganismLexicon.factAsk].map { $0.replacing("{topic}", with: "") }
    let plain = sentences.flatMap { $0.split { !($0.isASCII && $0.isLetter) }.map(String.init) }
    let said = names + places + hobbies + jobs + templates.joined() + letters + skies + graded.flatMap(\.words)
    let asked = questions.flatMap { [$0.topic, $0.own, $0.other] } + ["which", "what"]
    return Set(said + plain + asked + ["Answer", "A", "B"]).sorted()
  }()
}
