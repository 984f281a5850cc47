import Foundation
import Foundations
import Torch

/// Who judges by which rubric. A name stands for one judge: its labels are comparable.
struct JudgeCard: Codable, Equatable {
  var endpoint: String
  var model: String
  var temperature: Double
  var rubric: String
  var rubricName: String
  var rubricText: String
  var pairs: [String]?

  /// Stores the card, or finds that the name stands for this judge already.
  func claim(_ name: String, in directory: RunDirectory) throws {
    let url = directory.layout.judgeCard(name)
    if let data = FileManager.default.contents(atPath: url.path) {
      guard let earlier = try? JSONDecoder().decode(JudgeCard.self, from: data) else {
        throw TelltaleError(
          .badInput, "is no card of a judge; mend it, or give the judge another name", at: InputLocation(file: url.path)
        )
      }
      guard earlier.isSameJudge(as: self) else {
        throw TelltaleError(
          .badInput,
          "is of a judge with another model, temperature, rubric or pairs; give this one another name",
          at: InputLocation(file: url.path))
      }
      return
    }
    try directory.write(self, json: url)
  }

  /// The same model may move to another address.
  private func isSameJudge(as other: JudgeCard) -> Bool {
    (model, temperature, rubric) == (other.model, other.temperature, other.rubric) && pairs == other.pairs
  }
}
