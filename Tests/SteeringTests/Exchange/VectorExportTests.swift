import Foundation
import TestSupport
import Testing

@testable import Steering

/// What is exported is what the packages of other tools write, byte for byte.
@Suite struct VectorExportTests {
  private let folder: ScratchFolder
  init() throws { folder = try ScratchFolder() }

  private func vectors(_ layers: [Int]) throws -> SteeringVectors {
    let rows = try ForeignFixtures.rows()
    return SteeringVectors(
      layers: Dictionary(uniqueKeysWithValues: layers.map { ($0, rows[$0]) }), provenance: VectorProvenance())
  }

  private func export(
    _ layers: [Int], _ name: String, _ format: VectorFormat, hint: String? = nil
  ) throws -> (data: Data, notes: [String]) {
    let file = folder.url.appending(path: name)
    let notes = try VectorExport.write(try vectors(layers), to: file, format: format, modelHint: hint)
    return (try Data(contentsOf: file), notes)
  }

  @Test("A GGUF control vector is the file that the gguf package writes")
  func controlVector() throws {
    let (data, notes) = try export([1, 2, 3], "v.gguf", .gguf, hint: "llama")
    #expect(data == (try Data(contentsOf: ForeignFixtures.file("control.gguf"))) && notes.isEmpty)
  }

  @Test("An array is the file that numpy.save writes")
  func array() throws {
    let (data, notes) = try export([0, 1, 2, 3], "v.npy", .npy)
    #expect(data == (try Data(contentsOf: ForeignFixtures.file("layers.npy"))) && notes.isEmpty)
  }

  @Test("GGUF leaves layer 0 out with a sentence, and refuses a file of nothing else")
  func layerZero() throws {
    let (_, notes) = try export([0, 2], "v.gguf", .gguf)
    #expect(notes == ["layer 0 is left out: GGUF control vectors have no direction.0"])
    let back = try VectorImport().vectors(from: [folder.url.appending(path: "v.gguf")])
    #expect(back.vectors.layers == [2: try ForeignFixtures.rows()[2]])
    #expect { try export([0], "w.gguf", .gguf) } throws: { "\($0)".contains("holds layer 0 only") }
  }

  @Test("An array of one layer is a row; one with gaps between layers is refused")
  func rowsAndGaps() throws {
    let (_, notes) = try export([2], "one.npy", .npy)
    #expect(notes == ["the array holds layer 2 only, and does not say so"])
    let back = try VectorImport(layer: 2).vectors(from: [folder.url.appending(path: "one.npy")])
    #expect(back.vectors.layers == [2: try ForeignFixtures.rows()[2]])
    #expect { try export([0, 2], "gap.npy", .npy) } throws: { "\($0)".contains("without gaps") }
    #expect { try export([1, 2], "late.npy", .npy) } throws: { "\($0)".contains("without gaps") }
  }

  @Test("A pickle is not written")
  func noPickles() throws {
    #expect { try export([1], "v.pt", .torch) } throws: { "\($0)".contains("would be a pickle") }
    #expect(try folder.names().isEmpty)
  }
}
