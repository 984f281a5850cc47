import Foundation
import Steering

@testable import Experiments

extension MadeRun {
  /// The rows of a recording with the keys of their answers.
  func answers(_ model: ModelName, _ dataset: TargetName = "test") throws -> [(key: String, row: RecordedRow)] {
    var keys = ContentKeys(model: model, dataset: dataset)
    return try directory.recording(model, dataset).rows.map { (keys.next($0).continuation, $0) }
  }

  /// Labels of the first rows, which number is given; `label` says which.
  func give(
    _ rater: String, _ model: ModelName = "one", rows: Range<Int>, pass: Int? = nil,
    label: (_ index: Int, _ recorded: Int) -> Int?
  ) throws {
    let answers = try answers(model)
    let labels = rows.map { index in
      HandLabel(
        answer: answers[index].key, label: label(index, answers[index].row.label ?? 0), rater: rater, pass: pass)
    }
    try LabelJournal(directory).append(labels)
  }

  func text(_ path: String) throws -> String {
    try String(contentsOf: directory.url.appending(path: path), encoding: .utf8)
  }
}
