import ArgumentParser
import Foundation
import Foundations
import LanguageModels
import Tokenizers
import Torch

extension DType: ExpressibleByArgument {
  /// The types to compute in: what help lists. Files may hold more.
  package static let computable: [DType] = [.float32, .bfloat16, .float16]
  public static var allValueStrings: [String] { computable.map(\.rawValue) }
}
extension WeightFormat: ExpressibleByArgument {}
extension EditPositions: ExpressibleByArgument {}

/// Which model, and how it is computed: shared by every command that runs one.
package struct ModelOptions: ParsableArguments {
  @Option(
    help: """
      A checkpoint directory, a GGUF file, a Hugging Face id in the local cache, or organism-shared / organism-split / organism-hard; \
      telltale models lists what there is.
      """)
  package var model: String

  @Option(help: "The branch, tag or commit of a Hugging Face id (default: main), as in --model owner/name@revision.")
  package var revision: String?

  @Option(help: "The directory of a LoRA adapter (of PEFT or telltale finetune) to put on the model.")
  package var adapter: String?

  @OptionGroup package var compute: ComputeOptions

  @Flag(
    help: """
      A sequence gets the same bits whichever others are computed with it; on the CPU, at some cost (docs/runs.md).
      """)
  package var batchInvariant = false

  package init() {}

  /// The model's name with its revision, as it is recorded.
  package var name: String { revision.map { "\(model)@\($0)" } ?? model }

  /// The model alone.
  package func load() throws -> LanguageModel {
    let device = try compute.prepare()
    try checkInvariance(on: device)
    let base = try LanguageModel.load(
      ModelLocator.directory(for: name), dtype: compute.computationType(), weights: compute.weights, device: device)
    Self.warn(base.configuration.warnings)
    let model =
      try adapterFolder.map { folder in
        let adapter = try LoRAAdapter(directory: folder)
        Self.warn(adapter.warnings)
        return try base.adapted(by: adapter)
      } ?? base
    return batchInvariant ? model.batchInvariant() : model
  }

  /// The model with its tokenizer and identity, on a device that was prepared.
  package func loaded(on device: Devices) throws -> LoadedModel {
    try checkInvariance(on: device)
    let loaded = try LoadedModel(
      name, adapter: adapterFolder, dtype: compute.computationType(), weights: compute.weights,
      device: device)
    Self.warn(loaded.warnings)
    Terminal.detail(loaded.details)
    return batchInvariant ? loaded.batchInvariant() : loaded
  }

  /// A GPU's libraries choose their code by the number of rows, so that nothing can be promised there.
  private func checkInvariance(on device: Devices) throws(TelltaleError) {
    guard batchInvariant, !device.areCPU else { return }
    throw TelltaleError(
      .badInput, "--batch-invariant promises nothing on a GPU; leave it out, or compute with --device cpu")
  }

  /// Says what the files of a model state and what is not looked at, or contradicts itself.
  private static func warn(_ warnings: [String]) { for warning in warnings { Terminal.warning(warning) } }

  private var adapterFolder: URL? { adapter.map { URL(fileURLWithPath: $0, isDirectory: true) } }

  package func tokenizer() throws -> Tokenizer { try Tokenizer.load(directory: ModelLocator.directory(for: name)) }
}

/// Arithmetic of matrix products that is asked for by name; without, it is that of the dtype.
package enum ProductArithmetic: String, ExpressibleByArgument, CaseIterable { case int8 }

package struct ComputeOptions: ParsableArguments {
  @Option(help: "The type that the model computes in (default: the checkpoint's).")
  package var dtype: DType?

  @Option(
    help: """
      dense; int8 or int4: projections and head rounded while loading, to half or a quarter of bfloat16's memory; stored: \
      a GGUF file's blocks as they are.
      """)
  package var weights = WeightFormat.dense

  @Option(help: "cpu, cuda, cuda:N, or several such as cuda:0,cuda:1, over which the blocks are split.")
  package var device = "cpu"

  @Option(help: "CPU threads (default: all cores; one for models under 10 million parameters).")
  package var threads: Int?
  @OptionGroup package var messages: MessageOptions

  package init() {}

  package func computationType() throws -> DType? {
    if let dtype, !DType.computable.contains(dtype) {
      throw TelltaleError(
        .badInput, "--dtype \(dtype.rawValue) is no type to compute in; use float32, bfloat16 or float16")
    }
    return dtype
  }

  /// Sets the thread count, regardless of the environment, and checks that the device is there.
  package func prepare() throws -> Devices {
    if let threads, !(1...1024).contains(threads) {
      throw TelltaleError(.badInput, "--threads must be from 1 to 1024, not \(threads)")
    }
    ThreadPolicy.choose(threads)
    let devices = try devices()
    for case .cuda(let index) in devices.all where index >= Runtime.cudaDeviceCount {
      throw TelltaleError(
        .badInput,
        "--device \(device) is not there: \(Runtime.cudaDeviceCount) CUDA devices were found; use cpu, or see telltale doctor"
      )
    }
    return devices
  }

  /// What is named, whether it is there or not.
  package func devices() throws -> Devices {
    guard let devices = Devices(device) else {
      throw TelltaleError(
        .badInput,
        "--device \(SafeText.quoted(device)) is unknown; use cpu, cuda, cuda:N, or several with commas between")
    }
    return devices
  }
}

/// Layers on a command line: `all`, or numbers and ranges such as `0,3,8-12`.
package struct LayerList: ExpressibleByArgument {
  private let parts: [ClosedRange<Int>]?

  package static let all = LayerList(parts: nil)

  package var isAll: Bool { parts == nil }

  /// The layers named, ascending; nil for all.
  package var numbers: [Int]? { parts.map { Set($0.flatMap { Array($0) }).sorted() } }

  /// As it would be written.
  package var defaultValueDescription: String {
    guard let parts else { return "all" }
    return parts.map { $0.count == 1 ? "\($0.lowerBound)" : "\($0.lowerBound)-\($0.upperBound)" }.joined(separator: ",")
  }

  private init(parts: [ClosedRange<Int>]?) { self.parts = parts }

  package init?(argument: String) {
    if argument == "all" {
      parts = nil
      return
    }
    var parts: [ClosedRange<Int>] = []
    for piece in argument.split(separator: ",", omittingEmptySubsequences: false) {
      let ends = piece.split(separator: "-", omittingEmptySubsequences: false).map { Int($0) }
      guard ends.count <= 2, let first = ends[0], let last = ends[ends.count - 1], first >= 0, last >= first,
        last < 4096
      else { return nil }
      parts.append(first...last)
    }
    self.parts = parts
  }

  /// The layers of a model, ascending, each once; refuses one that does not exist.
  package func resolve(_ configuration: ModelConfiguration) throws -> [Int] {
    guard let parts else { return Array(0..<configuration.layerCount) }
    let layers = Set(parts.flatMap { Array($0) }).sorted()
    if let wrong = layers.first(where: { $0 >= configuration.layerCount }) {
      throw TelltaleError(
        .badInput, "layer \(wrong) does not exist; the model has layers 0 to \(configuration.layerCount - 1)")
    }
    return layers
  }
}
