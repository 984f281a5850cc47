import Statistics

/// Rows that a vector was made of.
///
/// A vector made of the prompts that it is judged on knows their answers; one made of the same questions with other prompts may
/// have learnt them. Of pairs only the questions are known, so that a question in common counts as a prompt.
enum Leakage {
  /// Blocks where prompts are shared, warns where only questions are. `nil` where neither is, or nothing is known of the making.
  ///
  /// - Parameters:
  ///   - questions: that the vector was made of, by name or text.
  ///   - prompts: that it was made of; `nil` where only questions are known.
  static func finding(_ rows: [RecordedRow], questions: Set<String>?, prompts: Set<String>?) -> Finding? {
    guard let questions, !questions.isEmpty else { return nil }
    let asked = rows.filter {
      questions.contains($0.group) || (!$0.question.isEmpty && questions.contains($0.question))
    }
    guard !asked.isEmpty else { return nil }
    let same = prompts.map { prompts in rows.filter { prompts.contains($0.prompt) } } ?? asked
    let blocks = !same.isEmpty
    let shared = blocks ? same : asked
    return Finding(
      severity: blocks ? .blocking : .warning, name: "leakage", number: Double(shared.count) / Double(rows.count),
      sentence: "\(shared.count) of \(rows.count) rows ask questions that the vector was made of, such as "
        + "\"\(shared[0].question.prefix(60))\", " + (blocks ? "" : "with other prompts, ")
        + "so it may have learnt their answers; judge it on other questions.")
  }
}
