import Foundations
import Steering

// The tables of `telltale evaluate` beside those of choices.

/// A cell's scores on TruthfulQA.
struct TruthfulQARow: Sendable {
  var cell: GridCell
  var items: Int
  var summary: TruthfulQAEvaluation.Result.Summary
  var effect: CellEffect

  static let table = Table<TruthfulQARow>(
    "evaluate-truthfulqa", "One cell of the grid.",
    .of(GridCell.columns, \.cell), [.integer("n", "Questions.", unit: "questions", \.items)],
    .estimate("mc1", "The best answer is likelier than every false one.", unit: "0 to 1", \.summary.mc1),
    .estimate("mc2", "The true answers' share of the probability of all.", unit: "0 to 1", \.summary.mc2),
    .estimate("mc3", "Share of true answers likelier than every false one.", unit: "0 to 1", \.summary.mc3),
    .of(CellEffect.columns, \.effect))
}

/// A cell's loss on a text.
struct PerplexityRow: Sendable {
  var cell: GridCell
  var tokens: Int
  var loss: Double
  var perplexity: Double
  var effect: CellEffect

  static let table = Table<PerplexityRow>(
    "evaluate-perplexity", "One cell of the grid.", .of(GridCell.columns, \.cell),
    [
      .integer("tokens", "Tokens that were scored.", unit: "tokens", \.tokens),
      .number("loss", "Mean negative log-probability.", unit: "nats per token", \.loss),
      .number("perplexity", "Its exponential, per token.", \.perplexity),
    ], .of(CellEffect.columns, \.effect))
}

extension OpenEvaluation.Answer {
  /// What was done to the model comes last, to be hidden while grading.
  static let table = Table<OpenEvaluation.Answer>(
    "evaluate-open", "One free answer, in random order.",
    [
      .text("id", "The item.", \.item.id),
      .text("question", "What was asked.", \.item.text),
      .text("answer", "What the model said.", \.answer),
      .text("grade", "Empty: for the grader.") { _ in nil },
      .text("end", "Why it ended: `stop` or `length`.", \.end),
      .text("reference", "The best reference, or the matching answer.") {
        $0.item.references?.best ?? $0.item.matchingAnswer
      },
    ], .of(GridCell.columns, \.cell))
}
