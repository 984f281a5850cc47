import Foundations
import LanguageModels
import Steering

/// The member `telltale` of a request: what is edited and what is scored.
struct TelltaleBody: Sendable, Equatable {
  var edits: [RequestedEdit] = []
  var scores: [RequestedScore] = []

  private static let most = 64

  init(_ members: RequestMembers?) throws(EndpointError) {
    guard let members else { return }
    try members.allow(["edits", "scores"])
    for object in try members.objects("edits", atMost: Self.most) { edits.append(try RequestedEdit(object)) }
    for object in try members.objects("scores", atMost: Self.most) { scores.append(try RequestedScore(object)) }
  }
}

/// One edit, by the name of a vector: what `telltale generate --edit` says with a file.
struct RequestedEdit: Sendable, Equatable {
  enum Operation: String, CaseIterable { case add, ablate, set }

  /// Where it stands in the request.
  var place: String
  var operation: Operation
  var vector: String
  var layers: [Int]?
  var scale = 1.0
  var unit = ScaleUnit.raw
  /// Of `set`.
  var target: ProjectionTarget?
  var positions = EditPositions.all
  var condition: Condition?

  /// For prompts whose projection at the last token passes only.
  struct Condition: Sendable, Equatable {
    var side: EditCondition.Side
    var threshold: Double
    /// nil: the edit's own vector, and its lowest layer.
    var vector: String?
    var layer: Int?
  }

  private static let common: Set = [
    "operation", "vector", "layers", "positions", "above", "below", "when", "when_layer",
  ]

  init(_ members: RequestMembers) throws(EndpointError) {
    place = String(members.place("").dropLast())
    guard let operation = try members.choice("operation", of: Operation.self) else {
      throw .parameter(members.place("operation"), "given: add, ablate or set", code: "missing")
    }
    self.operation = operation
    let own: [Operation: Set<String>] = [.add: ["layer", "scale", "unit"], .ablate: ["layer"], .set: ["layer", "to"]]
    try members.allow(Self.common.union(own[operation] ?? []))
    vector = try members.needed("vector")
    layers = try members.layers()
    scale = try members.number("scale") ?? 1
    unit = try members.choice("unit") ?? .raw
    positions = try members.choice("positions") ?? .all
    if operation == .set { target = try Self.target(members) }
    condition = try Self.condition(members)
  }

  private static func target(_ members: RequestMembers) throws(EndpointError) -> ProjectionTarget {
    if let number = members["to"]?.number { return .value(number) }
    guard let target = try members.text("to").flatMap(ProjectionTarget.init) else {
      throw .parameter(members.place("to"), "given: positive, negative, mean or a number")
    }
    return target
  }

  private static func condition(_ members: RequestMembers) throws(EndpointError) -> Condition? {
    let (above, below) = (try members.number("above"), try members.number("below"))
    let (vector, layer) = (try members.text("when"), try members.integer("when_layer", in: 0...4095))
    guard above == nil || below == nil else { throw .parameter(members.place("above"), "given without \"below\"") }
    guard let threshold = above ?? below else {
      guard vector == nil, layer == nil else {
        throw .parameter(members.place("when"), "given with \"above\" or \"below\"")
      }
      return nil
    }
    return Condition(side: above == nil ? .below : .above, threshold: threshold, vector: vector, layer: layer)
  }
}

/// Scores of every token against a vector.
struct RequestedScore: Sendable, Equatable {
  /// Which tokens are scored.
  enum Tokens: String, CaseIterable { case all, answer }

  var place: String
  var vector: String
  /// nil: all that the vector holds.
  var layers: [Int]?
  var kind = ScoreKind.cosine
  var tokens = Tokens.all

  init(_ members: RequestMembers) throws(EndpointError) {
    place = String(members.place("").dropLast())
    try members.allow(["vector", "layers", "layer", "score", "tokens"])
    vector = try members.needed("vector")
    layers = try members.layers()
    kind = try members.choice("score") ?? .cosine
    tokens = try members.choice("tokens") ?? .all
  }
}

extension RequestMembers {
  /// `layers`, or `layer`: numbers that the model is asked about later.
  fileprivate func layers() throws(EndpointError) -> [Int]? {
    if let layers = try integers("layers", in: 0..<4096) { return layers }
    return try integers("layer", in: 0..<4096)
  }
}
