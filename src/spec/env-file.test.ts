import assert from "node:assert/strict";
import test from "node:test";
import { parseEnvFile } from "./env-file.ts";
import { FlowctlError } from "./errors.ts";

test("an environment file: comments, export, quotes, several lines", () => {
  const text = `\ufeff# a comment

PLAIN=value with spaces  # a comment
export EXPORTED = x
HASH=a#b
EMPTY=
COMMENT=#nothing
SINGLE='as $it \\n is # "here"'
DOUBLE="line\\nbreak \\"quoted\\" \\$x \\q" # after
LINES="one
two"
URL=postgres://u:p@h/x?a=b\r
`;
  assert.deepEqual(parseEnvFile(text, ".env"), {
    PLAIN: "value with spaces",
    EXPORTED: "x",
    HASH: "a#b",
    EMPTY: "",
    COMMENT: "",
    SINGLE: 'as $it \\n is # "here"',
    DOUBLE: 'line\nbreak "quoted" $x \\q',
    LINES: "one\ntwo",
    URL: "postgres://u:p@h/x?a=b",
  });
});

test("a wrong line is named by its number, never by what it holds", () => {
  const cases: readonly (readonly [string, RegExp])[] = [
    ["A=1\nhunter2\n", /^\.env:2: expects KEY=VALUE$/],
    ["1A=hunter2", /^\.env:1: expects KEY=VALUE$/],
    ['A="hunter2\nB=1', /^\.env:1: the quote is not closed$/],
    ['A="x" hunter2', /^\.env:1: there is text after the closing quote$/],
  ];
  for (const [text, message] of cases) {
    assert.throws(() => parseEnvFile(text, ".env"), (error: unknown) => {
      assert.ok(error instanceof FlowctlError);
      assert.equal(error.code, "spec/unreadable");
      assert.match(error.message, message);
      return true;
    });
  }
});
