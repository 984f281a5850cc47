import Foundation
import Foundations
import Steering
import Tokenizers

/// Prompts with a grade of the model's answer to each: a CSV with the columns `prompt` and `grade`, and optionally `system`.
struct GradedPrompts {
  let items: [Item]
  let grades: [Double]

  init(_ url: URL, take: Int?) throws {
    let table = try CSVTable(contentsOf: url)
    let prompts = try table.column("prompt").strings
    let systems = table.columnIfPresent("system")?.strings
    let count = min(prompts.count, take ?? Int.max)
    guard count > 2 else {
      throw TelltaleError(
        .badInput, "has \(count) graded prompts; a correlation needs three", at: InputLocation(file: table.file))
    }
    grades = Array(try table.column("grade").numbers().prefix(count))
    items = (0..<count).map { row in
      let system = systems?[row] ?? ""
      return Item(
        source: url.lastPathComponent, row: row, text: prompts[row], earlier: system.isEmpty ? nil : [.system(system)],
        question: prompts[row], group: QuestionGroup(question: prompts[row], choices: []))
    }
  }
}
