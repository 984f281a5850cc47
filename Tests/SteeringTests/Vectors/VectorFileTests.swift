import Foundation
import LanguageModels
import TestSupport
import Testing
import Torch

@testable import Steering

/// Vector files: what goes in comes out, and what is no vector of the model is refused.
@Suite struct VectorFileTests {
  private let folder: ScratchFolder
  private var file: URL { folder.url.appending(path: "vectors.safetensors") }

  init() throws { folder = try ScratchFolder() }

  private func write(_ tensors: [String: Tensor], _ metadata: [String: String] = [:]) throws {
    try SafetensorsFile.write(tensors, metadata: metadata, to: file)
  }

  /// Why the file of these tensors is refused.
  private func refusal(_ tensors: [String: Tensor]) throws -> String {
    try write(tensors)
    let text = message { _ = try SteeringVectors(contentsOf: file) }
    #expect(text.contains("vectors.safetensors") && !text.contains("\n"))
    return text
  }

  private func provenance() -> VectorProvenance {
    var origin = VectorProvenance()
    origin.contrast = "answers"
    origin.estimator = "mean"
    origin.read = "answer"
    origin.model = "someone/tiny \"model\""
    origin.modelFingerprint = String(repeating: "ab", count: 32)
    origin.tokenizerHash = "cd"
    origin.template = "zephyr"
    origin.promptStyle = "few-shot"
    origin.data = "a.jsonl b.jsonl"
    origin.dataHash = "ef"
    origin.dataFiles = "01 02"
    origin.pairs = 100
    origin.groups = 17
    origin.letterBalance = "A:50 B:50"
    origin.seed = .max
    origin.dtype = "bfloat16"
    origin.residualNorms = [0: 1.5, 13: 1e-7]
    origin.reliability = [0: 0.875, 13: -0.25]
    origin.reliabilityUnit = "group"
    origin.notes = ["all 300 rows have letter (A)", "éè"]
    return origin
  }

  @Test("Vectors, means and every part of the provenance come back as they were written")
  func roundTrip() throws {
    let layers: [Int: [Float]] = [0: [1, -2.5, 3e-8], 13: [0.1, 0, 7]]
    let written = SteeringVectors(layers: layers, means: [13: [5, 6, 7]], provenance: provenance())
    try written.write(to: file)
    let read = try SteeringVectors(contentsOf: file)
    #expect(read.layers == layers && read.means == [13: [5, 6, 7]])
    var expected = provenance()
    expected.file = file.path
    #expect(read.provenance == expected)
    #expect(try folder.names() == ["vectors.safetensors"])
  }

  @Test(
    "The method of a file of an earlier version is read as its contrast",
    arguments: [
      (["method": "mean-difference", "prompt_style": "plain"], "answers"), (["method": "mean-difference"], "texts"),
      (["method": "class-mean", "estimator": "mean"], "spontaneous"),
      (["method": "probe", "estimator": "probe"], "spontaneous"),
      (["method": "pca", "estimator": "pca", "prompt_style": "chat", "tokenizer_hash": "ab"], "answers"),
      (["method": "model-difference"], "models"), (["method": "instructions"], "instructions"),
      (["method": "combined"], nil), (["method": "class-mean", "contrast": "texts"], "texts"),
    ] as [([String: String], String?)])
  func readsFormerMethods(_ metadata: [String: String], _ contrast: String?) throws {
    try write(["layer.0": Tensor([1, 2] as [Float])], metadata)
    #expect(try SteeringVectors(contentsOf: file).provenance.contrast == contrast)
  }

  @Test("The metadata states the convention, the site and the norms")
  func statesItsConventions() throws {
    try SteeringVectors(layers: [2: [3, 4]], provenance: VectorProvenance()).write(to: file)
    let stored = try SafetensorsFile(file)
    #expect(stored.names == ["layer.2"] && stored.metadata["site"] == "resid_post")
    #expect(stored.metadata["layer_convention"] == "residual stream after decoder block i, counted from 0")
    #expect(stored.metadata["norms"] == "2:5.0" && stored.metadata["contrast"] == nil)
  }

  @Test("A file that holds only layer.<i> is accepted, in any float type, and says nothing of its origin")
  func acceptsBareFiles() throws {
    try write([
      "layer.0": Tensor([1, 2] as [Float]), "layer.11": Tensor([0.5, -4] as [Float]).converted(to: .bfloat16),
      "other": Tensor([1] as [Int]),
    ])
    let vectors = try SteeringVectors(contentsOf: file)
    #expect(vectors.layers == [0: [1, 2], 11: [0.5, -4]] && vectors.means.isEmpty)
    #expect(vectors.hiddenSize == 2 && vectors.sortedLayers == [0, 11])
    #expect(vectors.provenance.modelFingerprint == nil && vectors.provenance.notes.isEmpty)
  }

