import Foundations
import LanguageModels
import Organisms
import Steering
import Tokenizers
import Torch

/// What a key of an experiment file may be decoded into.
protocol FileValue: Encodable, Sendable {
  static var shape: ValueShape { get }
  /// - Parameter node: of this shape. Nil where it is no value all the same.
  init?(_ node: FileNode) throws
  /// What stands in a file for it; nil for what is absent.
  var written: (any Encodable & Sendable)? { get }
}

extension FileValue {
  var written: (any Encodable & Sendable)? { self }
}

/// A section of an experiment file: its keys, declared once, from which decoding, checks, messages, the JSON Schema and the
/// table of all keys follow. What a section is before its keys are read are the defaults.
protocol FileSection: FileValue {
  init()
  static var keys: [Key<Self>] { get }
}

/// A key: what it is called, what it may hold, what it means, and where its value goes.
struct Key<Section: FileSection>: Sendable {
  let name: String
  let about: String
  let isRequired: Bool
  let shape: ValueShape
  /// What earlier versions called it, which is still read.
  let former: String?
  let read: @Sendable (inout Section, FileNode) throws -> Void
  let written: @Sendable (Section) -> (any Encodable & Sendable)?

  /// - Parameters:
  ///   - path: the property, whose value before reading is the default.
  ///   - shape: where less is allowed than the property's type can hold.
  init<Value: FileValue>(
    _ name: String, _ path: WritableKeyPath<Section, Value> & Sendable, _ about: String, required: Bool = false,
    _ shape: ValueShape = Value.shape, former: String? = nil
  ) {
    (self.name, self.about, self.shape, isRequired, self.former) = (name, about, shape, required, former)
    read = { section, node in
      guard let value = try Value(node) else { throw node.refuse("\(node.key) \(node.shown) cannot be understood") }
      section[keyPath: path] = value
    }
    written = { $0[keyPath: path].written }
  }
}

struct FileCodingKey: CodingKey, ExpressibleByStringLiteral {
  let stringValue: String
  var intValue: Int? { nil }
  init(_ name: String) { stringValue = name }
  init(stringLiteral name: String) { stringValue = name }
  init?(stringValue: String) { self.stringValue = stringValue }
  init?(intValue: Int) { nil }
}

extension FileSection {
  static var shape: ValueShape {
    let defaults = Self()
    return .section(
      keys.map { key in
        var shape = KeyShape(name: key.name, about: key.about, shape: key.shape, isRequired: key.isRequired)
        shape.former = key.former
        if !key.isRequired, !key.shape.isOfSections { shape.byDefault = key.written(defaults) }
        return shape
      })
  }

  init?(_ node: FileNode) throws {
    self.init()
    let members = Dictionary(node.members ?? [], uniquingKeysWith: { first, _ in first })
    for key in Self.keys {
      if let value = members[key.name] ?? key.former.flatMap({ members[$0] }), !value.isNothing {
        try key.read(&self, value)
      }
    }
  }

  package func encode(to encoder: any Encoder) throws {
    var keys = encoder.container(keyedBy: FileCodingKey.self)
    for key in Self.keys {
      if let value = key.written(self) { try keys.encode(value, forKey: FileCodingKey(key.name)) }
    }
  }
}

// MARK: Values

extension Optional: FileValue where Wrapped: FileValue {
  static var shape: ValueShape { Wrapped.shape }
  init?(_ node: FileNode) throws {
    guard let value = try Wrapped(node) else { return nil }
    self = .some(value)
  }
  var written: (any Encodable & Sendable)? { flatMap(\.written) }
}

extension Array: FileValue where Element: FileValue {
  static var shape: ValueShape { .list(Element.shape) }
  init?(_ node: FileNode) throws {
    let values = try (node.entries ?? []).map { entry in
      guard let value = try Element(entry) else {
        throw entry.refuse("\(entry.key) \(entry.shown) cannot be understood")
      }
      return value
    }
    self = values
  }
}

extension Dictionary: FileValue where Key == String, Value: FileValue {
  static var shape: ValueShape { .map(Value.shape, names: .text) }
  init?(_ node: FileNode) throws {
    self = [:]
    for (name, member) in node.members ?? [] { self[name] = try Value(member) }
  }
}

