/** Every service that a control plane declares, whoever added it. */

import { readdirSync } from "node:fs";
import type { DescService } from "@bufbuild/protobuf";
import { ControlPlane } from "../../src/gen/proto/flowctl/control_plane_pb.js";
import { ControlPlaneService } from "../../src/gen/proto/flowctl/v1/control_plane_pb.js";

export async function controlServices(): Promise<readonly DescService[]> {
  const folder = new URL("../../src/gen/proto/flowctl/control/v1/", import.meta.url);
  const files = readdirSync(folder).filter((name) => name.endsWith("_pb.js"));
  const modules: readonly Record<string, unknown>[] = await Promise.all(
    files.map((name) => import(new URL(name, folder).href)),
  );
  const own = modules.flatMap((module) => Object.values(module)).filter(isService);
  return [ControlPlane, ControlPlaneService, ...own];
}

function isService(found: unknown): found is DescService {
  return typeof found === "object" && found !== null && "kind" in found &&
    found.kind === "service";
}
