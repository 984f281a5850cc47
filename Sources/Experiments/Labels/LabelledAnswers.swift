import Foundation
import Steering

/// An answer of a run with what each source of labels says of it.
package struct LabelledAnswer: Sendable {
  /// Its key: what labels name it by.
  package let answer: String
  package let model: ModelName
  package let dataset: TargetName
  package let item: String
  package let group: String
  package let prompt: String
  package let continuation: String
  /// By source: the recorded label always, the others where they were given; `hand` is what people say together.
  package let verdicts: [LabelChoice: LabelIndex.Verdict]
}

/// The answers of a run with all their labels, and which sources there are.
package struct LabelledAnswers: Sendable {
  package let answers: [LabelledAnswer]
  /// The recorded labels, people together where they are several, each person, each judge.
  package let sources: [LabelChoice]
  let given: LabelIndex

  package init(_ run: StoredRun) throws {
    let given = try LabelIndex(run)
    let own = given.sources.compactMap { LabelChoice($0.description) }
    let people = own.count {
      if case .rater = $0 { true } else { false }
    }
    let sources = [.recorded] + (people > 1 ? [.hand] : []) + own
    var answers: [LabelledAnswer] = []
    for model in run.models {
      for dataset in run.experiment.recordedDatasets {
        var keys = ContentKeys(model: model, dataset: dataset)
        try run.directory.eachChunk(model, dataset) { _, chunk in
          for row in chunk.rows {
            let key = keys.next(row).continuation
            answers.append(LabelledAnswer(row, key, model, dataset, given, sources: sources))
          }
        }
      }
    }
    (self.answers, self.sources, self.given) = (answers, sources, given)
  }
}

extension LabelledAnswer {
  fileprivate init(
    _ row: RecordedRow, _ key: String, _ model: ModelName, _ dataset: TargetName, _ given: LabelIndex,
    sources: [LabelChoice]
  ) {
    (answer, self.model, self.dataset, item, group) = (key, model, dataset, row.id, row.group)
    (prompt, continuation) = (row.prompt, row.continuation)
    var verdicts: [LabelChoice: LabelIndex.Verdict] = [.recorded: LabelIndex.Verdict(row.label)]
    for source in sources where source != .recorded { verdicts[source] = given.verdict(source, on: key) }
    self.verdicts = verdicts
  }
}
