import Foundation

/// Where everything of a run lies. No other type knows a path of one.
package struct RunLayout: Sendable {
  /// Stated in the manifest. In version 1 (no version stated) files were called `<model>-<name>`, which two names could share.
  package static let version = 2

  package let url: URL

  package init(_ url: URL) { self.url = url }

  // MARK: Files of the whole run

  /// The experiment file as it was run.
  package var experiment: URL { url.appending(path: "experiment.yaml") }
  /// What the run was made with.
  package var manifest: URL { url.appending(path: "manifest.json") }
  package var store: URL { url.appending(path: "telltale.sqlite") }
  /// Every label of people and judges.
  package var labelJournal: URL { url.appending(path: "labels.jsonl") }
  package var report: URL { url.appending(path: "report.html") }
  var lock: URL { url.appending(path: "run.lock") }
  /// Scripts of Slurm jobs and what they print.
  var slurm: URL { url.appending(path: "slurm") }

  // MARK: What stages make

  var chunks: URL { url.appending(path: "chunks") }

  func chunks(_ model: ModelName, _ target: TargetName) -> URL { place("chunks", model, target.fileName) }

  func chunk(_ model: ModelName, _ target: TargetName, _ number: Int) -> URL {
    chunks(model, target).appending(path: "\(number)")
  }

  func vector(_ model: ModelName, _ vector: VectorName) -> URL {
    place("vectors", model, vector.fileName + ".safetensors")
  }

  func steering(_ model: ModelName, _ vector: VectorName) -> URL { place("steering", model, vector.fileName + ".json") }

  func comparison(_ model: ModelName, _ vector: VectorName) -> URL {
    place("comparisons", model, vector.fileName + ".json")
  }

  /// What the audit needs of a model.
  func audit(_ model: ModelName) -> URL { place("audit", model) }

  func letters(_ model: ModelName) -> URL { audit(model).appending(path: "letters.safetensors") }

  func planted(_ model: ModelName) -> URL { audit(model).appending(path: "planted.safetensors") }

  func differences(_ model: ModelName, _ vector: VectorName) -> URL {
    audit(model).appending(path: "differences/\(vector.fileName).safetensors")
  }

  /// For which inputs a stage was done.
  func record(of stage: some Stage) -> URL {
    let parts = ["stages", type(of: stage).kind, stage.model.fileName, RunName<Never>(stage.subject).fileName]
    return url.appending(path: parts.filter { !$0.isEmpty }.joined(separator: "/") + ".json")
  }

  private func place(_ folder: String, _ model: ModelName, _ name: String? = nil) -> URL {
    url.appending(path: ([folder, model.fileName] + [name].compactMap { $0 }).joined(separator: "/"))
  }

  /// The folders in any of which there is work of somebody.
  var work: [URL] { ["chunks", "vectors", "results"].map { url.appending(path: $0) } }

  /// The path inside the run directory of a file in it.
  func path(of file: URL) -> String {
    let parts = file.standardizedFileURL.pathComponents.dropFirst(url.standardizedFileURL.pathComponents.count)
    return parts.joined(separator: "/")
  }

  // MARK: Tables

  /// - Parameter labels: by whose labels.
  package func table(_ table: RunTable, by labels: LabelChoice = .recorded) -> URL {
    self.table(table, in: labels.folder)
  }

  /// - Parameter folder: that of tables by other labels; nil for the run's own.
  func table(_ table: RunTable, in folder: String?) -> URL {
    (folder.map { tables.appending(path: $0) } ?? tables).appending(path: table.declaration.name + ".csv")
  }

  package var tables: URL { url.appending(path: Self.tables(by: .recorded)) }

  /// The folder of the tables by some labels, as a path in the run directory.
  package static func tables(by labels: LabelChoice) -> String { "results" + (labels.folder.map { "/" + $0 } ?? "") }

  /// How far labels agree: a table that is asked for, not one of the run.
  package func labelTable(_ name: String) -> URL { tables.appending(path: "label-\(name).csv") }

  /// The folders of tables by other labels that are there, sorted by name.
  var labelFolders: [URL] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: tables.path)) ?? []
    return names.filter { $0.hasPrefix(LabelChoice.folderPrefix) }.sorted().map { tables.appending(path: $0) }
  }

  // MARK: Judges and array tasks

  /// Who judges by which rubric.
  func judgeCard(_ name: String) -> URL { url.appending(path: "judge/\(name).json") }

  /// Every reply of a judge.
  func judgeReplies(_ name: String) -> URL { url.appending(path: "judge/\(name).jsonl") }

  func judgeLock(_ name: String) -> URL { url.appending(path: "judge/\(name).lock") }

  private var tasks: URL { url.appending(path: "tasks") }

  func taskLock(_ number: Int) -> URL { tasks.appending(path: "\(number).lock") }

  /// Seconds that a task took for each chunk.
  func taskTimes(_ number: Int) -> URL { tasks.appending(path: "\(number).times.json") }

  /// The numbers of the array tasks that ever worked on the run, ascending.
  var taskNumbers: [Int] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: tasks.path)) ?? []
    return Set(names.compactMap { $0.split(separator: ".").first.flatMap { Int($0) } }).sorted()
  }
}
