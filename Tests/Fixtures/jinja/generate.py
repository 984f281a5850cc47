"""Renders small templates with Jinja 2, set up as transformers sets it up for chat templates.

Writes snippets.jsonl: per line `template`, optional `variables`, and `text`, or `error` (the exception's class), with
`message` where the sentence must be the same here. Run: python3 generate.py > snippets.jsonl
"""

import datetime
import json
import re
import sys

import jinja2
import jinja2.ext
from jinja2.sandbox import ImmutableSandboxedEnvironment


class Generation(jinja2.ext.Extension):
    """The tag that transformers adds; the body is a caller's."""

    tags = {"generation"}

    def parse(self, parser):
        line = next(parser.stream).lineno
        body = parser.parse_statements(["name:endgeneration"], drop_needle=True)
        return jinja2.nodes.CallBlock(self.call_method("_write"), [], [], body).set_lineno(line)

    def _write(self, caller):
        return caller()


def environment():
    env = ImmutableSandboxedEnvironment(
        trim_blocks=True, lstrip_blocks=True, extensions=[Generation, jinja2.ext.loopcontrols]
    )

    def raise_exception(message):
        raise jinja2.exceptions.TemplateError(message)

    def tojson(x, ensure_ascii=False, indent=None, separators=None, sort_keys=False):
        return json.dumps(x, ensure_ascii=ensure_ascii, indent=indent, separators=separators, sort_keys=sort_keys)

    env.filters["tojson"] = tojson
    env.globals["raise_exception"] = raise_exception
    env.globals["strftime_now"] = lambda f: datetime.datetime(2026, 1, 15, 12, 0).strftime(f)
    return env


ENV = environment()
SNIPPETS = []


def add(template, **variables):
    SNIPPETS.append((template, variables))


def each(names, pattern="{{ %s }}", **variables):
    for name in names:
        add(pattern.replace("%s", name), **variables)


# White space: trim_blocks, lstrip_blocks, the signs, comments, raw blocks, line ends.
each([
    "a\n{% if true %}\nb\n{% endif %}\nc\n", "  {% if true %}  x  {% endif %}  \n y", "a {%- if true %} b {%- endif %} c",
    "a {% if true -%} b {% endif -%} c", "  {%+ if true %}x{% endif %}", "{% if true +%}\nx{% endif %}",
    "{% if true %}\n\nx\n\n{% endif %}\n\n", "a\n  {# comment #}  \nb", "a {#- c -#} b", "a\n{# c #}\nb", "{# a #}{# b\n#}x",
    "a\n  {{ 1 }}\n  {{- 2 -}}\n  3", "{{ 1 }}\n{{ 2 }}\n", "x\n\n", "x\n", "x\r\ny\rz\r\n", "\n\n{% set a = 1 %}\n\n{{ a }}",
    "{% raw %}{{ x }} {% if %}{% endraw %}", "  {% raw %}\n {{ x }}\n  {% endraw %}\n y", "a {%- raw -%} b {%- endraw -%} c",
    "{%+ raw %} a {%+ endraw +%}\n b", "\t{% if true %}\ta{% endif %}", "\n \t {% if true %}a{% endif %}",
    "{% for i in [1,2] %}\n  {{ i }}\n{% endfor %}\n", "{% for i in [1,2] -%}\n  {{ i }}\n{%- endfor %}\n",
    "a\u00a0{%- if true %}b{% endif %}", "{{-1}} {{+1}} {{ -1 }}", "{{ '}}' }}{{ \"%}\" }}", "{{ {'a': {'b': 1}} }}",
    "{{ {'a': {'b': 1}}['a']['b']}}", "{# {{ x }} #}y", "{#- a +#}\n b", "{# a -#}\n b", "x{#+ a #} y", "}} %} #}", "{ {", "{",
    "{% if true %}{% endif %}\n{% if true %}{% endif %}\n z", " {% set x %}\n  a\n {% endset %}\n[{{ x }}]", "a{{ 'x' }}\n\n  b",
    "{%- if true -%}\n\n a \n\n{%- endif -%}\n\n", "{%if true%}a{%endif%}", "{%-if true-%} a {%-endif-%}", "{{'a'}}{{'b'}}",
    "{% if true: %}a{% else: %}b{% endif %}", "a\u2003{{- 'b' -}}\u2003c", "  {% raw %} x {% endraw %}  ", "{{ 1 -}}\n\n{{ 2 }}",
], "%s")

# Literals and printing.
each([
    "1", "-1", "+1", "1_000", "0x1F", "0b101", "0o17", "1.5", "1e3", "1.5e-7", "1_0.2_5", "1e16", "1e15", "123456789.0", "0.1", "1e-4", "1e-5",
    "1e22", "123456789012345678.0", "9007199254740993.0", "5e-324", "1.7976931348623157e308", "1e400", "-1e400", "-0.0", "0.0", "100.0",
    "true", "True", "false", "None", "none", "'a'", "\"a\"", "'a' 'b'", "'a\\n\\t\\\\b\\'\\\"'", "'\\x41\\u00e9\\U0001F600'", "'\\101\\0'",
    "'\\d'", "'a\\\nb'", "[]", "[1]", "[1, 'a', none, true, 1.5]", "()", "(1,)", "(1, 2)", "1, 2", "1,", "{}", "{'a': 1, 2: [3]}", "[[1], (2,), {'x': {}}]",
    "['it\\'s']", "['\"']", "['it\\'s \"x\"']", "['a\\nb\\t\\r\\\\']", "['é😀\\x00\\x7f\\x85\\u200b\\u2028\\ue000\\xad']", "[0.1, 1e100, -0.0, 1e-7]",
    "{1: 'a', 1.0: 'b', true: 'c'}", "{'a': 1, 'a': 2}", "[1, 2,]", "{'a': 1,}", "{none: 1, (1, 2): 2}", "{[1]: 2}", "undefined_name",
    "[undefined_name]", "range(3)", "range(1, 7, 2)", "range(5, 0, -2)", "range(3)|list", "namespace(a=1, b='x')", "{'a': 1}.items()",
    "{'a': 1}.keys()", "{'a': 1}.values()", "'a' if true", "'a' if false", "[('a' if false)]", "loop", "1 2", "{{ }}", "'unclosed", "@", "a b", "$x", "0_1", "1__0", "1.e", "'\\u12'", "012", "[1", "(1", "{1: 2",
    "naïve", "\u00b2", "x.1", "'\\N{DASH}'" if False else "'\\v\\f\\a\\b'",
])

