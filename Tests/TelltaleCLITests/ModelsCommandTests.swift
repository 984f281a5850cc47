import Foundation
import TestSupport
import Testing

@Suite("telltale models")
struct ModelsCommandTests {
  private struct Row: Decodable {
    var name: String
    var problem: String?
  }

  private let folder: ScratchFolder

  init() throws { folder = try ScratchFolder() }

  private var environment: [String: String] {
    ["HF_HUB_CACHE": folder.url.path, "TELLTALE_CACHE": folder.url.path]
  }

  @Test("the list names models as --model takes them, with why one does not open")
  func list() throws {
    try folder.write("{}", to: "models--someone--tiny/snapshots/abc/config.json")
    let shown = try Binary.run(["models"], in: folder, environment: environment)
    #expect(shown.code == 0 && shown.output.contains("someone/tiny@abc") && shown.output.contains("no: "))
    let json = try Binary.run(["models", "--json"], in: folder, environment: environment)
    let rows = try JSONDecoder().decode([Row].self, from: Data(json.output.utf8))
    #expect(rows.first { $0.name == "someone/tiny@abc" }?.problem?.isEmpty == false)
    #expect(rows.first { $0.name == "organism-split" }?.problem == nil)
  }

  @Test("a revision that is not in the cache is refused with what fetches it")
  func revision() throws {
    try folder.write("{}", to: "models--someone--tiny/snapshots/abc/config.json")
    let outcome = try Binary.run(
      ["generate", "--model", "someone/tiny", "--revision", "v2", "--prompt", "Hi"], in: folder,
      environment: environment)
    #expect(outcome.code == 2 && outcome.errors.contains("hf download someone/tiny --revision v2"))
  }
}
