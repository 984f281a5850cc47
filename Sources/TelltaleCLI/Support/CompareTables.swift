import CommandSupport
import Foundations
import Statistics
import Steering

/// Results of `telltale compare` as tables: every digit for files, and a narrower choice for the eye.
enum CompareTables {
  private static let layerColumns =
    ["vector_a", "vector_b", "layer"] + TableValues.estimate("cosine") + ["reliability_a", "reliability_b", "ceiling"]
    + TableValues.estimate("disattenuated")
    + ["dimension", "p_dimension", "effective_dimension", "p_effective", "verdict"]

  /// One row for every pair of vectors and layer.
  static func layers(_ comparisons: [VectorComparison]) -> TableValues {
    var table = TableValues(layerColumns)
    for comparison in comparisons {
      for layer in comparison.layers {
        table.rows.append(row(comparison.nameA, comparison.nameB, layer.layer, layer.evidence))
      }
    }
    return table
  }

  static func layers(_ matrices: [SimilarityMatrix]) -> TableValues {
    var table = TableValues(layerColumns)
    for matrix in matrices {
      for (pair, evidence) in matrix.evidence.sorted(by: { $0.key.lexicographicallyPrecedes($1.key) }) {
        table.rows.append(row(matrix.names[pair[0]], matrix.names[pair[1]], matrix.layer, evidence))
      }
    }
    return table
  }

  private static func row(_ a: String, _ b: String, _ layer: Int, _ evidence: SimilarityEvidence) -> [TableValue] {
    let cosine = evidence.cosineInterval
    let clean = evidence.disattenuatedInterval
    return [
      .text(a), .text(b), .integer(layer), .number(evidence.cosine), .number(cosine?.low), .number(cosine?.high),
      .number(evidence.reliabilityA), .number(evidence.reliabilityB), .number(evidence.ceiling),
      .number(evidence.disattenuated), .number(clean?.low), .number(clean?.high), .integer(evidence.dimension),
      .number(evidence.pDimension), .number(evidence.effectiveDimension), .number(evidence.pEffective),
      .text(evidence.verdict.rawValue),
    ]
  }

  /// The table of two vectors as a person reads it.
  static func shown(_ layers: [VectorComparison.Layer]) -> TableValues {
    var table = TableValues([
      "layer", "cosine [95 %]", "possible", "without noise [95 %]", "p (width)", "p (effective)", "verdict",
    ])
    table.rows = layers.map { layer in
      let evidence = layer.evidence
      return [
        .integer(layer.layer), .text(shown(evidence.cosine, evidence.cosineInterval)),
        .text(evidence.ceiling.map { shown($0) }), .text(shown(evidence.disattenuated, evidence.disattenuatedInterval)),
        .text(shown(evidence.pDimension, evidence.dimension.description)),
        .text(evidence.pEffective.map { shown($0, shown(evidence.effectiveDimension ?? 0, places: 1)) }),
        .text(evidence.verdict.rawValue),
      ]
    }
    return table
  }

  static func shown(_ value: Double, places: Int = 2) -> String { String(format: "%.\(places)f", value) }

  private static func shown(_ value: Double?, _ interval: Interval?) -> String? {
    guard let value else { return nil }
    return shown(value) + (interval.map { " [\(shown($0.low)), \(shown($0.high))]" } ?? "")
  }

  private static func shown(_ p: Double, _ dimension: String) -> String {
    "\(String(format: "%.2g", p)) (\(dimension))"
  }

  /// Layers one after the other that have the same verdict, and the sentence of the one whose ceiling is highest.
  static func verdicts(_ comparison: VectorComparison) -> TableValues {
    verdicts(comparison.nameA, comparison.nameB, comparison.layers.map { ($0.layer, $0.evidence) })
  }

