import ArgumentParser
import Foundation
import Foundations

/// Finds the first word of a command line that names no subcommand or option. The parser reports missing options first,
/// which says nothing of a slip of the keyboard.
package struct UsageCheck {
  /// What is wrong in one sentence, and the command it is wrong in: `telltale vector`.
  package struct Fault: Equatable {
    package var sentence: String
    package var command: String
  }

  /// A command as the parser describes it.
  private struct Command: Decodable {
    struct Argument: Decodable {
      struct Name: Decodable {
        var kind: String
        var name: String
        /// As it is typed.
        var typed: String { (kind == "long" ? "--" : "-") + name }
      }
      var kind: String
      var names: [Name]?
      var parsingStrategy: String
    }

    var commandName: String
    var subcommands: [Command]?
    var arguments: [Argument]?
    var defaultSubcommand: String?

    var named: [Command] { (subcommands ?? []).filter { $0.commandName != "help" } }
    var implied: Command? { named.first { $0.commandName == defaultSubcommand } }
    var takesWords: Bool { (arguments ?? []).contains { $0.kind == "positional" } }
  }

  private struct Root: Decodable { var command: Command }

  private let root: Command

  /// - Parameter type: the root of the commands.
  package init?(_ type: any ParsableCommand.Type) {
    guard let root = try? JSONDecoder().decode(Root.self, from: Data(type._dumpHelp().utf8)) else { return nil }
    self.root = root.command
  }

  /// - Parameter words: of the command line, without the program's name. `help` names commands only.
  package func fault(_ words: [String]) -> Fault? {
    let asksForHelp = words.first == "help"
    var (command, path, rest) = (root, [root.commandName], words.dropFirst(asksForHelp ? 1 : 0))
    while let word = rest.first, let next = command.named.first(where: { $0.commandName == word }) {
      (command, rest) = (next, rest.dropFirst())
      path.append(word)
    }
    let name = path.joined(separator: " ")
    if let word = rest.first, !word.hasPrefix("-"), asksForHelp || !command.named.isEmpty {
      if let fault = unknownCommand(word, command, name, certain: asksForHelp) { return fault }
    }
    guard !asksForHelp else { return nil }
    return unknownOption(rest, (command.arguments ?? []) + (command.implied?.arguments ?? []), name)
  }

  /// A word that an implied subcommand may take is a fault only where it resembles a subcommand.
  private func unknownCommand(_ word: String, _ command: Command, _ name: String, certain: Bool) -> Fault? {
    let near = nearest(word, among: command.named.map(\.commandName))
    guard certain || near != nil || command.implied?.takesWords != true else { return nil }
    let hint =
      near.map { "did you mean \($0)?" } ?? "there are \(command.named.map(\.commandName).joined(separator: ", "))"
    let owner = command.commandName == root.commandName ? "" : " of \(name)"
    return Fault(sentence: "there is no command \"\(SafeText.quoted(word))\"\(owner); \(hint)", command: name)
  }

  private func unknownOption(
    _ words: ArraySlice<String>, _ arguments: [Command.Argument], _ name: String
  ) -> Fault? {
    var known: [String: Command.Argument] = [:]
    for argument in arguments { for name in argument.names ?? [] { known[name.typed] = argument } }
    var rest = words
    while let word = rest.popFirst() {
      if word == "--" { return nil }
      guard Self.isOption(word) else { continue }
      let given = String(word.prefix { $0 != "=" })
      guard let argument = known[given] else {
        let hint = nearest(given, among: known.keys.sorted()).map { "; did you mean \($0)?" } ?? ""
        return Fault(sentence: "\(name) has no option \(SafeText.quoted(given))\(hint)", command: name)
      }
      // Its value, which may look like an option only where the option says so.
      let takesAnything = argument.parsingStrategy == "unconditional"
      if argument.kind == "option", given == word, let value = rest.first, takesAnything || !Self.isOption(value) {
        rest = rest.dropFirst()
      }
    }
    return nil
  }

  /// `--name`, not a single dash: numbers and groups of letters are the parser's.
  private static func isOption(_ word: String) -> Bool { word.hasPrefix("--") && word.count > 2 }
}
