import ArgumentParser
import CommandSupport
import Foundation
import Foundations
import LanguageModels
import Torch

struct Doctor: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Say what this machine offers: libtorch, devices, threads, kernels, folders.")

  @OptionGroup var printing: PrintOptions

  struct Report: Encodable {
    var telltale = Version.current
    var toolchain: String
    var libtorch = Runtime.version
    var libtorchFolder: String
    var processor: String
    var cores = ProcessInfo.processInfo.activeProcessorCount
    var threads: Int
    var memoryBytes: UInt64
    var bfloat16: String
    var instructionSet = Kernel.instructionSet
    var instructionSetFound = Kernel.foundInstructionSet
    var kernels = Kernel.all.map { KernelReport(job: $0.job, isOwn: $0.isOwn, choice: $0.choice) }
    var cudaDevices: Int
    var telltaleCache: String
    var huggingFaceCache: String
    var embeddedModels: [String: String]
  }

  struct KernelReport: Encodable {
    var job: String
    var isOwn: Bool
    var choice: String
  }

  func run() throws {
    ThreadPolicy.choose(nil)
    let report = Self.report()
    if printing.json { return try Output.json(report) }
    Output.line("telltale          \(report.telltale)")
    Output.line("toolchain         \(report.toolchain)")
    Output.line("libtorch          \(report.libtorch) (\(report.libtorchFolder))")
    Output.line(
      "processor         \(report.processor), \(report.cores) processors, \(report.threads) threads used (--threads)")
    Output.line("memory            \(String(format: "%.1f", Double(report.memoryBytes) / Double(1 << 30))) GiB")
    Output.line("bfloat16          \(report.bfloat16)")
    Output.line("instruction set   \(report.instructionSet) of \(report.instructionSetFound) (TELLTALE_ISA)")
    for kernel in report.kernels {
      let name = ("  " + kernel.job).padding(toLength: 34, withPad: " ", startingAt: 0)
      Output.line(name + (kernel.isOwn ? "Telltale's, \(kernel.choice)" : "libtorch's: \(kernel.choice)"))
    }
    Output.line("CUDA devices      \(report.cudaDevices)")
    Output.line("Telltale's cache  \(report.telltaleCache)")
    Output.line("Hugging Face      \(report.huggingFaceCache)")
    for (name, place) in report.embeddedModels.sorted(by: { $0.key < $1.key }) {
      Output.line(name.padding(toLength: 18, withPad: " ", startingAt: 0) + place)
    }
  }

  private static func report() -> Report {
    let environment = ProcessInfo.processInfo.environment
    let home = NSHomeDirectory()
    return Report(
      toolchain: toolchain, libtorchFolder: libtorchFolder ?? "folder unknown",
      processor: processorField("model name") ?? "unknown", threads: Runtime.threadCount,
      memoryBytes: ProcessInfo.processInfo.physicalMemory, bfloat16: bfloat16,
      cudaDevices: Runtime.cudaDeviceCount,
      telltaleCache: describe(environment["TELLTALE_CACHE"] ?? "\(home)/.cache/telltale"),
      huggingFaceCache: describe(ModelLocator.hubFolder(environment).path),
      embeddedModels: Dictionary(
        uniqueKeysWithValues: ModelLocator.embedded.map { name in
          (name, (try? ModelLocator.directory(for: name).path) ?? "not found")
        }))
  }

  /// The Swift on the path, and the least version this binary was built with.
  private static var toolchain: String {
    let process = Process()
    let output = Pipe()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = ["swift", "--version"]
    process.standardOutput = output
    process.standardError = FileHandle.nullDevice
    guard (try? process.run()) != nil else { return "no swift on the path" }
    let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    return text.split(separator: "\n").first.map(String.init) ?? "no swift on the path"
  }

  private static var bfloat16: String {
    let flags = Set((processorField("flags") ?? "").split(separator: " "))
    if flags.contains("amx_bf16") { return "in hardware (AMX); the checkpoint's bfloat16 is used" }
    if flags.contains("avx512_bf16") { return "in hardware (AVX512-BF16); the checkpoint's bfloat16 is used" }
    return "not in hardware; the checkpoint's bfloat16 is used, and widened to float32 inside of products"
  }

  private static func processorField(_ name: String) -> String? {
    guard let text = try? String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8) else { return nil }
    let line = text.split(separator: "\n").first { $0.hasPrefix(name) }
    return line?.split(separator: ":", maxSplits: 1).last.map { $0.trimmingCharacters(in: .whitespaces) }
  }

  /// Where the libtorch of this process was loaded from.
  private static var libtorchFolder: String? {
    Runtime.libraryPath.map { URL(fileURLWithPath: $0).deletingLastPathComponent().path }
  }

  private static func describe(_ folder: String) -> String {
    FileManager.default.fileExists(atPath: folder) ? folder : "\(folder) (not there yet)"
  }
}
