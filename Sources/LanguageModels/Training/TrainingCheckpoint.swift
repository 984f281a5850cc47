import Foundation
import Foundations
import Torch

/// Everything that a training needs to go on as if it had not been interrupted: the adapter, the optimiser's moments and
/// the log of the steps taken. The order of the data and the dropout follow from the seed and the number of steps.
///
/// One safetensors file, put in place whole: the matrices by PEFT's names, `mean.` and `square.` before the same names
/// for AdamW's moments, `log` float64 [steps, 3] (loss, gradient norm, learning rate), and what was being trained as
/// metadata.
public struct TrainingCheckpoint: Sendable {
  public struct LogEntry: Sendable, Equatable {
    public var loss: Double
    public var gradientNorm: Double
    public var learningRate: Double
  }

  public var adapter: LoRAAdapter
  /// First and second moments: A before B, in the order of the adapter's places.
  public var means: [Tensor]
  public var squares: [Tensor]
  public var log: [LogEntry]

  static let logName = "log"

  /// - Parameter stated: what is being trained, on what and how; `read` wants the same.
  public func write(to url: URL, stated: [String: String]) throws {
    var tensors = adapter.weights
    for (index, name) in Self.names(adapter.places).enumerated() {
      tensors["mean.\(name)"] = means[index]
      tensors["square.\(name)"] = squares[index]
    }
    tensors[Self.logName] = try Tensor(
      log.flatMap { [$0.loss, $0.gradientNorm, $0.learningRate] }, shape: [log.count, 3])
    try SafetensorsFile.write(
      tensors.mapValues { try $0.moved(to: .cpu).contiguous() }, metadata: stated, to: url)
  }

  /// Reads a checkpoint of the training that `stated` describes; names what differs where it is of another.
  public static func read(
    _ url: URL, configuration: LoRAConfiguration, stated: [String: String]
  ) throws -> TrainingCheckpoint {
    let place = InputLocation(file: url.path)
    let file = try SafetensorsFile(url)
    for (key, value) in stated.sorted(by: { $0.key < $1.key }) where file.metadata[key] != value {
      let was = file.metadata[key].map { SafeText.quoted($0) } ?? "not stated"
      throw TelltaleError(
        .badInput,
        "is of a training with another \(key) (\(was), now \(SafeText.quoted(value))); resume with the same options, "
          + "or train into another folder", at: place)
    }
    do { return try read(file, configuration) } catch let error as TelltaleError {
      throw TelltaleError(error.code, error.message, at: error.location ?? place)
    }
  }

  private static func read(
    _ file: SafetensorsFile, _ configuration: LoRAConfiguration
  ) throws -> TrainingCheckpoint {
    let moments = ["mean.", "square."]
    let own = file.names.filter { name in name != logName && !moments.contains { name.hasPrefix($0) } }
    var weights: [String: Tensor] = [:]
    for name in own { weights[name] = try file.tensor(name).copy() }
    let adapter = try LoRAAdapter(configuration, weights: weights)
    let names = names(adapter.places)
    return TrainingCheckpoint(
      adapter: adapter, means: try names.map { try file.tensor("mean.\($0)").copy() },
      squares: try names.map { try file.tensor("square.\($0)").copy() }, log: try log(file.tensor(logName)))
  }

  private static func log(_ tensor: Tensor) throws -> [LogEntry] {
    guard tensor.rank == 2, tensor.size(1) == 3 else {
      throw TelltaleError(
        .badInput, "its log has shape \(tensor.shape) instead of [steps, 3]; start the training again")
    }
    let values = try tensor.doubles()
    return stride(from: 0, to: values.count, by: 3).map {
      LogEntry(loss: values[$0], gradientNorm: values[$0 + 1], learningRate: values[$0 + 2])
    }
  }

  private static func names(_ places: [AdapterPlace]) -> [String] {
    places.flatMap { [$0.tensorName(.a), $0.tensorName(.b)] }
  }
}
