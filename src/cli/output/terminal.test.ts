import assert from "node:assert/strict";
import test from "node:test";
import { createLiveRegion } from "./terminal.ts";

const ESCAPE = "\u001b";
/** An escape sequence, a control character, or text. */
const TOKENS = new RegExp(`${ESCAPE}\\[\\??[0-9]*[A-Za-z]|[\\n\\r]|[^${ESCAPE}\\n\\r]+`, "g");
const UP = new RegExp(`^${ESCAPE}\\[(\\d+)A$`);

/** What a terminal would show, for the few escape codes that the region uses. */
function screen() {
  const lines: string[] = [""];
  let row = 0;
  return {
    rows: 10,
    write(text: string): boolean {
      for (const [token] of text.matchAll(TOKENS)) {
        const up = UP.exec(token);
        if (up !== null) row -= Number(up[1]);
        else if (token === `${ESCAPE}[0J`) lines.splice(row, lines.length - row, "");
        else if (token === "\n") lines[row += 1] ??= "";
        else if (!token.startsWith(ESCAPE) && token !== "\r") lines[row] += token;
      }
      return true;
    },
    text: () => lines.join("\n"),
  };
}

test("drawing again replaces what was drawn, also when the number of lines changes", () => {
  const terminal = screen();
  const region = createLiveRegion(terminal);
  region.draw(["a", "b", "c"]);
  region.draw(["d"]);
  assert.equal(terminal.text(), "d\n");
});

test("a log line goes above the view, which stays at the bottom", () => {
  const terminal = screen();
  const region = createLiveRegion(terminal);
  region.draw(["view"]);
  region.above("logged\n");
  region.draw(["view 2"]);
  assert.equal(terminal.text(), "logged\nview 2\n");
});

test("closing leaves only what was logged", () => {
  const terminal = screen();
  const region = createLiveRegion(terminal);
  region.draw(["view", "view"]);
  region.above("logged\n");
  region.close();
  assert.equal(terminal.text(), "logged\n");
});

test("no more lines are drawn than the terminal has", () => {
  const terminal = screen();
  createLiveRegion(terminal).draw(Array.from({ length: 30 }, (_, index) => `line ${index}`));
  assert.equal(terminal.text().trimEnd().split("\n").length, 9);
});
