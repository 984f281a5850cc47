import CommandSupport
import Foundations
import Statistics
import Steering

/// What `telltale compare` found of two vectors at one layer.
struct ComparedLayer: Sendable {
  var nameA: String
  var nameB: String
  var layer: Int
  var evidence: SimilarityEvidence

  static func all(_ comparison: VectorComparison) -> [ComparedLayer] {
    comparison.layers.map {
      ComparedLayer(nameA: comparison.nameA, nameB: comparison.nameB, layer: $0.layer, evidence: $0.evidence)
    }
  }

  /// Every two vectors of a matrix.
  static func all(_ matrix: SimilarityMatrix) -> [ComparedLayer] {
    matrix.evidence.sorted { $0.key.lexicographicallyPrecedes($1.key) }.map { pair, evidence in
      ComparedLayer(
        nameA: matrix.names[pair[0]], nameB: matrix.names[pair[1]], layer: matrix.layer, evidence: evidence)
    }
  }

  private static let names: [TableColumn<ComparedLayer>] = [
    .text("vector_a", "The first vector.", \.nameA), .text("vector_b", "The second.", \.nameB),
  ]

  static let table = Table<ComparedLayer>(
    "layers", "Two vectors at one layer.", names, [.integer("layer", "The layer.", \.layer)],
    .of(SimilarityEvidence.columns, \.evidence))

  /// As a person reads it.
  static let shown = Table<ComparedLayer>(
    "layers", "",
    [
      .integer("layer", "", \.layer),
      .text("cosine [95 %]") { text($0.evidence.cosine, $0.evidence.cosineInterval) },
      .text("possible") { text($0.evidence.ceiling, nil) },
      .text("without noise [95 %]") { text($0.evidence.disattenuated, $0.evidence.disattenuatedInterval) },
      .text("p (width)") { text(p: $0.evidence.pDimension, "\($0.evidence.dimension)") },
      .text("p (effective)") { row in
        row.evidence.pEffective.map { text(p: $0, ShownNumber.text(row.evidence.effectiveDimension, places: 1)) }
      },
      .text("verdict", "", \.evidence.verdict.rawValue),
    ])

  private static func text(_ value: Double?, _ interval: Interval?) -> String {
    ShownNumber.text(value, interval?.low, interval?.high, places: 2, missing: "", noInterval: "")
  }

  private static func text(p: Double, _ dimension: String) -> String {
    "\(String(format: "%.2g", p)) (\(dimension))"
  }
}

/// Layers one after the other that have the same verdict, and the sentence of the one whose ceiling is highest.
struct VerdictRange: Sendable {
  var nameA: String
  var nameB: String
  var layers: String
  var verdict: String
  var sentence: String

  static let table = Table<VerdictRange>(
    "verdicts", "Layers one after the other at which the verdict is the same.",
    [
      .text("vector_a", "The first vector.", \.nameA), .text("vector_b", "The second.", \.nameB),
      .text("layers", "`layer 3`, or `layers 3-7`.", \.layers),
      .text("verdict", "The verdict at all of them.", \.verdict),
      .text("sentence", "In words, at the layer whose ceiling is highest.", \.sentence),
    ])

  /// - Parameter layers: of one pair of vectors.
  static func all(_ layers: [ComparedLayer]) -> [VerdictRange] {
    var found: [VerdictRange] = []
    var rest = layers[...]
    while let first = rest.first {
      let run = rest.prefix { $0.evidence.verdict == first.evidence.verdict }
      rest = rest.dropFirst(run.count)
      found.append(VerdictRange(Array(run), first))
    }
    return found
  }

  private init(_ run: [ComparedLayer], _ first: ComparedLayer) {
    let best = run.max { ($0.evidence.ceiling ?? 0) < ($1.evidence.ceiling ?? 0) } ?? first
    (nameA, nameB, verdict) = (first.nameA, first.nameB, first.evidence.verdict.rawValue)
    layers = run.count > 1 ? "layers \(first.layer)-\(run.last?.layer ?? first.layer)" : "layer \(first.layer)"
    sentence = (run.count > 1 ? "at layer \(best.layer), " : "") + best.evidence.sentence
  }

  /// `layers 3-7: related, not the same ...`
  var line: String { "\(layers): \(sentence)" }
}

/// The other tables of `telltale compare`.
enum CompareTables {
  typealias Angle = (layer: VectorComparison.Layer, angles: PrincipalAngles, index: Int)

  static let angles = Table<Angle>(
    "angles", "One principal angle between the subspaces of the two vectors' pairs.",
    [
      .integer("layer", "The layer.", \.layer.layer), .integer("angle", "Which, from the smallest.", \.index),
      .number("degrees", "The angle.", unit: "degrees") { $0.angles.angles[$0.index] * 180 / .pi },
      .number("overlap", "Mean squared cosine of all angles.", unit: "0 to 1", \.angles.overlap),
      .number("overlap_by_chance", "The same of random subspaces.", unit: "0 to 1") {
        Double($0.angles.angles.count) / Double($0.layer.evidence.dimension)
      },
    ])

  static func angles(_ comparison: VectorComparison) -> [Angle] {
    comparison.layers.flatMap { layer in
      layer.angles.map { angles in angles.angles.indices.map { (layer, angles, $0) } } ?? []
    }
  }

