import Foundation
import TestSupport
import Testing

/// Array tasks without a scheduler: what `--array-task` does is the same on one machine. scripts/slurm-test has a real one.
@Suite(.serialized, .tags(.process)) struct ClusterTests {
  private let folder: ScratchFolder
  init() throws {
    folder = try ScratchFolder()
    try folder.write(
      """
      name: small
      seed: 5
      models: [organism-split]
      dtype: float32
      datasets:
        train: {organism: opinions, take: 96, seed: 501, where: {conflict: "true"}}
        test: {organism: facts, take: 96, seed: 502, where: {conflict: "true"}}
      vectors:
        - {name: spontaneous, contrast: spontaneous, dataset: train, read: prompt}
        - {name: answers, contrast: answers, dataset: train, read: answer}
      recording: {label: forced-choice, max-tokens: 2, chunk-rows: 8}
      predictions:
        - {targets: [test], positions: [prompt], scores: [cosine]}
      """, to: "small.yaml")
  }

  /// Submits through an `sbatch` that takes everything and gives the numbers 1, 2, ..., so that the directory is begun.
  private func submit(_ more: [String] = [], sbatch: String = "echo $(ls | wc -l)") throws -> Binary.Outcome {
    let script = try folder.write("#!/bin/sh\necho \"$@\" >>sbatch.log\n\(sbatch)\n", to: "bin/sbatch")
    try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: script.path)
    let path = folder.url.appending(path: "bin").path + ":" + (ProcessInfo.processInfo.environment["PATH"] ?? "")
    return try Binary.run(
      ["run", "small.yaml", "--output", "run", "--slurm", "--tasks", "3"] + more, in: folder,
      environment: ["PATH": path])
  }

  private func task(_ share: String) throws -> Binary.Outcome {
    try Binary.run(["run", "small.yaml", "--output", "run", "--array-task", share], in: folder)
  }

  private func files(_ output: String) throws -> [String: Data] {
    var files: [String: Data] = [:]
    for part in ["results", "vectors", "audit", "chunks"] {
      let root = folder.url.appending(path: "\(output)/\(part)")
      let walk = try #require(FileManager.default.enumerator(at: root, includingPropertiesForKeys: nil))
      for case let url as URL in walk {
        guard let data = try? Data(contentsOf: url) else { continue }
        files[part + "/" + url.path.replacingOccurrences(of: root.path + "/", with: "")] = data
      }
    }
    return files
  }

  @Test("Three tasks and the job that ends the run give the bytes of a local run; a task done again does nothing")
  func tasksEqualLocalRun() throws {
    let submitted = try submit(["--sbatch", "--gres=gpu:1 --time=10"])
    #expect(submitted.code == 0, "\(submitted.errors)")
    let log = try String(contentsOf: folder.url.appending(path: "sbatch.log"), encoding: .utf8).split(separator: "\n")
    #expect(log.count == 2 && log.allSatisfy { $0.contains("--gres=gpu:1 --time=10") })
    #expect(log[0].contains("--array=0-2") && log[0].contains("--requeue") && log[1].contains("--dependency=afterok:"))
    let counts = try ["0/3", "2/3", "1/3", "1/3"].map { share in
      let outcome = try task(share)
      #expect(outcome.code == 0, "\(outcome.errors)")
      return try #require(try /(\d+) pieces done, (\d+) were there/.firstMatch(in: outcome.output)?.output)
    }.map { (Int($0.1) ?? -1, Int($0.2) ?? -1) }
    // Chunks of 8 rows: every piece is done once, and the second time task 1 finds all of its share.
    #expect(counts.dropLast().allSatisfy { $0.0 > 0 && $0.1 == 0 })
    #expect(counts[3].0 == 0 && counts[3].1 == counts[2].0)
    #expect(!FileManager.default.fileExists(atPath: folder.url.appending(path: "run/results/predictivity.csv").path))
    let ended = try Binary.run(["run", "small.yaml", "--output", "run", "--resume"], in: folder)
    #expect(ended.code == 0 && !ended.errors.contains("stages run again"), "\(ended.errors)")
    #expect(try Binary.run(["run", "small.yaml", "--output", "local"], in: folder).code == 0)
    let (own, local) = (try files("run"), try files("local"))
    #expect(Set(own.keys) == Set(local.keys) && own.count > 10)
    for (path, data) in local { #expect(own[path] == data, "\(path) differs") }
  }

  @Test("A task is told that its run was not begun, or begun with other inputs")
  func otherInputs() throws {
    let early = try task("0/3")
    #expect(early.code == 2 && early.errors.contains("is no run directory"), "\(early.errors)")
    #expect(try submit().code == 0)
    let text = try String(contentsOf: folder.url.appending(path: "small.yaml"), encoding: .utf8)
    try folder.write(text.replacingOccurrences(of: "max-tokens: 2", with: "max-tokens: 3"), to: "small.yaml")
    let late = try task("0/3")
    #expect(late.code == 2 && late.errors.contains("was begun with other inputs: max-tokens; submit it again"))
    #expect(late.errors.split(separator: "\n").count == 1, "\(late.errors)")
  }

  @Test("A scheduler that refuses and options that cannot be are one sentence")
  func refusals() throws {
    let refused = try submit(sbatch: "echo 'sbatch: error: no such partition' >&2; exit 1")
    #expect(refused.code == 1 && refused.errors.contains("sbatch refused the job: sbatch: error: no such partition"))
    let options: [(String, String)] = [
      ("--array=0-9", "--array is set by telltale"), ("gpu:1", "is no option of the form --name=value"),
      ("--comment='a", "write it so, without quotes"),
    ]
    for (words, sentence) in options {
      let outcome = try submit(["--resume", "--sbatch", words])
      #expect(outcome.code == 2 && outcome.errors.contains(sentence), "\(outcome.errors)")
    }
    let share = try Binary.run(["run", "small.yaml", "--array-task", "3/3"], in: folder)
    #expect(share.code == 2, "\(share.errors)")
  }
}