# Operators.
each([
    "1 + 2 * 3", "(1 + 2) * 3", "7 / 2", "6 / 2", "7 // 2", "-7 // 2", "7 // -2", "7 % 3", "-7 % 3", "7 % -3", "-7.5 % 2", "7.5 // 2", "-7.5 // 2",
    "2 ** 10", "2 ** -1", "2 ** 3 ** 2", "-2 ** 2", "2.0 ** 0.5", "0 ** 0", "1 / 0", "1 // 0", "1 % 0", "1.0 % 0", "1 - 2 - 3", "8 / 4 / 2", "2 * 3 % 4",
    "'a' + 'b'", "'a' + 1", "1 + 'a'", "'a' * 3", "3 * 'a'", "'a' * -1", "[1] + [2]", "(1,) + (2,)", "[1] * 2", "2 * (1, 2)", "[1] + (2,)", "true + true", "true * 3",
    "1 + 2.5", "-true", "-'a'", "+none", "'a' ~ 1 ~ none ~ true ~ 1.5 ~ [1]", "1 ~ 2 + 3", "1 + 2 ~ 3", "x ~ 'a'", "x + 1", "1 + x", "'a' + x", "x * 2", "-x",
    "1 == 1.0", "1 == true", "'1' == 1", "[1, 2] == [1, 2]", "(1,) == [1]", "{'a': 1} == {'a': 1.0}", "none == none", "x == y", "x == none", "1 != 2", "'a' < 'b'", "'a' < 'B'",
    "1 < 2 < 3", "1 < 3 < 2", "3 > 2 >= 2", "1 < 2 == 2", "[1, 2] < [1, 3]", "[1] < [1, 0]", "(1, 'a') < (1, 'b')", "'a' < 1", "none < 1", "[1] < ['a']", "x < 1", "1 < x", "1.5 <= 1.5", "true > false",
    "1 in [1, 2]", "1 not in [1, 2]", "'a' in 'cat'", "'' in 'cat'", "'a' in {'a': 1}", "1 in 'cat'", "1 in 1", "x in [1]", "x in [x]", "1 in x", "none in [none]", "1 in none", "2 in range(3)", "[1] in {}", "'b' in ('a', 'b')",
    "true and false", "1 and 2", "0 or 3", "'' or none", "not 1", "not not 1", "not x", "1 or x.y.z", "0 and x.y.z", "x and 1", "[] or {} or 'e'", "not 1 == 2", "not 'a' in 'b'",
    "1 if true else 2", "1 if false else 2", "1 if 0 else 2 if 0 else 3", "(1 if true) + 1", "(1 if false) + 1", "'a' if 1 > 2 else 'b' ~ 'c'", "'%s' % 'a'", "'%d' % 3", "1 if x else 2",
    "- 2 | abs", "-2|abs", "'a' ~ 'b'|upper", "('a' ~ 'b')|upper", "1 + 2|string|length", "[1,2,3][0] + 1", "9223372036854775807 - 1", "1 == 1 == 1", "1 < 2 in [2]", "'a' 'b' * 2", "5 is odd and 4 is even",
])

# Elements, attributes and slices.
D = {"d": {"a": 1, "b": {"c": [1, 2, {"e": "f"}]}, "items": "own", "none": None, "1": "one", "x y": 2}, "l": [1, 2, 3, 4, 5], "s": "héllo😀", "n": None, "i": 5, "f": 2.5}
each([
    "d.a", "d['a']", "d.b.c[2].e", "d['b']['c'][-1]['e']", "d.missing", "d['missing']", "d.missing.x", "d['missing']['x']", "d.items", "d['items']", "d.items()", "d.keys()|list", "d.values()|list|length",
    "d.none", "d.none.x", "d.get('a')", "d.get('z')", "d.get('z', 9)", "d.get('z', default=9)", "d['1']", "d[1]", "d['x y']", "d.get(1)", "l[0]", "l[-1]", "l[9]", "l['0']", "l.0", "l.1", "l.append", "l.append(1)", "l.pop()", "d.pop('a')", "d.update({})",
    "d.clear", "d.setdefault('q', 1)", "l[1:3]", "l[:2]", "l[3:]", "l[:-1]", "l[::2]", "l[::-1]", "l[-2:]", "l[10:]", "l[4:1:-1]", "l[-100:100]", "l[::0]", "l[none:2]", "l['a':]", "l[1:][0]", "s[0]", "s[1]", "s[-1]", "s[1:4]", "s[::-1]", "s[9]", "s['x']",
    "s.upper", "s.missing", "s.missing()", "n.x", "n['x']", "i.x", "i[0]", "i[1:]", "f.is_integer()", "(1, 2, 3)[1:]", "(1, 2)[0]", "range(10)[2:5]", "range(10)[3]", "range(10)[-1]", "range(10)[::3]|list", "x.y", "x['y']", "x[1:]", "x()", "d()", "'a'()", "none()", "d.a()", "l.x.y",
    "d['b', 'c']", "l[true]", "l[1.0]", "d.b['c'].2.e", "d.__class__", "l.__class__.__mro__", "s.__len__", "s.__len__()", "d.copy()", "l.copy()", "l.index(3)", "l.index(9)", "l.count(2)", "(1, 1).count(1)", "(1, 2).index(2)", "d.items()|list", "d.items()[0]", "d.keys()[0]",
    "d.items()|length", "'a' in d.keys()", "('a', 1) in d.items()", "1 in d.values()", "d.b.c.1", "[d.a, d['a'], d.get('a')]", "d['get']", "d.b.c|last", "d|length", "l|length", "s|length", "n|length", "i|length", "x|length", "d.fromkeys" if False else "d.popitem",
], **D)

