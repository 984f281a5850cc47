import Foundations

extension TokenizerDocument {
  /// The `model`: byte pair encoding.
  func model() throws(TelltaleError) -> BytePairModel {
    let item = "model"
    guard let value = root.present(item) else { throw missing(item, in: item) }
    // Files from before the type was written have none.
    let kind = value.present("type")?.string ?? "BPE"
    guard kind == "BPE" else { throw unsupported(kind, in: item, supported: "BPE") }
    try refuseUnsupportedOptions(of: value, in: item)
    let vocabulary = try vocabulary(of: value, in: "model.vocab")
    return BytePairModel(
      vocabulary: vocabulary, merges: try merges(of: value, vocabulary, in: "model.merges"),
      options: try options(of: value, vocabulary, in: item))
  }

  private func refuseUnsupportedOptions(of value: JSONValue, in item: String) throws(TelltaleError) {
    for key in ["continuing_subword_prefix", "end_of_word_suffix"] {
      if let text = value.present(key)?.text, !text.bytes.isEmpty {
        throw failure("has a \(key), which is not supported; use a checkpoint without one", in: item)
      }
    }
    if let dropout = value.present("dropout")?.number, dropout != 0 {
      throw failure("has a dropout, which would make tokens random; set it to null", in: item)
    }
  }

  private func options(
    of value: JSONValue, _ vocabulary: Vocabulary, in item: String
  ) throws(TelltaleError) -> BytePairModel.Options {
    var options = BytePairModel.Options()
    options.fusesUnknown = try flag("fuse_unk", of: value, in: item, default: false)
    options.fallsBackToBytes = try flag("byte_fallback", of: value, in: item, default: false)
    options.ignoresMerges = try flag("ignore_merges", of: value, in: item, default: false)
    guard value.present("unk_token") != nil else { return options }
    let unknown = try text("unk_token", of: value, in: item)
    guard let id = vocabulary.id(of: unknown) else {
      throw failure(
        "the unknown token \"\(SafeText.quoted(unknown.string))\" is not in the vocabulary; fetch the file again",
        in: item)
    }
    options.unknownID = id
    return options
  }

  private func vocabulary(of value: JSONValue, in item: String) throws(TelltaleError) -> Vocabulary {
    guard let members = value["vocab"]?.object else { throw missing("vocab", in: "model") }
    var vocabulary = Vocabulary(capacity: members.count)
    for member in members {
      guard let id = member.value.integer else {
        throw failure(
          "the id of \"\(SafeText.quoted(member.key.string))\" is not a whole number; fetch the file again", in: item)
      }
      do throws(VocabularyFailure) {
        try vocabulary.insert(member.key, id: id)
      } catch {
        throw failure(
          "token \"\(SafeText.quoted(member.key.string))\" \(error.message); fetch the file again", in: item)
      }
    }
    guard vocabulary.size > 0 else { throw failure("is empty; fetch the file again", in: item) }
    return vocabulary
  }

  // MARK: - Merges

  private func merges(
    of value: JSONValue, _ vocabulary: Vocabulary, in item: String
  ) throws(TelltaleError) -> [BytePairModel.Pair: BytePairModel.Merge] {
    guard let list = value["merges"]?.array else { throw missing("merges", in: "model") }
    guard list.count < Vocabulary.idLimit else {
      throw failure("has \(list.count) merges, more than is possible; fetch the file again", in: item)
    }
    var merges: [BytePairModel.Pair: BytePairModel.Merge] = [:]
    merges.reserveCapacity(list.count)
    for (rank, entry) in list.enumerated() {
      guard let (left, right) = sides(of: entry) else {
        throw failure("is not a pair of tokens; fetch the file again", in: "\(item)[\(rank)]")
      }
      let leftID = try id(of: left, vocabulary, in: item, rank)
      let rightID = try id(of: right, vocabulary, in: item, rank)
      let merged = try id(of: UTF8Text(bytes: left.bytes + right.bytes), vocabulary, in: item, rank)
      merges[BytePairModel.Pair(leftID, rightID)] = BytePairModel.Merge(rank: Int32(rank), id: merged)
    }
    return merges
  }

  /// The two tokens of a merge, written as `"a b"` or as `["a", "b"]`.
  private func sides(of entry: JSONValue) -> (UTF8Text, UTF8Text)? {
    if let text = entry.text {
      let parts = text.bytes.split(separator: 0x20, omittingEmptySubsequences: false)
      guard parts.count == 2, !parts[0].isEmpty, !parts[1].isEmpty else { return nil }
      return (UTF8Text(bytes: Array(parts[0])), UTF8Text(bytes: Array(parts[1])))
    }
    guard let parts = entry.array, parts.count == 2, let left = parts[0].text, let right = parts[1].text,
      !left.bytes.isEmpty, !right.bytes.isEmpty
    else { return nil }
    return (left, right)
  }

  private func id(
    of text: UTF8Text, _ vocabulary: Vocabulary, in item: String, _ rank: Int
  ) throws(TelltaleError) -> Int32 {
    guard let id = vocabulary.id(of: text) else {
      let message = "names \"\(SafeText.quoted(text.string))\", which is not in the vocabulary; fetch the file again"
      throw failure(message, in: "\(item)[\(rank)]")
    }
    return id
  }
}
