import CommandSupport
import Foundation
import Foundations
import LanguageModels
import Steering
import Torch

/// One edit as a command line writes it: `add:v.safetensors,layer=12,scale=4,above=1.5`.
///
/// Operations: add, ablate, set. Keys: layer or layers, scale, unit (add), to (set), positions, and for a condition above
/// or below, with when (another vector file) and when-layer.
struct EditSpecification {
  enum Operation: String, CaseIterable { case add, ablate, set }

  let text: String
  let operation: Operation
  let file: String
  private let values: [String: String]

  private static let keys: [Operation: Set<String>] = [
    .add: ["layer", "scale", "unit"], .ablate: ["layer", "layers"], .set: ["layer", "layers", "to"],
  ]
  private static let example = "add:v.safetensors,layer=12,scale=4"
  private static let commonKeys: Set<String> = ["positions", "above", "below", "when", "when-layer"]

  init(_ text: String) throws {
    let refusal = TelltaleError(.badInput, "--edit \(SafeText.quoted(text)) is not like \(Self.example); see --help")
    let parts = text.split(separator: ":", maxSplits: 1)
    guard parts.count == 2, let operation = Operation(rawValue: String(parts[0])) else { throw refusal }
    self.text = text
    var pieces = parts[1].split(separator: ",", omittingEmptySubsequences: false).map(String.init)
    self.operation = operation
    file = pieces.removeFirst()
    var values: [String: String] = [:]
    // A list of layers has commas too: a piece without a key continues the one before.
    var latest: String?
    for piece in pieces {
      let halves = piece.split(separator: "=", maxSplits: 1).map(String.init)
      if halves.count == 1, let latest, latest == "layers" {
        values[latest]?.append(",\(piece)")
        continue
      }
      guard halves.count == 2, values[halves[0]] == nil else { throw refusal }
      values[halves[0]] = halves[1]
      latest = halves[0]
    }
    let known = (Self.keys[operation] ?? []).union(Self.commonKeys)
    guard !file.isEmpty, Set(values.keys).isSubset(of: known) else {
      throw TelltaleError(
        .badInput,
        "--edit \(SafeText.quoted(text)): \(operation.rawValue) takes \(known.sorted().joined(separator: ", "))")
    }
    self.values = values
  }

  // MARK: Values

  private func refuse(_ key: String, _ expected: String) -> TelltaleError {
    TelltaleError(.badInput, "--edit \(text): \(key) must be \(expected)")
  }

  private func value<Value>(_ key: String, _ expected: String, _ read: (String) -> Value?) throws -> Value? {
    guard let text = values[key] else { return nil }
    guard let value = read(text) else { throw refuse(key, expected) }
    return value
  }

  private func positions() throws -> EditPositions {
    let names = EditPositions.allCases.map(\.rawValue).joined(separator: ", ")
    return try value("positions", "one of \(names)", EditPositions.init(rawValue:)) ?? .all
  }

  private func layers(_ loaded: LoadedModel) throws -> [Int]? {
    let key = values["layers"] == nil ? "layer" : "layers"
    guard let list = try value(key, "layers such as 3 or 8-12", LayerList.init(argument:)), !list.isAll else {
      return nil
    }
    return try list.resolve(loaded.model.configuration)
  }

  // MARK: Edits

  /// - Parameter open: reads a vector file and checks it against the model.
  func edits(_ loaded: LoadedModel, open: (String) throws -> SteeringVectors) throws -> [SteeringEdit] {
    let vectors = try open(file)
    let (layers, positions) = (try layers(loaded), try positions())
    var edits: [SteeringEdit]
    switch operation {
    case .add:
      let layer = try EditOptions.onlyLayer(layers, vectors, "--edit \(text) needs layer=")
      let scale = try value("scale", "a number", Double.init) ?? 1
      let unit = try value("unit", "raw, unit or residual", ScaleUnit.init(rawValue:)) ?? .raw
      edits = [try vectors.addition(layer: layer, scale: scale, unit: unit, positions: positions)]
    case .ablate: edits = try vectors.ablations(layers: layers, positions: positions)
    case .set:
      guard let target = try value("to", "positive, negative, mean or a number", { ProjectionTarget($0) }) else {
        throw refuse("to", "given: positive, negative, mean or a number")
      }
      edits = try vectors.clamps(layers: layers, to: target, positions: positions)
    }
    guard let condition = try condition(loaded, vectors, edits.map(\.layer), open) else { return edits }
    for index in edits.indices { edits[index].condition = condition }
    return edits
  }

  private func condition(
    _ loaded: LoadedModel, _ own: SteeringVectors, _ layers: [Int], _ open: (String) throws -> SteeringVectors
  ) throws -> EditCondition? {
    let above = try value("above", "a number", Double.init)
    let below = try value("below", "a number", Double.init)
    guard above != nil || below != nil else {
      guard values["when"] == nil, values["when-layer"] == nil else {
        throw refuse("when", "used with above= or below=")
      }
      return nil
    }
    guard above == nil || below == nil else { throw refuse("above", "given without below") }
    let vectors = try values["when"].map(open) ?? own
    let layer = try value("when-layer", "a layer", Int.init) ?? layers.min() ?? 0
    return try vectors.condition(layer: layer, above == nil ? .below : .above, above ?? below ?? 0)
  }
}
