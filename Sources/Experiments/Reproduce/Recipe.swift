import Steering
import Tokenizers

/// A published experiment as data: which model and files, what is measured, and which numbers were published of it.
///
/// A number stands here only with the place where it can be read. What a paper states and nobody here has seen is left out, and
/// `leftOut` says so.
package struct Recipe: Sendable {
  package enum Measure: Sendable {
    /// Contrastive activation addition: the mean probability of the matching answer's letter, with the layer's vector added
    /// from the prompt's end on, times each multiplier.
    case choiceSteering(multipliers: [Double])
    /// MC1 and MC2, after a text of solved questions where one is given.
    case truthfulQA
    /// The refusal direction: the share of answers that refuse, by their words; as it is, with the direction removed at every
    /// layer, and of harmless prompts with it added. Read at the token so many before the prompt's end (1 is the last).
    case refusal(fromEnd: Int)
    /// Pearson's r of the projection at the prompt's last token on a vector of contrasting instructions, with a grade of what
    /// was answered.
    case graded(positive: [String], negative: [String])
  }

  /// A file that the recipe needs, by the name that `--file` calls it.
  package struct File: Sendable {
    package var role: String
    /// In a clone of the source, where `--files` is that clone's folder.
    package var path: String
    package var isOptional = false
  }

  package var name: String
  package var about: String
  package var model: String
  /// The layer and of how many, so that a model that stands in is read at the same depth.
  package var layer: Int?
  package var layers: Int
  package var style = PromptStyle.chat
  package var files: [File]
  /// Where the files come from, with their licence.
  package var data: String
  package var measure: Measure
  package var published: [PublishedNumber]
  /// What is published and not here, and why; what this recipe does otherwise than the paper.
  package var leftOut: String?

  /// The layer of a model of another depth that lies as deep.
  func layer(of count: Int) -> Int? { layer.map { min(count - 1, $0 * count / layers) } }
}

/// A number that was published, how near a repetition should come, and where it can be read.
package struct PublishedNumber: Sendable {
  /// What it is a value of, as `Reproduction` calls its measures.
  package var measure: String
  package var value: Double
  /// The largest difference that counts as reproduced.
  package var tolerance: Double
  package var source: String
}
