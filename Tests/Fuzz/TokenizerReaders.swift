import Foundation
import Foundations
import Tokenizers

/// Tokenizer files and chat templates.
enum TokenizerReaders {
  static func all() throws -> [Reader] {
    try [
      tokenizer("tiny-llama"), tokenizer("tiny-llama3"), tokenizer("tiny-features"), model(), configurations(),
      templates(),
    ]
  }

  private static let texts = ["Hello there", "", " a  b\n", "<s>x</s> <|im_start|>user", "é 中 😀", "1234 don't"]

  private static func tokens(_ tokenizer: Tokenizer) -> String {
    texts.map { text in
      let ids = tokenizer.encode(text, addSpecialTokens: true).ids
      return "\(ids) \(tokenizer.decode(ids, skipSpecialTokens: true).debugDescription)"
    }.joined(separator: "\n")
  }

  private static func tokenizer(_ name: String) throws -> Reader {
    Reader(
      name: "tokenizer-\(name)",
      words: [
        #""special":true"#, #""lstrip":true"#, #""single_word":true"#, #""normalized":true"#, #""byte_fallback":true"#,
        #""type":"ByteLevel""#, #""type":"Metaspace""#, #""type":"Sequence""#, #""type":"NFKC""#,
        #""prepend_scheme":"first""#,
        "\u{2581}", "Ġ",
      ],
      seeds: try Reader.seeds("Tests/Fixtures/tokenizers/\(name)/tokenizer.json"),
      read: { url in tokens(try Tokenizer.load(directory: url.deletingLastPathComponent())) },
      reference: { url in
        // The same file written by another program, with other spaces and escapes, has the same tokens.
        let data = try JSONSerialization.data(
          withJSONObject: JSONSerialization.jsonObject(with: Data(contentsOf: url)), options: .prettyPrinted)
        let copy = url.deletingLastPathComponent().appendingPathComponent("copy", isDirectory: true)
        try FileManager.default.createDirectory(at: copy, withIntermediateDirectories: true)
        try data.write(to: copy.appendingPathComponent("tokenizer.json"))
        return tokens(try Tokenizer.load(directory: copy))
      })
  }

  private static func model() throws -> Reader {
    Reader(
      name: "sentencepiece", seeds: try Reader.seeds("Tests/Fixtures/tokenizers/tiny-sentencepiece/tokenizer.model"),
      read: { url in
        _ = tokens(try Tokenizer.load(directory: url.deletingLastPathComponent()))
        return ""
      })
  }

  private static func configurations() throws -> Reader {
    let tokenizer = try Data(contentsOf: Reader.fixture("tokenizers/tiny-llama/tokenizer.json"))
    let map =
      #"{"bos_token": "<s>", "eos_token": {"content": "</s>", "lstrip": true}, "additional_special_tokens": ["<a>"]}"#
    let added = #"{"<|im_start|>": 1024, "<|im_end|>": 1025}"#
    return Reader(
      name: "tokenizer-configurations",
      words: [
        #""tokenizer_class":"LlamaTokenizer""#, #""tokenizer_class":"GPT2Tokenizer""#, #""add_bos_token":true"#,
        #""add_eos_token":true"#, #""add_prefix_space":false"#, #""legacy":false"#,
        #""added_tokens_decoder":{"3":{"content":"x"}}"#,
      ],
      seeds: try Reader.seeds(
        "Tests/Fixtures/tokenizers/tiny-llama/tokenizer_config.json",
        "Tests/Fixtures/tokenizers/tiny-llama3/tokenizer_config.json") + [
          .init(name: "special_tokens_map.json", bytes: Array(map.utf8)),
          .init(name: "added_tokens.json", bytes: Array(added.utf8)),
        ],
      read: { url in
        let folder = url.deletingLastPathComponent()
        let names = ["tokenizer_config.json", "special_tokens_map.json", "added_tokens.json"]
        for name in names where name != url.lastPathComponent {
          try? FileManager.default.removeItem(at: folder.appendingPathComponent(name))
        }
        try tokenizer.write(to: folder.appendingPathComponent("tokenizer.json"))
        let loaded = try Tokenizer.load(directory: folder)
        _ = tokens(loaded)
        if let template = try? loaded.chatTemplate() {
          _ = try? template.render(messages: [.user("Hi")], ending: .generationPrompt)
        }
        return ""
      })
  }

  private static func templates() throws -> Reader {
    let sources = [
      "{% for m in messages %}<|im_start|>{{ m['role'] }}\n{{ m['content'] | trim }}<|im_end|>\n{% endfor %}"
        + "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}",
      "{%- set ns = namespace(found=false) -%}{%- for m in messages if m.role != 'x' -%}{%- set ns.found = loop.first -%}"
        + "{{- '[INST] ' ~ m.content[:3] | upper ~ loop.index0 ~ ' [/INST]' -}}{%- endfor -%}{{ ns.found and 1 + 2 * 3 // 2 }}",
      "{% macro f(a, b='x') %}{{ a.split('i') | join(b) }}{% endmacro %}{{ f(messages[0]['content']) }}"
        + "{{ messages | tojson }}{{ '%d-%s' | format(3, 'a') }}{{ range(3) | list }}",
    ]
    return Reader(
      name: "templates",
      words: [
        "{{", "}}", "{%", "%}", "{#", "#}", "{% if ", "{% endif %}", "{% for x in range(1000000) %}", "{% endfor %}",
        "| tojson",
        "| replace('a', 'b')", "* 1000000", "~ x", "['a']", ".split()", "{% set x = x * 2 %}", "loop.last", "not ",
        " is defined",
      ],
      seeds: sources.enumerated().map { .init(name: "\($0).jinja", bytes: Array($1.utf8)) },
      read: { url in
        let source = String(decoding: try Data(contentsOf: url), as: UTF8.self)
        let template = try ChatTemplate(source: source, name: "fuzz")
        _ = try template.render(messages: [.system("Be brief."), .user(" hi ")], ending: .generationPrompt)
        return ""
      })
  }
}