  typealias Learning = (layer: Int, point: LearningCurve.Point)

  static let learning = Table<Learning>(
    "learning-curve", "Vectors of some questions against that of all others, at one layer.",
    [
      .integer("layer", "The layer.", \.layer), .integer("questions", "Questions in the subset.", \.point.units),
      .number("pairs", "Pairs in it, on average.", \.point.pairs),
      .number("cosine", "Mean cosine over random subsets.", unit: "-1 to 1", \.point.cosine),
      .number("deviation", "Standard deviation over the subsets.", \.point.deviation),
      .number("expected", "What the cosine should be by Spearman-Brown.", \.point.expected),
      .number(
        "reliability", "Squared cosine of the subset's vector with the true one, in expectation.", \.point.reliability),
    ])

  static func learning(_ layer: Int, _ curve: LearningCurve) -> [Learning] { curve.points.map { (layer, $0) } }

  typealias Alone = (layer: Int, norm: Double, reliability: Double?)

  static let reliability = Table<Alone>(
    "reliability", "One vector at one layer.",
    [
      .integer("layer", "The layer.", \.layer),
      .number("norm", "Length of the vector.", unit: "units of the residual stream", \.norm),
      .number("stated_reliability", "Split-half, as its file states it.", unit: "-1 to 1", \.reliability),
    ])

  /// Cosines by vector and vector at one layer, both in the clustering's order.
  static func square(_ layer: String, _ names: [String]) -> Table<(name: String, cosines: [Double])> {
    Table(
      "matrix-\(layer)", "One vector, at one layer, similar ones adjacent.", [.text("vector", "The vector.", \.name)],
      names.enumerated().map { index, name in
        .number(name, "A column for each vector: the cosine with it.", unit: "-1 to 1") { $0.cosines[index] }
      })
  }

  static func square(_ matrix: SimilarityMatrix) -> TableValues {
    let order = matrix.order
    return square("\(matrix.layer)", order.map { matrix.names[$0] }).values(
      order.map { i in (matrix.names[i], order.map { matrix.cosines[i][$0] }) })
  }

  typealias Join = (matrix: SimilarityMatrix, left: Int, right: Int, distance: Double)

  static let clusters = Table<Join>(
    "clusters", "One join of the clustering (average linkage of 1 - cosine), in the order in which they are made.",
    [
      .integer("layer", "The layer.", \.matrix.layer),
      .text("left", "A vector, or `join <number>`.") { name($0.left, $0.matrix) },
      .text("right", "Another.") { name($0.right, $0.matrix) },
      .number("distance", "1 minus the mean cosine between the two.", \.distance),
    ])

  private static func name(_ cluster: Int, _ matrix: SimilarityMatrix) -> String {
    cluster < matrix.names.count ? matrix.names[cluster] : "join \(cluster - matrix.names.count)"
  }

  static func clusters(_ matrices: [SimilarityMatrix]) -> TableValues {
    clusters.values(
      matrices.flatMap { matrix in
        matrix.clustering.joins.map { (matrix, left: $0.left, right: $0.right, distance: $0.distance) }
      })
  }

  static let alignment = Table<RecordingAlignment.Cell>(
    "cka", "Two layers, of two recordings of the same prompts.",
    [
      .integer("layer_a", "Layer of the first model.", \.layerA), .integer("layer_b", "Layer of the second.", \.layerB),
      .number("cka", "Linear centred kernel alignment.", unit: "0 to 1", \.alignment.biased),
      .number("cka_debiased", "The same without what few prompts add to it.", \.alignment.debiased),
    ])

  typealias Projection = (a: String, b: String, layer: Int, agreement: FunctionalAgreement)

  static let projections = Table<Projection>(
    "projections", "Held-out prompts' projections on two vectors at one layer.",
    [
      .text("vector_a", "The first vector.", \.a), .text("vector_b", "The second.", \.b),
      .integer("layer", "The layer.", \.layer),
      .number("spearman", "Rank correlation over the prompts.", unit: "-1 to 1", \.agreement.spearman),
      .integer("rows", "Prompts.", unit: "rows", \.agreement.rows),
      .integer("questions", "Distinct questions among them.", unit: "questions", \.agreement.groups),
      .integer(
        "left_out", "Prompts left out because a vector was made of their question.", unit: "rows", \.agreement.leftOut),
    ])

  static let slopes = Table<SlopeAgreement.Cell>(
    "slopes", "How items respond to two vectors at one layer, of two sweeps.",
    [
      .text("distribution", "`in` or `out`.", \.distribution), .integer("layer", "The layer.", \.layer),
      .text("edit_positions", "Which tokens were edited.", \.positions),
      .number("spearman", "Rank correlation of the items' slopes.", unit: "-1 to 1", \.agreement.spearman),
      .integer("items", "Items in both sweeps.", unit: "items", \.agreement.rows),
      .integer("questions", "Distinct questions among them.", unit: "questions", \.agreement.groups),
    ])

  static let declarations: [any TableDeclaration] = [
    ComparedLayer.table, VerdictRange.table, reliability, learning, angles, square("<layer>", ["<vector>"]), clusters,
    projections, alignment, slopes,
  ]
}
