import Foundation
import TestSupport
import Testing

@testable import Steering

/// What other tools' files state, hold twice or lack is said, and choices that a file makes void are refused.
@Suite struct ImportDoubtTests {
  private typealias Files = ForeignFixtures

  private func notes(_ name: String, _ settings: VectorImport = VectorImport()) throws -> [String] {
    try settings.vectors(from: [Files.file(name)]).vectors.provenance.notes
  }

  @Test("An axis of one is neither a layer nor a position nor a width")
  func axesOfOne() throws {
    let rows = try Files.rows()
    let all = Dictionary(uniqueKeysWithValues: rows.enumerated().map { ($0, $1) })
    for name in ["row-leading", "row-trailing", "row-both"] {
      #expect(try Files.layers("axes/\(name).npy", VectorImport(layer: 5)) == [5: rows[1]], "\(name)")
      #expect(Files.refusal("axes/\(name).npy").contains("state the layer"), "\(name)")
    }
    for name in ["layers-leading", "layers-trailing", "layers-middle"] {
      #expect(try Files.layers("axes/\(name).npy") == all, "\(name)")
    }
    #expect(try Files.layers("axes/vec_layer_2_tiny.pt") == [2: rows[2]])
    #expect(try Files.layers("axes/layers-leading.npy", VectorImport(position: 0)) == all)
    #expect(Files.refusal("axes/layers-leading.npy", VectorImport(position: 1)).contains("holds 1 positions"))
  }

  @Test("A layer or a position that the file's shape makes void is refused")
  func voidChoices() {
    for name in ["layers.npy", "control.gguf", "refusal/mean_diffs.pt", "dictionary.pt"] {
      let settings = VectorImport(convention: .caa, layer: 2)
      #expect(Files.refusal(name, settings).contains("leave the choice of a layer out"), "\(name)")
    }
    for name in ["layers.npy", "control.gguf", "dictionary.pt", "axes/layers-middle.npy"] {
      let settings = VectorImport(convention: .caa, position: 0)
      #expect(Files.refusal(name, settings).contains("leave the choice of a position out"), "\(name)")
    }
    #expect(Files.refusal("one.npy", VectorImport(layer: 2, position: 0)).contains("position"))
  }

  @Test("Keys of a control vector that ask for another edit are named, with a direction.0")
  func extraKeys() throws {
    let project = try notes("control-project.gguf")
    #expect(project.contains { $0.contains("controlvector.mode \"project\"") }, "\(project)")
    #expect(project.contains { $0.contains("direction.0") && $0.contains("counted from 0") })
    #expect(try notes("control-ablate.gguf").contains { $0.contains("controlvector.operation \"ablate\"") })
    #expect(try notes("control.gguf") == [])
  }

  @Test("Persona rows that are one too few or one after the norm are doubted, with the model and by their norms")
  func personaRows() {
    func doubts(_ norms: [Double], layers: Int? = nil) -> [String] {
      let rows = Dictionary(uniqueKeysWithValues: norms.enumerated().map { ($0, $1) })
      let doubts = ImportDoubts(file: "f.pt", convention: .persona, norms: rows)
      return doubts.sentences + (layers.map { doubts.sentences(layerCount: $0) } ?? [])
    }
    // As of a model of four blocks: embeddings, three blocks, and the fourth after the final norm.
    #expect(doubts([3.5, 42, 57, 69, 84]) == [])
    #expect(doubts([3.5, 42, 57, 69]).isEmpty)
    #expect(doubts([3.5, 42, 57, 69], layers: 4).first?.contains("has 4 rows") == true)
    #expect(doubts([3.5, 42, 57, 69, 84], layers: 4).first?.contains("after the final norm") == true)
    #expect(doubts([3.5, 42, 57, 69, 9]).first?.contains("after the final norm") == true)
    #expect(doubts([3.5, 42, 57, 69, 900]).first?.contains("after the final norm") == true)
    #expect(doubts([40, 50, 60, 70]).first?.contains("no row of embeddings") == true)
    #expect(ImportDoubts(file: "f.pt", convention: .caa, norms: [0: 1, 1: 1]).sentences == [])
  }
}
