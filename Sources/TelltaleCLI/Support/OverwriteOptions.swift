import ArgumentParser
import Foundation
import Foundations

/// A file that took long to make is not written over by accident: shared by the commands that write vectors.
struct OverwriteOptions: ParsableArguments {
  @Flag(help: "Write over a file that is there already.")
  var force = false

  /// Called before anything is computed: the file can be made, and takes no other's place.
  func check(_ output: String) throws(TelltaleError) {
    func refuse(_ reason: String) -> TelltaleError {
      TelltaleError(.badInput, reason, at: InputLocation(file: output))
    }
    let folder = URL(fileURLWithPath: output).deletingLastPathComponent()
    guard Self.isFolder(folder.path) else {
      throw refuse("cannot be written: there is no folder \(folder.relativePath); make it first")
    }
    guard !Self.isFolder(output) else { throw refuse("is a folder; name a file with --output") }
    guard force || !FileManager.default.fileExists(atPath: output) else {
      throw refuse("is there already; name another file with --output, or give --force to write over it")
    }
  }

  private static func isFolder(_ path: String) -> Bool {
    var isFolder: ObjCBool = false
    return FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) && isFolder.boolValue
  }
}