  static func verdicts(
    _ nameA: String, _ nameB: String, _ layers: [(layer: Int, evidence: SimilarityEvidence)]
  ) -> TableValues {
    var table = TableValues(["vector_a", "vector_b", "layers", "verdict", "sentence"])
    var rest = layers[...]
    while let first = rest.first {
      let run = rest.prefix { $0.evidence.verdict == first.evidence.verdict }
      rest = rest.dropFirst(run.count)
      let best = run.max { ($0.evidence.ceiling ?? 0) < ($1.evidence.ceiling ?? 0) } ?? first
      let place = run.count > 1 ? "at layer \(best.layer), " : ""
      let last = run.last?.layer ?? first.layer
      table.rows.append([
        .text(nameA), .text(nameB),
        .text(run.count > 1 ? "layers \(first.layer)-\(last)" : "layer \(first.layer)"),
        .text(first.evidence.verdict.rawValue), .text(place + best.evidence.sentence),
      ])
    }
    return table
  }

  /// Principal angles in degrees, one row for each.
  static func angles(_ comparison: VectorComparison) -> TableValues {
    var table = TableValues(["layer", "angle", "degrees", "overlap", "overlap_by_chance"])
    for layer in comparison.layers {
      guard let angles = layer.angles else { continue }
      let chance = Double(angles.angles.count) / Double(layer.evidence.dimension)
      for (index, angle) in angles.angles.enumerated() {
        table.rows.append([
          .integer(layer.layer), .integer(index), .number(angle * 180 / .pi), .number(angles.overlap), .number(chance),
        ])
      }
    }
    return table
  }

  static func learning(_ curves: [(layer: Int, curve: LearningCurve)]) -> TableValues {
    var table = TableValues(["layer", "questions", "pairs", "cosine", "deviation", "expected", "reliability"])
    for (layer, curve) in curves {
      for point in curve.points {
        table.rows.append([
          .integer(layer), .integer(point.units), .number(point.pairs), .number(point.cosine), .number(point.deviation),
          .number(point.expected), .number(point.reliability),
        ])
      }
    }
    return table
  }

  /// Cosines by vector and vector, both in the clustering's order.
  static func square(_ matrix: SimilarityMatrix) -> TableValues {
    let order = matrix.order
    var table = TableValues(["vector"] + order.map { matrix.names[$0] })
    table.rows = order.map { i in [.text(matrix.names[i])] + order.map { .number(matrix.cosines[i][$0]) } }
    return table
  }

  /// The joins of the clustering: cluster n + k is made by row k.
  static func clusters(_ matrices: [SimilarityMatrix]) -> TableValues {
    var table = TableValues(["layer", "left", "right", "distance"])
    for matrix in matrices {
      func name(_ cluster: Int) -> String {
        cluster < matrix.names.count ? matrix.names[cluster] : "join \(cluster - matrix.names.count)"
      }
      table.rows += matrix.clustering.joins.map {
        [.integer(matrix.layer), .text(name($0.left)), .text(name($0.right)), .number($0.distance)]
      }
    }
    return table
  }

  static func alignment(_ alignment: RecordingAlignment) -> TableValues {
    var table = TableValues(["layer_a", "layer_b", "cka", "cka_debiased"])
    table.rows = alignment.cells.map {
      [.integer($0.layerA), .integer($0.layerB), .number($0.alignment.biased), .number($0.alignment.debiased)]
    }
    return table
  }

  static func projections(_ rows: [(a: String, b: String, layer: Int, agreement: FunctionalAgreement)]) -> TableValues {
    var table = TableValues(["vector_a", "vector_b", "layer", "spearman", "rows", "questions", "left_out"])
    table.rows = rows.map {
      [
        .text($0.a), .text($0.b), .integer($0.layer), .number($0.agreement.spearman), .integer($0.agreement.rows),
        .integer($0.agreement.groups), .integer($0.agreement.leftOut),
      ]
    }
    return table
  }

  static func slopes(_ agreement: SlopeAgreement) -> TableValues {
    var table = TableValues(["distribution", "layer", "edit_positions", "spearman", "items", "questions"])
    table.rows = agreement.cells.map {
      [
        .text($0.distribution), .integer($0.layer), .text($0.positions), .number($0.agreement.spearman),
        .integer($0.agreement.rows), .integer($0.agreement.groups),
      ]
    }
    return table
  }
}
