import Foundations
import Statistics
import Tokenizers

extension Dataset {
  /// What is odd about rows that can be read: identical ones, and groups whose names differ only invisibly.
  public static func notes(of items: [Item]) -> [String] {
    [identicalRows(items)].compactMap { $0 } + GroupNames.alike(items.map(\.group.id)).map(\.sentence)
  }

  /// What makes two rows the same, regardless of their names.
  private struct Contents: Hashable {
    let text: String
    let group: String
    let answers: [String?]
    let side: String?

    init(_ item: Item) {
      (text, group, side) = (item.text, item.group.id, item.userSide)
      answers = [item.matchingAnswer] + item.otherAnswers
    }
  }

  private static func identicalRows(_ items: [Item]) -> String? {
    var first: [Contents: Item] = [:]
    var (count, example): (Int, (String, String)?) = (0, nil)
    for item in items {
      let contents = Contents(item)
      if let earlier = first[contents] {
        count += 1
        example = example ?? (item.id, earlier.id)
      } else {
        first[contents] = item
      }
    }
    guard let example else { return nil }
    return "\(count) of \(items.count) rows \(count == 1 ? "is" : "are") identical to an earlier one "
      + "(\(SafeText.quoted(example.0)) to \(SafeText.quoted(example.1))): each counts again; remove the copies"
  }
}

extension PromptEncoder {
  /// What the tokenizer makes of the items that their authors may not mean: control tokens written out in their texts,
  /// prompts that begin with BOS twice.
  public func notes(of items: [Item]) throws -> [String] {
    var notes: [String] = []
    let forged = items.filter { !tokenizer.controlTokens(in: $0.text).isEmpty }
    if let first = forged.first, let token = tokenizer.controlTokens(in: first.text).first {
      notes.append(
        "\(forged.count) of \(items.count) rows have control tokens in their text, which the model reads as such: "
          + "\"\(SafeText.quoted(token))\" in \(SafeText.quoted(first.id)); remove them if they are not meant")
    }
    if let bos = tokenizer.bosTokenID, let item = items.first {
      let ids = encode(try prompt(item)).ids
      if ids.starts(with: [bos, bos]) {
        notes.append("prompts begin with BOS twice: the text or the chat template writes it and the tokenizer adds it")
      }
    }
    return notes
  }
}
