import Steering
import Tokenizers

/// A published experiment as data: model, files, measure, and the published numbers.
///
/// Every number has its source. Numbers whose source was not read are left out, and `leftOut` says so.
package struct Recipe: Sendable {
  package enum Measure: Sendable {
    /// Contrastive activation addition: the mean probability of the matching answer's letter, with the layer's vector added
    /// from the prompt's end on, scaled by each multiplier.
    case choiceSteering(multipliers: [Double])
    /// MC1 and MC2, optionally after a few-shot text of solved questions.
    case truthfulQA
    /// The refusal direction: the share of refusals by substring matching, unedited, with the direction removed at every layer,
    /// and for harmless prompts with it added. Read at this token from the prompt's end (1 is the last).
    case refusal(fromEnd: Int)
    /// Pearson's r between the projection at the prompt's last token on a vector of contrasting instructions and the grade of
    /// the answer.
    case graded(positive: [String], negative: [String])
  }

  /// A file that the recipe needs, by its name in `--file`.
  package struct File: Sendable {
    package var role: String
    /// The path in a clone of the source, whose folder is `--files`.
    package var path: String
    package var isOptional = false
  }

  package var name: String
  package var about: String
  package var model: String
  /// The layer and the number of layers, so that another model is read at the same relative depth.
  package var layer: Int?
  package var layers: Int
  package var style = PromptStyle.chat
  package var files: [File]
  /// Where the files come from, with their licence.
  package var data: String
  package var measure: Measure
  package var published: [PublishedNumber]
  /// What is published but left out, and why; how this recipe differs from the paper.
  package var leftOut: String?

  /// The layer at the same relative depth in a model with another number of layers.
  func layer(of count: Int) -> Int? { layer.map { min(count - 1, $0 * count / layers) } }
}

/// A published number, how close a repetition should be, and its source.
package struct PublishedNumber: Sendable {
  /// The measure, as named by `Reproduction`.
  package var measure: String
  package var value: Double
  /// The largest difference that counts as reproduced.
  package var tolerance: Double
  package var source: String
}
