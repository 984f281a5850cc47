import Foundation
import TestSupport
import Testing

@testable import Endpoint

@Suite("Requests that are not right are refused with the parameter's name") struct RequestTests {
  @Test(
    "Chat parameters",
    arguments: [
      (#"{"messages": []}"#, "messages"), (#"{}"#, "messages"), (#"[]"#, nil), (#"{"messages": "#, nil),
      (#"{"messages": [{"role": "tool", "content": "x"}]}"#, "messages[0].role"),
      (#"{"messages": [{"role": "user"}]}"#, "messages[0].content"),
      (#"{"messages": [{"role": "user", "content": [{"type": "image_url"}]}]}"#, "messages[0].content[0].type"),
      (#"{"messages": [{"role": "user", "content": "x", "name": "Bo"}]}"#, "messages[0].name"),
    ] as [(String, String?)])
  func chatMessages(_ body: String, _ parameter: String?) throws {
    let error = try #require(throws: EndpointError.self) { try ChatCompletionBody(Array(body.utf8)) }
    #expect(error.status == 400 && error.parameter == parameter && error.kind == "invalid_request_error")
  }

  @Test(
    "Values out of range, of another type, and parameters that could change the result",
    arguments: [
      (#""temperature": -1"#, "temperature"), (#""temperature": "hot""#, "temperature"), (#""top_p": 0"#, "top_p"),
      (#""n": 0"#, "n"), (#""n": 1.5"#, "n"), (#""seed": "a""#, "seed"), (#""stop": [1]"#, "stop"),
      (#""stop": """#, "stop"), (#""stream": 1"#, "stream"), (#""top_logprobs": 2"#, "top_logprobs"),
      (#""frequency_penalty": 0.5"#, "frequency_penalty"), (#""logit_bias": {"5": 1}"#, "logit_bias"),
      (#""tools": [{}]"#, "tools"), (#""response_format": {"type": "json_object"}"#, "response_format"),
      (#""min_p": 0.1"#, "min_p"), (#""temprature": 1"#, "temprature"), (#""max_tokens": 0"#, "max_tokens"),
      (#""stream_options": {"x": 1}"#, "stream_options.x"), (#""telltale": []"#, "telltale"),
      (#""telltale": {"edit": []}"#, "telltale.edit"),
      (#""telltale": {"edits": [{"operation": "add", "vector": "v", "scalle": 2}]}"#, "telltale.edits[0].scalle"),
      (#""telltale": {"edits": [{"operation": "ablate", "vector": "v", "scale": 2}]}"#, "telltale.edits[0].scale"),
      (#""telltale": {"edits": [{"operation": "multiply", "vector": "v"}]}"#, "telltale.edits[0].operation"),
      (#""telltale": {"edits": [{"operation": "add"}]}"#, "telltale.edits[0].vector"),
      (#""telltale": {"edits": [{"operation": "set", "vector": "v"}]}"#, "telltale.edits[0].to"),
      (#""telltale": {"edits": [{"operation": "add", "vector": "v", "when": "w"}]}"#, "telltale.edits[0].when"),
      (#""telltale": {"scores": [{"vector": "v", "layers": [-1]}]}"#, "telltale.scores[0].layers"),
      (#""telltale": {"scores": [{"vector": "v", "score": "dot"}]}"#, "telltale.scores[0].score"),
    ])
  func values(_ member: String, _ parameter: String) throws {
    let body = #"{"messages": [{"role": "user", "content": "x"}], \#(member)}"#
    let error = try #require(throws: EndpointError.self) { try ChatCompletionBody(Array(body.utf8)) }
    #expect(error.status == 400 && error.parameter == parameter, "\(error.message)")
    #expect(error.json.contains("\"param\":\"\(parameter)\"") && error.message.contains(parameter))
  }

  @Test("What says nothing of the answer, and null, are passed over")
  func harmless() throws {
    let body = try ChatCompletionBody(
      Array(
        #"{"messages": [{"role": "user", "content": "x", "name": null}], "user": "me", "metadata": {}, "store": false, "frequency_penalty": 0, "presence_penalty": 0.0, "logit_bias": {}, "tools": [], "response_format": {"type": "text"}, "stop": null, "min_p": null, "seed": -3}"#
          .utf8))
    #expect(body.messages == [.user("x")] && body.maxTokens == nil && body.common.stops.isEmpty)
    #expect(body.common.temperature == 1 && body.common.topP == 1)
  }

  @Test(
    "Prompts",
    arguments: [
      (#""a""#, [CompletionBody.Prompt.text("a")]), (#"["a", "b"]"#, [.text("a"), .text("b")]),
      ("[1, 2]", [.tokens([1, 2])]), ("[[1, 2], [3]]", [.tokens([1, 2]), .tokens([3])]),
    ])
  func prompts(_ json: String, _ expected: [CompletionBody.Prompt]) throws {
    let body = try CompletionBody(Array(#"{"prompt": \#(json)}"#.utf8))
    #expect(body.prompts == expected && body.maxTokens == 16 && !body.echo && body.logprobs == nil)
  }

  @Test("Prompts that are none", arguments: ["[]", "[[]]", "{}", "5", "[1.5]", #"["a", []]"#, "[true]"])
  func noPrompts(_ json: String) throws {
    let error = try #require(throws: EndpointError.self) { try CompletionBody(Array(#"{"prompt": \#(json)}"#.utf8)) }
    #expect(error.parameter == "prompt")
  }

  @Test("No tokens go with echo only, and best_of only where it is n")
  func ends() throws {
    func refused(_ more: String) -> String? {
      do {
        _ = try CompletionBody(Array(#"{"prompt": "a", \#(more)}"#.utf8))
        return nil
      } catch { return error.parameter }
    }
    #expect(refused(#""max_tokens": 0"#) == "max_tokens" && refused(#""max_tokens": 0, "echo": true"#) == nil)
    #expect(refused(#""best_of": 2"#) == "best_of" && refused(#""best_of": 2, "n": 2"#) == nil)
    #expect(refused(#""suffix": "x""#) == "suffix" && refused(#""n": 64, "prompt": ["a","a","a","a","a"]"#) == "prompt")
  }

  @Test("What the model or its vectors lack is refused with a sentence")
  func service() throws {
    let tiny = try TinyEndpoint(context: 32)
    for (body, status, code) in [
      (#"{"model": "gpt-4", "prompt": "a"}"#, 404, "model_not_found"),
      (#"{"prompt": [5000]}"#, 400, "invalid_value"), (#"{"prompt": [-1]}"#, 400, "invalid_value"),
      (#"{"prompt": "a", "max_tokens": 100}"#, 400, "context_length_exceeded"),
      (#"{"prompt": "a", "telltale": {"edits": [{"operation": "add", "vector": "no"}]}}"#, 404, "vector_not_found"),
      (#"{"prompt": "a", "telltale": {"edits": [{"operation": "add", "vector": "ablate"}]}}"#, 400, "missing"),
      (
        #"{"prompt": "a", "telltale": {"edits": [{"operation": "add", "vector": "steer", "layer": 3}]}}"#, 400,
        "bad_input"
      ),
      (
        #"{"prompt": "a", "telltale": {"edits": [{"operation": "add", "vector": "steer", "above": 1, "when": "ablate", "when_layer": 3}]}}"#,
        400, "bad_input"
      ),
      (
        #"{"prompt": "a", "telltale": {"scores": [{"vector": "steer", "score": "centred-cosine"}]}}"#, 400,
        "invalid_value"
      ),
    ] {
      let error = try #require(tiny.refusal(body), "\(body)")
      #expect(error.status == status && error.code == code, "\(body): \(error)")
    }
  }
}
