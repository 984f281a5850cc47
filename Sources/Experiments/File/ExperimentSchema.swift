/// The JSON Schema of experiment files, which editors complete and check keys by, and the table of all keys.
package struct ExperimentSchema: Encodable {
  package init() {}

  package func encode(to encoder: any Encoder) throws {
    var keys = encoder.container(keyedBy: FileCodingKey.self)
    try keys.encode("https://json-schema.org/draft/2020-12/schema", forKey: "$schema")
    try keys.encode("Telltale experiment", forKey: "title")
    try Experiment.shape.encode(to: &keys)
  }

  /// One table for each section, in the order of its keys.
  package var markdown: String {
    Self.tables(Experiment.shape, "Experiment").joined(separator: "\n\n")
  }

  private static func tables(_ shape: ValueShape, _ title: String) -> [String] {
    guard case .section(let keys) = shape else { return [] }
    let rows = keys.map { key in
      "| `\(key.name)` | \(key.about.replacing("|", with: "\\|"))\(key.shape.choices) | \(key.defaultText) |"
    }
    let own = (["### \(title)", "", "| key | meaning | default |", "|---|---|---|"] + rows).joined(separator: "\n")
    return [own] + keys.flatMap { key in tables(key.shape.innermost, "`\(key.name)`") }
  }
}

extension KeyShape: Encodable {
  init(_ shape: ValueShape) { self.init(name: "", about: "", shape: shape, isRequired: false) }

  func encode(to encoder: any Encoder) throws {
    var keys = encoder.container(keyedBy: FileCodingKey.self)
    if !about.isEmpty { try keys.encode(about, forKey: "description") }
    if let byDefault { try keys.encode(byDefault, forKey: "default") }
    try shape.encode(to: &keys)
  }

  /// For the table: what stands where the key is left out.
  var defaultText: String {
    if isRequired { return "required" }
    return byDefault.map { "`\(Self.text($0))`" } ?? ""
  }

  /// A default as a file says it.
  private static func text(_ value: any Encodable) -> String {
    if let list = value as? [any Encodable] { return "[" + list.map(text).joined(separator: ", ") + "]" }
    return (value as? any RawRepresentable<String>)?.rawValue ?? "\(value)"
  }
}

extension ValueShape {
  fileprivate func encode(to keys: inout KeyedEncodingContainer<FileCodingKey>) throws {
    switch self {
    case .text, .name: try keys.encode("string", forKey: "type")
    case .form(let pattern, _):
      try keys.encode("string", forKey: "type")
      try keys.encode(pattern, forKey: "pattern")
    case .choice(let choices, _, nil):
      try keys.encode("string", forKey: "type")
      try keys.encode(choices, forKey: "enum")
    case .choice(let choices, _, let numbered?):
      try keys.encode("string", forKey: "type")
      try keys.encode("^(\(choices.joined(separator: "|"))|\(numbered):[1-9][0-9]{0,3})$", forKey: "pattern")
    case .whole(let least, let most):
      try keys.encode("integer", forKey: "type")
      try keys.encode(least, forKey: "minimum")
      try keys.encodeIfPresent(most, forKey: "maximum")
    case .seed:
      try keys.encode("integer", forKey: "type")
      try keys.encode(0, forKey: "minimum")
    case .number(let least, let most):
      try keys.encode("number", forKey: "type")
      try keys.encodeIfPresent(least, forKey: "exclusiveMinimum")
      try keys.encodeIfPresent(most, forKey: "exclusiveMaximum")
    case .flag: try keys.encode("boolean", forKey: "type")
    case .list(let item, let least):
      try keys.encode("array", forKey: "type")
      try keys.encode(KeyShape(item), forKey: "items")
      if least > 0 { try keys.encode(least, forKey: "minItems") }
    case .map(let value, let names):
      try keys.encode("object", forKey: "type")
      try keys.encode(KeyShape(value), forKey: "additionalProperties")
      if case .form(let pattern, _) = names { try keys.encode(["pattern": pattern], forKey: "propertyNames") }
    case .section(let members):
      try keys.encode("object", forKey: "type")
      let properties = Dictionary(members.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
      try keys.encode(properties, forKey: "properties")
      try keys.encode(members.filter(\.isRequired).map(\.name), forKey: "required")
      try keys.encode(false, forKey: "additionalProperties")
    }
  }

  /// Whether it holds keys, somewhere.
  var isOfSections: Bool {
    if case .section = innermost { true } else { false }
  }

  /// What its entries or values are, of lists and maps.
  fileprivate var innermost: ValueShape {
    switch self {
    case .list(let item, _): item.innermost
    case .map(let value, _): value.innermost
    default: self
    }
  }

  /// ": `mean`, `pca`", where there is a choice.
  fileprivate var choices: String {
    guard case .choice(let choices, _, let numbered) = innermost else { return "" }
    let names = choices + (numbered.map { ["\($0):1"] } ?? [])
    return " One of " + names.map { "`\($0)`" }.joined(separator: ", ") + "."
  }
}
