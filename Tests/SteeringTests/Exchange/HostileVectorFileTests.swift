import Foundation
import Foundations
import LanguageModels
import TestSupport
import Testing

@testable import Steering

/// Files made to do harm: nothing is run, nothing is read outside of the file, and the refusal is one sentence.
@Suite struct HostileVectorFileTests {
  private let folder: ScratchFolder
  init() throws { folder = try ScratchFolder() }

  @Test(
    "A pickle that would run something is refused by the name it calls, and nothing is run",
    arguments: [
      ("system", "posix.system"), ("system-4", "protocol 4"), ("eval", "__builtin__.eval"),
      ("in-dictionary", "posix.system"), ("getattr", "__builtin__.getattr"),
      ("bare", "not in the format of torch.save"),
      ("old-format", "not in the format of torch.save"),
    ])
  func pickles(_ name: String, _ expected: String) {
    #expect(ForeignFixtures.refusal("hostile/\(name).pt").contains(expected))
    #expect(!FileManager.default.fileExists(atPath: "executed-by-a-pickle"))
  }

  private static let wellFormed = [
    "control.gguf", "layers.npy", "fortran.npy", "one.npy", "dictionary.pt", "strided_diff.pt", "refusal/mean_diffs.pt",
    "hostile/system.pt",
  ]

  private func copy(_ bytes: [UInt8], of name: String) throws -> URL {
    let url = folder.url.appending(path: name.replacingOccurrences(of: "/", with: "-"))
    try Data(bytes).write(to: url)
    return url
  }

  private let anything = VectorImport(convention: .persona, layer: 1)

  /// Those by which the whole file is read: a layer is named where its shape does not tell it.
  private func settings(for name: String) -> VectorImport {
    let candidates = [anything, VectorImport(convention: .persona), VectorImport()]
    return candidates.first { ForeignFixtures.refusal(name, $0).isEmpty } ?? anything
  }

  @Test("A file that is cut off anywhere is refused with one sentence or, past its data, read", arguments: wellFormed)
  func cutOff(_ name: String) throws {
    let whole = [UInt8](try Data(contentsOf: ForeignFixtures.file(name)))
    let length = name.hasSuffix("npy") || name.hasSuffix("gguf") ? whole.count - 32 : whole.count
    for count in stride(from: 0, to: length, by: 7) {
      let text = ForeignFixtures.refusal(try copy(Array(whole[..<count]), of: name), anything)
      #expect(!text.isEmpty && !text.hasPrefix("not "), "\(count) bytes: \(text)")
    }
  }

  @Test("Bytes changed at random never do more than change numbers or be refused", arguments: wellFormed)
  func changedBytes(_ name: String) throws {
    let whole = [UInt8](try Data(contentsOf: ForeignFixtures.file(name)))
    var random = SeededGenerator(seed: 4)
    var refused = 0
    let settings = settings(for: name)
    for _ in 0..<400 {
      var bytes = whole
      for _ in 0..<(1 + random.index(below: 3)) {
        bytes[random.index(below: bytes.count)] = UInt8(random.index(below: 4) == 0 ? 255 : random.index(below: 256))
      }
      let text = ForeignFixtures.refusal(try copy(bytes, of: name), settings)
      #expect(!text.hasPrefix("not "), "\(text)")
      if !text.isEmpty { refused += 1 }
    }
    // Most bytes are of numbers; what calls a function is refused whatever else changes.
    #expect(refused > 0 && (refused < 400 || name == "hostile/system.pt"), "\(refused) of 400 refused")
    #expect(!FileManager.default.fileExists(atPath: "executed-by-a-pickle"))
  }

  // MARK: Pickles by hand

  private func load(_ pickle: [UInt8]) -> Result<TensorUnpickler.Value, TelltaleError> {
    do throws(TelltaleError) {
      var unpickler = try TensorUnpickler(pickle[...], file: "data.pkl")
      return .success(try unpickler.load())
    } catch { return .failure(error) }
  }

