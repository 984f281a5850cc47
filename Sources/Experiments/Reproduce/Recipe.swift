import Steering
import Tokenizers

/// A published experiment as data: model, files, measure, and the published numbers.
///
/// Every number has its source. Numbers whose source was not read are left out, and `leftOut` says so.
public struct Recipe: Sendable {
  public enum Measure: Sendable {
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
  public struct File: Sendable {
    public var role: String
    /// The path in a clone of the source, whose folder is `--files`.
    public var path: String
    public var isOptional = false
  }

  public var name: String
  public var about: String
  public var model: String
  /// The layer and the number of layers, so that another model is read at the same relative depth.
  public var layer: Int?
  public var layers: Int
  public var style = PromptStyle.chat
  public var files: [File]
  /// Where the files come from, with their licence.
  public var data: String
  public var measure: Measure
  public var published: [PublishedNumber]
  /// What is published but left out, and why; how this recipe differs from the paper.
  public var leftOut: String?

  /// The layer at the same relative depth in a model with another number of layers.
  func layer(of count: Int) -> Int? { layer.map { min(count - 1, $0 * count / layers) } }
}

/// A published number, how close a repetition should be, and its source.
public struct PublishedNumber: Sendable {
  /// The measure, as named by `Reproduction`.
  public var measure: String
  public var value: Double
  /// The largest difference that counts as reproduced.
  public var tolerance: Double
  public var source: String
}
