import Foundations
import Statistics
import Steering

// Columns that the tables of steering share.

extension GridCell {
  /// Which cell of a grid a row is of.
  static let columns: [TableColumn<GridCell>] = [
    .text("operation", "`none`, `add` or `ablate`; `prompt` for the words of --prompt-baseline.", \.operation.rawValue),
    .integer("layer", "The block whose output is edited, counted from 0.", \.layer),
    .number("scale", "What the vector is multiplied by, in the unit asked for; 0 is unsteered.", \.scale),
    .text("edit_positions", "Which tokens are edited.", \.positions?.rawValue),
  ]
}

extension CellEffect {
  /// Proof of what the edits did.
  static let columns: [TableColumn<CellEffect>] = [
    .integer("positions_edited", "Tokens whose residual stream was edited.", unit: "tokens", \.positions),
    .number(
      "mean_shift", "Mean distance that the edits moved it.", unit: "units of the residual stream", \.meanShift),
  ]
}

extension ChoiceSummary {
  static let gains: [TableColumn<ChoiceSummary>] = rate("rate") + gainColumns + marginColumns

  /// - Parameter rate: what to call how often the matching answer is the likeliest.
  static func table(rate name: String = "rate") -> Table<ChoiceSummary> {
    Table(
      "evaluate-\(name == "rate" ? "ab" : "capability")", "One cell of the grid.",
      .of(GridCell.columns, \.cell),
      [
        .integer("n", "Items.", unit: "items", \.rows),
        .integer("groups", "Distinct questions among them.", unit: "questions", \.groups),
      ],
      .estimate(
        "probability", "p(matching) over the answers, by their first differing token.", unit: "0 to 1", \.probability),
      .estimate("mass", "Probability of all those tokens together.", unit: "0 to 1", \.mass),
      .estimate("summed_probability", "p(matching) by summed log-probabilities.", unit: "0 to 1", \.summedProbability),
      .estimate("summed_mass", "Probability of all answers together.", unit: "0 to 1", \.summedMass), rate(name),
      gainColumns,
      marginColumns, .of(CellEffect.columns, \.effect))
  }

  private static func rate(_ name: String) -> [TableColumn<ChoiceSummary>] {
    .estimate(name, "How often the matching (or right) answer is the likeliest.", unit: "0 to 1", \.rate)
  }

  private static let gainColumns: [TableColumn<ChoiceSummary>] = .estimate(
    "gain", "That minus the same of the unsteered model.", unit: "-1 to 1", \.gain)
  private static let marginColumns: [TableColumn<ChoiceSummary>] = .estimate(
    "margin", "log p(matching) - log p(likeliest other).", unit: "nats", \.margin)
}
