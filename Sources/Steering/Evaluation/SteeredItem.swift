import Foundations

/// How one item responds to a vector: a row of the table `items` of a sweep, which `SlopeAgreement` reads back.
package struct SteeredItem: Sendable {
  package var distribution: String
  package var id: String
  package var group: String
  package var letter: String?
  package var layer: Int
  package var positions: String
  package var slope: Double

  package init(
    distribution: String, id: String, group: String, letter: String?, layer: Int, positions: String, slope: Double
  ) {
    (self.distribution, self.id, self.group, self.letter) = (distribution, id, group, letter)
    (self.layer, self.positions, self.slope) = (layer, positions, slope)
  }

  package static let table = Table<SteeredItem>(
    "items", "How one item responds to the scale at one layer.",
    [
      .text("distribution", "`in` or `out`.", \.distribution),
      .text("id", "The item.", \.id),
      .text("group", "Its distinct question.", \.group),
      .text("letter", "The letter of its matching answer.", \.letter),
      .integer("layer", "The block whose output is edited.", \.layer),
      .text("edit_positions", "Which tokens are edited.", \.positions),
      .number("slope", "Least-squares slope of the margin against the scale.", unit: "nats per scale", \.slope),
    ])
}
