internal import CTorch
import Foundation
import Foundations

/// What libtorch is and how much of the machine it may use.
public enum Runtime {
  /// The version of libtorch that the binary was built against, e.g. "2.11.0".
  public static var version: String { String(cString: ct_version()) }

  /// Called once, before anything else: keeps large buffers with the process instead of mapping each again, and throws where
  /// the environment's TELLTALE_ISA names no instruction set. A program that does not call it loses a little time.
  public static func start() throws(TelltaleError) {
    var error = ct_error()
    ct_start(&error)
    if error.code != 0 { throw TelltaleError(.badInput, TelltaleError(taking: &error).message) }
  }

  /// The file that this process's libtorch_cpu was loaded from.
  public static var libraryPath: String? {
    let path = String(cString: ct_library_path())
    return path.isEmpty ? nil : path
  }

  /// Threads that one operation may use, whichever thread calls it. Set it explicitly: the environment's thread variables are not trusted.
  public static var threadCount: Int { Int(ct_thread_count()) }

  public static func setThreadCount(_ count: Int) {
    ct_set_thread_count(Int32(max(1, min(count, 1024))))
  }

  /// Runs `body` with another thread count for the operations that it calls from this thread.
  package static func withThreadCount<Result>(_ count: Int, _ body: () throws -> Result) rethrows -> Result {
    let before = ct_set_own_thread_count(Int32(max(1, min(count, 1024))))
    defer { _ = ct_set_own_thread_count(before) }
    return try body()
  }

  /// Threads that the C++ side's own loops really run on, called from this thread.
  package static var loopThreadCount: Int { Int(ct_loop_thread_count()) }

  /// Runs `body` with libtorch's float32 products in calls from this thread, also where Telltale's own are faster.
  package static func withoutOwnProducts<Result>(_ body: () throws -> Result) rethrows -> Result {
    let before = ct_set_own_products(false)
    defer { _ = ct_set_own_products(before) }
    return try body()
  }

  /// CUDA devices that can be used; 0 where the CUDA half of libtorch or a driver is missing.
  public static var cudaDeviceCount: Int { Int(ct_cuda_device_count()) }

  /// Bytes of a device's memory that are free: of the CPU, what the system can give without swapping.
  public static func freeMemory(of device: Device) throws(TelltaleError) -> Int {
    guard case .cuda(let index) = device else { return availableMemory }
    var error = ct_error()
    let bytes = ct_cuda_free_memory(Int32(clamping: index), &error)
    if error.code != 0 { throw TelltaleError(taking: &error) }
    return Int(bytes)
  }

  private static var availableMemory: Int {
    let text = (try? String(contentsOfFile: "/proc/meminfo", encoding: .utf8)) ?? ""
    let line = text.split(separator: "\n").first { $0.hasPrefix("MemAvailable:") }
    let kibibytes = line?.split(whereSeparator: \.isWhitespace).dropFirst().first.flatMap { Int($0) }
    return kibibytes.map { $0 << 10 } ?? Int(clamping: ProcessInfo.processInfo.physicalMemory)
  }

  /// Tensors alive in this process.
  package static var liveTensorCount: Int { Int(ct_live_tensor_count()) }

  /// Tensors handed out to this thread less those it freed. A test that stays on one thread holds it against leaks,
  /// regardless of what other threads do meanwhile.
  package static var liveTensorCountOfThread: Int { Int(ct_live_tensor_count_of_thread()) }

  /// Waits for the device to finish what it was given; needed before a clock is read.
  public static func synchronize() throws(TelltaleError) {
    var error = ct_error()
    ct_cuda_synchronize(&error)
    if error.code != 0 { throw TelltaleError(taking: &error) }
  }
}
