/// How a byte-level GGUF tokenizer prepares text before the merges, which `tokenizer.ggml.pre` names and does not say.
///
/// The names and what each stands for are those of llama.cpp's `llama-vocab.cpp`. Where the published tokenizer of the
/// same name normalises text and llama.cpp does not, the published one decides.
struct GGUFPreTokenizer {
  var preTokenizer: PreTokenizer
  var normalizer: Normalizer?
  /// Whether a word that is a token is taken whole.
  var ignoresMerges = false
  /// Whether BOS goes in front where the file does not say.
  var addsBOS = false

  /// nil for a name that is not known.
  init?(_ name: String) {
    guard let family = Self.families.first(where: { $0.names.contains(name) }) else { return nil }
    preTokenizer = family.make()
    normalizer = Self.composing.contains(name) ? .unicode(.nfc) : nil
    ignoresMerges = Self.wholeWords.contains(name)
    addsBOS = Self.wholeWords.contains(name)
  }

  static var names: [String] { families.flatMap(\.names).sorted() }

  private static let families: [(names: [String], make: @Sendable () -> PreTokenizer)] = [
    (["gpt-2", "phi-2", "olmo", "mpt", "mellum", "a.x-4.0", "exaone4"], { words(.gpt2) }),
    (
      ["smollm", "starcoder", "refact", "command-r", "codeshell", "exaone", "minerva-7b"],
      { .sequence([.digits(individually: true), .byteLevel(addsPrefixSpace: false, cutsWords: true)]) }
    ),
    (
      [
        "llama-bpe", "llama3", "llama-v3", "falcon3", "falcon-h1", "pixtral", "dbrx", "smaug-bpe", "glm4",
        "chatglm-bpe",
      ],
      { words(.llama3) }
    ),
    (["qwen2", "deepseek-r1-qwen", "stablelm2", "megrez", "hunyuan"], { words(.qwen2) }),
    (["gpt-4o", "llama4", "kanana2"], { words(.gpt4o) }),
    (["default"], { .sequence([.llamaDefault, .byteLevel(addsPrefixSpace: false, cutsWords: false)]) }),
  ]

  private static func words(_ pattern: SplitPattern) -> PreTokenizer {
    .sequence([.split(pattern), .byteLevel(addsPrefixSpace: false, cutsWords: false)])
  }

  /// Llama 3's own names.
  private static let wholeWords: Set = ["llama-bpe", "llama3", "llama-v3", "falcon3", "falcon-h1", "pixtral"]

  /// Whose published tokenizers compose characters first (NFC).
  private static let composing: Set = ["qwen2", "deepseek-r1-qwen", "megrez", "olmo", "command-r"]
}
