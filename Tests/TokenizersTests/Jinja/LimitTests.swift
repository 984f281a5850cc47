import Testing
import Tokenizers

@Suite("Templates from strangers stay within bounds")
struct LimitTests {
  @Test(
    "what would not end, or fill the memory, is refused in a sentence",
    arguments: [
      "{% for a in range(100000) %}{% for b in range(100000) %}{% endfor %}{% endfor %}",
      "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}",
      "{{ 'a' * 1000000000000 }}", "{{ [1] * 1000000000000 }}", "{{ 'a'.center(10000000000) }}",
      "{{ '%1000000000d' % 1 }}", "{{ '{:1000000000}'.format(1) }}", "{{ 'a'|indent(100000000000) }}",
      "{% set ns = namespace(s='a') %}{% for i in range(100) %}{% set ns.s = ns.s + ns.s %}{% endfor %}",
      "{% set ns = namespace(s='a') %}{% for i in range(100) %}{% set ns.s = ns.s.replace('a', 'aa') %}{% endfor %}",
      "{% set ns = namespace(l=[1]) %}{% for i in range(100) %}{% set ns.l = [ns.l, ns.l] %}{% endfor %}{{ ns.l }}",
      "{% set ns = namespace(l=[1]) %}{% for i in range(60) %}{% set ns.l = [ns.l, ns.l] %}{% endfor %}{{ ns.l }}",
      "{% set ns = namespace(l=[1]) %}{% for i in range(60) %}{% set ns.l = [ns.l, ns.l] %}{% endfor %}{{ ns.l|tojson }}",
      "{% set ns = namespace(t=(1,)) %}{% for i in range(60) %}{% set ns.t = (ns.t, ns.t) %}{% endfor %}{{ {ns.t: 1} }}",
      "{% set ns = namespace(a=[1], b=[1]) %}{% for i in range(60) %}{% set ns.a = [ns.a, ns.a] %}"
        + "{% set ns.b = [ns.b, ns.b] %}{% endfor %}{{ ns.a == ns.b }}",
      "{% set ns = namespace(g=[1]) %}{% for i in range(1000) %}{% set ns.g = ns.g|map('string') %}{% endfor %}",
      "{% set ns = namespace() %}{% set ns.me = ns %}{{ ns }}",
      "{% for i in [[1]] recursive %}{{ loop([i]) }}{% endfor %}", "{{ 9223372036854775807 + 1 }}", "{{ 10 ** 100 }}",
      "{{ 99999999999999999999 }}", "{{ [1]|batch(100000000000, 0)|list }}", "{{ range(10)|slice(100000000000)|list }}",
      "{{ 'x'|replace('', 'y' * 1000000)|replace('', 'z' * 1000000) }}", "{{ [1]|tojson(indent=100000000000) }}",
    ])
  func bounds(_ template: String) throws {
    var limits = JinjaLimits()
    (limits.steps, limits.made) = (200_000, 5_000_000)
    let error = try #require(outcome(template, limits: limits).failure)
    #expect(error.code == .limit || error.code == .unsupported, "\(error)")
  }

  @Test("a search in a long text takes a time that grows with its length, not with its square")
  func searching() throws {
    let template = """
      {% set text = 'a' * 300000 ~ 'b' ~ 'a' * 300000 %}{% set sought = 'a' * 150000 ~ 'b' ~ 'a' * 150000 %}
      {{- text.find(sought) }} {{ text.rfind(sought) }} {{ text.find('b' * 2) }} {{ text.count('a' * 1000) }}
      """
    #expect(try outcome(template).get() == "150000 150000 -1 600")
  }

  @Test("brackets and chains beyond count are refused, not followed", arguments: [1000, 100_000])
  func nesting(_ depth: Int) {
    func times(_ text: String) -> String { String(repeating: text, count: depth) }
    for template in [
      "{{ " + times("(") + "1" + times(")") + " }}", "{{ " + times("[") + times("]") + " }}",
      "{{ " + times("not ") + "1 }}", "{{ " + times("-") + "1 }}", "{{ 1" + times(" + 1") + " }}",
      "{{ a" + times(".b") + " }}",
      "{{ a" + times("|trim") + " }}", times("{% if a %}") + times("{% endif %}"),
      "{{ 1" + times(" if 1 else 2") + " }}",
      times("{% for a in b %}") + times("{% endfor %}"), "{{ a" + times("()") + " }}",
      "{% set " + times("(") + "a" + times(")") + " = 1 %}",
      "{{ a" + times(" is b") + " }}", "{{ a" + times(" and b") + " }}",
    ] {
      #expect(outcome(template).failure != nil)
    }
  }

  @Test("chains of namespaces and macros that point at each other are freed without overflowing the stack")
  func freeing() throws {
    let chain = """
      {% set ns = namespace(tail=namespace()) %}{% for i in range(50000) %}{% set t = ns.tail %}
      {%- set t.next = namespace() %}{% set ns.tail = t.next %}{% endfor %}done
      """
    #expect(try outcome(chain).get() == "done")
    let macros = """
      {% set ns = namespace(m=none) %}{% for i in range(50000) %}{% set before = ns.m %}
      {%- macro m() %}{{ before }}{% endmacro %}{% set ns.m = m %}{% endfor %}done
      """
    #expect(try outcome(macros).get() == "done")
  }

  @Test("the bounds are the caller's to set")
  func ownLimits() {
    var limits = JinjaLimits()
    limits.templateLength = 3
    #expect(outcome("abcd", limits: limits).failure?.code == .limit)
    limits = JinjaLimits()
    limits.made = 3
    #expect(outcome("abcd", limits: limits).failure?.code == .limit)
    limits = JinjaLimits()
    limits.steps = 3
    #expect(outcome("{{ 1 }}{{ 2 }}", limits: limits).failure?.code == .limit)
  }

  @Test("a template that reads the clock is refused where no date is given")
  func noClock() {
    #expect(outcome("{{ strftime_now('%Y') }}").failure?.code == .unsupported)
  }
}
