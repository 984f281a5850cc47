import Foundation
import Foundations
import LanguageModels

/// Two texts that are contrasted as they stand.
public struct TextPair: Sendable, Codable {
  public var positive: String
  public var negative: String
  /// The question that several pairs may share; a pair that names none is a separate question.
  public var group: String?
  /// Where it was read, for errors.
  package var place: InputLocation?

  private enum CodingKeys: String, CodingKey { case positive, negative, group }

  public init(positive: String, negative: String, group: String? = nil) {
    (self.positive, self.negative, self.group) = (positive, negative, group)
  }

  package func placed(at place: InputLocation) -> TextPair {
    var pair = self
    pair.place = place
    return pair
  }

  /// The same wherever the same texts stand.
  var groupID: String { group ?? QuestionGroup(question: "\(positive) / \(negative)", choices: []).id }
}

/// SHA-256 of the data that a vector was made of, as they were used: after sampling, and as they were put to the model.
enum DataHash {
  /// Every text counts with its length, so that no two lists of texts have the same bytes.
  static func of(_ rows: some Sequence<[String?]>) -> String {
    var data = Data()
    for row in rows {
      for text in row { data += Data("\(text?.utf8.count ?? -1):\(text ?? "")".utf8) }
      data.append(UInt8(ascii: "\n"))
    }
    return Fingerprint.data(data)
  }
}

extension PromptEncoder {
  /// SHA-256 of items as they are put to a model, with their answers and groups.
  func dataHash(_ items: [Item]) throws -> String {
    DataHash.of(try items.map { [try prompt($0), $0.group.id, $0.matchingAnswer] + $0.otherAnswers })
  }
}
