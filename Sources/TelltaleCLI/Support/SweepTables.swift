import Foundations
import Statistics
import Steering

/// A sweep's results as tables.
struct SweepTables {
  private let sweep: SteeringSweep.Result

  init(_ sweep: SteeringSweep.Result) { self.sweep = sweep }

  static let declarations: [any TableDeclaration] = [
    cells, doseResponse, chosen, matched, SteeredItem.table,
  ]

  var named: [(String, TableValues)] {
    [
      (Self.cells.name, Self.cells.values(cellRows)), (Self.doseResponse.name, Self.doseResponse.values(doseRows)),
      (Self.chosen.name, Self.chosen.values(chosenRows)), (Self.matched.name, Self.matched.values(matchedRows)),
      (SteeredItem.table.name, SteeredItem.table.values(items)),
    ]
  }

  private var distributions: [(String, ChoiceEvaluation.Result)] {
    [("in", sweep.inDistribution)] + (sweep.outOfDistribution.map { [("out", $0)] } ?? [])
  }

  // MARK: Cells

  /// What was measured of one cell, and what it costs.
  private struct Cell: Sendable {
    var distribution = "in"
    /// Of the fold or pair.
    var number = 0
    /// Nil for the words of the prompt baseline.
    var cell: GridCell?
    var summary: ChoiceSummary
    var perplexity: Double?
    var accuracy: Estimate?
    var chosenOn: ChoiceSummary?

    static let key: [TableColumn<Cell>] =
      [.text("operation", GridCell.columns[0].help) { $0.cell?.operation.rawValue ?? "prompt" }]
      + .of(Array(GridCell.columns.dropFirst()), \.cell)
    static let gains: [TableColumn<Cell>] = .of(ChoiceSummary.gains, \.summary)
    static let costs: [TableColumn<Cell>] =
      [.number("perplexity", "Of the text of --perplexity, per token.", \.perplexity)]
      + .estimate("accuracy", "On the questions of --capability.", unit: "0 to 1", \.accuracy)
  }

  /// Of the cell of the grid that was measured on all items.
  private func row(_ index: Int, _ summary: ChoiceSummary) -> Cell {
    Cell(
      cell: summary.cell, summary: summary, perplexity: sweep.perplexities?[index], accuracy: sweep.exam?[index].rate)
  }

  private static let cells = Table<Cell>(
    "cells", "One cell of the grid in or out of distribution; the prompt baseline as one more row.",
    [.text("distribution", "`in` for the items, `out` for those of --out-of-distribution.", \.distribution)],
    Cell.key, Cell.gains, Cell.costs, .of(CellEffect.columns, \.summary.effect))

  private var cellRows: [Cell] {
    let measured = distributions.flatMap { name, result in
      result.summaries().enumerated().map { index, summary in
        var cell = row(index, summary)
        cell.distribution = name
        return cell
      }
    }
    let baselines = [("in", sweep.baseline), ("out", sweep.baselineOutOfDistribution)].compactMap { name, summary in
      summary.map { Cell(distribution: name, cell: nil, summary: $0) }
    }
    return measured + baselines
  }

  private static let chosen = Table<Cell>(
    "chosen", "The cell that is best on one half of the questions, judged on the other half.",
    [.integer("fold", "Which half it was chosen on, 0 or 1.", \.number)], Cell.key,
    [
      .number("chosen_on_rate", "Rate on the half it was chosen on: too good by construction.") {
        $0.chosenOn?.rate.value
      },
      .number("chosen_on_gain", "Gain on that half.") { $0.chosenOn?.gain.value },
    ], Cell.gains, Cell.costs)

  private var chosenRows: [Cell] {
    sweep.chosen.enumerated().map { fold, choice in
      var cell = row(choice.cell, choice.judgedOn)
      (cell.number, cell.chosenOn) = (fold, choice.chosenOn)
      return cell
    }
  }

  private static let matched = Table<Cell>(
    "matched", "An ablation, and the addition whose mean margin is nearest to it.",
    [.integer("pair", "Two rows have the same number.", \.number)], Cell.key, Cell.gains, Cell.costs)

  private var matchedRows: [Cell] {
    let summaries = sweep.inDistribution.summaries()
    return sweep.inDistribution.matchedCells().enumerated().flatMap { pair, match in
      [match.ablated, match.added].map { index in
        var cell = row(index, summaries[index])
        cell.number = pair
        return cell
      }
    }
  }

  // MARK: Slopes

  private typealias Dose = (distribution: String, response: DoseResponse)

  private static let doseResponse = Table<Dose>(
    "dose-response", "How the items respond to the scale at one layer.",
    [
      .text("distribution", "`in` or `out`.", \.distribution),
      .integer("layer", "The block whose output is edited.", \.response.layer),
      .text("edit_positions", "Which tokens are edited.", \.response.positions),
    ],
    .estimate(
      "slope", "Mean least-squares slope of the margin against the scale.", unit: "nats per scale", \.response.slope),
    .estimate(
      "anti_steerable", "Share of items that move against the vector.", unit: "0 to 1", \.response.antiSteerable),
    [
      .number(
        "explained_by_letter", "Share of the slopes' variance that goes with the matching answer's letter.",
        unit: "0 to 1", \.response.explainedByLetter),
      .number("explained_by_group", "The same with the question.", unit: "0 to 1", \.response.explainedByGroup),
    ])

  private var doseRows: [Dose] {
    distributions.flatMap { name, result in result.doseResponses().map { (name, $0) } }
  }

  private var items: [SteeredItem] {
    distributions.flatMap { name, result in
      result.doseResponses().flatMap { dose in
        zip(result.items, dose.slopes).map { item, slope in
          SteeredItem(
            distribution: name, id: item.id, group: item.group.id, letter: item.matchingLetter, layer: dose.layer,
            positions: dose.positions, slope: slope)
        }
      }
    }
  }
}
