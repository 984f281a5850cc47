import Foundation
import Foundations
import Testing

@testable import Statistics

@Suite("Families of near-duplicate questions")
struct NearDuplicateTests {
  static let folder = Fixtures.folder.appending(path: "../../../../shared/data/anthropic-evals").standardizedFileURL
  static var isThere: Bool { FileManager.default.fileExists(atPath: folder.path) }

  /// The distinct questions of the three human-written sets.
  private func humanWritten() throws -> [String] {
    let folder = Self.folder.appending(path: "advanced-ai-risk/human_generated_evals")
    let files = try FileManager.default.contentsOfDirectory(atPath: folder.path).filter { $0.hasSuffix(".jsonl") }
    let texts = try files.sorted().flatMap { name in
      try String(contentsOf: folder.appending(path: name), encoding: .utf8).split(separator: "\n").map { line in
        let row = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any]
        return row?["question"] as? String ?? ""
      }
    }
    return Partition(texts).firsts(texts)
  }

  @Test("Distinct questions of real sets are not merged", .enabled(if: isThere))
  func distinctQuestionsReal() throws {
    let texts = try humanWritten()
    #expect(texts.count > 1_500)
    let found = NearDuplicates(texts)
    for family in found.sizes.indices where found.sizes[family] > 1 {
      let members = texts.indices.filter { found.families[$0] == family }
      print("family:", members.map { texts[$0].prefix(120) })
    }
    #expect(found.repeated == 0)
  }

  @Test("Families made of a question and small edits of it are found whole", .enabled(if: isThere))
  func familiesMadeQuestion() throws {
    var generator = SeededGenerator(seed: 11)
    let questions = generator.sample(200, from: try humanWritten())
    let texts = questions.flatMap { question in
      [question] + (0..<4).map { _ in edited(question, &generator) }
    }
    let found = NearDuplicates(texts)
    let whole = questions.indices.count { question in
      let own = Set((0..<5).map { found.families[question * 5 + $0] })
      return own.count == 1 && found.sizes[own.first!] == 5
    }
    print("families found whole: \(whole) of \(questions.count)")
    #expect(whole >= 190)
    #expect(found.sizes.allSatisfy { $0 <= 5 })
  }

  /// One word replaced, put in or taken out.
  private func edited(_ text: String, _ generator: inout SeededGenerator) -> String {
    var words = text.split(separator: " ", omittingEmptySubsequences: false).map(String.init)
    let position = generator.index(below: words.count)
    switch generator.index(below: 3) {
    case 0: words[position] = ["really", "perhaps", "often"][generator.index(below: 3)]
    case 1 where words.count > 5: words.remove(at: position)
    default: words.insert(["very", "just", "actually"][generator.index(below: 3)], at: position)
    }
    return words.joined(separator: " ")
  }

  @Test("Case, punctuation and equal texts make one family, other questions their own")
  func casePunctuationEqual() throws {
    let found = NearDuplicates([
      "Should the government raise taxes?", "should the Government raise taxes ?", "Is the earth round?",
      "Should the government raise taxes?",
    ])
    #expect(found.families == [0, 0, 1, 0] && found.sizes == [3, 1] && found.example == [0, 1])
    #expect(try #require(found.sentence).hasPrefix("3 of 4 question texts nearly repeat another: they form 1 family"))
    #expect(NearDuplicates([]).families.isEmpty)
    #expect(NearDuplicates(["", "", "?"]).families == [0, 0, 0])
    #expect(NearDuplicates(["one thing", "another matter"]).sentence == nil)
  }

  @Test("The index finds what comparing all pairs finds")
  func indexFindsWhat() {
    var generator = SeededGenerator(seed: 12)
    let words = (0..<600).map { _ in String((0..<5).map { _ in "abcdefghij".randomElement(using: &generator)! }) }
    let texts = (0..<150).map { index in
      let base = (0..<12).map { words[(index / 3 * 11 + $0 * 5) % 600] }
      return (base.prefix(generator.index(below: 4) + 9) + [words[generator.index(below: 600)]]).joined(separator: " ")
    }
    let sets = ShingleSets(texts)
    var family = Array(texts.indices)
    for a in texts.indices {
      for b in texts.indices.prefix(a) where similarity(sets, a, b) >= 0.6 {
        let (from, to) = (family[a], family[b])
        family = family.map { $0 == from ? to : $0 }
      }
    }
    let expected = Partition(keys: family).codes
    #expect(NearDuplicates(texts, threshold: 0.6).families == expected)
    #expect(Set(expected).count < 140 && Set(expected).count > 10)
  }

  private func similarity(_ sets: ShingleSets, _ a: Int, _ b: Int) -> Double {
    let weight = { (set: Set<Int32>) in set.reduce(0) { $0 + sets.weights[Int($1)] } }
    let (x, y) = (Set(sets.sets[a]), Set(sets.sets[b]))
    return weight(x.intersection(y)) / weight(x.union(y))
  }
}
