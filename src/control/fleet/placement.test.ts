import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import type { AgentState, PlaceableAgent, PlaceableComponent } from "./placement.ts";
import { planPlacement } from "./placement.ts";

const component = (
  id: string,
  inputs: readonly string[] = [],
  more: Partial<PlaceableComponent> = {},
): PlaceableComponent => ({ id, inputs, labels: {}, keeps: "", ...more });

const agent = (name: string, more: Partial<PlaceableAgent> = {}): PlaceableAgent => ({
  name,
  labels: {},
  state: "live",
  load: 0,
  ...more,
});

const chain = [
  component("s"),
  component("p", ["s"]),
  component("k", ["p"], { keeps: "its positions" }),
];
const byRole = chain.map((one) => ({ ...one, labels: { role: one.id } }));

function plan(
  components: readonly PlaceableComponent[],
  agents: readonly PlaceableAgent[],
  current: Readonly<Record<string, string>> = {},
  hasBus: boolean = true,
) {
  const { places, problems } = planPlacement({
    components,
    agents: new Map(agents.map((one) => [one.name, one])),
    current: new Map(Object.entries(current)),
    hasBus,
  });
  return {
    problems,
    at: Object.fromEntries([...places].map(([id, place]) => [id, place.agent])),
    reason: Object.fromEntries([...places].map(([id, place]) => [id, place.reason])),
  };
}

describe("placement", () => {
  test("neighbours go together on the agent that has the least to do", () => {
    const { at, problems } = plan(chain, [agent("a", { load: 5 }), agent("b"), agent("c")]);
    assert.deepEqual(at, { s: "b", p: "b", k: "b" });
    assert.deepEqual(problems, []);
  });

  test("labels decide, and those without go beside those with", () => {
    const agents = ["s", "p", "k"].map((role) => agent(`on-${role}`, { labels: { role } }));
    assert.deepEqual(plan(byRole, agents).at, { s: "on-s", p: "on-p", k: "on-k" });
    const [s, p, k] = chain as [PlaceableComponent, PlaceableComponent, PlaceableComponent];
    const { at } = plan([s, p, { ...k, labels: { role: "k" } }], agents);
    assert.deepEqual(at, { s: "on-k", p: "on-k", k: "on-k" });
  });

  test("without a bus a graph stands on one agent, or waits and says why", () => {
    const agents = ["s", "p", "k"].map((role) => agent(`on-${role}`, { labels: { role } }));
    assert.deepEqual(plan(chain, agents, {}, false).at, { s: "on-k", p: "on-k", k: "on-k" });
    const { at, problems } = plan(byRole, agents, {}, false);
    assert.deepEqual(at, { s: "", p: "", k: "" });
    assert.match(problems.join(), /different agents \(label role\).*--nats/);
  });

  test("what moves leaves an agent that is gone; what has files there waits for it", () => {
    const gone = [agent("a", { state: "gone" }), agent("b")];
    const { at, problems } = plan(chain, gone, { s: "a", p: "a", k: "a" });
    assert.deepEqual(at, { s: "b", p: "b", k: "a" });
    assert.match(problems.join(), /k: waits for agent a, which has its positions/);
    const { reason } = plan(chain, [agent("a")]);
    assert.match(reason["k"] ?? "", /; it stays there with its positions$/);
    assert.doesNotMatch(reason["p"] ?? "", /stays/);
    const late = [agent("a", { state: "late" }), agent("b")];
    assert.deepEqual(plan(chain, late, { s: "a", p: "a", k: "a" }).at, { s: "a", p: "a", k: "a" });
  });

  test("what could move stays with an agent that is gone while nobody else fits", () => {
    const source = component("s", [], { labels: { role: "s" } });
    const gone = agent("on-s", { labels: { role: "s" }, state: "gone" });
    const { at, problems } = plan([source], [gone, agent("other")], { s: "on-s" });
    assert.deepEqual(at, { s: "on-s" });
    assert.deepEqual(problems, ["s: waits for agent on-s, as no agent with role=s is there"]);
    const fits = agent("fits", { labels: { role: "s" } });
    assert.deepEqual(plan([source], [gone, fits], { s: "on-s" }).at, { s: "fits" });
  });

  test("it moves when its labels no longer fit", () => {
    const agents = [agent("a", { labels: { role: "x" } }), agent("b", { labels: { role: "k" } })];
    assert.equal(plan(byRole.slice(2), agents, { k: "a" }).at["k"], "b");
  });

  test("whatever there is: nothing on a wrong agent, and planning again changes nothing", () => {
    const label = fc.constantFrom<Record<string, string>>({}, { r: "1" }, { r: "2" });
    const state = fc.constantFrom<AgentState>("live", "late", "gone");
    const agents = fc.array(fc.record({ labels: label, state, load: fc.nat(5) }), { maxLength: 5 });
    const parts = fc.array(
      fc.record({ labels: label, keeps: fc.constantFrom("", "its positions"), input: fc.nat() }),
      {
        minLength: 1,
        maxLength: 6,
      },
    );
    fc.assert(fc.property(agents, parts, fc.boolean(), (agentParts, components, hasBus) => {
      const all = agentParts.map((one, i) => agent(`a${i}`, one));
      const graph = components.map(({ labels, keeps, input }, i) =>
        component(`c${i}`, i === 0 ? [] : [`c${input % i}`], { labels, keeps })
      );
      const first = plan(graph, all, {}, hasBus);
      for (const one of graph) {
        const name = first.at[one.id]!;
        if (name === "") continue;
        const found = all.find((other) => other.name === name)!;
        assert.equal(found.state, "live");
        for (const [key, value] of Object.entries(one.labels)) {
          assert.equal(found.labels[key], value);
        }
        if (!hasBus) assert.equal(new Set(Object.values(first.at)).size, 1);
      }
      assert.deepEqual(plan(graph, all, first.at, hasBus).at, first.at);
    }));
  });
});
