import Foundation
import Foundations
import Torch

/// A model's configuration as it is written: `config.json`, or what another format states under the same keys.
///
/// It remembers what was asked of it, so that a key that nobody understood can be spoken of.
package final class ConfigurationFile {
  /// For messages.
  let file: String
  private let object: JSONValue
  /// Of a nested object, its own key and a dot.
  private let path: String
  private var asked: Set<String> = []
  private var nested: [String: ConfigurationFile] = [:]

  /// Sizes beyond this are no model but an attack or a mistake.
  private static let largestSize = 1 << 24

  /// - Parameter object: anything that is not an object is as good as an empty one.
  package init(_ object: JSONValue, file: String, path: String = "") {
    (self.object, self.file, self.path) = (object, file, path)
  }

  convenience init(directory: URL) throws(TelltaleError) {
    let url = directory.appendingPathComponent("config.json")
    let place = InputLocation(file: url.path)
    guard FileManager.default.fileExists(atPath: url.path) else {
      let reason = HubCache.reasonForMissing(["config.json"], in: directory)
      throw TelltaleError(
        .badInput, "is missing; \(reason ?? "give the directory of a Hugging Face checkpoint")", at: place)
    }
    let size = (try? url.resourceValues(forKeys: [.fileSizeKey]).fileSize) ?? 0
    guard size <= JSONFile.largest, let data = try? Data(contentsOf: url) else {
      throw TelltaleError(.badInput, "cannot be read, or is larger than any configuration; check it", at: place)
    }
    try self.init(text: Array(data), file: url.path)
  }

  /// Reads the JSON text of a configuration.
  package convenience init(text: [UInt8], file: String) throws(TelltaleError) {
    let input = try InputFile(bytes: text, name: file)
    do throws(JSONParser.Failure) {
      self.init(try JSONParser.parse(input.bytes), file: file)
    } catch {
      throw input.error(
        "is not valid JSON: \(error.message); fetch the file again", line: input.line(at: error.position))
    }
  }

  func refuse(_ key: String, _ message: String) -> TelltaleError {
    TelltaleError(.badInput, message, at: InputLocation(file: file, item: path + key))
  }

  /// A list of texts, without counting the key as read.
  func peekedTexts(_ key: String) -> [String]? { object.present(key)?.array?.compactMap(\.string) }

  // MARK: Values

  /// The value of a key; nil where it is missing or null, which these files do not tell apart.
  private func value(_ key: String) -> JSONValue? {
    asked.insert(key)
    return object.present(key)
  }

  /// Whether the key is there, even as null.
  func states(_ key: String) -> Bool { object[key] != nil }

  private func read<Value>(_ key: String, _ convert: (JSONValue) -> Value?) throws(TelltaleError) -> Value? {
    guard let value = value(key) else { return nil }
    guard let converted = convert(value) else {
      throw refuse(key, "has a value of the wrong kind at \"\(path + key)\"; fetch the file again")
    }
    return converted
  }

  /// How the checkpoint's matrices are packed, where they are.
  func quantisation() -> QuantisationSettings? {
    value("quantization_config").map { QuantisationSettings($0, file: file) }
  }

  func text(_ key: String) throws(TelltaleError) -> String? { try read(key) { $0.string } }

  func flag(_ key: String) throws(TelltaleError) -> Bool? { try read(key) { $0.bool } }

  func integer(_ key: String) throws(TelltaleError) -> Int? { try read(key) { $0.integer } }

  func number(_ key: String) throws(TelltaleError) -> Double? {
    try read(key, Self.finite)
  }

  private static func finite(_ value: JSONValue) -> Double? { value.number.flatMap { $0.isFinite ? $0 : nil } }

  /// A list of `Element`s, each read by `convert`.
  private func list<Element>(_ key: String, _ convert: (JSONValue) -> Element?) throws(TelltaleError) -> [Element]? {
    try read(key) { value in
      guard let all = value.array else { return nil }
      let converted = all.compactMap(convert)
      return converted.count == all.count ? converted : nil
    }
  }

  func texts(_ key: String) throws(TelltaleError) -> [String]? { try list(key) { $0.string } }

  func integers(_ key: String) throws(TelltaleError) -> [Int]? { try list(key) { $0.integer } }

  func numbers(_ key: String) throws(TelltaleError) -> [Double]? {
    try list(key, Self.finite)
  }

  /// A number, or a list of numbers.
  func oneOrMany(_ key: String) throws(TelltaleError) -> [Int]? {
    if value(key)?.array != nil { return try integers(key) }
    return try integer(key).map { [$0] }
  }

  func object(_ key: String) throws(TelltaleError) -> ConfigurationFile? {
    guard let own = try read(key, { $0.object == nil ? nil : $0 }) else { return nil }
    let known = nested[key] ?? ConfigurationFile(own, file: file, path: "\(path)\(key).")
    nested[key] = known
    return known
  }

  /// A positive number of things, not beyond `largest`.
  /// - Parameter standard: what a missing key means; nil where it must be there.
  func size(
    _ key: String, standard: Int? = nil, largest: Int = ConfigurationFile.largestSize
  ) throws(TelltaleError) -> Int {
    guard let value = try integer(key) ?? standard else {
      throw refuse(key, "is missing; this is not the configuration of a language model")
    }
    guard value > 0, value <= largest else {
      throw refuse(key, "is \(value), which no model has; fetch the file again")
    }
    return value
  }

  /// A positive number; nil where the key is missing.
  func positive(_ key: String) throws(TelltaleError) -> Double? {
    guard let value = try number(key) else { return nil }
    guard value > 0 else { throw refuse(key, "is \(value); it must be positive") }
    return value
  }

  /// The dtype the weights are meant for.
  func dtype() throws(TelltaleError) -> DType? {
    let (name, oldName) = (try text("dtype"), try text("torch_dtype"))
    return (name ?? oldName).flatMap(DType.init(rawValue:))
  }

  // MARK: What would change the pass

  /// Keys that need not be understood.
  func ignore(_ keys: Set<String>) { asked.formUnion(keys) }

  /// Refuses a flag that asks for what is not computed.
  func require(_ key: String, _ wanted: Bool, _ why: String) throws(TelltaleError) {
    guard try flag(key) ?? wanted == wanted else { throw refuse(key, "is \(!wanted), \(why)") }
  }

  /// Refuses a number that asks for what is not computed.
  func require(_ key: String, _ wanted: Double, _ why: String) throws(TelltaleError) {
    if let found = try number(key), found != wanted { throw refuse(key, "is \(found); \(why)") }
  }

  /// Keys with a value that nobody asked for and that are not among `known`, with those of nested objects.
  func unread(besides known: Set<String>) -> [String] {
    let own = (object.object ?? []).map(\.key.string).filter { key in
      !asked.contains(key) && !known.contains(key) && object.present(key) != nil
    }
    return own.map { path + $0 } + nested.sorted { $0.key < $1.key }.flatMap { $0.value.unread(besides: []) }
  }
}
