import Foundation
import TestSupport
import Testing

@testable import Steering

/// Files written by the packages of other tools land on the right layers with the right numbers.
@Suite struct VectorImportTests {
  private typealias Files = ForeignFixtures

  @Test("Conventions place layers as their tools apply them")
  func conventions() {
    let placed = LayerConvention.allCases.map { convention in [0, 1, 13].map { convention.layer(from: $0) } }
    #expect(placed == [[0, 1, 13], [0, 1, 13], [nil, 0, 12], [nil, 0, 12], [nil, 1, 13]])
  }

  @Test("A GGUF control vector's direction.L is layer L, and the model it hints at is kept")
  func controlVector() throws {
    let rows = try Files.rows()
    let imported = try VectorImport().vectors(from: [Files.file("control.gguf")])
    #expect(imported.vectors.layers == [1: rows[1], 2: rows[2], 3: rows[3]])
    #expect(imported.format == .gguf && imported.convention == .gguf && imported.vectors.provenance.model == "llama")
    #expect(imported.vectors.provenance.importedFrom == "control.gguf")
    #expect(try #require(imported.vectors.provenance.importedConvention).hasPrefix("gguf: direction.L applies"))
  }

  @Test("A GGUF direction.0 is left out, with a sentence")
  func directionZero() throws {
    let imported = try VectorImport().vectors(from: [Files.file("control-zero.gguf")])
    #expect(imported.vectors.sortedLayers == [2])
    let notes = imported.vectors.provenance.notes
    #expect(notes.first == "layer 0 of control-zero.gguf is left out: llama.cpp never applies it")
    #expect(notes.count == 2 && notes[1].contains("counted from 0"))
  }

  @Test("NumPy arrays of every float type and either order give their rows")
  func arrays() throws {
    let rows = try Files.rows()
    let all = Dictionary(uniqueKeysWithValues: rows.enumerated().map { ($0, $1) })
    #expect(try Files.layers("layers.npy") == all)
    #expect(try Files.layers("fortran.npy") == all)
    #expect(try Files.layers("one.npy", VectorImport(layer: 7)) == [7: rows[1]])
    #expect(try Files.layers("layers.npy", VectorImport(convention: .persona)) == [0: rows[1], 1: rows[2], 2: rows[3]])
  }

  @Test("CAA's files give the layers in their names, one by one or as a folder")
  func activationAddition() throws {
    let rows = try Files.rows()
    #expect(try Files.layers("caa/vec_layer_2_tiny-llama.pt") == [2: rows[2]])
    #expect(try Files.layers("caa") == [1: rows[1], 2: rows[2]])
    let both = [Files.file("caa/vec_layer_2_tiny-llama.pt"), Files.file("caa/vec_layer_1_tiny-llama.pt")]
    let imported = try VectorImport().vectors(from: both)
    #expect(imported.vectors.layers == [1: rows[1], 2: rows[2]] && imported.convention == .caa)
    #expect(VectorImport.caaLayer("vec_layer_13_Llama-2-7b-chat-hf.pt") == 13)
    #expect(VectorImport.caaLayer("vec_layer_13.pt") == 13 && VectorImport.caaLayer("vec_layer_x.pt") == nil)
  }

  @Test("Dictionaries by number or name, of tensors or parameters, narrow or wide, give their layers")
  func dictionaries() throws {
    let rows = try Files.rows()
    #expect(try Files.layers("dictionary.pt", VectorImport(convention: .caa)) == [1: rows[1], 3: rows[3]])
    #expect(try Files.layers("ordered.pt", VectorImport(convention: .telltale)) == [2: rows[2]])
  }

  @Test("refusal_direction's layer is the input of a block, ours the output of the one before")
  func refusalDirection() throws {
    let rows = try Files.rows()
    #expect(try Files.layers("refusal/direction.pt") == [1: rows[2]])
    #expect(try Files.layers("refusal/direction.pt", VectorImport(layer: 4)) == [3: rows[2]])
    let last = try Files.layers("refusal/mean_diffs.pt")
    #expect(last == [0: rows[1], 1: rows[2], 2: rows[3]])
    let first = try Files.layers("refusal/mean_diffs.pt", VectorImport(position: -2))
    #expect(first == last.mapValues { $0.map { $0 * 2 } })
    #expect(try Files.layers("refusal/mean_diffs.pt", VectorImport(position: 0)) == first)
  }

  @Test("Persona vectors count hidden states: their layer L is ours L-1, and the embeddings are left out")
  func personaVectors() throws {
    let rows = try Files.rows()
    let imported = try VectorImport().vectors(from: [Files.file("sycophantic_response_avg_diff.pt")])
    #expect(imported.vectors.layers == [0: rows[1], 1: rows[2], 2: rows[3]])
    #expect(imported.sources == [0: 1, 1: 2, 2: 3] && imported.vectors.provenance.notes[0].contains("is left out"))
  }

  @Test("A view with strides and an offset gives the numbers it shows")
  func strides() throws {
    let rows = try Files.rows()
    #expect(try Files.layers("strided_diff.pt") == [0: rows[2], 1: rows[3]])
  }

  @Test("Our own files come back whole, with everything they state")
  func ownFiles() throws {
    let folder = try ScratchFolder()
    let file = folder.url.appending(path: "v.safetensors")
    var provenance = VectorProvenance()
    provenance.contrast = "answers"
    provenance.importedFrom = "control.gguf"
    try SteeringVectors(layers: [3: [1, 2]], means: [3: [0, 1]], provenance: provenance).write(to: file)
    let imported = try VectorImport().vectors(from: [file])
    #expect(imported.vectors.means == [3: [0, 1]] && imported.vectors.provenance.contrast == "answers")
    #expect(imported.vectors.provenance.importedFrom == "control.gguf" && imported.convention == .telltale)
  }

  @Test("Files that do not say what is needed are refused with what would say it")
  func missingPieces() throws {
    #expect(Files.refusal("one.npy").contains("state the layer"))
    #expect(Files.refusal("dictionary.pt").contains("state its convention"))
    #expect(Files.refusal("refusal/mean_diffs.pt", VectorImport(position: 2)).contains("holds 2 positions"))
    #expect(Files.refusal("refusal/mean_diffs.pt", VectorImport(position: -3)).contains("another position"))
    #expect(Files.refusal("refusal/direction.pt", VectorImport(layer: 0)).contains("embeddings"))
    #expect(Files.refusal("rows.json").contains("no kind of vector file"))
    #expect(Files.refusal("nothing.gguf").contains("no such file"))
    #expect(Files.refusal("hostile").contains("is a folder without"))
  }

  @Test("Files of other contents are refused by what they hold")
  func otherContents() {
    #expect(Files.refusal("model.gguf").contains("of \"llama\" and no control vector"))
    #expect(Files.refusal("half.gguf").contains("(direction.1): is not float32"))
    #expect(Files.refusal("objects.npy").contains("pickled objects, which are never read"))
    #expect(Files.refusal("big-endian.npy").contains(">f4"))
    #expect(Files.refusal("integers.npy").contains("<i8"))
    #expect(Files.refusal("integers.pt").contains("torch.LongStorage"))
    #expect(Files.refusal("text.pt").contains("holds no tensor"))
  }

  @Test("Two files that hold one layer, or that are of different kinds, are refused")
  func clashingFiles() {
    let one = Files.file("caa/vec_layer_2_tiny-llama.pt")
    for (files, expected) in [
      ([one, one], "that another file holds too"), ([one, Files.file("control.gguf")], "of another kind"),
    ] {
      #expect { try VectorImport().vectors(from: files) } throws: { "\($0)".contains(expected) }
    }
  }
}
