import LanguageModels
import Steering
import Torch

/// What a key of an experiment file may hold, as a JSON Schema (draft 2020-12) says it.
indirect enum SchemaNode: Encodable {
  case text(String)
  case choice([String], String)
  case whole(from: Int, String, byDefault: Int? = nil)
  case number(above: Double, below: Double, String)
  case anyNumber(String)
  case flag(String)
  case matching(String, String)
  case list(SchemaNode, atLeast: Int = 0, String)
  case map(SchemaNode, names: String? = nil, String)
  case object([(name: String, node: SchemaNode)], required: [String], String?)

  private enum Key: String, CodingKey {
    case type, description, pattern, items, minItems, minimum, exclusiveMinimum, exclusiveMaximum, properties, required
    case additionalProperties, propertyNames
    case choices = "enum"
    case byDefault = "default"
  }

  func encode(to encoder: any Encoder) throws {
    var keys = encoder.container(keyedBy: Key.self)
    func put(_ type: String, _ about: String?) throws {
      try keys.encode(type, forKey: .type)
      try keys.encodeIfPresent(about, forKey: .description)
    }
    switch self {
    case .text(let about): try put("string", about)
    case .choice(let choices, let about):
      try put("string", about)
      try keys.encode(choices, forKey: .choices)
    case .whole(let least, let about, let byDefault):
      try put("integer", about)
      try keys.encode(least, forKey: .minimum)
      try keys.encodeIfPresent(byDefault, forKey: .byDefault)
    case .number(let least, let most, let about):
      try put("number", about)
      try keys.encode(least, forKey: .exclusiveMinimum)
      try keys.encode(most, forKey: .exclusiveMaximum)
    case .anyNumber(let about): try put("number", about)
    case .flag(let about): try put("boolean", about)
    case .matching(let pattern, let about):
      try put("string", about)
      try keys.encode(pattern, forKey: .pattern)
    case .list(let item, let least, let about):
      try put("array", about)
      try keys.encode(item, forKey: .items)
      if least > 0 { try keys.encode(least, forKey: .minItems) }
    case .map(let value, let names, let about):
      try put("object", about)
      try keys.encode(value, forKey: .additionalProperties)
      try keys.encodeIfPresent(names.map { ["pattern": $0] }, forKey: .propertyNames)
    case .object(let properties, let required, let about):
      try put("object", about)
      let nodes = Dictionary(properties.map { ($0.name, $0.node) }, uniquingKeysWith: { first, _ in first })
      try keys.encode(nodes, forKey: .properties)
      try keys.encode(required, forKey: .required)
      try keys.encode(false, forKey: .additionalProperties)
    }
  }
}

/// A section of an experiment file: its keys, each with what it may hold. The switch over all keys keeps the schema from
/// forgetting one.
protocol SchemaKey: CodingKey, CaseIterable, RawRepresentable<String> {
  var schema: SchemaNode { get }
  static var required: [Self] { get }
}

extension SchemaKey {
  static func object(_ about: String?) -> SchemaNode {
    .object(allCases.map { ($0.rawValue, $0.schema) }, required: required.map(\.rawValue), about)
  }
}

/// The JSON Schema of experiment files, which editors complete and check keys by.
public struct ExperimentSchema: Encodable {
  private enum Key: String, CodingKey {
    case dialect = "$schema"
    case title
  }

  public init() {}

  public func encode(to encoder: any Encoder) throws {
    var keys = encoder.container(keyedBy: Key.self)
    try keys.encode("https://json-schema.org/draft/2020-12/schema", forKey: .dialect)
    try keys.encode("Telltale experiment", forKey: .title)
    try Experiment.CodingKeys.object(nil).encode(to: encoder)
  }
}
