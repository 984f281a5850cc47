import CommandSupport
import Foundation
import Foundations
import Steering

/// What `telltale compare` found: tables for files and JSON, and the lines that a person reads.
struct CompareReport {
  private(set) var tables: [String: TableValues] = [:]
  private var blocks: [Block] = []

  private enum Block {
    case line(String)
    case table(TableValues)
  }

  // MARK: One vector

  mutating func add(alone vector: ComparedVector, _ options: VectorComparison.Options) throws {
    for layer in options.layers ?? [] { _ = try vector.vectors.vector(layer) }
    let layers = options.layers ?? vector.vectors.sortedLayers
    addReliability(vector, layers)
    guard let pairs = vector.pairs, let halves = try vector.halves(seed: options.seed) else {
      blocks.append(
        .line(
          "Without the pairs' differences there are no halves and no learning curve; use extract --keep-differences."))
      return
    }
    let held = layers.filter(pairs.layers.contains)
    guard !held.isEmpty else { return }
    var own = options
    own.layers = held
    blocks.append(.line("Half of the questions against the other half:"))
    try add(VectorComparison(halves.0, halves.1, options: own))
    try addLearning(pairs, held, seed: options.seed)
  }

  private mutating func addReliability(_ vector: ComparedVector, _ layers: [Int]) {
    let origin = vector.vectors.provenance
    let count = origin.pairs.map { "\($0) pairs" } ?? "pairs unknown"
    blocks.append(.line("\(vector.name): \(count), \(origin.groups.map { "\($0) questions" } ?? "questions unknown")"))
    let table = CompareTables.reliability.values(
      layers.map { ($0, vector.vectors.norm($0), origin.reliability[$0]) })
    tables[CompareTables.reliability.name] = table
    if vector.pairs == nil { blocks.append(.table(table)) }
  }

  /// Every layer to the files, the most reliable one to the eye.
  private mutating func addLearning(_ pairs: PairDifferences, _ layers: [Int], seed: UInt64) throws {
    let curves = try layers.map { (layer: $0, curve: try LearningCurve(pairs, layer: $0, seed: seed)) }
    let table = CompareTables.learning
    tables[table.name] = table.values(curves.flatMap { CompareTables.learning($0.layer, $0.curve) })
    guard let best = curves.max(by: { ($0.curve.reliability ?? -1) < ($1.curve.reliability ?? -1) }) else { return }
    let value = ShownNumber.text(best.curve.reliability)
    let wanted = best.curve.unitsForNinety.flatMap { $0 > best.curve.units ? $0 : nil }
    let needed = wanted.map { "; 0.9 takes \($0) questions" } ?? ""
    blocks.append(.line("\nThe vector of some questions against that of all others, layer \(best.layer):"))
    blocks.append(.table(table.values(CompareTables.learning(best.layer, best.curve))))
    blocks.append(.line("Reliability of all \(best.curve.units) questions: \(value)\(needed)."))
  }

  // MARK: Two vectors and more

  mutating func add(two vectors: [ComparedVector], _ options: VectorComparison.Options) throws {
    let comparison = try VectorComparison(vectors[0], vectors[1], options: options)
    blocks.append(.line("\(Self.described(vectors[0])) against \(Self.described(vectors[1]))"))
    if let shared = comparison.sharedGroups { blocks.append(.line("questions in both: \(shared)")) }
    for vector in vectors where vector.pairs == nil {
      blocks.append(.line("\(vector.name) has no differences next to it: no intervals, its stated reliability"))
    }
    add(comparison)
  }

  private static func described(_ vector: ComparedVector) -> String {
    let origin = vector.vectors.provenance
    let parts = [
      origin.pairs.map { "\($0) pairs" }, origin.groups.map { "\($0) questions" }, origin.read.map { "read at \($0)" },
    ].compactMap { $0 }
    return parts.isEmpty ? vector.name : "\(vector.name) (\(parts.joined(separator: ", ")))"
  }

  private mutating func add(_ comparison: VectorComparison) {
    let layers = ComparedLayer.all(comparison)
    let verdicts = VerdictRange.all(layers)
    tables[ComparedLayer.table.name] = ComparedLayer.table.values(layers)
    tables[VerdictRange.table.name] = VerdictRange.table.values(verdicts)
    blocks.append(.table(ComparedLayer.shown.values(layers)))
    blocks += verdicts.map { .line("- \($0.line)") }
    let angles = CompareTables.angles.values(CompareTables.angles(comparison))
    if !angles.rows.isEmpty { add("angles", "\nPrincipal angles of the pairs' subspaces:", angles) }
  }

  mutating func add(many vectors: [ComparedVector], _ options: VectorComparison.Options) throws {
    let matrices = try SimilarityMatrix.all(vectors, options: options)
    tables[ComparedLayer.table.name] = ComparedLayer.table.values(matrices.flatMap { ComparedLayer.all($0) })
    tables[CompareTables.clusters.name] = CompareTables.clusters(matrices)
    for matrix in matrices {
      add(
        "matrix-\(matrix.layer)", "layer \(matrix.layer), cosines, similar ones adjacent:", CompareTables.square(matrix)
      )
      blocks += ComparedLayer.all(matrix).map { .line("- \($0.nameA) and \($0.nameB): \($0.evidence.sentence)") }
    }
  }

  // MARK: Use

  mutating func add(projections vectors: [ComparedVector], _ placed: [PlacedRecording], layers: [Int]?) throws {
    guard let first = placed.first, let last = placed.last, vectors.count > 1 else { return }
    var rows: [CompareTables.Projection] = []
    for i in vectors.indices {
      for j in vectors.indices where j > i {
        let held = Set(vectors[i].vectors.sortedLayers).intersection(vectors[j].vectors.sortedLayers)
          .intersection(first.layers).intersection(last.layers)
        for layer in held.sorted() where layers?.contains(layer) ?? true {
          let agreement = try FunctionalAgreement.projections(vectors[i], first, vectors[j], last, layer: layer)
          rows.append((vectors[i].name, vectors[j].name, layer, agreement))
        }
      }
    }
    add(
      "projections", "\nRank correlation of held-out prompts' projections, read at \(first.read.rawValue):",
      CompareTables.projections.values(rows))
  }

  mutating func add(_ alignment: RecordingAlignment) {
    add(
      "cka", "\nCentred kernel alignment on \(alignment.rows) prompts:", CompareTables.alignment.values(alignment.cells)
    )
  }

  mutating func add(_ slopes: SlopeAgreement) {
    add("slopes", "\nRank correlation of steering slopes, item by item:", CompareTables.slopes.values(slopes.cells))
  }

  private mutating func add(_ name: String, _ title: String, _ table: TableValues) {
    tables[name] = table
    blocks += [.line(title), .table(table)]
  }

  // MARK: Delivery

  /// A CSV of each table, and all as one JSON.
  func files() throws -> [(name: String, contents: Data)] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    let json = (name: "consistency.json", contents: try encoder.encode(tables))
    return tables.sorted { $0.key < $1.key }.map { ("\($0.key).csv", Data($0.value.csv.utf8)) } + [json]
  }

  func print() {
    for block in blocks {
      switch block {
      case .line(let line): Output.line(SafeText.visible(line))
      case .table(let table): table.print()
      }
    }
  }
}
