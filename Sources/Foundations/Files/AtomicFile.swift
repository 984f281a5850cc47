import Foundation

/// Writing files so that a reader sees the old file, the new file, or none, even if the process is killed in between.
public enum AtomicFile {
  /// Calls `body` with a handle on a new file next to `url`, flushes it to the disk and renames it to `url`. Where
  /// anything fails, the new file is removed and `url` is as it was.
  public static func write(to url: URL, _ body: (FileHandle) throws -> Void) throws(TelltaleError) {
    let place = InputLocation(file: url.path)
    let aside = url.deletingLastPathComponent()
      .appendingPathComponent(
        ".\(url.lastPathComponent).\(ProcessInfo.processInfo.processIdentifier).\(UInt32.random(in: 0...UInt32.max)).tmp"
      )
    guard !isDirectory(url) else { throw TelltaleError(.badInput, "is a folder; name a file", at: place) }
    let descriptor = open(aside.path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else {
      let reason = SystemReason.last
      let remedy = reason.isOfMachine ? reason.remedy : "check that the folder exists and is writable"
      throw TelltaleError(reason.code, "cannot be written (\(reason)); \(remedy)", at: place)
    }
    let handle = FileHandle(fileDescriptor: descriptor, closeOnDealloc: false)
    var renamed = false
    defer {
      close(descriptor)
      if !renamed { unlink(aside.path) }
    }
    do { try body(handle) } catch let error as TelltaleError { throw error } catch {
      throw TelltaleError(.failed, "cannot be written: \(describe(error)); nothing was left behind", at: place)
    }
    guard fsync(descriptor) == 0 else {
      throw TelltaleError(.failed, "cannot be flushed to the disk (\(SystemReason.last))", at: place)
    }
    guard rename(aside.path, url.path) == 0 else {
      throw TelltaleError(.failed, "cannot be put in place (\(SystemReason.last))", at: place)
    }
    renamed = true
    flush(folder: url.deletingLastPathComponent())
  }

  public static func write(_ data: Data, to url: URL) throws(TelltaleError) {
    try write(to: url) { try $0.write(contentsOf: data) }
  }

  /// Flushes a folder's entries to the disk: a rename itself must survive a power cut.
  package static func flush(folder url: URL) {
    let folder = open(url.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard folder >= 0 else { return }
    fsync(folder)
    close(folder)
  }

  private static func isDirectory(_ url: URL) -> Bool {
    (try? url.resourceValues(forKeys: [.isDirectoryKey]).isDirectory) ?? false
  }

  private static func describe(_ error: any Error) -> String {
    let code =
      (error as NSError).userInfo[NSUnderlyingErrorKey].map { ($0 as? NSError)?.code ?? 0 } ?? (error as NSError).code
    if code == Int(EFBIG) { return "it would be larger than the system's limit on files allows (ulimit -f)" }
    return code == Int(ENOSPC) || (error as? CocoaError)?.code == .fileWriteOutOfSpace
      ? "the disk is full" : "\(error.localizedDescription)"
  }
}
