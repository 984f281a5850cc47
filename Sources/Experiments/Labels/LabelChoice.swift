import Foundation
import Foundations
import Steering

/// By whose labels targets are judged.
package enum LabelChoice: Sendable, Hashable {
  /// The label that the run gave to each answer: parsed from its letter, or by forced choice.
  case recorded
  /// Those of all people: the adjudicated label where there is one, else what most raters say.
  case hand
  /// Those of one person.
  case rater(String)
  /// Those of one judge.
  case judge(String)

  /// The rater whose labels decide where people disagree.
  package static let adjudicated = "adjudicated"

  /// The name of the folder of tables by these labels; nil for the run's own, which have none.
  package var folder: String? {
    switch self {
    case .recorded: nil
    case .hand: Self.folderPrefix + "hand"
    case .rater(let name): Self.folderPrefix + "hand-\(Self.fileName(name))"
    case .judge(let name): Self.folderPrefix + "judge-\(Self.fileName(name))"
    }
  }

  static let folderPrefix = "labels-"

  /// A name with nothing in it that a file's may not have; what had to be replaced is told apart by a hash.
  private static func fileName(_ name: String) -> String {
    let harmless = String(name.prefix(60).map { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-") ? $0 : "_" })
    return harmless == name ? name : harmless + "-" + ContentHash.json(name).prefix(8)
  }

  /// For a sentence: `hand labels`, `labels by ann`.
  package var phrase: String {
    switch self {
    case .recorded: "recorded labels"
    case .hand: "hand labels"
    case .rater(let name): "hand labels by \(name)"
    case .judge(let name): "labels of the judge \(name)"
    }
  }
}

extension LabelChoice: LosslessStringConvertible {
  /// `recorded`, `hand`, `hand:<rater>` or `judge:<name>`; nil for anything else.
  package init?(_ description: String) {
    switch description {
    case "recorded": self = .recorded
    case "hand": self = .hand
    default:
      switch LabelSource(description) {
      case .hand(let rater): self = .rater(rater)
      case .judge(let name): self = .judge(name)
      default: return nil
      }
    }
  }

  package var description: String {
    switch self {
    case .recorded: "recorded"
    case .hand: "hand"
    case .rater(let name): LabelSource.hand(rater: name).description
    case .judge(let name): LabelSource.judge(name: name).description
    }
  }

  /// Why a text is none.
  package static func refusal(_ text: String) -> String {
    let near = nearest(text, among: ["recorded", "hand"])
    let hint = near.map { "did you mean \($0)?" } ?? "use recorded, hand, hand:<rater> or judge:<name>"
    return "\"\(text.prefix(40))\" is no source of labels; \(hint)"
  }
}

extension LabelChoice: Codable {
  package init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    let text = try container.decode(String.self)
    guard let choice = LabelChoice(text) else {
      throw DecodingError.dataCorruptedError(in: container, debugDescription: Self.refusal(text))
    }
    self = choice
  }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(description)
  }
}
