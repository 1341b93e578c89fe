"""The rule language as executable specification.

Each test is a sentence about the language with a few examples: a little household, an expression, the answer.
Every example is asked of the oracle, of the generated function and, where everything is known, of the SQL
export. The same examples, printed by `python -m tests.spec`, are the reference for people in
docs/reference/rule-language.md; a test keeps that file current.
"""
