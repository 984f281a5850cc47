import Foundation
import Foundations
import Statistics
import Torch

/// Whether two vectors steer the same items: the rank correlation of steering slopes, item by item, of two sweeps.
public struct SlopeAgreement: Sendable {
  public struct Cell: Sendable {
    /// In or out of distribution, as the sweep calls it.
    public var distribution: String
    public var layer: Int
    public var positions: String
    public var agreement: FunctionalAgreement
  }

  public let cells: [Cell]

  /// Reads the `items.csv` of two sweeps (columns distribution, id, group, layer, edit_positions, slope in nats a unit of
  /// scale). Refuses tables without a cell in common.
  public init(_ a: URL, _ b: URL) throws {
    let (first, second) = (try Self.read(a), try Self.read(b))
    cells = first.keys.filter { second[$0] != nil }.sorted().map { key in
      let own = first[key]?.slopes ?? [:]
      let other = second[key]?.slopes ?? [:]
      let items = own.keys.filter { other[$0] != nil }.sorted()
      let groups = Set(items.compactMap { own[$0]?.group })
      let correlation = Measures.spearman(items.compactMap { own[$0]?.slope }, items.compactMap { other[$0]?.slope })
      return Cell(
        distribution: key.distribution, layer: key.layer, positions: key.positions,
        agreement: FunctionalAgreement(
          spearman: correlation?.coefficient, rows: items.count, groups: groups.count, leftOut: 0))
    }
    guard cells.contains(where: { $0.agreement.rows > 0 }) else {
      throw TelltaleError(
        .badInput, "has no item in common with \(a.path) at the same layer and edit positions; sweep the same data",
        at: InputLocation(file: b.path))
    }
  }

  private struct Key: Hashable, Comparable {
    var distribution: String
    var layer: Int
    var positions: String

    static func < (a: Key, b: Key) -> Bool {
      (a.distribution, a.layer, a.positions) < (b.distribution, b.layer, b.positions)
    }
  }

  private struct Slopes { var slopes: [String: (slope: Double, group: String)] = [:] }

  private static func read(_ url: URL) throws -> [Key: Slopes] {
    let file = try CSVTable(contentsOf: url)
    var read: [Key: Slopes] = [:]
    for (row, line) in zip(try SteeredItem.table.read(file).rows, file.rows.map(\.line)) {
      let place = InputLocation(file: file.file, line: line)
      guard let layer = row.integer("layer"), let slope = row.number("slope"), slope.isFinite else {
        throw TelltaleError(.badInput, "has no layer or no slope; give the items.csv of a sweep", at: place)
      }
      let key = Key(distribution: row["distribution"], layer: layer, positions: row["edit_positions"])
      guard read[key, default: Slopes()].slopes.updateValue((slope, row["group"]), forKey: row["id"]) == nil else {
        throw TelltaleError(
          .badInput, "the item \(row["id"]) stands there twice at one layer; sweep it once", at: place)
      }
    }
    return read
  }
}