# Text methods.
S = {"s": "  Hello World  ", "t": "a,b,,c", "u": "ÄöÜ ß ΑΣ ǆ İ", "w": " a  b\tc\nd ", "m": "line1\nline2\r\nline3\x0bline4\u2028line5\n"}
each([
    "s.strip()", "s.lstrip()", "s.rstrip()", "t.strip('ac')", "s.strip(' Hd')", "t.strip(none)", "s.upper()", "s.lower()", "s.title()", "'hello wORLD'.capitalize()", "''.capitalize()", "s.swapcase()", "u.upper()", "u.lower()", "u.title()", "u.capitalize()", "u.swapcase()", "'ß'.casefold()",
    "t.split(',')", "t.split(',', 1)", "t.split(',', maxsplit=1)", "t.split(sep=',')", "t.rsplit(',', 1)", "t.split('')", "t.split('x')", "w.split()", "w.split(none, 1)", "w.split(maxsplit=2)", "w.rsplit(none, 1)", "w.rsplit()", "''.split()", "''.split(',')", "'  '.split()", "m.splitlines()", "m.splitlines(true)", "m.splitlines(keepends=true)", "'a\\n'.splitlines()", "''.splitlines()",
    "t.partition(',')", "t.rpartition(',')", "t.partition('x')", "t.rpartition('x')", "t.partition('')", "','.join(['a', 'b'])", "','.join('abc')", "','.join([1])", "','.join([])", "''.join(x)", "'-'.join({'a': 1, 'b': 2})", "t.replace(',', ';')", "t.replace(',', ';', 2)", "t.replace('', '-')", "t.replace('', '-', 2)", "t.replace('x', 'y')", "t.replace(',')", "t.replace(1, 2)",
    "t.startswith('a')", "t.startswith(('x', 'a'))", "t.startswith('b', 2)", "t.startswith('b', 2, 3)", "t.startswith('')", "t.startswith('', 99)", "t.endswith('c')", "t.endswith(('b', 'c'))", "t.endswith('b', 0, 3)", "t.endswith(['c'])", "t.startswith(1)", "t.find('b')", "t.find('z')", "t.find(',', 2)", "t.find('')", "t.rfind(',')", "t.index('b')", "t.index('z')", "t.rindex(',')", "t.count(',')", "t.count('')", "t.count(',', 2)", "t.find('c', -1)",
    "'abc'.isalpha()", "'ab1'.isalpha()", "'ab1'.isalnum()", "'12'.isdigit()", "'1.2'.isdigit()", "'²'.isdigit()", "'²'.isdecimal()", "'½'.isnumeric()", "' \\t'.isspace()", "''.isspace()", "'abc'.islower()", "'aBc'.islower()", "'ABC'.isupper()", "'A1'.isupper()", "'1'.isupper()", "'Ab Cd'.istitle()", "'Ab cd'.istitle()", "'a_1'.isidentifier()", "'1a'.isidentifier()", "'aé'.isascii()", "'a\\n'.isprintable()",
    "'abc'.removeprefix('a')", "'abc'.removesuffix('bc')", "'abc'.removeprefix('x')", "'ab'.center(5)", "'ab'.center(6, '*')", "'abc'.center(6)", "'a'.center(4)", "'abcd'.center(7,'.')", "'ab'.ljust(5, '.')", "'ab'.rjust(5)", "'ab'.rjust(1)", "'7'.zfill(3)", "'-7'.zfill(4)", "'+a'.zfill(4)", "'a\\tb'.expandtabs()", "'a\\tb'.expandtabs(4)", "'ab'.center(5, 'xy')",
    "'{} {}'.format(1, 'a')", "'{0} {1} {0}'.format('a', 'b')", "'{a} {b.c} {b[c]}'.format(a=1, b={'c': 2})", "'{:>5}|{:<5}|{:^5}'.format('a', 'b', 'c')", "'{:05d} {:+d} {:x} {:X} {:#x} {:b} {:o}'.format(42, 42, 255, 255, 255, 5, 8)", "'{:.2f} {:8.3f} {:e} {:g} {:%}'.format(3.14159, 2.5, 12345.678, 0.0001, 0.5)", "'{!r} {!s}'.format('a', 'b')", "'{{}} {}'.format(1)", "'{:,}'.format(1234567)", "'{:_}'.format(1234567)", "'{:,.2f}'.format(1234567.891)", "'{}'.format()", "'{x}'.format()", "'{'.format()", "'}'.format()", "'{:*^9}'.format('a')", "'{:{w}}'.format('a', w=4)", "'{0[1]}'.format([1, 2])", "'{}'.format(none)", "'{:5}'.format(none)", "'{:d}'.format('a')", "'{:s}'.format(1)", "'{} {0}'.format(1)", "'{:5}|{:5}'.format(1, 'a')", "'{:.1f}'.format(2)", "'{:.3}'.format('abcdef')", "'{:.3}'.format(3.14159)", "'{}'.format(true)", "'{:d}'.format(true)", "'{a}'.format_map({'a': 1})", "'{:<05}'.format(3)", "'{:=+6d}'.format(3)", "'{: d}'.format(3)", "'{:c}'.format(65)", "'{.a}'.format({'a': 1})",
    "'%s %s' % (1, 'a')", "'%d%%' % 5", "'%5d|%-5d|%05d|%+d' % (1, 2, 3, 4)", "'%.2f %8.3f %e %g' % (3.14159, 2.5, 12345.678, 0.0001)", "'%x %X %o %#x' % (255, 255, 8, 255)", "'%r %s' % ('a', 'b')", "'%(a)s-%(b)d' % {'a': 1, 'b': 2}", "'%s' % none", "'%s' % [1]", "'%s' % (1, 2)", "'%s %s' % 1", "'%d' % 'a'", "'%d' % 1.9", "'%c%c' % ('a', 66)", "'%s' % x", "'%q' % 1", "'%' % 1", "'%*d' % (5, 3)", "'%10.3s|' % 'abcdef'", "'a' % 1", "'a' % {}", "'%i' % true", "'%05.1f' % -2.5", "'% d' % 3", "'%(a)s' % 1", "'%(b)s' % {'a': 1}",
    "s.encode" if False else "s.nothing", "s.strip().split()[-1].lower()", "t.split(',')[1:]|join('+')", "'a'.join", "'abc'[::-1].upper()", "s|trim|length", "'x'.split('x')", "'</think>a</think>b'.split('</think>')[-1]", "'a'.strip(1)", "'A'.lower(1)", "s.strip(chars='x')", "'ab' 'cd'.upper()",
], **S)

