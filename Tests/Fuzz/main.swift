import Foundation
import Foundations

/// A seeded mutation fuzzer over every reader of files that Telltale has, in one process.
///
/// usage: TelltaleFuzz [--seconds N | --mutants N] [--seed S] [--reader NAME] [--only N] [--keep FOLDER]
///   --seconds  how long, shared evenly by the readers (default 60)
///   --mutants  of each reader, however long they take: the same ones on every machine
///   --seed     of the mutations (default 1)
///   --reader   one reader alone; give the option again for more
///   --only     the mutant of that number alone, written to FOLDER
///   --keep     where mutants are kept that a reader is wrong about
///
/// Mutant N of a reader is the same whenever the seed is; a crash is reproduced by the line that was printed last.
do {
  let settings = try FuzzSettings(CommandLine.arguments.dropFirst())
  let readers = try Readers.all().filter { settings.readers.isEmpty || settings.readers.contains($0.name) }
  guard !readers.isEmpty else { throw TelltaleError(.badInput, "no reader has that name") }
  exit(try FuzzRun(settings, readers).run() ? 0 : 1)
} catch {
  FileHandle.standardError.write(Data("fuzz: \(error)\n".utf8))
  exit(2)
}
