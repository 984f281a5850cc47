import Foundation
import Foundations
import TestSupport
import Testing

@testable import TelltaleCLI

@Suite("The page of result columns")
struct ResultReferenceTests {
  @Test("docs/results.md is what the declarations print")
  func page() throws {
    let file = Fixtures.repository.appending(path: "docs/results.md")
    #expect(
      try String(contentsOf: file, encoding: .utf8) == ResultReference.markdown + "\n",
      "run: telltale schema --results > docs/results.md")
  }

  @Test("Every column is documented, and no table names one twice")
  func everyColumnIsDocumented() {
    for line in ResultReference.markdown.split(separator: "\n") where line.hasPrefix("| `") {
      let cells = line.split(separator: "|").map { $0.trimmingCharacters(in: .whitespaces) }
      #expect(cells.count == 3 && cells[2].count > 4 && cells[2].hasSuffix("."), "\(line)")
    }
    for part in ResultReference.markdown.components(separatedBy: "\n### ").dropFirst() {
      let names = part.split(separator: "\n").filter { $0.hasPrefix("| `") }.compactMap {
        $0.split(separator: "`").dropFirst().first
      }
      #expect(!names.isEmpty && Set(names).count == names.count, "\(part.prefix(40))")
    }
  }
}
