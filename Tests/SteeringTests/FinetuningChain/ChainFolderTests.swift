import Foundation
import Foundations
import TestSupport
import Testing
import Torch

@testable import Steering

/// Finished stages on disk.
@Suite struct ChainFolderTests {
  private let scratch: ScratchFolder
  private let folder: ChainFolder

  init() throws {
    scratch = try ScratchFolder()
    folder = ChainFolder(scratch.url.appending(path: "chain"))
  }

  @Test("A stage is made once for the same inputs, and again for others")
  func isReused() throws {
    var made = 0
    func value(_ inputs: [String: String]) throws -> Int {
      try folder.stage("numbers", inputs: inputs) {
        made += 1
        return made
      }
    }
    #expect(try [value(["a": "1"]), value(["a": "1"]), value(["a": "2"]), value(["a": "2"])] == [1, 1, 2, 2])
  }

  @Test("A damaged stage is made again")
  func damagedIsMadeAnew() throws {
    _ = try folder.stage("numbers", inputs: [:]) { 1 }
    try scratch.write("{\"inputs\": {}, \"va", to: "chain/numbers.json")
    #expect(try folder.stage("numbers", inputs: [:]) { 2 } == 2)
  }

  @Test("A vector comes back with its pairs, and an unfinished one does not come back")
  func vectorsAreReused() throws {
    let made = try ComparedVector(
      name: "v", vectors: SteeringVectors(layers: [3: [1, 2]], provenance: VectorProvenance()),
      pairs: PairDifferences(
        differences: Tensor([Float(0), 1, 2, 3], shape: [2, 1, 2]), layers: [3], groups: ["a", "b"]))
    _ = try folder.vector("v", inputs: ["a": "1"]) { made }
    let again = try folder.vector("v", inputs: ["a": "1"]) { throw TelltaleError(.failed, "made twice") }
    #expect(again.vectors.layers == [3: [1, 2]] && again.pairs?.groups == ["a", "b"])
    try FileManager.default.removeItem(at: folder.url.appending(path: "v.json"))
    #expect(throws: TelltaleError.self) {
      try folder.vector("v", inputs: ["a": "1"]) { throw TelltaleError(.failed, "not finished") }
    }
  }

  @Test("Another vector's numbers are another fingerprint")
  func fingerprints() {
    let a = SteeringVectors(layers: [0: [1, 2]], provenance: VectorProvenance())
    let b = SteeringVectors(layers: [0: [1, 2.5]], provenance: VectorProvenance())
    let c = SteeringVectors(layers: [1: [1, 2]], provenance: VectorProvenance())
    #expect(Set([a, b, c].map(\.numbersFingerprint)).count == 3)
  }
}
