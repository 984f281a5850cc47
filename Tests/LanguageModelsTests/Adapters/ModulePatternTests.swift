import Foundation
import TestSupport
import Testing
import Torch

@testable import LanguageModels

@Suite("Patterns of an adapter's ranks and alphas")
struct ModulePatternTests {
  @Test("Every module has the rank and the scale that PEFT gives it, by the first pattern that matches")
  func scales() throws {
    let rows = try JSONSerialization.jsonObject(with: Data(contentsOf: Fixtures.file("checkpoint-files/scales.json")))
    let cases = try #require(rows as? [[String: Any]])
    #expect(cases.count == 12)
    for row in cases {
      var configuration = LoRAConfiguration(rank: 4, alpha: 8)
      for pair in try #require(row["rank_pattern"] as? [[Any]]) {
        configuration.rankPattern.set(try #require(pair[0] as? String), try #require(pair[1] as? Int))
      }
      for pair in try #require(row["alpha_pattern"] as? [[Any]]) {
        configuration.alphaPattern.set(try #require(pair[0] as? String), try #require(pair[1] as? NSNumber).doubleValue)
      }
      try configuration.check()
      for (name, values) in try #require(row["modules"] as? [String: [NSNumber]]) {
        let parts = name.split(separator: ".")
        let place = AdapterPlace(
          layer: try #require(Int(parts[2])), try #require(AdaptedModule(rawValue: String(parts[4]))))
        #expect("\(place)" == name)
        #expect(configuration.rank(at: place) == values[0].intValue, "\(name) \(row)")
        #expect(abs(configuration.scale(at: place) - values[1].doubleValue) < 1e-12, "\(name) \(row)")
      }
    }
  }

  @Test(
    "Expressions match as Python's do",
    arguments: [
      ("q_proj", "a.q_proj", true), ("q_proj", "a.xq_proj", false), ("a|b", "x.b", true), ("a|b", "x.c", false),
      ("(?:ab){2}", "abab", true), ("(?:ab){2}", "ab", false), ("[^a-c]x", "dx", true), ("[^a-c]x", "bx", false),
      (#"\d{1,2}"#, "l.12", true), (#"\d{1,2}"#, "l.123", false), ("a.c", "abc", true), (#"a\.c"#, "abc", false),
      ("a{,2}b", "aab", true), ("^a.b", "a.b", true), ("^b", "a.b", false), ("a*?b", "aaab", true), ("[]x]", "]", true),
      (#"[\d_]+"#, "1_2", true), ("x{a}", "x{a}", true),
    ])
  func expressions(_ pattern: String, _ name: String, _ matches: Bool) throws {
    #expect(try ModuleExpression(pattern).matches(name) == matches)
  }

  @Test("What would run for years ends, and what is no expression is refused by name")
  func limits() throws {
    let name = String(repeating: "a", count: 60) + "!"
    #expect(try !ModuleExpression("(a+)+").matches(name))
    #expect(try !ModuleExpression("(a|a)*b").matches(name))
    #expect(try !ModuleExpression("(a?){1000}b").matches(name))
    for wrong in [
      "(", "a)", "[a", "*a", "a**", "(?=a)", #"\1"#, #"\b"#, "[b-a]", String(repeating: "(", count: 100), "\\",
    ] {
      #expect(throws: ModuleExpression.Failure.self, "\(wrong)") { try ModuleExpression(wrong) }
    }
  }

  @Test("An adapter that changes nothing, and patterns that match nothing, are said")
  func effectless() throws {
    let model = try AdapterSupport.model("tiny-llama")
    var configuration = LoRAConfiguration(rank: 2, alpha: 4, targets: ["q_proj", "v_proj"])
    configuration.alphaPattern = ["q_proj": 3, "k_proj": 5, "layers.9.*": 1]
    let folder = try ScratchFolder()
    try LoRAAdapter.initial(configuration, for: model.configuration, seed: 1).write(to: folder.url)
    let warnings = try LoRAAdapter(directory: folder.url).warnings
    #expect(warnings.count == 3, "\(warnings)")
    #expect(warnings[0].contains("changes nothing"))
    #expect(warnings[1].contains("alpha_pattern names \"k_proj\"") && warnings[2].contains("layers.9.*"))
    let other = try AdapterSupport.random(LoRAConfiguration(rank: 2, alpha: 4), for: model, seed: 3)
    try other.write(to: folder.url.appending(path: "other"))
    #expect(try LoRAAdapter(directory: folder.url.appending(path: "other")).warnings == [])
  }

  @Test("The order of patterns is that of the file, and is kept when an adapter is written")
  func order() throws {
    let model = try AdapterSupport.model("tiny-llama")
    var configuration = LoRAConfiguration(rank: 2, alpha: 4, targets: ["q_proj"])
    configuration.alphaPattern = ["q_proj": 16, "layers.0.self_attn.q_proj": 64]
    let folder = try ScratchFolder()
    try AdapterSupport.random(configuration, for: model, seed: 3).write(to: folder.url)
    let read = try LoRAAdapter(directory: folder.url).configuration
    #expect(read == configuration)
    #expect(read.scale(at: AdapterPlace(layer: 0, .query)) == 8)
  }
}
