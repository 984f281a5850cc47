import Foundation
import Foundations

/// What the command line asks for.
struct FuzzSettings {
  var seconds = 60.0
  var mutants: Int?
  var seed: UInt64 = 1
  var readers: Set<String> = []
  var only: Int?
  var keep = FileManager.default.temporaryDirectory.appendingPathComponent("telltale-fuzz-kept", isDirectory: true)

  init(_ arguments: some Collection<String>) throws(TelltaleError) {
    var rest = Array(arguments)
    while !rest.isEmpty {
      let option = rest.removeFirst()
      guard !rest.isEmpty else { throw TelltaleError(.badInput, "\(option) needs a value") }
      let value = rest.removeFirst()
      switch option {
      case "--seconds": seconds = try Self.number(value, option)
      case "--mutants": mutants = Int(try Self.number(value, option))
      case "--seed": seed = UInt64(try Self.number(value, option))
      case "--reader": readers.insert(value)
      case "--only": only = Int(try Self.number(value, option))
      case "--keep": keep = URL(fileURLWithPath: value, isDirectory: true)
      default: throw TelltaleError(.badInput, "\(option) is no option; see Tests/Fuzz/main.swift")
      }
    }
  }

  private static func number(_ value: String, _ option: String) throws(TelltaleError) -> Double {
    guard let number = Double(value), number >= 0, number < 1e15 else {
      throw TelltaleError(.badInput, "\(option) \(value) is no number")
    }
    return number
  }
}
