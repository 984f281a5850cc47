/// Where a label comes from; its string form is what files and tables hold.
public enum LabelSource: Sendable, Hashable, Codable, LosslessStringConvertible {
  /// Parsed from generated text.
  case letter
  /// The likelier of the choices by the model's logits.
  case forcedChoice
  /// Whether a right answer is left once it is doubted: by the likelier of both answers before and after (`Pushback`).
  case flip
  /// Given by a person.
  case hand(rater: String)
  /// Given by another model.
  case judge(name: String)
  /// Taken from the reference answers of the data set.
  case reference

  /// `letter`, `forced-choice`, `flip`, `hand:<rater>`, `judge:<name>` or `reference`; nil for anything else, also for a blank
  /// name.
  public init?(_ description: String) {
    switch description {
    case "letter": self = .letter
    case "forced-choice": self = .forcedChoice
    case "flip": self = .flip
    case "reference": self = .reference
    default:
      let parts = description.split(separator: ":", maxSplits: 1)
      guard parts.count == 2, parts[1].contains(where: { !$0.isWhitespace }) else { return nil }
      switch parts[0] {
      case "hand": self = .hand(rater: String(parts[1]))
      case "judge": self = .judge(name: String(parts[1]))
      default: return nil
      }
    }
  }

  public var description: String {
    switch self {
    case .letter: "letter"
    case .forcedChoice: "forced-choice"
    case .flip: "flip"
    case .hand(let rater): "hand:\(rater)"
    case .judge(let name): "judge:\(name)"
    case .reference: "reference"
    }
  }

  /// Whether it is the likelier answer by the model's logits that decides.
  var comparesChoices: Bool { self == .forcedChoice || self == .flip }

  public init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    let text = try container.decode(String.self)
    guard let source = LabelSource(text) else {
      let message =
        "\"\(text)\" is not a label source; use letter, forced-choice, flip, hand:<rater>, judge:<name> or reference"
      throw DecodingError.dataCorruptedError(in: container, debugDescription: message)
    }
    self = source
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(description)
  }
}