# Filters.
each([
    "s|upper", "s|lower", "s|capitalize", "s|title", "'foo-bar (baz) [qux] {x} <y> it\\'s o\\'neil'|title", "s|trim", "t|trim('ac')", "1|upper", "none|upper", "x|upper", "[1]|upper", "t|replace(',', ';')", "t|replace(',', ';', 1)", "1|replace(1, 2)", "t|replace('', '-')", "'ab'|center(6)", "'ab'|center|length", "m|indent", "m|indent(2)", "m|indent(2, true)", "m|indent(width=2, first=true, blank=true)", "'a\\n\\nb'|indent", "'a\\n\\nb'|indent(blank=true)", "'a\\nb'|indent('> ')", "''|indent", "''|indent(first=true)", "1|indent", "x|indent",
    "'foo bar baz qux'|truncate(9)", "'foo bar baz qux'|truncate(9, true)", "'foo bar baz qux'|truncate(11)", "'foo bar baz qux'|truncate(11, false, '...', 0)", "'foo'|truncate(1)", "'foo bar'|truncate(5, leeway=0, end='')", "'a b_c 1é ,'|wordcount", "'%s=%d'|format('a', 2)", "'%(a)s'|format(a=1)", "'%s'|format(1, a=2)", "1|string", "'a'|string", "x|string", "'a b/c?&é'|urlencode", "{'a b': 'c/d', 'e': 1}|urlencode", "[('a', 1)]|urlencode", "1|urlencode",
    "'<a href=\"x\">&\\'</a>'|e", "'<a>'|escape", "'<a>'|safe", "'<a>'|safe|e", "'<a>'|e|e", "'<a>'|e|forceescape", "'<a>'|safe + '<b>'", "'<b>' + '<a>'|safe", "'<b>' ~ '<a>'|safe", "('<a>'|safe) + ('<b>'|safe)", "('<a>'|safe).replace('a', '<')", "('<a>'|safe)|upper", "['<a>'|safe]", "('<a>'|safe) * 2", "('<a> b'|safe).split()", "('<'|safe) == '<'", "('<'|e) is escaped", "'<' is escaped", "1|e", "x|e", "[1, '<']|e", "('<a>'|safe).strip('<')", "('a'|safe)[0] + '<'", "('a'|safe) is string", "{'a': 1}['a'|safe]", "('<a>'|safe)|tojson", "('<a>'|safe)|length", "('<a>'|safe)|trim + '<'", "('<a>'|safe)|replace('<', '[') + '<'", "'<'.join(['a'|safe, 'b'])", "('<'|safe).join(['<', 'b'])", "('%s'|safe) ~ '<'",
    "'a'|length", "[1, 2]|length", "{'a': 1}|count", "x|length", "1|length", "none|length", "'abc'|list", "{'a': 1, 'b': 2}|list", "x|list", "none|list", "1|list", "(1, 2)|list", "range(3)|list", "[1, 2]|first", "[]|first", "'abc'|first", "[1, 2]|last", "[]|last", "'abc'|last", "{'a': 1, 'b': 2}|first", "{'a': 1, 'b': 2}|last", "x|first", "x|last", "range(3)|last", "1|first", "[]|first is defined", "[]|last + 1",
    "[1, 2, 3]|reverse|list", "'abc'|reverse", "{'a': 1, 'b': 2}|reverse|list", "x|reverse|list", "1|reverse", "[1, 2]|join", "[1, 'a', none]|join(', ')", "'abc'|join('-')", "[{'a': 1}, {'a': 2}]|join(',', attribute='a')", "[{'a': {'b': 1}}]|join(',', 'a.b')", "[[1, 2], [3, 4]]|join(',', 1)", "x|join(',')", "1|join", "[1, x]|join('-')", "{'a': 1, 'b': 2}|join('+')", "[1,2]|join(3)",
    "{'a': 1, 'b': 2}|items|list", "x|items|list", "[1]|items|list", "{'b': 1, 'a': 2, 'C': 0}|dictsort", "{'b': 1, 'a': 2, 'C': 0}|dictsort(true)", "{'b': 1, 'a': 2}|dictsort(by='value')", "{'b': 1, 'a': 2}|dictsort(false, 'value', true)", "{'b': 1}|dictsort(by='x')", "[1]|dictsort", "{'a': 1, 2: 3}|dictsort", "x|dictsort",
    "[3, 1, 2]|sort", "[3, 1, 2]|sort(reverse=true)", "['b', 'A', 'c']|sort", "['b', 'A', 'c']|sort(case_sensitive=true)", "[{'a': 2}, {'a': 1}]|sort(attribute='a')", "[{'a': 2, 'b': 1}, {'a': 1, 'b': 2}, {'a': 1, 'b': 1}]|sort(attribute='a,b')", "'cab'|sort", "[1, 'a']|sort", "[1, none]|sort", "x|sort", "[(1, 'b'), (1, 'a')]|sort", "[true, 0, 2]|sort", "{'b': 1, 'a': 2}|sort", "[{'a': 1}, {}]|sort(attribute='a')", "['a', 'A', 'b']|sort(true)",
    "[1, 2, 1, 'a', 'A']|unique|list", "['a', 'A']|unique(true)|list", "[{'a': 1}, {'a': 1}]|unique(attribute='a')|list", "[[1]]|unique|list", "x|unique|list", "[{'t': 'x', 'n': 1}, {'t': 'y', 'n': 2}, {'t': 'X', 'n': 3}]|groupby('t')", "[{'t': 2}, {'t': 1}, {}]|groupby('t', default=0)", "[{'t': 'x'}, {'t': 'X'}]|groupby('t', case_sensitive=true)", "[{'t': 2}, {}]|groupby('t')", "([{'t': 1}]|groupby('t'))[0].grouper", "([{'t': 1}]|groupby('t'))[0].list",
    "[1, 3, 2]|min", "[1, 3, 2]|max", "['b', 'A']|min", "['b', 'A']|min(case_sensitive=true)", "[]|min", "[]|max + 1", "[{'a': 2}, {'a': 1}]|min(attribute='a')", "[1, 'a']|max", "[1, 1.0]|max", "[1, 2, 3]|sum", "[1.5, 2]|sum", "[]|sum", "[[1], [2]]|sum(start=[])", "[{'a': 1}, {'a': 2}]|sum('a')", "['a']|sum", "['a']|sum(start='')", "x|sum", "[true, true]|sum",
    "[1, 2, 3, 4, 5]|batch(2)|list", "[1, 2, 3]|batch(2, 0)|list", "[]|batch(2)|list", "[1, 2, 3, 4, 5]|slice(3)|list", "[1, 2, 3, 4]|slice(3, 'x')|list", "[1]|slice(0)|list", "[1, 2]|batch(0)|list",
    "[1, 2]|map('string')|list", "['a', 'b']|map('upper')|join", "['a']|map('replace', 'a', 'b')|list", "[{'a': 1}, {'b': 2}]|map(attribute='a')|list", "[{'a': 1}, {'b': 2}]|map(attribute='a', default=0)|list", "[{'a': {'b': 3}}]|map(attribute='a.b')|list", "[1]|map|list", "[1]|map('nope')|list", "[1]|map(attribute='a', x=1)|list", "x|map('upper')|list", "[[1, 2]]|map('first')|list", "[[1, 2]]|map(attribute=1)|list", "[1, 2]|map('default', 3)|list", "none|map('upper')|list", "1|map('upper')|list", "[1]|map('upper')|length",
    "[1, 2, 3, 4]|select('even')|list", "[0, 1, '', 'a']|select|list", "[1, 2, 3]|select('>', 1)|list", "[1, 2, 3]|select('divisibleby', 3)|list", "[1, 2]|reject('odd')|list", "[0, 1]|reject|list", "[{'a': 1, 'n': 'x'}, {'a': 0}, {}]|selectattr('a')|list", "[{'a': 1}, {'a': 2}]|selectattr('a', 'equalto', 2)|list", "[{'a': 1}, {'a': 2}]|selectattr('a', '==', 2)|map(attribute='a')|first", "[{'a': 1}, {}]|selectattr('a', 'defined')|list", "[{'a': none}, {'a': 1}]|rejectattr('a', 'none')|list", "[{'a': 1}, {}]|rejectattr('a')|list", "[{'r': 'system'}, {'r': 'user'}]|selectattr('r', 'in', ['user'])|list|length", "[1]|select('nope')|list", "[1]|selectattr|list", "x|select|list", "[1, 2]|select('odd')|length", "[{'a': {'b': 1}}]|selectattr('a.b')|list", "([1, 2]|select('odd'))[0]", "[1, 2]|select('odd')|first", "[1,2,3]|select('gt', 1)|last",
    "x|default('d')", "x|default", "none|default('d')", "none|default('d', true)", "''|d('e', boolean=true)", "0|default(1)", "0|default(1, true)", "d.x|default('q')", "x.y|default('q')", "'a'|default('b')", "'42'|int", "'42.9'|int", "'x'|int", "'x'|int(7)", "'0x1F'|int(base=16)", "'1F'|int(0, 16)", "'0b11'|int(0, 0)", "' 12 '|int", "'1_000'|int", "'-5'|int", "none|int", "none|int(default=3)", "3.99|int", "-3.99|int", "true|int", "[]|int", "x|int", "'1e3'|int", "''|int", "'inf'|int", "1e400|int",
    "'1.5'|float", "'x'|float", "'x'|float(2.5)", "' 1e3 '|float", "'.5'|float", "'5.'|float", "'inf'|float", "'-Infinity'|float", "'nan'|float", "none|float", "3|float", "x|float", "'1_0.5'|float", "'1e'|float", "-5|abs", "(-5)|abs", "(-2.5)|abs", "'a'|abs", "true|abs", "42.55|round", "42.55|round(1)", "2.675|round(2)", "0.5|round", "1.5|round", "2.5|round", "-0.5|round", "42|round", "42.51|round(1, 'floor')", "42.51|round(1, 'ceil')", "1234.5|round(-2)", "1234|round(-2)", "42|round(method='floor')", "1|round(1, 'x')", "'a'|round", "1e300|round(2)",
    "d|attr('a')", "s|attr('upper')" if False else "d|attr('nope')", "d|attr('nope') is defined", "5|nope", "5|nope if false else 1", "5 is nope", "[1]|tojson", "x|pprint" if False else "x|tojson",
], d={"a": 1}, **S)

