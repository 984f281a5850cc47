import Foundation
import Foundations
import TestSupport
import Testing

@testable import Experiments

/// What comes of a scheduler that answers strangely; a real one is in scripts/slurm-test.
@Suite("Slurm's answers are understood or told")
struct SlurmTests {
  private let folder: ScratchFolder
  init() throws { folder = try ScratchFolder() }

  /// Commands from a folder where `sbatch` is a script.
  private func commands(_ script: String) throws -> SlurmCommands {
    let file = try folder.write("#!/bin/sh\n\(script)\n", to: "bin/sbatch")
    try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: file.path)
    return SlurmCommands(environment: ["PATH": folder.url.appending(path: "bin").path])
  }

  @Test(
    "A job's number is read, with or without the cluster's name",
    arguments: [("echo 4711", 4711), ("echo '12;big'", 12)])
  func numbers(_ script: String, _ number: Int) throws {
    #expect(try commands(script).submit(folder.url, []) == number)
  }

  @Test("The script is the last argument, after the options as they are")
  func arguments() throws {
    let log = folder.url.appending(path: "log")
    let job = folder.url.appending(path: "a job.sh")
    let slurm = try commands("for word; do echo \"$word\" >>'\(log.path)'; done; echo 1")
    _ = try slurm.submit(job, ["--time=1:00", "--comment=a b"])
    #expect(
      try String(contentsOf: log, encoding: .utf8) == "--parsable\n--time=1:00\n--comment=a b\n\(job.path)\n")
  }

  @Test(
    "An answer that is no number, a refusal and a missing sbatch are one sentence each",
    arguments: [
      ("echo queued", "sbatch answered \"queued\" where the number of a job is meant"),
      ("true", "sbatch answered \"\" where the number of a job is meant"),
      ("echo 0", "sbatch answered \"0\""),
      (
        "echo first >&2; echo 'sbatch: error: Invalid partition' >&2; exit 1", "refused the job: sbatch: error: Invalid"
      ),
      ("exit 3", "sbatch refused the job: it ended with code 3"),
    ])
  func strangeAnswers(_ script: String, _ sentence: String) throws {
    let error = #expect(throws: TelltaleError.self) { try commands(script).submit(folder.url, []) }
    #expect(error?.message.contains(sentence) == true, "\(String(describing: error))")
    #expect(error?.message.contains("\n") == false)
  }

  @Test("Without sbatch the user is told where to submit")
  func absent() {
    let error = #expect(throws: TelltaleError.self) {
      try SlurmCommands(environment: ["PATH": "/nowhere"]).submit(folder.url, [])
    }
    #expect(error?.isBadInput == true && error?.message.contains("sbatch was not found") == true)
  }
}
