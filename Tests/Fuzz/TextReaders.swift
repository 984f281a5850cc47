import Experiments
import Foundation
import Foundations

/// JSON, CSV and YAML, below all other readers.
enum TextReaders {
  static func all() throws -> [Reader] { [try json(), try csv(), try yaml()] }

  private static func json() throws -> Reader {
    Reader(
      name: "json", words: ["\"a\": 1", "\\u00e9", "\\ud83d\\ude00", "1e-7", "-0", "0.1"],
      seeds: try Reader.seeds(
        "Tests/Fixtures/models/tiny-llama/config.json", "Tests/Fixtures/datasets/mc_task.json",
        "Tests/Fixtures/adapters/qwen2-some-layers/adapter_config.json"),
      read: { url in described(try InputFile(contentsOf: url).json()) },
      reference: { url in
        let data = try Data(contentsOf: url)
        return described(try JSONSerialization.jsonObject(with: data, options: .fragmentsAllowed))
      })
  }

  /// A value with its members in the order of their keys; the last of several members of a key counts.
  private static func described(_ value: JSONValue) -> String {
    switch value.content {
    case .null: "null"
    case .bool(let truth): "\(truth)"
    case .number(let number): rounded(number)
    case .string(let text): quoted(text.string)
    case .array(let values): "[\(values.map(described).joined(separator: ","))]"
    case .object(let members):
      described(members: Dictionary(members.map { ($0.key.string, described($0.value)) }) { $1 })
    }
  }

  private static func described(_ value: Any) -> String {
    switch value {
    case is NSNull: "null"
    case let text as String: quoted(text)
    case let number as NSNumber where isTruth(number): "\(number.boolValue)"
    case let number as NSNumber: rounded(number.doubleValue)
    case let values as [Any]: "[\(values.map { described($0) }.joined(separator: ","))]"
    case let object as [String: Any]: described(members: object.mapValues { described($0) })
    default: "?"
    }
  }

  private static func described(members: [String: String]) -> String {
    let sorted = members.map { (key: quoted($0.key), value: $0.value) }.sorted {
      $0.key.unicodeScalars.lexicographicallyPrecedes($1.key.unicodeScalars)
    }
    return "{\(sorted.map { "\($0.key):\($0.value)" }.joined(separator: ","))}"
  }

  /// Readers may round the last digits of long numbers each their own way, and have one zero or two.
  private static func rounded(_ number: Double) -> String { number == 0 ? "0" : String(format: "%.12g", number) }

  /// Foundation drops a byte-order mark wherever a string begins with one; ours where the file does.
  private static func quoted(_ text: String) -> String {
    let scalars = text.unicodeScalars
    return String(scalars.first == "\u{FEFF}" ? scalars.dropFirst() : scalars[...]).debugDescription
  }

  private static func isTruth(_ number: NSNumber) -> Bool {
    String(cString: number.objCType) == "c" || String(cString: number.objCType) == "B"
  }

  private static func csv() throws -> Reader {
    Reader(
      name: "csv", words: ["\"\"", "\"a,b\"", "\"a\nb\"", "nan", "1.0", "score,label\n"],
      seeds: [
        try Reader.seed("Tests/Fixtures/datasets/truthfulqa-2021.csv"),
        Reader.Seed(
          name: "scores.csv", bytes: Array("score,label,group\n0.5,1,a\n-1e-3,0,\"b, c\"\n2,1,\"d \"\"e\"\"\"\n".utf8)),
      ],
      read: { url in
        let table = try CSVTable(contentsOf: url)
        return ([table.header] + table.rows.map(\.fields)).map { $0.map(quoted).joined(separator: ",") }.joined(
          separator: "\n")
      },
      reference: { url in
        let bytes = [UInt8](try Data(contentsOf: url))
        return SimpleCSV(bytes).records.map { $0.map(quoted).joined(separator: ",") }.joined(separator: "\n")
      })
  }

  private static func yaml() throws -> Reader {
    let folder = Reader.repository.appendingPathComponent("Experiments")
    let files = try FileManager.default.contentsOfDirectory(atPath: folder.path).filter { $0.hasSuffix(".yaml") }
      .sorted()
    return Reader(
      name: "yaml",
      words: ["&a ", "*a", "!!python/object:os.system", "- ", ": ", "? ", "---\n", "model: ", "seed: ", "~"],
      seeds: try files.prefix(4).map { try Reader.seed("Experiments/\($0)") },
      read: { url in
        _ = try ExperimentFile.load(url)
        return ""
      })
  }
}

/// CSV by RFC 4180 in a few lines: what an accepted file must read equal to.
struct SimpleCSV {
  private(set) var records: [[String]] = []

  init(_ bytes: [UInt8]) {
    var bytes = bytes[...]
    if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { bytes = bytes.dropFirst(3) }
    var (record, field): ([String], [UInt8]) = ([], [])
    var isQuoted = false
    var wasQuoted = false
    func isEmpty() -> Bool { record.isEmpty && field.isEmpty && !wasQuoted }
    func endField() {
      record.append(String(decoding: field, as: UTF8.self))
      (field, wasQuoted) = ([], false)
    }
    func endRecord() {
      if !isEmpty() {
        endField()
        records.append(record)
      }
      (record, field, wasQuoted) = ([], [], false)
    }
    var index = bytes.startIndex
    while index < bytes.endIndex {
      let byte = bytes[index]
      index += 1
      if isQuoted {
        if byte != UInt8(ascii: "\"") {
          field.append(byte)
        } else if index < bytes.endIndex, bytes[index] == UInt8(ascii: "\"") {
          field.append(byte)
          index += 1
        } else {
          isQuoted = false
        }
      } else {
        switch byte {
        case UInt8(ascii: "\"") where field.isEmpty && !wasQuoted: (isQuoted, wasQuoted) = (true, true)
        case UInt8(ascii: ","): endField()
        case UInt8(ascii: "\n"): endRecord()
        case UInt8(ascii: "\r"):
          if index < bytes.endIndex, bytes[index] == UInt8(ascii: "\n") { index += 1 }
          endRecord()
        default: field.append(byte)
        }
      }
    }
    endRecord()
  }
}
