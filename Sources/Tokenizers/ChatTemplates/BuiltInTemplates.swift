/// The templates that come with Telltale, for models without one.
extension ChatTemplate {
  /// The formats by the name that the commands take.
  public enum Format: String, CaseIterable, Sendable {
    case zephyr
    case llama2 = "llama-2"
    /// Mistral and Mixtral Instruct, without a system message.
    case mistral
    /// Llama 3; Llama 3.1 and later write today's date into the system prompt, this format does not.
    case llama3 = "llama-3"
    /// Qwen and others, without a system prompt.
    case chatml
    /// For base models: the contents, one a line, and nothing else.
    case plain
  }
}

extension ChatTemplate.Format {
  static let usualEOSToken = "</s>"

  /// BOS where the tokenizer does not say how it is spelled.
  var usualBOSToken: String { self == .llama3 ? "<|begin_of_text|>" : "<s>" }

  var program: JinjaTemplate {
    do { return try JinjaTemplate(source) } catch { preconditionFailure("\(rawValue): \(error)") }
  }

  /// What the published template writes, in fewer words.
  private var source: String {
    switch self {
    case .zephyr:
      #"""
      {% for message in messages %}
      {{ '<|' + message.role + '|>\n' + message.content + eos_token + '\n' }}
      {%- endfor %}
      {% if add_generation_prompt %}{{ '<|assistant|>\n' }}{% endif %}
      """#
    case .llama2:
      Self.alternation + #"""
        {% for message in turns %}
        {% set content = message.content %}
        {% if loop.first and system is defined %}
        {% set content = '<<SYS>>\n' + system + '\n<</SYS>>\n\n' + content %}
        {% endif %}
        {% if message.role == 'user' %}
        {{ bos_token + '[INST] ' + content | trim + ' [/INST]' }}
        {%- else %}
        {{ ' ' + content | trim + ' ' + eos_token }}
        {%- endif %}
        {% endfor %}
        """#
    case .mistral:
      Self.alternation + #"""
        {% if system is defined %}
        {{ raise_exception('no system message may stand here; put it in front of the first user message') }}
        {% endif %}
        {{ bos_token }}
        {%- for message in turns %}
        {% if message.role == 'user' %}
        {{ '[INST] ' + message.content + ' [/INST]' }}
        {%- else %}
        {{ message.content + eos_token }}
        {%- endif %}
        {% endfor %}
        """#
    case .llama3:
      #"""
      {{ bos_token }}
      {%- for message in messages %}
      {{ '<|start_header_id|>' + message.role + '<|end_header_id|>\n\n' + message.content | trim + '<|eot_id|>' }}
      {%- endfor %}
      {% if add_generation_prompt %}{{ '<|start_header_id|>assistant<|end_header_id|>\n\n' }}{% endif %}
      """#
    case .chatml:
      #"""
      {% for message in messages %}
      {{ '<|im_start|>' + message.role + '\n' + message.content + '<|im_end|>\n' }}
      {%- endfor %}
      {% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}
      """#
    case .plain:
      #"""
      {{ messages | map(attribute='content') | join('\n') }}
      {%- if add_generation_prompt %}{{ '\n' }}{% endif %}
      """#
    }
  }

  /// Splits a chat into `system`, where there is one, and `turns`, which begin with the user and alternate.
  private static let alternation = #"""
    {% set turns = messages %}
    {% if messages[0].role == 'system' %}
    {% set system = messages[0].content %}
    {% set turns = messages[1:] %}
    {% endif %}
    {% if not turns %}{{ raise_exception('at least one user message is needed') }}{% endif %}
    {% for message in turns %}
    {% if (message.role == 'user') != (loop.index0 % 2 == 0) %}
    {{ raise_exception('Conversation roles must alternate user/assistant/user/assistant/...') }}
    {% endif %}
    {% endfor %}

    """#
}