  private func refusal(_ pickle: [UInt8]) -> String {
    if case .failure(let error) = load(pickle) { error.message } else { "" }
  }

  @Test("Numbers are read as pickle writes them")
  func numbers() {
    func value(_ bytes: [UInt8]) -> TensorUnpickler.Value? { try? load([0x80, 2] + bytes + [0x2E]).get() }
    #expect(value([0x4B, 200]) == .integer(200) && value([0x4D, 0x10, 0x27]) == .integer(10_000))
    #expect(value([0x4A, 0xFE, 0xFF, 0xFF, 0xFF]) == .integer(-2))
    #expect(value([0x8A, 1, 0xFF]) == .integer(-1) && value([0x8A, 2, 0xFF, 0x00]) == .integer(255))
    #expect(value([0x8A, 0]) == .integer(0) && value([0x47, 0x3F, 0xF8, 0, 0, 0, 0, 0, 0]) == .real(1.5))
    #expect(value([0x88]) == .truth(true) && value([0x4E]) == TensorUnpickler.Value.none)
  }

  @Test("A pickle that takes what is not on the stack is refused")
  func emptyStacks() {
    for opcode in ".tasueRbQq\u{85}\u{86}\u{87}".unicodeScalars {
      let bytes = [UInt8(truncatingIfNeeded: opcode.value), 0, 0, 0, 0]
      #expect(!refusal(bytes).isEmpty && !refusal([0x28] + bytes).isEmpty && !refusal([0x4E, 0x28] + bytes).isEmpty)
    }
    #expect(refusal([0x68, 9]).contains("makes no sense"), "recalls what was never remembered")
  }

  @Test("Very deeply nested containers cost memory and no stack")
  func deepNesting() throws {
    let depth = 200_000
    let lists =
      [UInt8](repeating: UInt8(ascii: "]"), count: depth) + [UInt8](repeating: UInt8(ascii: "a"), count: depth - 1)
    #expect(try load(lists + [UInt8(ascii: ".")]).get() == .list(0))
    let tuples = [UInt8(ascii: ")")] + [UInt8](repeating: 0x85, count: depth) + [UInt8(ascii: ".")]
    #expect(try load(tuples).get() == .tuple(depth))
    let marks = [UInt8](repeating: UInt8(ascii: "("), count: depth)
    #expect(refusal(marks).contains("ends in the middle"))
  }

  @Test("Instructions and names beyond the list are refused and named")
  func beyondTheList() {
    #expect(refusal([0x93]).contains("instruction 147"))
    #expect(refusal(Array("cos\nsystem\n".utf8)).contains("names os.system"))
    #expect(refusal(Array("ctorch._utils\n_rebuild_tensor_v3\n".utf8)).contains("torch._utils._rebuild_tensor_v3"))
    #expect(refusal(Array("ios\nsystem\n".utf8)).contains("instruction 105"))
    #expect(refusal(Array("c\u{1B}[2J\nx\n".utf8)).contains("\u{1B}") == false, "control characters are not repeated")
  }

  @Test("A GGUF file that states enormous counts or arrays is refused at once")
  func enormousCounts() throws {
    let start = Array("GGUF".utf8) + [3, 0, 0, 0]
    let huge = [UInt8](repeating: 0xFF, count: 7) + [0x7F]
    let one: [UInt8] = [1, 0, 0, 0, 0, 0, 0, 0]
    let key: [UInt8] = one + [0x61]
    let files: [[UInt8]] = [
      start + huge + huge, start + one + huge, start + [UInt8](repeating: 0, count: 8) + one + huge,
      start + [UInt8](repeating: 0, count: 8) + one + key + [9, 0, 0, 0, 8, 0, 0, 0] + huge,
    ]
    for bytes in files {
      let text = ForeignFixtures.refusal(try copy(bytes + [UInt8](repeating: 0, count: 64), of: "h.gguf"))
      #expect(text.contains("more than the file can hold"), "\(text)")
    }
  }
}
