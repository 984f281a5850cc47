import LanguageModels
import Testing

@testable import Steering

/// Dose-response, choice and matching on margins given by hand.
@Suite struct DoseResponseTests {
  private static func item(_ row: Int, letter: String) -> Item {
    let group = QuestionGroup(named: "g\(row)", text: "?")
    let choices = ["A", "B"].map { Choice(letter: $0, text: $0) }
    return Item(
      source: "s", row: row, text: "?", question: "?", group: group, choices: choices,
      matchingAnswer: " (\(letter))", otherAnswers: [" (\(letter == "A" ? "B" : "A"))"])
  }

  /// Two answers of one token each, with p(matching) = 1 / (1 + exp(-margin)).
  private static func score(_ margin: Double) -> ChoiceScore {
    ChoiceScore([[margin], [0]], tokens: [[1], [2]])
  }

  private static func cell(_ layer: Int, _ scale: Double?) -> GridCell {
    GridCell(
      operation: scale == nil ? .ablate : .add, layer: layer, scale: scale, positions: .fromPromptEnd, edits: [])
  }

  /// Four items; layer 0 moves A by 2 and B by -1 nats a unit, layer 1 moves all by 3.
  private static func result() -> ChoiceEvaluation.Result {
    let items = ["A", "A", "B", "B"].enumerated().map { item($0, letter: $1) }
    let cells = [GridCell.unsteered, cell(0, -1), cell(0, 1), cell(0, nil), cell(1, -1), cell(1, 1)]
    let margins: [[Double]] = [
      [0, 0, 0, 0], [-2, -2, 1, 1], [2, 2, -1, -1], [-1.9, -1.9, 0.9, 0.9], [-3, -3, -3, -3], [3, 3, 3, 3],
    ]
    return ChoiceEvaluation.Result(
      items: items, cells: cells, scores: margins.map { $0.map(score) }, effects: cells.map { _ in CellEffect() },
      cost: GridCost())
  }

  @Test("Slopes, the share of anti-steerable items and what the letter explains are as given")
  func slopes() throws {
    let doses = Self.result().doseResponses()
    let first = try #require(doses.first)
    #expect(doses.map(\.layer) == [0, 1] && first.scales == [0, -1, 1])
    for (found, expected) in zip(first.slopes, [2.0, 2, -1, -1]) { #expect(abs(found - expected) < 1e-12) }
    #expect(first.antiSteerable.value == 0.5 && abs(first.slope.value - 0.5) < 1e-12)
    #expect(abs((first.explainedByLetter ?? 0) - 1) < 1e-9)
    #expect(doses[1].antiSteerable.value == 0)
  }

  @Test("The best cell is chosen on either half and judged on the other, against the unsteered model")
  func choosing() {
    let chosen = Self.result().chosenCells(seed: 1)
    #expect(chosen.map(\.cell) == [5, 5])
    for choice in chosen {
      #expect(choice.judgedOn.rows == 2 && choice.judgedOn.rate.value == 1 && choice.judgedOn.gain.value == 1)
    }
  }

  @Test("An ablation is matched with the addition of its layer that has the nearest effect")
  func matching() {
    let matched = Self.result().matchedCells()
    #expect(matched.count == 1 && matched[0].ablated == 3 && matched[0].added == 1)
  }
}