  @Test("A file that is no vector file is refused by item")
  func refusesOtherFiles() throws {
    let row = try Tensor([1, 2] as [Float])
    #expect(try refusal(["weight": row]).contains("no tensors named layer.<number>"))
    #expect(try refusal(["layer.one": row]).contains("(layer.one)"))
    #expect(try refusal(["layer.-1": row]).contains("(layer.-1)"))
    #expect(try refusal(["layer.5000": row]).contains("(layer.5000)"))
    #expect(try refusal(["layer.3": row, "layer.03": row]).contains("(layer.03)"))
    #expect(try refusal(["layer.0": row.reshaped([1, 2])]).contains("shape [1, 2]"))
    #expect(try refusal(["layer.0": Tensor([1] as [Float], shape: [])]).contains("shape []"))
    #expect(try refusal(["layer.0": Tensor.zeros([0])]).contains("shape [0]"))
    #expect(try refusal(["layer.0": Tensor([1, 2] as [Int])]).contains("int64"))
  }

  @Test("Layers of different widths, NaN and infinity are refused by item, in means too")
  func refusesDamagedNumbers() throws {
    let row = try Tensor([1, 2] as [Float])
    #expect(try refusal(["layer.0": row, "layer.1": Tensor([1, 2, 3] as [Float])]).contains("width"))
    #expect(try refusal(["layer.0": row, "layer.7": Tensor([1, .nan] as [Float])]).contains("(layer.7): holds NaN"))
    #expect(try refusal(["layer.0": Tensor([-.infinity, 1] as [Float])]).contains("(layer.0): holds NaN"))
    #expect(try refusal(["layer.0": row, "mean.0": Tensor([.nan, 1] as [Float])]).contains("(mean.0): holds NaN"))
    #expect(try refusal(["layer.0": row, "mean.0": Tensor([1] as [Float])]).contains("(mean.0)"))
  }

  @Test("A missing, empty or cut file is refused by name")
  func refusesDamagedFiles() throws {
    #expect(message { _ = try SteeringVectors(contentsOf: file) }.contains("cannot be opened"))
    try Data().write(to: file)
    #expect(message { _ = try SteeringVectors(contentsOf: file) }.contains("empty"))
    try SteeringVectors(layers: [0: [1, 2]], provenance: provenance()).write(to: file)
    try Data(contentsOf: file).dropLast(1).write(to: file)
    #expect(message { _ = try SteeringVectors(contentsOf: file) }.contains("layer.0"))
  }

  @Test("A vector of another width, layer or model is refused, and the transfer to another model can be meant")
  func checksAgainstTheModel() throws {
    let loaded = try TinyModel.llama()
    var vectors = SteeringVectors(layers: [3: Array(repeating: 1, count: 64)], provenance: VectorProvenance())
    func notes(anyModel: Bool = false) throws -> [String] {
      try vectors.check(against: loaded.model, fingerprint: loaded.fingerprint, anyModel: anyModel)
    }
    #expect(try notes().count == 1 && notes()[0].contains("cannot be checked"))
    vectors.provenance.modelFingerprint = loaded.fingerprint
    #expect(try notes().isEmpty)
    vectors.provenance.modelFingerprint = "another"
    vectors.provenance.model = "someone/else"
    let text = message { _ = try notes() }
    #expect(text.contains("someone/else") && text.contains("allow any model"))
    #expect(try notes(anyModel: true).count == 1)
    vectors.layers = [4: Array(repeating: 1, count: 64)]
    #expect(message { _ = try notes(anyModel: true) }.contains("layers 0 to 3"))
    vectors.layers = [0: [1, 2]]
    let width = message { _ = try notes(anyModel: true) }
    #expect(width.contains("width 2") && width.contains("64"))
  }

  @Test("A layer that is not held and a zero direction are refused")
  func refusesMissingDirections() throws {
    let vectors = SteeringVectors(layers: [1: [0, 0], 5: [3, 4]], provenance: VectorProvenance())
    #expect(vectors.norm(5) == 5 && vectors.norm(1) == 0 && vectors.norm(9) == 0)
    #expect(try vectors.unit(5) == [0.6, 0.8])
    #expect(message { _ = try vectors.vector(2) }.contains("it holds layers 1, 5"))
    #expect(message { _ = try vectors.unit(1) }.contains("zero at layer 1"))
  }

  @Test("A folder that is not there is refused, and nothing is left in one that is")
  func writesWholeFilesOrNone() throws {
    let vectors = SteeringVectors(layers: [0: [1]], provenance: VectorProvenance())
    let missing = folder.url.appending(path: "nowhere/v.safetensors")
    #expect(message { try vectors.write(to: missing) }.contains("folder"))
    #expect(message { try vectors.write(to: folder.url) }.contains("is a folder"))
    #expect(try folder.names() == [])
  }
}
