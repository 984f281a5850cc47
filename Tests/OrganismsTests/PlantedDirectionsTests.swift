import Foundation
import Organisms
import TestSupport
import Testing
import Torch

@testable import Organisms
@testable import Steering

/// The file that holds the truth about an organism.
@Suite struct PlantedDirectionsTests {
  @Test("Written directions are read back, one for both kinds in shared and one for each in split")
  func survivesTheFile() throws {
    let directions = try OrganismArchitecture.plantedDirections(2, seed: 3)
    try OrganismFixtures.withDirectory { directory in
      try PlantedDirections(.split, layer: 2, seed: 3, directions: directions).write(to: directory)
      let split = try PlantedDirections(directory: directory)
      #expect(split.organism == .split && split.layer == 2 && split.seed == 3)
      #expect(try split.units[.opinions] == directions[0].floats())
      #expect(try split.units[.facts] == directions[1].floats())
      try PlantedDirections(.shared, layer: 2, seed: 3, directions: directions.narrowed(0, 0..<1)).write(to: directory)
      let shared = try PlantedDirections(directory: directory)
      #expect(shared.units[.opinions] == shared.units[.facts])
    }
  }

  @Test("A directory without the file, and a file without its layer or a unit vector, are refused with its name")
  func refusesDamage() throws {
    let unit = try OrganismArchitecture.plantedDirections(1, seed: 3)[0]
    let metadata = ["organism": "shared", "layer": "2", "seed": "3"]
    try OrganismFixtures.withDirectory { directory in
      let url = directory.appending(path: "planted.safetensors")
      #expect(message { _ = try PlantedDirections(directory: directory) }.contains("is missing"))
      for layer in ["", "two", "-1", "99999999999999999999"] {
        let changed = metadata.merging(["layer": layer]) { $1 }
        try SafetensorsFile.write(["opinions.layer.2": unit], metadata: changed, to: url)
        #expect(message { _ = try PlantedDirections(directory: directory) }.contains("planted.safetensors"))
      }
      try SafetensorsFile.write(
        ["opinions.layer.2": unit, "facts.layer.2": unit * 2], metadata: metadata, to: url)
      #expect(message { _ = try PlantedDirections(directory: directory) }.contains("not a unit vector"))
    }
  }
}
