import Foundation
import Foundations
import Steering

/// Data sets and score tables.
enum DataReaders {
  static func all() throws -> [Reader] { [try datasets(), try scores()] }

  private static func datasets() throws -> Reader {
    let names = [
      "political.jsonl", "caa-ab.json", "persona.jsonl", "mc_task.json", "truthfulqa-2025.csv", "nlp-survey.jsonl",
      "sycophancy-eval/answer.jsonl", "sycophancy-eval/are_you_sure.jsonl", "sycophancy-eval/feedback.jsonl",
      "sycon-bench/ethical.csv", "sycon-bench/push_back.csv", "elephant/AITA-YTA.csv", "elephant/AITA-NTA-FLIP.csv",
    ]
    return Reader(
      name: "datasets",
      words: [
        #""group":"nan""#, #""question":"Q""#, #""answer_matching_behavior":" (A)""#, #""confidence":NaN"#, "\\u0000",
        "</s>", "(A)", "\u{200B}",
      ],
      seeds: try names.map { try Reader.seed("Tests/Fixtures/datasets/\($0)") },
      read: { url in
        let items = try Dataset.load(url)
        _ = Dataset.notes(of: items)
        for item in items.prefix(20) { _ = AnswerParser(choices: item.choices).parse(item.text) }
        return ""
      })
  }

  private static func scores() throws -> Reader {
    let table =
      "score,label,group,letter\n"
      + (0..<24).map { "\(Double($0) / 7),\($0 % 2),q\($0 / 4),\($0 % 3 == 0 ? "A" : "B")\n" }.joined()
    return Reader(
      name: "scores", words: ["nan", "inf", "NA", "None", "1.0", "True", "1e400", "\u{200B}q1", "group"],
      seeds: [.init(name: "scores.csv", bytes: Array(table.utf8))],
      read: { url in
        _ = try ScoreTable(url)
        return ""
      })
  }
}
