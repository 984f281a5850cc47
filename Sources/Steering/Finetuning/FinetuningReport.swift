import Foundation
import Foundations
import LanguageModels
import Torch

/// What a finished fine-tuning was and did; `training.json` in the adapter's folder.
public struct FinetuningReport: Sendable, Codable, Equatable {
  /// What was trained, on what and how, by the names of `telltale finetune`'s options.
  public var stated: [String: String]
  public var steps: Int
  /// Numbers in the adapter's matrices.
  public var parameters: Int
  public var trainingSequences: Int
  public var heldOutSequences: Int
  /// Mean loss of the held-out answers' tokens in nats, of the base model and of the adapted one; nil where nothing is
  /// held out.
  public var heldOutBefore: Double?
  public var heldOutAfter: Double?
  /// Mean loss of the first and of the last step's batch, before its update.
  public var firstLoss: Double
  public var lastLoss: Double

  static let name = "training.json"

  func write(to folder: URL) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    encoder.keyEncodingStrategy = .convertToSnakeCase
    try AtomicFile.write(encoder.encode(self), to: folder.appendingPathComponent(Self.name))
  }

  static func read(_ folder: URL) throws -> FinetuningReport {
    let url = folder.appendingPathComponent(name)
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    guard let data = try? Data(contentsOf: url), let report = try? decoder.decode(Self.self, from: data) else {
      throw TelltaleError(
        .badInput, "cannot be read as the report of a finished training; train into another folder",
        at: InputLocation(file: url.path))
    }
    return report
  }
}
