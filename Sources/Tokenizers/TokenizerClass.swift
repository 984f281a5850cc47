import Foundations

/// The transformers class that reads a checkpoint's tokenizer, as far as it changes what the files mean.
///
/// `tokenizer_class` of `tokenizer_config.json` names it, else `tokenizer_class` or `model_type` of `config.json`, as for
/// `AutoTokenizer` of transformers 4.57. docs/tokenizers.md has the table of what each class reads from where.
struct TokenizerClass: Equatable, Sendable {
  /// Whether BOS and EOS are put around texts where `add_bos_token` and `add_eos_token` are not there.
  struct Ends: Equatable, Sendable {
    var addsBOS: Bool
    var addsEOS: Bool
  }

  /// Without `Fast`: a checkpoint's files mean the same to both.
  let name: String
  /// The special tokens where no file names them.
  var specialTokens: [String: String] = [:]
  var additionalTokens: [String] = []
  /// For classes that build the post-processor themselves; for the others that of `tokenizer.json` stands.
  var ends: Ends?

  init(named name: String) {
    self.name = name.hasSuffix("Fast") ? String(name.dropLast(4)) : name
    let document = "<|endoftext|>"
    switch self.name {
    case "LlamaTokenizer", "CodeLlamaTokenizer":
      specialTokens = ["unk_token": "<unk>", "bos_token": "<s>", "eos_token": "</s>"]
      if self.name == "CodeLlamaTokenizer" { additionalTokens = ["▁<PRE>", "▁<MID>", "▁<SUF>", "▁<EOT>"] }
      ends = Ends(addsBOS: true, addsEOS: false)
    case "GemmaTokenizer":
      specialTokens = ["unk_token": "<unk>", "bos_token": "<bos>", "eos_token": "<eos>", "pad_token": "<pad>"]
      ends = Ends(addsBOS: true, addsEOS: false)
    case "GPTNeoXTokenizer":
      specialTokens = ["unk_token": document, "bos_token": document, "eos_token": document]
      ends = Ends(addsBOS: false, addsEOS: false)
    case "GPT2Tokenizer":
      specialTokens = ["unk_token": document, "bos_token": document, "eos_token": document]
    case "Qwen2Tokenizer":
      specialTokens = ["unk_token": document, "eos_token": document, "pad_token": document]
    default: break
    }
  }

  /// The class that `model_type` has in `AutoTokenizer`, nil for types that are not known here.
  init?(modelType: String) {
    switch modelType {
    case "llama", "mistral", "mixtral", "phi3", "phimoe": self.init(named: "LlamaTokenizer")
    case "gemma", "gemma2", "gemma3", "gemma3_text", "gemma3n", "gemma3n_text": self.init(named: "GemmaTokenizer")
    case "qwen2", "qwen2_moe", "qwen3", "qwen3_moe", "qwen3_next": self.init(named: "Qwen2Tokenizer")
    case "gpt_neox", "olmo", "olmo2", "olmoe": self.init(named: "GPTNeoXTokenizer")
    case "gpt2", "gpt_neo", "gpt_bigcode", "gptj", "olmo3", "granite", "granitemoe": self.init(named: "GPT2Tokenizer")
    case "gpt_oss", "smollm3": self.init(named: "PreTrainedTokenizerFast")
    default: return nil
    }
  }

  init?(configuration: JSONValue?, model: JSONValue?) {
    if let name = configuration?.present("tokenizer_class")?.string ?? model?.present("tokenizer_class")?.string {
      self.init(named: name)
    } else if let type = model?.present("model_type")?.string {
      self.init(modelType: type)
    } else {
      return nil
    }
  }

  /// Whether it may be made of `tokenizer.model`, with the spaces that `legacy` and `add_prefix_space` ask for.
  var isLlama: Bool { name == "LlamaTokenizer" }
}