# tojson.
J = {"j": {"b": [1, 2.5, True, None, "é\"\\\n\t\x01\x7f/<>&'😀"], "a": {"x": {}, "y": []}}}
each([
    "j|tojson", "j|tojson(indent=2)", "j|tojson(indent=0)", "j|tojson(indent=4, sort_keys=true)", "j|tojson(ensure_ascii=true)", "j|tojson(true)", "j|tojson(separators=(',', ':'))", "j|tojson(separators=[',', ': '], indent=2)", "j|tojson(sort_keys=true)", "j|tojson(indent='--')", "j|tojson(false, 1)", "1.0|tojson", "1e100|tojson", "1e400|tojson", "'a'|tojson", "none|tojson", "true|tojson", "(1, 2)|tojson", "{1: 2, none: 3, true: 4, 1.5: 5}|tojson", "{(1, 2): 3}|tojson", "range(2)|tojson", "j.items()|tojson", "j.keys()|list|tojson", "namespace(a=1)|tojson", "[1]|map('string')|tojson", "{'b': 1, 2: 3}|tojson(sort_keys=true)", "[]|tojson(indent=2)", "{}|tojson(indent=2)", "[[]]|tojson(indent=2)", "j|tojson(nope=1)", "j|tojson|length", "j|tojson|safe", "[1, [2, [3]]]|tojson(indent=1)", "{'a': 'é'}|tojson ~ ''", "'\\u2028\\xa0'|tojson", "j|tojson(indent=none)", "'😀'|tojson(ensure_ascii=true)",
], **J)

# Tests.
T = {"i": 3, "f": 2.0, "s": "abc", "S": "ABC", "l": [1], "t": None, "d": {"a": 1}, "b": True}
for name in ["defined", "undefined", "none", "boolean", "true", "false", "integer", "float", "number", "string", "mapping", "sequence", "iterable", "callable", "escaped", "lower", "upper"]:
    add("{% for v in [i, f, s, S, l, t, d, b, (1,), range(2), '', 0, d.items(), d.zz] %}{{ 1 if v is " + name + " else 0 }}{% endfor %}", **T)
each([
    "3 is odd", "3 is even", "'a' is odd", "x is odd", "2.0 is even", "9 is divisibleby 3", "9 is divisibleby(4)", "9 is divisibleby 0", "1 is sameas 1", "1 is sameas true", "none is sameas none", "[] is sameas []", "1 is eq 1", "1 is equalto 1.0", "1 is ne 2", "1 is lt 2", "1 is gt 2", "2 is ge 2", "2 is le 1", "1 is lessthan 2", "3 is greaterthan 2", "1 is in [1]", "1 is not in [1]", "'a' is in 'abc'", "1 is in 5", "'upper' is filter", "'nope' is filter", "'odd' is test", "'nope' is test", "x is not defined", "x is defined and x.y", "not x is defined", "x is not none", "1 is string or 2", "1 is string is string", "s is defined if true else 0", "s is string and s is not number", "1 is number and 2 is number", "none is none", "x.y is defined", "d.y is defined", "d.a is defined", "x is undefined", "range is callable", "s.upper is callable", "'a' is == 'a'", "1 is defined(2)", "5 is divisibleby", "{} is mapping", "[] is iterable and [] is not mapping", "x is iterable", "x is sequence", "x is mapping", "none is iterable", "1 is divisibleby 0", "1 is sameas(1.0)", "1 is defined ~ 2", "[1] is eq [1]", "1 is not eq 1",
], **T)