extension String: FileValue {
  static var shape: ValueShape { .text }
  init?(_ node: FileNode) { self = node.text ?? "" }
}

extension Int: FileValue {
  static var shape: ValueShape { .whole(from: 0) }
  init?(_ node: FileNode) { self = node.node.int ?? 0 }
}

extension UInt64: FileValue {
  static var shape: ValueShape { .seed }
  init?(_ node: FileNode) {
    guard let seed = node.seed else { return nil }
    self = seed
  }
}

extension Double: FileValue {
  static var shape: ValueShape { .number() }
  init?(_ node: FileNode) { self = node.node.float ?? .nan }
}

extension Bool: FileValue {
  static var shape: ValueShape { .flag }
  init?(_ node: FileNode) { self = node.node.bool ?? false }
}

extension RunName: FileValue {
  static var shape: ValueShape { .name(of: "vector") }
  init?(_ node: FileNode) { self.init(node.text ?? "") }
}

/// One of some names.
protocol FileChoice: FileValue, CaseIterable, RawRepresentable<String> {}

extension FileChoice {
  static var shape: ValueShape { .choice(allCases.map(\.rawValue)) }
  init?(_ node: FileNode) { self.init(rawValue: node.text ?? "") }
}

/// By its name, or by what earlier versions called it.
extension VectorRecipe.Contrast: FileValue {
  static var shape: ValueShape { ofDatasets }
  /// Rows of data sets are no pairs of texts.
  static var ofDatasets: ValueShape {
    .choice(allCases.filter { $0 != .texts }.map(\.rawValue), former: formerNames.keys.sorted())
  }
  init?(_ node: FileNode) { self.init(named: node.text ?? "") }
}

extension DType: FileChoice {}
extension WeightFormat: FileChoice {}
extension PromptStyle: FileChoice {}
extension DatasetFormat: FileChoice {}
extension OrganismWorld.Kind: FileChoice {}
extension BalanceAxis: FileChoice {}
extension Estimator: FileChoice {}
extension ScoreKind: FileChoice {}
extension ScaleUnit: FileChoice {}
extension EditPositions: FileChoice {}

/// By its name, or a turn by its number.
extension ReadPosition: FileValue {
  static var shape: ValueShape { .choice(allCases.map(\.rawValue), numbered: "turn") }
  init?(_ node: FileNode) { self.init(rawValue: node.text ?? "") }
}

extension RowRange: FileValue {
  static var shape: ValueShape {
    .form(pattern: "^[0-9]+-[0-9]+$") { text in
      guard RowRange(text) == nil else { return nil }
      return "\"\(SafeText.quoted(String(text.prefix(40))))\" is no range of rows; write first-last, such as 0-499"
    }
  }
  init?(_ node: FileNode) { self.init(node.text ?? "") }
}

extension TemplateDate: FileValue {
  static var shape: ValueShape {
    .form(pattern: "^[0-9]{1,4}-[0-9]{1,2}-[0-9]{1,2}([ T][0-9]{1,2}:[0-9]{2}(:[0-9]{2})?)?$") { text in
      guard TemplateDate(text) == nil else { return nil }
      return "\"\(SafeText.quoted(String(text.prefix(40))))\" is no date; write it as 2026-01-15 or 2026-01-15T12:00"
    }
  }
  init?(_ node: FileNode) { self.init(node.text ?? "") }
}

extension LabelChoice: FileValue {
  static var shape: ValueShape {
    .form(pattern: "^(recorded|hand|(hand|judge):.*\\S.*)$") { LabelChoice($0) == nil ? refusal($0) : nil }
  }
  init?(_ node: FileNode) { self.init(node.text ?? "") }
}

/// Labels that a run gives itself; those of people are given with telltale label.
extension LabelSource: FileValue {
  static var shape: ValueShape { .choice([LabelSource.letter, .forcedChoice, .flip].map(\.description)) }
  init?(_ node: FileNode) { self.init(node.text ?? "") }
}