# Statements.
each([
    "{% if a %}1{% elif b %}2{% else %}3{% endif %}", "{% if a %}1{% elif not b %}2{% endif %}", "{% if 1, %}t{% endif %}", "{% set x = 1 %}{{ x }}", "{% set x, y = 1, 2 %}{{ y }}{{ x }}", "{% set x, (y, z) = [1, 'ab'] %}{{ x }}{{ y }}{{ z }}", "{% set x, y = 1 %}", "{% set x, y = [1] %}", "{% set x, y = [1,2,3] %}", "{% set x = 1, 2 %}{{ x }}", "{% set x %}a{{ 1 }}{% endset %}[{{ x }}]", "{% set x | upper %}a{% endset %}{{ x }}", "{% set x | upper | replace('A', 'b') %}a{% endset %}{{ x }}", "{% set ns.x = 1 %}", "{% set ns = namespace() %}{% set ns.x = 1 %}{{ ns.x }}{{ ns.y }}", "{% set ns = namespace({'a': 1}, b=2) %}{{ ns.a }}{{ ns['b'] }}", "{% set ns = namespace(x=0) %}{% for i in range(4) %}{% set ns.x = ns.x + i %}{% endfor %}{{ ns.x }}", "{% set d = {} %}{% set d.x = 1 %}", "{% set true = 1 %}", "{% set 1 = 1 %}", "{% set x = %}", "{% set x.y, z = 1, 2 %}", "{% set ns = namespace() %}{% set ns.a, b = 1, 2 %}{{ ns.a }}{{ b }}", "{% set ns = namespace(a=1) %}{{ ns }}", "{% set ns = namespace() %}{% set ns.t %}x{% endset %}{{ ns.t }}",
    "{% set x = 1 %}{% if true %}{% set x = 2 %}{% endif %}{{ x }}", "{% set x = 1 %}{% for i in [1] %}{% set x = 2 %}{{ x }}{% endfor %}{{ x }}", "{% for i in [1, 2] %}{% if x is defined %}d{% endif %}{% set x = i %}{% endfor %}", "{% for i in [1, 2, 3] %}{{ i }}{% endfor %}", "{% for i in [] %}x{% else %}empty{% endfor %}", "{% for i in [1] %}x{% else %}empty{% endfor %}", "{% for a, b in [[1, 2], [3, 4]] %}{{ a }}-{{ b }};{% endfor %}", "{% for a, b in {'x': 1}.items() %}{{ a }}{{ b }}{% endfor %}", "{% for k in {'x': 1, 'y': 2} %}{{ k }}{% endfor %}", "{% for c in 'aé😀' %}[{{ c }}]{% endfor %}", "{% for a, b in [[1]] %}{% endfor %}", "{% for i in 5 %}{% endfor %}", "{% for i in none %}{% endfor %}", "{% for i in x %}{% else %}e{% endfor %}", "{% for i in x.y %}{% endfor %}", "{% for (a, b), c in [[(1, 2), 3]] %}{{ a }}{{ b }}{{ c }}{% endfor %}",
    "{% for i in range(6) if i is odd %}{{ loop.index }}:{{ i }} {% endfor %}", "{% for i in range(6) if i > 9 %}{% else %}none{% endfor %}", "{% for i in [1,2] if loop.index %}{% endfor %}", "{% for i in 'abc' %}{{ loop.index }}{{ loop.index0 }}{{ loop.revindex }}{{ loop.revindex0 }}{{ loop.first }}{{ loop.last }}{{ loop.length }} {% endfor %}", "{% for i in 'abc' %}{{ loop.previtem }}<{{ i }}>{{ loop.nextitem }} {% endfor %}", "{% for i in 'abc' %}{{ loop.cycle('x', 'y') }}{% endfor %}", "{% for i in 'aabbc' %}{{ loop.changed(i) }} {% endfor %}", "{% for i in [1] %}{{ loop.cycle() }}{% endfor %}", "{% for i in [1, 2] %}{% for j in [3] %}{{ loop.index }}{% endfor %}{{ loop.index }}{% endfor %}", "{% for i in [1, 2] %}{% set outer = loop %}{% for j in 'ab' %}{{ outer.index }}{{ loop.index }} {% endfor %}{% endfor %}", "{% for i in [1] %}{{ loop }}{% endfor %}", "{% for i in [1] %}{{ loop.nope }}{% endfor %}", "{% for i in [1] %}{{ loop.depth }}{{ loop.depth0 }}{% endfor %}", "{% for i in [1] %}{% set loop = 1 %}{% endfor %}", "{% for loop in [1] %}{% endfor %}", "{% for i in [1,2,3]|select('odd') %}{{ loop.length }}{{ loop.revindex }}{{ loop.last }} {% endfor %}", "{% for i in range(3) if i %}{{ loop.length }}{{ i }}{% endfor %}", "{{ loop }}", "{% for i in [1, 2] %}{% if loop.last %}L{% else %}, {% endif %}{% endfor %}", "{% for i in [1,2,3] %}{% if loop.previtem is defined and loop.previtem > 1 %}p{% endif %}{% if loop.nextitem is undefined %}e{% endif %}{% endfor %}",
    "{% for i in [1, 2, 3] %}{% if i == 2 %}{% continue %}{% endif %}{{ i }}{% endfor %}", "{% for i in [1, 2, 3] %}{% if i == 2 %}{% break %}{% endif %}{{ i }}{% endfor %}", "{% for i in [1] %}{% break %}{% else %}e{% endfor %}", "{% for i in [1, 2] %}{% for j in [1, 2] %}{% if j == 2 %}{% break %}{% endif %}{{ i }}{{ j }} {% endfor %}{% endfor %}", "{% break %}", "{% continue %}", "{% for i in [1] %}{% macro m() %}{% break %}{% endmacro %}{% endfor %}", "{% for i in [1] %}{% continue %}{% else %}e{% endfor %}", "{% for i in [1,2] %}{% set x %}{% if i == 1 %}a{% endif %}{% endset %}{{ x }}{% endfor %}",
    "{% for i in [{'v': 1, 'c': [{'v': 2, 'c': []}]}] recursive %}{{ i.v }}{{ loop.depth }}({{ loop(i.c) }}){% endfor %}", "{% for i in [1] %}{{ loop([2]) }}{% endfor %}", "{% for i in [[1, [2, [3]]]] recursive %}{% if i is iterable %}[{{ loop(i) }}]{% else %}{{ i }}{% endif %}{% endfor %}", "{% for i in [] recursive %}x{% else %}e{% endfor %}", "{% for i in [1, 2, 3] recursive %}{% if i == 2 %}{% break %}{% endif %}{{ i }}{% endfor %}",
    "{% set done = namespace(v=false) %}{% for i in [1, 2, 3] if not done.v %}{{ i }}{% if i == 2 %}{% set done.v = true %}{% endif %}{% endfor %}", "{% set g = [1, 2, 3]|map('string') %}{{ g|join }}{{ g|join }}", "{% set g = [1, 2, 3]|select %}{% for i in g %}{{ i }}{% break %}{% endfor %}{{ g|list }}", "{% set it = {'a': 1}|items %}{{ it|list }}{{ it|list }}",
    "{% macro m(a, b=2) %}[{{ a }}|{{ b }}]{% endmacro %}{{ m(1) }}{{ m(1, 3) }}{{ m(b=4, a=5) }}{{ m() }}", "{% macro m(a) %}{{ a is defined }}{{ a }}{% endmacro %}{{ m() }}", "{% macro m(a) %}{{ a.b }}{% endmacro %}{{ m() }}", "{% macro m(a) %}{% endmacro %}{{ m(1, 2) }}", "{% macro m(a) %}{% endmacro %}{{ m(z=2) }}", "{% macro m(a) %}{% endmacro %}{{ m(1, a=2) }}", "{% macro m() %}{{ varargs }}{{ kwargs }}{% endmacro %}{{ m(1, 2, x=3) }}", "{% macro m(a) %}{{ a }}{{ varargs|join(',') }}{% endmacro %}{{ m(1, 2, 3) }}", "{% macro m(a, b=a) %}{{ b }}{% endmacro %}{{ m(7) }}", "{% macro m(a, b=a ~ 'x') %}{{ b }}{% endmacro %}{{ m('q') }}", "{% macro m(a=1, b) %}{% endmacro %}", "{% macro m() %}{{ x }}{% endmacro %}{% set x = 5 %}{{ m() }}", "{% set x = 1 %}{% macro m() %}{% set x = 2 %}{{ x }}{% endmacro %}{{ m() }}{{ x }}", "{% macro m(n) %}{{ n }}{% if n > 0 %}{{ m(n - 1) }}{% endif %}{% endmacro %}{{ m(3) }}", "{% macro m() %} a {% endmacro %}[{{ m()|trim }}]", "{% macro m() %}x{% endmacro %}{{ m }}", "{% macro m(a, b) %}{% endmacro %}{{ m.name }}{{ m.arguments }}{{ m.catch_kwargs }}{{ m.catch_varargs }}{{ m.caller }}", "{{ m() }}{% macro m() %}x{% endmacro %}", "{% for i in [1] %}{% macro m() %}{{ i }}{% endmacro %}{{ m() }}{% endfor %}", "{% for i in [1] %}{% macro m() %}{% endmacro %}{% endfor %}{{ m() }}", "{% macro m(*a) %}{% endmacro %}", "{% macro m(x) %}{{ x }}{% endmacro %}{{ m(*[1]) }}{{ m(**{'x': 2}) }}{{ m(*[1], **{}) }}", "{% macro m(a, b=1, c=2) %}{{ a }}{{ b }}{{ c }}{% endmacro %}{{ m(0, c=5) }}",
    "{% macro m() %}<{{ caller() }}>{% endmacro %}{% call m() %}x{% endcall %}", "{% macro m() %}<{{ caller(1, 2) }}>{% endmacro %}{% call(a, b=5) m() %}{{ a }}{{ b }}{% endcall %}", "{% macro m() %}x{% endmacro %}{% call m() %}y{% endcall %}", "{% macro m() %}{{ caller() }}{% endmacro %}{{ m() }}", "{% macro m() %}{% if caller %}c{% else %}n{% endif %}{% endmacro %}{{ m() }}", "{% macro m(l) %}{% for i in l %}{{ caller(i) }}{% endfor %}{% endmacro %}{% call(i) m([1, 2]) %}({{ i }}){% endcall %}", "{% call 1 %}{% endcall %}", "{% macro a() %}{{ caller() }}{% endmacro %}{% macro b() %}{% call a() %}[{{ caller() }}]{% endcall %}{% endmacro %}{% call b() %}x{% endcall %}", "{% macro m(caller=none) %}{{ caller }}{% endmacro %}{{ m() }}", "{% macro m(caller) %}{{ caller() }}{% endmacro %}", "{% macro m(kwargs) %}{{ kwargs }}{% endmacro %}{{ m(1) }}",
    "{% filter upper %}a{{ 'b' }}{% endfilter %}", "{% filter replace('a', 'b')|upper %}aa{% endfilter %}", "{% filter indent(2) %}a\nb{% endfilter %}", "{% filter upper %}{% set q = 1 %}{{ q }}{% endfilter %}{{ q }}", "{% filter nope %}{% endfilter %}", "{% with a = 1, b = 2 %}{{ a }}{{ b }}{% endwith %}{{ a }}", "{% with %}{% set q = 1 %}{{ q }}{% endwith %}{{ q }}", "{% set a = 1 %}{% with a = 2, b = a %}{{ a }}{{ b }}{% endwith %}", "{% generation %}a{{ 1 }}{% endgeneration %}", "{% set x = 0 %}{% generation %}{% set x = 1 %}{{ x }}{% endgeneration %}{{ x }}", "{% for i in [1, 2] %}{% generation %}{{ i }}{% endgeneration %}{% endfor %}", "{% for i in [1] %}{% generation %}{% break %}{% endgeneration %}{% endfor %}", "{% generation %}x", "{% block a %}x{% endblock %}", "{% block a %}x{% endblock a %}y", "{% for i in [1] %}{% block b %}{{ i }}{% endblock %}{% endfor %}", "{% for i in [1] %}{% block b scoped %}{{ i }}{% endblock %}{% endfor %}", "{% set q = 3 %}{% block b %}{{ q }}{% endblock %}", "{% print 1, 'a' %}", "{% print 1 + 1 %}", "{% do 1 %}", "{% nope %}", "{% if %}{% endif %}", "{% if 1 %}", "{% endif %}", "{% for i in [1] %}{% endif %}", "{% if 1 %}{% endfor %}", "{% for %}", "{% for i %}", "{% for i in [1] %}", "{% macro %}{% endmacro %}", "{% set %}", "{% 1 %}", "{% %}", "{% if 1 }", "{{ 1 ", "{{ 1 %}", "{% if 1 }}", "{# x", "{% raw %}x", "{% call m() %}", "{% if 1 %}{% else %}{% else %}{% endif %}", "{% if 1 %}{% else %}{% elif 1 %}{% endif %}", "{% include 'x' %}", "{% import 'x' as y %}", "{% extends 'x' %}", "{% from 'x' import y %}",
    "{{ raise_exception('No ' ~ 'way!') }}", "{% if true %}{{ raise_exception(\"Only 'user' roles\") }}{% endif %}", "{{ raise_exception() }}", "{% if false %}{{ raise_exception('x') }}{% endif %}ok", "{% set x = raise_exception('a') if false else 1 %}{{ x }}", "{{ 1 if true else raise_exception('x') }}", "{{ raise_exception(1) }}", "{{ raise_exception('a', 'b') }}",
    "{% set c = cycler('a', 'b') %}{{ c.next() }}{{ c.next() }}{{ c.next() }}{{ c.current }}{% set _ = c.reset() %}{{ c.next() }}", "{{ cycler() }}", "{% set j = joiner() %}{% for i in [1, 2, 3] %}{{ j() }}{{ i }}{% endfor %}", "{% set j = joiner('|') %}{{ j() }}{{ j() }}", "{{ dict(a=1, b=2) }}", "{{ dict([('a', 1)], b=2) }}", "{{ dict({'a': 1}) }}", "{{ dict(1) }}", "{{ dict([1]) }}", "{{ range() }}", "{{ range('a') }}", "{{ range(1, 2, 0) }}", "{{ range(1000000) }}", "{{ range(100000)|length }}", "{{ range(x) }}", "{{ namespace(1) }}", "{{ namespace([('a', 1)]).a }}",
    "{% if x is defined and x.y.z %}{% endif %}ok", "{% if x.y %}{% endif %}", "{{ x.y is defined }}", "{{ [x, x]|length }}", "{{ x ~ x }}", "{{ x|default([])|length }}", "{% for i in [1,2,3] %}{{ i if not loop.last }}{% endfor %}", "{{ 'a' if x else 'b' }}", "{%- set x = 1 -%}{%- if x -%}  y  {%- endif -%}", "{{ ((1)) }}", "{{ [1,2,3]|length > 2 }}", "{{ (messages|length) is defined }}",
    "{% if 5|nope %}{% endif %}", "{% if false %}{{ 5|nope }}{% endif %}ok", "{% if false %}{% for i in [1] %}{{ 5|nope }}{% endfor %}{% endif %}ok", "{{ 1 if false and 5 is nope else 2 }}", "{% if false %}{{ 5 is nope }}{% endif %}ok", "{% set a = 1 if true else (1|nope) %}{{ a }}",
    "{{ f(1, 2, *[3], x=4, **{'y': 5}) }}", "{{ range(*[1, 4])|list }}", "{{ dict(**{'a': 1}) }}", "{{ dict(a=1, **{'a': 2}) }}", "{{ dict(a=1, a=2) }}", "{{ range(1, *[3])|list }}", "{{ 'a'.join(*[['x', 'y']]) }}", "{{ dict(a=1, 2) }}", "{{ range(**{'a': 1}) }}", "{{ 'x'.replace(*['x', 'y']) }}", "{{ dict(**[1]) }}", "{{ range(*1) }}",
    "{% set x = 'a' %}{% set x = x ~ 'b' %}{{ x }}", "{% set a = b = 1 %}", "{{ a = 1 }}", "{{ not }}", "{{ if }}", "{% for i in 1, 2 %}{{ i }}{% endfor %}", "{% for i in [3] if i else 2 %}{% endfor %}", "{% set x = [1, 2, 3] if true else [] %}{{ x }}", "{% set x = (1, 2)[0] %}{{ x }}", "{{ (1, 2)|first }}", "{{ [1, 2] [0] }}", "{{ 'a' . upper() }}", "{{ a.b.c.d is defined }}", "{% set a = [] %}{% set a = a + [1] %}{% set a = a + [2] %}{{ a }}", "{% set _ = a.append(1) %}",
], "%s")

# The order in which names are seen: Jinja decides at compile time where a variable comes from.
for template in [
    "{% for i in [1] %}[{{ v }}]{% endfor %}{% set v = 1 %}{{ v }}", "[{{ v }}]{% set v = 1 %}{{ v }}", "{% macro m() %}[{{ v }}]{% endmacro %}{{ m() }}{% set v = 1 %}{{ m() }}",
    "{% if false %}{% set v = 1 %}{% endif %}[{{ v }}]", "{% if true %}{% set v = 1 %}{% endif %}[{{ v }}]", "{% for i in [1, 2] %}[{{ v }}]{% set v = i %}[{{ v }}]{% endfor %}[{{ v }}]",
    "{% for i in [1] %}{% if false %}{% set v = 1 %}{% endif %}[{{ v }}]{% endfor %}", "{% set v = v ~ 'x' %}{{ v }}", "{% set v %}{{ v }}y{% endset %}{{ v }}", "{% macro m(v) %}[{{ v }}]{% endmacro %}{{ m() }}{{ m(1) }}{{ v }}",
    "{% for v in [1] %}{{ v }}{% endfor %}{{ v }}", "{% for i in [1] %}{% for j in [1] %}[{{ v }}]{% endfor %}{% set v = 2 %}[{{ v }}]{% endfor %}", "{% with v = 1 %}{{ v }}{% endwith %}{{ v }}", "{% if v is defined %}d{% else %}u{% endif %}{% set v = 1 %}", "{% for i in [1] if v %}x{% endfor %}{% set v = 1 %}",
    "{% filter upper %}{{ v }}{% endfilter %}{% set v = 1 %}", "{% for i in [1] %}{% if true %}{% set v = 9 %}{% endif %}{{ v }}{% endfor %}{{ v }}", "{% macro m() %}{% set v = 3 %}{{ v }}{% endmacro %}{{ m() }}{{ v }}", "{% if false %}{% else %}{% set v = 7 %}{% endif %}{{ v }}", "{% macro m() %}{% for i in [1] %}{{ v }}{% endfor %}{% set v = 1 %}{% endmacro %}{{ m() }}",
    "{% set range = 3 %}{{ range }}", "{% for i in range(2) %}{{ i }}{% endfor %}{% set range = 1 %}", "{% generation %}{{ v }}{% endgeneration %}{% set v = 1 %}", "{% if false %}{% set w = 1 %}{% endif %}{% for i in [1] %}[{{ w }}{{ v }}]{% endfor %}{% set v = 1 %}",
]:
    add(template, v="given")

# strftime_now.
for code in "aAbBcdHIjmMpSUwWxXyY%eDFTRhnkluVGgCrPZzf":
    add("{{ strftime_now('%" + code + "') }}")
each(["strftime_now('%d %b %Y')", "strftime_now('%-d.%-m.%y %-I:%M %p')", "strftime_now('%B %e, %Y')", "strftime_now('x')", "strftime_now('')", "strftime_now('%Y-%m-%dT%H:%M:%S')", "strftime_now()", "strftime_now(1)", "strftime_now('%^a %_d %#p')", "strftime_now('é %A 😀')"])


def rendered(template, variables):
    row = {"template": template}
    if variables:
        row["variables"] = variables
    try:
        row["text"] = ENV.from_string(template).render(**variables)
        if re.search(r"0x[0-9a-f]{6}", row["text"]):
            return None
    except Exception as error:
        row["error"] = type(error).__name__
        if row["error"] in ("TemplateError", "UndefinedError", "SecurityError"):
            row["message"] = str(error)
    return row


def used(template, variables):
    """Only the variables that the template names, to keep the file small."""
    return {k: v for k, v in variables.items() if re.search(r"\b%s\b" % k, template)}


if __name__ == "__main__":
    seen = set()
    for template, variables in SNIPPETS:
        row = rendered(template, used(template, variables))
        line = row and json.dumps(row, ensure_ascii=False)
        if line and line not in seen:
            seen.add(line)
            print(line)
    print(f"{len(seen)} snippets, jinja2 {jinja2.__version__}, Python {sys.version.split()[0]}", file=sys.stderr)
